// The control requests under /sim/: the ledger, summaries, the log, the clock, faults, plans and planted groups.
#include <algorithm>
#include <array>
#include <charconv>

#include "messages/model/time.hpp"
#include "provider/simulator/json_writing.hpp"
#include "provider/simulator/stand_in.hpp"

namespace waihu::simulator {

namespace {

http_answer json_answer(const rapidjson::StringBuffer& buffer) {
  http_answer answer;
  answer.body = text_of(buffer);
  return answer;
}

http_answer refusal(int status, std::string_view why) {
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartObject();
  put(w, "error", why);
  w.EndObject();
  auto answer = json_answer(buffer);
  answer.status = status;
  return answer;
}

http_answer done() {
  http_answer answer;
  answer.body = R"({"ok":true})";
  return answer;
}

std::uint64_t number_in(const signing::parameters& query, std::string_view name, std::uint64_t otherwise) {
  const auto text = signing::find_parameter(query, name);
  if (!text) return otherwise;
  std::uint64_t value = otherwise;
  std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string{text};
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

/// A table that is written as JSON objects or as CSV.
class table {
 public:
  table(bool as_csv, std::string_view header) : as_csv_(as_csv), writer_(buffer_) {
    if (as_csv_) csv_ = std::string{header} + "\n";
    else writer_.StartArray();
  }
  void begin() {
    first_ = true;
    if (!as_csv_) writer_.StartObject();
  }
  void end() {
    if (as_csv_) csv_ += '\n';
    else writer_.EndObject();
  }
  void field(std::string_view name, std::string_view text) {
    if (as_csv_) csv_ += (first_ ? "" : ",") + csv_field(text);
    else put(writer_, name, text);
    first_ = false;
  }
  template <std::integral T>
  void field(std::string_view name, T value) {
    if (as_csv_) field(name, std::string_view{std::to_string(value)});
    else put(writer_, name, value);
  }
  http_answer close() {
    if (!as_csv_) {
      writer_.EndArray();
      return json_answer(buffer_);
    }
    http_answer answer;
    answer.content_type = "text/csv;charset=utf-8";
    answer.body = std::move(csv_);
    return answer;
  }

 private:
  bool as_csv_, first_{true};
  std::string csv_;
  rapidjson::StringBuffer buffer_;
  json_out writer_;
};

http_answer ledger(const stand_in& sim, const signing::parameters& query) {
  const auto& world = sim.world();
  table t{signing::find_parameter(query, "format").value_or("json") == "csv",
          "dial,reference_id,job_group_id,job_id,call_task_id,phone,assigned_ms,rung_ms,ended_ms,attempt,status,rings,"
          "assign_request_id"};
  const auto from = number_in(query, "from", 0);
  const auto limit = number_in(query, "limit", 10'000'000);
  for (auto i = from; i < world.dials().size() && i - from < limit; ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    const auto& dial = world.dials()[index];
    const auto& job = world.jobs()[dial.job];
    t.begin();
    t.field("dial", i);
    t.field("reference_id", job.order.reference_id);
    t.field("job_group_id", world.groups()[job.group].id);
    t.field("job_id", world.job_id(dial.job));
    t.field("call_task_id", world.task_id(index));
    t.field("phone", job.order.phone);
    t.field("assigned_ms", job.assigned_ms);
    t.field("rung_ms", dial.rung_ms);
    t.field("ended_ms", dial.ended_ms);
    t.field("attempt", dial.number);
    t.field("status", dial.status);
    t.field("rings", dial.rings ? 1 : 0);
    t.field("assign_request_id", world.request_id(job.request));
    t.end();
  }
  return t.close();
}

http_answer accepted_jobs(const stand_in& sim, const signing::parameters& query) {
  const auto& world = sim.world();
  table t{signing::find_parameter(query, "format").value_or("json") == "csv",
          "job,reference_id,job_group_id,job_id,phone,assigned_ms,status,failure_reason,dials,assign_request_id"};
  const auto from = number_in(query, "from", 0);
  const auto limit = number_in(query, "limit", 10'000'000);
  for (auto i = from; i < world.jobs().size() && i - from < limit; ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    const auto& job = world.jobs()[index];
    t.begin();
    t.field("job", i);
    t.field("reference_id", job.order.reference_id);
    t.field("job_group_id", world.groups()[job.group].id);
    t.field("job_id", world.job_id(index));
    t.field("phone", job.order.phone);
    t.field("assigned_ms", job.assigned_ms);
    t.field("status", stage_word(job.stage));
    t.field("failure_reason", job.failure_reason);
    t.field("dials", job.dials_made);
    t.field("assign_request_id", world.request_id(job.request));
    t.end();
  }
  return t.close();
}

http_answer turned_away(const stand_in& sim, const signing::parameters& query) {
  table t{signing::find_parameter(query, "format").value_or("json") == "csv", "reference_id,code,times"};
  for (const auto& [who, times] : sim.world().turned_away()) {
    t.begin();
    t.field("reference_id", who.first);
    t.field("code", who.second);
    t.field("times", times);
    t.end();
  }
  return t.close();
}

http_answer summary(stand_in& sim) {
  constexpr std::size_t most_named = 100;
  const auto& world = sim.world();
  std::array<std::uint64_t, stage_count> counts{};
  std::uint64_t live_groups = 0;
  for (const auto& group : world.groups()) {
    for (std::size_t i = 0; i < stage_count; ++i) counts[i] += group.counts[i];
    live_groups += group.deleted ? 0 : 1;
  }
  const auto doubles = world.doubles();
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartObject();
  put(w, "seed", world.options().policy.seed);
  put(w, "groups", live_groups);
  put(w, "jobs", world.jobs().size());
  put_key(w, "jobs_by_status");
  w.StartObject();
  for (std::size_t i = 0; i < stage_count; ++i) put(w, stage_word(static_cast<job_stage>(i)), counts[i]);
  w.EndObject();
  put(w, "dials", world.dials().size());
  put(w, "finished", world.finished_jobs());
  put(w, "busy_lines", world.busy_lines());
  put(w, "greatest_busy_lines", world.greatest_busy_lines());
  put_key(w, "doubles");
  w.StartObject();
  put(w, "reference_ids", doubles.doubled_references);
  put(w, "surplus_acceptances", doubles.surplus_acceptances);
  put(w, "phones_in_group", doubles.doubled_phones);
  put_key(w, "examples");
  w.StartArray();
  for (std::size_t i = 0; i < std::min(most_named, world.surplus_jobs().size()); ++i) {
    const auto& job = world.jobs()[world.surplus_jobs()[i]];
    w.StartObject();
    put(w, "reference_id", job.order.reference_id);
    put(w, "job_group_id", world.groups()[job.group].id);
    put(w, "job_id", world.job_id(world.surplus_jobs()[i]));
    put(w, "assign_request_id", world.request_id(job.request));
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  put_key(w, "looks");
  w.StartObject();
  put(w, "count", world.looks().looks());
  put(w, "jobs", world.looks().jobs());
  put(w, "interval_p50_ms", world.looks().interval_ms(0.5));
  put(w, "interval_p99_ms", world.looks().interval_ms(0.99));
  put(w, "interval_max_ms", world.looks().interval_ms(1.0));
  w.EndObject();
  put(w, "held_requests", sim.count_held ? sim.count_held() : 0);
  put_key(w, "requests");
  w.StartArray();
  for (const auto& [what, number] : sim.log().counts()) {
    w.StartObject();
    put(w, "action", what.first);
    put(w, "code", what.second);
    put(w, "count", number);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return json_answer(buffer);
}

http_answer groups(const stand_in& sim) {
  const auto& world = sim.world();
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartArray();
  for (const auto& group : world.groups()) {
    w.StartObject();
    put(w, "job_group_id", group.id);
    put(w, "name", group.order.name);
    put(w, "status", world.group_status(group));
    put(w, "script_id", group.order.script_id);
    put(w, "created_ms", group.created_ms);
    put(w, "suspended", group.suspended);
    put(w, "deleted", group.deleted);
    put(w, "jobs", group.jobs.size());
    put(w, "dials", group.dials);
    put_key(w, "jobs_by_status");
    w.StartObject();
    for (std::size_t i = 0; i < stage_count; ++i) put(w, stage_word(static_cast<job_stage>(i)), group.counts[i]);
    w.EndObject();
    w.EndObject();
  }
  w.EndArray();
  return json_answer(buffer);
}

http_answer requests(stand_in& sim, const signing::parameters& query) {
  const auto since = number_in(query, "since", 0);
  const auto limit = number_in(query, "limit", 20'000);
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartArray();
  std::uint64_t shown = 0;
  for (const auto& r : sim.log().kept()) {
    if (r.sequence <= since || shown == limit) continue;
    ++shown;
    w.StartObject();
    put(w, "sequence", r.sequence);
    put(w, "real_ms", r.real_ms);
    put(w, "virtual_ms", r.virtual_ms);
    put(w, "action", r.action);
    put(w, "status", r.status);
    put(w, "code", r.code);
    put(w, "request_id", r.request_id);
    put(w, "items", r.items);
    put(w, "effects", r.effects);
    put(w, "carried_out", r.carried_out);
    w.EndObject();
  }
  w.EndArray();
  return json_answer(buffer);
}

http_answer clock_state(stand_in& sim) {
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartObject();
  put(w, "virtual_ms", sim.clock().now());
  put(w, "real_ms", to_epoch_ms(wall_now()));
  put(w, "speed", sim.clock().speed());
  w.EndObject();
  return json_answer(buffer);
}

http_answer set_clock(stand_in& sim, const rapidjson::Document& d) {
  constexpr std::int64_t greatest_jump_ms = 366LL * 86'400'000;
  if (const auto speed = d.FindMember("speed"); speed != d.MemberEnd()) {
    if (!speed->value.IsNumber() || speed->value.GetDouble() < 0 || speed->value.GetDouble() > 1e6)
      return refusal(400, "speed must be a number from 0 to 1000000");
    sim.clock().set_speed(speed->value.GetDouble());
  }
  const auto jump = number_member(d, "advance_ms", 0);
  if (jump < 0 || jump > greatest_jump_ms) return refusal(400, "advance_ms must be from 0 to a year");
  sim.clock().advance(jump);
  sim.catch_up();
  return clock_state(sim);
}

http_answer make_plans(stand_in& sim, const rapidjson::Document& d) {
  std::vector<std::pair<std::string, plan_wish>> wishes;
  const auto read = [&](const rapidjson::Value& v) {
    if (!v.IsObject()) return false;
    auto who = text_member(v, "reference_id");
    if (who.empty()) who = text_member(v, "phone");
    plan_wish wish;
    const auto outcome = text_member(v, "outcome");
    wish.how = parse_ending(outcome);
    if (!outcome.empty() && !wish.how) return false;
    const auto key = text_member(v, "dialogue");
    wish.dialogue = key.empty() ? -1 : find_dialogue(key);
    if (!key.empty() && wish.dialogue < 0) return false;
    if (v.HasMember("attempts")) wish.attempt_count = static_cast<int>(number_member(v, "attempts", 1));
    if (v.HasMember("talk_ms")) wish.talk_ms = number_member(v, "talk_ms", 10'000);
    wishes.emplace_back(who, wish);
    return !who.empty();
  };
  bool good = true;
  if (d.IsArray())
    for (const auto& v : d.GetArray()) good = good && read(v);
  else good = read(d);
  if (!good) return refusal(400, "a plan needs phone or reference_id, and known outcome and dialogue names");
  for (auto& [who, wish] : wishes) sim.world().wish(who, wish);
  return done();
}

/// A group and jobs with ids of the caller's choice, so that recorded requests find what they name.
http_answer plant(stand_in& sim, const rapidjson::Document& d) {
  if (!d.IsObject() || text_member(d, "job_group_id").empty()) return refusal(400, "job_group_id is missing");
  auto& world = sim.world();
  auto group = world.find_group(text_member(d, "job_group_id"));
  if (!group) {
    group_order order;
    order.name = text_member(d, "name");
    order.calling_numbers = sim.options().bot.calling_numbers;
    group = world.create_group(std::move(order), std::string{text_member(d, "job_group_id")});
  }
  const auto jobs = d.FindMember("jobs");
  if (jobs == d.MemberEnd() || !jobs->value.IsArray()) return done();
  const auto request = world.remember_request("planted");
  for (const auto& v : jobs->value.GetArray()) {
    if (!v.IsObject()) return refusal(400, "a job must be an object");
    job_entry_order order;
    order.reference_id = text_member(v, "reference_id");
    order.phone = text_member(v, "phone");
    order.name = text_member(v, "name");
    const auto job = world.accept(*group, std::move(order), request, std::string{text_member(v, "job_id")});
    if (const auto task = text_member(v, "call_task_id"); !task.empty())
      world.plant_next_task_id(job, std::string{task});
  }
  return done();
}

http_answer post(stand_in& sim, std::string_view path, const std::string& body) {
  if (path == "/sim/faults") {
    const auto ids = sim.faults().add(body, to_epoch_ms(wall_now()));
    if (!ids) return refusal(400, ids.error().message);
    http_answer answer;
    answer.body = sim.faults().to_json();
    return answer;
  }
  if (path == "/sim/release") {
    rapidjson::StringBuffer buffer;
    json_out w{buffer};
    w.StartObject();
    put(w, "released", sim.release_held ? sim.release_held() : 0);
    w.EndObject();
    return json_answer(buffer);
  }
  rapidjson::Document d;
  d.Parse<rapidjson::kParseIterativeFlag>(body.empty() ? "{}" : body.c_str());
  if (d.HasParseError()) return refusal(400, "the body is not JSON");
  if (path == "/sim/plans") return make_plans(sim, d);
  if (!d.IsObject()) return refusal(400, "the body must be a JSON object");
  if (path == "/sim/clock") return set_clock(sim, d);
  if (path == "/sim/groups") return plant(sim, d);
  if (path == "/sim/reset") {
    const auto seed = static_cast<std::int64_t>(sim.options().world.policy.seed);
    sim.reset(static_cast<std::uint64_t>(number_member(d, "seed", seed)));
    return summary(sim);
  }
  return refusal(404, "no such control request");
}

}  // namespace

http_answer answer_control(stand_in& sim, const inbound_request& request) {
  const auto [path, raw_query] = signing::split_target(request.target);
  const auto query = signing::parse_query(raw_query);
  if (!query) return refusal(400, "the query is not well formatted");
  if (request.method == "POST") return post(sim, path, request.body);
  if (request.method == "DELETE" && path == "/sim/faults") {
    sim.faults().clear();
    return done();
  }
  if (request.method == "DELETE" && path == "/sim/looks") {
    sim.world().looks().begin();
    return done();
  }
  if (request.method == "DELETE" && path == "/sim/nonces") {
    sim.forget_nonces();
    return done();
  }
  if (request.method != "GET") return refusal(405, "method not allowed");
  if (path == "/sim/ledger") return ledger(sim, *query);
  if (path == "/sim/jobs") return accepted_jobs(sim, *query);
  if (path == "/sim/turned_away") return turned_away(sim, *query);
  if (path == "/sim/summary") return summary(sim);
  if (path == "/sim/groups") return groups(sim);
  if (path == "/sim/requests") return requests(sim, *query);
  if (path == "/sim/readings") {
    http_answer answer;
    answer.body = sim.readings().to_json(number_in(*query, "since", 0), number_in(*query, "limit", 1'000));
    return answer;
  }
  if (path == "/sim/clock") return clock_state(sim);
  if (path == "/sim/faults") {
    http_answer answer;
    answer.body = sim.faults().to_json();
    return answer;
  }
  return refusal(404, "no such control request");
}

}  // namespace waihu::simulator
