// Lives of single calls under virtual time: looks, deadline, failures, conversations, follow-ups, and what they leave.
#include "actors/follow_up_request_actor.hpp"
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

class CallLife : public EngineFixture {
 protected:
  task_id begin(int leads) {
    start_node();
    const auto task = make_task(leads);
    const auto started = start_task(task);
    EXPECT_TRUE(started) << started.error().message;
    pass_until([&] { return provider->jobs.size() == static_cast<std::size_t>(leads); }, 10s, "all dispatched");
    pass(1s);
    return task;
  }
  [[nodiscard]] bool done(task_id task) { return stored_task(task).type == task_type::follow_up_complete; }
};

TEST_F(CallLife, ACallGoesFromLeadToFollowUpAndTheTaskTo4) {
  const auto task = begin(3);
  EXPECT_EQ(stored_task(task).type, task_type::calling);
  provider->set_all(call_status::succeeded, "SucceededFinish", some_conversation);
  pass_until([&] { return done(task); }, 60s, "task at 4");
  for (const auto& job : stored_jobs(task)) {
    EXPECT_EQ(job.job.status, call_status::succeeded);
    EXPECT_EQ(job.job.phase, job_phase::closed);
    EXPECT_EQ(job.job.outcome, job_outcome::connected);
    EXPECT_EQ(job.conversation_json, some_conversation);
    ASSERT_TRUE(job.follow);
    EXPECT_EQ(job.follow->leads_remark, "客户有意向");
    EXPECT_EQ(job.job.is_interested, interest::interested);
  }
  EXPECT_EQ(provider->doubles(), 0);
}

TEST_F(CallLife, AFinishedTaskLeavesNothingBehind) {
  const auto task = begin(50);
  EXPECT_EQ(eng->counts->jobs, 50);
  EXPECT_EQ(eng->counts->wheel_entries, 50);
  provider->set_all(call_status::failed, "NoAnswer");
  pass_until([&] { return done(task); }, 60s, "task at 4");
  pass(2s);
  EXPECT_EQ(eng->counts->jobs, 0) << "job actors";
  EXPECT_EQ(eng->counts->follow_ups, 0) << "follow-up actors";
  EXPECT_EQ(eng->counts->tasks, 0) << "task actors";
  EXPECT_EQ(eng->counts->wheel_entries, 0) << "wheel entries";
  EXPECT_FALSE(task_actor(task)) << "registry entry";
  EXPECT_EQ(eng->board->size(), 0U) << "place on the board";
}

TEST_F(CallLife, LooksAreCoalescedIntoCallsOf99Ids) {
  options.dispatch.batch_size = 99;
  begin(200);
  const auto calls = provider->look_calls;
  const auto ids = provider->looked_ids;
  provider->on_look = {};
  pass(30s);
  const auto made = provider->look_calls - calls;
  const auto seen = static_cast<double>(provider->looked_ids - ids);
  EXPECT_GE(seen, 200 * 2.0) << "every job is looked at about every 10 s";
  EXPECT_GE(seen / made, 3.0) << "single looks were put together";
}

TEST_F(CallLife, ACallThatExecutesForTwoHoursWithoutChangeIsParked) {
  options.supervisor.sweep_interval = std::chrono::hours{24};  // the sweep would ask the parked call again
  const auto task = begin(1);
  provider->set_all(call_status::executing, "Executing");
  pass(15s);
  pass(std::chrono::minutes{119}, 1s);
  EXPECT_EQ(stored_jobs(task).front().job.phase, job_phase::tracking);
  pass(std::chrono::minutes{2}, 1s);
  EXPECT_EQ(stored_jobs(task).front().job.phase, job_phase::parked);
  EXPECT_EQ(stored_jobs(task).front().job.parked, parked_reason::timeout);
}

TEST_F(CallLife, AParkedCallThatAnswersAgainGoesOn) {
  const auto task = begin(1);
  provider->set_all(call_status::executing, "Executing");
  pass(15s);
  pass(std::chrono::minutes{121}, 1s);
  ASSERT_EQ(stored_jobs(task).front().job.phase, job_phase::parked);
  provider->set_all(call_status::succeeded, "SucceededFinish", some_conversation);
  pass_until([&] { return done(task); }, 400s, "the sweep asks parked jobs again");
}

TEST_F(CallLife, TimeInTheProvidersQueueDoesNotCountAgainstTheDeadline) {
  const auto task = begin(1);
  pass(std::chrono::hours{5}, 1s);  // stays Scheduling
  EXPECT_EQ(stored_jobs(task).front().job.phase, job_phase::tracking);
  const auto calls = provider->look_calls;
  pass(std::chrono::minutes{10}, 1s);
  EXPECT_LE(provider->look_calls - calls, 12) << "a job that waits long is polled once a minute";
}

TEST_F(CallLife, SuspendedTimeDoesNotCountAgainstTheDeadline) {
  options.supervisor.sweep_interval = std::chrono::hours{24};  // the sweep would ask the parked call again
  const auto task = begin(1);
  provider->set_all(call_status::executing, "Executing");
  pass(std::chrono::minutes{100}, 1s);
  ASSERT_TRUE(switch_task(task, true));
  pass(std::chrono::hours{3}, 1s);
  EXPECT_EQ(stored_jobs(task).front().job.phase, job_phase::tracking) << "still followed while suspended";
  ASSERT_TRUE(switch_task(task, false));
  pass(std::chrono::minutes{15}, 1s);
  EXPECT_EQ(stored_jobs(task).front().job.phase, job_phase::tracking);
  pass(std::chrono::minutes{10}, 1s);
  EXPECT_EQ(stored_jobs(task).front().job.phase, job_phase::parked);
}

TEST_F(CallLife, TenFailedLooksInARowParkTheCallAsUnreachable) {
  options.provider.breaker_window = 1'000;
  options.provider.breaker_consecutive = 1'000;
  options.provider.read_tries = 1;
  const auto task = begin(1);
  provider->look_failure = failure{errc::timed_out, "no answer", {}, 0};
  pass(85s);
  EXPECT_EQ(stored_jobs(task).front().job.phase, job_phase::tracking);
  pass(40s);
  EXPECT_EQ(stored_jobs(task).front().job.phase, job_phase::parked);
  EXPECT_EQ(stored_jobs(task).front().job.parked, parked_reason::unreachable);
}

TEST_F(CallLife, NoLookIsMadeAndNoneCountedWhileTheBreakerIsOpen) {
  options.provider.read_tries = 1;
  const auto task = begin(1);
  provider->look_failure = failure{errc::unavailable, "connection refused", {}, 0};
  pass(std::chrono::minutes{30}, 1s);
  // 30 minutes hold 180 looks; with the breaker open most of them were never made, and none of those counted.
  EXPECT_LT(provider->look_calls, 60);
  provider->look_failure.reset();
  provider->set_all(call_status::failed, "Busy");
  pass_until([&] { return done(task); }, 400s, "the call ends once the provider is back");
}

TEST_F(CallLife, ASucceededCallWaitsThirtyMinutesForItsConversation) {
  const auto task = begin(1);
  provider->set_all(call_status::succeeded, "SucceededFinish");
  pass(std::chrono::minutes{29}, 1s);
  EXPECT_EQ(stored_task(task).type, task_type::calls_complete);
  EXPECT_FALSE(stored_jobs(task).front().follow);
  pass(std::chrono::minutes{2}, 1s);
  ASSERT_TRUE(stored_jobs(task).front().follow);
  EXPECT_EQ(stored_jobs(task).front().follow->leads_remark, "通话内容未获取，需要人工跟进");
  EXPECT_EQ(stored_task(task).type, task_type::follow_up_complete);
}

TEST_F(CallLife, AFollowUpAskedForIsRefusedUntilThereIsOneOrAConversation) {
  const auto task = begin(1);
  const auto row = stored_jobs(task).front().job.row;
  const auto ask = [&] {
    auto got = std::make_shared<result<made_follow_up>>(fail(errc::internal, "no answer"));
    spawn_follow_up_request(eng_system(), eng, {organization, task, row, true},
                            [got](result<made_follow_up> made) { *got = std::move(made); });
    settle();
    pass(1s);
    return *got;
  };
  EXPECT_EQ(ask().error().vendor_code, "4004") << "no status yet";
  provider->set_all(call_status::succeeded, "SucceededFinish", "");
  pass(15s);
  EXPECT_EQ(ask().error().vendor_code, "4004") << "its conversation is still awaited";
  pass(std::chrono::minutes{31}, 1s);
  const auto made = ask();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->leads_remark, "通话内容未获取，需要人工跟进");
  EXPECT_EQ(made->is_interested, interest::undecided);
  EXPECT_EQ(made->create_time, stored_jobs(task).front().follow->follow_time) << "told with the time of its making";
}

TEST_F(CallLife, AConversationThatArrivesLateIsStoredAndAnalysed) {
  const auto task = begin(1);
  provider->set_all(call_status::succeeded, "SucceededFinish");
  pass(std::chrono::minutes{5}, 1s);
  provider->set_all(call_status::succeeded, "SucceededFinish", some_conversation);
  pass_until([&] { return done(task); }, 30s, "task at 4");
  EXPECT_EQ(stored_jobs(task).front().conversation_json, some_conversation);
  EXPECT_EQ(stored_jobs(task).front().job.is_interested, interest::interested);
}

TEST_F(CallLife, AnAnalysisThatFailsThreeTimesIsHandedToAPerson) {
  model->why_not = failure{errc::unavailable, "模型不可用", {}, 0};
  const auto task = begin(1);
  provider->set_all(call_status::succeeded, "SucceededFinish", some_conversation);
  pass(100s);
  EXPECT_EQ(model->calls, 2) << "tries are a minute apart";
  pass_until([&] { return done(task); }, 60s, "task at 4");
  EXPECT_EQ(model->calls, 3);
  EXPECT_EQ(stored_jobs(task).front().follow->leads_remark, "AI分析失败: 模型不可用，需要人工跟进");
}

TEST_F(CallLife, ATerminalStateNeverChangesWhateverArrivesLater) {
  const auto task = begin(1);
  provider->set_all(call_status::succeeded, "SucceededFinish");
  pass(15s);
  ASSERT_EQ(stored_jobs(task).front().job.status, call_status::succeeded);
  provider->set_all(call_status::failed, "Busy", some_conversation);  // statuses going backwards
  pass_until([&] { return done(task); }, 60s, "task at 4");
  EXPECT_EQ(stored_jobs(task).front().job.status, call_status::succeeded);
}

TEST_F(CallLife, ResultsWaitInTheirActorsWhileTheStoreIsAway) {
  const auto task = begin(5);
  provider->set_all(call_status::failed, "NoAnswer");
  store_failures->repeat = 40;
  store_failures->fail_at = store_failures->count + 1;
  pass(20s);
  store_failures->fail_at = 0;
  pass_until([&] { return done(task); }, 60s, "task at 4");
  for (const auto& job : stored_jobs(task)) EXPECT_EQ(job.follow->leads_remark, "客户未接电话，未打通；");
}

TEST_F(CallLife, ARefreshLooksAtOnceAndSaysWhatItSettled) {
  const auto task = begin(2);
  const auto rows = stored_jobs(task);
  provider->set_status(rows[0].job.reference_id, call_status::failed, "Busy");
  const auto fresh = refresh(task, {rows[0].job.row, rows[1].job.row}, milliseconds{0});
  ASSERT_TRUE(fresh) << fresh.error().message;
  EXPECT_EQ(fresh->changed, std::vector<job_row_id>{rows[0].job.row});
  ASSERT_EQ(fresh->jobs.size(), 1U);
  EXPECT_EQ(fresh->jobs[0].row, rows[1].job.row);
  EXPECT_EQ(stored_jobs(task)[0].job.status, call_status::failed) << "committed before the answer";
}

TEST_F(CallLife, WhoRunsOutOfTimeForALookLeavesTheOthersWaitingForTheirs) {
  options.provider.look_linger = milliseconds{3'000};
  const auto task = begin(1);
  const auto actor = task_actor(task);
  ASSERT_TRUE(actor);
  const refresh_jobs wanted{task, {stored_jobs(task).front().job.row}, milliseconds{0}, milliseconds{2'000}};
  std::optional<refreshed_jobs> first, second;
  caf::scoped_actor self{eng_system()};
  const auto take = [&](auto& handle, std::optional<refreshed_jobs>& into) {
    handle.receive([&](result<refreshed_jobs>& got) { into = got ? std::optional{std::move(*got)} : std::nullopt; },
                   [](caf::error&) {});
  };
  auto impatient = self->request(actor, caf::infinite, refresh_atom::value, wanted);
  pass(1'500ms);
  auto patient = self->request(actor, caf::infinite, refresh_atom::value, wanted);
  pass(1s);
  provider->set_all(call_status::executing, "Executing");
  pass(5s);
  take(impatient, first);
  take(patient, second);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->stale) << "its two seconds were over before the look was answered";
  ASSERT_EQ(second->jobs.size(), 1U);
  EXPECT_EQ(second->jobs[0].status, call_status::executing) << "the look it had waited for";
  EXPECT_FALSE(second->stale);
}

TEST_F(CallLife, CountersOfALiveTaskEqualARecount) {
  const auto task = begin(6);
  const auto rows = stored_jobs(task);
  provider->set_status(rows[0].job.reference_id, call_status::succeeded, "SucceededFinish", some_conversation);
  provider->set_status(rows[1].job.reference_id, call_status::failed, "NoAnswer");
  provider->set_status(rows[2].job.reference_id, call_status::executing, "Executing");
  pass(25s);
  const auto live = describe(task);
  ASSERT_TRUE(live);
  EXPECT_EQ(live->counters.total, 6);
  EXPECT_EQ(live->counters.completed, 1);
  EXPECT_EQ(live->counters.failed, 1);
  EXPECT_EQ(live->counters.executing, 4) << "Scheduling counts as executing";
  EXPECT_EQ(live->counters.has_follow, 2);
  EXPECT_EQ(live->counters.interested, 1);
  EXPECT_EQ(live->counters.unable, 1);
}

}  // namespace

}  // namespace waihu::test
