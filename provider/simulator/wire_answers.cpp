// How parameters are read and how groups, jobs and dials stand in answers (REFERENCE.md sections 2 to 4).
#include <algorithm>
#include <charconv>

#include "messages/model/call_status.hpp"
#include "provider/simulator/outbound_bot.hpp"

namespace waihu::simulator {

api_answer api_error(const api_request& request, int status, std::string_view code, std::string_view message) {
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartObject();
  put(w, "RequestId", request.request_id);
  put(w, "HostId", request.host);
  put(w, "Code", code);
  put(w, "Message", message);
  put(w, "Recommend", "https://api.aliyun.com/troubleshoot?q=" + std::string{code} + "&product=OutboundBot");
  w.EndObject();
  api_answer answer;
  answer.http.status = status;
  answer.http.body = text_of(buffer);
  answer.code = code;
  return answer;
}

namespace wire {

std::string_view value_of(const api_request& request, std::string_view name) {
  for (const auto& [key, value] : request.parameters)
    if (key == name) return value;
  return {};
}

std::vector<std::string> values_of(const api_request& request, std::string_view name) {
  std::vector<std::pair<std::uint32_t, std::string_view>> numbered;
  for (const auto& [key, value] : request.parameters) {
    if (key.size() <= name.size() + 1 || !key.starts_with(name) || key[name.size()] != '.') continue;
    std::uint32_t number = 0;
    const auto* end = key.data() + key.size();
    const auto parsed = std::from_chars(key.data() + name.size() + 1, end, number);
    if (parsed.ec == std::errc{} && parsed.ptr == end) numbered.emplace_back(number, value);
  }
  std::stable_sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> values;
  values.reserve(numbered.size());
  for (const auto& [number, value] : numbered) values.emplace_back(value);
  if (!values.empty()) return values;
  rapidjson::Document list;
  const auto single = value_of(request, name);
  list.Parse(single.data(), single.size());
  if (list.HasParseError() || !list.IsArray()) return values;
  for (const auto& v : list.GetArray())
    if (v.IsString()) values.emplace_back(v.GetString(), v.GetStringLength());
  return values;
}

std::optional<std::int64_t> number_of(const api_request& request, std::string_view name, std::int64_t otherwise) {
  const auto text = value_of(request, name);
  if (text.empty()) return otherwise;
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

api_answer missing(const api_request& request, std::string_view name) {
  return api_error(request, 400, "MissingParameter", "The input parameter " + std::string{name} + " is mandatory.");
}

api_answer invalid(const api_request& request, std::string_view name) {
  return api_error(request, 400, "InvalidParameter", "The specified parameter " + std::string{name} + " is invalid.");
}

api_answer does_not_exist(const api_request& request, std::string_view what) {
  return api_error(request, 404, "NotExist." + std::string{what},
                   "The specified " + std::string{what} + " does not exist.");
}

envelope::envelope(const api_request& request) : writer_(buffer_) {
  writer_.StartObject();
  put(writer_, "RequestId", request.request_id);
  put(writer_, "HttpStatusCode", 200);
  put(writer_, "Code", "OK");
  put(writer_, "Message", "Success");
  put(writer_, "Success", true);
}

api_answer envelope::close(std::uint64_t items) {
  writer_.EndObject();
  api_answer answer;
  answer.http.body = text_of(buffer_);
  answer.items = items;
  return answer;
}

page_span page_of(const api_request& request, std::int64_t default_size) {
  const auto number = number_of(request, "PageNumber", 1);
  const auto size = number_of(request, "PageSize", default_size);
  if (!number || !size || *number < 1 || *number > 10'000'000 || *size < 1 || *size > most_per_page) return {};
  return {*number, *size};
}

std::string_view shown_stage(job_stage stage, const fault_orders& orders) noexcept {
  if (!orders.status_backwards) return stage_word(stage);
  if (is_final(stage)) return stage_word(job_stage::executing);
  return stage == job_stage::executing ? stage_word(job_stage::scheduling) : std::string_view{"Drafted"};
}

std::string shown_phone(std::string_view phone, const fault_orders& orders) {
  std::string shown{phone};
  if (orders.mask_phones && shown.size() > 7) std::fill(shown.begin() + 3, shown.end() - 4, '*');
  return shown;
}

namespace {

constexpr std::array<std::string_view, stage_count> stage_names{"未开始",        "进行中",        "已暂停",
                                                                "已结束-已触达", "已结束-未触达", "已取消"};

void put_contact(json_out& w, const call_world& world, std::uint32_t index, const fault_orders& orders) {
  const auto& job = world.jobs()[index];
  w.StartObject();
  put(w, "ContactId", world.contact_id(index));
  put(w, "ContactName", job.order.name);
  put(w, "Honorific", job.order.honorific);
  put(w, "PhoneNumber", shown_phone(job.order.phone, orders));
  put(w, "ReferenceId", orders.no_reference_ids ? std::string_view{} : std::string_view{job.order.reference_id});
  put(w, "Role", job.order.role);
  put(w, "State", "Available");
  put(w, "JobId", world.job_id(index));
  w.EndObject();
}

void put_conversation(json_out& w, const call_world& world, std::uint32_t index, bool in_full) {
  const auto& dial = world.dials()[index];
  put_key(w, "Conversation");
  w.StartArray();
  std::int64_t sequence = 0;
  for (const auto& line : world.conversation_of(index)) {
    w.StartObject();
    put(w, "Timestamp", dial.rung_ms + dial.ring_ms + line.offset_ms);
    put(w, "Speaker", line.by_robot ? "Robot" : "Contact");
    put(w, "Script", line.text);
    put_raw(w, "Summary", "[]", rapidjson::kArrayType);
    if (in_full) {
      put(w, "Action", line.by_robot ? "Broadcast" : "Dialogue");
      put(w, "SequenceId", std::to_string(++sequence));
    }
    w.EndObject();
  }
  w.EndArray();
}

const dialogue* spoken_in(const call_world& world, const dial_entry& dial) {
  if (!dial.answered || dial.ended_ms == 0) return nullptr;
  const auto plan = world.plan_of(dial.job);
  return plan.dialogue < 0 ? nullptr : &dialogues()[static_cast<std::size_t>(plan.dialogue)];
}

void put_task(json_out& w, const call_world& world, std::uint32_t index, const fault_orders& orders, bool in_full) {
  const auto& dial = world.dials()[index];
  const auto& job = world.jobs()[dial.job];
  w.StartObject();
  put(w, "TaskId", world.task_id(index));
  put(w, "JobId", world.job_id(dial.job));
  put(w, "CallId", std::to_string(world.call_id(index)));
  put(w, "CalledNumber", shown_phone(job.order.phone, orders));
  put(w, "CallingNumber", world.calling_number(dial.job));
  put(w, "ChatbotId", "chatbot-cn-simulated");
  put(w, "ScenarioId", "");
  put(w, "Brief", "");
  put(w, "PlanedTime", dial.planned_ms);
  if (dial.rings) put(w, "ActualTime", dial.rung_ms);
  put(w, "Duration", dial.ended_ms == 0 ? std::int64_t{0} : dial.talk_ms / 1000);
  put(w, "Status", dial.status);
  put_key(w, "Contact");
  put_contact(w, world, dial.job, orders);
  put_conversation(w, world, index, in_full);
  if (in_full && dial.ended_ms != 0) {
    const auto* spoken = spoken_in(world, dial);
    put(w, "EndReason", spoken != nullptr ? spoken->end_reason : std::string_view{});
    put(w, "EndTime", dial.ended_ms);
    put(w, "HangUpDirection", spoken != nullptr ? spoken->hung_up_by : std::string_view{});
    put(w, "RingingDuration", dial.ring_ms);
    put(w, "RealRingingDuration", dial.ring_ms);
    put(w, "SipCode", dial.answered ? "200" : "480");
    put(w, "TotalDuration", dial.ring_ms + dial.talk_ms);
  }
  w.EndObject();
}

void put_latest_task(json_out& w, const call_world& world, std::uint32_t index, const fault_orders& orders) {
  const auto& dial = world.dials()[index];
  const auto& job = world.jobs()[dial.job];
  const auto* spoken = spoken_in(world, dial);
  put_key(w, "LatestTask");
  w.StartObject();
  put(w, "Status", dial.status);
  put(w, "StatusName", classify_attempt(dial.status).text);
  if (spoken != nullptr) put(w, "TaskEndReason", spoken->end_reason);
  if (dial.rings) put(w, "CallTime", dial.rung_ms);
  const auto talked = dial.ended_ms == 0 ? 0 : dial.talk_ms;
  put(w, "CallDuration", talked);
  put(w, "CallDurationDisplay", std::to_string(talked / 1000));
  put(w, "HasAnswered", spoken != nullptr);
  put(w, "HasHangUpByRejection", false);
  put(w, "HasReachedEndOfFlow", spoken != nullptr && spoken->end_reason == "FINISHED");
  put(w, "HasLastPlaybackCompleted", spoken != nullptr && spoken->end_reason == "FINISHED");
  if (spoken != nullptr) put(w, "HangUpDirection", spoken->hung_up_by);
  for (const auto* name : {"DialExceptionCodes", "TagHits"}) put_raw(w, name, "[]", rapidjson::kArrayType);
  put_raw(w, "Extras", job.order.extras_json, rapidjson::kArrayType);
  put_key(w, "Contact");
  w.StartObject();
  put(w, "Id", world.contact_id(dial.job));
  put(w, "Name", job.order.name);
  put(w, "Honorific", job.order.honorific);
  put(w, "PhoneNumber", shown_phone(job.order.phone, orders));
  put(w, "PreferredPhoneNumber", "");
  put(w, "ReferenceId", orders.no_reference_ids ? std::string_view{} : std::string_view{job.order.reference_id});
  put(w, "Role", job.order.role);
  put(w, "Round", dial.number);
  put(w, "State", "Available");
  put(w, "JobUuid", world.job_id(dial.job));
  w.EndObject();
  w.EndObject();
}

}  // namespace

void put_job(json_out& w, const call_world& world, std::uint32_t index, const fault_orders& orders, bool with_tasks,
             bool in_full, std::string_view instance_id) {
  const auto& job = world.jobs()[index];
  const auto& group = world.groups()[job.group];
  w.StartObject();
  put(w, "JobId", world.job_id(index));
  put(w, "JobGroupId", group.id);
  put(w, "ScenarioId", group.order.script_id);
  put(w, "StrategyId", "st-" + group.id.substr(0, 8));
  put(w, "Priority", 5);
  put(w, "SystemPriority", 1);
  put(w, "ReferenceId", orders.no_reference_ids ? std::string_view{} : std::string_view{job.order.reference_id});
  put(w, "Status", shown_stage(job.stage, orders));
  put(w, "FailureReason", orders.status_backwards ? std::string_view{} : job.failure_reason);
  put_key(w, "CallingNumbers");
  w.StartArray();
  for (const auto& number : group.order.calling_numbers) put_text(w, number);
  w.EndArray();
  put_key(w, "Contacts");
  w.StartArray();
  put_contact(w, world, index, orders);
  w.EndArray();
  put_raw(w, "Extras", job.order.extras_json, rapidjson::kArrayType);
  put_raw(w, "Summary", "[]", rapidjson::kArrayType);
  if (with_tasks) {
    put_key(w, "Tasks");
    w.StartArray();
    for (const auto dial : world.dials_of(index)) put_task(w, world, dial, orders, in_full);
    w.EndArray();
  }
  if (in_full) {
    put(w, "InstanceId", instance_id);
    put(w, "CalledNumber", shown_phone(job.order.phone, orders));
    if (job.stage == job_stage::scheduling) put(w, "NextExecutionTime", job.due_ms);
  }
  w.EndObject();
}

void put_result_row(json_out& w, const call_world& world, std::uint32_t index, const fault_orders& orders) {
  const auto& job = world.jobs()[index];
  w.StartObject();
  put(w, "Id", world.job_id(index));
  put(w, "Status", shown_stage(job.stage, orders));
  put(w, "StatusName", stage_names[static_cast<std::size_t>(job.stage)]);
  put(w, "JobFailureReason", orders.status_backwards ? std::string_view{} : job.failure_reason);
  if (job.last_dial != nothing) put_latest_task(w, world, job.last_dial, orders);
  w.EndObject();
}

void put_group_members(json_out& w, const call_world& world, const group_entry& group) {
  put(w, "JobGroupId", group.id);
  put(w, "JobGroupName", group.order.name);
  put(w, "JobGroupDescription", group.order.description);
  put(w, "Status", world.group_status(group));
  put(w, "ScenarioId", group.order.script_id);
  put(w, "ScriptName", "话术");
  put(w, "ScriptVersion", "1628425608429");
  put(w, "CreationTime", group.created_ms);
  put(w, "ModifyTime", std::to_string(group.modified_ms));
  const auto put_numbers = [&](std::string_view name, const std::vector<std::string>& numbers) {
    put_key(w, name);
    w.StartArray();
    for (const auto& number : numbers) put_text(w, number);
    w.EndArray();
  };
  put_numbers("CallingNumbers", group.order.calling_numbers);
  put_numbers("RecallCallingNumbers", group.order.recall_numbers);
  put(w, "RingingDuration", group.order.ringing_duration_s);
  put(w, "Priority", group.order.priority);
  put(w, "MinConcurrency", group.order.min_concurrency);
}

void put_strategy(json_out& w, const group_entry& group) {
  const auto& order = group.order;
  put_key(w, "Strategy");
  w.StartObject();
  put(w, "StrategyId", "st-" + group.id.substr(0, 8));
  put(w, "StrategyName", "");
  put(w, "Type", "Repeatable");
  put(w, "RepeatBy", order.repeat_by);
  put_raw(w, "RepeatDays", "[]", rapidjson::kArrayType);
  put(w, "MaxAttemptsPerDay", order.max_attempts_per_day);
  put(w, "MinAttemptInterval", order.min_attempt_interval_min);
  put(w, "RoutingStrategy", order.routing_strategy);
  if (order.start_ms > 0) put(w, "StartTime", order.start_ms);
  if (order.end_ms > 0) put(w, "EndTime", order.end_ms);
  put_key(w, "WorkingTime");
  w.StartArray();
  for (const auto& [begin, end] : order.working_time) {
    w.StartObject();
    put(w, "BeginTime", begin);
    put(w, "EndTime", end);
    w.EndObject();
  }
  w.EndArray();
  put(w, "FollowUpStrategy", "");
  put(w, "IsTemplate", false);
  put(w, "Customized", "");
  w.EndObject();
  put_key(w, "RecallStrategy");
  w.StartObject();
  put(w, "EmptyNumberIgnore", order.empty_number_ignore);
  put(w, "InArrearsIgnore", order.in_arrears_ignore);
  put(w, "OutOfServiceIgnore", order.out_of_service_ignore);
  w.EndObject();
}

}  // namespace wire

}  // namespace waihu::simulator
