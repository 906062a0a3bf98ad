// The request line's target as http/ takes it apart, the words of a query as fields, and access tokens. An input is a
// target, a line feed, and a token.
#include "http/application.hpp"
#include "http/body_fields.hpp"
#include "http/token.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu::http;
using waihu::fuzz::promise;

std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return out;
}

void read_as_target(std::string_view target) {
  request req;
  if (!read_target(target, req)) return;
  promise(!req.path.empty() && req.path.front() == '/', "a path starts with a slash");
  promise(is_storable_text(req.path), "a path is valid UTF-8");
  promise(req.query.size() <= 100, "a query has at most 100 parameters");
  std::string written = "/" + escaped(req.path.substr(1));
  char mark = '?';
  for (const auto& [name, value] : req.query) {
    written += mark + escaped(name) + "=" + escaped(value);
    mark = '&';
  }
  request again;
  promise(read_target(written, again) && again.path == req.path, "a path that is escaped reads the same");
  // A parameter without a name and value vanishes when it is written as "=".
  promise(again.query == req.query, "a query that is escaped reads the same");
  body_fields fields(req.query);
  const auto n = fields.integer("page", 1, 500);
  promise(!n || (*n >= 1 && *n <= 500), "a parameter's integer lies in its range");
  promise(is_storable_text(fields.json()), "a query as fields is valid UTF-8");
}

void read_as_token(std::string_view text) {
  using namespace std::chrono_literals;
  static const token_mint mint("a secret of the fuzzer, 32 bytes or more", waihu::milliseconds{86'400'000});
  const auto now = waihu::from_epoch_ms(1'800'000'000'000);
  const auto token = bearer_token(text);
  promise(token.size() <= text.size(), "a token is a part of the header");
  promise(!mint.check(token, now, waihu::milliseconds{604'800'000}), "nobody without the secret makes a token");
}

/// A token that we issued holds, and changed in any byte it does not.
void change_token(std::string_view pick) {
  static const token_mint mint("another secret of the fuzzer, 32 bytes long", waihu::milliseconds{86'400'000});
  const auto now = waihu::from_epoch_ms(1'800'000'000'000);
  static const std::string good = [&] {
    waihu::user_record user;
    user.id = waihu::user_id{7};
    user.username = "ops";
    return mint.issue(user, now).value();
  }();
  promise(mint.check(good, now).has_value(), "a token that we issued holds");
  if (pick.size() < 3) return;
  auto token = good;
  const auto at = (static_cast<unsigned char>(pick[0]) * 256U + static_cast<unsigned char>(pick[1])) % token.size();
  // The last digit of the signature carries bits that no byte takes up.
  if (at + 1 == token.size() || token[at] == pick[2]) return;
  token[at] = pick[2];
  promise(!mint.check(token, now).has_value(), "a changed token does not hold");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [target, token] = waihu::fuzz::cut_at(waihu::fuzz::as_text(data, size), "\n");
  read_as_target(target);
  read_as_token(token);
  change_token(token);
  return 0;
}
