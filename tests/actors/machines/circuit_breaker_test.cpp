// The breaker opens by share or by run, lets one probe through, and waits twice as long after each probe that failed.
#include "actors/circuit_breaker.hpp"

#include <gtest/gtest.h>

#include "actors/token_bucket.hpp"
#include "tests/actors/machines/walk.hpp"

namespace waihu::testing {
namespace {

constexpr steady_time day_one{std::chrono::hours{24}};

void fail_times(circuit_breaker& breaker, int n, steady_time now) {
  for (int i = 0; i < n; ++i) breaker.failed(now);
}

TEST(CircuitBreaker, OpensAtFiveFailuresInARow) {
  circuit_breaker breaker{breaker_policy{}};
  fail_times(breaker, 4, day_one);
  EXPECT_TRUE(breaker.admit(day_one));
  breaker.succeeded();
  fail_times(breaker, 4, day_one);
  EXPECT_TRUE(breaker.admit(day_one)) << "a success between breaks the run";
  EXPECT_TRUE(breaker.failed(day_one)) << "the fifth opens it and says so";
  EXPECT_FALSE(breaker.admit(day_one));
  EXPECT_FALSE(breaker.failed(day_one)) << "a straggler does not open it again";
}

TEST(CircuitBreaker, OpensAtHalfOfTheLastTwentyAndNotOfFewer) {
  circuit_breaker breaker{breaker_policy{}};
  for (int pair = 0; pair < 9; ++pair) {
    ASSERT_FALSE(breaker.failed(day_one)) << pair;
    breaker.succeeded();
  }
  breaker.succeeded();
  EXPECT_TRUE(breaker.admit(day_one)) << "19 calls are no full window";
  EXPECT_TRUE(breaker.failed(day_one)) << "10 of 20 failed";
}

TEST(CircuitBreaker, StaysClosedBelowHalf) {
  circuit_breaker breaker{breaker_policy{}};
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_FALSE(breaker.failed(day_one)) << i;
    breaker.succeeded();
    breaker.succeeded();
  }
}

TEST(CircuitBreaker, LetsExactlyOneProbeThroughWhenItsTimeHasCome) {
  circuit_breaker breaker{breaker_policy{}};
  fail_times(breaker, 5, day_one);
  EXPECT_EQ(breaker.retry_in(day_one), seconds{5});
  EXPECT_FALSE(breaker.admit(day_one + milliseconds{4'999}));
  EXPECT_EQ(breaker.retry_in(day_one + seconds{5}), milliseconds{0});
  EXPECT_TRUE(breaker.admit(day_one + seconds{5}));
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(breaker.admit(day_one + minutes{10}));
  EXPECT_EQ(breaker.state(), breaker_state::half_open);
}

TEST(CircuitBreaker, DoublesItsPauseUpToAMinuteAndForgetsAfterASuccess) {
  circuit_breaker breaker{breaker_policy{}};
  auto now = day_one;
  fail_times(breaker, 5, now);
  for (const int pause : {5, 10, 20, 40, 60, 60}) {
    ASSERT_FALSE(breaker.admit(now + seconds{pause} - milliseconds{1})) << pause;
    now += seconds{pause};
    ASSERT_TRUE(breaker.admit(now)) << pause;
    ASSERT_TRUE(breaker.failed(now));
  }
  now += seconds{60};
  ASSERT_TRUE(breaker.admit(now));
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), breaker_state::closed);
  fail_times(breaker, 4, now);
  EXPECT_TRUE(breaker.admit(now)) << "the old window is forgotten";
  breaker.failed(now);
  EXPECT_EQ(breaker.retry_in(now), seconds{5});
}

TEST(CircuitBreaker, AnswersOfCallsSentBeforeItOpenedDoNotCloseIt) {
  circuit_breaker breaker{breaker_policy{}};
  fail_times(breaker, 5, day_one);
  breaker.succeeded();
  EXPECT_FALSE(breaker.admit(day_one));
}

TEST(TokenBucket, GivesNeverMoreThanItsDepthPlusWhatFlowedIn) {
  run_walks(500, [](std::uint64_t seed) {
    walk_random random(seed);
    const double rate = 0.5 + static_cast<double>(random.below(100));
    const double burst = 1.0 + static_cast<double>(random.below(20));
    token_bucket bucket(rate, burst);
    auto now = day_one;
    std::size_t taken = 0;
    for (int i = 0; i < 200; ++i) {
      if (random.one_in(3)) now += milliseconds{random.between(0, 2'000)};
      const auto wanted = random.below(30);
      const auto got = bucket.take(wanted, now);
      ASSERT_LE(got, wanted);
      taken += got;
      const auto passed = std::chrono::duration<double>(now - day_one).count();
      ASSERT_LE(static_cast<double>(taken), burst + passed * rate + 1e-6);
    }
  });
}

TEST(TokenBucket, HasATokenWhenItSaidItWould) {
  run_walks(500, [](std::uint64_t seed) {
    walk_random random(seed);
    token_bucket bucket(0.3 + static_cast<double>(random.below(50)), 1.0 + static_cast<double>(random.below(9)));
    auto now = day_one;
    for (int i = 0; i < 100; ++i) {
      while (bucket.take(1, now) == 1) {
      }
      const auto wait = bucket.next_in(now);
      ASSERT_GT(wait, milliseconds{0});
      now += wait;
      ASSERT_EQ(bucket.take(1, now), 1U);
    }
  });
}

TEST(TokenBucket, TakesBackWhatWasNotUsedButNeverOverflows) {
  token_bucket bucket(1, 5);
  EXPECT_EQ(bucket.take(9, day_one), 5U);
  bucket.give_back(3);
  EXPECT_EQ(bucket.take(9, day_one), 3U);
  bucket.give_back(50);
  EXPECT_EQ(bucket.take(99, day_one), 5U);
}

}  // namespace
}  // namespace waihu::testing
