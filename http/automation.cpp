// What the daemon does by itself: auto-task's switch, one sweep now, and runs over all calls of a task.
#include <array>

#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/row_view.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

namespace {

constexpr std::int64_t most_pause_ms = 60'000;
constexpr std::array<std::string_view, 3> provider_words{"ok", "probing", "failing"};

response automation_answer(const call& c, const automation_state& now, const std::vector<query::task_type_count>& tasks,
                           std::string_view said) {
  const auto of_type = [&](task_type type) {
    for (const auto& each : tasks)
      if (each.type == type) return each.tasks;
    return std::int64_t{0};
  };
  envelope e(200, said);
  auto& w = e.data();
  w.StartObject();
  field(w, "running", now.running);
  field(w, "node", now.node);
  key(w, "tasks");
  w.StartObject();
  field(w, "active", of_type(task_type::calling));
  field(w, "suspended", of_type(task_type::suspended));
  field(w, "pending_follow", of_type(task_type::calls_complete));
  w.EndObject();
  key(w, "jobs");
  w.StartObject();
  field(w, "live", now.live_jobs);
  field(w, "polling", now.polling_jobs);
  field(w, "waiting", now.waiting_jobs);
  w.EndObject();
  write_time_or_null(w, c.s.zone, "last_sweep", now.last_sweep);
  write_time_or_null(w, c.s.zone, "next_sweep", now.next_sweep);
  key(w, "provider");
  w.StartObject();
  field(w, "state", provider_words[static_cast<std::size_t>(now.provider)]);
  write_time_or_null(w, c.s.zone, "next_try", now.provider_retry);
  w.EndObject();
  key(w, "silent_nodes");
  w.StartArray();
  for (const auto& node : now.silent_nodes) text_value(w, node);
  w.EndArray();
  w.EndObject();
  return e.done();
}

/// 32 hex digits; anything else is no run's id.
bool is_run_id(std::string_view id) noexcept {
  return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

async<response> switch_auto_task(call& c) {
  body_fields body(c.req.body);
  const auto action = body.required_text("action", 50, 0);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const bool start = action == "start";
  if (!start && action != "stop" && action != "check")
    co_return error_answer(c.req, 400, 4001, "操作类型无效，只能是 start、stop 或 check");
  if (action != "check" && c.user().role == user_role::viewer)
    co_return error_answer(c.req, 403, code_unauthorized, "没有权限执行此操作");
  result<automation_state> now;
  if (action == "check") {
    automation_view question{c.organization};
    now = co_await c.ask_live<automation_state>(&backend::automation, std::move(question));
  } else {
    switch_automation order{c.organization, start, c.user().id};
    // Tasks get as long to leave as at a stop of the daemon.
    constexpr milliseconds leaving_time{30'000};
    now = co_await c.ask_live<automation_state>(&backend::set_automation, std::move(order), leaving_time);
  }
  if (!now) co_return failure_answer(c.req, now.error());
  const auto tasks = co_await tasks_by_type(c);
  if (!tasks) co_return failure_answer(c.req, tasks.error());
  co_return automation_answer(c, *now, *tasks,
                              action == "check" ? "查询成功"
                              : start           ? "自动外呼已启动"
                                                : "自动外呼已停止");
}

async<response> trigger_monitor(call& c) {
  const auto told = co_await c.ask_live<bool>(&backend::sweep, sweep_now{});
  if (!told) co_return failure_answer(c.req, told.error());
  envelope e(1000, "监控任务已触发");
  auto& w = e.data();
  w.StartObject();
  w.EndObject();
  co_return e.done();
}

async<response> start_execution_run(call& c) {
  body_fields body(c.req.body);
  start_run order;
  order.organization_id = c.organization;
  order.task = task_id{body.required_integer("task_id")};
  order.batch_size = static_cast<int>(body.integer("batch_size", 1, 500).value_or(100));
  order.pause = milliseconds{body.integer("sleep_ms", 0, most_pause_ms).value_or(200)};
  order.skip_recording = body.boolean("skip_recording").value_or(true);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const auto task = co_await find_task(c, order.task);
  if (!task) co_return task_missing(c.req, task.error());
  const auto run = co_await c.ask_live<run_record>(&backend::run, std::move(order));
  if (!run) co_return task_missing(c.req, run.error());
  envelope e(200, "后台查询已启动");
  auto& w = e.data();
  w.StartObject();
  field(w, "run_id", run->id);
  field(w, "task_id", value(run->task));
  field(w, "status", to_string(run->status));
  w.EndObject();
  co_return e.done();
}

async<response> show_execution_run(call& c) {
  body_fields parameters(c.req.query);
  query::find_run q;
  q.organization_id = c.organization;
  q.id = parameters.required_text("run_id", 64);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  constexpr std::string_view missing = "run_id不存在";
  if (!is_run_id(q.id)) co_return error_answer(c.req, 404, 4004, missing);
  const auto run = co_await c.ask(std::move(q));
  if (!run && run.error().code == errc::not_found) co_return error_answer(c.req, 404, 4004, missing);
  if (!run) co_return failure_answer(c.req, run.error());
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "id", run->id);
  field(w, "task_id", value(run->task));
  key(w, "params");
  w.StartObject();
  field(w, "batch_size", run->batch_size);
  field(w, "sleep_ms", run->pause.count());
  field(w, "skip_recording", run->skip_recording);
  w.EndObject();
  field(w, "status", to_string(run->status));
  field(w, "total_jobs", run->total_jobs);
  field(w, "processed_jobs", run->processed_jobs);
  field(w, "error", run->error);
  field(w, "created_at", c.s.zone.format(run->created_at));
  field(w, "updated_at", c.s.zone.format(run->updated_at));
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
