// Leads one by one: a page of them, and one with its history (http-api.md section 3, New).
#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/lead_filter_codec.hpp"
#include "http/row_view.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

namespace {

/// The members of a lead into the open object.
void write_lead_fields(json_writer& w, const zone_clock& zone, const query::listed_lead& lead) {
  field(w, "id", lead.id);
  field(w, "leads_id", lead.lead.leads_id);
  field(w, "leads_user_name", lead.lead.leads_user_name);
  field(w, "leads_user_phone", lead.lead.leads_user_phone);
  field(w, "leads_product", lead.lead.leads_product);
  field(w, "leads_type", lead.lead.leads_type);
  write_time_or_null(w, zone, "leads_create_time", lead.lead.leads_create_time);
  field(w, "is_arrive", lead.has_arrived ? 1 : 0);
  key(w, "latest_follow");
  write_follow(w, zone, lead.latest_follow);
}

}  // namespace

async<response> list_leads(call& c) {
  body_fields parameters(c.req.query);
  query::list_leads q;
  q.organization_id = c.organization;
  q.filter = read_lead_filter(parameters, c.s.zone);
  q.holding = std::string(trimmed(parameters.text("q", 100).value_or("")));
  q.page = read_page(parameters);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  const auto leads = co_await c.ask(std::move(q));
  if (!leads) co_return failure_answer(c.req, leads.error());
  envelope e(1000, "线索列表获取成功");
  auto& w = e.data();
  w.StartObject();
  key(w, "items");
  w.StartArray();
  for (const auto& lead : leads->items) {
    w.StartObject();
    write_lead_fields(w, c.s.zone, lead);
    w.EndObject();
  }
  w.EndArray();
  write_pagination(w, leads->page, leads->page_size, leads->total);
  w.EndObject();
  co_return e.done();
}

async<response> show_lead(call& c) {
  query::lead_by_id q;
  q.organization_id = c.organization;
  q.leads_id = std::string(c.path_part("leads_id"));
  const auto found = co_await c.ask(std::move(q));
  if (!found && found.error().code == errc::not_found)
    co_return error_answer(c.req, 404, 4004, "线索不存在或无权限访问");
  if (!found) co_return failure_answer(c.req, found.error());
  envelope e(1000, "线索详情获取成功");
  auto& w = e.data();
  w.StartObject();
  write_lead_fields(w, c.s.zone, found->lead);
  field(w, "follow_count", found->follow_count);
  field(w, "call_count", found->call_count);
  key(w, "follows");
  w.StartArray();
  for (const auto& follow : found->follows) {
    w.StartObject();
    write_follow_fields(w, c.s.zone, follow);
    w.EndObject();
  }
  w.EndArray();
  key(w, "calls");
  w.StartArray();
  for (const auto& one : found->calls) {
    w.StartObject();
    field(w, "task_id", value(one.task));
    field(w, "task_name", one.task_name);
    field(w, "updated_time", c.s.zone.format(one.job.updated_time));
    write_job(w, c.s.zone, one.job_group_id, one.job, nullptr);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
