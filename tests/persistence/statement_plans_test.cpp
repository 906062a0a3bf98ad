// The plans of the statements that carry a campaign: on tables that were empty when PostgreSQL last looked at them, the
// work for a row must stay the same as the tables grow. A plan made for an empty table once cost ten times the whole
// campaign until the next analyse.
#include <chrono>
#include <thread>

#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

class StatementPlans : public on_every_store {
 protected:
  std::int64_t number(const std::string& query) { return std::stoll(ask_sql(*world.database, query).front()); }

  /// Rows of the table that were read so far, by finished sessions.
  std::int64_t rows_read(const std::string& table) {
    return number(
        "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) + coalesce((select sum(idx_tup_read)"
        " from pg_stat_user_indexes i where i.relname = t.relname), 0)::bigint"
        " from pg_stat_user_tables t where relname = '" +
        table + "'");
  }

  /// One task of `n` leads from queue to follow-up; every step is one group commit, as under load.
  void live_through(int n) {
    ++campaign_;
    const auto organization = "ORG001";
    const auto product = "P" + std::to_string(campaign_);
    query::import_leads leads;
    leads.organization_id = organization;
    for (int i = 0; i < n; ++i)
      leads.leads.push_back({product + "L" + std::to_string(i), "客户",
                             std::to_string(13'800'000'000 + campaign_ * 100'000 + i), product, "A", at(0)});
    ASSERT_TRUE(session->run(leads));
    query::create_task wanted;
    wanted.organization_id = organization;
    wanted.task_name = product;
    wanted.script_id = "script_1";
    wanted.size_desc_json = R"({"leads_type":[],"leads_product":[")" + product + R"("]})";
    wanted.filter.products = {product};
    const auto made = session->run(wanted);
    ASSERT_TRUE(made) << made.error().message;
    const auto id = made->task.id;
    must(change::request_group{own(id), at(0)});
    must(change::move_task{own(id), task_type::created, task_type::calling, "group-" + product, std::nullopt, at(0)});
    const auto jobs = rows_of(id);
    ASSERT_EQ(jobs.size(), static_cast<std::size_t>(n));
    track(id, jobs);
    std::vector<store_change> settles;
    std::vector<store_change> follow_ups;
    for (const auto row : jobs) {
      attempt last;
      last.status = "NoAnswer";
      settles.emplace_back(change::settle_job{own(id), row, call_status::failed, job_outcome::none, last, at(1)});
      follow_ups.emplace_back(change::record_follow_up{
          own(id), row, product + "L" + std::to_string(value(row)), "r", interest::undecided, {}, at(2), false});
    }
    for (const auto& r : session->commit(settles).receipts) ASSERT_TRUE(r && r->changed);
    for (const auto& r : session->commit(follow_ups).receipts) ASSERT_TRUE(r && r->changed);
  }

 private:
  int campaign_{};
};
INSTANTIATE_TEST_SUITE_P(Stores, StatementPlans, ::testing::Values("postgres"));

TEST_P(StatementPlans, WorkForARowDoesNotGrowWithTablesThatWereEmptyWhenTheyWereAnalysed) {
  ASSERT_EQ(run_sql(*world.database, "vacuum analyze"), "");
  constexpr int campaigns = 24;
  constexpr int leads = 250;
  // PostgreSQL settles on a statement's plan at its sixth run; these happen while there is next to nothing.
  constexpr int first_runs = 8;
  for (int i = 0; i < first_runs; ++i) live_through(1);
  for (int i = 0; i < campaigns; ++i) live_through(leads);
  session.reset();  // a session hands in its counts when it ends
  end_sessions(*world.database);
  const auto lives = number("select count(*) from dcc_leads_follow");
  ASSERT_EQ(lives, first_runs + campaigns * leads);
  for (const std::string table :
       {"dcc_leads", "call_tasks", "leads_task_list", "dcc_leads_follow", "dispatch_batches"}) {
    const auto from = " from pg_stat_user_tables where relname = '" + table + "'";
    const auto scanned = number("select coalesce(seq_tup_read, 0)" + from);
    const auto fetched = number("select coalesce(idx_tup_fetch, 0)" + from);
    // rows_of, each statement once or twice a row, and some room; a plan that reads the table a row reads thousands.
    EXPECT_LE(scanned, 60 * lives) << table;
    EXPECT_LE(fetched, 60 * lives) << table;
  }
}

TEST_P(StatementPlans, WhatIsToldOfALeadAndAPageOfLeadsReadNeitherOtherLeadsNorOtherOrganisations) {
  ASSERT_EQ(run_sql(*world.database, "vacuum analyze"), "");
  const std::string few = "ORG002";
  import_leads(3, few);
  auto asking = world.sessions();
  const auto ask = [&](int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(asking->run(query::lead_by_id{few, "l0002"}));
      ASSERT_TRUE(asking->run(query::list_leads{few, {}, "l000", {1, 2}}));
    }
  };
  // Settles the plans while there is next to nothing.
  ask(8);
  for (int i = 0; i < 4; ++i) live_through(500);
  import_leads(500);
  make_task(few);
  session.reset();
  // Counted before the reckoning begins, for this reads them all.
  ASSERT_GT(number("select count(*) from dcc_leads"), 2000);
  // A session hands in its counts when its backend has ended: only the asking one and this question's are left then.
  const auto sessions =
      "select count(*) from pg_stat_activity where datname = current_database()"
      " and backend_type = 'client backend'";
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (number(sessions) > 2 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  const std::vector<std::string> tables{"dcc_leads", "call_tasks", "leads_task_list", "dcc_leads_follow"};
  std::vector<std::int64_t> before;
  for (const auto& table : tables) before.push_back(rows_read(table));
  constexpr int times = 20;
  ask(times);
  asking.reset();
  end_sessions(*world.database);
  for (std::size_t i = 0; i < tables.size(); ++i) EXPECT_LE(rows_read(tables[i]) - before[i], 40 * times) << tables[i];
}

TEST_P(StatementPlans, WhatIsAskedOfCasesDoesNotGrowWithTablesThatWereEmptyWhenTheyWereAnalysed) {
  ASSERT_EQ(run_sql(*world.database, "vacuum analyze"), "");
  auto asking = world.sessions();
  const auto make_case = [&](const std::string& organization, int n) {
    case_record c;
    c.organization_id = organization;
    c.case_id = "C" + std::to_string(n);
    c.parties = {{"p" + std::to_string(n), "n", std::to_string(13'800'000'000 + n), party_side::applicant}};
    ASSERT_TRUE(asking->run(query::put_case{c}));
    query::place_case_calls wish;
    wish.organization_id = organization;
    wish.case_id = c.case_id;
    wish.wanted = {{c.parties.front().person_id, "script_1", ""}};
    wish.stage = mediation_stage::follow_up;
    const auto made = asking->run(wish);
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_EQ(made->front().what, query::case_placement::placed);
  };
  const std::string few = "ORG002";
  const auto ask = [&](int times) {
    for (int i = 0; i < times; ++i) {
      query::list_case_calls all;
      all.organization_id = few;
      ASSERT_EQ(asking->run(all)->total, 1);
      auto q = all;
      q.case_id = "C1";
      ASSERT_EQ(asking->run(q)->total, 1);
      q = all;
      q.person_id = "p1";
      ASSERT_EQ(asking->run(q)->total, 1);
      q = all;
      q.phone = "13800000001";
      q.status = call_status::none;
      ASSERT_EQ(asking->run(q)->total, 1);
      q = all;
      q.status = call_status::failed;
      ASSERT_EQ(asking->run(q)->total, 0);
      ASSERT_EQ(asking->run(query::count_case_calls{few, "", {}})->size(), 1U);
      ASSERT_TRUE(asking->run(query::find_case{few, "C1"}));
    }
  };
  make_case(few, 1);
  // Settles the plans while there is next to nothing.
  ask(8);
  constexpr int calls = 1500;
  for (int i = 2; i < 2 + calls; ++i) make_case("ORG001", i);
  const std::vector<std::string> tables{"call_tasks", "leads_task_list", "mediation_cases", "mediation_parties",
                                        "mediation_records"};
  constexpr int times = 20;
  ask(times);
  asking.reset();
  session.reset();
  end_sessions(*world.database);
  for (const auto& table : tables)
    // Making a call and asking for some read so much each; a plan that reads the table a call reads thousands.
    EXPECT_LE(rows_read(table), 60 * calls) << table;
}

}  // namespace
}  // namespace waihu::testing
