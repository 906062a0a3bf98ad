// Supervision under virtual time: crashed children come back, what keeps crashing is quarantined, ownership is
// respected.
#include "actors/call_task_actor.hpp"
#include "persistence/memory_state.hpp"
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

class Supervision : public EngineFixture {
 protected:
  /// What the store's listener tells.
  void tell_of_changes(std::vector<task_id> tasks) {
    caf::anon_send(eng->overseer, changed_atom::value, std::make_shared<const std::vector<task_id>>(std::move(tasks)));
    settle();
  }
  /// Past this node, as SQL by hand would do it.
  void force_type(task_id task, task_type type) {
    const std::lock_guard lock{memory->mutex};
    memory->tasks.at(value(task)).type = type;
  }
};

TEST_F(Supervision, ATaskActorThatDiesIsRestartedFromTheStoreWithinSeconds) {
  start_node();
  const auto task = make_task(5);
  ASSERT_TRUE(start_task(task));
  pass(2s);
  caf::anon_send_exit(task_actor(task), caf::exit_reason::kill);
  settle();
  EXPECT_EQ(eng->counts->tasks, 0);
  pass(4s);
  EXPECT_EQ(eng->counts->tasks, 1);
  EXPECT_EQ(eng->counts->jobs, 5);
  provider->set_all(call_status::failed, "Busy");
  pass_until([&] { return stored_task(task).type == task_type::follow_up_complete; }, 60s, "task at 4");
  EXPECT_EQ(provider->doubles(), 0);
}

TEST_F(Supervision, ATaskThatKeepsCrashingIsQuarantinedAndTheOthersGoOn) {
  start_node();
  const auto sick = make_task(2);
  ASSERT_TRUE(start_task(sick));
  const auto sound = make_task(3);
  ASSERT_TRUE(start_task(sound));
  for (int i = 0; i < 5; ++i) {
    pass_until([&] { return static_cast<bool>(task_actor(sick)); }, 120s, "restarted");
    caf::anon_send_exit(task_actor(sick), caf::exit_reason::kill);
    settle();
  }
  pass(130s, 1s);
  EXPECT_FALSE(task_actor(sick));
  const auto view = diagnose(sick);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->quarantined);
  ASSERT_EQ(view->reasons.size(), 1U);
  EXPECT_EQ(view->reasons.front().kind, wait_kind::quarantined);
  provider->set_all(call_status::failed, "Busy");
  pass_until([&] { return stored_task(sound).type == task_type::follow_up_complete; }, 60s, "the other task at 4");
}

TEST_F(Supervision, WhatADeadTaskHadWaitingInTheGatewayIsNotSentBehindItsSuccessorsBack) {
  options.provider.write_rate_per_s = 0.01;  // the second batch would have its turn in 100 s
  options.provider.burst = 1;
  options.dispatch.batch_size = 5;
  start_node();
  const auto task = make_task(10);
  ASSERT_TRUE(start_task(task));
  pass(2s);
  ASSERT_EQ(provider->assign_calls, 1);
  caf::anon_send_exit(task_actor(task), caf::exit_reason::kill);
  pass(600s);
  EXPECT_EQ(provider->jobs.size(), 10U);
  EXPECT_EQ(provider->assign_calls, 2);
  EXPECT_EQ(provider->doubles(), 0);
}

TEST_F(Supervision, ATaskChangedPastThisNodeGetsItsActorAtOnceAndAFinishedOneGetsNone) {
  start_node();
  const auto suspended = make_task(3), untouched = make_task(2);
  force_type(suspended, task_type::suspended);
  tell_of_changes({suspended, untouched, task_id{7777777}});
  EXPECT_TRUE(task_actor(suspended));
  EXPECT_FALSE(task_actor(untouched));
  EXPECT_EQ(eng->counts->tasks, 1);
}

TEST_F(Supervision, NewsOfATaskWhoseActorLivesAsksTheStoreNothing) {
  start_node();
  const auto task = make_task(3);
  force_type(task, task_type::suspended);
  tell_of_changes({task});
  const int before = store_failures->count;
  for (int i = 0; i < 1'000; ++i) tell_of_changes({task});
  EXPECT_EQ(store_failures->count, before);
}

TEST_F(Supervision, AStormOfNewsIsAskedAboutInFewQuestions) {
  start_node();
  const auto before = store_failures->count.load();
  for (int i = 0; i < 5'000; ++i)
    caf::anon_send(eng->overseer, changed_atom::value,
                   std::make_shared<const std::vector<task_id>>(std::vector{task_id{100'000 + i}}));
  settle();
  EXPECT_LE(store_failures->count - before, 20);
}

TEST_F(Supervision, ATaskChangedWhileItsActorLivedIsLookedAtOnceMoreWhenItHasLeft) {
  start_node();
  const auto task = make_task(2);
  ASSERT_TRUE(start_task(task));
  pass(2s);
  const auto first = task_actor(task);
  {
    // A job that the actor knows nothing of.
    const std::lock_guard lock{memory->mutex};
    auto added = memory->jobs.at(memory->jobs_of_task.at(value(task)).front());
    added.view.job = {};
    added.view.job.row = job_row_id{memory->next_id()};
    memory->jobs_of_task.at(value(task)).push_back(value(added.view.job.row));
    memory->jobs.emplace(value(added.view.job.row), added);
  }
  tell_of_changes({task});
  EXPECT_EQ(task_actor(task), first);
  provider->set_all(call_status::failed, "Busy");
  pass_until([&] { return task_actor(task) && task_actor(task) != first; }, 60s, "finished and opened again");
  EXPECT_EQ(stored_task(task).type, task_type::calls_complete);
}

TEST_F(Supervision, NewsThatCameWhileTheStoreWasAwayAreMadeUpForSoon) {
  start_node();
  const auto task = make_task(2);
  force_type(task, task_type::suspended);
  store_failures->fail_at = store_failures->count + 1;
  tell_of_changes({task});
  EXPECT_FALSE(task_actor(task));
  pass(7s);
  EXPECT_TRUE(task_actor(task)) << "long before the next sweep";
}

TEST_F(Supervision, UnfinishedTasksAreTakenUpAtStart) {
  start_node();
  const auto task = make_task(4);
  ASSERT_TRUE(start_task(task));
  pass(2s);
  crash_node();
  provider->set_all(call_status::succeeded, "SucceededFinish", some_conversation);
  start_node();
  pass_until([&] { return stored_task(task).type == task_type::follow_up_complete; }, 60s, "task at 4");
  EXPECT_EQ(provider->doubles(), 0);
}

TEST_F(Supervision, AStaleEpochStopsTheActorsAndWritesNothing) {
  start_node();
  const auto task = make_task(4);
  ASSERT_TRUE(start_task(task));
  pass(2s);
  usurp_shards();
  provider->set_all(call_status::failed, "Busy");
  pass(15s);
  EXPECT_TRUE(ownership_lost);
  EXPECT_GT(eng->counts->changes.at(static_cast<std::size_t>(errc::stale_epoch)), 0U);
  for (const auto& job : stored_jobs(task)) EXPECT_EQ(job.job.status, call_status::none);
}

TEST_F(Supervision, AnOrderlyStopStoresWhatARestartNeeds) {
  options.supervisor.sweep_interval = std::chrono::hours{10};  // it would ask parked calls again
  start_node();
  const auto task = make_task(3);
  ASSERT_TRUE(start_task(task));
  pass(2s);
  provider->set_all(call_status::executing, "Executing");
  pass(15s);
  drain_node();
  for (const auto& job : stored_jobs(task)) EXPECT_TRUE(job.job.last_change_at) << "counts on after a restart";
  EXPECT_EQ(eng->counts->jobs, 0);
  crash_node();
  start_node();
  pass(std::chrono::minutes{121}, 1s);
  for (const auto& job : stored_jobs(task)) EXPECT_EQ(job.job.phase, job_phase::parked);
}

}  // namespace

}  // namespace waihu::test
