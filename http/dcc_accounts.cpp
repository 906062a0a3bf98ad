// DCC accounts (http-api.md section 2): a user shows the password of one and then acts for its organisation;
// administrators make, list, enable and disable them.
#include "http/account_rules.hpp"
#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/idempotency.hpp"
#include "http/json_writer.hpp"
#include "http/row_view.hpp"
#include "http/session_answer.hpp"
#include "http/task_view.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

namespace {

constexpr std::size_t name_limit = 100;
constexpr std::size_t organization_id_limit = 50;

void write_account_fields(json_writer& w, const dcc_user_record& account) {
  field(w, "id", account.id);
  field(w, "user_name", account.user_name);
  field(w, "user_status", account.user_status);
  field(w, "user_org_id", account.user_org_id);
}

/// The user's binding as this request left it takes effect at once here; elsewhere after the cache's life.
response binding_answer(call& c, user_record user, std::string_view said) {
  user.password_hash.clear();
  c.s.users.keep(std::make_shared<const user_record>(user), std::chrono::steady_clock::now());
  envelope e(1000, said);
  auto& w = e.data();
  w.StartObject();
  write_user(w, c.s.zone, user);
  w.EndObject();
  return e.done();
}

std::string account_text(const zone_clock& zone, const dcc_user_record& account, std::string_view said) {
  envelope e(200, said);
  auto& w = e.data();
  w.StartObject();
  write_account_fields(w, account);
  field(w, "create_time", zone.format(account.create_time));
  w.EndObject();
  return e.done().body;
}

/// Compares the password on a hashing thread; wrong for an account that there is not, after the same work.
pending<password_verdict> compare_password(call& c, std::string password, std::string stored) {
  pending<password_verdict>::initiator compare =
      [&c, password = std::move(password), stored = std::move(stored)](const completion<password_verdict>& done) {
        c.s.passwords.check(password, stored, done);
      };
  return pending<password_verdict>(c.where, c.s.http.request_timeout, c.s.outstanding, std::move(compare));
}

}  // namespace

async<response> verify_dcc_user(call& c) {
  body_fields body(c.req.body);
  const auto name = body.required_text("user_name", name_limit);
  const auto password = body.required_text("user_password", password_length_limit);
  if (password.size() > password_length_limit) body.add_error("user_password", "长度超出限制");
  const auto organization = body.required_text("user_org_id", organization_id_limit);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());

  auto& guard = c.s.dcc_guard;
  auto wait = guard.wait_for(name, c.req.peer, std::chrono::steady_clock::now());
  if (wait.count() > 0) co_return too_many_failures(c.req, wait);
  query::dcc_user_by_name q;
  q.user_name = name;
  const auto found = co_await c.ask(std::move(q));
  if (!found && found.error().code != errc::not_found) co_return failure_answer(c.req, found.error());
  const std::string stored = found ? found->password_hash : std::string{};
  const auto verdict = co_await compare_password(c, password, stored);
  if (!verdict) co_return failure_answer(c.req, verdict.error());

  // Asked again: guesses that were sent at once and compared after the limit was reached do not count.
  const auto now = std::chrono::steady_clock::now();
  wait = guard.wait_for(name, c.req.peer, now);
  if (wait.count() > 0) co_return too_many_failures(c.req, wait);
  const bool is_good = verdict->is_right && found && found->user_org_id == organization && found->user_status == 1;
  if (!is_good) {
    guard.note_failure(name, c.req.peer, now);
    telemetry::log_repeated(telemetry::log_level::info, "http", "http.dcc_refused", c.req.peer,
                            {{"peer", c.req.peer}, {"user", value(c.user().id)}});
    co_return error_answer(c.req, 400, code_bad_parameter, "用户名、密码或组织ID不正确");
  }
  guard.note_success(name, c.req.peer);
  query::note_dcc_verified note;
  note.user = c.user().id;
  note.dcc_id = found->id;
  note.at = c.s.now();
  const auto noted = co_await c.ask(std::move(note));
  if (!noted) co_return failure_answer(c.req, noted.error());
  if (!verdict->new_hash.empty()) {
    query::replace_dcc_password replace;
    replace.id = found->id;
    replace.old_hash = stored;
    replace.new_hash = verdict->new_hash;
    const auto replaced = co_await c.ask(std::move(replace));
    if (!replaced)
      telemetry::log_repeated(telemetry::log_level::warn, "http", "http.password_not_upgraded", "",
                              {{"reason", to_string(replaced.error().code)}});
  }
  envelope e(200, "用户校验成功");
  auto& w = e.data();
  w.StartObject();
  key(w, "user_info");
  w.StartObject();
  write_account_fields(w, *found);
  w.EndObject();
  w.EndObject();
  co_return e.done();
}

async<response> associate_dcc_user(call& c) {
  body_fields body(c.req.body);
  query::associate_dcc q;
  q.user = c.user().id;
  q.dcc_user = body.required_text("dcc_user", name_limit);
  q.dcc_user_org_id = body.required_text("dcc_user_org_id", organization_id_limit);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  q.at = c.s.now();
  const auto bound = co_await c.ask(std::move(q));
  if (!bound && bound.error().code == errc::rejected)
    co_return error_answer(c.req, 400, 1006, "DCC账号未校验或校验已过期，请先校验");
  if (!bound) co_return failure_answer(c.req, bound.error());
  co_return binding_answer(c, *bound, "DCC账号关联成功");
}

async<response> disassociate_dcc_user(call& c) {
  query::disassociate_dcc q;
  q.user = c.user().id;
  const auto freed = co_await c.ask(std::move(q));
  if (!freed) co_return failure_answer(c.req, freed.error());
  co_return binding_answer(c, *freed, "DCC账号解除关联成功");
}

async<response> create_dcc_user(call& c) {
  body_fields body(c.req.body);
  query::create_dcc_user q;
  q.user_name = body.required_text("user_name", name_limit);
  const auto password = body.required_text("user_password", 200, least_password_length);
  q.user_org_id = body.required_text("user_org_id", organization_id_limit);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  pending<std::string>::initiator hash = [&c, password](const completion<std::string>& done) {
    c.s.passwords.hash(password, done);
  };
  pending<std::string> hashing(c.where, c.s.http.request_timeout, c.s.outstanding, std::move(hash));
  auto hashed = co_await hashing;
  if (!hashed) co_return failure_answer(c.req, hashed.error());
  q.password_hash = std::move(*hashed);
  const auto name = q.user_name;
  const auto organization = q.user_org_id;
  std::function<std::string(const dcc_user_record&)> text = [zone = c.s.zone](const dcc_user_record& account) {
    return account_text(zone, account, "DCC用户创建成功");
  };
  const auto made = co_await create_with_key(c, std::move(q), std::move(text));
  if (made) co_return ready_answer(*made);
  if (auto refused = key_refusal(c.req, made.error())) co_return std::move(*refused);
  if (made.error().code == errc::conflict) {
    const bool is_organization = made.error().vendor_code == "user_org_id";
    co_return is_organization ? duplicate_answer(c.req, 1001, "组织ID已存在", "user_org_id", organization)
                              : duplicate_answer(c.req, 1001, "用户名已存在", "user_name", name);
  }
  co_return failure_answer(c.req, made.error());
}

async<response> list_dcc_users(call& c) {
  body_fields parameters(c.req.query);
  query::list_dcc_users q;
  q.page = read_page(parameters);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  const auto accounts = co_await c.ask(std::move(q));
  if (!accounts) co_return failure_answer(c.req, accounts.error());
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  key(w, "items");
  w.StartArray();
  for (const auto& account : accounts->items) {
    w.StartObject();
    write_account_fields(w, account);
    field(w, "create_time", c.s.zone.format(account.create_time));
    w.EndObject();
  }
  w.EndArray();
  write_pagination(w, accounts->page, accounts->page_size, accounts->total);
  w.EndObject();
  co_return e.done();
}

async<response> set_dcc_user_status(call& c) {
  body_fields parameters(c.req.query);
  query::set_dcc_status q;
  q.user_status = static_cast<int>(parameters.required_integer("user_status", 0, 1));
  if (const auto id = parse_integer(c.path_part("id"))) q.id = *id;
  else parameters.add_error("id", "必须是整数");
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  const auto changed = co_await c.ask(std::move(q));
  if (!changed && changed.error().code == errc::not_found)
    co_return error_answer(c.req, 404, code_not_found, "DCC用户不存在");
  if (!changed) co_return failure_answer(c.req, changed.error());
  co_return ready_answer(account_text(c.s.zone, *changed, "用户状态更新成功"));
}

}  // namespace waihu::http
