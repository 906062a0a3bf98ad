// The voice provider's notions in our own terms: job groups, jobs to hand over, and what a look at a job shows.
// Nothing here knows the wire protocol; provider/ translates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/model/call_status.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// A container for one call task's jobs, to be created at the provider.
struct job_group_request {
  std::string name;         ///< `任务_{task_id}_{task_name}`; found again by it when an answer is lost.
  std::string description;  ///< Free text for the provider's console.
  std::string script_id;    ///< Script (场景) that the calls follow.
};

/// A job group as the provider lists it.
struct job_group {
  std::string job_group_id;  ///< UUID string.
  std::string name;
  std::string status;         ///< The provider's word, e.g. "Executing".
  std::int64_t created_ms{};  ///< Creation, ms since the epoch; 0 when not told.
  std::int64_t total_jobs{};  ///< Jobs it holds; 0 when not told.
};

/// One lead's call, to be handed over by AssignJobs.
struct job_order {
  std::string reference_id;  ///< Ours; unique in the task; the only safe way to find the job again.
  std::string phone;         ///< Full number; never logged unmasked.
  std::string name;          ///< The person's name, may be empty.
  std::vector<std::pair<std::string, std::string>> extras;  ///< Script variables.
};

/// What AssignJobs answered. The ids are in no promised order (REFERENCE.md section 3.2).
struct assigned_jobs {
  std::vector<std::string> job_ids;
  std::string request_id;  ///< The provider's, for support cases.
};

/// One dial of a job (provider Task).
struct attempt {
  std::string call_task_id;       ///< Provider TaskId; key of the recording.
  std::string call_id;            ///< Provider CallId.
  std::string status;             ///< Provider's code, verbatim, e.g. "NoAnswer".
  std::string calling_number;     ///< Number that dialled.
  std::string called_number;      ///< Number that was dialled; masked by the provider at times.
  std::int64_t planed_ms{};       ///< PlanedTime (sic), ms since the epoch; 0 = none.
  std::int64_t actual_ms{};       ///< ActualTime, ms since the epoch; 0 = none.
  std::string conversation_json;  ///< The conversation's JSON array exactly as received; "" or "[]" = none yet.
};

/// True when an attempt carries at least one line of conversation.
inline bool has_conversation(const std::string& conversation_json) noexcept {
  return conversation_json.find('{') != std::string::npos;
}

/// What one look at a job shows.
struct job_snapshot {
  std::string call_job_id;   ///< Provider JobId.
  std::string job_group_id;  ///< Provider JobGroupId; may be empty in paged reads.
  std::string reference_id;  ///< Ours as given at AssignJobs; empty where the provider returned none.
  std::string phone;         ///< May be masked by the provider; used for matching only without reference_id.
  std::string status_word;   ///< Job status verbatim.
  call_status status{call_status::none};  ///< The same, parsed.
  std::string failure_reason;             ///< Provider's job failure reason, e.g. "NoAnswer".
  int attempt_count{};                    ///< Number of dials so far; 0 when not told.
  attempt last;  ///< The attempt with the greatest ActualTime, else PlanedTime; empty when none.
};

/// A page of something the provider lists.
template <class T>
struct provider_page {
  std::vector<T> items;
  int page_number{1};          ///< From 1.
  std::int64_t total_count{};  ///< Items on all pages.
};

/// Where a call's recording can be fetched for a while.
struct recording_link {
  std::string url;            ///< Pre-signed; a secret while valid: shown to the owner, never logged.
  std::int64_t expires_ms{};  ///< `recording_expiry` of the URL, ms since the epoch; 0 = unknown.
};

/// When a pre-signed link runs out, by the `Expires` of its query (whole epoch seconds, up to the year 9999); nothing
/// when it does not say.
std::optional<wall_time> recording_expiry(std::string_view url) noexcept;

/// Counters of a job group as the provider sees them.
struct job_group_progress {
  job_group group;
  std::int64_t total{}, completed{}, failed{}, cancelled{}, executing{}, paused{}, scheduling{};
};

}  // namespace waihu
