// When a node calls itself ready, fact by fact.
#include "app/readiness.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace waihu::test {
namespace {

constexpr std::int64_t now = 1'000'000;

readiness_facts healthy() {
  readiness_facts f;
  f.life = node_life::running;
  f.now_ms = now;
  f.claim = {now - 2'000, 0};
  f.claim_good_until_ms = now + 8'000;
  f.pulse_ms = now - 500;
  return f;
}

/// The names of the checks that fail, in order.
std::string failing(const readiness_facts& f, const readiness_limits& limits = {}) {
  const auto verdict = judge_readiness(f, limits);
  std::string names;
  for (const auto& c : verdict.checks) {
    EXPECT_EQ(c.is_ok, c.reason.empty()) << c.name;
    if (!c.is_ok) names += (names.empty() ? "" : " ") + std::string(c.name);
  }
  EXPECT_EQ(verdict.is_ready(), names.empty());
  return names;
}

std::string failing_with(const std::function<void(readiness_facts&)>& change) {
  auto f = healthy();
  change(f);
  return failing(f);
}

TEST(Readiness, AQuietNodeThatOnlyRenewsItsClaimIsReady) { EXPECT_EQ(failing(healthy()), ""); }

TEST(Readiness, ANodeThatStartsOrStopsIsNot) {
  EXPECT_EQ(failing_with([](auto& f) { f.life = node_life::starting; }), "running");
  EXPECT_EQ(failing_with([](auto& f) { f.life = node_life::stopping; }), "running");
  EXPECT_EQ(failing(readiness_facts{}), "running store claim actors") << "nothing has happened yet";
}

TEST(Readiness, TheStoreIsAwayFromWhenAnybodyFindsItAwayUntilHeHearsFromIt) {
  for (const auto user : {&readiness_facts::writer, &readiness_facts::reader, &readiness_facts::claim}) {
    EXPECT_EQ(failing_with([user](auto& f) { f.*user = {now - 3'000, now - 1'000}; }), "store");
    EXPECT_EQ(failing_with([user](auto& f) { f.*user = {now - 1'000, now - 3'000}; }), "");
  }
}

TEST(Readiness, AFailureOfSomebodyWhoNeverAskedAgainIsForgotten) {
  EXPECT_EQ(failing_with([](auto& f) { f.reader = {0, now - 10'000}; }), "store");
  EXPECT_EQ(failing_with([](auto& f) { f.reader = {0, now - 10'001}; }), "");
}

TEST(Readiness, AStoreThatHangsIsAwayOnceNobodyHeardFromItForTheLease) {
  EXPECT_EQ(failing_with([](auto& f) { f.claim = {now - 10'000, 0}; }), "");
  EXPECT_EQ(failing_with([](auto& f) { f.claim = {now - 10'001, 0}; }), "store");
  EXPECT_EQ(failing_with([](auto& f) {
              f.claim = {now - 60'000, 0};
              f.writer = {now - 10, 0};
            }),
            "");
}

TEST(Readiness, TheClaimMustSurelyHoldNow) {
  EXPECT_EQ(failing_with([](auto& f) { f.claim_good_until_ms = now + 1; }), "");
  EXPECT_EQ(failing_with([](auto& f) { f.claim_good_until_ms = now; }), "claim");
}

TEST(Readiness, ActorsThatDoNotTurnOverAreStuck) {
  EXPECT_EQ(failing_with([](auto& f) { f.pulse_ms = now - 5'000; }), "");
  EXPECT_EQ(failing_with([](auto& f) { f.pulse_ms = now - 5'001; }), "actors");
}

TEST(Readiness, ALookMayBeOverdueForSoLongAndNoLonger) {
  EXPECT_EQ(failing_with([](auto& f) { f.oldest_look_due_ms = now - 30'000; }), "");
  EXPECT_EQ(failing_with([](auto& f) { f.oldest_look_due_ms = now - 30'001; }), "looks");
  EXPECT_EQ(failing_with([](auto& f) { f.oldest_look_due_ms = now + 50; }), "") << "asked for after the time was read";
}

TEST(Readiness, LooksThatTheProviderDoesNotServeAreOverdueSinceTheFirst) {
  EXPECT_EQ(failing_with([](auto& f) {
              f.unserved_since_ms = now - 30'001;
              f.unserved_last_ms = now - 100;
            }),
            "looks");
  EXPECT_EQ(failing_with([](auto& f) {
              f.unserved_since_ms = now - 20'000;
              f.unserved_last_ms = now - 100;
            }),
            "");
}

TEST(Readiness, LooksThatNobodyAsksForAnyMoreAreNotOverdueForEver) {
  EXPECT_EQ(failing_with([](auto& f) {
              f.unserved_since_ms = now - 900'000;
              f.unserved_last_ms = now - 150'001;
            }),
            "");
}

TEST(Readiness, NamesEachCheckInItsJson) {
  auto f = healthy();
  f.oldest_look_due_ms = now - 45'600;
  EXPECT_EQ(judge_readiness(f, {}).json(),
            R"({"ready":false,"checks":{"running":{"ok":true},"store":{"ok":true},"claim":{"ok":true},)"
            R"("actors":{"ok":true},"looks":{"ok":false,"reason":"the oldest is overdue by 45.6 s"}}})"
            "\n");
  EXPECT_EQ(judge_readiness(healthy(), {}).json().substr(0, 14), R"({"ready":true,)");
}

}  // namespace
}  // namespace waihu::test
