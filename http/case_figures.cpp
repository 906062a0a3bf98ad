// Figures and settings of case calls: statistics, scripts, what a client needs to poll (http-api.md section 6).
#include <algorithm>
#include <cmath>

#include "http/case_fields.hpp"
#include "http/case_view.hpp"
#include "http/handlers.hpp"

namespace waihu::http {

namespace {

/// An end of a range of time; an end date includes its day.
std::optional<wall_time> read_moment(body_fields& parameters, const zone_clock& zone, std::string_view name,
                                     bool is_end) {
  const auto text = parameters.text(name, 40).value_or("");
  if (text.empty()) return std::nullopt;
  const auto moment = zone.parse(text);
  if (!moment) {
    parameters.add_error(name, "时间格式错误");
    return std::nullopt;
  }
  return is_end ? moment->last : moment->at;
}

/// Calls of one kind by what became of them.
struct call_tally {
  std::int64_t total{}, active{}, succeeded{}, failed{}, cancelled{};

  void add(const query::case_call_count& n) {
    total += n.calls;
    if (n.status == call_status::succeeded) succeeded += n.calls;
    else if (n.status == call_status::failed) failed += n.calls;
    else if (n.status == call_status::cancelled) cancelled += n.calls;
    else active += n.calls;
  }
};

void write_tally(json_writer& w, const call_tally& n) {
  field(w, "totalCalls", n.total);
  field(w, "activeCalls", n.active);
  field(w, "succeededCalls", n.succeeded);
  field(w, "failedCalls", n.failed);
  field(w, "cancelledCalls", n.cancelled);
  key(w, "successRate");
  constexpr double precision = 10'000;
  if (const auto ended = n.total - n.active; ended > 0)
    w.Double(std::round(precision * static_cast<double>(n.succeeded) / static_cast<double>(ended)) / precision);
  else w.Null();
}

}  // namespace

async<response> case_call_statistics(call& c) {
  body_fields parameters(c.req.query);
  query::count_case_calls q;
  q.organization_id = c.organization;
  q.case_id = read_case_id(parameters, "caseRef");
  q.created.from = read_moment(parameters, c.s.zone, "startTime", false);
  q.created.until = read_moment(parameters, c.s.zone, "endTime", true);
  if (q.created.from && q.created.until && *q.created.from > *q.created.until)
    parameters.add_error("startTime", "开始时间晚于结束时间");
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  const auto counts = co_await c.ask(std::move(q));
  if (!counts) co_return failure_answer(c.req, counts.error());
  call_tally all;
  std::map<mediation_stage, call_tally> by_stage;
  for (const auto stage : all_mediation_stages) by_stage[stage] = {};
  for (const auto& n : *counts) {
    all.add(n);
    by_stage[n.stage].add(n);
  }
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  write_tally(w, all);
  key(w, "byCallType");
  w.StartArray();
  for (const auto& [stage, n] : by_stage) {
    w.StartObject();
    field(w, "callType", to_string(stage));
    field(w, "taskName", chinese_name(stage));
    write_tally(w, n);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  co_return e.done();
}

async<response> list_case_scripts(call& c) {
  body_fields parameters(c.req.query);
  // A kind of call or a side: old clients name the kind.
  const auto type = parameters.text("type", 50).value_or("");
  const auto side = parse_party_side(type);
  const auto kind = parse_mediation_stage(type);
  if (!type.empty() && !side && !kind) parameters.add_error("type", "只能是 applicant、respondent 或外呼类型");
  const auto stage = parameters.integer("stage", 10, 14);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartArray();
  for (const auto& [place, script_id] : c.s.cases.scripts.all()) {
    const auto [of_stage, of_side] = place;
    if ((side && *side != of_side) || (kind && *kind != of_stage)) continue;
    if (stage && *stage != static_cast<std::int64_t>(of_stage)) continue;
    w.StartObject();
    field(w, "scriptId", script_id);
    field(w, "type", to_string(of_side));
    field(w, "stage", static_cast<int>(of_stage));
    field(w, "nodeId", node_of(of_stage));
    field(w, "callType", to_string(of_stage));
    field(w, "taskName", chinese_name(of_stage));
    w.EndObject();
  }
  w.EndArray();
  co_return e.done();
}

async<response> show_case_settings(call& c) {
  const auto& o = c.s.cases.options;
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "pollInterval", std::int64_t{std::chrono::ceil<seconds>(o.look_interval).count()});
  field(w, "maxPollDuration", std::int64_t{std::chrono::ceil<seconds>(o.deadline).count()});
  field(w, "maxFailures", o.max_failures);
  field(w, "maxRounds", o.max_rounds);
  field(w, "callInterval", std::int64_t{std::chrono::ceil<minutes>(o.round_interval).count()});
  key(w, "stages");
  w.StartArray();
  for (const auto stage : all_mediation_stages) {
    w.StartObject();
    field(w, "stage", static_cast<int>(stage));
    field(w, "nodeId", node_of(stage));
    field(w, "callType", to_string(stage));
    field(w, "taskName", chinese_name(stage));
    key(w, "calledParties");
    w.StartArray();
    for (const auto side : {party_side::applicant, party_side::respondent})
      if (c.s.cases.scripts.calls(stage, side)) text_value(w, to_string(side));
    w.EndArray();
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
