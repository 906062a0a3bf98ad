// What every store promises of the changes of a task and its jobs.
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

class StoreChanges : public on_every_store {};
ON_EVERY_STORE(StoreChanges);

TEST_P(StoreChanges, ARequestAboutTheGroupIsNotedWhereItMayBeMadeAndEndsWithTheNextMoveOrNote) {
  import_leads(1);
  const auto without = make_task("ORG001", "");
  EXPECT_EQ(code_of(commit(change::request_group{own(without), at(1)})), errc::illegal_transition);
  const auto with = make_task();
  must(change::request_group{own(with), at(1)});
  EXPECT_EQ(task(with).group_requested_at, at(1));
  const auto again = commit(change::request_group{own(with), at(1)});
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  must(change::move_task{own(with), task_type::created, task_type::calling, "g", std::nullopt, at(2)});
  EXPECT_FALSE(task(with).group_requested_at);
  must(change::request_group{own(with), at(3)});
  EXPECT_EQ(task(with).group_requested_at, at(3));
  must(change::move_task{own(with), task_type::calling, task_type::suspended, std::nullopt, std::nullopt, at(4)});
  EXPECT_FALSE(task(with).group_requested_at);
  must(change::request_group{own(with), at(5)});
  EXPECT_FALSE(commit(change::request_group{own(with), at(5)})->changed);
  must(change::note_task{own(with), "refused"});
  EXPECT_FALSE(task(with).group_requested_at);
  must(change::move_task{own(with), task_type::suspended, task_type::calling, std::nullopt, std::nullopt, at(6)});
  must(change::move_task{own(with), task_type::calling, task_type::calls_complete, std::nullopt, std::nullopt, at(7)});
  EXPECT_EQ(code_of(commit(change::request_group{own(with), at(8)})), errc::illegal_transition);
}

TEST_P(StoreChanges, ATaskMakesExactlyTheListedMoves) {
  import_leads(1);
  const auto id = make_task();
  constexpr task_type all[] = {task_type::created, task_type::calling, task_type::calls_complete,
                               task_type::follow_up_complete, task_type::suspended};
  // A walk that visits every state; at each one, every move that is not listed must be refused.
  const std::pair<task_type, task_type> walk[] = {{task_type::created, task_type::calling},
                                                  {task_type::calling, task_type::created},
                                                  {task_type::created, task_type::calling},
                                                  {task_type::calling, task_type::suspended},
                                                  {task_type::suspended, task_type::calling},
                                                  {task_type::calling, task_type::calls_complete},
                                                  {task_type::calls_complete, task_type::follow_up_complete},
                                                  {task_type::follow_up_complete, task_type::calls_complete}};
  for (const auto& [from, to] : walk) {
    ASSERT_EQ(task(id).type, from);
    for (const auto wrong_from : all)
      for (const auto wrong_to : all)
        if (wrong_from != from || !is_legal_move(wrong_from, wrong_to)) {
          EXPECT_EQ(code_of(commit(change::move_task{own(id), wrong_from, wrong_to, {}, {}, at(1)})),
                    errc::illegal_transition);
        }
    must(change::move_task{own(id), from, to, {}, {}, at(2)});
  }
  EXPECT_EQ(told.size(), std::size(walk));
}

TEST_P(StoreChanges, AMoveWritesItsFieldsAndOneEvent) {
  import_leads(1);
  const auto id = make_task();
  must(change::request_group{own(id), at(1)});
  must(change::move_task{own(id), task_type::created, task_type::calling, "group-1", "", at(5)});
  auto t = task(id);
  EXPECT_EQ(t.job_group_id, "group-1");
  EXPECT_EQ(t.started_at, at(5));
  EXPECT_EQ(t.epoch, epoch);
  EXPECT_EQ(t.updated_time, at(5));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, "task");
  EXPECT_EQ(told[0].from, "created");
  EXPECT_EQ(told[0].to, "calling");
  EXPECT_EQ(told[0].task, id);
  EXPECT_EQ(told[0].organization_id, "ORG001");
  EXPECT_EQ(told[0].at, at(5));
  EXPECT_EQ(told[0].data_json, R"({"from_type":1,"to_type":2,"job_group_id":"group-1","last_error":""})");

  must(change::move_task{own(id), task_type::calling, task_type::created, "", "nothing assigned", at(6)});
  t = task(id);
  EXPECT_EQ(t.job_group_id, "");
  EXPECT_EQ(t.last_error, "nothing assigned");
  EXPECT_FALSE(t.started_at);
  EXPECT_FALSE(t.group_requested_at);
  must(change::move_task{own(id), task_type::created, task_type::calling, "group-2", {}, at(7)});
  must(change::move_task{own(id), task_type::calling, task_type::calls_complete, {}, {}, at(8)});
  t = task(id);
  EXPECT_EQ(t.completed_at, at(8));
  EXPECT_EQ(t.job_group_id, "group-2");
  EXPECT_EQ(t.last_error, "nothing assigned");
}

TEST_P(StoreChanges, ATaskNeverGoesBackToCreatedWhileACallOfItMayBeWithTheProvider) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  const change::move_task back{own(id), task_type::calling, task_type::created, "", "nothing assigned", at(9)};
  // As by a move that was given up for lost, and takes effect after the task has sent again.
  const auto batch = batch_id{must(change::intend_batch{own(id), 1, rows, at(2)}).id};
  EXPECT_EQ(code_of(commit(back)), errc::illegal_transition);
  must(change::mark_batch{own(id), batch, batch_state::sent, {}, {}, at(3)});
  EXPECT_EQ(code_of(commit(back)), errc::illegal_transition);
  EXPECT_EQ(task(id).type, task_type::calling);
  EXPECT_EQ(task(id).last_error, "");
  must(change::requeue_jobs{own(id), batch, rows, false, "refused", at(4)});
  must(back);
  EXPECT_EQ(task(id).type, task_type::created);
}

TEST_P(StoreChanges, ANoteReplacesTheErrorAndEndsARequestedStart) {
  import_leads(1);
  const auto id = make_task();
  must(change::request_group{own(id), at(1)});
  must(change::note_task{own(id), "provider refused"});
  EXPECT_EQ(task(id).last_error, "provider refused");
  EXPECT_FALSE(task(id).group_requested_at);
  const auto again = commit(change::note_task{own(id), "provider refused"});
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  EXPECT_TRUE(told.empty());
}

TEST_P(StoreChanges, AnIntentTakesAllItsRowsOrNone) {
  const auto id = calling_task(4);
  const auto rows = rows_of(id);
  const auto first = must(change::intend_batch{own(id), 1, {rows[0], rows[1]}, at(10)});
  EXPECT_GT(first.id, 0);
  EXPECT_EQ(job(rows[0]).job.phase, job_phase::dispatching);
  EXPECT_EQ(job(rows[0]).job.dispatch_batch, batch_id{first.id});
  EXPECT_EQ(code_of(commit(change::intend_batch{own(id), 2, {rows[2], rows[1]}, at(11)})), errc::illegal_transition);
  EXPECT_EQ(job(rows[2]).job.phase, job_phase::queued);
  EXPECT_EQ(code_of(commit(change::intend_batch{own(id), 1, {rows[2]}, at(11)})), errc::conflict);
  EXPECT_EQ(code_of(commit(change::intend_batch{own(id), 2, {}, at(11)})), errc::invalid_argument);
  EXPECT_EQ(code_of(commit(change::intend_batch{own(id), 2, {rows[2], rows[2]}, at(11)})), errc::invalid_argument);
  // A repeat after a lost answer makes no second batch.
  EXPECT_EQ(code_of(commit(change::intend_batch{own(id), 1, {rows[0], rows[1]}, at(10)})), errc::illegal_transition);
  const auto loaded = session->run(query::load_task{id});
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->open_batches.size(), 1U);
  EXPECT_EQ(loaded->open_batches[0].rows, (std::vector{rows[0], rows[1]}));
  EXPECT_EQ(loaded->open_batches[0].state, batch_state::intent);
  EXPECT_EQ(loaded->open_batches[0].epoch, epoch);
  EXPECT_EQ(loaded->open_batches[0].created_at, at(10));
  EXPECT_EQ(loaded->last_batch_seq, 1);
}

TEST_P(StoreChanges, NoBatchIsIntendedUnlessTheTaskIsCalling) {
  const auto id = calling_task(1);
  const auto rows = rows_of(id);
  must(change::move_task{own(id), task_type::calling, task_type::suspended, {}, {}, at(3)});
  EXPECT_EQ(code_of(commit(change::intend_batch{own(id), 1, rows, at(10)})), errc::illegal_transition);
  EXPECT_EQ(job(rows[0]).job.phase, job_phase::queued);
}

TEST_P(StoreChanges, ABatchNeverTakesRowsOfAnotherTask) {
  const auto id = calling_task(2);
  const auto other = make_task();
  EXPECT_EQ(code_of(commit(change::intend_batch{own(id), 1, {rows_of(other)[0]}, at(10)})), errc::illegal_transition);
  EXPECT_EQ(job(rows_of(other)[0]).job.phase, job_phase::queued);
}

TEST_P(StoreChanges, ABatchGoesForwardOnly) {
  const auto id = calling_task(1);
  const batch_id b{must(change::intend_batch{own(id), 1, rows_of(id), at(10)}).id};
  must(change::mark_batch{own(id), b, batch_state::sent, "", "", at(11)});
  const auto again = commit(change::mark_batch{own(id), b, batch_state::sent, "", "", at(11)});
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  EXPECT_EQ(code_of(commit(change::mark_batch{own(id), b, batch_state::intent, "", "", at(12)})),
            errc::illegal_transition);
  must(change::mark_batch{own(id), b, batch_state::unknown, "", "timed out", at(12)});
  EXPECT_EQ(code_of(commit(change::mark_batch{own(id), b, batch_state::sent, "", "", at(12)})),
            errc::illegal_transition);
  const auto open = session->run(query::load_task{id});
  ASSERT_TRUE(open && open->open_batches.size() == 1);
  EXPECT_EQ(open->open_batches[0].error, "timed out");
  must(change::mark_batch{own(id), b, batch_state::acked, "req-9", "", at(13)});
  EXPECT_EQ(code_of(commit(change::mark_batch{own(id), b, batch_state::failed, "", "late", at(14)})),
            errc::illegal_transition);
  const auto closed = session->run(query::load_task{id});
  ASSERT_TRUE(closed);
  EXPECT_TRUE(closed->open_batches.empty());
  EXPECT_EQ(closed->last_batch_seq, 1);
  EXPECT_EQ(code_of(commit(change::mark_batch{own(id), batch_id{999999}, batch_state::sent, "", "", at(1)})),
            errc::not_found);
}

TEST_P(StoreChanges, AnAcknowledgementSetsIdsAndNeverOverwritesOne) {
  const auto id = calling_task(3);
  const auto rows = rows_of(id);
  const batch_id b{must(change::intend_batch{own(id), 1, rows, at(10)}).id};
  change::acknowledge_jobs first{own(id), b, {{rows[0], "J1"}}, false, "", at(11)};
  EXPECT_EQ(must(first).id, 1);
  EXPECT_EQ(job(rows[0]).job.phase, job_phase::tracking);
  // The same again, another id for row 0, row 0's id for row 1, and a good one: only the good one counts.
  change::acknowledge_jobs second{own(id), b,     {{rows[0], "J1"}, {rows[0], "J9"}, {rows[1], "J1"}, {rows[2], "J3"}},
                                  true,    "req", at(12)};
  EXPECT_EQ(must(second).id, 1);
  EXPECT_EQ(job(rows[0]).job.call_job_id, "J1");
  EXPECT_EQ(job(rows[1]).job.call_job_id, "");
  EXPECT_EQ(job(rows[1]).job.phase, job_phase::dispatching);
  EXPECT_EQ(job(rows[2]).job.call_job_id, "J3");
  const auto again = commit(second);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  EXPECT_TRUE(session->run(query::load_task{id})->open_batches.empty());
}

TEST_P(StoreChanges, AJobFoundAtTheProviderIsNeverLeftWhereItCouldBeSentAgain) {
  const auto id = calling_task(1);
  const auto rows = rows_of(id);
  const batch_id b{must(change::intend_batch{own(id), 1, rows, at(10)}).id};
  must(change::requeue_jobs{own(id), b, rows, true, "not found", at(11)});
  must(change::acknowledge_jobs{own(id), b, {{rows[0], "J-late"}}, false, "", at(12)});
  EXPECT_EQ(job(rows[0]).job.phase, job_phase::tracking);
  EXPECT_EQ(code_of(commit(change::intend_batch{own(id), 2, rows, at(13)})), errc::illegal_transition);
}

TEST_P(StoreChanges, RequeuedRowsCanBeIntendedAgainAndCountTheirAttempts) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  const batch_id b{must(change::intend_batch{own(id), 1, rows, at(10)}).id};
  must(change::acknowledge_jobs{own(id), b, {{rows[1], "J2"}}, false, "", at(11)});
  EXPECT_EQ(must(change::requeue_jobs{own(id), b, rows, true, "absent", at(12)}).id, 1);
  EXPECT_EQ(job(rows[0]).job.phase, job_phase::queued);
  EXPECT_EQ(job(rows[0]).job.attempts, 1);
  EXPECT_EQ(job(rows[1]).job.phase, job_phase::tracking);
  const auto again = commit(change::requeue_jobs{own(id), b, rows, true, "absent", at(12)});
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  EXPECT_EQ(job(rows[0]).job.attempts, 1);
  must(change::intend_batch{own(id), 2, {rows[0]}, at(13)});
  // A late word about the first batch does not touch the second.
  EXPECT_FALSE(commit(change::requeue_jobs{own(id), b, {rows[0]}, true, "absent", at(14)})->changed);
  EXPECT_EQ(job(rows[0]).job.phase, job_phase::dispatching);
}

TEST_P(StoreChanges, SettlingWritesTheWholeLastAttemptAtOnce) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  track(id, {row});
  told.clear();
  attempt last{"T1",
               "C1",
               "SucceededFinish",
               "021123",
               "138",
               1'790'000'100'123,
               1'790'000'101'456,
               R"([{"b":1, "a":"你好","Speaker":"Robot" ,"z":"\u0000"}])"};
  must(change::settle_job{own(id), row, call_status::succeeded, job_outcome::connected, last, at(20)});
  const auto v = job(row);
  EXPECT_EQ(v.job.status, call_status::succeeded);
  EXPECT_EQ(v.job.outcome, job_outcome::connected);
  EXPECT_EQ(v.job.phase, job_phase::settled);
  EXPECT_EQ(v.call_task_id, "T1");
  EXPECT_EQ(v.attempt_status, "SucceededFinish");
  EXPECT_EQ(v.planed_ms, last.planed_ms);
  EXPECT_EQ(v.actual_ms, last.actual_ms);
  EXPECT_EQ(v.calling_number, "021123");
  EXPECT_EQ(v.called_number, "138");
  EXPECT_EQ(v.conversation_json, last.conversation_json) << "exactly as received";
  EXPECT_TRUE(v.job.has_conversation);
  EXPECT_EQ(v.updated_time, at(20));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, "job");
  EXPECT_EQ(told[0].job, row);
  EXPECT_EQ(told[0].from, "tracking");
  EXPECT_EQ(told[0].to, "settled");
  EXPECT_EQ(told[0].data_json, R"({"status":"Succeeded","outcome":"connected","attempt_status":"SucceededFinish"})");
}

TEST_P(StoreChanges, ATerminalStatusNeverChangesAgain) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  track(id, {row});
  settle(id, row, call_status::failed);
  told.clear();
  for (const auto later : {call_status::succeeded, call_status::failed, call_status::cancelled}) {
    attempt last;
    last.status = "SucceededFinish";
    last.conversation_json = "[{}]";
    const auto r = commit(change::settle_job{own(id), row, later, job_outcome::none, last, at(30)});
    ASSERT_TRUE(r);
    EXPECT_FALSE(r->changed);
  }
  EXPECT_EQ(job(row).job.status, call_status::failed);
  EXPECT_EQ(job(row).attempt_status, "NoAnswer");
  EXPECT_TRUE(told.empty());
  for (const auto active : {call_status::executing, call_status::none, call_status::other})
    EXPECT_EQ(code_of(commit(change::settle_job{own(id), row, active, job_outcome::none, {}, at(30)})),
              errc::invalid_argument);
}

TEST_P(StoreChanges, AJobThatWasNeverPlacedCanBeSettled) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  must(change::settle_job{own(id), row, call_status::failed, job_outcome::unplaced, {}, at(20)});
  EXPECT_EQ(job(row).job.outcome, job_outcome::unplaced);
  EXPECT_EQ(job(row).planed_ms, 0);
  EXPECT_EQ(told.back().from, "queued");
}

TEST_P(StoreChanges, ALateConversationIsAttachedWithoutTouchingTheStatus) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  track(id, {row});
  attempt late;
  late.call_task_id = "T2";
  late.conversation_json = R"([{"Script":"喂"}])";
  EXPECT_EQ(code_of(commit(change::attach_attempt{own(id), row, late})), errc::illegal_transition);
  attempt first;
  first.status = "SucceededFinish";
  first.planed_ms = 1'790'000'100'100;
  first.conversation_json = "[]";
  must(change::settle_job{own(id), row, call_status::succeeded, job_outcome::none, first, at(20)});
  EXPECT_FALSE(job(row).job.has_conversation);
  told.clear();
  must(change::attach_attempt{own(id), row, late});
  auto v = job(row);
  EXPECT_EQ(v.conversation_json, late.conversation_json);
  EXPECT_EQ(v.call_task_id, "T2");
  EXPECT_EQ(v.attempt_status, "SucceededFinish") << "what is empty erases nothing";
  EXPECT_EQ(v.job.status, call_status::succeeded);
  EXPECT_EQ(v.job.phase, job_phase::settled);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].data_json, R"({"conversation":true})");
  const auto again = commit(change::attach_attempt{own(id), row, late});
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  attempt same_second = late;
  same_second.planed_ms = 1'790'000'100'900;
  same_second.conversation_json = "[]";
  EXPECT_FALSE(commit(change::attach_attempt{own(id), row, same_second})->changed) << "compared to the second";
  EXPECT_EQ(job(row).conversation_json, late.conversation_json) << "an empty list erases no conversation";
  same_second.planed_ms = 1'790'000'101'000;
  EXPECT_TRUE(commit(change::attach_attempt{own(id), row, same_second})->changed);
}

TEST_P(StoreChanges, AParkedJobComesBackWhereItWas) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  EXPECT_EQ(code_of(commit(change::park_job{own(id), rows[0], parked_reason::timeout, 0, {}, {}, at(1)})),
            errc::illegal_transition);
  track(id, rows);
  settle(id, rows[1]);
  told.clear();
  for (const auto row : rows) {
    must(change::park_job{own(id), row, parked_reason::unreachable, 10, at(12), at(13), at(30)});
    EXPECT_FALSE(commit(change::park_job{own(id), row, parked_reason::timeout, 0, {}, {}, at(31)})->changed);
    const auto j = job(row).job;
    EXPECT_EQ(j.phase, job_phase::parked);
    EXPECT_EQ(j.parked, parked_reason::unreachable);
    EXPECT_EQ(j.failures, 10);
    EXPECT_EQ(j.poll_started_at, at(12));
    EXPECT_EQ(j.last_change_at, at(13));
    must(change::unpark_job{own(id), row, at(40)});
    EXPECT_FALSE(commit(change::unpark_job{own(id), row, at(40)})->changed);
    EXPECT_EQ(job(row).job.failures, 0);
    EXPECT_EQ(job(row).job.parked, parked_reason::none);
  }
  EXPECT_EQ(job(rows[0]).job.phase, job_phase::tracking);
  EXPECT_EQ(job(rows[1]).job.phase, job_phase::settled);
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[0].to, "parked");
  EXPECT_EQ(told[0].data_json, R"({"reason":"unreachable"})");
  EXPECT_EQ(told[3].from, "parked");
  EXPECT_EQ(told[3].to, "settled");
}

TEST_P(StoreChanges, PollingCountersAreKeptWithoutAnEvent) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  must(change::save_poll_state{own(id), row, 3, at(5), at(6)});
  must(change::save_poll_state{own(id), row, 4, {}, {}});
  EXPECT_EQ(job(row).job.failures, 4);
  EXPECT_EQ(job(row).job.poll_started_at, at(5));
  EXPECT_EQ(job(row).job.last_change_at, at(6));
  EXPECT_TRUE(told.empty());
}

TEST_P(StoreChanges, OnlyAnEndedJobIsClosed) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  EXPECT_EQ(code_of(commit(change::close_job{own(id), row})), errc::illegal_transition);
  settle(id, row, call_status::cancelled);
  must(change::close_job{own(id), row});
  EXPECT_EQ(job(row).job.phase, job_phase::closed);
  EXPECT_FALSE(commit(change::close_job{own(id), row})->changed);
}

TEST_P(StoreChanges, ARecordingKeepsItsLinkAndWhenItWasFetched) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  must(change::store_recording{own(id), row, "https://oss/x?Expires=1", at(50)});
  EXPECT_EQ(job(row).recording_url, "https://oss/x?Expires=1");
  EXPECT_EQ(job(row).recording_fetched_at, at(50));
  EXPECT_FALSE(commit(change::store_recording{own(id), row, "https://oss/x?Expires=1", at(50)})->changed);
}

TEST_P(StoreChanges, EveryKindIsRefusedUnderAStaleEpochAndForAnUnknownTask) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  const auto every_kind = [&](const ownership& o) {
    return std::vector<store_change>{
        change::request_group{o, at(1)},
        change::move_task{o, task_type::calling, task_type::suspended, {}, {}, at(1)},
        change::note_task{o, "x"},
        change::intend_batch{o, 1, {row}, at(1)},
        change::mark_batch{o, batch_id{1}, batch_state::sent, "", "", at(1)},
        change::acknowledge_jobs{o, batch_id{1}, {{row, "J"}}, false, "", at(1)},
        change::requeue_jobs{o, batch_id{1}, {row}, false, "", at(1)},
        change::settle_job{o, row, call_status::failed, job_outcome::failed, {}, at(1)},
        change::attach_attempt{o, row, {}},
        change::park_job{o, row, parked_reason::timeout, 0, {}, {}, at(1)},
        change::unpark_job{o, row, at(1)},
        change::save_poll_state{o, row, 5, {}, {}},
        change::record_follow_up{o, row, "l0001", "x", interest::undecided, {}, at(1), false},
        change::close_job{o, row},
        change::store_recording{o, row, "u", at(1)},
        change::default_interest{o}};
  };
  const auto before = job(row);
  ASSERT_EQ(every_kind(own(id)).size(), std::variant_size_v<store_change>);
  for (const auto wrong : {epoch_t{value(epoch) - 1}, epoch_t{value(epoch) + 1}}) {
    const auto changes = every_kind({id, wrong});
    const auto report = session->commit(changes);
    ASSERT_EQ(report.receipts.size(), changes.size());
    for (const auto& r : report.receipts) EXPECT_EQ(code_of(r), errc::stale_epoch);
    EXPECT_TRUE(report.events.empty());
  }
  const auto changes = every_kind({task_id{987654}, epoch});
  for (const auto& r : session->commit(changes).receipts) EXPECT_EQ(code_of(r), errc::not_found);
  EXPECT_EQ(job(row).job.phase, before.job.phase);
  EXPECT_EQ(job(row).job.failures, 0);
  EXPECT_EQ(task(id).type, task_type::calling);
}

TEST_P(StoreChanges, ARowIsOnlyChangedThroughItsOwnTask) {
  const auto id = calling_task(1);
  const auto other = make_task();
  const auto row = rows_of(id)[0];
  const std::vector<store_change> changes{
      change::settle_job{own(other), row, call_status::failed, job_outcome::failed, {}, at(1)},
      change::attach_attempt{own(other), row, {}},
      change::park_job{own(other), row, parked_reason::timeout, 0, {}, {}, at(1)},
      change::unpark_job{own(other), row, at(1)},
      change::save_poll_state{own(other), row, 5, {}, {}},
      change::record_follow_up{own(other), row, "l0001", "x", interest::undecided, {}, at(1), false},
      change::close_job{own(other), row},
      change::store_recording{own(other), row, "u", at(1)}};
  for (const auto& r : session->commit(changes).receipts) EXPECT_EQ(code_of(r), errc::not_found);
  const auto ack = commit(change::acknowledge_jobs{own(other), batch_id{1}, {{row, "J"}}, false, "", at(1)});
  ASSERT_TRUE(ack);
  EXPECT_FALSE(ack->changed);
  EXPECT_EQ(job(row).job.phase, job_phase::queued);
}

TEST_P(StoreChanges, ARefusedChangeDoesNotSinkItsNeighbours) {
  const auto id = calling_task(4);
  const auto rows = rows_of(id);
  track(id, rows);
  settle(id, rows[1]);
  attempt broken;
  broken.status = std::string("a\0b\xff", 4);
  broken.conversation_json = "[{\"Script\":\"\xc3\x28\"}]";
  std::vector<store_change> changes{
      change::settle_job{own(id), rows[0], call_status::succeeded, job_outcome::none, broken, at(20)},
      change::settle_job{own(id), rows[1], call_status::failed, job_outcome::none, {}, at(20)},
      change::settle_job{own(id), job_row_id{424242}, call_status::failed, job_outcome::none, {}, at(20)},
      change::settle_job{{id, epoch_t{value(epoch) + 7}}, rows[2], call_status::failed, job_outcome::none, {}, at(20)},
      change::move_task{own(id), task_type::suspended, task_type::calling, {}, {}, at(20)},
      change::settle_job{own(id), rows[3], call_status::failed, job_outcome::none, {}, at(20)}};
  const auto r = session->commit(changes);
  ASSERT_EQ(r.receipts.size(), 6U);
  ASSERT_TRUE(r.receipts[0]) << r.receipts[0].error().message;
  EXPECT_TRUE(r.receipts[0]->changed);
  ASSERT_TRUE(r.receipts[1]);
  EXPECT_FALSE(r.receipts[1]->changed);
  EXPECT_EQ(code_of(r.receipts[2]), errc::not_found);
  EXPECT_EQ(code_of(r.receipts[3]), errc::stale_epoch);
  EXPECT_EQ(code_of(r.receipts[4]), errc::illegal_transition);
  ASSERT_TRUE(r.receipts[5]);
  EXPECT_TRUE(r.receipts[5]->changed);
  EXPECT_EQ(r.events.size(), 2U);
  EXPECT_EQ(job(rows[0]).attempt_status,
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(job(rows[0]).conversation_json, "[{\"Script\":\"\xef\xbf\xbd(\"}]");
  EXPECT_EQ(job(rows[2]).job.status, call_status::none);
}

TEST_P(StoreChanges, TheOrderWithinACommitIsKept) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  std::vector<store_change> changes{
      change::intend_batch{own(id), 1, {rows[0]}, at(1)},
      change::settle_job{own(id), rows[0], call_status::failed, job_outcome::unplaced, {}, at(2)},
      change::record_follow_up{own(id), rows[0], "l0001", "未执行外呼；", interest::undecided, {}, at(3), false},
      change::move_task{own(id), task_type::calling, task_type::suspended, {}, {}, at(4)},
      change::intend_batch{own(id), 2, {rows[1]}, at(5)},
      change::move_task{own(id), task_type::suspended, task_type::calling, {}, {}, at(6)},
      change::intend_batch{own(id), 3, {rows[1]}, at(7)},
      change::intend_batch{own(id), 4, {rows[1]}, at(8)}};
  const auto r = session->commit(changes);
  for (const std::size_t good : {0U, 1U, 2U, 3U, 5U, 6U}) EXPECT_TRUE(r.receipts[good]) << good;
  EXPECT_EQ(code_of(r.receipts[4]), errc::illegal_transition);
  EXPECT_EQ(code_of(r.receipts[7]), errc::illegal_transition);
  ASSERT_EQ(r.events.size(), 4U);
  EXPECT_EQ(r.events[0].kind, "job");
  EXPECT_EQ(r.events[1].kind, "follow");
  EXPECT_EQ(r.events[2].to, "suspended");
  EXPECT_EQ(r.events[3].to, "calling");
  EXPECT_EQ(job(rows[0]).job.phase, job_phase::closed);
}

TEST_P(StoreChanges, AnEmptyCommitDoesNothing) {
  const auto r = session->commit({});
  EXPECT_TRUE(r.receipts.empty());
  EXPECT_TRUE(r.events.empty());
}

}  // namespace
}  // namespace waihu::testing
