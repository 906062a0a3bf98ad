// Runs over all calls of a task under virtual time: every call is looked at once, one run a task, and a restart goes on
// where the run was.
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

class ExecutionRuns : public EngineFixture {
 protected:
  task_id calling(int leads) {
    options.job.look_interval = std::chrono::hours{1};  // nobody but the run looks
    options.job.queued_look_interval = std::chrono::hours{1};
    start_node();
    const auto task = make_task(leads);
    EXPECT_TRUE(start_task(task));
    pass(10s);
    return task;
  }
  waihu::start_run over(task_id task, int batch = 10) const {
    return {organization, task, batch, milliseconds{200}, true};
  }
  run_record stored(const std::string& id) {
    const auto found = make_memory_store(memory)->run(query::find_run{organization, id});
    EXPECT_TRUE(found);
    return found.value_or(run_record{});
  }
};

TEST_F(ExecutionRuns, LookAtEveryCallAndSettleWhatHasEnded) {
  const auto task = calling(35);
  provider->set_all(call_status::failed, "Busy");
  const auto run = start_run(over(task));
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->total_jobs, 35);
  pass_until([&] { return stored(run->id).status == run_status::done; }, 60s, "the run's end");
  EXPECT_EQ(stored(run->id).processed_jobs, 35);
  for (const auto& job : stored_jobs(task)) EXPECT_EQ(job.job.status, call_status::failed);
}

TEST_F(ExecutionRuns, ATaskHasOneAtATimeAndThenAnother) {
  const auto task = calling(35);
  const auto first = start_run(over(task));
  const auto second = start_run(over(task, 5));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id, second->id);
  EXPECT_EQ(second->batch_size, 10) << "the one under way";
  pass_until([&] { return stored(first->id).status == run_status::done; }, 120s, "the run's end");
  const auto third = start_run(over(task));
  ASSERT_TRUE(third);
  EXPECT_NE(third->id, first->id);
}

TEST_F(ExecutionRuns, GoOnAfterARestartWhereTheyWere) {
  const auto task = calling(35);
  auto slow = over(task, 5);
  slow.pause = 5s;
  const auto run = start_run(slow);
  ASSERT_TRUE(run);
  pass_until([&] { return stored(run->id).processed_jobs >= 10; }, 60s, "two batches");
  const auto before = stored(run->id).processed_jobs;
  ASSERT_LT(before, 35);
  crash_node();
  start_node();
  EXPECT_GE(stored(run->id).processed_jobs, before);
  pass_until([&] { return stored(run->id).status == run_status::done; }, 120s, "the run's end");
  EXPECT_EQ(stored(run->id).processed_jobs, 35) << "each batch was counted once";
}

TEST_F(ExecutionRuns, FailWithTheReasonWhenTheProviderAnswersNothing) {
  const auto task = calling(5);
  provider->look_failure = failure{errc::rejected, "the provider says no", "X", 0};
  const auto run = start_run(over(task));
  ASSERT_TRUE(run);
  pass_until([&] { return stored(run->id).status == run_status::failed; }, 300s, "the run's end");
  EXPECT_NE(stored(run->id).error.find("the provider says no"), std::string::npos) << stored(run->id).error;
}

TEST_F(ExecutionRuns, AnotherOrganisationsTaskIsNone) {
  const auto task = calling(2);
  organization = "OTHER1";
  const auto run = start_run(over(task));
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, errc::not_found);
}

TEST_F(ExecutionRuns, AStoreThatIsAwayForAWhileOnlyDelaysThem) {
  const auto task = calling(20);
  const auto run = start_run(over(task, 5));
  ASSERT_TRUE(run);
  store_failures->fail_at = store_failures->count + 2;
  pass_until([&] { return stored(run->id).status == run_status::done; }, 120s, "the run's end");
  EXPECT_EQ(stored(run->id).processed_jobs, 20);
}

}  // namespace

}  // namespace waihu::test
