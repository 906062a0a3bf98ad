// The rules of one call job's life (state-machines.md section 1) as a pure function: no clock, no I/O, no actors. The
// shell (call_job_actor) feeds facts, commits what must be durable, adopts the next position, carries out the orders.
//
//   queued ──intended──▶ dispatching ──acknowledged──▶ tracking ──terminal seen, committed──▶ settled ──follow-up──▶
//   closed
//     ▲                    │    │                       │    ▲                                   (Cancelled: at once)
//     └──────returned──────┘    │          deadline or  │    │ answers again
//                               │          10 failures  ▼    │ (sweep asked)
//                               └──unplaced──▶ settled  parked
//
// Transition table (fact × phase; every pair not listed is ignored; docs/state-machines.md has it with the commits):
//   queued: intended → dispatching · unplaced, committed → settled · status_seen (while unplaced: counted)
//           commit_failed, woken (repeats the commit) · suspended, resumed (remembered)
//   dispatching: returned → queued · acknowledged → tracking · unplaced, committed → settled · status_seen (as above)
//           commit_failed, woken · suspended, resumed
//   tracking: status_seen, look_failed, look_skipped, look_wanted, woken · committed → settled or parked
//           commit_failed · suspended, resumed (stop and start the deadline)
//   parked: status_seen, look_failed, look_skipped, look_wanted, swept, woken · committed → tracking or settled
//           commit_failed · suspended, resumed
//   settled: follow_up_done → closed · committed (no follow-up needed) → closed · commit_failed, woken
//           status_seen (counted) · suspended, resumed
//   closed: nothing; the actor has retired
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "messages/model/call_status.hpp"
#include "messages/model/failure.hpp"
#include "messages/model/time.hpp"
#include "messages/model/voice.hpp"

namespace waihu {

/// Numbers of the machine; the defaults and their reasons are in config/options.hpp.
struct call_job_policy {
  milliseconds look_interval{10'000};         ///< Between looks.
  milliseconds queued_look_interval{60'000};  ///< While the provider has kept it in Scheduling for long.
  milliseconds queued_after{600'000};         ///< "Long".
  milliseconds deadline{7'200'000};           ///< Since the last change while Executing, suspended time not counted.
  milliseconds look_timeout{60'000};          ///< A look that nobody answered for so long has failed.
  milliseconds commit_retry{1'000};           ///< Before a commit that failed is tried again.
  int max_failures{10};                       ///< Consecutive failed looks until parked(unreachable).
  bool deadline_from_first_look{};            ///< Case calls: `deadline` counts from there, whatever the status.
};

/// A commit that is under way; the position is not adopted before it has been confirmed.
enum class job_commit : std::uint8_t { none, outcome, park, unpark, close };

/// Where a job stands: what is stored (phase, parked) and what lives in memory only.
struct call_job_position {
  job_phase phase{job_phase::queued};
  parked_reason parked{parked_reason::none};
  call_status status{call_status::none};  ///< Newest seen, terminal or not.
  job_outcome outcome{job_outcome::none};
  job_commit committing{job_commit::none};
  bool commit_failed{};  ///< The commit under way failed and waits for its retry.
  bool look_in_flight{};
  bool suspended{};                        ///< The task is suspended: the deadline stands still.
  int failures{};                          ///< Consecutive failed looks.
  bool restored{};                         ///< Not looked at yet since a restart.
  int attempt_count{};                     ///< Dials seen so far.
  std::optional<steady_time> first_look;   ///< When tracking began.
  steady_time last_look{};                 ///< When the last look was answered or sent.
  steady_time last_change{};               ///< Last observed change of status or attempts.
  std::optional<steady_time> deadline_at;  ///< Set while Executing and not suspended.
  milliseconds deadline_left{};            ///< What remained when the task was suspended while Executing.
};

namespace job_fact {
/// The batch naming this job was committed as an intent.
struct intended {};
/// The provider surely does not have the job; it may be sent again.
struct returned {};
/// The provider has it, its id is committed.
struct acknowledged {
  bool seen{};  ///< A look came with the acknowledgement: its `status_seen` follows at once, none need be asked for.
};
/// Nothing at the provider after the last allowed reconciliation, or the provider refused it.
struct unplaced {};
/// A look was answered.
struct status_seen {
  call_status status{};
  int attempt_count{};
  std::string last_attempt_status;  ///< Provider's code; decides the outcome.
};
/// A look failed (our side could not ask, or the provider does not know the id).
struct look_failed {};
/// No look was made because the provider's breaker is open; never counted.
struct look_skipped {};
/// The wheel woke the job at the time it had asked for.
struct woken {};
/// The task was suspended or resumed.
struct suspended {};
struct resumed {};
/// The supervisor's sweep asks parked jobs again.
struct swept {};
/// Somebody asks for a look now (query-task-execution).
struct look_wanted {};
/// The commit under way is durable.
struct committed {};
/// The commit under way failed for a passing reason; nothing was stored, or the repeat is harmless.
struct commit_failed {};
/// The follow-up is stored and the row closed.
struct follow_up_done {};
}  // namespace job_fact

using call_job_fact =
    std::variant<job_fact::intended, job_fact::returned, job_fact::acknowledged, job_fact::unplaced,
                 job_fact::status_seen, job_fact::look_failed, job_fact::look_skipped, job_fact::woken,
                 job_fact::suspended, job_fact::resumed, job_fact::swept, job_fact::look_wanted, job_fact::committed,
                 job_fact::commit_failed, job_fact::follow_up_done>;

namespace job_orders {
/// Ask the provider for this job's status.
struct look_now {};
/// Wake me then; replaces any earlier wish.
struct wake_in {
  milliseconds delay{};
  bool jitter{};  ///< Spread it by the configured share, so that jobs do not march in step.
};
/// Forget any wish to be woken.
struct sleep {};
/// Commit the terminal status, last attempt and outcome.
struct persist_outcome {};
/// Commit the parking, or its end.
struct persist_park {
  parked_reason reason{};
};
struct persist_unpark {};
/// Commit the closing of a job that needs no follow-up.
struct persist_close {};
/// Tell the operators: "获取通话状态失败" (after the last failed look).
struct raise_unreachable {};
/// Warn: the deadline passed.
struct warn_deadline {};
/// Hand over to the follow-up.
struct start_follow_up {};
/// A terminal report after the terminal state: counted and dropped.
struct count_late_report {};
/// Leave: no timer, no map entry, no subscription stays.
struct retire {};
}  // namespace job_orders

using call_job_order = std::variant<job_orders::look_now, job_orders::wake_in, job_orders::sleep,
                                    job_orders::persist_outcome, job_orders::persist_park, job_orders::persist_unpark,
                                    job_orders::persist_close, job_orders::raise_unreachable, job_orders::warn_deadline,
                                    job_orders::start_follow_up, job_orders::count_late_report, job_orders::retire>;

/// What a fact leads to.
struct call_job_decision {
  call_job_position next;
  std::vector<call_job_order> orders;
};

/// Decides. Empty when the fact means nothing at this position (it is then dropped without any effect).
/// `now` is the process's monotonic time; durations are measured by it alone.
std::optional<call_job_decision> decide(const call_job_position& at, const call_job_fact& fact,
                                        const call_job_policy& policy, steady_time now);

/// The position from which a stored job goes on after a restart: phase and parked from the row; a deadline starts again
/// from `last_change`, which the shell derives from the stored instants.
call_job_position restored_position(job_phase phase, parked_reason parked, call_status status, job_outcome outcome,
                                    int failures, steady_time last_change);

/// The orders a restored job begins with: tracked jobs look at once, settled ones go on with their follow-up.
std::vector<call_job_order> opening_orders(const call_job_position& at, const call_job_policy& policy);

}  // namespace waihu
