// Access tokens: JSON Web Tokens with HS256 and nothing else. Knows no users; who a token speaks for is checked
// against the store by the application.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "messages/model/failure.hpp"
#include "messages/model/records.hpp"
#include "messages/model/time.hpp"

namespace waihu::http {

/// What a token says.
struct token_claims {
  user_id user{};
  std::string username, phone, organization_id;
  wall_time issued_at{}, expires_at{};  ///< Whole seconds.
  wall_time begins_at{};                ///< The later of `iat` and `nbf`.
};

/// What a check lets pass beside the plain rule.
struct token_tolerance {
  std::string previous_secret{};  ///< Its tokens are accepted too, while they live; never signs. Empty: none.
  milliseconds clock_skew{0};     ///< How far the clock that issued a token may be off from ours, either way.
};

/// Issues and checks tokens. Thread-safe.
class token_mint {
 public:
  /// Longest token looked at.
  static constexpr std::size_t length_limit = 4096;

  token_mint(std::string secret, milliseconds life, token_tolerance tolerance = {});
  ~token_mint();
  token_mint(const token_mint&) = delete;
  token_mint& operator=(const token_mint&) = delete;

  milliseconds life() const noexcept { return life_; }
  milliseconds clock_skew() const noexcept { return tolerance_.clock_skew; }
  /// A token for the user, valid from `now` for `life`. internal when the library fails.
  result<std::string> issue(const user_record& user, wall_time now) const;
  /// The claims of a token that is ours, of type access_token, begun and not expired for more than `leeway`; all times
  /// within the clock skew. unauthorized for everything else: other algorithms (none among them), changed, expired,
  /// from the future (`iat`, `nbf`), malformed. A token that was found good is remembered, so that its next use costs a
  /// look-up instead of a verification; its times are checked at every use.
  result<token_claims> check(std::string_view token, wall_time now, milliseconds leeway = milliseconds{0}) const;

  /// As `check`, without a copy.
  result<std::shared_ptr<const token_claims>> admit(std::string_view token, wall_time now,
                                                    milliseconds leeway = milliseconds{0}) const;

 private:
  class known_tokens;
  result<token_claims> verify(std::string_view token) const;
  static result<token_claims> read(const std::string& token, const std::string& secret);

  std::string secret_;
  milliseconds life_;
  token_tolerance tolerance_;
  std::unique_ptr<known_tokens> known_;
};

/// The token in an `access-token` or `Authorization` header value: without "Bearer " in front.
std::string_view bearer_token(std::string_view header_value) noexcept;

}  // namespace waihu::http
