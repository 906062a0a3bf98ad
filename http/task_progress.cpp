// How a task stands: job group, interest, diagnosis. Exact counters come from the live actor, else from the store.
#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/reasons.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

namespace {

std::string_view group_status(task_type type) {
  switch (type) {
    case task_type::created: return "Created";
    case task_type::calling: return "Running";
    case task_type::calls_complete:
    case task_type::follow_up_complete: return "Completed";
    case task_type::suspended: return "Stopped";
  }
  return "Created";
}

}  // namespace

async<response> describe_group(call& c) {
  body_fields body(c.req.body);
  const auto id = body.integer("task_id");
  const auto group = body.text("job_group_id", 255).value_or("");
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  if (!id && group.empty()) co_return error_answer(c.req, 400, 4001, "请提供 task_id 或 job_group_id");
  auto wanted = id ? task_id{*id} : task_id{};
  if (!id) {
    query::find_task q;
    q.organization_id = c.organization;
    q.job_group_id = group;
    const auto task = co_await c.ask(std::move(q));
    if (!task && task.error().code == errc::not_found)
      co_return error_answer(c.req, 400, 4003, "任务组不存在或无权限访问");
    if (!task) co_return failure_answer(c.req, task.error());
    wanted = task->id;
  }
  const auto standing = co_await standing_of(c, wanted);
  if (!standing) co_return task_missing(c.req, standing.error());
  if (standing->job_group_id.empty()) co_return error_answer(c.req, 400, 4005, "该任务尚未开始外呼，没有job_group_id");
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "job_group_id", standing->job_group_id);
  field(w, "task_id", value(wanted));
  field(w, "status", group_status(standing->type));
  field(w, "modify_time", c.s.zone.format(standing->updated_time));
  field(w, "modify_timestamp", to_epoch_ms(standing->updated_time));
  key(w, "progress");
  w.StartObject();
  const auto& n = standing->counters;
  field(w, "total_jobs", n.total);
  field(w, "scheduling", n.scheduling);
  field(w, "executing", n.executing);
  field(w, "total_completed", n.completed);
  field(w, "failed", n.failed);
  w.EndObject();
  write_stale(w, standing->stale);
  w.EndObject();
  co_return e.done();
}

async<response> interest_statistics(call& c) {
  body_fields body(c.req.body);
  const auto id = task_id{body.required_integer("task_id")};
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const auto standing = co_await standing_of(c, id);
  if (!standing) co_return task_missing(c.req, standing.error());
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "total_leads", standing->counters.total);
  field(w, "pending_follow", standing->counters.pending);
  field(w, "unable_to_judge", standing->counters.unable);
  field(w, "interested", standing->counters.interested);
  field(w, "not_interested", standing->counters.not_interested);
  write_stale(w, standing->stale);
  w.EndObject();
  co_return e.done();
}

namespace {

void write_reasons(json_writer& w, const zone_clock& zone, const std::vector<wait_reason>& reasons) {
  key(w, "reasons");
  w.StartArray();
  for (const auto& r : reasons) text_value(w, text_of(r.kind));
  w.EndArray();
  write_wait_reasons(w, zone, "wait_reasons", reasons);
}

void write_diagnosis_counts(json_writer& w, const task_counters& n) {
  key(w, "stats");
  w.StartObject();
  field(w, "total_leads", n.total);
  field(w, "has_job_id", n.has_job_id);
  field(w, "has_status", n.has_status);
  field(w, "has_follow", n.has_follow);
  field(w, "missing_job_id", n.total - n.has_job_id);
  field(w, "missing_status", n.total - n.has_status);
  field(w, "missing_follow", n.total - n.has_follow);
  field(w, "parked", n.parked);
  field(w, "queued", n.queued);
  field(w, "dispatching", n.dispatching);
  field(w, "tracking", n.tracking);
  w.EndObject();
}

}  // namespace

async<response> diagnose(call& c) {
  body_fields body(c.req.body);
  const auto id = task_id{body.required_integer("task_id")};
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const auto task = co_await find_task(c, id);
  if (!task) co_return task_missing(c.req, task.error());
  const auto standing = co_await standing_of(c, id);
  if (!standing) co_return task_missing(c.req, standing.error());
  diagnose_task order;
  order.organization_id = c.organization;
  order.task = id;
  result<diagnosed_task> live = fail(errc::unavailable, "the task's node does not answer");
  if (!standing->stale) live = co_await c.ask_live<diagnosed_task>(&backend::diagnose, std::move(order));
  const diagnosed_task found = live ? std::move(*live) : diagnosed_task{};
  const bool can_process =
      !found.quarantined && (standing->type == task_type::calling || standing->type == task_type::calls_complete ||
                             standing->type == task_type::suspended);
  envelope e(1000, "诊断完成");
  auto& w = e.data();
  w.StartObject();
  field(w, "status", to_string(standing->type));
  field(w, "task_id", value(task->id));
  field(w, "task_name", task->task_name);
  field(w, "task_type", static_cast<int>(standing->type));
  field(w, "job_group_id", standing->job_group_id);
  field(w, "can_process", can_process);
  field(w, "is_processing", found.processing);
  write_reasons(w, c.s.zone, found.reasons);
  write_diagnosis_counts(w, standing->counters);
  field(w, "quarantined", found.quarantined);
  field(w, "owner_node", found.owner_node);
  field(w, "epoch", value(live ? found.epoch : task->epoch));
  key(w, "actors");
  w.StartObject();
  field(w, "jobs", found.live_jobs);
  field(w, "follow_ups", found.live_follow_ups);
  field(w, "open_batches", found.open_batches);
  w.EndObject();
  field(w, "last_error", found.last_error.empty() ? standing->last_error : found.last_error);
  write_stale(w, standing->stale || (!live && c.s.inside->is_elsewhere(id)));
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
