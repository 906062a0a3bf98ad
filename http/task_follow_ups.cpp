// task_followup_records: the follow-ups of a task, page by page, as stored.
#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/row_view.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

async<response> task_follow_ups(call& c) {
  body_fields parameters(c.req.query);
  query::list_jobs q;
  q.organization_id = c.organization;
  q.only_followed = true;
  q.page = read_page(parameters);
  if (const auto id = parse_integer(c.path_part("task_id"))) q.task = task_id{*id};
  else parameters.add_error("task_id", "必须是整数");
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  const auto task = q.task;
  const auto rows = co_await c.ask(std::move(q));
  if (!rows) co_return task_missing(c.req, rows.error());
  envelope e(200, rows->items.empty() ? "任务下没有已跟进的记录" : "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "task_id", value(task));
  key(w, "items");
  w.StartArray();
  for (const auto& row : rows->items) {
    if (!row.follow) continue;
    w.StartObject();
    write_follow_fields(w, c.s.zone, *row.follow);
    field(w, "leads_name", row.job.leads_name);
    field(w, "leads_phone", row.job.leads_phone);
    field(w, "call_job_id", row.job.call_job_id);
    field(w, "call_status", to_string(row.job.status));
    write_interest(w, row.job.is_interested);
    w.EndObject();
  }
  w.EndArray();
  write_pagination(w, rows->page, rows->page_size, rows->total);
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
