// A provider in memory for tests under virtual time: it keeps a list of accepted jobs, plays what the test says, and
// counts how often each reference id was accepted. Answers are handed over at once unless the test holds them back.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "provider/language_model.hpp"
#include "provider/voice_provider.hpp"

namespace waihu::test {

struct played_job {
  job_snapshot snapshot;
  int accepted{};  ///< How often this reference id was accepted; more than once is a double call.
};

class fake_provider final : public voice_provider {
 public:
  /// What to do with the next AssignJobs calls; empty = accept and answer.
  enum class assign_mood { accept, lose_answer, refuse, unreachable, throttle };
  std::deque<assign_mood> assign_moods;
  std::optional<failure> look_failure;         ///< Every look fails so.
  std::optional<failure> group_failure;        ///< CreateJobGroup fails so.
  std::optional<failure> switch_failure;       ///< Suspend and resume fail so.
  std::function<void(job_snapshot&)> on_look;  ///< Changes what a look shows.
  std::map<std::string, played_job> jobs;      ///< By reference id.
  std::vector<job_group> groups;
  int hidden_from_lists{};   ///< So many jobs are missing from the group's pages, though its total counts them.
  bool repeats_last_page{};  ///< Asked for a page past the end, the group's list shows its last one again.
  int group_pages{};         ///< Pages of group lists that were read.
  std::set<std::string> used_marks;
  std::string last_script;  ///< Of the newest job group.
  int assign_calls{};
  int look_calls{};
  std::size_t looked_ids{};
  int suspends{};
  int resumes{};
  int deletes{};

  void set_status(const std::string& reference, call_status status, const std::string& attempt_status,
                  const std::string& conversation = {});
  void set_all(call_status status, const std::string& attempt_status, const std::string& conversation = {});
  [[nodiscard]] int doubles() const;

  void create_job_group(job_group_request request, milliseconds deadline, completion<std::string> done) override;
  void list_job_groups(std::string search_text, std::int64_t created_since_ms, int page_number, int page_size,
                       milliseconds deadline, completion<provider_page<job_group>> done) override;
  void delete_job_group(std::string job_group_id, milliseconds deadline, completion<bool> done) override;
  void assign_jobs(std::string job_group_id, std::vector<job_order> orders, departure leaving, milliseconds deadline,
                   completion<assigned_jobs> done) override;
  void spend_mark(std::string job_group_id, std::string mark, milliseconds deadline, completion<bool> done) override;
  void list_jobs(std::vector<std::string> call_job_ids, milliseconds deadline,
                 completion<std::vector<job_snapshot>> done) override;
  void list_jobs_by_group(std::string job_group_id, int page_number, int page_size, milliseconds deadline,
                          completion<provider_page<job_snapshot>> done) override;
  void query_jobs_with_result(std::string job_group_id, int page_number, int page_size, milliseconds deadline,
                              completion<provider_page<job_snapshot>> done) override;
  void describe_job(std::string call_job_id, milliseconds deadline, completion<job_snapshot> done) override;
  void describe_job_group(std::string job_group_id, milliseconds deadline,
                          completion<job_group_progress> done) override;
  void suspend_jobs(std::string job_group_id, milliseconds deadline, completion<bool> done) override;
  void resume_jobs(std::string job_group_id, std::string mark, milliseconds deadline, completion<bool> done) override;
  void cancel_jobs(std::string job_group_id, milliseconds deadline, completion<bool> done) override;
  void cancel_job(std::string call_job_id, milliseconds deadline, completion<bool> done) override;
  void download_recording(std::string call_task_id, milliseconds deadline, completion<recording_link> done) override;

 private:
  int next_{1};
};

/// A language model that answers what the test says.
class fake_model final : public language_model {
 public:
  std::optional<failure> why_not;
  analysis answer{"客户有意向", interest::interested, std::nullopt, true};
  int calls{};
  void analyze(analysis_request request, milliseconds deadline, completion<analysis> done) override;
};

inline const std::string some_conversation =
    R"([{"Timestamp":1,"Speaker":"Robot","Script":"您好"},{"Timestamp":9000,"Speaker":"Contact","Script":"有兴趣"}])";

}  // namespace waihu::test
