// The voice provider as the actors see it: a handful of asynchronous calls in model terms. Implementations hand each
// completion over exactly once, from a thread of their own (or at once), and never throw. Retries, rate and breaker
// are not here: the provider gateway actor decides those.
#pragma once

#include <string>
#include <vector>

#include "messages/model/failure.hpp"
#include "messages/model/voice.hpp"

namespace waihu {

/// Greatest number of jobs in one AssignJobs and of ids in one ListJobs (REFERENCE.md section 3.2, 3.3).
inline constexpr std::size_t max_jobs_per_call = 99;

/// How a request leaves that must not be carried out twice.
struct departure {
  /// Names the request at the provider, which takes nothing under a mark that it has seen; empty: any new one. What was
  /// refused may have used its mark up.
  std::string mark;
  /// Asked just before the first byte is written, on any thread; false keeps the request here. Empty: it may.
  std::function<bool(steady_time now)> may_leave;
};

/// The provider. Every call has a deadline; when it passes, the completion gets errc::timed_out, and for writes nobody
/// knows whether they happened. Failures follow `errc`: unavailable = surely not received (connection refused, name not
/// resolved, TLS failed), lost = sent but no usable answer (reset, 5xx, not JSON), throttled, unauthorized, rejected.
class voice_provider {
 public:
  virtual ~voice_provider() = default;

  virtual void create_job_group(job_group_request request, milliseconds deadline, completion<std::string> done) = 0;
  /// Groups whose name contains `search_text`, created since `created_since_ms` (0 = any time).
  virtual void list_job_groups(std::string search_text, std::int64_t created_since_ms, int page_number, int page_size,
                               milliseconds deadline, completion<provider_page<job_group>> done) = 0;
  virtual void delete_job_group(std::string job_group_id, milliseconds deadline, completion<bool> done) = 0;
  /// At most `max_jobs_per_call` orders; more is errc::invalid_argument and nothing is sent. A request that may not
  /// leave is errc::unavailable, surely not received; one whose mark was seen before is errc::lost.
  virtual void assign_jobs(std::string job_group_id, std::vector<job_order> orders, departure leaving,
                           milliseconds deadline, completion<assigned_jobs> done) = 0;
  /// Uses a mark up, by a harmless question about the group: whatever leaves under it and has not arrived when this is
  /// answered is refused. The answer is true, also where the mark was used before.
  virtual void spend_mark(std::string job_group_id, std::string mark, milliseconds deadline, completion<bool> done) = 0;
  /// Looks at up to `max_jobs_per_call` jobs, with attempts and conversations. Unknown ids are left out of the answer.
  virtual void list_jobs(std::vector<std::string> call_job_ids, milliseconds deadline,
                         completion<std::vector<job_snapshot>> done) = 0;
  /// One page of a group's jobs, with reference ids, without attempts.
  virtual void list_jobs_by_group(std::string job_group_id, int page_number, int page_size, milliseconds deadline,
                                  completion<provider_page<job_snapshot>> done) = 0;
  /// One page of a group's jobs with their latest attempt's status, without TaskId and conversation.
  virtual void query_jobs_with_result(std::string job_group_id, int page_number, int page_size, milliseconds deadline,
                                      completion<provider_page<job_snapshot>> done) = 0;
  virtual void describe_job(std::string call_job_id, milliseconds deadline, completion<job_snapshot> done) = 0;
  virtual void describe_job_group(std::string job_group_id, milliseconds deadline,
                                  completion<job_group_progress> done) = 0;
  /// Suspend, resume or cancel a whole group (All=true with the group's id; an empty id is refused with
  /// invalid_argument).
  virtual void suspend_jobs(std::string job_group_id, milliseconds deadline, completion<bool> done) = 0;
  /// `mark`: see `departure`.
  virtual void resume_jobs(std::string job_group_id, std::string mark, milliseconds deadline,
                           completion<bool> done) = 0;
  virtual void cancel_jobs(std::string job_group_id, milliseconds deadline, completion<bool> done) = 0;
  /// Cancels one job; one whose call has begun goes on (REFERENCE.md section 3.4).
  virtual void cancel_job(std::string call_job_id, milliseconds deadline, completion<bool> done) = 0;
  virtual void download_recording(std::string call_task_id, milliseconds deadline, completion<recording_link> done) = 0;
};

}  // namespace waihu
