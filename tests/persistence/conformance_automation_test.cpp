// What every store promises of auto-task's switch, of runs over a task's calls, and of the history of one call.
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

using StoreAutomation = on_every_store;
ON_EVERY_STORE(StoreAutomation);

TEST_P(StoreAutomation, ASwitchedOffOrganisationsTasksWantNoActor) {
  const auto ours = calling_task(2);
  const auto theirs = calling_task(2, "ORG002");
  const auto unfinished = [&] {
    std::vector<task_id> ids;
    const auto found = session->run(query::unfinished_tasks{});
    EXPECT_TRUE(found);
    for (const auto& each : *found) ids.push_back(each.id);
    return ids;
  };
  EXPECT_EQ(unfinished(), (std::vector{ours, theirs}));
  EXPECT_EQ(session->run(query::set_automation{"ORG001", true, user_id{1}, at(0)}), false) << "it is on";
  EXPECT_EQ(session->run(query::set_automation{"ORG001", false, user_id{1}, at(1)}), true);
  EXPECT_EQ(session->run(query::set_automation{"ORG001", false, user_id{1}, at(2)}), false);
  EXPECT_EQ(unfinished(), std::vector{theirs});
  EXPECT_TRUE(session->run(query::unfinished_tasks{100, {ours}})->empty());
  EXPECT_TRUE(session->run(query::load_task{ours})->organization_stopped);
  EXPECT_FALSE(session->run(query::load_task{theirs})->organization_stopped);
  session.reset();
  session = world.sessions();
  EXPECT_EQ(*session->run(query::stopped_organizations{}), std::vector<std::string>{"ORG001"}) << "durable";
  EXPECT_EQ(session->run(query::set_automation{"ORG001", true, user_id{1}, at(3)}), true);
  EXPECT_TRUE(session->run(query::stopped_organizations{})->empty());
  EXPECT_EQ(unfinished(), (std::vector{ours, theirs}));
}

run_record fresh_run(const std::string& id, task_id task, const std::string& organization = "ORG001") {
  run_record run;
  run.id = id;
  run.organization_id = organization;
  run.task = task;
  run.batch_size = 50;
  run.pause = milliseconds{300};
  run.skip_recording = false;
  run.created_at = at(5);
  return run;
}

const std::string first_id(32, 'a');
const std::string second_id(32, 'b');

TEST_P(StoreAutomation, ATaskHasOneRunAtATimeAndAnEndedOneStaysAsItIs) {
  const auto task = calling_task(3);
  const auto made = session->run(query::create_run{fresh_run(first_id, task)});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->id, first_id);
  EXPECT_EQ(made->status, run_status::pending);
  EXPECT_EQ(made->total_jobs, 3);
  EXPECT_EQ(made->batch_size, 50);
  EXPECT_EQ(made->pause, milliseconds{300});
  EXPECT_FALSE(made->skip_recording);
  EXPECT_EQ(made->created_at, at(5));
  EXPECT_EQ(session->run(query::create_run{fresh_run(second_id, task)})->id, first_id);
  EXPECT_EQ(session->run(query::advance_run{first_id, run_status::running, 2, job_row_id{7}, "", at(6)}), true);
  EXPECT_EQ(session->run(query::unfinished_runs{})->size(), 1U);
  EXPECT_EQ(session->run(query::unfinished_runs{})->front().behind, job_row_id{7});
  EXPECT_EQ(session->run(query::advance_run{first_id, run_status::failed, 2, job_row_id{7}, "说不通", at(7)}), true);
  EXPECT_EQ(session->run(query::advance_run{first_id, run_status::done, 3, job_row_id{9}, "", at(8)}), false);
  const auto ended = session->run(query::find_run{"ORG001", first_id});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, run_status::failed);
  EXPECT_EQ(ended->processed_jobs, 2);
  EXPECT_EQ(ended->error, "说不通");
  EXPECT_EQ(ended->updated_at, at(7));
  EXPECT_TRUE(session->run(query::unfinished_runs{})->empty());
  EXPECT_EQ(session->run(query::create_run{fresh_run(second_id, task)})->id, second_id);
}

TEST_P(StoreAutomation, RunsAreOfOneOrganisation) {
  const auto task = calling_task(1);
  EXPECT_EQ(code_of(session->run(query::create_run{fresh_run(first_id, task, "ORG002")})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::create_run{fresh_run(first_id, task_id{4711})})), errc::not_found);
  ASSERT_TRUE(session->run(query::create_run{fresh_run(first_id, task)}));
  EXPECT_EQ(code_of(session->run(query::find_run{"ORG002", first_id})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::find_run{"ORG001", second_id})), errc::not_found);
}

TEST_P(StoreAutomation, ACallsHistoryHoldsItsBatchesItsEventsAndItsTasksMoves) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  // Sent once in vain, then again.
  const auto lost = must(change::intend_batch{own(id), 1, {rows[0]}, at(10)});
  must(change::mark_batch{own(id), batch_id{lost.id}, batch_state::sent, "", "", at(11)});
  must(change::requeue_jobs{own(id), batch_id{lost.id}, {rows[0]}, true, "nothing was found", at(12)});
  track(id, {rows[0]}, 2);
  settle(id, rows[0], call_status::failed);
  must(change::record_follow_up{own(id), rows[0], "l0001", "忙", interest::undecided, {}, at(50), false});
  const auto story = session->run(query::call_history{"ORG001", rows[0]});
  ASSERT_TRUE(story) << story.error().message;
  ASSERT_EQ(story->batches.size(), 2U);
  EXPECT_EQ(story->batches[0].seq, 1);
  EXPECT_EQ(story->batches[0].created_at, at(10));
  EXPECT_EQ(story->batches[0].sent_at, at(11));
  EXPECT_FALSE(story->batches[0].acked_at);
  EXPECT_EQ(story->batches[1].state, batch_state::acked);
  EXPECT_TRUE(story->batches[1].acked_at);
  std::vector<std::string> kinds;
  for (const auto& e : story->events) kinds.push_back(e.kind + ":" + e.to);
  EXPECT_EQ(kinds, (std::vector<std::string>{"task:calling", "job:settled", "follow:closed"}));
  const auto other = session->run(query::call_history{"ORG001", rows[1]});
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->batches.empty());
  EXPECT_EQ(other->events.size(), 1U) << "the task's move only";
  EXPECT_EQ(code_of(session->run(query::call_history{"ORG002", rows[0]})), errc::not_found);
}

TEST_P(StoreAutomation, ACallIsFoundByItsRowWithinItsOrganisation) {
  const auto id = calling_task(1);
  const auto row = rows_of(id).front();
  const auto found = session->run(query::job_by_row{"ORG001", row});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->task.id, id);
  EXPECT_EQ(found->job.job.row, row);
  EXPECT_EQ(code_of(session->run(query::job_by_row{"ORG002", row})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::job_by_row{"ORG001", job_row_id{4711'0000}})), errc::not_found);
}

}  // namespace
}  // namespace waihu::testing
