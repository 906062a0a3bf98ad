// The reading operations: jobs, pages of jobs, recordings, scripts and numbers.
#include <algorithm>

#include "provider/signing.hpp"
#include "provider/simulator/outbound_bot.hpp"
#include "provider/simulator/recordings.hpp"

namespace waihu::simulator {

using namespace wire;

namespace {

/// Conditions of QueryJobsWithResult and ListJobsByGroup; empty ones let everything through.
struct job_filter {
  std::optional<job_stage> stage;
  std::vector<std::string> task_statuses, reasons;
  std::string_view phone;
  std::optional<bool> answered;
  std::int64_t rung_from{}, rung_to{};

  bool is_empty() const noexcept {
    return !stage && task_statuses.empty() && reasons.empty() && phone.empty() && !answered && rung_from == 0 &&
           rung_to == 0;
  }
  bool admits(const call_world& world, std::uint32_t index) const {
    const auto& job = world.jobs()[index];
    const auto among = [](const std::vector<std::string>& words, std::string_view word) {
      return words.empty() || std::find(words.begin(), words.end(), word) != words.end();
    };
    if (stage && job.stage != *stage) return false;
    if (!phone.empty() && job.order.phone != phone) return false;
    if (!among(reasons, job.failure_reason)) return false;
    const auto* dial = job.last_dial == nothing ? nullptr : &world.dials()[job.last_dial];
    if (!task_statuses.empty() && (dial == nullptr || !among(task_statuses, dial->status))) return false;
    if (answered && *answered != (dial != nullptr && dial->answered && dial->ended_ms != 0)) return false;
    if (rung_from > 0 && (dial == nullptr || dial->rung_ms < rung_from)) return false;
    return rung_to <= 0 || (dial != nullptr && dial->rung_ms <= rung_to);
  }
};

/// Indices on one page, and how many there are on all.
struct job_page {
  std::vector<std::uint32_t> jobs;
  std::uint64_t total{};
};

job_page page_of_jobs(const call_world& world, const group_entry& group, const job_filter& filter, page_span span) {
  job_page page;
  const auto end = span.first() + static_cast<std::size_t>(span.size);
  if (filter.is_empty()) {
    page.total = group.jobs.size();
    for (auto i = span.first(); i < std::min(end, group.jobs.size()); ++i) page.jobs.push_back(group.jobs[i]);
    return page;
  }
  for (const auto job : group.jobs) {
    if (!filter.admits(world, job)) continue;
    if (page.total >= span.first() && page.total < end) page.jobs.push_back(job);
    ++page.total;
  }
  return page;
}

bool read_stage(const api_request& request, std::string_view name, job_filter& filter) {
  const auto word = value_of(request, name);
  if (word.empty()) return true;
  filter.stage = parse_stage(word);
  return filter.stage.has_value() || word == "Drafted";
}

std::uint64_t times(const fault_orders& orders) { return orders.duplicate_answer ? 2 : 1; }

}  // namespace

api_answer outbound_bot::list_jobs(const context& c) {
  const auto ids = values_of(c.request, "JobId");
  if (ids.empty()) return missing(c.request, "JobId");
  if (ids.size() > most_per_call) return invalid(c.request, "JobId");
  std::vector<std::uint32_t> jobs;
  for (const auto& id : ids) {
    if (id.size() != 36) return invalid(c.request, "JobId");  // One malformed id spoils the call.
    const auto job = world_.find_job(id);
    if (!job) continue;
    jobs.push_back(*job);
    world_.looks().note(*job, world_.now());
  }
  envelope e{c.request};
  put_key(e.out(), "Jobs");
  e.out().StartArray();
  for (const auto job : jobs)
    for (std::uint64_t i = 0; i < times(c.orders); ++i)
      put_job(e.out(), world_, job, c.orders, true, false, options_.instance_id);
  e.out().EndArray();
  return e.close(jobs.size());
}

api_answer outbound_bot::describe_job(const context& c) {
  if (value_of(c.request, "JobId").empty()) return missing(c.request, "JobId");
  const auto job = world_.find_job(value_of(c.request, "JobId"));
  if (!job) return does_not_exist(c.request, "Job");
  envelope e{c.request};
  put_key(e.out(), "Job");
  put_job(e.out(), world_, *job, c.orders, true, true, value_of(c.request, "InstanceId"));
  return e.close(1);
}

api_answer outbound_bot::list_jobs_by_group(const context& c) {
  for (const auto* name : {"JobGroupId", "PageNumber", "PageSize"})
    if (value_of(c.request, name).empty()) return missing(c.request, name);
  const auto group = world_.find_group(value_of(c.request, "JobGroupId"));
  if (!group) return does_not_exist(c.request, "JobGroup");
  const auto span = page_of(c.request, 10);
  if (span.size == 0) return invalid(c.request, "PageSize");
  job_filter filter;
  if (!read_stage(c.request, "JobStatus", filter)) return invalid(c.request, "JobStatus");
  if (const auto reason = value_of(c.request, "JobFailureReason"); !reason.empty()) filter.reasons.emplace_back(reason);
  const auto page = page_of_jobs(world_, world_.groups()[*group], filter, span);
  envelope e{c.request};
  auto& w = e.out();
  put_key(w, "Jobs");
  w.StartObject();
  put(w, "PageNumber", span.number);
  put(w, "PageSize", span.size);
  put(w, "TotalCount", page.total);
  put_key(w, "List");
  w.StartArray();
  for (const auto job : page.jobs)
    for (std::uint64_t i = 0; i < times(c.orders); ++i) put_job(w, world_, job, c.orders, false, false, "");
  w.EndArray();
  w.EndObject();
  return e.close(page.jobs.size());
}

api_answer outbound_bot::query_jobs_with_result(const context& c) {
  if (value_of(c.request, "JobGroupId").empty()) return missing(c.request, "JobGroupId");
  const auto group = world_.find_group(value_of(c.request, "JobGroupId"));
  if (!group) return does_not_exist(c.request, "JobGroup");
  const auto span = page_of(c.request, 10);
  if (span.size == 0) return invalid(c.request, "PageSize");
  job_filter filter;
  if (!read_stage(c.request, "JobStatusFilter", filter)) return invalid(c.request, "JobStatusFilter");
  filter.task_statuses = values_of(c.request, "TaskStatusFilter");
  filter.reasons = values_of(c.request, "JobFailureReasonsFilter");
  filter.phone = value_of(c.request, "QueryText");
  if (const auto word = value_of(c.request, "HasAnsweredFilter"); !word.empty()) filter.answered = word == "true";
  const auto from = number_of(c.request, "StartActualTimeFilter", 0);
  const auto to = number_of(c.request, "EndActualTimeFilter", 0);
  if (!from || !to) return invalid(c.request, "StartActualTimeFilter");
  filter.rung_from = *from;
  filter.rung_to = *to;
  const auto page = page_of_jobs(world_, world_.groups()[*group], filter, span);
  const auto size = static_cast<std::uint64_t>(span.size);
  envelope e{c.request};
  auto& w = e.out();
  for (const auto* name : {"VariableNames", "Labels"}) put_raw(w, name, "[]", rapidjson::kArrayType);
  put_key(w, "Jobs");
  w.StartObject();
  put(w, "PageNumber", span.number);
  put(w, "PageSize", span.size);
  put(w, "PageCount", (page.total + size - 1) / size);
  put(w, "RowCount", page.total);
  put_key(w, "List");
  w.StartArray();
  for (const auto job : page.jobs)
    for (std::uint64_t i = 0; i < times(c.orders); ++i) put_result_row(w, world_, job, c.orders);
  w.EndArray();
  w.EndObject();
  return e.close(page.jobs.size());
}

// --- recordings -----------------------------------------------------------------------------------------------------

std::string outbound_bot::link_signature(std::string_view path, std::string_view expires) const {
  return signing::sha256_hex(options_.link_secret + "\n" + std::string{path} + "\n" + std::string{expires});
}

api_answer outbound_bot::download_recording(const context& c) {
  const auto task = value_of(c.request, "TaskId");
  if (task.empty()) return missing(c.request, "TaskId");
  const auto dial = world_.find_dial(task);
  if (!dial) return does_not_exist(c.request, "Task");
  if (world_.dials()[*dial].ended_ms != 0 && !world_.dials()[*dial].answered)
    return does_not_exist(c.request, "Recording");
  const auto path = "/recordings/" + std::string{task} + ".wav";
  const auto expires = std::to_string(c.request.real_now_ms / 1000 + options_.recording_ttl_s);
  std::string url;
  if (world_.recording_ready(*dial))
    url = "http://" + c.request.host + path + "?Expires=" + expires +
          "&OSSAccessKeyId=simulated&Signature=" + link_signature(path, expires);
  envelope e{c.request};
  auto& w = e.out();
  put_key(w, "DownloadParams");
  w.StartObject();
  put(w, "FileName", std::string{task} + ".wav");
  put(w, "SignatureUrl", url);
  put(w, "EarlyMediaSignatureUrl", "");
  put(w, "VoiceSliceRecordingListJson", "[]");
  w.EndObject();
  return e.close(url.empty() ? 0 : 1);
}

http_answer outbound_bot::recording(std::string_view target, std::int64_t real_now_ms) const {
  const auto refuse = [](int status, std::string_view code) {
    http_answer answer;
    answer.status = status;
    answer.content_type = "application/xml";
    answer.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + std::string{code} + "</Code></Error>\n";
    return answer;
  };
  const auto [path, query] = signing::split_target(target);
  const auto parameters = signing::parse_query(query);
  if (!parameters) return refuse(400, "InvalidArgument");
  const auto expires = signing::find_parameter(*parameters, "Expires").value_or("");
  if (signing::find_parameter(*parameters, "Signature").value_or("") != link_signature(path, expires))
    return refuse(403, "SignatureDoesNotMatch");
  // The signature holds, so `expires` is a number that we wrote.
  if (std::stoll(expires) < real_now_ms / 1000) return refuse(403, "AccessDenied");
  constexpr std::string_view prefix = "/recordings/";
  const auto dial = world_.find_dial(path.substr(prefix.size(), path.size() - prefix.size() - 4));
  if (!dial) return refuse(404, "NoSuchKey");
  http_answer answer;
  answer.content_type = "audio/wav";
  answer.body = make_recording(world_.jobs()[world_.dials()[*dial].job].fingerprint);
  return answer;
}

// --- scripts and numbers --------------------------------------------------------------------------------------------

api_answer outbound_bot::list_scripts(const context& c) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> scripts{
      {{"sim-script-course", "课程邀约"}, {"sim-script-visit", "客户回访"}, {"sim-script-mediation", "调解征询"}}};
  const auto span = page_of(c.request, 10);
  if (span.size == 0) return invalid(c.request, "PageSize");
  envelope e{c.request};
  auto& w = e.out();
  put_key(w, "Scripts");
  w.StartObject();
  put(w, "PageNumber", span.number);
  put(w, "PageSize", span.size);
  put(w, "TotalCount", scripts.size());
  put_key(w, "List");
  w.StartArray();
  for (auto i = span.first(); i < std::min(scripts.size(), span.first() + static_cast<std::size_t>(span.size)); ++i) {
    w.StartObject();
    put(w, "ScriptId", scripts[i].first);
    put(w, "ScriptName", scripts[i].second);
    put(w, "Status", "PUBLISHED");
    put(w, "DebugStatus", "PUBLISHED");
    put(w, "IsDrafted", false);
    put(w, "NluEngine", "Prompts");
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return e.close(scripts.size());
}

api_answer outbound_bot::list_outbound_call_numbers(const context& c) {
  const auto span = page_of(c.request, 10);
  if (span.size == 0) return invalid(c.request, "PageSize");
  const auto& numbers = options_.calling_numbers;
  envelope e{c.request};
  auto& w = e.out();
  put_key(w, "OutboundCallNumbers");
  w.StartObject();
  put(w, "PageNumber", span.number);
  put(w, "PageSize", span.size);
  put(w, "TotalCount", numbers.size());
  put_key(w, "List");
  w.StartArray();
  for (auto i = span.first(); i < std::min(numbers.size(), span.first() + static_cast<std::size_t>(span.size)); ++i) {
    w.StartObject();
    put(w, "OutboundCallNumberId", "n-" + std::to_string(i + 1));
    put(w, "Number", numbers[i]);
    put(w, "RateLimitCount", "10");
    put(w, "RateLimitPeriod", "100");
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return e.close(numbers.size());
}

}  // namespace waihu::simulator
