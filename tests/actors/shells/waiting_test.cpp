// Why tasks and calls wait (state-machines.md section 8): each reason of the closed list that an actor can be in is
// reached here, read off the state that really decides.
#include <algorithm>

#include "actors/call_task_actor.hpp"
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

class Waiting : public EngineFixture {
 protected:
  task_id started(int leads) {
    start_node();
    const auto task = make_task(leads);
    EXPECT_TRUE(start_task(task));
    pass(2s);
    return task;
  }
  /// How many calls of the task wait for it; -1 when it is not among the reasons.
  std::int64_t waiting_for(task_id task, wait_kind kind) {
    const auto view = diagnose(task);
    EXPECT_TRUE(view);
    if (!view) return -1;
    for (const auto& reason : view->reasons)
      if (reason.kind == kind) return reason.jobs;
    return -1;
  }
  std::optional<wall_time> until(task_id task, wait_kind kind) {
    const auto view = diagnose(task);
    for (const auto& reason : view->reasons)
      if (reason.kind == kind) return reason.until;
    return std::nullopt;
  }
  wait_kind of_first(task_id task) {
    const auto seen = explain(task, stored_jobs(task).front().job.row);
    EXPECT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(seen->reasons.size(), 1U);
    return seen->reasons.front().kind;
  }
};

TEST_F(Waiting, ForTheProviderToDialThenForTheCallToEnd) {
  const auto task = started(3);
  EXPECT_EQ(waiting_for(task, wait_kind::provider_queue), 3);
  EXPECT_EQ(of_first(task), wait_kind::provider_queue);
  const auto seen = explain(task, stored_jobs(task).front().job.row);
  ASSERT_TRUE(seen->next_look);
  EXPECT_GE(*seen->next_look, eng->now());
  EXPECT_LE(*seen->next_look, eng->now() + 12s);
  provider->set_all(call_status::executing, "Executing");
  pass(15s);
  EXPECT_EQ(waiting_for(task, wait_kind::in_call), 3);
  EXPECT_EQ(of_first(task), wait_kind::in_call);
}

TEST_F(Waiting, ForAProviderThatPausedByItself) {
  const auto task = started(2);
  provider->set_all(call_status::paused, "");
  pass(15s);
  EXPECT_EQ(waiting_for(task, wait_kind::provider_paused), 2);
}

TEST_F(Waiting, ForAResumeWhileSuspended) {
  options.dispatch.organization_concurrency = 1;
  const auto task = started(3);
  ASSERT_TRUE(switch_task(task, true));
  EXPECT_EQ(waiting_for(task, wait_kind::suspended), 2);
  EXPECT_EQ(explain(task, stored_jobs(task).back().job.row)->reasons.front().kind, wait_kind::suspended);
}

TEST_F(Waiting, ForFreeLinesOfTheOrganisationOrTheAccount) {
  options.dispatch.organization_concurrency = 20;
  const auto task = started(30);
  pass(5s);
  EXPECT_EQ(waiting_for(task, wait_kind::concurrency_full), 10);
  crash_node();
  options.dispatch.organization_concurrency = 100;
  options.dispatch.account_concurrency = 20;
  start_node();
  pass(10s);
  EXPECT_EQ(waiting_for(task, wait_kind::account_concurrency_full), 10);
}

TEST_F(Waiting, ForTheRateOfCalls) {
  options.dispatch.organization_calls_per_s = 1;
  const auto task = started(60);
  EXPECT_GT(waiting_for(task, wait_kind::rate_limited), 0);
}

TEST_F(Waiting, ForTheProviderToRecover) {
  options.dispatch.organization_concurrency = 1;
  const auto task = started(3);
  provider->look_failure = failure{errc::unavailable, "down", {}, 0};
  pass_until([&] { return waiting_for(task, wait_kind::provider_tripped) > 0; }, 120s, "the breaker open");
  const auto again = until(task, wait_kind::provider_tripped);
  ASSERT_TRUE(again);
  EXPECT_LE(*again, eng->now() + options.provider.breaker_open_max + 1s);
}

TEST_F(Waiting, ForAnotherTryAfterABatchFailed) {
  start_node();
  const auto task = make_task(3);
  provider->assign_moods = {fake_provider::assign_mood::unreachable};
  ASSERT_TRUE(start_task(task));
  pass_until([&] { return waiting_for(task, wait_kind::retry_back_off) == 3; }, 60s, "resting");
  EXPECT_TRUE(until(task, wait_kind::retry_back_off));
}

TEST_F(Waiting, ForReconciliationAfterALostAnswer) {
  start_node();
  const auto task = make_task(3);
  provider->assign_moods = {fake_provider::assign_mood::lose_answer};
  ASSERT_TRUE(start_task(task));
  pass_until([&] { return waiting_for(task, wait_kind::reconciling) == 3; }, 60s, "unknown");
  EXPECT_EQ(of_first(task), wait_kind::reconciling);
}

TEST_F(Waiting, ForABatchOnItsWay) {
  options.dispatch.batch_size = 5;
  options.provider.write_rate_per_s = 0.01;
  options.provider.burst = 1;
  const auto task = started(10);
  EXPECT_GT(waiting_for(task, wait_kind::submitting), 0);
}

TEST_F(Waiting, ForTheConversationThenForItsAnalysis) {
  const auto task = started(1);
  provider->set_all(call_status::succeeded, "SucceededFinish");
  pass(15s);
  EXPECT_EQ(waiting_for(task, wait_kind::awaiting_conversation), 1);
  EXPECT_TRUE(until(task, wait_kind::awaiting_conversation)) << "looked for again";
  model->why_not = failure{errc::unavailable, "no model", {}, 0};
  provider->set_all(call_status::succeeded, "SucceededFinish", some_conversation);
  pass(15s);
  EXPECT_EQ(waiting_for(task, wait_kind::awaiting_analysis), 1);
}

TEST_F(Waiting, ForTheSweepWhenParked) {
  options.supervisor.sweep_interval = std::chrono::hours{24};
  const auto task = started(1);
  provider->set_all(call_status::executing, "Executing");
  pass(15s);
  pass(std::chrono::minutes{121}, 1s);
  EXPECT_EQ(waiting_for(task, wait_kind::parked_timeout), 1);
  EXPECT_EQ(of_first(task), wait_kind::parked_timeout);
}

TEST_F(Waiting, ForTheSweepWhenUnreachable) {
  options.supervisor.sweep_interval = std::chrono::hours{24};
  options.provider.breaker_window = 1'000;
  options.provider.breaker_consecutive = 1'000;
  options.provider.read_tries = 1;
  const auto task = started(1);
  provider->look_failure = failure{errc::unavailable, "no answer", {}, 0};
  pass(std::chrono::minutes{5}, 1s);
  EXPECT_EQ(waiting_for(task, wait_kind::parked_unreachable), 1);
}

TEST_F(Waiting, ForARestartOfACrashedTask) {
  const auto task = started(2);
  caf::anon_send_exit(task_actor(task), caf::exit_reason::kill);
  settle();
  EXPECT_EQ(waiting_for(task, wait_kind::restarting), 0) << "the task itself";
  EXPECT_TRUE(until(task, wait_kind::restarting));
}

TEST_F(Waiting, ForTheOrganisationToBeSwitchedOn) {
  const auto task = started(2);
  ASSERT_TRUE(switch_automation(false));
  EXPECT_EQ(waiting_for(task, wait_kind::organization_stopped), 0) << "the task itself";
}

TEST_F(Waiting, WhatIsClosedWaitsForNothing) {
  const auto task = started(1);
  const auto row = stored_jobs(task).front().job.row;
  provider->set_all(call_status::failed, "Busy");
  pass(30s);
  const auto seen = explain(task, row);
  ASSERT_FALSE(seen) << "no actor any more";
  EXPECT_EQ(seen.error().code, errc::not_found);
}

TEST(WaitKinds, EveryKindHasAWordAndASentenceOfItsOwn) {
  std::vector<std::string_view> words, texts;
  for (std::size_t i = 0; i < wait_kinds; ++i) {
    words.push_back(to_string(static_cast<wait_kind>(i)));
    texts.push_back(text_of(static_cast<wait_kind>(i)));
    EXPECT_FALSE(words.back().empty() || texts.back().empty());
  }
  std::ranges::sort(words);
  std::ranges::sort(texts);
  EXPECT_EQ(std::ranges::adjacent_find(words), words.end());
  EXPECT_EQ(std::ranges::adjacent_find(texts), texts.end());
}

}  // namespace

}  // namespace waihu::test
