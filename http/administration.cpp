// What administrators see of the installation beyond the contract: users and their roles, organisations, the nodes.
#include <algorithm>

#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/row_view.hpp"
#include "http/session_answer.hpp"
#include "http/task_view.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

namespace {

void write_user_row(json_writer& w, const zone_clock& zone, const user_record& user) {
  w.StartObject();
  write_user_fields(w, zone, user);
  w.EndObject();
}

void write_node(json_writer& w, const zone_clock& zone, const std::string& name, const cluster_member* member,
                const node_share& share) {
  const auto whole_ms = [](milliseconds time) { return std::max<std::int64_t>(0, time.count()); };
  w.StartObject();
  field(w, "node", name);
  key(w, "states");
  w.StartArray();
  for (const auto word : standing_of(member, share)) text_value(w, word);
  w.EndArray();
  field(w, "shards", static_cast<std::int64_t>(share.shards));
  field(w, "tasks", share.tasks);
  field(w, "least_epoch", share.least_epoch);
  field(w, "greatest_epoch", share.greatest_epoch);
  field(w, "lease_left_ms", whole_ms(share.shortest_lease));
  field(w, "last_sign_ms", member == nullptr ? 0 : whole_ms(member->beat_age));
  field(w, "clock_off_ms", member == nullptr ? 0 : static_cast<std::int64_t>(member->clock_off.count()));
  field(w, "address", member == nullptr ? std::string_view{} : member->address);
  field(w, "link", member == nullptr ? std::string_view{} : member->peer_address);
  field(w, "version", member == nullptr ? std::string_view{} : member->version);
  write_time_or_null(w, zone, "started_at", member == nullptr ? std::nullopt : std::optional{member->started_at});
  w.EndObject();
}

}  // namespace

async<response> list_users(call& c) {
  body_fields parameters(c.req.query);
  query::list_users q;
  q.page = read_page(parameters);
  q.holding = std::string(trimmed(parameters.text("q", 100).value_or("")));
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  const auto users = co_await c.ask(std::move(q));
  if (!users) co_return failure_answer(c.req, users.error());
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  key(w, "items");
  w.StartArray();
  for (const auto& user : users->items) write_user_row(w, c.s.zone, user);
  w.EndArray();
  write_pagination(w, users->page, users->page_size, users->total);
  w.EndObject();
  co_return e.done();
}

async<response> set_user_role(call& c) {
  body_fields body(c.req.body);
  query::set_user_role q;
  const auto role = parse_user_role(body.required_text("role", 20));
  if (!role) body.add_error("role", "只能是 admin、operator 或 viewer");
  if (const auto id = parse_integer(c.path_part("id"))) q.id = user_id{*id};
  else body.add_error("id", "必须是整数");
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  q.role = *role;
  const auto changed = co_await c.ask(std::move(q));
  if (!changed && changed.error().code == errc::not_found)
    co_return error_answer(c.req, 404, code_not_found, "用户不存在");
  if (!changed && changed.error().code == errc::rejected)
    co_return error_answer(c.req, 409, 1007, "至少要保留一名管理员");
  if (!changed) co_return failure_answer(c.req, changed.error());
  auto kept = *changed;
  kept.password_hash.clear();
  // At once here; on another node after the life of its cache.
  c.s.users.keep(std::make_shared<const user_record>(std::move(kept)), std::chrono::steady_clock::now());
  telemetry::log_event(telemetry::log_level::info, "http", "http.role_changed",
                       {{"user", value(changed->id)}, {"role", to_string(changed->role)}, {"by", value(c.user().id)}});
  envelope e(200, "用户角色更新成功");
  write_user_row(e.data(), c.s.zone, *changed);
  co_return e.done();
}

async<response> list_organizations(call& c) {
  body_fields parameters(c.req.query);
  query::list_organizations q;
  q.page = read_page(parameters);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  const auto organizations = co_await c.ask(std::move(q));
  if (!organizations) co_return failure_answer(c.req, organizations.error());
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  key(w, "items");
  w.StartArray();
  for (const auto& organization : organizations->items) {
    w.StartObject();
    write_organization_fields(w, c.s.zone, organization);
    w.EndObject();
  }
  w.EndArray();
  write_pagination(w, organizations->page, organizations->page_size, organizations->total);
  w.EndObject();
  co_return e.done();
}

async<response> show_cluster(call& c) {
  const auto view = co_await c.ask(query::view_cluster{});
  if (!view) co_return failure_answer(c.req, view.error());
  const auto tasks = co_await c.ask(query::count_tasks_by_shard{});
  if (!tasks) co_return failure_answer(c.req, tasks.error());
  auto shares = shares_of(*view, *tasks);
  const auto unowned = shares[""];
  shares.erase("");
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "at", c.s.zone.format(view->at == wall_time{} ? c.s.now() : view->at));
  field(w, "unowned_shards", static_cast<std::int64_t>(unowned.shards));
  field(w, "unowned_tasks", unowned.tasks);
  key(w, "nodes");
  w.StartArray();
  for (const auto& member : view->members) {
    write_node(w, c.s.zone, member.node, &member, shares[member.node]);
    shares.erase(member.node);
  }
  for (const auto& [name, share] : shares) write_node(w, c.s.zone, name, nullptr, share);
  w.EndArray();
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
