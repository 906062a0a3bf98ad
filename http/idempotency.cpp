#include "http/idempotency.hpp"

#include <sodium.h>

#include <array>

#include "http/body_fields.hpp"
#include "http/json_writer.hpp"

namespace waihu::http {

namespace {

constexpr std::string_view about_the_key = "idempotency_key";
constexpr std::string_view under_way = "idempotency_busy";

/// Recognises a body without telling it: keyed, because a body may hold a password that is easily guessed.
std::string digest_of(const std::string& secret, const std::string& body) {
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> raw{};
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(body.data()), body.size());
  crypto_auth_hmacsha256_final(&state, raw.data());
  std::string hex(2 * raw.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), raw.data(), raw.size());
  hex.pop_back();
  return hex;
}

}  // namespace

result<std::optional<query::create_once>> read_key(const call& c) {
  const auto* given = c.req.header("idempotency-key");
  if (given == nullptr) return std::nullopt;
  constexpr std::size_t longest = 255;
  if (given->empty() || given->size() > longest || !is_storable_text(*given))
    return fail(errc::invalid_argument, "bad Idempotency-Key", std::string(about_the_key));
  query::create_once q;
  // Administrators may be bound to no organisation; their keys are their own then.
  q.owner = c.organization.empty() ? "user " + std::to_string(value(c.user().id)) : c.organization;
  q.route = c.req.method + " " + c.req.path;
  q.key = *given;
  q.body_digest = digest_of(c.s.auth.jwt_secret, c.req.body);
  q.at = c.s.now();
  return std::optional(std::move(q));
}

std::optional<response> key_refusal(const request& req, const failure& why) {
  if (why.vendor_code == under_way) return busy_answer(req, 409, 1001, "相同的请求正在处理中", 1);
  if (why.vendor_code != about_the_key) return std::nullopt;
  if (why.code == errc::conflict) return error_answer(req, 409, 1001, "Idempotency-Key 已用于不同的请求内容");
  return invalid_answer(req, {field_error{"Idempotency-Key", "长度必须在 1 到 255 之间"}});
}

response ready_answer(std::string body) {
  response r;
  r.body = std::move(body);
  return r;
}

}  // namespace waihu::http
