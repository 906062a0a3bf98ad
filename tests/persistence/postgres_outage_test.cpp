// What happens when the server or the connection goes away: bounded failures, no doubt left standing, and recovery by
// itself.
#include <atomic>
#include <thread>

#include "persistence/migrate.hpp"
#include "persistence/postgres_session.hpp"
#include "persistence/postgres_store.hpp"
#include "tests/persistence/commit_cutter.hpp"
#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

using namespace std::chrono_literals;

class PostgresOutage : public on_every_store {};
INSTANTIATE_TEST_SUITE_P(Stores, PostgresOutage, ::testing::Values("postgres"));

TEST_P(PostgresOutage, AnUnreachableStoreAnswersUnavailableWithinItsBound) {
  private_cluster cluster;
  auto options = cluster.options();
  options.write_tries = 3;
  ASSERT_TRUE(migrate(options));
  const auto s = make_postgres_store_factory(options)();
  const auto claimed = s->run(query::claim_shards{"n", "h:1"});
  ASSERT_TRUE(claimed);
  cluster.stop();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(code_of(s->run(query::last_event{})), errc::unavailable);
  const store_change c = change::note_task{{task_id{1}, *claimed}, "x"};
  const auto report = s->commit({&c, 1});
  ASSERT_EQ(report.receipts.size(), 1U);
  EXPECT_EQ(code_of(report.receipts[0]), errc::unavailable);
  EXPECT_TRUE(report.events.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);

  cluster.start();
  EXPECT_TRUE(s->run(query::last_event{})) << "the session reconnects by itself";
  EXPECT_TRUE(s->run(query::renew_claim{"n", *claimed})) << "and takes its claim's lock again";
  cluster.kill9();
  EXPECT_EQ(code_of(s->run(query::last_event{})), errc::unavailable);
  cluster.start();
  EXPECT_TRUE(s->run(query::renew_claim{"n", *claimed}));
  cluster.restart_immediate();
  EXPECT_TRUE(s->run(query::last_event{})) << "a restart between two calls is not noticed";
}

TEST_P(PostgresOutage, ABrokenClaimSessionTakesItsLockBackUnlessSomebodyElseWas) {
  ASSERT_GT(end_sessions(*world.database), 0);
  EXPECT_TRUE(session->run(query::renew_claim{"node-a", epoch}));
  EXPECT_EQ(code_of(world.sessions()->run(query::claim_shards{"node-b", "b:1"})), errc::conflict)
      << "the lock is held again";
  end_sessions(*world.database);
  const auto other = world.sessions();
  ASSERT_TRUE(other->run(query::claim_shards{"node-b", "b:1"}));
  EXPECT_EQ(code_of(session->run(query::renew_claim{"node-a", epoch})), errc::stale_epoch);
  EXPECT_TRUE(other->run(query::renew_claim{"node-b", epoch_t{value(epoch) + 1}}));
}

TEST_P(PostgresOutage, WhoHoldsTheClaimMakesThePartitionsOfTheComingMonths) {
  const auto partitions = [&] {
    return ask_sql(*world.database, "select count(*) from pg_inherits where inhparent = 'task_events'::regclass")[0];
  };
  ask_sql(*world.database,
          "do $$ begin execute (select 'drop table ' || max(inhrelid::regclass::text) from pg_inherits"
          " where inhparent = 'task_events'::regclass and inhrelid <> 'task_events_other'::regclass); end $$");
  ASSERT_EQ(partitions(), "3");
  // Whoever reads the events holds up the making, but neither holds up nor fails the claim.
  postgres_session reader{*world.database};
  const auto read = reader.transact<bool>(postgres_session::mode::snapshot, [&](postgres_work& work) -> result<bool> {
    work.raw().exec("lock table task_events in access share mode");
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(session->run(query::renew_claim{"node-a", epoch}));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
    return true;
  });
  ASSERT_TRUE(read);
  EXPECT_EQ(partitions(), "3");
  session.reset();
  session = world.sessions();
  const auto again = session->run(query::claim_shards{"node-a", "a:2"});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(session->run(query::renew_claim{"node-a", *again}));
  EXPECT_EQ(partitions(), "4");
}

TEST_P(PostgresOutage, WritesGoOnUnderConnectionsThatAreKilledAllTheTime) {
  const auto id = calling_task(150);
  const auto rows = rows_of(id);
  std::atomic<bool> done{false};
  std::atomic<int> killed{0};
  std::thread killer{[&] {
    while (!done) {
      killed += end_sessions(*world.database);
      std::this_thread::yield();
    }
  }};
  auto options = *world.database;
  options.write_tries = 50;
  const auto writer = make_postgres_store_factory(options)();
  int changed = 0;
  std::size_t events = 0;
  for (const auto row : rows) {
    // errc::lost is the only doubt there may be; the repeat must then tell that it had been done.
    bool settled = false;
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!settled && std::chrono::steady_clock::now() < deadline) {
      const store_change c = change::settle_job{own(id), row, call_status::failed, job_outcome::none, {}, at(1)};
      const auto report = writer->commit({&c, 1});
      events += report.events.size();
      if (report.receipts[0]) {
        settled = true;
        changed += report.receipts[0]->changed ? 1 : 0;
      } else {
        EXPECT_TRUE(is_transient(report.receipts[0].error().code)) << report.receipts[0].error().message;
      }
    }
    ASSERT_TRUE(settled);
  }
  done = true;
  killer.join();
  EXPECT_GT(killed, 0);
  RecordProperty("sessions_killed", killed.load());
  EXPECT_EQ(ask_sql(*world.database, "select count(*) from leads_task_list where call_status is not null")[0], "150");
  EXPECT_EQ(ask_sql(*world.database, "select count(*) from task_events where kind = 'job'")[0], "150");
  EXPECT_EQ(changed, 150) << "no commit was taken for undone, none for done";
  EXPECT_EQ(events, 150U);
}

TEST_P(PostgresOutage, ACommitWhoseAnswerWasLostIsReportedAsDoneAndDoneOnce) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  commit_cutter cutter{*world.database};
  const auto writer = make_postgres_store_factory(cutter.options())();
  const store_change c = change::intend_batch{own(id), 1, rows, at(1)};
  cutter.arm(commit_cutter::cut::after_commit);
  const auto report = writer->commit({&c, 1});
  EXPECT_EQ(cutter.count(), 1);
  ASSERT_TRUE(report.receipts[0]) << report.receipts[0].error().message;
  EXPECT_TRUE(report.receipts[0]->changed);
  EXPECT_EQ(ask_sql(*world.database, "select id from dispatch_batches"),
            std::vector{std::to_string(report.receipts[0]->id)});

  const store_change moved = change::move_task{own(id), task_type::calling, task_type::suspended, {}, {}, at(2)};
  cutter.arm(commit_cutter::cut::after_commit);
  const auto second = writer->commit({&moved, 1});
  EXPECT_EQ(cutter.count(), 2);
  ASSERT_TRUE(second.receipts[0]) << second.receipts[0].error().message;
  ASSERT_EQ(second.events.size(), 1U);
  EXPECT_EQ(ask_sql(*world.database, "select id from task_events where \"to\" = 'suspended'"),
            std::vector{std::to_string(value(second.events[0].id))});
}

TEST_P(PostgresOutage, ACommitThatNeverReachedTheServerIsRepeated) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  commit_cutter cutter{*world.database};
  const auto writer = make_postgres_store_factory(cutter.options())();
  const store_change c = change::settle_job{own(id), row, call_status::failed, job_outcome::none, {}, at(1)};
  cutter.arm(commit_cutter::cut::before_commit);
  const auto report = writer->commit({&c, 1});
  EXPECT_EQ(cutter.count(), 1);
  ASSERT_TRUE(report.receipts[0]) << report.receipts[0].error().message;
  EXPECT_TRUE(report.receipts[0]->changed);
  EXPECT_EQ(ask_sql(*world.database, "select count(*) from task_events where kind = 'job'")[0], "1");
}

TEST_P(PostgresOutage, ACommitWhoseFateCannotBeLearntIsLostAndRepeatingItDoesNoHarm) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  for (const auto how : {commit_cutter::cut::before_commit, commit_cutter::cut::after_commit}) {
    const bool done = how == commit_cutter::cut::after_commit;
    commit_cutter cutter{*world.database};
    auto options = cutter.options();
    options.write_tries = 2;
    const auto writer = make_postgres_store_factory(options)();
    const store_change c =
        change::settle_job{own(id), rows[done ? 1 : 0], call_status::failed, job_outcome::none, {}, at(1)};
    cutter.arm(how, true);
    EXPECT_EQ(code_of(writer->commit({&c, 1}).receipts[0]), errc::lost);
    const auto again = session->commit({&c, 1});
    ASSERT_TRUE(again.receipts[0]);
    EXPECT_EQ(again.receipts[0]->changed, !done);
  }
  EXPECT_EQ(ask_sql(*world.database, "select count(*) from task_events where kind = 'job'")[0], "2");
}

TEST_P(PostgresOutage, AnAccountIsCreatedOnceThoughTheAnswerWasLost) {
  commit_cutter cutter{*world.database};
  const auto writer = make_postgres_store_factory(cutter.options())();
  cutter.arm(commit_cutter::cut::after_commit);
  const auto made = writer->run(query::create_user{"li", "h", "", "", "", "", user_role::viewer});
  EXPECT_EQ(cutter.count(), 1);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->username, "li");
}

TEST_P(PostgresOutage, ATransactionWhoseIdIsGivenAgainAfterACrashIsNotTakenForDone) {
  private_cluster cluster;
  ASSERT_TRUE(migrate(cluster.options()));
  commit_cutter cutter{cluster.options()};
  auto options = cutter.options();
  options.write_tries = 20;
  const auto writer = make_postgres_store_factory(options)();
  cutter.before_client_knows([&] {
    // What was not on the disk is gone, its transactions' ids with it; others get them, and commit.
    cluster.restart_immediate();
    for (int i = 0; i < 20; ++i) ask_sql(cluster.options(), "select pg_current_xact_id()");
  });
  cutter.arm(commit_cutter::cut::before_commit);
  const auto made = writer->run(query::create_user{"li", "h", "", "", "", "", user_role::viewer});
  EXPECT_EQ(cutter.count(), 1);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(ask_sql(cluster.options(), "select count(*) from users")[0], "1") << "it was told as done";
}

TEST_P(PostgresOutage, ALockThatIsHeldTooLongIsReportedAndNothingIsHalfDone) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  auto options = *world.database;
  options.lock_timeout = 100ms;
  options.write_tries = 2;
  postgres_session blocker{*world.database};
  const auto r = blocker.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.raw().exec("select 1 from leads_task_list where id = " + std::to_string(value(rows[1])) + " for update");
    const auto writer = make_postgres_store_factory(options)();
    std::vector<store_change> changes;
    for (const auto row : rows)
      changes.push_back(change::settle_job{own(id), row, call_status::failed, job_outcome::none, {}, at(1)});
    const auto report = writer->commit(changes);
    for (const auto& receipt : report.receipts) EXPECT_EQ(code_of(receipt), errc::unavailable);
    return true;
  });
  ASSERT_TRUE(r);
  EXPECT_EQ(job(rows[0]).job.status, call_status::none);
}

}  // namespace
}  // namespace waihu::testing
