// What the database itself refuses, whoever asks; and that a refusal inside a group commit sinks nobody else.
#include "persistence/postgres_store.hpp"
#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

class PostgresGuards : public on_every_store {
 protected:
  std::string sql(const std::string& text) { return run_sql(*world.database, text); }
};
INSTANTIATE_TEST_SUITE_P(Stores, PostgresGuards, ::testing::Values("postgres"));

TEST_P(PostgresGuards, RawSqlCannotMakeAMoveThatIsNotListed) {
  import_leads(1);
  const auto id = make_task();
  const auto where = " where id = " + std::to_string(value(id));
  for (int from = 1; from <= 5; ++from)
    for (int to = 0; to <= 6; ++to) {
      // Past the guard for the starting point only.
      ASSERT_EQ(sql("set session_replication_role = replica; update call_tasks set task_type = " +
                    std::to_string(from) + where),
                "");
      const auto state = sql("update call_tasks set task_type = " + std::to_string(to) + where);
      const bool known = to >= 1 && to <= 5;
      const bool legal =
          known && (from == to || is_legal_move(static_cast<task_type>(from), static_cast<task_type>(to)));
      EXPECT_EQ(state, legal ? "" : "WH001") << from << " to " << to;
    }
}

TEST_P(PostgresGuards, RawSqlCannotChangeATerminalStatusOrAProviderJob) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  track(id, rows);
  settle(id, rows[0]);
  const auto where = " where id = " + std::to_string(value(rows[0]));
  for (const auto* status : {"'Failed'", "'Cancelled'", "null"})
    EXPECT_EQ(sql(std::string{"update leads_task_list set call_status = "} + status + where), "WH002") << status;
  EXPECT_EQ(sql("update leads_task_list set call_job_id = 'other'" + where), "WH003");
  EXPECT_EQ(sql("update leads_task_list set call_job_id = null" + where), "WH003");
  EXPECT_EQ(sql("update leads_task_list set call_status = call_status, call_job_id = call_job_id" + where), "");
  EXPECT_EQ(sql("update leads_task_list set call_status = 'Executing' where id = " + std::to_string(value(rows[1]))),
            "23514");
  EXPECT_EQ(sql("update leads_task_list set phase = 'settled' where id = " + std::to_string(value(rows[1]))), "23514");
  EXPECT_EQ(sql("update leads_task_list set phase = 'nowhere' where id = " + std::to_string(value(rows[1]))), "23514");
}

TEST_P(PostgresGuards, RawSqlCannotTurnAnEpochBack) {
  ASSERT_EQ(sql("update shards set epoch = epoch + 5"), "");
  EXPECT_EQ(sql("update shards set epoch = epoch - 1"), "WH004");
}

TEST_P(PostgresGuards, TwoFollowUpsOfOneJobAndTwoJobsOfOneReferenceAreImpossible) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  const auto insert = "insert into dcc_leads_follow (organization_id, leads_id, call_job_row) values ('ORG001', 'l', " +
                      std::to_string(value(row)) + ")";
  EXPECT_EQ(sql(insert), "");
  EXPECT_EQ(sql(insert), "23505");
  EXPECT_EQ(sql("insert into leads_task_list (task_id, leads_id, reference_id) select task_id, leads_id, reference_id "
                "from leads_task_list"),
            "23505");
}

TEST_P(PostgresGuards, AFollowUpThatTheUniqueKeyRefusesSinksNoNeighbour) {
  const auto id = calling_task(3);
  const auto rows = rows_of(id);
  for (const auto row : rows) settle(id, row);
  // Somebody wrote one past the store: the row does not know of it.
  ASSERT_EQ(sql("insert into dcc_leads_follow (organization_id, leads_id, call_job_row) values ('ORG001', 'l', " +
                std::to_string(value(rows[1])) + ")"),
            "");
  std::vector<store_change> changes;
  for (const auto row : rows)
    changes.push_back(change::record_follow_up{own(id), row, "l", "r", interest::undecided, {}, at(1), false});
  const auto report = session->commit(changes);
  EXPECT_TRUE(report.receipts[0] && report.receipts[0]->changed);
  EXPECT_FALSE(report.receipts[1]);
  EXPECT_TRUE(report.receipts[2] && report.receipts[2]->changed);
}

TEST_P(PostgresGuards, AChangeThatAConstraintRefusesIsFoundAmongManyAndFailsAlone) {
  const auto id = calling_task(40);
  const auto rows = rows_of(id);
  // A trap for one row that no guard of the store foresees.
  ASSERT_EQ(sql("alter table leads_task_list add constraint trap check (id <> " + std::to_string(value(rows[23])) +
                " or call_status is null)"),
            "");
  std::vector<store_change> changes;
  for (const auto row : rows)
    changes.push_back(change::settle_job{own(id), row, call_status::failed, job_outcome::none, {}, at(1)});
  changes.push_back(change::move_task{own(id), task_type::calling, task_type::suspended, {}, {}, at(1)});
  const auto report = session->commit(changes);
  ASSERT_EQ(report.receipts.size(), changes.size());
  for (std::size_t i = 0; i < report.receipts.size(); ++i) {
    if (i == 23) {
      EXPECT_EQ(code_of(report.receipts[i]), errc::conflict);
      EXPECT_EQ(report.receipts[i].error().message.find("trap"), std::string::npos) << "no text of the server";
      EXPECT_EQ(report.receipts[i].error().vendor_code, "23514");
    } else {
      EXPECT_TRUE(report.receipts[i] && report.receipts[i]->changed) << i;
    }
  }
  EXPECT_EQ(report.events.size(), 40U);
  const auto stored = ask_sql(*world.database, "select count(*) from task_events where kind = 'job'");
  EXPECT_EQ(stored[0], "39") << "no event of what was rolled back";
  EXPECT_EQ(job(rows[23]).job.status, call_status::none);
}

TEST_P(PostgresGuards, AFailureNeverTellsSqlOrCredentials) {
  auto options = *world.database;
  options.write_tries = 1;
  options.connect_timeout = std::chrono::milliseconds{2000};
  for (const auto& url : {std::string{"postgresql://waihu:geheim@127.0.0.1:1/none"}, std::string{"host= geheim ==="}}) {
    options.url = url;
    const auto s = make_postgres_store_factory(options)();
    const auto r = s->run(query::last_event{});
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().message.find("geheim"), std::string::npos);
  }
}

TEST_P(PostgresGuards, WhatOthersChangeNotifiesWhenItMayWantAnActorAndOurOwnWritesNever) {
  import_leads(2);
  notification_listener listener{*world.database, "waihu_tasks"};
  const auto id = make_task();
  const auto number = std::to_string(value(id));
  must(change::move_task{own(id), task_type::created, task_type::calling, "g", {}, at(1)});
  const auto rows = rows_of(id);
  track(id, rows);
  for (const auto row : rows) {
    settle(id, row);
    must(change::record_follow_up{own(id), row, "l", "r", interest::undecided, {}, at(1), false});
  }
  must(change::move_task{own(id), task_type::calling, task_type::calls_complete, {}, {}, at(2)});
  must(change::move_task{own(id), task_type::calls_complete, task_type::follow_up_complete, {}, {}, at(3)});
  EXPECT_EQ(listener.pending(), 0) << "our own writes";

  EXPECT_EQ(sql("update call_tasks set task_type = 3 where id = " + number), "");
  EXPECT_EQ(listener.next(), number) << "a move";
  EXPECT_EQ(sql("update leads_task_list set leads_follow_id = null where id = " + std::to_string(value(rows[0]))), "");
  EXPECT_EQ(listener.next(), number) << "a follow-up taken away";
  EXPECT_EQ(sql("insert into leads_task_list (task_id, leads_id, reference_id) select " + number +
                ", 'X' || n, 'X' || n from generate_series(1, 50) n"),
            "");
  EXPECT_EQ(listener.next(), number) << "jobs added";
  EXPECT_EQ(sql("insert into call_tasks (task_name, organization_id, task_type, shard) values ('t', 'O', 5, 0)"), "");
  EXPECT_NE(listener.next(), number) << "a task imported while under way";
  EXPECT_EQ(sql("insert into call_tasks (task_name, organization_id, shard) values ('t', 'O', 0);"
                "insert into leads_task_list (task_id, leads_id, reference_id)"
                " select max(id), 'L', 'L' from call_tasks;"
                "update call_tasks set last_error = 'x', updated_time = now();"
                "update leads_task_list set updated_time = now(), leads_follow_id = leads_follow_id"),
            "");
  EXPECT_EQ(listener.pending(), 0) << "nothing that may want an actor";
}

TEST_P(PostgresGuards, AFinishedTaskIsCountedAgainOnlyWhenSomethingHappenedToIt) {
  import_leads(2);
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  track(id, rows);
  for (const auto row : rows) settle(id, row);
  const auto ask = [&](std::optional<query::counted_task> known) {
    return *session->run(query::find_standing{"ORG001", id, std::move(known)});
  };
  task_counters wrong;
  wrong.total = 4711;
  EXPECT_FALSE(ask({}).until);
  must(change::move_task{own(id), task_type::calling, task_type::calls_complete, {}, {}, at(2)});
  must(change::move_task{own(id), task_type::calls_complete, task_type::follow_up_complete, {}, {}, at(3)});
  const auto counted = ask({});
  ASSERT_TRUE(counted.until);
  EXPECT_EQ(counted.counters.total, 2);
  EXPECT_EQ(ask(query::counted_task{wrong, *counted.until}).counters.total, 4711) << "taken as known";
  must(change::record_follow_up{own(id), rows[0], "l", "r", interest::interested, {}, at(4), false});
  const auto again = ask(query::counted_task{wrong, *counted.until});
  EXPECT_EQ(again.counters.total, 2);
  EXPECT_EQ(again.counters.interested, 1);
  EXPECT_GT(*again.until, *counted.until);
  must(change::move_task{own(id), task_type::follow_up_complete, task_type::calls_complete, {}, {}, at(5)});
  EXPECT_EQ(ask(query::counted_task{wrong, *again.until}).counters.total, 2) << "not finished any more";
}

TEST_P(PostgresGuards, AHundredThousandLeadsBecomeATaskInSeconds) {
  ASSERT_EQ(sql("insert into dcc_leads (organization_id, leads_id, leads_user_phone)"
                " select 'BIG001', 'L' || n, (13800000000 + n)::text from generate_series(1, 100000) n"),
            "");
  const auto begin = std::chrono::steady_clock::now();
  const auto id = make_task("BIG001");
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took, std::chrono::seconds{60});
  RecordProperty("create_task_ms",
                 static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  EXPECT_EQ(session->run(query::find_standing{"BIG001", id, {}})->counters.total, 100000);
}

}  // namespace
}  // namespace waihu::testing
