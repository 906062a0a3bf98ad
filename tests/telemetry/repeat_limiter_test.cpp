#include "telemetry/repeat_limiter.hpp"

#include <gtest/gtest.h>

namespace waihu::telemetry {
namespace {

using namespace std::chrono_literals;

const steady_time start{1h};

TEST(RepeatLimiter, AdmitsTheFirstOfEachKey) {
  repeat_limiter limiter(10s);
  EXPECT_EQ(limiter.admit("a", start), 0U);
  EXPECT_EQ(limiter.admit("b", start), 0U);
}

TEST(RepeatLimiter, LeavesOutWhatRepeatsWithinTheIntervalAndTellsHowManyAfterIt) {
  repeat_limiter limiter(10s);
  ASSERT_TRUE(limiter.admit("a", start));
  for (int i = 1; i <= 999; ++i) EXPECT_FALSE(limiter.admit("a", start + i * 10ms)) << i;
  EXPECT_EQ(limiter.admit("a", start + 10s), 999U);
  EXPECT_FALSE(limiter.admit("a", start + 19s));
  EXPECT_EQ(limiter.admit("a", start + 20s), 1U);
}

TEST(RepeatLimiter, StartsCountingAgainAfterEachAdmission) {
  repeat_limiter limiter(1s);
  EXPECT_EQ(limiter.admit("a", start), 0U);
  EXPECT_EQ(limiter.admit("a", start + 1s), 0U);
  EXPECT_EQ(limiter.admit("a", start + 2s), 0U);
}

TEST(RepeatLimiter, ForgetsTheOldestKeyWhenItIsFull) {
  repeat_limiter limiter(1h, 3);
  limiter.admit("a", start);
  limiter.admit("b", start + 1s);
  limiter.admit("c", start + 2s);
  limiter.admit("d", start + 3s);
  EXPECT_EQ(limiter.size(), 3U);
  EXPECT_FALSE(limiter.admit("b", start + 4s));
  EXPECT_EQ(limiter.admit("a", start + 5s), 0U) << "the oldest is new again";
  EXPECT_EQ(limiter.size(), 3U);
}

}  // namespace
}  // namespace waihu::telemetry
