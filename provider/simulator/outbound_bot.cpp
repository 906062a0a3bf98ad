#include "provider/simulator/outbound_bot.hpp"

#include <algorithm>

#include "provider/simulator/dice.hpp"

namespace waihu::simulator {

using namespace wire;

outbound_bot::outbound_bot(call_world& world, bot_options options) : world_(world), options_(std::move(options)) {}

const std::unordered_map<std::string_view, outbound_bot::operation>& outbound_bot::operations() {
  static const std::unordered_map<std::string_view, operation> all{
      {"CreateJobGroup", &outbound_bot::create_job_group},
      {"ListJobGroups", &outbound_bot::list_job_groups},
      {"DescribeJobGroup", &outbound_bot::describe_job_group},
      {"DeleteJobGroup", &outbound_bot::delete_job_group},
      {"AssignJobs", &outbound_bot::assign_jobs},
      {"AssignJobsAsync", &outbound_bot::assign_jobs_async},
      {"GetAssignJobsAsyncResult", &outbound_bot::async_result},
      {"ListJobs", &outbound_bot::list_jobs},
      {"DescribeJob", &outbound_bot::describe_job},
      {"ListJobsByGroup", &outbound_bot::list_jobs_by_group},
      {"QueryJobsWithResult", &outbound_bot::query_jobs_with_result},
      {"SuspendJobs", &outbound_bot::suspend_jobs},
      {"ResumeJobs", &outbound_bot::resume_jobs},
      {"CancelJobs", &outbound_bot::cancel_jobs},
      {"DownloadRecording", &outbound_bot::download_recording},
      {"ListScripts", &outbound_bot::list_scripts},
      {"ListOutboundCallNumbers", &outbound_bot::list_outbound_call_numbers},
  };
  return all;
}

bool outbound_bot::knows(std::string_view action) noexcept { return operations().contains(action); }

api_answer outbound_bot::perform(const api_request& request, const fault_orders& orders) {
  const auto found = operations().find(request.action);
  if (found == operations().end())
    return api_error(request, 404, "InvalidApi.NotFound",
                     "Specified api is not found, please check your url and method.");
  if (request.action != "GetAssignJobsAsyncResult") {
    const auto instance = value_of(request, "InstanceId");
    if (instance.empty()) return missing(request, "InstanceId");
    if (!options_.instance_id.empty() && instance != options_.instance_id) return does_not_exist(request, "Instance");
  }
  return (this->*found->second)({request, orders});
}

// --- groups ---------------------------------------------------------------------------------------------------------

namespace {

bool read_strategy(group_order& order, std::string_view json) {
  if (json.empty()) return true;
  rapidjson::Document d;
  d.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (d.HasParseError() || !d.IsObject()) return false;
  if (const auto word = text_member(d, "repeatBy"); !word.empty()) order.repeat_by = word;
  if (const auto word = text_member(d, "routingStrategy"); !word.empty()) order.routing_strategy = word;
  order.start_ms = number_member(d, "startTime", 0);
  order.end_ms = number_member(d, "endTime", 0);
  order.max_attempts_per_day = number_member(d, "maxAttemptsPerDay", 3);
  order.min_attempt_interval_min = number_member(d, "minAttemptInterval", 0);
  const auto times = std::as_const(d).FindMember("workingTime");
  if (times == std::as_const(d).MemberEnd() || !times->value.IsArray()) return true;
  for (const auto& v : times->value.GetArray())
    if (v.IsObject()) order.working_time.emplace_back(text_member(v, "beginTime"), text_member(v, "endTime"));
  return true;
}

bool read_recall_strategy(group_order& order, std::string_view json) {
  if (json.empty()) return true;
  rapidjson::Document d;
  d.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (d.HasParseError() || !d.IsObject()) return false;
  order.empty_number_ignore = flag_member(d, "emptyNumberIgnore", false);
  order.in_arrears_ignore = flag_member(d, "inArrearsIgnore", false);
  order.out_of_service_ignore = flag_member(d, "outOfServiceIgnore", false);
  return true;
}

}  // namespace

api_answer outbound_bot::create_job_group(const context& c) {
  group_order order;
  order.name = value_of(c.request, "JobGroupName");
  if (order.name.empty()) return missing(c.request, "JobGroupName");
  order.description = value_of(c.request, "JobGroupDescription");
  order.script_id = value_of(c.request, "ScriptId");
  if (order.script_id.empty()) order.script_id = value_of(c.request, "ScenarioId");
  order.calling_numbers = values_of(c.request, "CallingNumber");
  if (order.calling_numbers.empty()) order.calling_numbers = options_.calling_numbers;
  order.recall_numbers = values_of(c.request, "RecallCallingNumber");
  if (const auto word = value_of(c.request, "Priority"); !word.empty()) order.priority = word;
  if (order.priority != "Urgent" && order.priority != "Daily") return invalid(c.request, "Priority");
  const auto ringing = number_of(c.request, "RingingDuration", 25);
  const auto lines = number_of(c.request, "MinConcurrency", 0);
  if (!ringing || *ringing < 1 || *ringing > 120) return invalid(c.request, "RingingDuration");
  if (!lines || *lines < 0) return invalid(c.request, "MinConcurrency");
  order.ringing_duration_s = *ringing;
  order.min_concurrency = *lines;
  if (!read_strategy(order, value_of(c.request, "StrategyJson"))) return invalid(c.request, "StrategyJson");
  if (!read_recall_strategy(order, value_of(c.request, "RecallStrategyJson")))
    return invalid(c.request, "RecallStrategyJson");

  const auto group = world_.create_group(std::move(order));
  envelope e{c.request};
  put_key(e.out(), "JobGroup");
  e.out().StartObject();
  put_group_members(e.out(), world_, world_.groups()[group]);
  put_strategy(e.out(), world_.groups()[group]);
  e.out().EndObject();
  return e.close(1);
}

api_answer outbound_bot::list_job_groups(const context& c) {
  for (const auto* name : {"PageNumber", "PageSize"})
    if (value_of(c.request, name).empty()) return missing(c.request, name);
  const auto page = page_of(c.request, 10);
  if (page.size == 0) return invalid(c.request, "PageSize");
  const auto since = number_of(c.request, "StartTime", 0);
  const auto until = number_of(c.request, "EndTime", 0);
  if (!since || !until) return invalid(c.request, "StartTime");
  const auto search = value_of(c.request, "SearchText");
  const auto statuses = "," + std::string{value_of(c.request, "JobGroupStatusFilter")} + ",";

  std::vector<const group_entry*> found;
  const auto& groups = world_.groups();
  for (auto group = groups.rbegin(); group != groups.rend(); ++group) {  // Newest first.
    if (group->deleted || group->created_ms < *since || (*until > 0 && group->created_ms > *until)) continue;
    if (!search.empty() && group->order.name.find(search) == std::string::npos && group->id != search) continue;
    if (statuses != ",," && statuses.find("," + std::string{world_.group_status(*group)} + ",") == std::string::npos)
      continue;
    found.push_back(&*group);
  }
  envelope e{c.request};
  auto& w = e.out();
  put_key(w, "JobGroups");
  w.StartObject();
  put(w, "PageNumber", page.number);
  put(w, "PageSize", page.size);
  put(w, "TotalCount", found.size());
  put_key(w, "List");
  w.StartArray();
  std::uint64_t shown = 0;
  for (auto i = page.first(); i < found.size() && shown < static_cast<std::uint64_t>(page.size); ++i, ++shown) {
    const auto& group = *found[i];
    const auto count = [&](job_stage s) { return group.counts[static_cast<std::size_t>(s)]; };
    w.StartObject();
    put_group_members(w, world_, group);
    put(w, "ScriptId", group.order.script_id);
    put(w, "TotalCallNum", group.dials);
    put_key(w, "Progress");
    w.StartObject();
    put(w, "TotalJobs", group.jobs.size());
    put(w, "TotalCompleted", count(job_stage::succeeded));
    put(w, "Scheduling", count(job_stage::scheduling));
    put(w, "ExecutingNum", count(job_stage::executing));
    put(w, "FailedNum", count(job_stage::failed));
    put(w, "PausedNum", count(job_stage::paused));
    put(w, "CancelledNum", count(job_stage::cancelled));
    w.EndObject();
    put_key(w, "ExportProgress");
    w.StartObject();
    put(w, "Status", "PENDING");
    w.EndObject();
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return e.close(shown);
}

api_answer outbound_bot::describe_job_group(const context& c) {
  if (value_of(c.request, "JobGroupId").empty()) return missing(c.request, "JobGroupId");
  const auto index = world_.find_group(value_of(c.request, "JobGroupId"));
  if (!index) return does_not_exist(c.request, "JobGroup");
  const auto& group = world_.groups()[*index];
  const auto count = [&](job_stage s) { return group.counts[static_cast<std::size_t>(s)]; };
  envelope e{c.request};
  auto& w = e.out();
  put_key(w, "JobGroup");
  w.StartObject();
  put_group_members(w, world_, group);
  put(w, "ScriptId", group.order.script_id);
  put(w, "ScriptNluEngine", "Prompts");
  put_strategy(w, group);
  put_key(w, "Progress");
  w.StartObject();
  put(w, "TotalJobs", group.jobs.size());
  put(w, "TotalCompleted", count(job_stage::succeeded));
  put(w, "Failed", count(job_stage::failed));
  put(w, "Cancelled", count(job_stage::cancelled));
  put(w, "Executing", count(job_stage::executing));
  put(w, "Paused", count(job_stage::paused));
  put(w, "Scheduling", count(job_stage::scheduling));
  put(w, "TotalNotAnswered", 0);
  put(w, "Duration", 0);
  put(w, "StartTime", group.created_ms);
  put(w, "Status", world_.group_status(group));
  for (const auto* name : {"Briefs", "Categories"}) put_raw(w, name, "[]", rapidjson::kArrayType);
  w.EndObject();
  w.EndObject();
  return e.close(1);
}

api_answer outbound_bot::delete_job_group(const context& c) {
  if (value_of(c.request, "JobGroupId").empty()) return missing(c.request, "JobGroupId");
  const auto group = world_.find_group(value_of(c.request, "JobGroupId"));
  if (!group) return does_not_exist(c.request, "JobGroup");
  world_.delete_group(*group);
  return envelope{c.request}.close(1);
}

// --- giving jobs ----------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t longest_element = 32UL * 1024;

/// Reads one element of JobsJson; nothing when it has no phone number or reference id.
std::optional<job_entry_order> read_element(std::string_view json) {
  if (json.size() > longest_element) return std::nullopt;
  rapidjson::Document d;
  d.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (d.HasParseError() || !d.IsObject()) return std::nullopt;
  const auto contacts = std::as_const(d).FindMember("contacts");
  if (contacts == std::as_const(d).MemberEnd() || !contacts->value.IsArray() || contacts->value.Empty())
    return std::nullopt;
  const auto& contact = contacts->value[0];
  if (!contact.IsObject()) return std::nullopt;
  job_entry_order order;
  order.phone = text_member(contact, "phoneNumber");
  order.reference_id = text_member(contact, "referenceId");
  if (order.phone.empty() || order.reference_id.empty()) return std::nullopt;
  order.name = text_member(contact, "name");
  order.honorific = text_member(contact, "honorific");
  order.role = text_member(contact, "role");
  const auto extras = std::as_const(d).FindMember("extras");
  if (extras == std::as_const(d).MemberEnd() || !extras->value.IsArray()) return order;
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartArray();
  for (const auto& extra : extras->value.GetArray()) {
    if (!extra.IsObject()) continue;
    w.StartObject();
    put(w, "Key", text_member(extra, "key"));
    put(w, "Value", text_member(extra, "value"));
    w.EndObject();
  }
  w.StartObject();  // The service adds one of its own.
  put(w, "Key", "TenantId");
  put(w, "Value", "1");
  w.EndObject();
  w.EndArray();
  order.extras_json = text_of(buffer);
  return order;
}

void put_job_ids(json_out& w, const std::vector<std::string>& ids) {
  put_key(w, "JobsId");
  w.StartArray();
  for (const auto& id : ids) put_text(w, id);
  w.EndArray();
}

}  // namespace

outbound_bot::assignment outbound_bot::assign(const context& c, const std::vector<std::string>& elements) {
  assignment out;
  const auto refuse = [&](api_answer why) {
    turn_away(c.request, why.code);
    out.refusal = std::move(why);
    out.refused = true;
    return out;
  };
  if (value_of(c.request, "JobGroupId").empty()) return refuse(missing(c.request, "JobGroupId"));
  if (elements.empty()) return refuse(missing(c.request, "JobsJson"));
  if (elements.size() > most_per_call) return refuse(invalid(c.request, "JobsJson"));
  const auto group = world_.find_group(value_of(c.request, "JobGroupId"));
  if (!group) return refuse(does_not_exist(c.request, "JobGroup"));
  std::vector<job_entry_order> orders;
  for (const auto& element : elements) {
    auto order = read_element(element);
    if (!order) return refuse(invalid(c.request, "JobsJson"));
    orders.push_back(std::move(*order));
  }
  if (c.orders.accepted_share) {
    const auto kept = static_cast<std::size_t>(static_cast<double>(orders.size()) * *c.orders.accepted_share);
    for (auto i = kept; i < orders.size(); ++i) world_.turn_away(orders[i].reference_id, "Dropped");
    orders.resize(kept);
  }

  // Nothing is deduplicated: each element accepted is a person rung.
  const auto request = world_.remember_request(c.request.request_id);
  out.group = *group;
  for (auto& order : orders) out.job_ids.push_back(world_.job_id(world_.accept(*group, std::move(order), request)));
  if (!c.orders.ordered_job_ids) {
    dice d{hash_text(world_.options().policy.seed, c.request.request_id)};
    for (std::size_t i = out.job_ids.size(); i > 1; --i) std::swap(out.job_ids[i - 1], out.job_ids[d.below(i)]);
  }
  if (c.orders.shown_share)
    out.job_ids.resize(static_cast<std::size_t>(static_cast<double>(out.job_ids.size()) * *c.orders.shown_share));
  return out;
}

void outbound_bot::turn_away(const api_request& request, std::string_view code) {
  if (request.action != "AssignJobs" && request.action != "AssignJobsAsync") return;
  for (const auto& element : values_of(request, "JobsJson"))
    if (const auto order = read_element(element)) world_.turn_away(order->reference_id, code);
}

api_answer outbound_bot::assign_jobs(const context& c) {
  const auto done = assign(c, values_of(c.request, "JobsJson"));
  if (done.refused) return done.refusal;
  envelope e{c.request};
  put(e.out(), "JobGroupId", world_.groups()[done.group].id);
  put_job_ids(e.out(), done.job_ids);
  return e.close(done.job_ids.size());
}

api_answer outbound_bot::assign_jobs_async(const context& c) {
  constexpr std::size_t most_remembered = 10'000;
  constexpr std::int64_t working_ms = 1'000;
  auto done = assign(c, values_of(c.request, "JobsJson"));
  if (done.refused) return done.refusal;
  const auto items = done.job_ids.size();
  auto task = c.request.request_id;
  std::transform(task.begin(), task.end(), task.begin(),
                 [](char ch) { return ch >= 'A' && ch <= 'F' ? static_cast<char>(ch + 32) : ch; });
  async_order_.push_back(task);
  async_[task] = {world_.now() + working_ms, world_.groups()[done.group].id, std::move(done.job_ids)};
  if (async_order_.size() > most_remembered) {
    async_.erase(async_order_.front());
    async_order_.pop_front();
  }
  envelope e{c.request};
  put(e.out(), "AsyncTaskId", task);
  return e.close(items);
}

api_answer outbound_bot::async_result(const context& c) {
  if (value_of(c.request, "AsyncTaskId").empty()) return missing(c.request, "AsyncTaskId");
  const auto found = async_.find(std::string{value_of(c.request, "AsyncTaskId")});
  if (found == async_.end()) return does_not_exist(c.request, "AsyncTask");
  const bool valid = world_.now() >= found->second.valid_from_ms;
  envelope e{c.request};
  put(e.out(), "Valid", valid);
  put(e.out(), "Timeout", false);
  put(e.out(), "JobGroupId", found->second.group_id);
  put_job_ids(e.out(), valid ? found->second.job_ids : std::vector<std::string>{});
  return e.close(valid ? found->second.job_ids.size() : 0);
}

// --- suspend, resume, cancel ----------------------------------------------------------------------------------------

template <class OnGroup, class OnJob>
api_answer outbound_bot::control(const context& c, OnGroup on_group, OnJob on_job) {
  const auto all = value_of(c.request, "All");
  if (all.empty()) return missing(c.request, "All");
  if (all != "true" && all != "false") return invalid(c.request, "All");
  const auto group_id = value_of(c.request, "JobGroupId");
  const auto group = world_.find_group(group_id);
  if (!group_id.empty() && !group) return does_not_exist(c.request, "JobGroup");
  if (all == "true") {
    if (group) {
      on_group(*group);
    } else {  // Undocumented; the worst reading is played: the whole instance.
      for (std::uint32_t i = 0; i < world_.groups().size(); ++i)
        if (!world_.groups()[i].deleted) on_group(i);
    }
    return envelope{c.request}.close(1);
  }
  const auto ids = values_of(c.request, "JobId");
  const auto references = values_of(c.request, "JobReferenceId");
  if (ids.empty() && references.empty()) return missing(c.request, "JobId");
  if (ids.size() > most_per_call || references.size() > most_per_call) return invalid(c.request, "JobId");
  std::vector<std::uint32_t> jobs;
  for (const auto& id : ids) {
    const auto job = world_.find_job(id);
    if (!job) return does_not_exist(c.request, "Job");
    if (!group || world_.jobs()[*job].group == *group) jobs.push_back(*job);
  }
  if (!references.empty()) {
    if (!group) return missing(c.request, "JobGroupId");
    for (const auto job : world_.groups()[*group].jobs)
      if (std::find(references.begin(), references.end(), world_.jobs()[job].order.reference_id) != references.end())
        jobs.push_back(job);
  }
  for (const auto job : jobs) on_job(job);
  return envelope{c.request}.close(jobs.size());
}

api_answer outbound_bot::suspend_jobs(const context& c) {
  return control(
      c, [this](std::uint32_t g) { world_.suspend_group(g); }, [this](std::uint32_t j) { world_.suspend_job(j); });
}

api_answer outbound_bot::resume_jobs(const context& c) {
  return control(
      c, [this](std::uint32_t g) { world_.resume_group(g); }, [this](std::uint32_t j) { world_.resume_job(j); });
}

api_answer outbound_bot::cancel_jobs(const context& c) {
  return control(
      c, [this](std::uint32_t g) { world_.cancel_group(g); }, [this](std::uint32_t j) { world_.cancel_job(j); });
}

}  // namespace waihu::simulator
