#include "tests/actors/shells/fake_provider.hpp"

#include <algorithm>

namespace waihu::test {

void fake_provider::set_status(const std::string& reference, call_status status, const std::string& attempt_status,
                               const std::string& conversation) {
  auto& job = jobs.at(reference).snapshot;
  job.status = status;
  job.status_word = std::string(to_string(status));
  job.attempt_count = attempt_status.empty() ? 0 : 1;
  job.last.status = attempt_status;
  job.last.call_task_id = attempt_status.empty() ? "" : "attempt-" + reference;
  job.last.conversation_json = conversation;
}

void fake_provider::set_all(call_status status, const std::string& attempt_status, const std::string& conversation) {
  for (const auto& [reference, job] : jobs) set_status(reference, status, attempt_status, conversation);
}

int fake_provider::doubles() const {
  return static_cast<int>(
      std::count_if(jobs.begin(), jobs.end(), [](const auto& entry) { return entry.second.accepted > 1; }));
}

void fake_provider::create_job_group(job_group_request request, milliseconds, completion<std::string> done) {
  if (group_failure && !may_have_happened(group_failure->code)) return done(tl::unexpected<failure>(*group_failure));
  last_script = request.script_id;
  job_group group;
  group.job_group_id = "group-" + std::to_string(next_++);
  group.name = request.name;
  group.created_ms = static_cast<std::int64_t>(groups.size()) + 1;
  groups.push_back(group);
  if (group_failure) return done(tl::unexpected<failure>(*group_failure));
  done(group.job_group_id);
}

void fake_provider::list_job_groups(std::string search_text, std::int64_t, int page_number, int page_size, milliseconds,
                                    completion<provider_page<job_group>> done) {
  provider_page<job_group> page;
  const auto skip = static_cast<std::int64_t>(page_number - 1) * page_size;
  for (const auto& group : groups) {
    if (group.name.find(search_text) == std::string::npos) continue;
    if (page.total_count++ >= skip && page.items.size() < static_cast<std::size_t>(page_size))
      page.items.push_back(group);
  }
  done(page);
}

void fake_provider::delete_job_group(std::string job_group_id, milliseconds, completion<bool> done) {
  ++deletes;
  std::erase_if(groups, [&](const job_group& group) { return group.job_group_id == job_group_id; });
  done(true);
}

void fake_provider::spend_mark(std::string, std::string mark, milliseconds, completion<bool> done) {
  used_marks.insert(std::move(mark));
  done(true);
}

void fake_provider::assign_jobs(std::string job_group_id, std::vector<job_order> orders, departure leaving,
                                milliseconds, completion<assigned_jobs> done) {
  ++assign_calls;
  std::optional<assign_mood> mood;
  if (!assign_moods.empty()) {
    mood = assign_moods.front();
    assign_moods.pop_front();
  }
  if (mood == assign_mood::refuse) return done(fail(errc::rejected, "参数不合法", "InvalidParameter"));
  if (mood == assign_mood::unreachable) return done(fail(errc::unavailable, "connection refused"));
  if (mood == assign_mood::throttle) return done(fail(errc::throttled, "slow down", "Throttling.User"));
  if (!used_marks.insert(leaving.mark).second) return done(fail(errc::lost, "used before", "SignatureNonceUsed"));
  assigned_jobs answer;
  for (const auto& order : orders) {
    auto& job = jobs[order.reference_id];
    ++job.accepted;
    job.snapshot.call_job_id = "job-" + order.reference_id + "-" + std::to_string(job.accepted);
    job.snapshot.job_group_id = job_group_id;
    job.snapshot.reference_id = order.reference_id;
    job.snapshot.phone = order.phone;
    job.snapshot.status = call_status::scheduling;
    job.snapshot.status_word = "Scheduling";
    answer.job_ids.push_back(job.snapshot.call_job_id);
  }
  std::reverse(answer.job_ids.begin(), answer.job_ids.end());  // the order is not promised
  if (mood == assign_mood::lose_answer) return done(fail(errc::lost, "connection reset"));
  done(answer);
}

void fake_provider::list_jobs(std::vector<std::string> call_job_ids, milliseconds,
                              completion<std::vector<job_snapshot>> done) {
  ++look_calls;
  looked_ids += call_job_ids.size();
  if (look_failure) return done(tl::unexpected<failure>(*look_failure));
  std::vector<job_snapshot> seen;
  for (auto& [reference, job] : jobs) {
    if (std::find(call_job_ids.begin(), call_job_ids.end(), job.snapshot.call_job_id) == call_job_ids.end()) continue;
    if (on_look) on_look(job.snapshot);
    seen.push_back(job.snapshot);
  }
  done(seen);
}

void fake_provider::list_jobs_by_group(std::string job_group_id, int page_number, int page_size, milliseconds,
                                       completion<provider_page<job_snapshot>> done) {
  ++group_pages;
  provider_page<job_snapshot> page;
  page.page_number = page_number;
  if (repeats_last_page) {
    const auto listed = std::count_if(jobs.begin(), jobs.end(), [&](const auto& entry) {
      return entry.second.snapshot.job_group_id == job_group_id;
    });
    page_number = std::min(page_number, std::max(1, (static_cast<int>(listed) + page_size - 1) / page_size));
  }
  int i = 0;
  for (const auto& [reference, job] : jobs) {
    if (job.snapshot.job_group_id != job_group_id) continue;
    ++page.total_count;
    if (page.total_count <= hidden_from_lists) continue;
    if (i >= (page_number - 1) * page_size && i < page_number * page_size) page.items.push_back(job.snapshot);
    ++i;
  }
  done(page);
}

void fake_provider::query_jobs_with_result(std::string job_group_id, int page_number, int page_size,
                                           milliseconds deadline, completion<provider_page<job_snapshot>> done) {
  list_jobs_by_group(std::move(job_group_id), page_number, page_size, deadline, std::move(done));
}

void fake_provider::describe_job(std::string call_job_id, milliseconds, completion<job_snapshot> done) {
  for (const auto& [reference, job] : jobs)
    if (job.snapshot.call_job_id == call_job_id) return done(job.snapshot);
  done(fail(errc::not_found, "no such job"));
}

void fake_provider::describe_job_group(std::string, milliseconds, completion<job_group_progress> done) {
  done(job_group_progress{});
}

void fake_provider::suspend_jobs(std::string, milliseconds, completion<bool> done) {
  if (switch_failure) return done(tl::unexpected<failure>(*switch_failure));
  ++suspends;
  done(true);
}

void fake_provider::resume_jobs(std::string, std::string, milliseconds, completion<bool> done) {
  if (switch_failure) return done(tl::unexpected<failure>(*switch_failure));
  ++resumes;
  done(true);
}

void fake_provider::cancel_jobs(std::string, milliseconds, completion<bool> done) { done(true); }

void fake_provider::cancel_job(std::string, milliseconds, completion<bool> done) { done(true); }

void fake_provider::download_recording(std::string call_task_id, milliseconds, completion<recording_link> done) {
  done(recording_link{"http://127.0.0.1/" + call_task_id + ".wav?Expires=4102444800", 0});
}

void fake_model::analyze(analysis_request, milliseconds, completion<analysis> done) {
  ++calls;
  if (why_not) return done(tl::unexpected<failure>(*why_not));
  done(answer);
}

}  // namespace waihu::test
