#include "actors/task_board.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace waihu {
namespace {

described_task standing(task_type type, std::int64_t total) {
  described_task d;
  d.type = type;
  d.counters.total = total;
  return d;
}

TEST(TaskBoard, ShowsATaskToItsOrganisationAndToNobodyElse) {
  const auto board = std::make_shared<task_board>();
  const auto place = board->take("A", task_id{7}, standing(task_type::calling, 3));
  const auto own = board->look({"A", task_id{7}});
  ASSERT_TRUE(own);
  EXPECT_EQ(own->type, task_type::calling);
  EXPECT_EQ(own->counters.total, 3);
  EXPECT_FALSE(board->look({"B", task_id{7}}));
  EXPECT_FALSE(board->look({"A", task_id{8}}));
  place->show(standing(task_type::suspended, 3));
  EXPECT_EQ(board->look({"A", task_id{7}})->type, task_type::suspended);
}

TEST(TaskBoard, APlaceGoesWithItsHolder) {
  const auto board = std::make_shared<task_board>();
  auto place = board->take("A", task_id{7}, {});
  EXPECT_EQ(board->size(), 1U);
  place.reset();
  EXPECT_EQ(board->size(), 0U);
  EXPECT_FALSE(board->look({"A", task_id{7}}));
}

TEST(TaskBoard, AnActorThatHungDoesNotShowOverItsSuccessorNorTakeItsPlaceAlong) {
  const auto board = std::make_shared<task_board>();
  auto hung = board->take("A", task_id{7}, standing(task_type::calling, 1));
  const auto successor = board->take("A", task_id{7}, standing(task_type::suspended, 2));
  hung->show(standing(task_type::calling, 9));
  EXPECT_EQ(board->look({"A", task_id{7}})->counters.total, 2);
  hung.reset();
  ASSERT_TRUE(board->look({"A", task_id{7}}));
  EXPECT_EQ(board->look({"A", task_id{7}})->type, task_type::suspended);
}

TEST(TaskBoard, IsReadWhileItIsWritten) {
  const auto board = std::make_shared<task_board>();
  const auto place = board->take("A", task_id{7}, standing(task_type::calling, 0));
  std::atomic<bool> stop{false};
  std::thread others([&] {
    while (!stop) board->take("A", task_id{8}, {}).reset();
  });
  std::thread reader([&] {
    std::int64_t last = 0;
    while (!stop) {
      const auto seen = board->look({"A", task_id{7}});
      ASSERT_TRUE(seen);
      // Never half of one state and half of another, never back in time.
      ASSERT_EQ(seen->counters.total, seen->counters.completed);
      ASSERT_GE(seen->counters.total, last);
      last = seen->counters.total;
    }
  });
  for (std::int64_t n = 1; n <= 20'000; ++n) {
    auto now = standing(task_type::calling, n);
    now.counters.completed = n;
    place->show(std::move(now));
  }
  stop = true;
  others.join();
  reader.join();
}

}  // namespace
}  // namespace waihu
