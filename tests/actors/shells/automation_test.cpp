// auto-task's switch under virtual time: off means that nothing begins, on that everything goes on where it was, and
// neither a restart nor a question changes it.
#include "actors/call_task_actor.hpp"
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

class Automation : public EngineFixture {
 protected:
  /// A task of which some calls are at the provider and the rest waits.
  task_id half_sent() {
    options.dispatch.organization_concurrency = 20;
    start_node();
    const auto task = make_task(30);
    EXPECT_TRUE(start_task(task));
    pass(5s);
    EXPECT_EQ(provider->jobs.size(), 20U);
    return task;
  }
  [[nodiscard]] bool done(task_id task) { return stored_task(task).type == task_type::follow_up_complete; }
};

TEST_F(Automation, OffMeansThatNoDispatchLookOrFollowUpBeginsAndNothingIsLost) {
  const auto task = half_sent();
  const auto off = switch_automation(false);
  ASSERT_TRUE(off) << off.error().message;
  EXPECT_FALSE(off->running);
  EXPECT_EQ(off->live_jobs, 0);
  EXPECT_EQ(eng->counts->tasks, 0);
  EXPECT_EQ(eng->counts->jobs, 0);
  EXPECT_EQ(eng->board->size(), 0U);
  const auto looks = provider->look_calls;
  const auto analyses = model->calls;
  provider->set_all(call_status::succeeded, "SucceededFinish", some_conversation);
  pass(2 * options.supervisor.sweep_interval, 1s);
  EXPECT_EQ(provider->jobs.size(), 20U) << "a dispatch began";
  EXPECT_EQ(provider->look_calls, looks) << "a look began";
  EXPECT_EQ(model->calls, analyses) << "a follow-up began";
  EXPECT_EQ(stored_task(task).type, task_type::calling);
  const auto on = switch_automation(true);
  ASSERT_TRUE(on);
  EXPECT_TRUE(on->running);
  provider->on_look = [](job_snapshot& seen) {
    seen.status = call_status::failed;
    seen.last.status = "Busy";
  };
  pass_until([&] { return done(task); }, 300s, "task at 4");
  EXPECT_EQ(provider->jobs.size(), 30U);
  EXPECT_EQ(provider->doubles(), 0);
}

TEST_F(Automation, IsDurableAndOfOneOrganisationOnly) {
  half_sent();
  ASSERT_TRUE(switch_automation(false));
  crash_node();
  start_node();
  pass(20s);
  EXPECT_EQ(eng->counts->tasks, 0);
  const auto state = automation();
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->running);
  EXPECT_TRUE(state->last_sweep);
  EXPECT_TRUE(state->next_sweep);
  organization = "OTHER1";
  EXPECT_TRUE(automation()->running);
  const auto theirs = make_task(2);
  ASSERT_TRUE(start_task(theirs));
  pass(2s);
  EXPECT_EQ(eng->counts->tasks, 1);
}

TEST_F(Automation, SwitchingTwiceIsAsSwitchingOnce) {
  const auto task = half_sent();
  ASSERT_TRUE(switch_automation(true)) << "on already";
  ASSERT_TRUE(switch_automation(false));
  ASSERT_TRUE(switch_automation(false));
  EXPECT_FALSE(automation()->running);
  ASSERT_TRUE(switch_automation(true));
  pass(5s);
  EXPECT_TRUE(task_actor(task));
  EXPECT_EQ(provider->doubles(), 0);
}

TEST_F(Automation, AStartIsRefusedWhileItIsOffAndSaysWhy) {
  start_node();
  const auto task = make_task(3);
  ASSERT_TRUE(switch_automation(false));
  const auto started = start_task(task);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().vendor_code, "4005");
  EXPECT_EQ(provider->groups.size(), 0U);
  ASSERT_TRUE(switch_automation(true));
  EXPECT_TRUE(start_task(task));
}

TEST_F(Automation, TheProviderCanStillBeToldToHaltAndToGoOn) {
  const auto task = half_sent();
  ASSERT_TRUE(switch_automation(false));
  const auto looks = provider->look_calls;
  ASSERT_TRUE(switch_task(task, true));
  EXPECT_EQ(provider->suspends, 1);
  EXPECT_EQ(stored_task(task).type, task_type::suspended);
  EXPECT_EQ(switch_task(task, true).error().vendor_code, "4002");
  ASSERT_TRUE(switch_task(task, false));
  EXPECT_EQ(provider->resumes, 1);
  pass(60s);
  EXPECT_EQ(eng->counts->tasks, 0) << "it leaves when that is done";
  EXPECT_EQ(provider->jobs.size(), 20U);
  EXPECT_EQ(provider->look_calls, looks);
}

TEST_F(Automation, OffAndOnWithinOneBreathLeavesNoTaskBehind) {
  const auto task = half_sent();
  caf::anon_send(eng->overseer, auto_atom::value, waihu::switch_automation{organization, false, user_id{1}});
  caf::anon_send(eng->overseer, auto_atom::value, waihu::switch_automation{organization, true, user_id{1}});
  pass(30s);
  EXPECT_TRUE(task_actor(task)) << "long before the next sweep";
  provider->on_look = [](job_snapshot& seen) {
    seen.status = call_status::failed;
    seen.last.status = "Busy";
  };
  pass_until([&] { return done(task); }, 300s, "task at 4");
  EXPECT_EQ(provider->doubles(), 0);
}

TEST_F(Automation, ASwitchMadeInTheStoreIsFollowedByTheNextSweep) {
  half_sent();
  ASSERT_TRUE(make_memory_store(memory)->run(query::set_automation{organization, false, user_id{2}, eng->now()}));
  ASSERT_TRUE(sweep());
  pass(5s);
  EXPECT_EQ(eng->counts->tasks, 0);
  EXPECT_FALSE(automation()->running);
}

TEST_F(Automation, WhatTheStoreCannotTakeIsNotSwitched) {
  const auto task = half_sent();
  store_failures->fail_at = store_failures->count + 1;
  EXPECT_FALSE(switch_automation(false));
  EXPECT_TRUE(task_actor(task));
  EXPECT_TRUE(automation()->running);
}

TEST_F(Automation, AnAnalysisThatIsOnlyTriedStoresNothing) {
  start_node();
  const auto task = make_task(1);
  ASSERT_TRUE(start_task(task));
  pass(2s);
  provider->set_all(call_status::succeeded, "SucceededFinish", some_conversation);
  pass_until([&] { return done(task); }, 60s, "task at 4");
  const auto before = stored_jobs(task).front();
  model->answer = {"客户改变主意", interest::not_interested, std::nullopt, true};
  make_follow_up wanted{organization, task, before.job.row, true, true};
  const auto tried = follow_up(wanted);
  ASSERT_TRUE(tried) << tried.error().message;
  EXPECT_EQ(tried->leads_remark, "客户改变主意");
  EXPECT_EQ(tried->is_interested, interest::not_interested);
  EXPECT_EQ(value(tried->follow), 0);
  EXPECT_EQ(stored_jobs(task).front().follow->leads_remark, before.follow->leads_remark);
  wanted.dry_run = false;
  ASSERT_TRUE(follow_up(wanted));
  EXPECT_EQ(stored_jobs(task).front().follow->leads_remark, "客户改变主意");
}

}  // namespace

}  // namespace waihu::test
