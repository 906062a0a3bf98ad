#include "http/token.hpp"

#include <jwt.h>
#include <strings.h>

#include <cstdlib>
#include <memory>

#include "http/body_fields.hpp"

namespace waihu::http {

namespace {

struct free_jwt {
  void operator()(jwt_t* p) const noexcept { jwt_free(p); }
};
using jwt_pointer = std::unique_ptr<jwt_t, free_jwt>;

std::string grant(jwt_t* jwt, const char* name) {
  const char* text = jwt_get_grant(jwt, name);
  return text != nullptr ? text : "";
}

const unsigned char* bytes(const std::string& s) { return reinterpret_cast<const unsigned char*>(s.data()); }

}  // namespace

result<std::string> token_mint::issue(const user_record& user, wall_time now) const {
  jwt_t* raw = nullptr;
  if (jwt_new(&raw) != 0) return fail(errc::internal, "cannot make a token");
  const jwt_pointer jwt(raw);
  const auto issued = std::chrono::floor<seconds>(now).time_since_epoch().count();
  const auto expires = std::chrono::floor<seconds>(now + life_).time_since_epoch().count();
  int bad = jwt_add_grant_int(raw, "user_id", static_cast<long>(value(user.id)));
  bad |= jwt_add_grant(raw, "username", user.username.c_str());
  bad |= jwt_add_grant(raw, "phone", user.phone.c_str());
  bad |= jwt_add_grant(raw, "organization_id", user.organization_id.c_str());
  bad |= jwt_add_grant_int(raw, "exp", expires);
  bad |= jwt_add_grant_int(raw, "iat", issued);
  bad |= jwt_add_grant(raw, "type", "access_token");
  bad |= jwt_set_alg(raw, JWT_ALG_HS256, bytes(secret_), static_cast<int>(secret_.size()));
  if (bad != 0) return fail(errc::internal, "cannot make a token");
  const std::unique_ptr<char, decltype(&std::free)> text(jwt_encode_str(raw), &std::free);
  if (!text) return fail(errc::internal, "cannot sign a token");
  return std::string(text.get());
}

result<token_claims> token_mint::check(std::string_view token, wall_time now, milliseconds leeway) const {
  const auto refused = [] { return fail(errc::unauthorized, "token refused"); };
  if (token.empty() || token.size() > length_limit) return refused();
  jwt_t* raw = nullptr;
  const std::string text(token);
  if (jwt_decode(&raw, text.c_str(), bytes(secret_), static_cast<int>(secret_.size())) != 0) return refused();
  const jwt_pointer jwt(raw);
  // The library would take any HMAC of the same secret: the algorithm is ours to pin.
  if (jwt_get_alg(raw) != JWT_ALG_HS256) return refused();
  if (grant(raw, "type") != "access_token") return refused();
  token_claims c;
  c.user = user_id{jwt_get_grant_int(raw, "user_id")};
  c.username = grant(raw, "username");
  c.phone = grant(raw, "phone");
  c.organization_id = grant(raw, "organization_id");
  // Beyond the year 5138 nothing is meant seriously, and below milliseconds would overflow.
  const long expires = jwt_get_grant_int(raw, "exp");
  const long issued = jwt_get_grant_int(raw, "iat");
  constexpr long farthest = 100'000'000'000;
  if (expires <= 0 || expires > farthest || issued < 0 || issued > farthest || value(c.user) <= 0) return refused();
  c.expires_at = wall_time{seconds{expires}};
  c.issued_at = wall_time{seconds{issued}};
  if (now >= c.expires_at + leeway) return refused();
  return c;
}

std::string_view bearer_token(std::string_view v) noexcept {
  v = trimmed(v);
  constexpr std::string_view scheme = "Bearer ";
  if (v.size() > scheme.size() && strncasecmp(v.data(), scheme.data(), scheme.size()) == 0)
    v = trimmed(v.substr(scheme.size()));
  return v;
}

}  // namespace waihu::http
