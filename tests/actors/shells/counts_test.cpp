// What the actors count while a campaign runs: every thing once, and the state of breaker and looks as it is.
#include <numeric>

#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

class Counts : public EngineFixture {
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
  void finish(task_id task) {
    pass_until([&] { return stored_task(task).type == task_type::follow_up_complete; }, 120s, "task at 4");
  }
  [[nodiscard]] std::uint64_t calls(std::string_view operation, std::optional<errc> failed = {}) const {
    return eng->counts->provider[place_of_operation(operation)].results.at(failed ? static_cast<std::size_t>(*failed)
                                                                                  : 0);
  }
  [[nodiscard]] std::uint64_t of(const telemetry::histogram& h) const {
    const auto counts = h.read().counts;
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{});
  }
};

TEST_F(Counts, ACampaignIsCountedOnceFromGrantToFollowUp) {
  const auto task = begin(40);
  const auto& c = *eng->counts;
  EXPECT_EQ(c.at_provider, 40);
  const auto jobs = stored_jobs(task);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (i < 30)
      provider->set_status(jobs[i].job.reference_id, call_status::succeeded, "SucceededFinish", some_conversation);
    else provider->set_status(jobs[i].job.reference_id, call_status::failed, "NoAnswer");
  }
  finish(task);
  pass(2s);
  EXPECT_EQ(c.gate_grants, 40U);
  EXPECT_EQ(c.calls_ended[static_cast<std::size_t>(job_outcome::connected)], 30U);
  EXPECT_EQ(c.calls_ended[static_cast<std::size_t>(job_outcome::not_reached)], 10U);
  EXPECT_EQ(std::accumulate(c.follow_ups_written.begin(), c.follow_ups_written.end(), std::uint64_t{}), 40U);
  EXPECT_EQ(c.follow_ups_written[static_cast<std::size_t>(interest::interested)], 30U);
  EXPECT_EQ(c.analyses.at(0), static_cast<std::uint64_t>(model->calls));
  EXPECT_EQ(of(c.analysis_seconds), 30U);
  EXPECT_EQ(calls("AssignJobs"), static_cast<std::uint64_t>(provider->assign_calls));
  EXPECT_EQ(calls("ListJobs"), static_cast<std::uint64_t>(provider->look_calls));
  EXPECT_EQ(of(c.look_lateness), c.look_answers.at(0));
  EXPECT_EQ(c.look_answers.at(0) + 40, provider->looked_ids) << "beside the first ones, which come with the dispatch";
  EXPECT_EQ(c.at_provider, 0);
  EXPECT_EQ(c.changes_waiting, 0);
  EXPECT_EQ(c.reads_waiting, 0);
  EXPECT_EQ(c.provider_in_flight, 0);
  EXPECT_EQ(c.analyst_in_flight, 0);
  EXPECT_EQ(c.oldest_look_due_ms, 0);
  EXPECT_GT(c.events_published, 40U);
  EXPECT_EQ(static_cast<double>(c.changes.at(0)), c.commit_changes.read().sum);
}

TEST_F(Counts, ARestartDoesNotCountAnybodyAgain) {
  const auto task = begin(10);
  provider->set_all(call_status::failed, "NoAnswer");
  finish(task);
  crash_node();
  start_node();
  pass(30s);
  EXPECT_EQ(std::accumulate(eng->counts->calls_ended.begin(), eng->counts->calls_ended.end(), std::uint64_t{}), 0U);
  EXPECT_EQ(
      std::accumulate(eng->counts->follow_ups_written.begin(), eng->counts->follow_ups_written.end(), std::uint64_t{}),
      0U);
}

TEST_F(Counts, TheBreakerShowsItsStateAndItsNextProbe) {
  begin(5);
  const auto& c = *eng->counts;
  EXPECT_EQ(c.breaker, 0);
  EXPECT_EQ(c.breaker_retry_ms, 0);
  provider->look_failure = failure{errc::unavailable, "connection refused", {}, 0};
  pass_until([&] { return c.breaker == 2; }, 120s, "open");
  EXPECT_EQ(c.breaker_openings, 1U);
  const auto wait = c.breaker_retry_ms - to_epoch_ms(eng->now());
  EXPECT_GT(wait, 0);
  EXPECT_LE(wait, options.provider.breaker_open_max.count());
  pass_until([&] { return c.provider_unsent[static_cast<std::size_t>(unsent::breaker_open)] > 0; }, 60s, "turned away");
  provider->look_failure.reset();
  pass_until([&] { return c.breaker == 0; }, 120s, "closed again");
  EXPECT_EQ(c.breaker_retry_ms, 0);
  EXPECT_GT(calls("ListJobs", errc::unavailable), 0U);
}

TEST_F(Counts, LooksThatNobodyServesShowSinceWhen) {
  begin(5);
  const auto& c = *eng->counts;
  pass(15s);
  EXPECT_EQ(c.unserved_since_ms, 0);
  const auto now_ms = [this] {
    return std::chrono::duration_cast<milliseconds>(sched().clock().now().time_since_epoch()).count();
  };
  const auto fell_away = now_ms();
  provider->look_failure = failure{errc::timed_out, "no answer", {}, 0};
  pass(60s);
  ASSERT_NE(c.unserved_since_ms, 0);
  EXPECT_GE(c.unserved_since_ms, fell_away - 1'000);
  EXPECT_LE(c.unserved_since_ms, fell_away + 30'000) << "the first that failed, not the last";
  EXPECT_GT(c.unserved_last_ms, c.unserved_since_ms);
  provider->look_failure.reset();
  pass_until([&] { return c.unserved_since_ms == 0; }, 120s, "served again");
}

TEST_F(Counts, ALookThatWaitsForItsTokenIsSeenToAge) {
  options.provider.burst = 1;
  begin(3);
  const auto& c = *eng->counts;
  pass(30s);
  const auto lateness = c.look_lateness.read();
  EXPECT_LT(lateness.sum / static_cast<double>(of(c.look_lateness)), 1.0)
      << "with tokens at hand looks are hardly late";
  crash_node();
  options.provider.read_rate_per_s = 0.02;
  start_node();
  pass(60s);
  const auto now_ms = std::chrono::duration_cast<milliseconds>(sched().clock().now().time_since_epoch()).count();
  ASSERT_NE(eng->counts->oldest_look_due_ms, 0);
  EXPECT_GT(now_ms - eng->counts->oldest_look_due_ms, 20'000);
}

TEST_F(Counts, AStoreThatIsAwayIsNotedAndSoIsItsReturn) {
  const auto task = begin(5);
  const auto& c = *eng->counts;
  EXPECT_GT(c.writer_heard.answered_ms, 0);
  EXPECT_EQ(c.writer_heard.away_ms, 0);
  store_failures->repeat = 1'000'000;
  store_failures->fail_at = store_failures->count + 1;
  provider->set_all(call_status::failed, "NoAnswer");
  pass(30s);
  EXPECT_GT(c.writer_heard.away_ms, c.writer_heard.answered_ms);
  EXPECT_GT(
      c.changes.at(static_cast<std::size_t>(errc::unavailable)) + c.changes.at(static_cast<std::size_t>(errc::lost)),
      0U);
  store_failures->fail_at = 0;
  finish(task);
  EXPECT_GT(c.writer_heard.answered_ms, c.writer_heard.away_ms);
}

}  // namespace

}  // namespace waihu::test
