// Supervision under virtual time: crashed children come back, what keeps crashing is quarantined, ownership is
// respected.
#include "actors/call_task_actor.hpp"
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

class Supervision : public EngineFixture {};

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
  EXPECT_EQ(view->reasons.front().reason, "quarantined");
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
  EXPECT_GT(eng->counts->stale_writes, 0U);
  for (const auto& job : stored_jobs(task)) EXPECT_EQ(job.job.status, call_status::none);
}

TEST_F(Supervision, AnOrderlyStopStoresWhatARestartNeeds) {
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
