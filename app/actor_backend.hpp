// The `backend` of the HTTP side over the actor system: every call becomes one message to the http_gateway actor, and
// what is outstanding is bounded here, since mailboxes are not.
#pragma once

#include <memory>

#include "actors/engine.hpp"
#include "messages/backend.hpp"

namespace waihu {

/// `shards`: which tasks are this node's, or nullptr where it runs alone.
/// `board`: what the live tasks show; `stamps`: what changed. `max_outstanding`: calls inside the actor system at once;
/// further ones fail with errc::overloaded. After `close` every call fails with errc::cancelled and the handles are
/// gone, so that the actor system can end.
class actor_backend final : public backend {
 public:
  actor_backend(http_gateway gateway, store_reader reader, std::shared_ptr<const task_board> board,
                std::shared_ptr<const change_stamps> stamps, int max_outstanding,
                std::shared_ptr<const shard_ledger> shards = nullptr);
  ~actor_backend() override;

  void close();

  void query(store_query q, std::function<void(result<std::any>)> done) override;
  void start(start_call_task m, completion<started_call_task> done) override;
  void suspend_resume(suspend_resume_task m, completion<suspended_resumed_task> done) override;
  void refresh(refresh_jobs m, completion<refreshed_jobs> done) override;
  void follow_up(make_follow_up m, completion<made_follow_up> done) override;
  void diagnose(diagnose_task m, completion<diagnosed_task> done) override;
  void recording(fetch_recording m, completion<std::string> done) override;
  void explain(explain_job m, completion<explained_job> done) override;
  void set_automation(switch_automation m, completion<automation_state> done) override;
  void automation(automation_view m, completion<automation_state> done) override;
  void sweep(sweep_now m, completion<bool> done) override;
  void run(start_run m, completion<run_record> done) override;
  void await_calls(await_case_calls m, completion<bool> done) override;
  void cancel_call(cancel_case_call m, completion<bool> done) override;
  [[nodiscard]] std::optional<described_task> live_task(const describe_task& m) const override;
  [[nodiscard]] bool is_elsewhere(task_id task) const override;
  void describe(describe_task m, completion<described_task> done) override;
  [[nodiscard]] bool has_peers() const override;
  [[nodiscard]] const change_stamps& stamps() const override;
  void subscribe(event_subscription s, completion<std::uint64_t> done) override;
  void unsubscribe(std::uint64_t token) override;

 private:
  struct shared;
  std::shared_ptr<shared> shared_;

  template <class T, class Door, class... Ts>
  void post(Door shared::*where, completion<T> done, Ts&&... message);
};

}  // namespace waihu
