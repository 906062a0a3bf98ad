// Tasks, jobs and events on PostgreSQL: creating, paging, counting, loading.
#include <algorithm>
#include <unordered_map>

#include "messages/model/text.hpp"
#include "persistence/lead_choice.hpp"
#include "persistence/lead_filter_sql.hpp"
#include "persistence/page_rule.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

constexpr std::size_t jobs_an_insert = 10'000;

constexpr statement select_candidates{
    "select_candidates", "select l.leads_id, l.leads_user_name, l.leads_user_phone " WAIHU_LEADS_UNDER_FILTER};
constexpr statement draw_task_id{"draw_task_id", "select nextval(pg_get_serial_sequence('call_tasks', 'id'))"};
constexpr statement insert_task{
    "insert_task",
    "insert into call_tasks as t (id, task_name, organization_id, create_name_id, create_name, leads_count, script_id,"
    " size_desc, shard) overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8::json, $9)"
    " returning " WAIHU_TASK_COLUMNS};
constexpr statement insert_jobs{
    "insert_jobs",
    R"(insert into leads_task_list (task_id, leads_id, leads_name, leads_phone, reference_id)
       select $1, lead, name, phone, reference
       from unnest($2::text[], $3::text[], $4::text[], $5::text[]) with ordinality as i(lead, name, phone, reference, n)
       order by n)"};

constexpr statement count_tasks{"count_tasks",
                                "select count(*) from call_tasks"
                                " where organization_id = $1 and origin = 'campaign' and (cardinality($2::smallint[]) "
                                "= 0 or task_type = any($2::smallint[]))"};
constexpr statement select_tasks{"select_tasks",
                                 "select " WAIHU_TASK_COLUMNS
                                 " from call_tasks t where t.organization_id = $1 and t.origin = 'campaign'"
                                 " and (cardinality($2::smallint[]) = 0 or t.task_type = any($2::smallint[]))"
                                 " order by t.create_time desc, t.id desc limit $3 offset $4"};
constexpr statement select_newest_tasks{"select_newest_tasks",
                                        "select " WAIHU_TASK_COLUMNS
                                        " from call_tasks t where t.organization_id = $1 and t.origin = 'campaign'"
                                        " order by t.create_time desc, t.id desc limit $2"};
// The place is looked up rather than handed in: our instants are whole milliseconds, the database's are not.
constexpr statement select_tasks_behind{
    "select_tasks_behind",
    "select " WAIHU_TASK_COLUMNS
    " from call_tasks t where t.organization_id = $1 and t.origin = 'campaign' and (t.create_time, t.id) <"
    " (select b.create_time, b.id from call_tasks b where b.id = $3 and b.organization_id = $1)"
    " order by t.create_time desc, t.id desc limit $2"};
constexpr statement count_types{
    "count_types",
    "select task_type, count(*), sum(leads_count)::bigint from call_tasks"
    " where organization_id = $1 and origin = 'campaign' group by task_type order by task_type"};
// What a question of campaigns asks besides.
#define WAIHU_IS_CAMPAIGN " and t.origin = 'campaign'"
#define WAIHU_TASK_BY_ID "select " WAIHU_TASK_COLUMNS " from call_tasks t where t.id = $1 and t.organization_id = $2"
#define WAIHU_TASK_BY_GROUP \
  "select " WAIHU_TASK_COLUMNS " from call_tasks t where t.job_group_id = $1 and t.organization_id = $2"
constexpr statement select_task{"select_task", WAIHU_TASK_BY_ID};
constexpr statement select_campaign{"select_campaign", WAIHU_TASK_BY_ID WAIHU_IS_CAMPAIGN};
constexpr statement select_task_of_group{"select_task_of_group", WAIHU_TASK_BY_GROUP};
constexpr statement select_campaign_of_group{"select_campaign_of_group", WAIHU_TASK_BY_GROUP WAIHU_IS_CAMPAIGN};
constexpr statement select_any_task{"select_any_task",
                                    "select " WAIHU_TASK_COLUMNS " from call_tasks t where t.id = $1"};
constexpr statement update_script{
    "update_script",
    "update call_tasks t set script_id = $3, updated_time = now()"
    " where t.id = $1 and t.organization_id = $2 and t.task_type = 1 and t.group_requested_at is null" WAIHU_IS_CAMPAIGN
    " returning " WAIHU_TASK_COLUMNS};

constexpr statement select_standing{
    "select_standing",
    "select " WAIHU_TASK_COLUMNS
    ", case when t.task_type = 4 then coalesce((select max(e.id) from task_events e where e.task_id = t.id), 0) end"
    " from call_tasks t where t.id = $1 and t.organization_id = $2" WAIHU_IS_CAMPAIGN};

/// Stands for every outcome in `count_jobs` and `select_jobs`; "" is the one of calls that have not ended.
constexpr std::string_view any_outcome = "*";
constexpr statement count_jobs{
    "count_jobs",
    // null: no task of the organisation
    "select case when exists (select from call_tasks t where t.id = $1 and t.organization_id = $4" WAIHU_IS_CAMPAIGN
    ") then"
    " (select count(*) from leads_task_list where task_id = $1 and (not $2 or leads_follow_id is not null)"
    " and ($3 < 0 or is_interested = $3) and ($5 = '*' or outcome = $5)) end"};
// Which rows the page has is read from the index alone; rows and follow-ups are looked up for those only.
constexpr statement select_page_of_jobs{
    "select_page_of_jobs",
    "select " WAIHU_JOB_VIEW_COLUMNS
    " from leads_task_list j left join dcc_leads_follow f on f.id = j.leads_follow_id"
    " where j.id = any(array(select id from leads_task_list where task_id = $1"
    " and exists (select from call_tasks t where t.id = $1 and t.organization_id = $4" WAIHU_IS_CAMPAIGN
    ") order by id limit $2 offset $3)) order by j.id"};
constexpr statement select_jobs{
    "select_jobs",
    // Follow-ups are looked up for the page, not for what is skipped before it.
    "select " WAIHU_JOB_VIEW_COLUMNS
    " from (select * from leads_task_list where task_id = $1 and (not $2 or leads_follow_id is not null)"
    " and ($3 < 0 or is_interested = $3) and ($7 = '*' or outcome = $7)"
    " and exists (select from call_tasks t where t.id = $1 and t.organization_id = $6" WAIHU_IS_CAMPAIGN
    ")"
    " order by id limit $4 offset $5) j left join dcc_leads_follow f on f.id = j.leads_follow_id order by j.id"};
constexpr statement count_outcomes{
    "count_outcomes",
    // A campaign that was over before has no call in the span; one that was never started has none at all.
    "select j.outcome, count(*) from call_tasks t join leads_task_list j on j.task_id = t.id"
    " where t.organization_id = $1 and t.started_at < waihu_at($3)"
    " and (t.completed_at is null or t.completed_at >= waihu_at($2))" WAIHU_IS_CAMPAIGN
    " and j.call_status is not null and coalesce(j.call_time, j.updated_time) >= waihu_at($2)"
    " and coalesce(j.call_time, j.updated_time) < waihu_at($3) group by j.outcome"};
constexpr statement select_jobs_behind{
    "select_jobs_behind", "select " WAIHU_JOB_VIEW_COLUMNS
                          " from leads_task_list j left join dcc_leads_follow f on f.id = j.leads_follow_id"
                          " where j.task_id = $1 and j.id > $2 order by j.id limit $3"};
constexpr statement select_jobs_by_row{"select_jobs_by_row",
                                       "select " WAIHU_JOB_VIEW_COLUMNS
                                       " from leads_task_list j join call_tasks t on t.id = j.task_id"
                                       " left join dcc_leads_follow f on f.id = j.leads_follow_id"
                                       " where j.id = any($1::bigint[]) and t.organization_id = $2 order by j.id"};
constexpr statement select_open_jobs{
    "select_open_jobs",
    "select " WAIHU_JOB_COLUMNS " from leads_task_list j where j.task_id = $1 and j.phase <> 'closed' order by j.id"};

constexpr statement select_dispatch_times{
    "select_dispatch_times",
    "select j.id, waihu_ms(coalesce(b.acked_at, b.created_at)) from leads_task_list j"
    " join dispatch_batches b on b.id = j.dispatch_batch where j.task_id = $1 and j.phase = 'tracking'"
    " and j.poll_started_at is null"};
constexpr statement select_open_batches{
    "select_open_batches",
    "select id, seq, state, epoch, array_to_string(job_rows, ','), waihu_ms(created_at), request_id, error"
    " from dispatch_batches where task_id = $1 and state not in ('acked', 'failed') order by seq"};
constexpr statement last_batch_seq{"last_batch_seq",
                                   "select coalesce(max(seq), 0) from dispatch_batches where task_id = $1"};
// In the order of task_counters.
constexpr statement count_everything{"count_everything",
                                     R"(select count(*),
              count(*) filter (where call_status is null), 0,
              count(*) filter (where call_status = 'Succeeded'),
              count(*) filter (where call_status in ('Failed', 'Cancelled')),
              count(call_job_id), count(call_status), count(leads_follow_id),
              count(*) filter (where call_status = 'Succeeded'),
              count(*) filter (where call_status in ('Failed', 'Cancelled')),
              count(*) filter (where call_status in ('Succeeded', 'Failed') and leads_follow_id is null
                               and (mediation_record_id is null or phase <> 'closed')),
              count(*) filter (where is_interested = 1), count(*) filter (where is_interested = 2),
              count(*) filter (where is_interested = 0 and leads_follow_id is not null),
              count(*) filter (where is_interested is null or (is_interested = 0 and leads_follow_id is null)),
              count(*) filter (where phase = 'parked'), count(*) filter (where phase = 'queued'),
              count(*) filter (where phase = 'dispatching'), count(*) filter (where phase = 'tracking')
       from leads_task_list where task_id = $1)"};
// The inner condition is the predicate of leads_task_list_owing.
constexpr statement select_unfinished{
    "select_unfinished",
    R"(select id, task_type from call_tasks t where task_type in (2, 3, 5) and not exists (
         select from organization_automation a where a.organization_id = t.organization_id and not a.running)
       union all
       select id, task_type from call_tasks t where task_type = 4 and exists (
         select from leads_task_list j where j.task_id = t.id
           and (j.call_status is null or
                (j.call_status <> 'Cancelled' and j.leads_follow_id is null and j.mediation_record_id is null)))
         and not exists (
         select from organization_automation a where a.organization_id = t.organization_id and not a.running)
       union all
       select id, task_type from call_tasks t where origin = 'case' and task_type = 1 and exists (
         select from leads_task_list j where j.task_id = t.id and j.call_status is null)
         and not exists (
         select from organization_automation a where a.organization_id = t.organization_id and not a.running)
       order by 1 limit $1)"};
constexpr statement select_unfinished_among{"select_unfinished_among",
                                            R"(select id, task_type from call_tasks t
       where id = any($2::bigint[]) and (task_type in (2, 3, 5) or (task_type = 4 and exists (
         select from leads_task_list j where j.task_id = t.id
           and (j.call_status is null or
                (j.call_status <> 'Cancelled' and j.leads_follow_id is null and j.mediation_record_id is null))))
         or (origin = 'case' and task_type = 1 and exists (
         select from leads_task_list j where j.task_id = t.id and j.call_status is null)))
         and not exists (
         select from organization_automation a where a.organization_id = t.organization_id and not a.running)
       order by 1 limit $1)"};

constexpr statement select_is_stopped{"select_is_stopped",
                                      "select from organization_automation where organization_id = $1 and not running"};
constexpr statement select_events{"select_events",
                                  "select " WAIHU_EVENT_COLUMNS
                                  " from task_events where organization_id = $1 and id > $2 order by id limit $3"};
constexpr statement select_task_events{
    "select_task_events",
    "select " WAIHU_EVENT_COLUMNS
    " from task_events where organization_id = $1 and task_id = $4 and id > $2 order by id limit $3"};
constexpr statement select_all_events{
    "select_all_events", "select " WAIHU_EVENT_COLUMNS " from task_events where id > $1 order by id limit $2"};
constexpr statement select_last_event{"select_last_event", "select coalesce(max(id), 0) from task_events"};

call_task_record task_of(const pqxx::row& row) {
  row_reader r{row};
  return read_task(r);
}

call_job_view view_of(const pqxx::row& row) {
  row_reader r{row};
  return read_job_view(r);
}

task_counters read_counters(const pqxx::row& row) {
  row_reader r{row};
  task_counters c;
  for (auto* n : {&c.total, &c.scheduling, &c.executing, &c.completed, &c.failed, &c.has_job_id, &c.has_status,
                  &c.has_follow, &c.connected, &c.not_connected, &c.follow_due, &c.interested, &c.not_interested,
                  &c.unable, &c.pending, &c.parked, &c.queued, &c.dispatching, &c.tracking})
    *n = r.number();
  return c;
}

void write_jobs(postgres_work& work, task_id task, const std::string& organization_id, const lead_choice& chosen) {
  for (std::size_t begin = 0; begin < chosen.kept.size(); begin += jobs_an_insert) {
    array_literal lead, name, phone, reference;
    const auto end = std::min(begin + jobs_an_insert, chosen.kept.size());
    for (auto i = begin; i < end; ++i) {
      const auto& c = chosen.kept[i];
      lead.add(c.leads_id);
      name.add(c.leads_name);
      phone.add(c.leads_phone);
      reference.add(make_reference_id(task, organization_id, c.leads_id));
    }
    work.run(insert_jobs, value(task), lead.text(), name.text(), phone.text(), reference.text());
  }
}

lead_choice choose_from(postgres_work& work, const std::string& organization_id, const lead_filter& filter) {
  std::vector<lead_candidate> candidates;
  for (const auto& row : run_over_leads(work, select_candidates, organization_id, filter))
    candidates.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>()});
  return choose_leads(std::move(candidates));
}

}  // namespace

result<query::created_task> create_in(postgres_work& work, const query::create_task& q) {
  if (q.task_name.empty() || q.organization_id.empty())
    return fail(errc::invalid_argument, "a task needs a name and an organisation");
  // Of 100,000 leads, each with a number to be read, on a busy machine: seconds.
  work.rest_at_most(longest_thought);
  const auto chosen = choose_from(work, q.organization_id, q.filter);
  work.rest_at_most(longest_rest);
  if (chosen.kept.empty()) return fail(errc::not_found, "未找到符合条件的线索数据");
  const task_id id{work.run(draw_task_id)[0][0].as<std::int64_t>()};
  const auto rows = work.run(
      insert_task, value(id), storable_text(q.task_name), storable_text(q.organization_id), value(q.creator),
      storable_text(q.creator_name), static_cast<std::int64_t>(chosen.kept.size()), storable_text(q.script_id),
      q.size_desc_json.empty() ? "{}" : storable_text(q.size_desc_json), static_cast<int>(value(shard_of(id))));
  write_jobs(work, id, q.organization_id, chosen);
  query::created_task made;
  made.task = task_of(rows[0]);
  made.skipped_invalid_phone = static_cast<std::int64_t>(chosen.invalid_phone.size());
  made.skipped_duplicate_phone = static_cast<std::int64_t>(chosen.duplicate_phone.size());
  return made;
}

result<query::created_task> postgres_store::run(const query::create_task& q) {
  using answer = query::created_task;
  return session_.transact<answer>(postgres_session::mode::write, [&](postgres_work& work) -> result<answer> {
    work.learn_transaction_id();
    return create_in(work, q);
  });
}

result<query::previewed_task> postgres_store::run(const query::preview_task& q) {
  using answer = query::previewed_task;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    return preview_of(choose_from(work, q.organization_id, q.filter));
  });
}

result<query::page_of<call_task_record>> postgres_store::run(const query::list_tasks& q) {
  using page_type = query::page_of<call_task_record>;
  return session_.transact<page_type>(postgres_session::mode::read, [&](postgres_work& work) -> result<page_type> {
    array_literal types;
    for (const auto t : q.types) types.add(static_cast<int>(t));
    const auto organization = storable_text(q.organization_id);
    const auto total = q.total ? *q.total : work.run(count_tasks, organization, types.text())[0][0].as<std::int64_t>();
    auto page = page_for<call_task_record>(q.page, total);
    for (const auto& row : work.run(select_tasks, organization, types.text(), page.page_size, offset_of(page)))
      page.items.push_back(task_of(row));
    return page;
  });
}

result<std::vector<call_task_record>> postgres_store::run(const query::tasks_behind& q) {
  using answer = std::vector<call_task_record>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    const auto limit = std::clamp(q.limit, 1, most_rows_a_call);
    const auto organization = storable_text(q.organization_id);
    answer out;
    for (const auto& row : q.behind ? work.run(select_tasks_behind, organization, limit, value(*q.behind))
                                    : work.run(select_newest_tasks, organization, limit))
      out.push_back(task_of(row));
    return out;
  });
}

result<std::vector<query::task_type_count>> postgres_store::run(const query::count_tasks_by_type& q) {
  using answer = std::vector<query::task_type_count>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    answer out;
    for (const auto& row : work.run(count_types, storable_text(q.organization_id)))
      out.push_back({static_cast<task_type>(row[0].as<int>()), row[1].as<std::int64_t>(), row[2].as<std::int64_t>()});
    return out;
  });
}

result<call_task_record> postgres_store::run(const query::find_task& q) {
  if (q.id.has_value() == q.job_group_id.has_value())
    return fail(errc::invalid_argument, "either a task id or a job group id is asked");
  return session_.transact<call_task_record>(
      postgres_session::mode::read, [&](postgres_work& work) -> result<call_task_record> {
        const auto organization = storable_text(q.organization_id);
        const auto& by_id = q.any_origin ? select_task : select_campaign;
        const auto& by_group = q.any_origin ? select_task_of_group : select_campaign_of_group;
        const auto rows = q.id ? work.run(by_id, value(*q.id), organization)
                               : work.run(by_group, storable_text(*q.job_group_id), organization);
        if (rows.empty()) return fail(errc::not_found, "no such task");
        return task_of(rows[0]);
      });
}

result<call_task_record> postgres_store::run(const query::set_script& q) {
  return session_.transact<call_task_record>(
      postgres_session::mode::write, [&](postgres_work& work) -> result<call_task_record> {
        work.learn_transaction_id();
        const auto organization = storable_text(q.organization_id);
        const auto rows = work.run(update_script, value(q.id), organization, storable_text(q.script_id));
        if (!rows.empty()) return task_of(rows[0]);
        if (work.run(select_campaign, value(q.id), organization).empty()) return fail(errc::not_found, "no such task");
        return fail(errc::illegal_transition, "calling has begun");
      });
}

result<query::page_of<call_job_view>> postgres_store::run(const query::list_jobs& q) {
  using page_type = query::page_of<call_job_view>;
  return session_.transact<page_type>(postgres_session::mode::read, [&](postgres_work& work) -> result<page_type> {
    const auto task = value(q.task);
    const int wanted = q.with_interest ? static_cast<int>(*q.with_interest) : -1;
    const auto organization = storable_text(q.organization_id);
    const std::string outcome{q.with_outcome ? to_string(*q.with_outcome) : any_outcome};
    auto total = q.total;
    if (!total) {
      const auto counted = work.run(count_jobs, task, q.only_followed, wanted, organization, outcome);
      if (counted[0][0].is_null()) return fail(errc::not_found, "no such task");
      total = counted[0][0].as<std::int64_t>();
    }
    auto page = page_for<call_job_view>(q.page, *total);
    const auto rows = q.only_followed || q.with_interest || q.with_outcome
                          ? work.run(select_jobs, task, q.only_followed, wanted, page.page_size, offset_of(page),
                                     organization, outcome)
                          : work.run(select_page_of_jobs, task, page.page_size, offset_of(page), organization);
    for (const auto& row : rows) page.items.push_back(view_of(row));
    return page;
  });
}

result<std::vector<query::outcome_count>> postgres_store::run(const query::count_outcomes& q) {
  using answer = std::vector<query::outcome_count>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    answer out;
    for (const auto& row :
         work.run(count_outcomes, storable_text(q.organization_id), to_epoch_ms(q.from), to_epoch_ms(q.until)))
      out.push_back({parse_job_outcome(row[0].as<std::string>()), row[1].as<std::int64_t>()});
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.outcome < b.outcome; });
    return out;
  });
}

result<std::vector<call_job_view>> postgres_store::run(const query::jobs_behind& q) {
  using answer = std::vector<call_job_view>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    if (work.run(select_task, value(q.task), storable_text(q.organization_id)).empty())
      return fail(errc::not_found, "no such task");
    const auto limit = std::clamp(q.limit, 1, most_rows_a_call);
    answer out;
    for (const auto& row : work.run(select_jobs_behind, value(q.task), value(q.behind), limit))
      out.push_back(view_of(row));
    return out;
  });
}

result<std::vector<call_job_view>> postgres_store::run(const query::jobs_by_row& q) {
  if (q.rows.size() > static_cast<std::size_t>(most_rows_a_call))
    return fail(errc::invalid_argument, "too many rows at once");
  using answer = std::vector<call_job_view>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    array_literal rows;
    for (const auto row : q.rows) rows.add(value(row));
    answer out;
    for (const auto& row : work.run(select_jobs_by_row, rows.text(), storable_text(q.organization_id)))
      out.push_back(view_of(row));
    return out;
  });
}

result<query::task_standing> postgres_store::run(const query::find_standing& q) {
  using answer = query::task_standing;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    const auto task = value(q.task);
    const auto found = work.run(select_standing, task, storable_text(q.organization_id));
    if (found.empty()) return fail(errc::not_found, "no such task");
    const auto row = found[0];
    row_reader r{row};
    answer out;
    out.task = read_task(r);
    if (const auto last = r.maybe_number()) out.until = event_id{*last};
    // The last event was read first: what comes between is counted, and found anew by the next asker.
    if (q.known && out.until == q.known->until) out.counters = q.known->counters;
    else out.counters = read_counters(work.run(count_everything, task)[0]);
    return out;
  });
}

result<std::vector<event_record>> postgres_store::run(const query::events_after& q) {
  using answer = std::vector<event_record>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    const auto limit = std::clamp(q.limit, 1, most_events_a_call);
    const auto organization = storable_text(q.organization_id);
    const auto rows = q.task ? work.run(select_task_events, organization, value(q.after), limit, value(*q.task))
                             : work.run(select_events, organization, value(q.after), limit);
    answer out;
    for (const auto& row : rows) out.push_back(event_of(row));
    return out;
  });
}

result<std::vector<event_record>> postgres_store::run(const query::events_behind& q) {
  using answer = std::vector<event_record>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    answer out;
    for (const auto& row : work.run(select_all_events, value(q.after), std::clamp(q.limit, 1, most_events_a_call)))
      out.push_back(event_of(row));
    return out;
  });
}

result<event_id> postgres_store::run(const query::last_event&) {
  return session_.transact<event_id>(postgres_session::mode::read, [&](postgres_work& work) -> result<event_id> {
    return event_id{work.run(select_last_event)[0][0].as<std::int64_t>()};
  });
}

namespace {

/// A case call's deadline counts from its first look; where that was not stored (a crash), from its dispatch.
void fill_dispatch_times(postgres_work& work, query::loaded_task& loaded) {
  std::unordered_map<std::int64_t, wall_time> dispatched;
  for (const auto& row : work.run(select_dispatch_times, value(loaded.task.id))) {
    row_reader r{row};
    const auto job = r.number();
    dispatched.emplace(job, r.instant());
  }
  for (auto& job : loaded.jobs)
    if (const auto found = dispatched.find(value(job.row)); found != dispatched.end())
      job.poll_started_at = found->second;
}

}  // namespace

result<query::loaded_task> postgres_store::run(const query::load_task& q) {
  return session_.transact<query::loaded_task>(
      postgres_session::mode::snapshot, [&](postgres_work& work) -> result<query::loaded_task> {
        // One snapshot for all questions.
        work.raw().exec("set transaction isolation level repeatable read, read only");
        const auto task = value(q.id);
        const auto found = work.run(select_any_task, task);
        if (found.empty()) return fail(errc::not_found, "no such task");
        query::loaded_task out;
        out.task = task_of(found[0]);
        for (const auto& row : work.run(select_open_jobs, task)) {
          row_reader r{row};
          out.jobs.push_back(read_job(r));
        }
        if (out.task.origin == task_origin::cases) fill_dispatch_times(work, out);
        for (const auto& row : work.run(select_open_batches, task)) {
          row_reader r{row};
          dispatch_batch_record b;
          b.id = batch_id{r.number()};
          b.task = q.id;
          b.seq = r.small();
          b.state = parse_batch_state(r.text()).value_or(batch_state::unknown);
          b.epoch = epoch_t{r.number()};
          for (const auto id : split_numbers(r.text())) b.rows.push_back(job_row_id{id});
          b.created_at = r.instant();
          b.request_id = r.text();
          b.error = r.text();
          out.open_batches.push_back(std::move(b));
        }
        out.last_batch_seq = work.run(last_batch_seq, task)[0][0].as<int>();
        out.counters = read_counters(work.run(count_everything, task)[0]);
        out.organization_stopped = !work.run(select_is_stopped, out.task.organization_id).empty();
        return out;
      });
}

result<std::vector<query::unfinished_task>> postgres_store::run(const query::unfinished_tasks& q) {
  using answer = std::vector<query::unfinished_task>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    answer out;
    array_literal among;
    for (const auto id : q.among) among.add(value(id));
    const auto limit = std::max(q.limit, 0);
    for (const auto& row :
         q.among.empty() ? work.run(select_unfinished, limit) : work.run(select_unfinished_among, limit, among.text()))
      out.push_back({task_id{row[0].as<std::int64_t>()}, static_cast<task_type>(row[1].as<int>())});
    return out;
  });
}

}  // namespace waihu
