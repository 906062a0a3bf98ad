// The listener on a real server: it hears of what others change, says when it may have missed something, and comes back
// after every loss.
#include <condition_variable>
#include <mutex>

#include "persistence/migrate.hpp"
#include "persistence/postgres_task_listener.hpp"
#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

using namespace std::chrono_literals;

// What a listener has told, for a test to wait on.
class notebook {
 public:
  task_listener_callbacks callbacks() {
    return {[this](std::vector<task_id> tasks) {
              const std::lock_guard lock{mutex_};
              ++calls_;
              tasks_.insert(tasks_.end(), tasks.begin(), tasks.end());
              news_.notify_all();
            },
            [this] {
              const std::lock_guard lock{mutex_};
              ++missed_;
              news_.notify_all();
            }};
  }
  bool wait_for_missed(int count, std::chrono::milliseconds limit = 10s) {
    return wait(limit, [&] { return missed_ >= count; });
  }
  bool wait_for_tasks(std::size_t count, std::chrono::milliseconds limit = 10s) {
    return wait(limit, [&] { return tasks_.size() >= count; });
  }
  std::vector<task_id> tasks() {
    const std::lock_guard lock{mutex_};
    return tasks_;
  }
  int calls() {
    const std::lock_guard lock{mutex_};
    return calls_;
  }
  int missed() {
    const std::lock_guard lock{mutex_};
    return missed_;
  }

 private:
  template <class Condition>
  bool wait(std::chrono::milliseconds limit, Condition condition) {
    std::unique_lock lock{mutex_};
    return news_.wait_for(lock, limit, condition);
  }
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<task_id> tasks_;
  int calls_{}, missed_{};
};

class TaskListener : public on_every_store {
 protected:
  // Past the store, as a person with psql would.
  void outside(const std::string& sql) { ASSERT_EQ(run_sql(*world.database, sql), "") << sql; }
  notebook notes;
};
INSTANTIATE_TEST_SUITE_P(Stores, TaskListener, ::testing::Values("postgres"));

TEST_P(TaskListener, TellsWhatOthersChangedAndNothingOfOurOwnWrites) {
  const postgres_task_listener listener{*world.database, notes.callbacks()};
  ASSERT_TRUE(notes.wait_for_missed(1)) << "it says when it has begun to listen";
  const auto ours = calling_task(3);
  import_leads(1, "ORG002");
  const auto theirs = make_task("ORG002");
  outside("update call_tasks set task_type = 2 where id = " + std::to_string(value(theirs)));
  ASSERT_TRUE(notes.wait_for_tasks(1));
  EXPECT_EQ(notes.tasks(), std::vector{theirs}) << "and not " << value(ours);
  EXPECT_EQ(notes.missed(), 1);
}

TEST_P(TaskListener, ListensAgainAfterItsConnectionWasKilledAndSaysThatItMayHaveMissedSomething) {
  const auto id = calling_task(1);
  const postgres_task_listener listener{*world.database, notes.callbacks()};
  ASSERT_TRUE(notes.wait_for_missed(1));
  for (int round = 1; round <= 3; ++round) {
    ASSERT_GT(end_sessions(*world.database), 0);
    ASSERT_TRUE(notes.wait_for_missed(1 + round)) << "round " << round;
    outside("select pg_notify('waihu_tasks', '" + std::to_string(value(id)) + "')");
    ASSERT_TRUE(notes.wait_for_tasks(static_cast<std::size_t>(round))) << "round " << round;
  }
}

TEST_P(TaskListener, SurvivesAServerThatRestartsAndOneThatIsAwayForAWhile) {
  private_cluster cluster;
  ASSERT_TRUE(migrate(cluster.options()));
  const postgres_task_listener listener{cluster.options(), notes.callbacks()};
  ASSERT_TRUE(notes.wait_for_missed(1));
  cluster.restart_immediate();
  ASSERT_TRUE(notes.wait_for_missed(2));
  cluster.kill9();
  cluster.start();
  ASSERT_TRUE(notes.wait_for_missed(3));
  ASSERT_EQ(run_sql(cluster.options(), "notify waihu_tasks, '77'"), "");
  ASSERT_TRUE(notes.wait_for_tasks(1));
  EXPECT_EQ(notes.tasks(), std::vector{task_id{77}});
}

TEST_P(TaskListener, AStormIsToldInFewCallsAndAFloodAsOneWordThatEverythingMustBeLookedAt) {
  const postgres_task_listener listener{*world.database, notes.callbacks()};
  ASSERT_TRUE(notes.wait_for_missed(1));
  // One transaction each: a script that repairs task after task.
  const auto began = std::chrono::steady_clock::now();
  outside("do $$ begin for n in 1..900 loop perform pg_notify('waihu_tasks', n::text); commit; end loop; end $$");
  ASSERT_TRUE(notes.wait_for_tasks(900));
  const auto gatherings = (std::chrono::steady_clock::now() - began) / 50ms + 1;
  EXPECT_LE(notes.calls(), gatherings);
  EXPECT_EQ(notes.missed(), 1);
  outside("select pg_notify('waihu_tasks', n::text) from generate_series(1, 20000) n");
  ASSERT_TRUE(notes.wait_for_missed(2));
}

TEST_P(TaskListener, WhatDoesNotNameATaskIsRefusedAndHarmsNothing) {
  for (const auto* bad : {"", "0", "-1", "+1", " 1", "1 ", "01", "1x", "0x1", "1.0", "9223372036854775808",
                          "99999999999999999999999999", "\xe4\xbb\xbb"})
    EXPECT_FALSE(parse_task_notification(bad)) << '"' << bad << '"';
  EXPECT_EQ(parse_task_notification("9223372036854775807"), task_id{9223372036854775807});
  const postgres_task_listener listener{*world.database, notes.callbacks()};
  ASSERT_TRUE(notes.wait_for_missed(1));
  outside("select pg_notify('waihu_tasks', repeat('9', 7000))");
  outside("notify waihu_tasks, 'drop table'; notify waihu_tasks");
  outside("notify waihu_tasks, '12'");
  ASSERT_TRUE(notes.wait_for_tasks(1));
  EXPECT_EQ(notes.tasks(), std::vector{task_id{12}});
}

TEST_P(TaskListener, EndsAtOnceWhetherItListensOrTriesToConnect) {
  const auto ends_soon = [](std::unique_ptr<postgres_task_listener> listener) {
    const auto begin = std::chrono::steady_clock::now();
    listener.reset();
    return std::chrono::steady_clock::now() - begin < 500ms;
  };
  auto listener = std::make_unique<postgres_task_listener>(*world.database, notes.callbacks());
  ASSERT_TRUE(notes.wait_for_missed(1));
  EXPECT_TRUE(ends_soon(std::move(listener)));
  auto options = *world.database;
  options.reconnect_min = options.reconnect_max = 60s;
  options.url = "postgresql://127.0.0.1:1/none";
  EXPECT_TRUE(ends_soon(std::make_unique<postgres_task_listener>(options, notes.callbacks())));
  options.url = "not = a = connection string";
  EXPECT_TRUE(ends_soon(std::make_unique<postgres_task_listener>(options, notes.callbacks())));
}

}  // namespace
}  // namespace waihu::testing
