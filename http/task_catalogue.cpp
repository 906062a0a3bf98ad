// Creating, listing and preparing call tasks: http-api.md section 5. All of it is the store's.
#include <algorithm>
#include <array>

#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/idempotency.hpp"
#include "http/json_writer.hpp"
#include "http/lead_filter_codec.hpp"
#include "http/row_view.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

namespace {

std::string created_text(const zone_clock& zone, const query::created_task& made) {
  envelope e(200, "自动外呼任务创建成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "task_id", value(made.task.id));
  field(w, "task_name", made.task.task_name);
  field(w, "leads_count", made.task.leads_count);
  field(w, "create_time", zone.format(made.task.create_time));
  field_json(w, "size_desc", made.task.size_desc_json, "{}");
  key(w, "skipped");
  w.StartObject();
  field(w, "do_not_call", made.skipped_do_not_call);
  field(w, "invalid_phone", made.skipped_invalid_phone);
  field(w, "duplicate_phone", made.skipped_duplicate_phone);
  w.EndObject();
  w.EndObject();
  return e.done().body;
}

void write_texts(json_writer& w, std::string_view name, const std::vector<std::string>& texts) {
  key(w, name);
  w.StartArray();
  for (const auto& text : texts) text_value(w, text);
  w.EndArray();
}

/// What creating the task would do, every lead named.
async<response> preview(call& c, query::create_task wanted) {
  query::preview_task q;
  q.organization_id = std::move(wanted.organization_id);
  q.filter = std::move(wanted.filter);
  const auto seen = co_await c.ask(std::move(q));
  if (!seen) co_return failure_answer(c.req, seen.error());
  envelope e(200, "预览成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "dry_run", true);
  field(w, "task_name", wanted.task_name);
  field(w, "leads_count", static_cast<std::int64_t>(seen->leads_ids.size()));
  field_json(w, "size_desc", wanted.size_desc_json, "{}");
  key(w, "skipped");
  w.StartObject();
  field(w, "do_not_call", static_cast<std::int64_t>(seen->do_not_call.size()));
  field(w, "invalid_phone", static_cast<std::int64_t>(seen->invalid_phone.size()));
  field(w, "duplicate_phone", static_cast<std::int64_t>(seen->duplicate_phone.size()));
  w.EndObject();
  write_texts(w, "leads_ids", seen->leads_ids);
  key(w, "skipped_leads");
  w.StartObject();
  write_texts(w, "do_not_call", seen->do_not_call);
  write_texts(w, "invalid_phone", seen->invalid_phone);
  key(w, "duplicate_phone");
  w.StartArray();
  for (const auto& [lead, called] : seen->duplicate_phone) {
    w.StartObject();
    field(w, "leads_id", lead);
    field(w, "same_phone_as", called);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  w.EndObject();
  co_return e.done();
}

/// The parts of a comma list that are task types; others are ignored, as the old service did.
std::vector<task_type> read_task_types(const request& req) {
  std::vector<task_type> types;
  const auto* given = req.parameter("task_types");
  if (given == nullptr) return types;
  for (const auto& part : split(*given, ',')) {
    const auto n = parse_integer(part);
    if (n && *n >= 1 && *n <= 5 && types.size() < 5) types.push_back(static_cast<task_type>(*n));
  }
  return types;
}

}  // namespace

async<response> create_task(call& c) {
  body_fields parameters(c.req.query);
  // Named without a value it is meant: creating what was only to be shown would be worse than the other way round.
  const bool is_dry = c.req.parameter("dry_run") != nullptr && parameters.boolean("dry_run").value_or(true);
  body_fields body(c.req.body);
  for (const auto& e : parameters.errors()) body.add_error(e.field, e.reason);
  query::create_task q;
  q.organization_id = c.organization;
  q.creator = c.user().id;
  q.creator_name = c.user().username;
  q.task_name = body.required_text("task_name", 50);
  if (!q.task_name.empty() && trimmed(q.task_name).empty()) body.add_error("task_name", "不能为空");
  q.script_id = body.text("script_id", 255).value_or("");
  q.size_desc_json = "{}";
  if (auto size = body.object("size_desc")) {
    q.size_desc_json = size->json();
    q.filter = read_lead_filter(*size, c.s.zone);
  } else if (body.ok() && !body.has("size_desc")) {
    body.add_error("size_desc", "缺少必填字段");
  }
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  if (is_dry) co_return co_await preview(c, std::move(q));
  std::function<std::string(const query::created_task&)> text = [zone = c.s.zone](const query::created_task& made) {
    return created_text(zone, made);
  };
  const auto made = co_await create_with_key(c, std::move(q), std::move(text));
  if (made) co_return ready_answer(*made);
  if (auto refused = key_refusal(c.req, made.error())) co_return std::move(*refused);
  if (made.error().code == errc::not_found) co_return error_answer(c.req, 400, 4001, "未找到符合条件的线索数据");
  co_return failure_answer(c.req, made.error());
}

namespace {

/// How many tasks are of these types, or in all when none is named.
std::int64_t number_of(const std::vector<query::task_type_count>& counted, const std::vector<task_type>& types) {
  std::int64_t sum = 0;
  for (const auto& one : counted)
    if (types.empty() || std::find(types.begin(), types.end(), one.type) != types.end()) sum += one.tasks;
  return sum;
}

}  // namespace

async<response> list_tasks(call& c) {
  body_fields parameters(c.req.query);
  const auto page = read_page(parameters);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  query::list_tasks q;
  q.organization_id = c.organization;
  q.types = read_task_types(c.req);
  q.page = page;
  const auto counted = co_await tasks_by_type(c);
  if (!counted) co_return failure_answer(c.req, counted.error());
  q.total = number_of(*counted, q.types);
  const auto tasks = co_await c.ask(std::move(q));
  if (!tasks) co_return failure_answer(c.req, tasks.error());
  envelope e(200, tasks->items.empty() ? "暂无任务数据" : "获取任务列表成功");
  auto& w = e.data();
  w.StartObject();
  key(w, "items");
  w.StartArray();
  for (const auto& t : tasks->items) {
    w.StartObject();
    field(w, "id", value(t.id));
    field(w, "task_name", t.task_name);
    field(w, "task_type", static_cast<int>(t.type));
    field(w, "create_time", c.s.zone.format(t.create_time));
    field(w, "leads_count", t.leads_count);
    w.EndObject();
  }
  w.EndArray();
  write_pagination(w, tasks->page, tasks->page_size, tasks->total);
  w.EndObject();
  co_return e.done();
}

namespace {

constexpr int rows_a_question = 500;

/// Writes the calls of one task, read piece by piece.
async<result<bool>> write_leads(call& c, json_writer& w, task_id task) {
  query::jobs_behind q;
  q.organization_id = c.organization;
  q.task = task;
  q.limit = rows_a_question;
  for (bool is_more = true; is_more;) {
    auto question = q;
    const auto jobs = co_await c.ask(std::move(question));
    if (!jobs) co_return tl::unexpected<failure>(jobs.error());
    for (const auto& j : *jobs) {
      w.StartObject();
      field(w, "leads_name", j.job.leads_name);
      field(w, "leads_phone", j.job.leads_phone);
      field(w, "call_status", j.job.status == call_status::none ? "未开始" : to_string(j.job.status));
      w.EndObject();
      q.behind = j.job.row;
    }
    is_more = jobs->size() == static_cast<std::size_t>(rows_a_question);
  }
  co_return true;
}

}  // namespace

async<response> whole_tasks(call& c) {
  // Everything in one answer, as old clients ask; the number of rows is bounded all the same.
  constexpr std::int64_t row_limit = 200'000;
  std::int64_t rows = 0;
  envelope e(200, "获取任务列表成功");
  auto& w = e.data();
  w.StartArray();
  query::tasks_behind q;
  q.organization_id = c.organization;
  q.limit = rows_a_question;
  for (bool is_more = true; is_more;) {
    auto question = q;
    const auto tasks = co_await c.ask(std::move(question));
    if (!tasks) co_return failure_answer(c.req, tasks.error());
    for (const auto& t : *tasks) {
      rows += t.leads_count + 1;
      if (rows > row_limit)
        co_return error_answer(c.req, 400, code_bad_parameter, "数据量过大，请使用 /api/task_list 分页查询");
      w.StartObject();
      field(w, "id", value(t.id));
      field(w, "task_name", t.task_name);
      field(w, "create_time", c.s.zone.format(t.create_time));
      field_json(w, "size_desc", t.size_desc_json, "{}");
      field(w, "leads_count", t.leads_count);
      field(w, "task_type", static_cast<int>(t.type));
      field(w, "organization_id", t.organization_id);
      field(w, "create_name", t.create_name);
      field(w, "script_id", t.script_id);
      key(w, "leads_list");
      w.StartArray();
      const auto written = co_await write_leads(c, w, t.id);
      if (!written) co_return failure_answer(c.req, written.error());
      w.EndArray();
      w.EndObject();
      q.behind = t.id;
    }
    is_more = tasks->size() == static_cast<std::size_t>(rows_a_question);
  }
  w.EndArray();
  co_return e.done();
}

async<response> task_type_counts(call& c) {
  const auto counted = co_await tasks_by_type(c);
  if (!counted) co_return failure_answer(c.req, counted.error());
  std::array<query::task_type_count, 6> counts{};
  for (const auto& one : *counted) counts.at(static_cast<std::size_t>(one.type)) = one;
  envelope e(200, "获取任务统计成功");
  auto& w = e.data();
  w.StartArray();
  for (std::size_t type = 1; type <= 5; ++type) {
    w.StartObject();
    field(w, "task_type", static_cast<int>(type));
    field(w, "count", counts[type].tasks);
    field(w, "leads_count", counts[type].leads);
    w.EndObject();
  }
  w.EndArray();
  co_return e.done();
}

namespace {

/// Counting reads the day's calls one by one: what was dear to get is kept longer, so that it never takes more than a
/// tenth of one of the store's sessions, however many people look.
async<result<std::vector<query::outcome_count>>> count_day(call& c, const local_moment& day) {
  constexpr int times_its_cost = 10;
  const auto about = c.organization + '\n' + std::to_string(to_epoch_ms(day.at));
  const auto asked = std::chrono::steady_clock::now();
  if (const auto kept = c.s.day_outcomes.find(about); kept && asked < kept->figures.good_until)
    co_return kept->figures.counts;
  query::count_outcomes q;
  q.organization_id = c.organization;
  q.from = day.at;
  q.until = day.last + milliseconds{1};
  auto counts = co_await c.ask(std::move(q));
  const auto now = std::chrono::steady_clock::now();
  if (counts) {
    const steady_time good_until = now + std::max<steady_time::duration>(figures_life, times_its_cost * (now - asked));
    c.s.day_outcomes.keep(about, {*counts, good_until}, {}, asked);
  }
  co_return counts;
}

}  // namespace

async<response> outcomes_of_day(call& c) {
  body_fields parameters(c.req.query);
  const auto asked = parameters.text("date", 20).value_or("");
  const auto text = asked.empty() ? c.s.zone.format(c.s.now()).substr(0, 10) : asked;
  const auto day = c.s.zone.parse(text);
  if (!day || !day->is_date_only) parameters.add_error("date", "必须是日期，例如 2026-11-23");
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  const auto counts = co_await count_day(c, *day);
  if (!counts) co_return failure_answer(c.req, counts.error());
  std::int64_t total = 0;
  for (const auto& one : *counts) total += one.calls;
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "date", c.s.zone.format(day->at).substr(0, 10));
  field(w, "total", total);
  key(w, "outcomes");
  w.StartArray();
  for (const auto& one : *counts) {
    w.StartObject();
    field(w, "outcome", to_string(one.outcome));
    field(w, "text", chinese_text(one.outcome));
    field(w, "calls", one.calls);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  co_return e.done();
}

async<response> update_script(call& c) {
  body_fields body(c.req.body);
  const auto id = task_id{body.required_integer("task_id")};
  const auto script = body.required_text("script_id", 255);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  constexpr std::string_view too_late = "任务已开始外呼，不能修改脚本ID";
  const auto task = co_await find_task(c, id);
  if (!task) co_return task_missing(c.req, task.error());
  if (task->type != task_type::created) co_return error_answer(c.req, 400, 4005, too_late);
  query::set_script q;
  q.organization_id = c.organization;
  q.id = id;
  q.script_id = script;
  const auto changed = co_await c.ask(std::move(q));
  if (!changed && changed.error().code == errc::illegal_transition) co_return error_answer(c.req, 400, 4005, too_late);
  if (!changed) co_return task_missing(c.req, changed.error());
  envelope e(200, "脚本ID更新成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "task_id", value(changed->id));
  field(w, "script_id", changed->script_id);
  field(w, "task_name", changed->task_name);
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
