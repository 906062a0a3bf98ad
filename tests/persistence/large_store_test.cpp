// What the API asks of a store that has been in use for long: no question may read a table from end to end, nor more
// rows than the organisation that asks has. WAIHU_PLAN_ROWS sets how many calls there are, in all and of organisations
// that do not ask: 1,000,000 is the size of an installation, 60,000 tells the same plans apart in seconds.
#include <cstdlib>
#include <map>

#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

const std::string asker = "ORG002";
constexpr std::int64_t calls_a_task = 500;
constexpr std::int64_t own_tasks = 4;

std::int64_t rows_in_all() {
  const char* text = std::getenv("WAIHU_PLAN_ROWS");  // NOLINT(concurrency-mt-unsafe): before any thread
  return text != nullptr ? std::stoll(text) : 60'000;
}

/// Finished tasks, the first few of the asker, with calls, leads, follow-ups, batches and events; some have switched
/// calling off.
std::string fill(std::int64_t tasks) {
  const auto t = std::to_string(tasks);
  const auto n = std::to_string(calls_a_task);
  return "set session_replication_role = replica;"
         "insert into call_tasks (task_name, organization_id, create_name, create_time, leads_count, script_id, "
         "task_type,"
         " job_group_id, shard, started_at, completed_at)"
         " select 't' || i, case when i <= " +
         std::to_string(own_tasks) +
         " then 'ORG002' else 'ORG' || (100 + i % 7) end, 'o', now() - i * interval '1 minute', " + n +
         ", 'script_1', 4, 'group-' || i, 0, now(), now() from generate_series(1, " + t +
         ") i;"
         "insert into leads_task_list (task_id, leads_id, leads_name, leads_phone, reference_id, call_job_id, "
         "call_status,"
         " outcome, phase, is_interested, leads_follow_id)"
         " select t.id, 'L' || t.id || '-' || i, 'n', '13' || lpad((t.id * " +
         n +
         " + i)::text, 9, '0'), t.id || 'r' || i, 'job-' || t.id || '-' || i, 'Succeeded', 'connected', 'closed', i % "
         "3,"
         " t.id * " +
         n + " + i + 1000000000 from call_tasks t, generate_series(1, " + n +
         ") i;"
         "insert into dcc_leads (organization_id, leads_id, leads_user_name, leads_user_phone, leads_product, "
         "leads_type)"
         " select t.organization_id, j.leads_id, j.leads_name, j.leads_phone, 'P' || t.id % 50, 'A'"
         " from leads_task_list j join call_tasks t on t.id = j.task_id;"
         "insert into dcc_leads_follow (id, organization_id, leads_id, leads_remark, frist_follow_time, "
         "new_follow_time,"
         " call_job_row) overriding system value"
         " select j.leads_follow_id, t.organization_id, j.leads_id, 'r', now(), now(), j.id"
         " from leads_task_list j join call_tasks t on t.id = j.task_id;"
         "insert into dispatch_batches (task_id, seq, state, epoch, job_rows)"
         " select task_id, (row_number() over (partition by task_id order by id / 100))::int, 'acked', 1,"
         " array_agg(id) from leads_task_list group by task_id, id / 100, id having id % 100 = 0;"
         "insert into task_events (organization_id, task_id, job, kind, \"from\", \"to\", at)"
         " select t.organization_id, t.id, j.id, 'job', 'Executing', 'Succeeded', now()"
         " from leads_task_list j join call_tasks t on t.id = j.task_id;"
         "insert into organization_automation (organization_id, running, changed_by, changed_at)"
         " values ('ORG100', false, 1, now());"
         "select setval(pg_get_serial_sequence('dcc_leads_follow', 'id'), 2000000000)";
}

/// As many calls of cases as of campaigns, the first 500 of the asker; ten a case, all at one stage, one in 5,000 has
/// not ended.
std::string fill_cases(std::int64_t calls) {
  const auto n = std::to_string(calls);
  return "set session_replication_role = replica;"
         "create temp table c as select i, (i - 1) / 10 + 1 as case_row, 1000000 + (i - 1) / 500 as task,"
         " case when i <= 500 then 'ORG002' else 'ORG' || (100 + (i - 1) / 500 % 7) end as organization"
         " from generate_series(1, " +
         n +
         ") i;"
         "insert into mediation_cases (id, organization_id, case_id, mediation_id, mediation_type, stage)"
         " overriding system value select case_row, min(organization), 'C' || case_row, 1, 1, 14 from c group by "
         "case_row;"
         "insert into mediation_parties (case_row, person_id, name, phone, person_type, position)"
         " select case_row, 'p' || i % 10, 'n', '138' || lpad(i::text, 8, '0'), 0, i % 10 from c;"
         "insert into call_tasks (id, task_name, organization_id, leads_count, script_id, task_type, job_group_id, "
         "shard,"
         " origin) overriding system value select task, '履约回访', min(organization), 500, 'script_1', 4,"
         " 'case-group-' || task, 0, 'case' from c group by task;"
         "insert into mediation_records (id, organization_id, case_row, case_id, mediation_id, mediation_type, stage,"
         " person_id, person_type, round, task_id, create_time) overriding system value"
         " select i, organization, case_row, 'C' || case_row, 1, 1, 14, 'p' || i % 10 || '-' || case_row, 0, 1, task,"
         " now() from c;"
         "insert into leads_task_list (task_id, leads_id, leads_phone, reference_id, call_job_id, call_status, outcome,"
         " phase, mediation_record_id, mediation_case_row, mediation_person_id)"
         " select task, i::text, '138' || lpad(i::text, 8, '0'), task || 'c' || i, 'case-job-' || i,"
         " case when i % 5000 > 0 then 'Failed' end, case when i % 5000 > 0 then 'failed' else '' end,"
         " case when i % 5000 > 0 then 'closed' else 'tracking' end, i, case_row, 'p' || i % 10 || '-' || case_row "
         "from c;"
         "select setval(pg_get_serial_sequence('mediation_records', 'id'), 2000000000);"
         "select setval(pg_get_serial_sequence('mediation_cases', 'id'), 2000000000);"
         "select setval(pg_get_serial_sequence('call_tasks', 'id'), 2000000000)";
}

class LargeStore : public on_every_store {
 protected:
  struct reading {
    std::int64_t whole_tables{};
    std::int64_t rows{};
  };
  /// Of the tables that grow with calls, by sessions that have ended.
  reading so_far() {
    const auto sums = ask_sql(
        *world.database,
        "select sum(coalesce(seq_scan, 0))::bigint || ' ' || sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
        " + coalesce((select sum(i.idx_tup_read) from pg_stat_user_indexes i where i.relid = t.relid), 0))::bigint"
        " from pg_stat_user_tables t where relname in ('call_tasks', 'leads_task_list', 'dcc_leads', "
        "'dcc_leads_follow',"
        " 'dispatch_batches', 'mediation_cases', 'mediation_parties', 'mediation_records') or relname like "
        "'task\\_events%'");
    const auto gap = sums.front().find(' ');
    return {std::stoll(sums.front().substr(0, gap)), std::stoll(sums.front().substr(gap))};
  }

  /// Asks often enough for PostgreSQL to settle on its plans, and holds what a question read against the limits.
  template <class Query>
  void expect_index(const std::string& name, const Query& q, std::int64_t most_rows) {
    const auto before = so_far();
    constexpr int times = 8;
    auto asking = world.sessions();
    for (int i = 0; i < times; ++i) {
      const auto answer = asking->run(q);
      ASSERT_TRUE(answer) << name << ": " << answer.error().message;
    }
    asking.reset();
    // A session hands in its counts when its backend has ended.
    end_sessions(*world.database);
    const auto after = so_far();
    EXPECT_EQ(after.whole_tables - before.whole_tables, 0) << name << " reads a whole table";
    EXPECT_LE((after.rows - before.rows) / times, most_rows) << name;
    EXPECT_GE(after.rows - before.rows, 1) << name << ": its reading was not counted";
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, LargeStore, ::testing::Values("postgres"));

TEST_P(LargeStore, EveryQuestionReadsByAnIndexAndNoMoreThanItsOwn) {
  const auto tasks = rows_in_all() / calls_a_task;
  ASSERT_EQ(run_sql(*world.database, fill(tasks)), "");
  ASSERT_EQ(run_sql(*world.database, "vacuum analyze"), "");
  ASSERT_EQ(ask_sql(*world.database, "select count(*) from leads_task_list").front(),
            std::to_string(tasks * calls_a_task));
  const auto row = job_row_id{
      std::stoll(ask_sql(*world.database, "select id from leads_task_list where call_job_id = 'job-2-7'").front())};
  session.reset();
  end_sessions(*world.database);

  constexpr std::int64_t a_page = 400;                                // 20 rows, each with what belongs to it
  constexpr std::int64_t a_task = 6 * calls_a_task;                   // its calls once or twice
  constexpr std::int64_t an_organization = own_tasks * a_task + 200;  // its leads with their follow-ups and calls
  const auto task = task_id{2};
  query::page_request page;
  expect_index("list_tasks", query::list_tasks{asker, {}, page}, a_page);
  expect_index("list_tasks by type", query::list_tasks{asker, {task_type::follow_up_complete}, page}, a_page);
  expect_index("tasks_behind", query::tasks_behind{asker, task, 20}, a_page);
  expect_index("count_tasks_by_type", query::count_tasks_by_type{asker}, a_page);
  expect_index("find_task", query::find_task{asker, task, {}}, 10);
  expect_index("find_task by group", query::find_task{asker, {}, "group-2"}, 10);
  expect_index("find_standing", query::find_standing{asker, task, {}}, a_task);
  const auto standing = world.sessions()->run(query::find_standing{asker, task, {}});
  ASSERT_TRUE(standing && standing->until);
  end_sessions(*world.database);
  expect_index("find_standing known", query::find_standing{asker, task, query::counted_task{{}, *standing->until}}, 40);
  page.page = 20;
  expect_index("list_jobs", query::list_jobs{asker, task, false, {}, page}, a_task);
  constexpr std::int64_t up_to_page_20 = 2 * 20 * 20 + a_page;  // index and rows on the way, then the page
  expect_index("list_jobs of a known number", query::list_jobs{asker, task, false, {}, page, calls_a_task},
               up_to_page_20);
  expect_index("list_jobs followed", query::list_jobs{asker, task, true, {}, page}, a_task);
  expect_index("list_jobs interested", query::list_jobs{asker, task, false, interest::interested, {1, 20}}, a_task);
  expect_index("jobs_behind", query::jobs_behind{asker, task, row, 100}, 4 * a_page);
  expect_index("jobs_by_row", query::jobs_by_row{asker, {row, job_row_id{value(row) + 1}}}, 60);
  expect_index("job_by_row", query::job_by_row{asker, row}, 20);
  expect_index("job_by_call_job_id", query::job_by_call_job_id{asker, "job-2-7"}, 20);
  expect_index("call_history", query::call_history{asker, row, 1000}, a_task);
  expect_index("events_after", query::events_after{asker, event_id{1}, {}, 100}, 4 * a_page);
  expect_index("events_after of a task", query::events_after{asker, event_id{1}, task, 100}, 4 * a_page);
  expect_index("last_event", query::last_event{}, 20);
  expect_index("load_task", query::load_task{task}, a_task);
  expect_index("unfinished_tasks among", query::unfinished_tasks{100, {task}}, a_task);
  expect_index("list_leads", query::list_leads{asker, {}, "", {1, 20}}, an_organization);
  expect_index("list_leads searched", query::list_leads{asker, {}, "L2-1", {1, 20}}, an_organization);
  expect_index("lead_by_id", query::lead_by_id{asker, "L2-7", 500}, 40);
  lead_filter by_product;
  by_product.products = {"P2"};
  using grouping = query::lead_statistics::grouping;
  expect_index("lead_statistics", query::lead_statistics{asker, {}, grouping::none}, an_organization);
  expect_index("lead_statistics of a product", query::lead_statistics{asker, by_product, grouping::type}, a_task);
  expect_index("lead_statistics by arrival", query::lead_statistics{asker, {}, grouping::arrive}, an_organization);
  expect_index("preview_task", query::preview_task{asker, by_product}, a_task);
}

TEST_P(LargeStore, EveryQuestionOfCasesReadsByAnIndexAndNoMoreThanItsOwn) {
  const auto calls = rows_in_all();
  ASSERT_EQ(run_sql(*world.database, fill(calls / calls_a_task)), "");
  ASSERT_EQ(run_sql(*world.database, fill_cases(calls)), "");
  ASSERT_EQ(run_sql(*world.database, "vacuum analyze"), "");
  session.reset();
  end_sessions(*world.database);

  constexpr std::int64_t a_page = 600;             // 20 calls, each with its record, its task and what is on the way
  constexpr std::int64_t own_calls = 500;          // of the asker
  constexpr std::int64_t all_own = 9 * own_calls;  // each with its job, counted and sorted
  query::list_case_calls all;
  all.organization_id = asker;
  expect_index("list_case_calls", all, own_calls + a_page);
  auto q = all;
  q.case_id = "C7";
  expect_index("list_case_calls of a case", q, a_page);
  q = all;
  q.person_id = "p3-7";
  expect_index("list_case_calls of a person", q, 60);
  q = all;
  q.call_job_id = "case-job-77";
  expect_index("list_case_calls of a provider's job", q, 60);
  q = all;
  q.phone = "13800000077";
  expect_index("list_case_calls of a number", q, 60);
  q = all;
  q.status = call_status::executing;
  expect_index("list_case_calls under way", q, 20 * calls / 5000 + 60);
  q.status = call_status::failed;
  q.created = {at(0), {}};
  expect_index("list_case_calls of a status", q, all_own);
  expect_index("case_calls_by_id", query::case_calls_by_id{asker, {case_call_id{7}, case_call_id{9}}}, 60);
  expect_index("count_case_calls", query::count_case_calls{asker, "", {}}, all_own);
  expect_index("count_case_calls of a case", query::count_case_calls{asker, "C7", {}}, a_page);
  expect_index("find_case", query::find_case{asker, "C7"}, 40);
  expect_index("remark_case_call", query::remark_case_call{asker, "case-job-77", "r", "m", at(0)}, 60);
  const auto known = world.sessions()->run(query::find_case{asker, "C7"});
  ASSERT_TRUE(known);
  expect_index("put_case", query::put_case{*known}, 60);
  query::place_case_calls wish;
  wish.organization_id = asker;
  wish.case_id = "C7";
  wish.stage = mediation_stage::follow_up;
  wish.wanted = {{"p3", "script_1", ""}, {"p4", "script_1", ""}};
  wish.at = wall_now();
  expect_index("place_case_calls", query::place_case_calls{wish}, 200);
  expect_index("load_task of cases", query::load_task{task_id{1'000'000}}, 8 * own_calls);
  expect_index("unfinished_tasks among cases", query::unfinished_tasks{100, {task_id{1'000'000}}}, 60);
  expect_index("list_tasks beside cases", query::list_tasks{asker, {}, {}}, 400);
}

}  // namespace
}  // namespace waihu::testing
