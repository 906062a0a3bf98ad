// Why a task or a call waits, and what has happened to a call (state-machines.md section 8).
#include "http/body_fields.hpp"
#include "http/call_history.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/reasons.hpp"
#include "http/row_view.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

namespace {

constexpr std::string_view no_such_call = "外呼任务不存在或无权限访问";

/// A call of the caller's organisation by `{id}`: its row's number, else the provider's id.
async<result<query::job_with_task>> find_call(call& c) {
  const std::string id{c.path_part("id")};
  if (const auto row = parse_integer(id)) {
    query::job_by_row by_row{c.organization, job_row_id{*row}};
    auto found = co_await c.ask(std::move(by_row));
    if (found || found.error().code != errc::not_found) co_return found;
  }
  query::job_by_call_job_id by_provider{c.organization, id};
  co_return co_await c.ask(std::move(by_provider));
}

response call_missing(const request& req, const failure& why) {
  return why.code == errc::not_found ? error_answer(req, 404, 4001, no_such_call) : failure_answer(req, why);
}

void write_identity(json_writer& w, const query::job_with_task& found) {
  field(w, "row_id", value(found.job.job.row));
  field(w, "JobId", found.job.job.call_job_id);
  field(w, "task_id", value(found.task.id));
  field(w, "leads_id", found.job.job.leads_id);
}

/// `stale`: another node follows the task and could not be asked.
struct known_reasons : diagnosed_task {
  bool stale{};
};

/// What the task's actor, or its absence, says; for a task at 1 nobody needs to be asked.
async<result<known_reasons>> reasons_of(call& c, const call_task_record& task) {
  diagnose_task question{c.organization, task.id};
  auto found = co_await c.ask_live<diagnosed_task>(&backend::diagnose, std::move(question));
  known_reasons known;
  if (found) static_cast<diagnosed_task&>(known) = std::move(*found);
  else if (c.s.inside->is_elsewhere(task.id)) known.stale = true;
  else co_return tl::unexpected<failure>(std::move(found.error()));
  if (task.type == task_type::created && !known.processing && known.reasons.empty())
    known.reasons.push_back({wait_kind::not_started, 0, {}});
  co_return known;
}

}  // namespace

async<response> explain_task(call& c) {
  const auto id = parse_integer(c.path_part("id"));
  if (!id) co_return invalid_answer(c.req, {field_error{"id", "必须是整数"}});
  const auto task = co_await find_task(c, task_id{*id});
  if (!task) co_return task_missing(c.req, task.error());
  const auto found = co_await reasons_of(c, *task);
  if (!found) co_return failure_answer(c.req, found.error());
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "task_id", value(task->id));
  field(w, "task_type", static_cast<int>(task->type));
  field(w, "waiting", !found->reasons.empty());
  write_wait_reasons(w, c.s.zone, "reasons", found->reasons);
  field(w, "owner_node", found->owner_node);
  field(w, "last_error", found->last_error.empty() ? task->last_error : found->last_error);
  write_stale(w, found->stale);
  w.EndObject();
  co_return e.done();
}

async<response> explain_call(call& c) {
  const auto found = co_await find_call(c);
  if (!found) co_return call_missing(c.req, found.error());
  const auto& job = found->job.job;
  explained_job now{job.phase, job.status, {}, {}};
  explain_job question{c.organization, found->task.id, job.row};
  auto live = co_await c.ask_live<explained_job>(&backend::explain, std::move(question));
  const bool is_known = live || live.error().code == errc::not_found;
  bool stale = !is_known && c.s.inside->is_elsewhere(found->task.id);
  if (!is_known && !stale) co_return failure_answer(c.req, live.error());
  if (live) {
    now = std::move(*live);
  } else if (!stale && job.phase != job_phase::closed) {
    auto of_task = co_await reasons_of(c, found->task);
    if (!of_task) co_return failure_answer(c.req, of_task.error());
    now.reasons = std::move(of_task->reasons);
    stale = of_task->stale;
  }
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  write_identity(w, *found);
  field(w, "phase", to_string(now.phase));
  field(w, "Status", to_string(now.status));
  field(w, "StatusText", chinese_text(now.status));
  field(w, "waiting", !now.reasons.empty());
  write_wait_reasons(w, c.s.zone, "reasons", now.reasons);
  write_time_or_null(w, c.s.zone, "next_look", now.next_look);
  write_stale(w, stale);
  w.EndObject();
  co_return e.done();
}

async<response> call_timeline(call& c) {
  const auto found = co_await find_call(c);
  if (!found) co_return call_missing(c.req, found.error());
  query::call_history question;
  question.organization_id = c.organization;
  question.row = found->job.job.row;
  const auto stored = co_await c.ask(std::move(question));
  if (!stored) co_return call_missing(c.req, stored.error());
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  write_identity(w, *found);
  key(w, "items");
  w.StartArray();
  const moment created{found->task.create_time, "created", "create-autoCall-tasks", "{}"};
  for (const auto& m : history_of(created, found->job, *stored)) {
    w.StartObject();
    field(w, "at", c.s.zone.format(m.at));
    field(w, "at_timestamp", to_epoch_ms(m.at));
    field(w, "event", m.what);
    field(w, "cause", m.cause);
    field_json(w, "details", m.details, "{}");
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
