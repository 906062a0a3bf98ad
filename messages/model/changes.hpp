// Every durable change of a task's or job's life, as a typed command for the store writer. Each carries the ownership
// under which it is made; the store refuses it (errc::stale_epoch) when another node has taken the shard. Events are
// written by the store in the same transaction: kind "task" for moves, "job" for job changes, "follow" for follow-ups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "messages/model/ids.hpp"
#include "messages/model/records.hpp"
#include "messages/model/voice.hpp"

namespace waihu::change {

/// Written before CreateJobGroup, SuspendJobs or ResumeJobs is sent; the next move or note ends it. Refused
/// (illegal_transition) unless the task is in 1 with a script, in 2 or in 5.
struct request_group {
  ownership own;
  wall_time at{};
};

/// One move of `task_type`, guarded by `from`. Refused with illegal_transition when the row is not at `from` or the
/// move is not listed in state-machines.md section 2, and back to 1 while any of its calls is, or may be, with the
/// provider: a move that was given up for lost may take effect after its task has sent again. Writes one "task" event.
struct move_task {
  ownership own;
  task_type from{}, to{};
  std::optional<std::string> job_group_id;  ///< Set on 1→2; on 2→1 give "" to forget the abandoned group.
  std::optional<std::string> last_error;    ///< Replaces `last_error` when given ("" clears it).
  wall_time at{};
  /// Calls that the sender knows of; where given, refused when the task has got more meanwhile (case calls join tasks
  /// that are calling).
  std::optional<std::int64_t> leads_count{};
};

/// Replaces `last_error` without a move. Also clears `group_requested_at` (a start that ended without a group, a switch
/// that surely did not happen).
struct note_task {
  ownership own;
  std::string last_error;
};

/// The write-ahead record of an AssignJobs: creates the batch in state `intent` and takes its rows from `queued` to
/// `dispatching`. All or nothing: when one row is not `queued`, or the task is not in 2, the whole is refused with
/// illegal_transition. The receipt's id is the new batch_id.
struct intend_batch {
  ownership own;
  int seq{};
  std::vector<job_row_id> rows;
  wall_time at{};
};

/// Moves a batch to another state (sent, acked, failed, unknown) with the provider's request id or the error.
struct mark_batch {
  ownership own;
  batch_id batch{};
  batch_state to{};
  std::string request_id;
  std::string error;
  wall_time at{};
};

/// The provider's ids of dispatched rows: `dispatching` → `tracking`, `call_job_id` set where it is NULL and never
/// overwritten. Rows that already hold the same id are fine; a row holding another id is left alone.
/// The receipt's id is the number of rows changed. Also marks the batch acked when `completes_batch`.
struct acknowledge_jobs {
  ownership own;
  batch_id batch{};
  std::vector<std::pair<job_row_id, std::string>> ids;
  bool completes_batch{};
  std::string request_id;
  wall_time at{};
};

/// Rows of a batch that the provider surely does not have: `dispatching` → `queued`. With `counts_as_attempt` the
/// rows' `attempts` grows by one (a reconciliation found nothing).
struct requeue_jobs {
  ownership own;
  batch_id batch{};
  std::vector<job_row_id> rows;
  bool counts_as_attempt{};
  std::string reason;
  wall_time at{};
};

/// The terminal state of a job: `call_status`, last attempt and outcome in one statement, phase → `settled`. A row that
/// already has a terminal status is left alone and the receipt says changed=false (not an error). Writes a "job" event.
struct settle_job {
  ownership own;
  job_row_id row{};
  call_status status{};  ///< Terminal.
  job_outcome outcome{};
  attempt last;  ///< Empty strings and zeros are stored as NULL.
  wall_time at{};
  /// Of a case call: the event tells it with the status's Chinese name.
  std::optional<case_call_id> case_call{};
};

/// A conversation (and the rest of the last attempt) that arrived after the job had settled; status is not touched.
struct attach_attempt {
  ownership own;
  job_row_id row{};
  attempt last;
};

/// `tracking` or `settled`... → `parked`, with what a restart needs to go on.
struct park_job {
  ownership own;
  job_row_id row{};
  parked_reason reason{};
  int failures{};
  std::optional<wall_time> poll_started_at, last_change_at;
  wall_time at{};
  std::optional<case_call_id> case_call{};  ///< As in `settle_job`.
};

/// `parked` → `tracking`.
struct unpark_job {
  ownership own;
  job_row_id row{};
  wall_time at{};
};

/// Polling counters of a live job, stored when its node drains (state-machines.md section 7). No event.
struct save_poll_state {
  ownership own;
  job_row_id row{};
  int failures{};
  std::optional<wall_time> poll_started_at, last_change_at;
};

/// The follow-up of a finished call: inserts into `dcc_leads_follow` and sets `leads_follow_id`, `is_interested` (only
/// where NULL) and phase `closed`, in one transaction. One per job: when the job already has one, nothing is inserted
/// and the receipt says changed=false with the existing follow_id, unless `replace`, which updates that follow-up's
/// remark and next time (never a non-NULL is_interested). Writes a "follow" event.
/// `frist_follow_time` is the lead's earliest follow time, `new_follow_time` this one.
struct record_follow_up {
  ownership own;
  job_row_id row{};
  std::string leads_id;
  std::string leads_remark;  ///< Cut to 1000 characters by the store.
  interest is_interested{interest::undecided};
  std::optional<wall_time> next_follow_time;
  wall_time at{};
  bool replace{};
};

/// A job that needs no follow-up (Cancelled, or any case call): phase → `closed`.
struct close_job {
  ownership own;
  job_row_id row{};
};

/// A recording's link with its fetch time.
struct store_recording {
  ownership own;
  job_row_id row{};
  std::string url;
  wall_time fetched_at{};
};

/// Sweep repair: jobs of the task with a follow-up but NULL interest get 0. The receipt's id is the number of rows.
struct default_interest {
  ownership own;
};

}  // namespace waihu::change

namespace waihu {

/// Any durable change of a task's or job's life.
using store_change =
    std::variant<change::request_group, change::move_task, change::note_task, change::intend_batch, change::mark_batch,
                 change::acknowledge_jobs, change::requeue_jobs, change::settle_job, change::attach_attempt,
                 change::park_job, change::unpark_job, change::save_poll_state, change::record_follow_up,
                 change::close_job, change::store_recording, change::default_interest>;

/// The ownership a change is made under.
inline const ownership& ownership_of(const store_change& c) noexcept {
  return std::visit([](const auto& x) -> const ownership& { return x.own; }, c);
}

/// What the store did with one change.
struct change_receipt {
  bool changed{true};  ///< False: nothing differed (already so); not an error.
  std::int64_t id{};   ///< batch_id, follow_id or a row count, as the change says; else 0.
};

}  // namespace waihu
