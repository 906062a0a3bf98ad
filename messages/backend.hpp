// The door between the HTTP side (asio threads) and the actor system, as one abstract class, so that http/ needs
// neither CAF nor the actors. app/ implements it with the http_gateway actors; tests of http/ implement it over a
// store. Every call answers exactly once, from any thread, never inline with a lock held; http/ posts to its own
// strand.
#pragma once

#include <any>
#include <functional>
#include <optional>

#include "messages/http_messages.hpp"
#include "messages/model/analysis.hpp"
#include "messages/model/change_stamps.hpp"
#include "messages/model/queries.hpp"

namespace waihu {

/// Asynchronous access to the store's queries and to live actors. Failures: overloaded (too much outstanding),
/// timed_out, unavailable (store down), not_found (no live actor), and what each message says.
class backend {
 public:
  virtual ~backend() = default;

  /// Asks the store. Prefer `read`, which is typed.
  virtual void query(store_query q, std::function<void(result<std::any>)> done) = 0;

  /// Typed form of `query`.
  template <class Query>
  void read(Query q, completion<typename Query::answer_type> done) {
    query(store_query{std::move(q)}, [done = std::move(done)](result<std::any> r) {
      if (!r) return done(tl::unexpected<failure>(std::move(r.error())));
      done(std::any_cast<typename Query::answer_type>(std::move(*r)));
    });
  }

  virtual void start(start_call_task m, completion<started_call_task> done) = 0;
  virtual void suspend_resume(suspend_resume_task m, completion<suspended_resumed_task> done) = 0;
  virtual void refresh(refresh_jobs m, completion<refreshed_jobs> done) = 0;
  virtual void follow_up(make_follow_up m, completion<made_follow_up> done) = 0;
  virtual void diagnose(diagnose_task m, completion<diagnosed_task> done) = 0;
  virtual void recording(fetch_recording m, completion<std::string> done) = 0;
  /// not_found when no actor runs for the task here.
  virtual void explain(explain_job m, completion<explained_job> done) = 0;
  /// Answers once the switch is durable and, when it goes off, the organisation's tasks have left or
  /// `node.drain_timeout` is over.
  virtual void set_automation(switch_automation m, completion<automation_state> done) = 0;
  virtual void automation(automation_view m, completion<automation_state> done) = 0;
  virtual void sweep(sweep_now m, completion<bool> done) = 0;
  virtual void run(start_run m, completion<run_record> done) = 0;
  virtual void await_calls(await_case_calls m, completion<bool> done) = 0;
  virtual void cancel_call(cancel_case_call m, completion<bool> done) = 0;

  /// What the task's live actor shows now; nullopt when the organisation has no such task or no actor runs for it here:
  /// ask the store then. Any thread; does not wait for the actor.
  [[nodiscard]] virtual std::optional<described_task> live_task(const describe_task& m) const = 0;
  /// Whether another node follows the task, so that `live_task` shows nothing of it. Any thread.
  [[nodiscard]] virtual bool is_elsewhere(task_id) const { return false; }
  /// As `live_task`, from the node that follows the task. not_found: no actor runs for it there, the store is exact;
  /// any other failure: the node could not be asked, and the store is older than what it knows.
  virtual void describe(describe_task, completion<described_task> done) {
    done(fail(errc::not_found, "no actor follows the task"));
  }
  /// Whether other nodes change the same store. `stamps` tell nothing of their changes.
  [[nodiscard]] virtual bool has_peers() const { return false; }
  /// Tells what of the store's figures may have changed. Any thread; outlives every call.
  [[nodiscard]] virtual const change_stamps& stamps() const = 0;

  /// Subscribes to the event hub; the completion says when the subscription stands (events may arrive before it).
  /// Answers a token for `unsubscribe`.
  virtual void subscribe(event_subscription s, completion<std::uint64_t> done) = 0;
  virtual void unsubscribe(std::uint64_t token) = 0;
};

}  // namespace waihu
