// Dispatch under virtual time, with the judge being how often the provider accepted each reference id.
#include <algorithm>
#include <span>

#include "persistence/memory_state.hpp"
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;
using mood = fake_provider::assign_mood;

class Dispatch : public EngineFixture {
 protected:
  void finish(task_id task) {
    pass_until(
        [&] {
          provider->set_all(call_status::failed, "NoAnswer");
          return stored_task(task).type == task_type::follow_up_complete;
        },
        600s, "task at 4");
    EXPECT_EQ(provider->doubles(), 0);
    for (const auto& job : stored_jobs(task)) EXPECT_TRUE(job.follow) << "one follow-up each";
  }
};

TEST_F(Dispatch, ALostAnswerIsReconciledAndNobodyIsCalledTwice) {
  start_node();
  const auto task = make_task(45);
  provider->assign_moods = {mood::lose_answer, mood::lose_answer};
  ASSERT_TRUE(start_task(task));
  pass(60s);
  EXPECT_EQ(provider->jobs.size(), 45U);
  EXPECT_EQ(provider->assign_calls, 3);
  finish(task);
}

TEST_F(Dispatch, ACrashAfterTheSendIsReconciledByTheNextStart) {
  start_node();
  const auto task = make_task(30);
  provider->assign_moods = {mood::lose_answer, mood::lose_answer};
  ASSERT_TRUE(start_task(task));
  crash_node();
  start_node();
  pass(60s);
  EXPECT_EQ(provider->assign_calls, 2) << "what the provider has is not sent again";
  finish(task);
}

TEST_F(Dispatch, WhatSurelyWasNotReceivedIsSentAgain) {
  start_node();
  const auto task = make_task(10);
  provider->assign_moods = {mood::unreachable, mood::unreachable};
  ASSERT_TRUE(start_task(task));
  pass(50s);
  EXPECT_EQ(provider->assign_calls, 1) << "the tries are a minute apart, and the gateway makes none of its own";
  pass(100s);
  EXPECT_EQ(provider->jobs.size(), 10U);
  finish(task);
}

TEST_F(Dispatch, ACallThatWaitsTooLongInTheGatewayIsNeverSentBehindItsAskersBack) {
  options.provider.write_rate_per_s = 0.01;  // the next AssignJobs has its turn in 100 s
  options.provider.burst = 1;
  options.dispatch.batch_size = 5;
  start_node();
  const auto task = make_task(10);
  ASSERT_TRUE(start_task(task));
  pass(30s);
  EXPECT_EQ(provider->assign_calls, 1);
  crash_node();  // whoever waited in the gateway is given up; its successor reconciles and sends anew
  options.provider.write_rate_per_s = 10'000;
  options.provider.burst = 10;
  start_node();
  pass(300s);
  EXPECT_EQ(provider->jobs.size(), 10U);
  finish(task);
}

TEST_F(Dispatch, AReadingThatSeesFewerJobsThanThereAreProvesNoAbsence) {
  start_node();
  const auto task = make_task(20);
  provider->assign_moods = {mood::lose_answer};
  provider->hidden_from_lists = 20;
  ASSERT_TRUE(start_task(task));
  pass(300s);
  EXPECT_EQ(provider->assign_calls, 1) << "the list is short of its own total: nothing is believed absent";
  provider->hidden_from_lists = 0;
  pass(60s);
  finish(task);
}

TEST_F(Dispatch, AReadingWhosePagesRepeatEndsProvesNoAbsenceAndIsTriedAgain) {
  options.dispatch.reconcile_page_size = 10;
  start_node();
  const auto task = make_task(20);
  provider->assign_moods = {mood::lose_answer};
  provider->repeats_last_page = true;
  ASSERT_TRUE(start_task(task));
  pass(60s);
  EXPECT_LE(provider->group_pages, 60) << "three pages every few seconds";
  EXPECT_EQ(provider->assign_calls, 1);
  provider->repeats_last_page = false;
  pass(60s);
  EXPECT_EQ(provider->assign_calls, 1) << "they are there, and found";
  finish(task);
}

TEST_F(Dispatch, SlotsOfEndedCallsAreFreeForOtherTasksThoughTheirFollowUpsAreStillDue) {
  options.dispatch.organization_concurrency = 20;
  start_node();
  const auto first = make_task(20);
  ASSERT_TRUE(start_task(first));
  pass(5s);
  provider->set_all(call_status::succeeded, "SucceededFinish");  // no conversation: follow-ups wait 30 min
  pass(20s);
  ASSERT_EQ(stored_task(first).type, task_type::calls_complete);
  const auto second = make_task(20);
  ASSERT_TRUE(start_task(second));
  pass(10s);
  EXPECT_EQ(provider->jobs.size(), 40U) << "twenty of the second task are out";
}

TEST_F(Dispatch, WhenEverythingIsRefusedTheTaskGoesBackTo1AndSaysWhy) {
  start_node();
  const auto task = make_task(10);
  provider->assign_moods = {mood::refuse};
  const auto started = start_task(task);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().vendor_code, "5002");
  pass(1s);
  EXPECT_EQ(stored_task(task).type, task_type::created);
  EXPECT_EQ(stored_task(task).job_group_id, "");
  EXPECT_EQ(provider->deletes, 1) << "no job group left behind";
  for (const auto& job : stored_jobs(task)) EXPECT_EQ(job.job.phase, job_phase::queued);
  ASSERT_TRUE(start_task(task)) << "and can be started again";
  pass(5s);
  finish(task);
}

TEST_F(Dispatch, ARefusedBatchDoesNotStopTheOthers) {
  start_node();
  const auto task = make_task(60);
  provider->assign_moods = {mood::refuse};
  ASSERT_TRUE(start_task(task));
  pass(5s);
  EXPECT_EQ(provider->jobs.size(), 40U);
  finish(task);
  int unplaced = 0;
  for (const auto& job : stored_jobs(task))
    if (job.job.outcome == job_outcome::unplaced) {
      ++unplaced;
      EXPECT_EQ(job.follow->leads_remark, "未执行外呼；");
    }
  EXPECT_EQ(unplaced, 20);
}

TEST_F(Dispatch, AGroupThatCannotBeCreatedLeavesTheTaskAt1) {
  start_node();
  const auto task = make_task(2);
  provider->group_failure = failure{errc::unauthorized, "签名错误", "SignatureDoesNotMatch", 0};
  const auto started = start_task(task);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().vendor_code, "5001");
  EXPECT_EQ(stored_task(task).type, task_type::created);
  EXPECT_EQ(stored_task(task).last_error, "签名错误");
}

TEST_F(Dispatch, AStartAfterARefusedOneUsesTheScriptChosenInBetween) {
  start_node();
  const auto task = make_task(3);
  provider->group_failure = failure{errc::rejected, "场景不存在", "InvalidParameter", 0};
  ASSERT_FALSE(start_task(task));
  pass(1s);
  EXPECT_EQ(eng->counts->jobs, 0) << "a refused start leaves no actor";
  choose_script(task, "script_2");
  provider->group_failure.reset();
  ASSERT_TRUE(start_task(task));
  EXPECT_EQ(provider->last_script, "script_2");
  pass(5s);
  finish(task);
}

TEST_F(Dispatch, NothingIsSentWhileTheClaimIsNotConfirmed) {
  start_node();
  const auto task = make_task(60);
  provider->assign_moods = {mood::unreachable};
  ASSERT_TRUE(start_task(task));
  claim_confirmed = false;
  const auto before = provider->assign_calls;
  pass(120s);
  EXPECT_EQ(provider->assign_calls, before) << "neither new batches nor the resting one";
  claim_confirmed = true;
  pass(120s);
  EXPECT_EQ(provider->jobs.size(), 60U);
  finish(task);
}

TEST_F(Dispatch, AGroupWhoseAnswerWasLostIsFoundAgainByTheNextStart) {
  start_node();
  const auto task = make_task(2);
  provider->group_failure = failure{errc::lost, "connection reset", {}, 0};
  ASSERT_FALSE(start_task(task));
  EXPECT_EQ(provider->groups.size(), 1U);
  provider->group_failure.reset();
  ASSERT_TRUE(start_task(task));
  EXPECT_EQ(provider->groups.size(), 1U) << "adopted, not made a second time";
  EXPECT_EQ(stored_task(task).job_group_id, provider->groups.front().job_group_id);
}

TEST_F(Dispatch, AGroupWhoseAnswerWasLostIsFoundBehindManyOfALikeName) {
  start_node();
  const auto task = make_task(2);
  const auto name = "任务_" + std::to_string(value(task)) + "_" + stored_task(task).task_name;
  for (int n = 0; n < 120; ++n) provider->groups.push_back({"like-" + std::to_string(n), name + " 副本", {}, n});
  provider->group_failure = failure{errc::lost, "connection reset", {}, 0};
  ASSERT_FALSE(start_task(task));
  provider->group_failure.reset();
  ASSERT_TRUE(start_task(task));
  EXPECT_EQ(provider->groups.size(), 121U) << "adopted, not made a second time";
  EXPECT_EQ(stored_task(task).job_group_id, provider->groups.back().job_group_id);
}

TEST_F(Dispatch, StartChecksInTheContractsOrder) {
  start_node();
  const auto task = make_task(1);
  ASSERT_TRUE(start_task(task));
  EXPECT_EQ(start_task(task).error().vendor_code, "4005");
  organization = "OTHER1";
  EXPECT_EQ(start_task(task).error().vendor_code, "4004");
}

TEST_F(Dispatch, AnIntentThatACrashLeftWithoutRowsIsClosedByTheNextOwner) {
  options.dispatch.organization_concurrency = 1;
  start_node();
  const auto task = make_task(3);
  ASSERT_TRUE(start_task(task));
  // As after a crash between a requeue and the note that closes its batch.
  const auto store = make_memory_store(memory);
  const auto last = stored_jobs(task).back().job.row;
  const auto own = eng->own(task);
  const store_change intent = change::intend_batch{own, 77, {last}, eng->now()};
  const auto made = store->commit(std::span{&intent, 1});
  ASSERT_TRUE(made.receipts.front());
  const batch_id batch{made.receipts.front()->id};
  const store_change back = change::requeue_jobs{own, batch, {last}, false, "held before sending", eng->now()};
  ASSERT_TRUE(store->commit(std::span{&back, 1}).receipts.front());
  const auto is_open = [&] {
    const auto loaded = store->run(query::load_task{task});
    return loaded && std::ranges::any_of(loaded->open_batches, [&](const auto& b) { return b.id == batch; });
  };
  ASSERT_TRUE(is_open());
  crash_node();
  start_node();
  pass(2s);
  EXPECT_FALSE(is_open());
}

TEST_F(Dispatch, ASuspendedTaskSendsNothingAndGoesOnWhenResumed) {
  options.dispatch.organization_concurrency = 20;
  start_node();
  const auto task = make_task(60);
  ASSERT_TRUE(start_task(task));
  pass(5s);
  EXPECT_EQ(provider->jobs.size(), 20U) << "concurrency holds the rest back";
  const auto waiting = diagnose(task);
  ASSERT_TRUE(waiting);
  ASSERT_FALSE(waiting->reasons.empty());
  EXPECT_EQ(waiting->reasons.front().kind, wait_kind::concurrency_full);
  ASSERT_TRUE(switch_task(task, true));
  EXPECT_EQ(stored_task(task).type, task_type::suspended);
  provider->set_all(call_status::failed, "NoAnswer");
  pass(60s);
  EXPECT_EQ(provider->jobs.size(), 20U);
  EXPECT_EQ(switch_task(task, true).error().vendor_code, "4002");
  ASSERT_TRUE(switch_task(task, false));
  pass(60s);
  EXPECT_GT(provider->jobs.size(), 20U);
  finish(task);
}

TEST_F(Dispatch, ABatchThatStillWaitsForItsTurnAtTheProviderIsNotSentAfterASuspend) {
  options.dispatch.batch_size = 10;
  options.provider.write_rate_per_s = 0.2;
  options.provider.burst = 1;
  start_node();
  const auto task = make_task(30);
  ASSERT_TRUE(start_task(task));
  ASSERT_LT(provider->jobs.size(), 30U) << "the rest waits in the gateway";
  ASSERT_TRUE(switch_task(task, true));
  const auto sent = provider->jobs.size();
  pass(30s);
  EXPECT_EQ(provider->jobs.size(), sent);
  ASSERT_TRUE(switch_task(task, false));
  pass(60s);
  EXPECT_EQ(provider->jobs.size(), 30U);
  finish(task);
}

TEST_F(Dispatch, ABatchThatIsLargerThanWhatMayEverLeaveIsGivenBack) {
  options.dispatch.batch_size = 10;
  // A send waits for half of it at most, which is less than the gateway holds a batch for the rate's sake.
  options.dispatch.reconcile_settle = milliseconds{400};
  start_node();
  eng->leaving = std::make_shared<departures>(4, 10'000, false);
  const auto task = make_task(10);
  ASSERT_TRUE(start_task(task));
  pass(std::chrono::seconds{5});
  EXPECT_TRUE(provider->jobs.empty());
  std::size_t given_back = 0;
  {
    const std::lock_guard lock{memory->mutex};
    for (const auto& [id, batch] : memory->batches) given_back += batch.state == batch_state::failed;
  }
  EXPECT_GE(given_back, 1U) << "its calls want new grants: those of today are smaller";
  eng->leaving = std::make_shared<departures>(10'000, 10'000, false);
  pass(std::chrono::minutes{3});
  EXPECT_EQ(provider->jobs.size(), 10U);
  finish(task);
}

TEST_F(Dispatch, JobsOfACallingTaskThatAreShownPausedAreResumedByTheNextSweep) {
  start_node();
  const auto task = make_task(3);
  ASSERT_TRUE(start_task(task));
  pass(std::chrono::seconds{5});
  provider->set_all(call_status::paused, "");
  pass(options.supervisor.sweep_interval + std::chrono::seconds{15}, std::chrono::seconds{1});
  EXPECT_GE(provider->resumes, 1);
  EXPECT_EQ(stored_task(task).type, task_type::calling);
}

TEST_F(Dispatch, APauseThatWasAskedForIsLeftAlone) {
  start_node();
  const auto task = make_task(3);
  ASSERT_TRUE(start_task(task));
  pass(std::chrono::seconds{5});
  ASSERT_TRUE(switch_task(task, true));
  provider->set_all(call_status::paused, "");
  pass(2 * options.supervisor.sweep_interval, std::chrono::seconds{1});
  EXPECT_EQ(provider->resumes, 0);
}

TEST_F(Dispatch, ASuspendThatTheProviderRefusesChangesNothing) {
  start_node();
  const auto task = make_task(2);
  ASSERT_TRUE(start_task(task));
  provider->switch_failure = failure{errc::rejected, "no", {}, 0};
  EXPECT_EQ(switch_task(task, true).error().vendor_code, "5001");
  EXPECT_EQ(stored_task(task).type, task_type::calling);
}

TEST_F(Dispatch, ASuspendWhoseAnswerWasLostComesTrueAndIsShown) {
  start_node();
  const auto task = make_task(2);
  ASSERT_TRUE(start_task(task));
  provider->switch_failure = failure{errc::timed_out, "no answer", {}, 0};
  EXPECT_EQ(switch_task(task, true).error().vendor_code, "5001");
  const auto waiting = diagnose(task);
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->reasons.front().kind, wait_kind::switch_reconciling);
  provider->switch_failure.reset();
  pass(10s);
  EXPECT_EQ(stored_task(task).type, task_type::suspended) << "the provider may have paused every call";
  ASSERT_TRUE(switch_task(task, false));
  finish(task);
}

TEST_F(Dispatch, ASwitchThatACrashLeftInDoubtEndsSuspendedOnBothSides) {
  start_node();
  const auto task = make_task(2);
  ASSERT_TRUE(start_task(task));
  for (const bool suspend : {true, false}) {
    provider->switch_failure = failure{errc::timed_out, "no answer", {}, 0};
    EXPECT_FALSE(switch_task(task, suspend));
    crash_node();
    provider->switch_failure.reset();
    const auto asked = provider->suspends;
    start_node();
    pass(10s);
    EXPECT_EQ(provider->suspends, asked + 1);
    EXPECT_EQ(stored_task(task).type, task_type::suspended);
    EXPECT_FALSE(stored_task(task).group_requested_at) << "no doubt is left";
  }
  ASSERT_TRUE(switch_task(task, false));
  finish(task);
}

TEST_F(Dispatch, NothingIsSentThatCannotBeRecorded) {
  start_node();
  const auto task = make_task(100);
  ASSERT_TRUE(start_task(task, milliseconds{0}));
  store_failures->repeat = 1'000'000;
  store_failures->fail_at = store_failures->count + 1;
  const auto before = provider->assign_calls;
  pass(120s);
  EXPECT_LE(provider->assign_calls, before + 4) << "only batches whose intent was durable";
  store_failures->fail_at = 0;
  pass(400s, 1s);
  EXPECT_EQ(provider->jobs.size(), 100U);
  finish(task);
}

TEST_F(Dispatch, AStoreFailureAtEveryOperationInTurnLosesNothingAndCallsNobodyTwice) {
  for (int n = 1; n <= 60; ++n) {
    for (const auto when : {failure_plan::moment::before, failure_plan::moment::after}) {
      SCOPED_TRACE("operation " + std::to_string(n));
      provider = std::make_shared<fake_provider>();
      memory = make_memory_state(std::chrono::hours{100'000});
      EngineFixture::session_reset();
      store_failures->repeat = 1;
      store_failures->when = when;
      store_failures->code = when == failure_plan::moment::before ? errc::unavailable : errc::lost;
      store_failures->fail_at = 0;
      start_node();
      const auto task = make_task(25);
      store_failures->count = 0;
      store_failures->fail_at = n;
      if (!start_task(task)) {
        pass(5s);
        if (stored_task(task).type == task_type::created) {
          ASSERT_TRUE(start_task(task));
        }
      }
      pass(60s, 500ms);
      finish(task);
      crash_node();
      if (HasFailure()) return;
    }
  }
}

}  // namespace

}  // namespace waihu::test
