// Ten thousand dispatches in bad weather, and one in which the daemon dies before its N-th order, for every N. What
// must hold is in dispatch_simulation: nobody is dialled twice, nobody is forgotten, a suspended task sends nothing.
#include <gtest/gtest.h>

#include "tests/actors/machines/dispatch_simulation.hpp"

namespace waihu::testing {
namespace {

TEST(DispatchSimulation, DialsNobodyTwiceAndForgetsNobodyOnTenThousandWalks) {
  std::size_t tracked = 0;
  std::size_t unplaced = 0;
  int crashes = 0;
  run_walks(10'000, [&](std::uint64_t seed) {
    dispatch_weather weather;
    if (seed % 4 == 0) weather.crash = 0;
    if (seed % 4 == 1) weather.crash = 15;
    if (seed % 3 == 0) weather.lose_answer = 2;
    if (seed % 5 == 0) weather.hold = 0;
    if (seed % 7 == 0) weather.refuse = 2;
    dispatch_simulation simulation(seed, weather);
    EXPECT_EQ(simulation.run(), "") << simulation.trace();
    tracked += simulation.rows_tracked();
    unplaced += simulation.rows_unplaced();
    crashes += simulation.crashes();
  });
  if (std::getenv("WAIHU_SEED") != nullptr) return;
  EXPECT_GT(crashes, 10'000) << "the weather is too good to prove anything";
  EXPECT_GT(tracked, 100'000U);
  EXPECT_GT(unplaced, 1'000U);
}

TEST(DispatchSimulation, SendsNothingAgainThatTheProviderTookAndNeverLists) {
  std::size_t unplaced = 0;
  run_walks(2'000, [&](std::uint64_t seed) {
    dispatch_weather weather;
    weather.crash = 0;  // the answer and its note must not fall into a crash: that is a lost answer
    weather.hidden = 3;
    dispatch_simulation simulation(seed, weather);
    EXPECT_EQ(simulation.run(), "") << simulation.trace();
    unplaced += simulation.rows_unplaced();
  });
  if (std::getenv("WAIHU_SEED") == nullptr) {
    EXPECT_GT(unplaced, 1'000U);
  }
}

TEST(DispatchSimulation, TakesTheStartBackWhenEverythingIsRefused) {
  int reported = 0;
  run_walks(1'000, [&](std::uint64_t seed) {
    dispatch_weather weather;
    weather.refuse_all = true;
    weather.late_rows = 0;
    dispatch_simulation simulation(seed, weather);
    EXPECT_EQ(simulation.run(), "") << simulation.trace();
    EXPECT_EQ(simulation.rows_tracked(), 0U);
    reported += simulation.reported_nothing() ? 1 : 0;
  });
  if (std::getenv("WAIHU_SEED") == nullptr) {
    EXPECT_GT(reported, 500);
  }
}

TEST(DispatchSimulation, SurvivesACrashBeforeEachOfItsOrders) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    int crash_at = 1;
    for (int orders = 1; crash_at <= orders; ++crash_at) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", crash before order " + std::to_string(crash_at));
      dispatch_weather weather;
      weather.crash_at = crash_at;
      weather.hold = 0;
      dispatch_simulation simulation(seed, weather);
      ASSERT_EQ(simulation.run(), "") << simulation.trace();
      orders = simulation.orders();
    }
    EXPECT_GT(crash_at, 20);
  }
}

TEST(DispatchSimulation, AssignsEverythingInGoodWeatherWithinASecondOrTwo) {
  dispatch_weather weather;
  weather.faults_end = minutes{0};
  weather.late_rows = 0;
  dispatch_simulation simulation(1, weather);
  EXPECT_EQ(simulation.run(), "") << simulation.trace();
  EXPECT_EQ(simulation.rows_tracked(), weather.rows);
}

}  // namespace
}  // namespace waihu::testing
