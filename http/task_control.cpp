// Commands to a live task: start, suspend and resume, follow-up now. Served by its actor; the checks that the store can
// answer come first, in the contract's order, and the actor checks again.
#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/row_view.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

async<response> start_task(call& c) {
  body_fields body(c.req.body);
  const auto id = task_id{body.required_integer("task_id")};
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const auto task = co_await find_task(c, id);
  if (!task) co_return task_missing(c.req, task.error(), 400);
  if (task->type != task_type::created)
    co_return error_answer(c.req, 400, 4005, "任务状态不正确，只有已创建状态的任务可以开始外呼");
  if (task->script_id.empty()) co_return error_answer(c.req, 400, 4006, "任务未配置脚本ID，请先配置脚本");
  if (task->leads_count == 0) co_return error_answer(c.req, 400, 4007, "任务下没有线索数据");
  start_call_task order;
  order.organization_id = c.organization;
  order.task = id;
  order.budget = c.s.http.start_budget;
  const auto started = co_await c.ask_live<started_call_task>(&backend::start, std::move(order), c.s.http.start_budget);
  if (!started && started.error().vendor_code.empty() && started.error().code == errc::not_found)
    co_return task_missing(c.req, started.error(), 400);
  if (!started) co_return refusal_answer(c.req, started.error(), [](int code) { return code >= 5000 ? 500 : 400; });
  envelope e(200, "外呼任务开始成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "task_id", value(started->task));
  field(w, "task_name", started->task_name);
  field(w, "job_group_id", started->job_group_id);
  key(w, "jobs_id");
  w.StartArray();
  for (const auto& job : started->call_job_ids) text_value(w, job);
  w.EndArray();
  field(w, "leads_count", started->leads_count);
  field(w, "received_jobs_count", static_cast<std::int64_t>(started->call_job_ids.size()));
  field(w, "start_time", c.s.zone.format(started->start_time));
  w.EndObject();
  co_return e.done();
}

async<response> suspend_or_resume_task(call& c) {
  body_fields body(c.req.body);
  const auto action = body.required_text("action", 50, 0);
  const auto id = body.required_integer("task_id");
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const bool suspend = action == "suspend";
  if (!suspend && action != "resume")
    co_return error_answer(c.req, 400, 4001, "操作类型无效，只能是 suspend 或 resume");
  if (id <= 0) co_return error_answer(c.req, 400, 4005, "任务ID无效");
  const auto task = co_await find_task(c, task_id{id});
  if (!task) co_return task_missing(c.req, task.error());
  if (suspend && task->type != task_type::calling) co_return error_answer(c.req, 400, 4002, "任务状态不允许暂停");
  if (!suspend && task->type != task_type::suspended) co_return error_answer(c.req, 400, 4003, "任务状态不允许重启");
  suspend_resume_task order;
  order.organization_id = c.organization;
  order.task = task_id{id};
  order.suspend = suspend;
  const auto done = co_await c.ask_live<suspended_resumed_task>(&backend::suspend_resume, std::move(order));
  if (!done && done.error().vendor_code.empty() && done.error().code == errc::not_found)
    co_return failure_answer(c.req, failure{errc::unavailable, {}, {}, 0});
  if (!done) {
    co_return refusal_answer(c.req, done.error(), [](int code) {
      return code >= 5000 ? 500 : code == 4004 ? 404 : 400;
    });
  }
  envelope e(200, suspend ? "任务暂停成功" : "任务重启成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "task_id", value(done->task));
  field(w, "job_group_id", done->job_group_id);
  field(w, "task_type", static_cast<int>(done->type));
  w.EndObject();
  co_return e.done();
}

namespace {

// One analysis may take as long as the language model's deadline.
constexpr milliseconds analysis_time{30'000};

/// Has a call's follow-up made now, or only thought out; nullopt and `refusal` when that was refused.
async<std::optional<made_follow_up>> analyse_now(call& c, const std::string& call_job_id, bool force, bool dry_run,
                                                 response& refusal) {
  query::job_by_call_job_id q;
  q.organization_id = c.organization;
  q.call_job_id = call_job_id;
  const auto found = co_await c.ask(std::move(q));
  if (!found) {
    refusal = found.error().code == errc::not_found ? error_answer(c.req, 400, 4001, "外呼任务不存在或无权限访问")
                                                    : failure_answer(c.req, found.error());
    co_return std::nullopt;
  }
  make_follow_up order;
  order.organization_id = c.organization;
  order.task = found->task.id;
  order.row = found->job.job.row;
  order.force = force;
  order.dry_run = dry_run;
  auto made = co_await c.ask_live<made_follow_up>(&backend::follow_up, std::move(order), analysis_time);
  if (made) co_return std::move(*made);
  const bool absent = made.error().vendor_code.empty() && made.error().code == errc::not_found;
  if (absent && !is_terminal(found->job.job.status))
    refusal = error_answer(c.req, 400, 4004, "通话尚无状态，暂不能跟进");
  else if (absent) refusal = failure_answer(c.req, failure{errc::unavailable, {}, {}, 0});
  else refusal = refusal_answer(c.req, made.error(), [](int code) { return code >= 5000 ? 500 : 400; });
  co_return std::nullopt;
}

/// The members that get-leads-follow and force-analyze share, into the open object.
void write_made(json_writer& w, const zone_clock& zone, const made_follow_up& made) {
  field(w, "leads_id", made.leads_id);
  field(w, "leads_name", made.leads_name);
  field(w, "leads_phone", made.leads_phone);
  field(w, "leads_remark", made.leads_remark);
  field(w, "is_interested", static_cast<int>(made.is_interested));
  write_time_or_null(w, zone, "next_follow_time", made.next_follow_time);
}

}  // namespace

async<response> follow_lead(call& c) {
  body_fields body(c.req.body);
  const auto id = body.required_text("call_job_id", 255);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  response refusal;
  const auto made = co_await analyse_now(c, id, true, false, refusal);
  if (!made) co_return refusal;
  envelope e(200, "线索跟进记录创建成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "follow_id", value(made->follow));
  write_made(w, c.s.zone, *made);
  field(w, "create_time", c.s.zone.format(made->create_time));
  w.EndObject();
  co_return e.done();
}

async<response> force_analyze(call& c) {
  body_fields body(c.req.body);
  const auto id = body.required_text("call_job_id", 255);
  const bool force = body.boolean("force").value_or(true);
  const bool dry_run = body.boolean("dry_run").value_or(true);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  response refusal;
  const auto made = co_await analyse_now(c, id, force, dry_run, refusal);
  if (!made) co_return refusal;
  envelope e(200, dry_run ? "分析完成，未保存" : "分析完成");
  auto& w = e.data();
  w.StartObject();
  field(w, "call_job_id", id);
  field(w, "dry_run", dry_run);
  key(w, "follow_id");
  if (value(made->follow) == 0) w.Null();
  else w.Int64(value(made->follow));
  write_made(w, c.s.zone, *made);
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
