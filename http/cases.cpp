// Cases and their parties: registering them, and one with its calls (http-api.md section 6, New).
#include <set>

#include "http/case_fields.hpp"
#include "http/case_view.hpp"
#include "http/handlers.hpp"

namespace waihu::http {

namespace {

constexpr std::size_t party_limit = 50;
constexpr int shown_calls = 100;

case_party read_party(body_fields& fields) {
  case_party party;
  party.person_id = required_case_id(fields, "personId");
  party.name = fields.text("name", 100).value_or("");
  party.phone = read_phone(fields, "phoneNumber");
  party.side = static_cast<party_side>(fields.required_integer("personType", 0, 1));
  return party;
}

case_record read_case(body_fields& body) {
  case_record r;
  r.mediation_id = body.required_integer("mediationId");
  r.mediation_type = static_cast<int>(body.required_integer("mediationType", 0, 1'000'000));
  r.stage = required_stage(body, "stage");
  std::set<std::string> persons;
  for (auto& item : body.objects("parties", party_limit)) {
    r.parties.push_back(read_party(item));
    const auto& id = r.parties.back().person_id;
    if (!id.empty() && !persons.insert(id).second) item.add_error("personId", "与其他当事人重复");
  }
  if (body.ok() && r.parties.empty()) body.add_error("parties", body.has("parties") ? "不能为空" : "缺少必填字段");
  return r;
}

/// The members of a case into the open object.
void write_case_fields(json_writer& w, const zone_clock& zone, const case_record& of) {
  field(w, "caseId", of.case_id);
  field(w, "mediationId", of.mediation_id);
  field(w, "mediationType", of.mediation_type);
  field(w, "stage", static_cast<int>(of.stage));
  field(w, "nodeId", node_of(of.stage));
  field(w, "callType", to_string(of.stage));
  field(w, "taskName", chinese_name(of.stage));
  key(w, "parties");
  w.StartArray();
  for (const auto& party : of.parties) {
    w.StartObject();
    field(w, "personId", party.person_id);
    field(w, "name", party.name);
    field(w, "phoneNumber", party.phone);
    field(w, "personType", static_cast<int>(party.side));
    w.EndObject();
  }
  w.EndArray();
  field(w, "createTime", zone.format(of.create_time));
  field(w, "updateTime", zone.format(of.updated_time));
}

}  // namespace

async<response> put_case(call& c) {
  body_fields body(c.req.body);
  query::put_case q;
  q.what = read_case(body);
  q.what.organization_id = c.organization;
  q.what.case_id = std::string(c.path_part("caseId"));
  if (!is_case_id(q.what.case_id)) body.add_error("caseId", "只能包含字母、数字、下划线和连字符，最长 64 个字符");
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const auto stored = co_await c.ask(std::move(q));
  if (!stored) co_return failure_answer(c.req, stored.error());
  envelope e(200, "案件保存成功");
  auto& w = e.data();
  w.StartObject();
  write_case_fields(w, c.s.zone, *stored);
  w.EndObject();
  co_return e.done();
}

async<response> show_case(call& c) {
  const std::string id{c.path_part("caseId")};
  if (!is_case_id(id)) co_return error_answer(c.req, 404, 4004, no_such_case);
  const auto of = co_await find_case(c, id);
  if (!of) co_return missing_answer(c.req, of.error(), no_such_case);
  query::list_case_calls q;
  q.organization_id = c.organization;
  q.case_id = id;
  q.page = {1, shown_calls};
  auto page = co_await c.ask(std::move(q));
  if (!page) co_return failure_answer(c.req, page.error());
  case_calls_now now;
  now.calls = std::move(page->items);
  co_await look_at(c, now);
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  write_case_fields(w, c.s.zone, *of);
  field(w, "callCount", page->total);
  key(w, "calls");
  w.StartArray();
  for (const auto& one : now.calls) write_case_call(w, c, one, now.status_of(one));
  w.EndArray();
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
