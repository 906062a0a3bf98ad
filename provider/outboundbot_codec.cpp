// OutboundBot's parameters and answers.
#include "provider/outboundbot_codec.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "messages/model/text.hpp"
#include "messages/model/voice.hpp"
#include "provider/json_reading.hpp"

namespace waihu::provider::outboundbot {
namespace {

using json::integer_member;
using json::text_member;
using rapidjson::Value;
using writer_type = rapidjson::Writer<rapidjson::StringBuffer>;

tl::unexpected<failure> malformed(std::string_view what) {
  return fail(errc::malformed, "an answer without " + std::string{what});
}

void put(writer_type& writer, const char* key, const std::string& value) {
  writer.Key(key);
  writer.String(value);
}

int small_integer(const Value& object, const char* name, int otherwise) noexcept {
  return static_cast<int>(std::clamp<std::int64_t>(integer_member(object, name, otherwise), 0, 1'000'000));
}

job_group read_group(const Value& row) {
  job_group out;
  out.job_group_id = text_member(row, "JobGroupId");
  out.name = text_member(row, "JobGroupName");
  out.status = text_member(row, "Status");
  out.created_ms = integer_member(row, "CreationTime");
  if (const auto* progress = json::member(row, "Progress"); progress != nullptr)
    out.total_jobs = integer_member(*progress, "TotalJobs");
  return out;
}

/// DescribeJobGroup says `Executing` where ListJobGroups says `ExecutingNum`.
std::int64_t count_of(const Value& progress, const char* name, const char* other_name) noexcept {
  return integer_member(progress, name, integer_member(progress, other_name));
}

/// True when task `a` comes before task `b`: by ActualTime; those that were never dialled by PlanedTime, before all
/// that were.
bool is_earlier(const Value& a, const Value& b) noexcept {
  const auto actual_a = integer_member(a, "ActualTime");
  const auto actual_b = integer_member(b, "ActualTime");
  if (actual_a != actual_b) return actual_a < actual_b;
  return integer_member(a, "PlanedTime") < integer_member(b, "PlanedTime");
}

/// Epoch milliseconds; what lies outside 2000 to 2100 is no time of a call and read as none.
std::int64_t instant_member(const Value& object, const char* name) {
  constexpr std::int64_t year_2000 = 946'684'800'000;
  constexpr std::int64_t year_2100 = 4'102'444'800'000;
  const auto ms = integer_member(object, name);
  return ms >= year_2000 && ms < year_2100 ? ms : 0;
}

attempt read_attempt(const Value& task, std::string_view raw_task) {
  attempt out;
  out.call_task_id = text_member(task, "TaskId");
  out.call_id = text_member(task, "CallId");
  out.status = text_member(task, "Status");
  out.calling_number = text_member(task, "CallingNumber");
  out.called_number = text_member(task, "CalledNumber");
  out.planed_ms = instant_member(task, "PlanedTime");
  out.actual_ms = instant_member(task, "ActualTime");
  const auto* lines = json::array_member(task, "Conversation");
  if (lines == nullptr) return out;
  // A key written with escapes is found in the document, not in the text.
  const auto raw = json::raw_member(raw_task, "Conversation");
  out.conversation_json = raw ? std::string{*raw} : storable_text(json::to_text(*lines));
  return out;
}

void read_last_attempt(const Value& job, std::string_view raw_job, job_snapshot& out) {
  const auto* tasks = json::array_member(job, "Tasks");
  if (tasks == nullptr || tasks->Empty()) return;
  out.attempt_count = static_cast<int>(tasks->Size());
  rapidjson::SizeType last = 0;
  for (rapidjson::SizeType i = 1; i < tasks->Size(); ++i)
    if (!is_earlier((*tasks)[i], (*tasks)[last])) last = i;
  std::string_view raw_task;
  rapidjson::SizeType index = 0;
  if (const auto raw_tasks = json::raw_member(raw_job, "Tasks"))
    json::for_each_raw_element(*raw_tasks, [&](std::string_view raw) {
      if (index++ == last) raw_task = raw;
    });
  out.last = read_attempt((*tasks)[last], raw_task);
}

/// A job as ListJobs, ListJobsByGroup and DescribeJob show it.
job_snapshot read_snapshot(const Value& job, std::string_view raw_job) {
  job_snapshot out;
  out.call_job_id = text_member(job, "JobId");
  out.job_group_id = text_member(job, "JobGroupId");
  out.reference_id = text_member(job, "ReferenceId");
  out.status_word = text_member(job, "Status");
  out.status = parse_call_status(out.status_word);
  out.failure_reason = text_member(job, "FailureReason");
  if (const auto* contacts = json::array_member(job, "Contacts"); contacts != nullptr && !contacts->Empty()) {
    const auto& contact = (*contacts)[0];
    out.phone = text_member(contact, "PhoneNumber");
    if (out.reference_id.empty()) out.reference_id = text_member(contact, "ReferenceId");
  }
  read_last_attempt(job, raw_job, out);
  return out;
}

/// A job as QueryJobsWithResult shows it: `Id` for JobId, no TaskId, no conversation.
job_snapshot read_result_row(const Value& row, const std::string& job_group_id) {
  job_snapshot out;
  out.call_job_id = text_member(row, "Id");
  out.job_group_id = job_group_id;
  out.status_word = text_member(row, "Status");
  out.status = parse_call_status(out.status_word);
  out.failure_reason = text_member(row, "JobFailureReason");
  const auto* task = json::member(row, "LatestTask");
  if (task == nullptr) return out;
  out.last.status = text_member(*task, "Status");
  out.last.actual_ms = instant_member(*task, "CallTime");
  if (const auto* contact = json::member(*task, "Contact"); contact != nullptr) {
    out.reference_id = text_member(*contact, "ReferenceId");
    out.phone = text_member(*contact, "PhoneNumber");
    out.attempt_count = small_integer(*contact, "Round", 0);
    if (out.call_job_id.empty()) out.call_job_id = text_member(*contact, "JobUuid");
  }
  return out;
}

}  // namespace

std::string job_json(const job_order& order) {
  rapidjson::StringBuffer buffer;
  writer_type writer(buffer);
  writer.StartObject();
  writer.Key("contacts");
  writer.StartArray();
  writer.StartObject();
  put(writer, "phoneNumber", order.phone);
  put(writer, "referenceId", order.reference_id);
  if (!order.name.empty()) put(writer, "name", order.name);
  writer.EndObject();
  writer.EndArray();
  writer.Key("extras");
  writer.StartArray();
  for (const auto& [key, value] : order.extras) {
    writer.StartObject();
    put(writer, "key", key);
    put(writer, "value", value);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

void append_list(signing::parameters& out, std::string_view prefix, const std::vector<std::string>& values) {
  std::size_t number = 0;
  for (const auto& value : values) out.emplace_back(std::string{prefix} + "." + std::to_string(++number), value);
}

result<std::string> read_created_group(const rapidjson::Document& doc) {
  const auto* group = json::member(doc, "JobGroup");
  auto id = group != nullptr ? text_member(*group, "JobGroupId") : std::string{};
  if (id.empty()) return malformed("JobGroup.JobGroupId");
  return id;
}

result<assigned_jobs> read_assigned_jobs(const rapidjson::Document& doc) {
  const auto* ids = json::array_member(doc, "JobsId");
  if (ids == nullptr) return malformed("JobsId");
  assigned_jobs out;
  out.request_id = text_member(doc, "RequestId");
  for (const auto& id : ids->GetArray()) {
    if (!id.IsString()) return malformed("JobsId in texts");
    out.job_ids.push_back(storable_text({id.GetString(), id.GetStringLength()}));
  }
  return out;
}

result<provider_page<job_group>> read_group_page(const rapidjson::Document& doc) {
  const auto* page = json::member(doc, "JobGroups");
  const auto* list = page != nullptr ? json::array_member(*page, "List") : nullptr;
  if (list == nullptr) return malformed("JobGroups.List");
  provider_page<job_group> out;
  out.page_number = small_integer(*page, "PageNumber", 1);
  for (const auto& row : list->GetArray()) out.items.push_back(read_group(row));
  out.total_count = integer_member(*page, "TotalCount");
  return out;
}

result<job_group_progress> read_group_progress(const rapidjson::Document& doc) {
  const auto* group = json::member(doc, "JobGroup");
  if (group == nullptr || !group->IsObject()) return malformed("JobGroup");
  job_group_progress out;
  out.group = read_group(*group);
  const auto* progress = json::member(*group, "Progress");
  if (progress == nullptr) return out;
  out.total = integer_member(*progress, "TotalJobs");
  out.completed = count_of(*progress, "TotalCompleted", "TotalCompletedNum");
  out.failed = count_of(*progress, "Failed", "FailedNum");
  out.cancelled = count_of(*progress, "Cancelled", "CancelledNum");
  out.executing = count_of(*progress, "Executing", "ExecutingNum");
  out.paused = count_of(*progress, "Paused", "PausedNum");
  out.scheduling = count_of(*progress, "Scheduling", "SchedulingNum");
  return out;
}

result<std::vector<job_snapshot>> read_jobs(const rapidjson::Document& doc, std::string_view body) {
  const auto* jobs = json::array_member(doc, "Jobs");
  if (jobs == nullptr) return malformed("Jobs");
  std::vector<std::string_view> raw_jobs;
  if (const auto raw = json::raw_member(body, "Jobs"))
    json::for_each_raw_element(*raw, [&](std::string_view one) { raw_jobs.push_back(one); });
  std::vector<job_snapshot> out;
  for (rapidjson::SizeType i = 0; i < jobs->Size(); ++i)
    out.push_back(read_snapshot((*jobs)[i], i < raw_jobs.size() ? raw_jobs[i] : std::string_view{}));
  return out;
}

result<job_snapshot> read_job(const rapidjson::Document& doc, std::string_view body) {
  const auto* job = json::member(doc, "Job");
  if (job == nullptr || text_member(*job, "JobId").empty()) return malformed("Job.JobId");
  return read_snapshot(*job, json::raw_member(body, "Job").value_or(std::string_view{}));
}

result<provider_page<job_snapshot>> read_jobs_by_group(const rapidjson::Document& doc,
                                                       const std::string& job_group_id) {
  const auto* page = json::member(doc, "Jobs");
  const auto* list = page != nullptr ? json::array_member(*page, "List") : nullptr;
  if (list == nullptr) return malformed("Jobs.List");
  provider_page<job_snapshot> out;
  out.page_number = small_integer(*page, "PageNumber", 1);
  for (const auto& row : list->GetArray()) {
    out.items.push_back(read_snapshot(row, {}));
    if (out.items.back().job_group_id.empty()) out.items.back().job_group_id = job_group_id;
  }
  out.total_count = integer_member(*page, "TotalCount");
  return out;
}

result<provider_page<job_snapshot>> read_job_results(const rapidjson::Document& doc, const std::string& job_group_id) {
  const auto* page = json::member(doc, "Jobs");
  const auto* list = page != nullptr ? json::array_member(*page, "List") : nullptr;
  if (list == nullptr) return malformed("Jobs.List");
  provider_page<job_snapshot> out;
  out.page_number = small_integer(*page, "PageNumber", 1);
  for (const auto& row : list->GetArray()) out.items.push_back(read_result_row(row, job_group_id));
  out.total_count = integer_member(*page, "RowCount", integer_member(*page, "TotalCount"));
  return out;
}

result<recording_link> read_recording(const rapidjson::Document& doc) {
  const auto* params = json::member(doc, "DownloadParams");
  if (params == nullptr) return malformed("DownloadParams");
  recording_link out;
  out.url = text_member(*params, "SignatureUrl");
  if (out.url.empty()) return fail(errc::not_found, "no recording yet");
  if (const auto end = recording_expiry(out.url)) out.expires_ms = to_epoch_ms(*end);
  return out;
}

}  // namespace waihu::provider::outboundbot
