// The wheel against a plain map: never early, at most one tick late, nothing lost, nothing left behind.
#include "actors/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/actors/machines/walk.hpp"

namespace waihu::testing {
namespace {

constexpr steady_time day_one{std::chrono::hours{24}};

TEST(TimerWheel, IsNeverEarlyAndAtMostOneTickLate) {
  for (const auto delay : {milliseconds{0}, milliseconds{1}, milliseconds{99}, milliseconds{100}, milliseconds{101},
                           milliseconds{25'599}, milliseconds{25'600}, milliseconds{25'601}, milliseconds{7'200'000}}) {
    for (const auto offset : {0, 1, 50, 99}) {
      auto now = day_one + milliseconds{offset};
      timer_wheel wheel(now);
      const auto when = now + delay;
      wheel.arm(7, when);
      for (;;) {
        const auto fired = wheel.due(now, 10);
        if (!fired.empty()) break;
        ASSERT_LT(now, when + wheel.tick()) << "missed " << delay.count();
        now += wheel.tick();
      }
      EXPECT_GE(now, when) << "early";
      EXPECT_LE(now - when, wheel.tick()) << "late";
      EXPECT_EQ(wheel.size(), 0U);
    }
  }
}

TEST(TimerWheel, KeepsOnlyTheLastWishOfAnOwner) {
  timer_wheel wheel(day_one);
  wheel.arm(1, day_one + seconds{1});
  wheel.arm(1, day_one + seconds{50});
  wheel.arm(1, day_one + seconds{3});
  EXPECT_EQ(wheel.size(), 1U);
  EXPECT_TRUE(wheel.due(day_one + milliseconds{2'999}, 10).empty());
  EXPECT_EQ(wheel.due(day_one + seconds{3}, 10), std::vector<timer_wheel::owner>{1});
  EXPECT_TRUE(wheel.due(day_one + minutes{5}, 10).empty());
}

TEST(TimerWheel, ForgetsWhoIsDisarmed) {
  timer_wheel wheel(day_one);
  for (timer_wheel::owner who = 0; who < 1'000; ++who) wheel.arm(who, day_one + milliseconds{who * 37});
  for (timer_wheel::owner who = 0; who < 1'000; ++who) wheel.disarm(who);
  wheel.disarm(5'000);
  EXPECT_EQ(wheel.size(), 0U);
  EXPECT_TRUE(wheel.due(day_one + minutes{10}, 10'000).empty());
}

TEST(TimerWheel, GivesAThousandAtATimeAndLosesNoneOfTheRest) {
  timer_wheel wheel(day_one);
  for (timer_wheel::owner who = 0; who < 10'500; ++who) wheel.arm(who, day_one + milliseconds{who % 300});
  const auto now = day_one + seconds{1};
  std::set<timer_wheel::owner> all;
  int slices = 0;
  for (auto slice = wheel.due(now, 1'000); !slice.empty(); slice = wheel.due(now, 1'000)) {
    ASSERT_LE(slice.size(), 1'000U);
    ++slices;
    for (const auto who : slice) {
      ASSERT_TRUE(all.insert(who).second) << "fired twice";
    }
  }
  EXPECT_EQ(all.size(), 10'500U);
  EXPECT_EQ(slices, 11);
}

TEST(TimerWheel, FiresEverythingAfterAPauseOfManyRounds) {
  timer_wheel wheel(day_one);
  for (timer_wheel::owner who = 0; who < 500; ++who) wheel.arm(who, day_one + milliseconds{who * 977});
  EXPECT_EQ(wheel.due(day_one + std::chrono::hours{5}, 1'000).size(), 500U);
}

TEST(TimerWheel, BehavesLikeAPlainMapOnAThousandWalks) {
  run_walks(1'000, [](std::uint64_t seed) {
    walk_random random(seed);
    auto now = day_one + milliseconds{random.between(0, 1'000)};
    timer_wheel wheel(now, milliseconds{random.one_in(2) ? 100 : 7}, random.one_in(2) ? 256 : 8);
    std::map<timer_wheel::owner, steady_time> naive;
    for (int step = 0; step < 200; ++step) {
      const auto who = static_cast<timer_wheel::owner>(random.below(40));
      switch (random.below(4)) {
        case 0:
        case 1: {
          const auto when = now + milliseconds{random.one_in(5) ? -random.between(0, 500) : random.between(0, 9'000)};
          wheel.arm(who, when);
          naive[who] = when;
          break;
        }
        case 2:
          wheel.disarm(who);
          naive.erase(who);
          break;
        default: {
          now += milliseconds{random.one_in(10) ? random.between(0, 60'000) : random.between(0, 150)};
          const auto limit = 1 + random.below(6);
          for (auto fired = wheel.due(now, limit); !fired.empty(); fired = wheel.due(now, limit)) {
            ASSERT_LE(fired.size(), limit);
            for (const auto f : fired) {
              ASSERT_TRUE(naive.contains(f)) << "fired although not armed";
              ASSERT_LE(naive.at(f), now) << "early";
              naive.erase(f);
            }
          }
          for (const auto& [left, when] : naive) {
            ASSERT_GT(when, now) << "owner " << left << " was missed";
          }
        }
      }
      ASSERT_EQ(wheel.size(), naive.size());
    }
  });
}

}  // namespace
}  // namespace waihu::testing
