#include <algorithm>
#include <unordered_map>

#include "http/application.hpp"
#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "messages/model/percent_coding.hpp"

namespace waihu::http {

namespace {

/// Whether one part of a path is what the pattern has there; a `{name}` takes any that is not empty.
bool part_fits(std::string_view want, std::string_view have, std::vector<name_value>* parts) {
  if (want.size() <= 2 || want.front() != '{') return want == have;
  if (!have.empty() && parts != nullptr) parts->emplace_back(want.substr(1, want.size() - 2), have);
  return !have.empty();
}

/// Matches a path with a pattern, part by part.
bool matches(std::string_view pattern, std::string_view path, std::vector<name_value>* parts) {
  while (!pattern.empty() && !path.empty()) {
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    const auto want = pattern.substr(0, pattern.find('/'));
    const auto have = path.substr(0, path.find('/'));
    if (!part_fits(want, have, parts)) return false;
    pattern.remove_prefix(want.size());
    path.remove_prefix(have.size());
  }
  return pattern.empty() && path.empty();
}

/// The same for a path whose parts hold slashes themselves.
bool matches(std::string_view pattern, const std::vector<std::string>& path, std::vector<name_value>* parts) {
  for (const auto& have : path) {
    if (pattern.empty()) return false;
    pattern.remove_prefix(1);
    const auto want = pattern.substr(0, pattern.find('/'));
    if (!part_fits(want, have, parts)) return false;
    pattern.remove_prefix(want.size());
  }
  return pattern.empty();
}

std::string_view without_last_slash(std::string_view path) {
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

bool matches(std::string_view pattern, const request& req, std::vector<name_value>* parts) {
  return req.parts.empty() ? matches(pattern, without_last_slash(req.path), parts) : matches(pattern, req.parts, parts);
}

std::string_view served_as(std::string_view method) { return method == "HEAD" ? "GET" : method; }

/// The routes of a path: looked up by the whole path where the pattern has no `{name}`, tried one by one else.
class route_index {
 public:
  route_index() {
    for (const auto& r : routes()) {
      if (r.pattern.find('{') == std::string_view::npos) plain_[r.pattern].push_back(&r);
      else patterns_.push_back(&r);
    }
  }
  /// Calls `use` with each route of the path, those without parts first, until it answers true.
  template <class Use>
  void each(const request& req, Use use) const {
    const auto found = req.parts.empty() ? plain_.find(without_last_slash(req.path)) : plain_.end();
    if (found != plain_.end())
      for (const auto* r : found->second)
        if (use(*r)) return;
    for (const auto* r : patterns_)
      if (matches(r->pattern, req, nullptr) && use(*r)) return;
  }

 private:
  std::unordered_map<std::string_view, std::vector<const route*>> plain_;
  std::vector<const route*> patterns_;
};

const route_index& index() {
  static const route_index table;
  return table;
}

/// The route of a request; null for an unknown path and for a method that the path does not know.
const route* look_up(const request& req) {
  const route* found = nullptr;
  index().each(req, [&](const route& r) {
    if (r.method == served_as(req.method)) found = &r;
    return found != nullptr;
  });
  return found;
}

/// Methods that the path knows, as in an Allow header; empty = unknown path.
std::string allowed_methods(const request& req) {
  std::string allow;
  index().each(req, [&](const route& r) {
    if (allow.find(r.method) != std::string::npos) return false;
    allow += std::string(r.method) + ", ";
    if (r.method == "GET") allow += "HEAD, ";
    return false;
  });
  if (!allow.empty()) allow += "OPTIONS";
  return allow;
}

response token_refused(const request& req, bool is_missing) {
  auto r = error_answer(
      req, 401, code_unauthorized,
      is_missing ? "缺少访问令牌，请在请求头中添加 access-token" : "访问令牌无效或已过期，请重新登录获取新令牌");
  r.headers.emplace_back("WWW-Authenticate", "Bearer");
  return r;
}

bool is_media_type(const std::string* header, std::string_view wanted) {
  if (header == nullptr) return false;
  auto type = std::string(trimmed(std::string_view(*header).substr(0, header->find(';'))));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type == wanted;
}

constexpr int import_slots = 2;

/// Gives an import slot back when the request is finished.
struct import_slot {
  explicit import_slot(std::shared_ptr<std::atomic<int>> c) : count(std::move(c)) {}
  ~import_slot() { count->fetch_sub(1); }
  import_slot(const import_slot&) = delete;
  import_slot& operator=(const import_slot&) = delete;
  std::shared_ptr<std::atomic<int>> count;
};

}  // namespace

std::string_view call::path_part(std::string_view name) const {
  for (const auto& [n, v] : path)
    if (n == name) return v;
  return {};
}

std::string_view presented_token(const request& req) {
  if (const auto* h = req.header("access-token")) return bearer_token(*h);
  if (const auto* h = req.header("authorization")) return bearer_token(*h);
  return {};
}

namespace {

bool has_encoded_slash(std::string_view path) {
  return path.find("%2F") != std::string_view::npos || path.find("%2f") != std::string_view::npos;
}

/// What stands between the slashes of a path that decodes well, without the empty part behind a last slash. Split
/// before it is decoded: a lead's id may hold a slash.
std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
    parts.push_back(percent_decode(part, plus_sign::kept).value_or(""));
  }
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

}  // namespace

bool read_target(std::string_view target, request& into) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.substr(0, scheme.size()) != scheme) continue;
    const auto slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  if (target == "*") target = "/";
  target = target.substr(0, target.find('#'));
  if (target.empty() || target.front() != '/') return false;
  const auto mark = target.find('?');
  auto path = percent_decode(target.substr(0, mark), plus_sign::kept);
  if (!path || !is_storable_text(*path)) return false;
  into.path = std::move(*path);
  if (has_encoded_slash(target.substr(0, mark))) into.parts = parts_of(target.substr(0, mark));
  if (mark == std::string_view::npos) return true;
  constexpr std::size_t parameter_limit = 100;
  auto query = parse_query(target.substr(mark + 1), parameter_limit);
  if (!query) return false;
  into.query = std::move(*query);
  return true;
}

body_rule application::head_arrived(const request& head) const {
  body_rule rule;
  rule.limit = shared_->http.body_limit_bytes;
  const auto* found = look_up(head);
  if (found != nullptr) rule.route = static_cast<std::size_t>(found - routes().data());
  if (found == nullptr || found->body != body_kind::form) return rule;
  // Big bodies are only read from people with a token, and only a few at a time.
  rule.limit = shared_->http.import_limit_bytes;
  const auto token = presented_token(head);
  if (token.empty() || !shared_->tokens.check(token, shared_->now())) {
    rule.refuse = token_refused(head, token.empty());
    return rule;
  }
  if (shared_->imports->fetch_add(1) >= import_slots) {
    shared_->imports->fetch_sub(1);
    rule.refuse = busy_answer(head, 503, code_unavailable, "导入任务过多，请稍后重试", 5);
    return rule;
  }
  rule.slot = std::make_shared<import_slot>(shared_->imports);
  return rule;
}

void application::decorate(const request& req, response& answer) const {
  answer.headers.emplace_back("X-Request-Id", req.request_id);
  // Files say themselves how long they may be kept.
  const bool is_file = !answer.headers.empty() && answer.headers.front().first == "ETag";
  if (!is_file) answer.headers.emplace_back("Cache-Control", "no-store");
  if (answer.content_type.starts_with("text/html")) answer.headers.emplace_back("X-Frame-Options", "DENY");
  if (req.is_secure) answer.headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  const auto& allowed = shared_->http.cors_origins;
  if (allowed.empty()) return;
  answer.headers.emplace_back("Vary", "Origin");
  const auto* origin = req.header("origin");
  if (origin == nullptr || std::find(allowed.begin(), allowed.end(), *origin) == allowed.end()) return;
  answer.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  answer.headers.emplace_back("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
  if (req.method != "OPTIONS") return;
  answer.headers.emplace_back("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  answer.headers.emplace_back(
      "Access-Control-Allow-Headers",
      "access-token, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id");
  answer.headers.emplace_back("Access-Control-Max-Age", "600");
}

async<std::optional<response>> sign_in(call& c, access who, std::string_view token) {
  const auto& req = c.req;
  auto claims = c.s.tokens.admit(token, c.s.now());
  if (!claims) co_return token_refused(req, token.empty());
  c.token = std::move(*claims);
  const auto now = std::chrono::steady_clock::now();
  c.signed_user = c.s.users.find(c.token->user, now);
  if (!c.signed_user) {
    query::user_by_id q;
    q.id = c.token->user;
    auto found = co_await c.ask(std::move(q));
    if (!found && found.error().code == errc::not_found) co_return token_refused(req, false);
    if (!found) co_return failure_answer(req, found.error());
    found->password_hash.clear();
    c.signed_user = std::make_shared<const user_record>(std::move(*found));
    c.s.users.keep(c.signed_user, now);
  }
  c.organization = c.user().dcc_user_org_id;
  const bool needs_organization = who == access::reader || who == access::writer;
  if (needs_organization && c.organization.empty())
    co_return error_answer(req, 400, code_bad_parameter, "用户未绑定组织或组织ID无效");
  const bool is_forbidden = (who == access::writer && c.user().role == user_role::viewer) ||
                            (who == access::admin && c.user().role != user_role::admin);
  if (is_forbidden) co_return error_answer(req, 403, code_unauthorized, "没有权限执行此操作");
  c.is_signed_in = true;
  co_return std::nullopt;
}

async<response> application::handle(const request& req, std::shared_ptr<reactor> where) const {
  response answer;
  std::string why;
  try {
    call c{*shared_, req, std::move(where), {}, {}, {}, {}, false};
    answer = co_await dispatch(c);
    co_return answer;
  } catch (const std::exception& e) {
    why = e.what();
  }
  log_defect(req, why);
  co_return failure_answer(req, failure{errc::internal, {}, {}, 0});
}

async<response> application::dispatch(call& c) const {
  const auto& req = c.req;
  const auto* found_route = req.route < routes().size() ? &routes()[req.route] : look_up(req);
  if (found_route == nullptr) {
    const auto allow = allowed_methods(req);
    if (auto file = allow.empty() ? c.s.page.answer(req) : std::nullopt) co_return std::move(*file);
    if (allow.empty()) co_return error_answer(req, 404, code_not_found, "请求的路径不存在");
    auto answer = error_answer(req, 405, code_bad_parameter, "请求方法不允许");
    if (req.method == "OPTIONS") {
      answer = {};
      answer.status = 204;
      answer.content_type.clear();
    }
    answer.headers.emplace_back("Allow", allow);
    co_return answer;
  }
  const route& r = *found_route;
  if (r.pattern.find('{') != std::string_view::npos) matches(r.pattern, req, &c.path);
  const auto token = presented_token(req);
  const bool signs_in_later = r.body == body_kind::messages && req.wants_socket && token.empty();
  if (r.who != access::open && !signs_in_later) {
    auto refusal = co_await sign_in(c, r.who, token);
    if (refusal) co_return std::move(*refusal);
  }
  const auto* type = req.header("content-type");
  if (r.body == body_kind::json && type != nullptr && !is_media_type(type, "application/json"))
    co_return error_answer(req, 415, code_bad_parameter, "不支持的内容类型，请使用 application/json");
  if (r.body == body_kind::form && !is_media_type(type, "multipart/form-data"))
    co_return error_answer(req, 415, code_bad_parameter, "不支持的内容类型，请使用 multipart/form-data");
  co_return co_await r.handler(c);
}

}  // namespace waihu::http
