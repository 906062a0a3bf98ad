#include "messages/model/ids.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "messages/model/time.hpp"

namespace waihu {
namespace {

TEST(Shards, SpreadNeighbouringTasksEvenly) {
  constexpr int tasks = 256 * 400;
  std::array<int, shard_count> count{};
  for (int i = 1; i <= tasks; ++i) ++count.at(static_cast<std::size_t>(value(shard_of(task_id{i}))));
  // 400 expected, standard deviation 20: six of them are not reached by chance
  for (const int n : count) {
    EXPECT_GT(n, 400 - 120);
    EXPECT_LT(n, 400 + 120);
  }
}

TEST(Shards, StayInRangeForAnyNumber) {
  for (const auto n : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0},
                       std::numeric_limits<std::int64_t>::max()}) {
    const auto shard = value(shard_of(task_id{n}));
    EXPECT_GE(shard, 0);
    EXPECT_LT(shard, shard_count);
  }
}

TEST(Shards, AreTheSameInEveryBuild) {
  // written down once: another result would move every task of a running installation
  EXPECT_EQ(value(shard_of(task_id{1})), 193);
  EXPECT_EQ(value(shard_of(task_id{2})), 206);
  EXPECT_EQ(value(shard_of(task_id{1'000'000})), 231);
}

TEST(Times, SurviveTheWayToMillisecondsAndBack) {
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1'795'352'400'123}, std::int64_t{-1}})
    EXPECT_EQ(to_epoch_ms(from_epoch_ms(ms)), ms);
}

}  // namespace
}  // namespace waihu
