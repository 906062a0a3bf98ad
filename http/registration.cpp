// Making accounts and organisations: http-api.md section 2.
#include "http/account_rules.hpp"
#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/idempotency.hpp"
#include "http/json_writer.hpp"
#include "http/session_answer.hpp"

namespace waihu::http {

namespace {

bool is_plausible_phone(std::string_view text) {
  return text.size() >= 5 && text.size() <= 20 && text.find_first_not_of("0123456789+- ") == std::string_view::npos;
}

}  // namespace

async<response> register_user(call& c) {
  if (!c.s.auth.allow_register) co_return error_answer(c.req, 404, code_not_found, "请求的路径不存在");
  body_fields body(c.req.body);
  query::create_user q;
  q.username = body.required_text("username", 50);
  const auto password = body.required_text("password", 200, least_password_length);
  q.phone = body.required_text("phone", 20);
  if (!q.phone.empty() && !is_plausible_phone(q.phone)) body.add_error("phone", "不是有效的电话号码");
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());

  pending<std::string>::initiator hash = [&c, password](const completion<std::string>& done) {
    c.s.passwords.hash(password, done);
  };
  pending<std::string> hashing(c.where, c.s.http.request_timeout, c.s.outstanding, std::move(hash));
  auto hashed = co_await hashing;
  if (!hashed) co_return failure_answer(c.req, hashed.error());
  q.password_hash = std::move(*hashed);
  const auto username = q.username;
  const auto phone = q.phone;
  const auto made = co_await c.ask(std::move(q));
  if (!made && made.error().code == errc::conflict) {
    const bool is_phone = made.error().vendor_code == "phone";
    co_return is_phone ? duplicate_answer(c.req, 1001, "手机号已被注册", "phone", phone)
                       : duplicate_answer(c.req, 1001, "用户名已存在", "username", username);
  }
  if (!made) co_return failure_answer(c.req, made.error());
  co_return session_answer(c, *made, "注册成功");
}

namespace {

std::string created_organization(const zone_clock& zone, const organization_record& made) {
  envelope e(2000, "组织创建成功");
  auto& w = e.data();
  w.StartObject();
  write_organization_fields(w, zone, made);
  w.EndObject();
  return e.done().body;
}

}  // namespace

void write_organization_fields(json_writer& w, const zone_clock& zone, const organization_record& organization) {
  field(w, "id", organization.id);
  field(w, "name", organization.name);
  field(w, "organization_id", organization.organization_id);
  field(w, "organization_type", organization.organization_type);
  field(w, "organization_type_text", organization.organization_type == 1 ? "官方" : "普通");
  field(w, "create_time", zone.format(organization.create_time));
  if (organization.end_time) field(w, "end_time", zone.format(*organization.end_time));
  else field_null(w, "end_time");
}

async<response> create_organization(call& c) {
  body_fields body(c.req.body);
  query::create_organization q;
  const auto name = body.text("name", 100).value_or("");
  const auto type = body.integer("organization_type").value_or(2);
  const auto days = body.integer("end_time_days", 1, 36'500).value_or(365);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  if (trimmed(name).empty()) co_return error_answer(c.req, 400, 2001, "组织名称不能为空");
  if (type != 1 && type != 2) co_return error_answer(c.req, 400, 2002, "组织类型无效");
  q.name = std::string(trimmed(name));
  q.organization_type = static_cast<int>(type);
  q.end_time_days = static_cast<int>(days);
  constexpr int tries = 5;
  for (int i = 0; i < tries; ++i) {
    q.organization_id = fresh_organization_id();
    auto attempt = q;
    std::function<std::string(const organization_record&)> text = [zone = c.s.zone](const organization_record& o) {
      return created_organization(zone, o);
    };
    const auto made = co_await create_with_key(c, std::move(attempt), std::move(text));
    if (made) co_return ready_answer(*made);
    if (auto refused = key_refusal(c.req, made.error())) co_return std::move(*refused);
    if (made.error().code != errc::conflict) co_return failure_answer(c.req, made.error());
    if (made.error().vendor_code != "organization_id")
      co_return duplicate_answer(c.req, 2003, "组织名称已存在", "name", q.name);
  }
  co_return error_answer(c.req, 500, code_operation_failed, "服务内部错误");
}

}  // namespace waihu::http
