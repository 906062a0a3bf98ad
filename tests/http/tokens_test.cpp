// Passwords, tokens, the login guard and the time zone without a server.
#include <gtest/gtest.h>

#include "http/compression.hpp"
#include "http/conversation.hpp"
#include "http/login_guard.hpp"
#include "http/password.hpp"
#include "http/token.hpp"
#include "http/zone_clock.hpp"
#include "tests/http/hand_made_token.hpp"

namespace waihu::http {
namespace {

TEST(Password, AHashMatchesItsPasswordOnlyAndIsSalted) {
  const auto a = hash_password("correct horse").value();
  const auto b = hash_password("correct horse").value();
  EXPECT_NE(a, b);
  EXPECT_TRUE(check_password("correct horse", a).is_right);
  EXPECT_TRUE(check_password("correct horse", a).new_hash.empty());
  EXPECT_FALSE(check_password("correct horsf", a).is_right);
  EXPECT_FALSE(check_password("", a).is_right);
  EXPECT_FALSE(hash_password(""));
  EXPECT_FALSE(hash_password(std::string(1025, 'x')));
}

TEST(Password, NoPasswordMatchesAnUnknownUserNotEvenTheDecoys) {
  for (const auto* p : {"", "decoy of nobody", "x"}) EXPECT_FALSE(check_password(p, "").is_right);
}

TEST(Password, UnknownUsersAndOldDigestsCostTheWorkOfArgon2) {
  const auto stored = hash_password("x").value();
  check_password("warm", "");
  const auto cost = [](const std::string& hash) {
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 3; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      check_password("wrong", hash);
      best = std::min(best, std::chrono::steady_clock::now() - begin);
    }
    return best;
  };
  const auto real = cost(stored);
  EXPECT_GT(cost(""), real / 3);
  EXPECT_GT(cost(std::string(64, 'a')), real / 3);
}

TEST(Password, AnOldDigestIsAcceptedAndReplaced) {
  // SHA-256 of "abc", FIPS 180-4.
  const std::string digest = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
  const auto v = check_password("abc", digest);
  EXPECT_TRUE(v.is_right);
  EXPECT_EQ(v.new_hash.substr(0, 10), "$argon2id$");
  EXPECT_FALSE(check_password("abd", digest).is_right);
  // Somebody who stole the digest cannot log in with it.
  EXPECT_FALSE(check_password(digest, digest).is_right);
}

TEST(Token, LivesExactlyItsLife) {
  const token_mint mint(std::string(32, 's'), std::chrono::seconds{100});
  user_record u;
  u.id = user_id{42};
  u.username = "张\"三\"";
  const auto now = from_epoch_ms(1'700'000'000'000);
  const auto token = mint.issue(u, now).value();
  const auto seen = mint.check(token, now + std::chrono::seconds{99});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->user, u.id);
  EXPECT_EQ(seen->username, u.username);
  EXPECT_FALSE(mint.check(token, now + std::chrono::seconds{100}));
  EXPECT_TRUE(mint.check(token, now + std::chrono::seconds{150}, std::chrono::seconds{60}));
}

TEST(Token, OneThatWasFoundGoodIsStillCheckedAtEveryUse) {
  const token_mint mint(std::string(32, 's'), std::chrono::seconds{100});
  user_record u;
  u.id = user_id{42};
  const auto now = from_epoch_ms(1'700'000'000'000);
  const auto token = mint.issue(u, now).value();
  // Remembered with a leeway, it does not live longer for those who grant none.
  ASSERT_TRUE(mint.check(token, now + std::chrono::seconds{150}, std::chrono::seconds{60}));
  EXPECT_FALSE(mint.check(token, now + std::chrono::seconds{150}));
  ASSERT_TRUE(mint.check(token, now));
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    const auto seen = mint.check(other, now);
    // The last character of a base64 text carries bits that nobody reads.
    EXPECT_TRUE(!seen || i + 1 == token.size()) << "character " << i;
  }
  EXPECT_FALSE(mint.check(token.substr(0, token.size() - 2), now));
  // A mint with another secret knows nothing of it.
  EXPECT_FALSE(token_mint(std::string(32, 't'), std::chrono::seconds{100}).check(token, now));
}

const std::string new_secret(32, 's');
const std::string old_secret(32, 'p');
const std::string hs256 = R"({"alg":"HS256","typ":"JWT"})";
constexpr auto noon = from_epoch_ms(1'800'000'000'000);
constexpr std::int64_t noon_s = 1'800'000'000;

user_record somebody() {
  user_record u;
  u.id = user_id{42};
  return u;
}

/// Whether a mint with both secrets and a skew of 60 s takes a token of these claims, at noon.
bool is_taken(const std::string& header, std::int64_t exp, const std::string& more, const EVP_MD* hash,
              const std::string& key) {
  const token_mint mint(new_secret, std::chrono::hours{24}, {old_secret, std::chrono::seconds{60}});
  const auto issued = more.find("\"iat\"") == std::string::npos ? "\"iat\":1," + more : more;
  const auto claims = test::claims_of(somebody(), exp, "access_token", issued);
  return mint.check(test::hand_made(header, claims, hash, key), noon).has_value();
}

TEST(Token, EitherSecretIsTakenAndOnlyTheNewOneSigns) {
  const token_mint before(old_secret, std::chrono::hours{24});
  const token_mint rotated(new_secret, std::chrono::hours{24}, {old_secret, milliseconds{0}});
  const token_mint after(new_secret, std::chrono::hours{24});
  const auto old_token = before.issue(somebody(), noon).value();
  const auto new_token = rotated.issue(somebody(), noon).value();
  EXPECT_TRUE(rotated.check(old_token, noon));
  EXPECT_TRUE(rotated.check(new_token, noon));
  EXPECT_TRUE(after.check(new_token, noon));
  EXPECT_FALSE(after.check(old_token, noon)) << "a secret that is taken out ends its tokens";
  EXPECT_FALSE(before.check(new_token, noon));
  EXPECT_FALSE(
      token_mint(new_secret, std::chrono::hours{24}, {"", milliseconds{0}})
          .check(token_mint(std::string(32, 'x'), std::chrono::hours{24}).issue(somebody(), noon).value(), noon));
}

TEST(Token, OtherAlgorithmsAreRefusedWithEitherSecret) {
  for (const auto& key : {new_secret, old_secret}) {
    EXPECT_TRUE(is_taken(hs256, noon_s + 10, "", EVP_sha256(), key)) << "the control";
    EXPECT_FALSE(is_taken(R"({"alg":"HS384","typ":"JWT"})", noon_s + 10, "", EVP_sha384(), key));
    EXPECT_FALSE(is_taken(R"({"alg":"HS512","typ":"JWT"})", noon_s + 10, "", EVP_sha512(), key));
    EXPECT_FALSE(is_taken(R"({"alg":"none","typ":"JWT"})", noon_s + 10, "", EVP_sha256(), key));
    EXPECT_FALSE(is_taken(R"({"alg":"RS256","typ":"JWT"})", noon_s + 10, "", EVP_sha256(), key));
    EXPECT_FALSE(is_taken(R"({"typ":"JWT"})", noon_s + 10, "", EVP_sha256(), key));
  }
  EXPECT_FALSE(is_taken(hs256, noon_s + 10, "", EVP_sha256(), ""));
  const token_mint mint(new_secret, std::chrono::hours{24}, {old_secret, std::chrono::seconds{60}});
  const auto claims = test::claims_of(somebody(), noon_s + 10);
  EXPECT_FALSE(mint.check(test::base64url(R"({"alg":"none"})") + "." + test::base64url(claims) + ".", noon));
  for (const auto& key : {new_secret, old_secret})
    EXPECT_FALSE(mint.check(
        test::hand_made(hs256, test::claims_of(somebody(), noon_s + 10, "refresh_token"), EVP_sha256(), key), noon));
}

TEST(Token, ClocksMayBeOffByTheSkewAndNoMore) {
  const auto taken = [](std::int64_t exp, const std::string& more) {
    return is_taken(hs256, exp, more, EVP_sha256(), new_secret);
  };
  EXPECT_TRUE(taken(noon_s - 59, ""));
  EXPECT_FALSE(taken(noon_s - 60, ""));
  for (const std::string claim : {"iat", "nbf"}) {
    const auto at = [&](std::int64_t when) { return "\"" + claim + "\":" + std::to_string(when) + ","; };
    EXPECT_TRUE(taken(noon_s + 1000, at(noon_s + 60))) << claim;
    EXPECT_FALSE(taken(noon_s + 1000, at(noon_s + 61))) << claim;
    EXPECT_FALSE(taken(noon_s + 1000, at(-1))) << claim;
    EXPECT_FALSE(taken(noon_s + 1000, at(9'000'000'000'000'000))) << claim;
  }
}

TEST(Token, ARememberedTokenNeitherOutlivesItsEndNorBeginsEarly) {
  const token_mint mint(new_secret, std::chrono::seconds{100}, {old_secret, std::chrono::seconds{60}});
  for (const auto& key : {new_secret, old_secret}) {
    const auto token = token_mint(key, std::chrono::seconds{100}).issue(somebody(), noon).value();
    ASSERT_TRUE(mint.check(token, noon)) << "from here on it is remembered";
    EXPECT_TRUE(mint.check(token, noon + std::chrono::seconds{159}));
    EXPECT_FALSE(mint.check(token, noon + std::chrono::seconds{160}));
    EXPECT_FALSE(mint.check(token, noon - std::chrono::seconds{61}));
    const auto week = std::chrono::hours{24 * 7};
    EXPECT_TRUE(mint.check(token, noon + std::chrono::seconds{159} + week, week));
    EXPECT_FALSE(mint.check(token, noon + std::chrono::seconds{160} + week, week));
    EXPECT_FALSE(mint.check(token, noon + std::chrono::seconds{160})) << "a refresh lends no life to other requests";
  }
}

TEST(LoginGuard, ForgetsFailuresAfterTheWindowAndOnSuccess) {
  login_guard g(2, std::chrono::seconds{10});
  const steady_time t0{};
  g.note_failure("a", "1", t0);
  EXPECT_EQ(g.wait_for("a", "1", t0).count(), 0);
  g.note_failure("a", "1", t0 + std::chrono::seconds{4});
  EXPECT_EQ(g.wait_for("a", "1", t0 + std::chrono::seconds{5}), std::chrono::seconds{5});
  EXPECT_EQ(g.wait_for("a", "2", t0 + std::chrono::seconds{5}).count(), 0);
  EXPECT_EQ(g.wait_for("a", "1", t0 + std::chrono::seconds{10}).count(), 0);
  g.note_failure("a", "1", t0 + std::chrono::seconds{11});
  g.note_success("a", "1");
  EXPECT_EQ(g.wait_for("a", "1", t0 + std::chrono::seconds{11}).count(), 0);
}

TEST(LoginGuard, RemembersNoMoreThanItsLimit) {
  login_guard g(1, std::chrono::hours{1}, 3);
  const steady_time now{};
  for (const auto* name : {"a", "b", "c", "d"}) g.note_failure(name, "1", now);
  EXPECT_EQ(g.wait_for("a", "1", now).count(), 0);
  EXPECT_GT(g.wait_for("d", "1", now).count(), 0);
}

TEST(ZoneClock, ReadsAndWritesLocalTime) {
  const auto zone = zone_clock::in("Asia/Shanghai").value();
  EXPECT_EQ(zone.format(from_epoch_ms(0)), "1970-01-01 08:00:00");
  const auto day = zone.parse("2024-02-29");
  ASSERT_TRUE(day);
  EXPECT_EQ(zone.format(day->at), "2024-02-29 00:00:00");
  EXPECT_EQ(zone.format(day->last), "2024-02-29 23:59:59");
  EXPECT_TRUE(day->is_date_only);
  EXPECT_EQ(zone.format(zone.parse("2024-02-29T12:30")->last), "2024-02-29 12:30:59");
  for (const auto* bad : {"", "2023-02-29", "2024-13-01", "24-01-01", "2024-01-01 24:00:00", "2024-01-01 1", "now",
                          "2024-01-01 10:00:00Z", "2024-01-01x"})
    EXPECT_FALSE(zone.parse(bad)) << bad;
  // A day of 23 hours is covered whole.
  const auto berlin = zone_clock::in("Europe/Berlin").value();
  const auto spring = berlin.parse("2024-03-31");
  EXPECT_EQ(spring->last - spring->at, std::chrono::hours{23} - milliseconds{1});
  // A time that the clocks skipped does not end before it begins.
  const auto skipped = berlin.parse("2024-03-31 02:30:00");
  ASSERT_TRUE(skipped);
  EXPECT_EQ(berlin.format(skipped->at), "2024-03-31 03:00:00");
  EXPECT_EQ(skipped->last, skipped->at);
}

TEST(Conversation, DurationIsLastMinusFirstTimestamp) {
  EXPECT_EQ(conversation_duration_ms(R"([{"Timestamp":5,"X":{"Timestamp":99}},{"Timestamp":"25"}])"), 20);
  EXPECT_EQ(conversation_duration_ms(R"([{"timestamp":1000},{"timestamp":3500}])"), 2500);
  EXPECT_EQ(conversation_span_of(R"([{"timestamp":1000},{"Script":"a"}])")->timed_lines, 1);
  EXPECT_EQ(conversation_duration_ms("[]"), 0);
  EXPECT_EQ(conversation_duration_ms(R"([{"Timestamp":-9223372036854775808},{"Timestamp":9223372036854775807}])"), 0);
  EXPECT_FALSE(conversation_duration_ms(""));
  EXPECT_FALSE(conversation_duration_ms("{}"));
  EXPECT_FALSE(conversation_duration_ms("[{"));
}

TEST(Gzip, IsOnlyAcceptedWhenAllowed) {
  EXPECT_TRUE(accepts_gzip("br, gzip"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0, *"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.0"));
  EXPECT_FALSE(accepts_gzip("br"));
}

}  // namespace
}  // namespace waihu::http
