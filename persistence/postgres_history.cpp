// One call with its task, and what happened to it, on PostgreSQL.
#include <algorithm>

#include "messages/model/text.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

constexpr statement select_job_by_job_id{
    "select_job_by_job_id", "select " WAIHU_JOB_VIEW_COLUMNS ", " WAIHU_TASK_COLUMNS
                            " from leads_task_list j join call_tasks t on t.id = j.task_id"
                            " left join dcc_leads_follow f on f.id = j.leads_follow_id"
                            " where j.call_job_id = $1 and t.organization_id = $2 and t.origin = 'campaign'"};
constexpr statement select_job_by_row{"select_job_by_row",
                                      "select " WAIHU_JOB_VIEW_COLUMNS ", " WAIHU_TASK_COLUMNS
                                      " from leads_task_list j join call_tasks t on t.id = j.task_id"
                                      " left join dcc_leads_follow f on f.id = j.leads_follow_id"
                                      " where j.id = $1 and t.organization_id = $2"};
constexpr statement select_task_of_row{"select_task_of_row",
                                       "select t.id from leads_task_list j join call_tasks t on t.id = j.task_id"
                                       " where j.id = $1 and t.organization_id = $2"};
constexpr statement select_call_events{"select_call_events",
                                       "select " WAIHU_EVENT_COLUMNS
                                       " from task_events where task_id = $1 and (job = $2 or job is null)"
                                       " order by id limit $3"};
constexpr statement select_call_batches{"select_call_batches",
                                        "select id, seq, state, epoch, waihu_ms(created_at), request_id, error,"
                                        " waihu_ms(sent_at), waihu_ms(acked_at)"
                                        " from dispatch_batches where task_id = $1 and $2 = any(job_rows)"
                                        " order by seq"};

result<query::job_with_task> first_of(const pqxx::result& rows) {
  if (rows.empty()) return fail(errc::not_found, "no such call");
  const auto row = rows[0];
  row_reader r{row};
  query::job_with_task out;
  out.job = read_job_view(r);
  out.task = read_task(r);
  return out;
}

}  // namespace

result<query::job_with_task> postgres_store::run(const query::job_by_call_job_id& q) {
  using answer = query::job_with_task;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    return first_of(work.run(select_job_by_job_id, storable_text(q.call_job_id), storable_text(q.organization_id)));
  });
}

result<query::job_with_task> postgres_store::run(const query::job_by_row& q) {
  using answer = query::job_with_task;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    return first_of(work.run(select_job_by_row, value(q.row), storable_text(q.organization_id)));
  });
}

result<query::history_of_call> postgres_store::run(const query::call_history& q) {
  using answer = query::history_of_call;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    const auto found = work.run(select_task_of_row, value(q.row), storable_text(q.organization_id));
    if (found.empty()) return fail(errc::not_found, "no such call");
    const auto task = found[0][0].as<std::int64_t>();
    answer out;
    for (const auto& row : work.run(select_call_events, task, value(q.row), std::clamp(q.limit, 1, most_events_a_call)))
      out.events.push_back(event_of(row));
    for (const auto& row : work.run(select_call_batches, task, value(q.row))) {
      row_reader r{row};
      dispatch_batch_record b;
      b.id = batch_id{r.number()};
      b.task = task_id{task};
      b.seq = r.small();
      b.state = parse_batch_state(r.text()).value_or(batch_state::unknown);
      b.epoch = epoch_t{r.number()};
      b.created_at = r.instant();
      b.request_id = r.text();
      b.error = r.text();
      b.sent_at = r.maybe_instant();
      b.acked_at = r.maybe_instant();
      out.batches.push_back(std::move(b));
    }
    return out;
  });
}

}  // namespace waihu
