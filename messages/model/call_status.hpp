// The words for where a call stands: the provider's status of a job, our phase, what became of an attempt, and what
// the whole means. Tables of state-machines.md sections 1, 2 and 9 live here and nowhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waihu {

/// The provider's status of a job. `other` keeps an unknown string verbatim beside it and counts as active.
enum class call_status : std::uint8_t {
  none,  ///< Nothing known yet; stored as NULL, shown as 未开始.
  scheduling,
  executing,
  paused,
  drafted,
  succeeded,
  failed,
  cancelled,
  other,  ///< A string this version does not know.
};

/// Reads the provider's word ("Succeeded"); empty gives `none`, unknown words give `other`.
call_status parse_call_status(std::string_view word) noexcept;
/// The provider's word; "" for `none`, "Unknown" for `other` (callers that hold the verbatim word show that).
std::string_view to_string(call_status status) noexcept;
/// Chinese text for people (state-machines.md section 9): 拨号中, 通话中, ...
std::string_view chinese_text(call_status status) noexcept;
/// Succeeded, Failed or Cancelled: final, never changes again.
constexpr bool is_terminal(call_status s) noexcept {
  return s == call_status::succeeded || s == call_status::failed || s == call_status::cancelled;
}

/// Our own position in a job's life, persisted in `leads_task_list.phase`.
enum class job_phase : std::uint8_t { queued, dispatching, tracking, settled, closed, parked };
std::string_view to_string(job_phase phase) noexcept;
std::optional<job_phase> parse_job_phase(std::string_view word) noexcept;

/// Why a job is parked.
enum class parked_reason : std::uint8_t { none, timeout, unreachable };
std::string_view to_string(parked_reason reason) noexcept;
parked_reason parse_parked_reason(std::string_view word) noexcept;

/// What the network said of one attempt, by group (state-machines.md section 9).
enum class disposition : std::uint8_t { unknown, connected, machine, not_reached, not_dialled, failed, in_progress };
std::string_view to_string(disposition d) noexcept;

/// One row of the attempt-status table.
struct attempt_word {
  std::string_view word;     ///< The provider's code, e.g. "NoAnswer".
  disposition meaning;       ///< Its group.
  std::string_view text;     ///< Chinese text for people.
  bool worth_another_round;  ///< False for numbers that do not exist, are out of service or in arrears.
};
/// The table's row for a provider code; an unknown code starting with "Succeeded" counts as connected; other unknown
/// codes give a row with `disposition::unknown` and empty text.
attempt_word classify_attempt(std::string_view provider_code) noexcept;

/// What a finished job means. Persisted in `leads_task_list.outcome`.
enum class job_outcome : std::uint8_t {
  none,         ///< Not finished.
  connected,    ///< A person talked.
  machine,      ///< A machine answered.
  not_reached,  ///< Dialled, nobody answered.
  not_dialled,  ///< The provider refused to dial (block list, cap, empty number).
  failed,       ///< Failed for another reason.
  cancelled,    ///< Cancelled before it was carried out.
  unplaced,     ///< We sent it, and two reconciliations found nothing at the provider.
};
std::string_view to_string(job_outcome outcome) noexcept;
job_outcome parse_job_outcome(std::string_view word) noexcept;
std::string_view chinese_text(job_outcome outcome) noexcept;
/// The outcome that a terminal status together with its last attempt's code stands for.
job_outcome outcome_of(call_status status, std::string_view last_attempt_code) noexcept;

/// `call_tasks.task_type` (http-api.md section 5).
enum class task_type : std::uint8_t {
  created = 1,
  calling = 2,
  calls_complete = 3,
  follow_up_complete = 4,
  suspended = 5,
};
std::string_view to_string(task_type type) noexcept;
/// True exactly for the moves of state-machines.md section 2: 1→2, 2→1, 2→5, 5→2, 2→3, 3→4, 4→3.
constexpr bool is_legal_move(task_type from, task_type to) noexcept {
  using enum task_type;
  switch (from) {
    case created: return to == calling;
    case calling: return to == created || to == suspended || to == calls_complete;
    case suspended: return to == calling;
    case calls_complete: return to == follow_up_complete;
    case follow_up_complete: return to == calls_complete;
  }
  return false;
}

/// `is_interested`: what the analysis made of the conversation.
enum class interest : std::uint8_t { undecided = 0, interested = 1, not_interested = 2 };
/// Reads an LLM's word by the table of state-machines.md section 3; anything unknown is `undecided`.
interest parse_interest(std::string_view word) noexcept;

/// Where a job counts in describe-job-group (http-api.md section 5); the four add up to all jobs.
enum class progress_bucket : std::uint8_t { scheduling, executing, completed, failed };
/// scheduling = no status, Drafted or Paused; executing = Scheduling, Executing or unknown words; completed =
/// Succeeded; failed = Failed or Cancelled.
progress_bucket bucket_of(call_status status) noexcept;

}  // namespace waihu
