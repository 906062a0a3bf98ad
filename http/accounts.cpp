// Logging in and asking who one is: http-api.md section 2.
#include <algorithm>

#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/session_answer.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

namespace {

constexpr std::string_view wrong_pair = "用户名或密码错误";

response wrong_pair_answer(const request& req) {
  envelope e("error", code_not_found, wrong_pair);
  e.data().StartObject();
  e.data().EndObject();
  return e.done_as_error(200, req.request_id);
}

}  // namespace

async<response> health(call&) {
  response r;
  string_sink sink{&r.body};
  json_writer w(sink);
  w.StartObject();
  field(w, "status", "ok");
  field(w, "message", "服务运行正常");
  w.EndObject();
  co_return r;
}

async<response> login(call& c) {
  body_fields body(c.req.body);
  const auto username = body.required_text("username", 100);
  const auto password = body.required_text("password", password_length_limit);
  if (password.size() > password_length_limit) body.add_error("password", "长度超出限制");
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());

  auto wait = c.s.guard.wait_for(username, c.req.peer, std::chrono::steady_clock::now());
  if (wait.count() > 0) co_return too_many_failures(c.req, wait);

  query::user_by_name q;
  q.username = username;
  auto found = co_await c.ask(std::move(q));
  if (!found && found.error().code != errc::not_found) co_return failure_answer(c.req, found.error());
  const std::string stored = found ? found->password_hash : std::string{};

  pending<password_verdict>::initiator compare = [&c, password, stored](const completion<password_verdict>& done) {
    c.s.passwords.check(password, stored, done);
  };
  pending<password_verdict> compared(c.where, c.s.http.request_timeout, c.s.outstanding, std::move(compare));
  const auto verdict = co_await compared;
  if (!verdict) co_return failure_answer(c.req, verdict.error());

  // Asked again: of many guesses sent at once, those that were compared after the limit was reached do not count.
  const auto now = std::chrono::steady_clock::now();
  wait = c.s.guard.wait_for(username, c.req.peer, now);
  if (wait.count() > 0) co_return too_many_failures(c.req, wait);
  if (!verdict->is_right) {
    c.s.guard.note_failure(username, c.req.peer, now);
    telemetry::log_repeated(telemetry::log_level::info, "http", "http.login_refused", c.req.peer,
                            {{"peer", c.req.peer}});
    co_return wrong_pair_answer(c.req);
  }
  c.s.guard.note_success(username, c.req.peer);
  if (!verdict->new_hash.empty()) {
    query::replace_password replace;
    replace.id = found->id;
    replace.old_hash = stored;
    replace.new_hash = verdict->new_hash;
    const auto replaced = co_await c.ask(std::move(replace));
    if (!replaced)
      telemetry::log_repeated(telemetry::log_level::warn, "http", "http.password_not_upgraded", "",
                              {{"reason", to_string(replaced.error().code)}});
  }
  co_return session_answer(c, *found, "登录成功");
}

response too_many_failures(const request& req, milliseconds wait) {
  const auto left = std::chrono::ceil<seconds>(wait).count();
  return busy_answer(req, 429, code_too_many_requests, "登录失败次数过多，请稍后重试", left);
}

void write_user_fields(json_writer& w, const zone_clock& zone, const user_record& user) {
  field(w, "id", value(user.id));
  field(w, "username", user.username);
  field(w, "phone", user.phone);
  field(w, "create_time", zone.format(user.create_time));
  field(w, "organization_id", user.organization_id);
  field(w, "dcc_user", user.dcc_user);
  field(w, "dcc_user_org_id", user.dcc_user_org_id);
  field(w, "role", to_string(user.role));
}

void write_user(json_writer& w, const zone_clock& zone, const user_record& user) {
  key(w, "user_info");
  w.StartObject();
  write_user_fields(w, zone, user);
  w.EndObject();
}

response session_answer(call& c, const user_record& user, std::string_view said) {
  const auto now = c.s.now();
  const auto text = c.s.tokens.issue(user, now);
  if (!text) return failure_answer(c.req, text.error());
  envelope e(1000, said);
  auto& w = e.data();
  w.StartObject();
  write_user(w, c.s.zone, user);
  field(w, "org_id", user.dcc_user_org_id);
  field(w, "access_token", *text);
  field(w, "token_type", "Bearer");
  field(w, "expires_in", std::chrono::floor<seconds>(c.s.tokens.life()).count());
  field(w, "expires_at", c.s.zone.format(now + c.s.tokens.life()));
  field(w, "token_usage", "请在请求头中添加 access-token: Bearer <access_token>");
  w.EndObject();
  return e.done();
}

async<response> verify_auth(call& c) {
  envelope e(1000, "访问令牌有效");
  auto& w = e.data();
  w.StartObject();
  field(w, "valid", true);
  key(w, "user_info");
  w.StartObject();
  field(w, "username", c.user().username);
  field(w, "user_id", value(c.user().id));
  field(w, "organization_id", c.user().organization_id);
  w.EndObject();
  field(w, "org_id", c.user().dcc_user_org_id);
  w.EndObject();
  co_return e.done();
}

namespace {

response token_not_valid(const request& req, std::string_view said) {
  envelope e("error", code_unauthorized, said);
  auto& w = e.data();
  w.StartObject();
  field(w, "valid", false);
  w.EndObject();
  return e.done_as_error(200, req.request_id);
}

}  // namespace

async<response> verify_token(call& c) {
  const auto token = presented_token(c.req);
  if (token.empty()) co_return token_not_valid(c.req, "缺少访问令牌，请在请求头中添加 access-token");
  const auto now = c.s.now();
  const auto claims = c.s.tokens.check(token, now);
  if (!claims) co_return token_not_valid(c.req, "访问令牌无效或已过期，请重新登录获取新令牌");
  // Within the clock skew it may be over already by our clock.
  const auto left = std::max<std::int64_t>(0, std::chrono::floor<seconds>(claims->expires_at - now).count());
  envelope e(1000, "令牌有效");
  auto& w = e.data();
  w.StartObject();
  field(w, "valid", true);
  key(w, "user_info");
  w.StartObject();
  field(w, "user_id", value(claims->user));
  field(w, "username", claims->username);
  field(w, "phone", claims->phone);
  field(w, "organization_id", claims->organization_id);
  w.EndObject();
  key(w, "expiry_info");
  w.StartObject();
  field(w, "issued_at", c.s.zone.format(claims->issued_at));
  field(w, "expires_at", c.s.zone.format(claims->expires_at));
  field(w, "is_expired", false);
  field(w, "remaining_seconds", left);
  key(w, "remaining_hours");
  const auto hundredths = left / 36;
  w.Double(static_cast<double>(hundredths) / 100.0);
  w.EndObject();
  w.EndObject();
  co_return e.done();
}

async<response> refresh_token(call& c) {
  constexpr milliseconds leeway = std::chrono::hours{24 * 7};
  const auto claims = c.s.tokens.check(presented_token(c.req), c.s.now(), leeway);
  constexpr std::string_view refused = "访问令牌无效或已过期，请重新登录获取新令牌";
  if (!claims) co_return token_not_valid(c.req, refused);
  query::user_by_id q;
  q.id = claims->user;
  const auto found = co_await c.ask(std::move(q));
  if (!found && found.error().code == errc::not_found) co_return token_not_valid(c.req, refused);
  if (!found) co_return failure_answer(c.req, found.error());
  co_return session_answer(c, *found, "令牌刷新成功");
}

}  // namespace waihu::http
