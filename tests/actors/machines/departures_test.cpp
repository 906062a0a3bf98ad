#include "actors/departures.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace waihu {
namespace {

constexpr steady_time begin{std::chrono::hours{1}};
constexpr milliseconds now{0};

TEST(Departures, WhatWasGrantedInTimeButIsHeldUpLeavesNoFasterThanTheLimit) {
  departures d{4, 100, false};
  EXPECT_EQ(d.admit("A", 3, begin), now);
  EXPECT_GT(d.admit("A", 3, begin), now) << "six in one moment";
  EXPECT_EQ(d.admit("A", 1, begin), now);
  EXPECT_EQ(d.admit("A", 3, begin + departure_window), now);
}

TEST(Departures, NamesATimeAtWhichThereIsRoom) {
  departures d{2, 100, false};
  auto at = begin;
  int gone = 0;
  for (int asked = 0; asked < 100 && gone < 10; ++asked) {
    const auto wait = d.admit("A", 1, at);
    if (wait == now) ++gone;
    at += wait;
  }
  EXPECT_EQ(gone, 10);
  EXPECT_LE(at - begin, 5 * departure_window);
}

TEST(Departures, CountTheAccountOverAllOrganisations) {
  departures d{4, 5, false};
  EXPECT_EQ(d.admit("A", 4, begin), now);
  EXPECT_GT(d.admit("B", 2, begin), now);
  EXPECT_EQ(d.admit("B", 1, begin), now);
}

TEST(Departures, ARequestThatIsWrittenLateNeedsRoomThen) {
  departures d{2, 100, false};
  EXPECT_EQ(d.admit("A", 2, begin), now);
  EXPECT_TRUE(d.leave("A", 2, begin, begin + departure_spread)) << "as good as at once";
  const auto later = begin + departure_window;
  EXPECT_EQ(d.admit("A", 2, later), now) << "the second request, since the first has not been heard of";
  EXPECT_FALSE(d.leave("A", 2, begin, later + milliseconds{1})) << "the process slept, and both would ring together";
  EXPECT_TRUE(d.leave("A", 2, begin, later + departure_window));
}

TEST(Departures, ASharedLimitHasNoRoomWithoutAShareOrAfterItsEnd) {
  departures d{4, 8, true};
  EXPECT_GT(d.admit("A", 1, begin), now);
  d.set_share("A", 2, begin + milliseconds{4'000});
  EXPECT_GT(d.admit("A", 1, begin), now) << "the account's share is missing";
  d.set_share("", 8, begin + milliseconds{4'000});
  EXPECT_EQ(d.admit("A", 2, begin), now);
  EXPECT_GT(d.admit("A", 1, begin), now);
  EXPECT_EQ(d.admit("A", 1, begin + milliseconds{2'000}), now);
  d.end_shares_by(begin + milliseconds{3'200});
  EXPECT_GT(d.admit("A", 1, begin + milliseconds{3'200}), now);
}

TEST(Departures, NothingLeavesBeforeAnEarlierProcesssSecondIsOver) {
  departures d{4, 8, false, begin + departure_window};
  EXPECT_EQ(d.admit("A", 1, begin), departure_window);
  EXPECT_EQ(d.admit("A", 1, begin + departure_window), now);
}

TEST(Departures, NoSecondSeesMoreThanTheLimitHoweverRequestsAreDelayed) {
  std::mt19937 dice{7};
  departures d{5, 100, false};
  std::deque<steady_time> written;
  auto at = begin;
  for (int request = 0; request < 5'000; ++request) {
    at += milliseconds{std::uniform_int_distribution{0, 300}(dice)};
    const auto calls = static_cast<std::size_t>(std::uniform_int_distribution{1, 5}(dice));
    if (d.admit("A", calls, at) != now) continue;
    const auto leaves = at + milliseconds{std::uniform_int_distribution{0, request % 7 == 0 ? 3'000 : 50}(dice)};
    if (!d.leave("A", calls, at, leaves)) continue;
    at = leaves;
    written.insert(written.end(), calls, leaves);
    while (leaves - written.front() >= std::chrono::seconds{1}) written.pop_front();
    ASSERT_LE(written.size(), 5U) << "request " << request;
  }
}

}  // namespace
}  // namespace waihu
