// What the daemon does by itself for an organisation, and runs over a task's calls, on PostgreSQL.
#include "messages/model/text.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

constexpr statement lock_switch{"lock_switch",
                                "select running from organization_automation where organization_id = $1 for update"};
constexpr statement upsert_switch{
    "upsert_switch",
    "insert into organization_automation (organization_id, running, changed_by, changed_at)"
    " values ($1, $2, $3, waihu_at($4)) on conflict (organization_id) do update"
    " set running = excluded.running, changed_by = excluded.changed_by, changed_at = excluded.changed_at"};
constexpr statement select_stopped{"select_stopped",
                                   "select organization_id from organization_automation where not running"
                                   " order by organization_id"};

#define WAIHU_RUN_COLUMNS                                                                                   \
  "r.id, r.organization_id, r.task_id, r.batch_size, r.pause_ms, r.skip_recording, r.status, r.total_jobs," \
  " r.processed_jobs, r.behind, r.error, waihu_ms(r.created_at), waihu_ms(r.updated_at)"
constexpr statement select_task_leads{"select_task_leads",
                                      "select leads_count from call_tasks where id = $1 and organization_id = $2"};
constexpr statement insert_run{
    "insert_run",
    "insert into query_execution_runs as r (id, organization_id, task_id, batch_size, pause_ms, skip_recording, status,"
    " total_jobs, created_at, updated_at)"
    " values ($1, $2, $3, $4, $5, $6, 'pending', $7, waihu_at($8), waihu_at($8))"
    " on conflict (task_id) where status in ('pending', 'running') do nothing returning " WAIHU_RUN_COLUMNS};
constexpr statement select_open_run{"select_open_run", "select " WAIHU_RUN_COLUMNS
                                                       " from query_execution_runs r"
                                                       " where r.task_id = $1 and r.status in ('pending', 'running')"};
constexpr statement select_run{"select_run", "select " WAIHU_RUN_COLUMNS
                                             " from query_execution_runs r where r.id = $1 and r.organization_id = $2"};
constexpr statement update_run{"update_run",
                               "update query_execution_runs set status = $2, processed_jobs = $3, behind = $4, error = "
                               "$5, updated_at = waihu_at($6)"
                               " where id = $1 and status in ('pending', 'running')"};
constexpr statement select_unfinished_runs{"select_unfinished_runs",
                                           "select " WAIHU_RUN_COLUMNS
                                           " from query_execution_runs r where r.status in ('pending', 'running')"
                                           " order by r.created_at, r.id limit $1"};

run_record run_of(const pqxx::row& row) {
  row_reader r{row};
  run_record run;
  run.id = r.text();
  run.organization_id = r.text();
  run.task = task_id{r.number()};
  run.batch_size = r.small();
  run.pause = milliseconds{r.number()};
  run.skip_recording = r.flag();
  run.status = parse_run_status(r.text()).value_or(run_status::failed);
  run.total_jobs = r.number();
  run.processed_jobs = r.number();
  run.behind = job_row_id{r.number()};
  run.error = r.text();
  run.created_at = r.instant();
  run.updated_at = r.instant();
  return run;
}

}  // namespace

result<bool> postgres_store::run(const query::set_automation& q) {
  return session_.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.learn_transaction_id();
    const auto organization = storable_text(q.organization_id);
    const auto before = work.run(lock_switch, organization);
    const bool was_running = before.empty() || before[0][0].as<bool>();
    if (was_running == q.running) return false;
    work.run(upsert_switch, organization, q.running, value(q.by), to_epoch_ms(q.at));
    return true;
  });
}

result<std::vector<std::string>> postgres_store::run(const query::stopped_organizations&) {
  using answer = std::vector<std::string>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    answer out;
    for (const auto& row : work.run(select_stopped)) out.push_back(row[0].as<std::string>());
    return out;
  });
}

result<run_record> postgres_store::run(const query::create_run& q) {
  return session_.transact<run_record>(postgres_session::mode::write, [&](postgres_work& work) -> result<run_record> {
    work.learn_transaction_id();
    const auto& run = q.run;
    const auto organization = storable_text(run.organization_id);
    const auto task = work.run(select_task_leads, value(run.task), organization);
    if (task.empty()) return fail(errc::not_found, "no such task");
    // One that ends between the two questions makes room for a new one.
    constexpr int tries = 3;
    for (int i = 0; i < tries; ++i) {
      if (const auto rows =
              work.run(insert_run, run.id, organization, value(run.task), run.batch_size, run.pause.count(),
                       run.skip_recording, task[0][0].as<std::int64_t>(), to_epoch_ms(run.created_at));
          !rows.empty())
        return run_of(rows[0]);
      if (const auto rows = work.run(select_open_run, value(run.task)); !rows.empty()) return run_of(rows[0]);
    }
    return fail(errc::conflict, "the task's run ended just now, ask again");
  });
}

result<run_record> postgres_store::run(const query::find_run& q) {
  return session_.transact<run_record>(postgres_session::mode::read, [&](postgres_work& work) -> result<run_record> {
    const auto rows = work.run(select_run, storable_text(q.id), storable_text(q.organization_id));
    if (rows.empty()) return fail(errc::not_found, "no such run");
    return run_of(rows[0]);
  });
}

result<bool> postgres_store::run(const query::advance_run& q) {
  return session_.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.learn_transaction_id();
    return work.run(update_run, q.id, std::string(to_string(q.status)), q.processed_jobs, value(q.behind),
                    storable_text(q.error), to_epoch_ms(q.at))
               .affected_rows() == 1;
  });
}

result<std::vector<run_record>> postgres_store::run(const query::unfinished_runs& q) {
  using answer = std::vector<run_record>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    answer out;
    for (const auto& row : work.run(select_unfinished_runs, std::max(q.limit, 0))) out.push_back(run_of(row));
    return out;
  });
}

}  // namespace waihu
