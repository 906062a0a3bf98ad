#include "http/token.hpp"

#include <jwt.h>
#include <sodium.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <unordered_map>

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

/// Claims of tokens that were verified. Found by a hash with a key of its own (SipHash), so that nobody can tell from
/// outside which entries share a place, nor from the time how much of a guess is right.
class token_mint::known_tokens {
 public:
  known_tokens() { crypto_shorthash_keygen(key_.data()); }

  std::shared_ptr<const token_claims> find(std::string_view token) const {
    const auto mark = mark_of(token);
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(mark);
    if (found == entries_.end() || found->second.token != token) return nullptr;
    return found->second.claims;
  }
  void keep(std::string_view token, std::shared_ptr<const token_claims> claims) {
    const auto mark = mark_of(token);
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= limit) entries_.clear();
    entries_.insert_or_assign(mark, entry{std::string(token), std::move(claims)});
  }

 private:
  static constexpr std::size_t limit = 10'000;
  struct entry {
    std::string token;
    std::shared_ptr<const token_claims> claims;
  };
  std::uint64_t mark_of(std::string_view token) const {
    std::array<unsigned char, crypto_shorthash_BYTES> hash{};
    crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(token.data()), token.size(), key_.data());
    return std::bit_cast<std::uint64_t>(hash);
  }

  std::array<unsigned char, crypto_shorthash_KEYBYTES> key_{};
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uint64_t, entry> entries_;
};

token_mint::token_mint(std::string secret, milliseconds life, token_tolerance tolerance)
    : secret_(std::move(secret)),
      life_(life),
      tolerance_(std::move(tolerance)),
      known_(std::make_unique<known_tokens>()) {}
token_mint::~token_mint() = default;

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
  const auto claims = admit(token, now, leeway);
  if (!claims) return tl::unexpected<failure>(claims.error());
  return **claims;
}

result<std::shared_ptr<const token_claims>> token_mint::admit(std::string_view token, wall_time now,
                                                              milliseconds leeway) const {
  auto claims = known_->find(token);
  if (!claims) {
    auto verified = verify(token);
    if (!verified) return tl::unexpected<failure>(std::move(verified.error()));
    claims = std::make_shared<const token_claims>(std::move(*verified));
    known_->keep(token, claims);
  }
  const auto skew = tolerance_.clock_skew;
  if (now >= claims->expires_at + leeway + skew || now + skew < claims->begins_at)
    return fail(errc::unauthorized, "token refused");
  return claims;
}

result<token_claims> token_mint::verify(std::string_view token) const {
  if (token.empty() || token.size() > length_limit) return fail(errc::unauthorized, "token refused");
  const std::string text(token);
  auto claims = read(text, secret_);
  if (claims || tolerance_.previous_secret.empty()) return claims;
  return read(text, tolerance_.previous_secret);
}

result<token_claims> token_mint::read(const std::string& token, const std::string& secret) {
  const auto refused = [] { return fail(errc::unauthorized, "token refused"); };
  jwt_t* raw = nullptr;
  if (jwt_decode(&raw, token.c_str(), bytes(secret), static_cast<int>(secret.size())) != 0) return refused();
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
  errno = 0;
  long begins = jwt_get_grant_int(raw, "nbf");
  if (errno == ENOENT) begins = 0;  // not said; another type than a number is refused below
  constexpr long farthest = 100'000'000'000;
  const auto is_time = [](long t) { return t >= 0 && t <= farthest; };
  if (expires == 0 || !is_time(expires) || !is_time(issued) || !is_time(begins) || value(c.user) <= 0) return refused();
  c.expires_at = wall_time{seconds{expires}};
  c.issued_at = wall_time{seconds{issued}};
  c.begins_at = wall_time{seconds{std::max(issued, begins)}};
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
