// The backend of these tests: queries go to a memory store, the live actors are a script that each test writes.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "messages/backend.hpp"
#include "messages/model/changes.hpp"
#include "persistence/memory_store.hpp"

namespace waihu::test {

/// Thread-safe, except that the script is set before requests are sent.
class store_backend final : public backend {
 public:
  store_backend();

  // The script. A missing part answers not_found, as for a task without an actor.
  std::function<result<started_call_task>(const start_call_task&)> on_start;
  std::function<result<suspended_resumed_task>(const suspend_resume_task&)> on_suspend_resume;
  std::function<std::optional<described_task>(const describe_task&)> on_live_task;
  /// Where it is given every task is another node's, and this is what that node says of it.
  std::function<result<described_task>(const describe_task&)> on_describe;
  std::function<result<refreshed_jobs>(const refresh_jobs&)> on_refresh;
  std::function<result<made_follow_up>(const make_follow_up&)> on_follow_up;
  std::function<result<diagnosed_task>(const diagnose_task&)> on_diagnose;
  std::function<result<std::string>(task_id, job_row_id)> on_recording;
  std::function<result<explained_job>(const explain_job&)> on_explain;
  std::function<result<automation_state>(const switch_automation&)> on_set_automation;
  std::function<result<automation_state>(const automation_view&)> on_automation;
  std::function<result<bool>(const sweep_now&)> on_sweep;
  std::function<result<run_record>(const start_run&)> on_run;
  std::function<result<bool>(const await_case_calls&)> on_await_calls;
  std::function<result<bool>(const cancel_case_call&)> on_cancel_call;
  /// Takes the completion along, to answer later, from any thread; goes before `on_recording`.
  std::function<void(job_row_id, completion<std::string>)> on_recording_later;
  /// Called with each query before the store; a failure is answered instead.
  std::function<std::optional<failure>(const store_query&)> on_query;
  /// While true queries are kept and answered only by `release`.
  void hold(bool on);
  void release();
  std::size_t held() const;
  std::size_t queries() const;

  /// Runs a query at once.
  template <class Query>
  result<typename Query::answer_type> run(const Query& q) {
    const std::lock_guard lock(store_mutex_);
    auto answer = store_->run(q);
    if (answer) stamps_.touch(store_query{q});
    return answer;
  }
  /// Commits a change and tells subscribers the events.
  result<change_receipt> commit(const store_change& c);
  /// Tells subscribers an event.
  void publish(const event_record& e);
  std::size_t subscribers() const;
  /// Waits until there are so many subscribers; false after 10 s.
  bool wait_for_subscribers(std::size_t n);
  epoch_t epoch() const { return epoch_; }

  void query(store_query q, std::function<void(result<std::any>)> done) override;
  void start(start_call_task m, completion<started_call_task> done) override;
  void suspend_resume(suspend_resume_task m, completion<suspended_resumed_task> done) override;
  std::optional<described_task> live_task(const describe_task& m) const override;
  bool is_elsewhere(task_id) const override { return static_cast<bool>(on_describe); }
  void describe(describe_task m, completion<described_task> done) override;
  bool has_peers() const override { return static_cast<bool>(on_describe); }
  const change_stamps& stamps() const override { return stamps_; }
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
  void subscribe(event_subscription s, completion<std::uint64_t> done) override;
  void unsubscribe(std::uint64_t token) override;

 private:
  void answer(const store_query& q, const std::function<void(result<std::any>)>& done);

  std::unique_ptr<store> store_;
  std::mutex store_mutex_;
  change_stamps stamps_;
  epoch_t epoch_{};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_holding_{false};
  std::vector<std::pair<store_query, std::function<void(result<std::any>)>>> held_;
  std::size_t queries_{0};
  std::map<std::uint64_t, event_subscription> subscriptions_;
  std::uint64_t next_token_{1};
};

}  // namespace waihu::test
