// Tasks live where their shard is owned, and nowhere else: what comes is loaded, what goes leaves or is ended.
#include <gtest/gtest.h>

#include "persistence/memory_state.hpp"
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

class Shards : public EngineFixture {
 protected:
  /// What the keeper says: every shard under its present epoch but those of `without`.
  void own_all_but(const std::vector<shard_id>& without, milliseconds good_for = 1h) {
    owned_news news;
    for (int i = 0; i < shard_count; ++i) news.epochs[static_cast<std::size_t>(i)] = epoch_t{1};
    for (const auto shard : without) news.epochs[index_of(shard)] = epoch_t{};
    news.good_until = sched().clock().now() + good_for;
    tell(news);
  }
  void tell(const owned_news& news) {
    caf::anon_send(eng->overseer, owned_atom::value, owned_news_ptr(std::make_shared<const owned_news>(news)));
    settle();
  }
  bool hand_over(std::vector<shard_id> shards) {
    bool done = false;
    caf::scoped_actor self{eng_system()};
    auto handle = self->request(eng->overseer, caf::infinite, hand_atom::value,
                                shard_list(std::make_shared<const std::vector<shard_id>>(std::move(shards))));
    pass(2s);
    handle.receive([&](bool) { done = true; }, [](caf::error& error) { FAIL() << "code " << int{error.code()}; });
    return done;
  }
  /// A task whose calls are followed.
  task_id followed_task(int leads) {
    const auto task = make_task(leads);
    EXPECT_TRUE(start_task(task));
    pass(2s);
    provider->set_all(call_status::executing, "Executing");
    pass(15s);
    EXPECT_TRUE(task_actor(task));
    return task;
  }
};

TEST_F(Shards, ATaskOfALostShardIsEndedAtOnceAndLoadedWhenItComesBack) {
  start_node();
  const auto task = followed_task(3);
  own_all_but({shard_of(task)});
  EXPECT_FALSE(task_actor(task));
  EXPECT_EQ(eng->counts->jobs, 0);
  EXPECT_EQ(eng->shards->owned(), 255U);
  const auto refused = start_task(task);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_EQ(refused.error().vendor_code, "elsewhere");
  pass(400s);
  EXPECT_FALSE(task_actor(task)) << "no sweep brings it back";
  own_all_but({});
  pass(2s);
  EXPECT_TRUE(task_actor(task));
  provider->set_all(call_status::succeeded, "SucceededFinish", some_conversation);
  pass_until([&] { return stored_task(task).type == task_type::follow_up_complete; }, 60s, "task at 4");
  EXPECT_EQ(provider->doubles(), 0);
}

TEST_F(Shards, ATaskIsNeverKeptOverAChangeOfEpoch) {
  start_node();
  const auto task = followed_task(2);
  const auto before = task_actor(task);
  for (auto& shard : memory->shards) shard.epoch = 2;
  owned_news news;
  for (auto& epoch : news.epochs) epoch = epoch_t{2};
  news.good_until = sched().clock().now() + 1h;
  tell(news);
  pass(1s);
  EXPECT_NE(task_actor(task), before) << "what another owner wrote between is not in it";
}

TEST_F(Shards, ALoadThatWasOvertakenMakesNoSecondActor) {
  start_node();
  const auto task = followed_task(2);
  own_all_but({shard_of(task)});
  owned_news all, none;
  for (auto& epoch : all.epochs) epoch = epoch_t{1};
  all.good_until = none.good_until = sched().clock().now() + 1h;
  const auto say = [&](const owned_news& news) {
    caf::anon_send(eng->overseer, owned_atom::value, owned_news_ptr(std::make_shared<const owned_news>(news)));
  };
  // Lost and confirmed again under the same epoch while the store is being read.
  say(all);
  caf::anon_send(eng->overseer, ensure_atom::value, task);
  say(none);
  say(all);
  caf::anon_send(eng->overseer, ensure_atom::value, task);
  settle();
  EXPECT_EQ(eng->counts->tasks, 1);
}

TEST_F(Shards, AHandedOverTaskStoresWhatARestartNeeds) {
  options.supervisor.sweep_interval = std::chrono::hours{10};
  start_node();
  const auto task = followed_task(3);
  EXPECT_TRUE(hand_over({shard_of(task)}));
  EXPECT_FALSE(task_actor(task));
  EXPECT_EQ(eng->counts->jobs, 0);
  for (const auto& job : stored_jobs(task)) EXPECT_TRUE(job.job.last_change_at) << "counts on elsewhere";
  const auto refused = start_task(task);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().vendor_code, "elsewhere") << "until the store says whose it is";
  own_all_but({});
  pass(2s);
  EXPECT_TRUE(task_actor(task)) << "it could not be given up after all";
}

TEST_F(Shards, NothingIsOursAfterTheLeaseThatTheStoreDoesNotConfirm) {
  start_node();
  const auto task = followed_task(2);
  own_all_but({}, 10s);
  pass(8s);
  EXPECT_TRUE(task_actor(task));
  pass(2s);
  EXPECT_FALSE(task_actor(task)) << "a second before another node may take it";
  EXPECT_EQ(eng->shards->owned(), 0U);
  own_all_but({}, 10s);
  pass(2s);
  EXPECT_TRUE(task_actor(task)) << "confirmed after all, and nobody had taken it";
}

}  // namespace

}  // namespace waihu::test
