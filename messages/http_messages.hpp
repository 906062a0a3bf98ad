// What the HTTP side asks of live actors and what they answer, in model terms. Pages and accounts come from the store
// (queries.hpp); commands and exact live figures come from these.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "messages/model/failure.hpp"
#include "messages/model/ids.hpp"
#include "messages/model/records.hpp"
#include "messages/model/time.hpp"
#include "messages/model/waiting.hpp"

namespace waihu {

/// start-call-task. Refusals carry the contract's numeric code in `failure::vendor_code` ("4004", "4005", "4006",
/// "4007", "5001", "5002") and its Chinese text in `message`.
struct start_call_task {
  std::string organization_id;
  task_id task{};
  milliseconds budget{2'000};  ///< Answer within it with what was acknowledged so far.
};
struct started_call_task {
  task_id task{};
  std::string task_name;
  std::string job_group_id;
  std::vector<std::string> call_job_ids;  ///< Acknowledged within the budget.
  std::int64_t leads_count{};
  wall_time start_time{};
};

/// suspend-resume-task. Refusals: "4002", "4003", "4004", "5001" (suspend failed), "5002" (resume failed).
struct suspend_resume_task {
  std::string organization_id;
  task_id task{};
  bool suspend{};  ///< False = resume.
};
struct suspended_resumed_task {
  task_id task{};
  std::string job_group_id;
  task_type type{};
};

/// Where a task of an organisation stands, with exact counters.
struct describe_task {
  std::string organization_id;
  task_id task{};
};
struct described_task {
  task_type type{};
  std::string job_group_id;
  task_counters counters;
  wall_time updated_time{};
  std::string last_error;
  std::string task_name{};
};

/// The newest known state of some jobs of a live task. Jobs whose last look is older than `max_age` are looked at
/// first, within `budget`. Terminal findings are committed before the answer: read those rows from the store
/// afterwards.
struct refresh_jobs {
  task_id task{};
  std::vector<job_row_id> rows;  ///< At most 500.
  milliseconds max_age{3'000};   ///< 0 = look at each whatever its age.
  milliseconds budget{2'000};
};
struct live_job {
  job_row_id row{};
  call_status status{call_status::none};
  std::string status_word;  ///< The provider's word verbatim; "" when not dispatched.
  std::string call_job_id;
  std::string call_task_id, attempt_status, calling_number, called_number;  ///< Last attempt; empty when none.
  std::int64_t planed_ms{}, actual_ms{};
};
struct refreshed_jobs {
  std::vector<live_job> jobs;       ///< Those of the asked rows that are still live (not terminal) here.
  std::vector<job_row_id> changed;  ///< Rows that this request settled.
  bool stale{};                     ///< The budget ran out for at least one job, its snapshot is older.
  std::string error;                ///< Reason of the last failed look; empty when all went well.
  int error_count{};                ///< Jobs whose look failed.
};

/// get-leads-follow: creates or updates the follow-up of a job now. Refusals: "4001" unknown, "4004" no status yet.
struct make_follow_up {
  std::string organization_id;
  task_id task{};
  job_row_id row{};
  bool force{true};  ///< Analyse again when one exists.
  bool dry_run{};    ///< Only say what it would be: nothing is stored, `made_follow_up::follow` stays 0.
};
struct made_follow_up {
  follow_id follow{};
  std::string leads_id, leads_name, leads_phone, leads_remark;
  interest is_interested{};
  std::optional<wall_time> next_follow_time;
  wall_time create_time{};
};

/// The recording's link of a finished call, fetched again when the stored one has run out. not_found = none yet.
struct fetch_recording {
  std::string organization_id;
  task_id task{};
  job_row_id row{};
};

/// One reason why a task or job waits (state-machines.md section 8).
struct wait_reason {
  wait_kind kind{};
  std::int64_t jobs{};             ///< How many jobs wait for it; 0 = the task itself.
  std::optional<wall_time> until;  ///< When it can move next, if known: of several jobs the first.
};

/// diagnose-task for a live task.
struct diagnose_task {
  std::string organization_id;
  task_id task{};
};
struct diagnosed_task {
  bool processing{};  ///< An actor is at work here.
  bool quarantined{};
  std::string owner_node;
  epoch_t epoch{};
  std::int64_t live_jobs{}, live_follow_ups{}, open_batches{};
  std::vector<wait_reason> reasons;
  std::string last_error;
};

/// Why one call waits: of a live task only.
struct explain_job {
  std::string organization_id;
  task_id task{};
  job_row_id row{};
};
struct explained_job {
  job_phase phase{};
  call_status status{call_status::none};  ///< The newest known.
  std::vector<wait_reason> reasons;       ///< Empty when it does not wait: a look or an analysis is under way.
  std::optional<wall_time> next_look;     ///< When it is looked at next, if so.
};

/// auto-task: the switch of everything that the daemon does by itself for one organisation. Durable; off means that its
/// tasks have no actors: no dispatch, look or follow-up begins, while calls that the provider has go on there.
struct switch_automation {
  std::string organization_id;
  bool running{};
  user_id by{};
};
/// What the supervisor of this node knows of an organisation.
struct automation_view {
  std::string organization_id;
};
/// How the voice provider answers a node: `failing` = so badly that nothing is sent for a while, `probing` = one
/// request finds out whether it is back.
enum class provider_state : std::uint8_t { reachable, probing, failing };
struct automation_state {
  bool running{true};
  std::string node;
  std::int64_t live_jobs{}, polling_jobs{}, waiting_jobs{};  ///< Of tasks with an actor here.
  std::optional<wall_time> last_sweep, next_sweep;
  // The following are of the node that was asked, and never cross to another one.
  provider_state provider{provider_state::reachable};
  std::optional<wall_time> provider_retry;  ///< When it is tried again; empty while it is reachable.
  std::vector<std::string> silent_nodes;    ///< Nodes whose calls are not among the numbers: they did not answer.
};

/// trigger-monitor: one sweep of this node now.
struct sweep_now {};

/// Progress of a live task, for the subscribers of another node: it is told and not kept, so that nobody reads it in
/// the store.
struct tell_progress_elsewhere {
  event_record event;
};

/// start-query-execution-run: looks at every call of a task once, in the background. A task has one run at a time: when
/// one is under way it is answered.
struct start_run {
  std::string organization_id;
  task_id task{};
  int batch_size{100};      ///< 1..500.
  milliseconds pause{200};  ///< Between batches.
  bool skip_recording{true};
};

/// Waits until the provider has these calls of a task of cases, or they are over; starts the task's actor if need be.
/// Answers true when that is so of each, false when the budget is over before.
struct await_case_calls {
  std::string organization_id;
  task_id task{};
  std::vector<job_row_id> rows;
  milliseconds budget{8'000};
};

/// Asks the provider to cancel a call that has not begun; the call is followed to its end as ever. Refusals: "4002" not
/// at the provider yet, "4003" over already, "5001" the provider refused.
struct cancel_case_call {
  std::string organization_id;
  job_row_id row{};
};

/// A subscriber of the event hub. `deliver` is called from the hub with each matching event, oldest first; it must not
/// block; it returns false to be dropped (its queue is full or its client gone).
struct event_subscription {
  std::string organization_id;
  std::optional<task_id> task;
  std::function<bool(const event_record&)> deliver;
};

}  // namespace waihu
