// Changes of a task and of its dispatch: requesting the group, moves, batches, acknowledgements.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "messages/model/text.hpp"
#include "persistence/event_text.hpp"
#include "persistence/postgres_commit.hpp"

namespace waihu {

namespace {

constexpr statement request_groups{"request_groups",
                                   R"(update call_tasks t
       set group_requested_at = waihu_at(i.at), epoch = i.epoch, updated_time = waihu_at(i.at)
       from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as i(task, epoch, at)
       where t.id = i.task and ((t.task_type = 1 and t.script_id <> '') or t.task_type in (2, 5))
         and t.group_requested_at is distinct from waihu_at(i.at)
       returning t.id)"};

// Calls that joined while the row was waited for are seen: the condition is looked at once more on the locked row.
constexpr statement move_tasks{"move_tasks",
                               R"(update call_tasks t
       set task_type = i.entered, epoch = i.epoch, updated_time = waihu_at(i.at),
           job_group_id = case when i.job_group is null then t.job_group_id else nullif(i.job_group, '') end,
           last_error = coalesce(i.error, t.last_error),
           started_at = case when (i.left_type, i.entered) = (1, 2) then waihu_at(i.at)
                             when i.entered = 1 then null else t.started_at end,
           completed_at = case when (i.left_type, i.entered) = (2, 3) then waihu_at(i.at) else t.completed_at end,
           group_requested_at = null
       from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::smallint[], $6::text[], $7::text[],
                   $8::bigint[])
            as i(task, epoch, at, left_type, entered, job_group, error, calls)
       where t.id = i.task and t.task_type = i.left_type and (i.calls is null or t.leads_count = i.calls)
         and (i.entered <> 1 or not exists (select from leads_task_list j where j.task_id = t.id
                                            and (j.phase = 'dispatching' or j.call_job_id is not null)))
       returning t.id)"};
// Before a move back to 1 looks at the calls: an intent locks the task's row too, so none is written meanwhile unseen.
constexpr statement lock_tasks{"lock_tasks",
                               "select id from call_tasks where id = any($1::bigint[]) order by id for update"};

constexpr statement note_tasks{
    "note_tasks",
    R"(update call_tasks t set last_error = i.error, group_requested_at = null, epoch = i.epoch, updated_time = now()
       from unnest($1::bigint[], $2::bigint[], $3::text[]) as i(task, epoch, error)
       where t.id = i.task and (t.last_error <> i.error or t.group_requested_at is not null)
       returning t.id)"};

// The rows are locked first: what is seen here cannot change before the batch is written.
constexpr statement lock_queued_jobs{"lock_queued_jobs",
                                     R"(select id, task_id from leads_task_list
       where id = any($1::bigint[]) and phase = 'queued' and call_status is null order by id for update)"};
constexpr statement lock_calling_tasks{
    "lock_calling_tasks",
    "select id from call_tasks where id = any($1::bigint[]) and task_type = 2 order by id for share"};
constexpr statement find_batch_seqs{"find_batch_seqs",
                                    R"(select d.task_id, d.seq from dispatch_batches d
       join unnest($1::bigint[], $2::integer[]) as i(task, seq) on d.task_id = i.task and d.seq = i.seq)"};
constexpr statement insert_batches{
    "insert_batches",
    R"(with b as (select * from unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[]) as b(task, seq, epoch, at)),
            r as (select * from unnest($5::bigint[], $6::integer[], $7::bigint[])
                                with ordinality as r(task, seq, job, n)),
            ins as (insert into dispatch_batches (task_id, seq, epoch, created_at, job_rows)
                    select b.task, b.seq, b.epoch, waihu_at(b.at), array_agg(r.job order by r.n)
                    from b join r on r.task = b.task and r.seq = b.seq
                    group by b.task, b.seq, b.epoch, b.at
                    returning id, task_id, seq, created_at),
            upd as (update leads_task_list j
                    set phase = 'dispatching', dispatch_batch = ins.id, updated_time = ins.created_at
                    from ins join r on r.task = ins.task_id and r.seq = ins.seq
                    where j.id = r.job)
       select id, task_id, seq from ins)"};

// intent -> sent | acked | failed | unknown, sent -> acked | failed | unknown, unknown -> acked | failed.
constexpr statement mark_batches{"mark_batches",
                                 R"(update dispatch_batches d
       set state = i.entered,
           request_id = coalesce(nullif(i.request_id, ''), d.request_id), error = coalesce(nullif(i.error, ''), d.error),
           sent_at = case when i.entered = 'sent' then waihu_at(i.at) else d.sent_at end,
           acked_at = case when i.entered = 'acked' then waihu_at(i.at) else d.acked_at end
       from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[])
            as i(batch, task, entered, request_id, error, at)
       where d.id = i.batch and d.task_id = i.task and i.entered <> 'intent' and d.state <> i.entered
         and (d.state in ('intent', 'sent') or (d.state = 'unknown' and i.entered in ('acked', 'failed')))
       returning d.id)"};
constexpr statement look_at_batches{"look_at_batches",
                                    "select id, task_id, state from dispatch_batches where id = any($1::bigint[])"};

// A job id that another row holds already is left alone, as is a row that holds one; neither sinks the others. A job
// that the provider turns out to have is never left where it could be sent again: `queued` becomes `tracking` too.
constexpr statement acknowledge{"acknowledge",
                                R"(update leads_task_list j
       set call_job_id = i.job_id, updated_time = waihu_at(i.at),
           phase = case when j.phase in ('queued', 'dispatching') then 'tracking' else j.phase end
       from unnest($1::integer[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[]) as i(nr, task, job, job_id, at)
       where j.id = i.job and j.task_id = i.task and j.call_job_id is null
         and not exists (select from leads_task_list o where o.call_job_id = i.job_id)
       returning i.nr)"};

constexpr statement requeue{"requeue",
                            R"(update leads_task_list j
       set phase = 'queued', attempts = j.attempts + i.counts, updated_time = waihu_at(i.at)
       from unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::bigint[])
            as i(nr, task, batch, job, counts, at)
       where j.id = i.job and j.task_id = i.task and j.phase = 'dispatching' and j.dispatch_batch = i.batch
         and j.call_job_id is null
       returning i.nr)"};
constexpr statement note_requeue{"note_requeue",
                                 R"(update dispatch_batches d set error = i.reason
       from unnest($1::bigint[], $2::bigint[], $3::text[]) as i(batch, task, reason)
       where d.id = i.batch and d.task_id = i.task and d.error = '')"};

std::unordered_set<std::int64_t> ids_of(const pqxx::result& rows) {
  std::unordered_set<std::int64_t> out;
  for (const auto& row : rows) out.insert(row[0].as<std::int64_t>());
  return out;
}

// How often each number of the first column occurs.
std::unordered_map<std::int64_t, std::int64_t> tally(const pqxx::result& rows) {
  std::unordered_map<std::int64_t, std::int64_t> out;
  for (const auto& row : rows) ++out[row[0].as<std::int64_t>()];
  return out;
}

}  // namespace

void apply_request_group(postgres_commit& commit, const change_indices& which) {
  array_literal task, epoch, at;
  for (const auto i : which) {
    const auto& c = commit.get<change::request_group>(i);
    task.add(value(c.own.task));
    epoch.add(value(c.own.epoch));
    at.add(c.at);
  }
  const auto done = ids_of(commit.work().run(request_groups, task.text(), epoch.text(), at.text()));
  std::vector<std::int64_t> missed;
  for (const auto i : which) {
    const auto id = value(commit.get<change::request_group>(i).own.task);
    if (done.contains(id)) commit.succeed(i);
    else missed.push_back(id);
  }
  const auto now = commit.look_at_tasks(missed);
  for (const auto i : which) {
    if (commit.is_decided(i)) continue;
    const auto& c = commit.get<change::request_group>(i);
    const auto found = now.find(value(c.own.task));
    if (found == now.end()) commit.refuse(i, errc::not_found, "no such task");
    else if ((found->second.type == task_type::created && !found->second.script_id.empty()) ||
             found->second.type == task_type::calling || found->second.type == task_type::suspended)
      commit.succeed(i, false);
    else commit.refuse(i, errc::illegal_transition, "the task cannot be started now");
  }
}

void apply_move_task(postgres_commit& commit, const change_indices& which) {
  array_literal task, epoch, at, left, entered, group, error, calls;
  std::set<std::int64_t> back;
  bool any = false;
  for (const auto i : which) {
    const auto& c = commit.get<change::move_task>(i);
    if (!is_legal_move(c.from, c.to)) {
      commit.refuse(i, errc::illegal_transition, "a task never makes this move");
      continue;
    }
    any = true;
    if (c.to == task_type::created) back.insert(value(c.own.task));
    task.add(value(c.own.task));
    epoch.add(value(c.own.epoch));
    at.add(c.at);
    left.add(static_cast<int>(c.from));
    entered.add(static_cast<int>(c.to));
    group.add_optional(c.job_group_id);
    error.add_optional(c.last_error ? std::optional{cut_text(storable_text(*c.last_error), error_limit)}
                                    : std::nullopt);
    if (c.leads_count) calls.add(*c.leads_count);
    else calls.add_null();
  }
  if (!any) return;
  if (!back.empty()) commit.work().run(lock_tasks, array_of(back));
  const auto done = ids_of(commit.work().run(move_tasks, task.text(), epoch.text(), at.text(), left.text(),
                                             entered.text(), group.text(), error.text(), calls.text()));
  for (const auto i : which) {
    if (commit.is_decided(i)) continue;
    const auto& c = commit.get<change::move_task>(i);
    if (!done.contains(value(c.own.task))) {
      commit.refuse(i, errc::illegal_transition, "the task or its calls are not in the state this move leaves");
      continue;
    }
    commit.succeed(i);
    commit.tell(i, event_of(c, commit.organization_of(c.own.task)));
  }
}

void apply_note_task(postgres_commit& commit, const change_indices& which) {
  array_literal task, epoch, error;
  for (const auto i : which) {
    const auto& c = commit.get<change::note_task>(i);
    task.add(value(c.own.task));
    epoch.add(value(c.own.epoch));
    error.add(cut_text(storable_text(c.last_error), error_limit));
  }
  const auto done = ids_of(commit.work().run(note_tasks, task.text(), epoch.text(), error.text()));
  for (const auto i : which) commit.succeed(i, done.contains(value(commit.get<change::note_task>(i).own.task)));
}

namespace {

// All or nothing for each batch: decided on locked rows.
change_indices admit_batches(postgres_commit& commit, const change_indices& which) {
  std::set<std::int64_t> tasks, jobs;
  array_literal seq_task, seq;
  for (const auto i : which) {
    const auto& c = commit.get<change::intend_batch>(i);
    tasks.insert(value(c.own.task));
    for (const auto row : c.rows) jobs.insert(value(row));
    seq_task.add(value(c.own.task));
    seq.add(c.seq);
  }
  const auto calling = ids_of(commit.work().run(lock_calling_tasks, array_of(tasks)));
  std::unordered_map<std::int64_t, std::int64_t> queued;
  for (const auto& row : commit.work().run(lock_queued_jobs, array_of(jobs)))
    queued[row[0].as<std::int64_t>()] = row[1].as<std::int64_t>();
  std::set<std::pair<std::int64_t, int>> taken;
  for (const auto& row : commit.work().run(find_batch_seqs, seq_task.text(), seq.text()))
    taken.emplace(row[0].as<std::int64_t>(), row[1].as<int>());

  change_indices admitted;
  for (const auto i : which) {
    const auto& c = commit.get<change::intend_batch>(i);
    const auto task = value(c.own.task);
    const std::set<job_row_id> distinct{c.rows.begin(), c.rows.end()};
    const bool all_queued = std::all_of(c.rows.begin(), c.rows.end(), [&](job_row_id row) {
      const auto found = queued.find(value(row));
      return found != queued.end() && found->second == task;
    });
    if (c.rows.empty() || distinct.size() != c.rows.size() || c.seq <= 0)
      commit.refuse(i, errc::invalid_argument, "a batch needs a number and distinct rows");
    else if (!calling.contains(task)) commit.refuse(i, errc::illegal_transition, "the task is not calling");
    else if (!all_queued) commit.refuse(i, errc::illegal_transition, "not every row of the batch is queued");
    else if (!taken.emplace(task, c.seq).second)
      commit.refuse(i, errc::conflict, "the task has a batch with this number");
    else admitted.push_back(i);
  }
  return admitted;
}

}  // namespace

void apply_intend_batch(postgres_commit& commit, const change_indices& which) {
  const auto admitted = admit_batches(commit, which);
  if (admitted.empty()) return;
  array_literal task, seq, epoch, at, row_task, row_seq, row;
  for (const auto i : admitted) {
    const auto& c = commit.get<change::intend_batch>(i);
    task.add(value(c.own.task));
    seq.add(c.seq);
    epoch.add(value(c.own.epoch));
    at.add(c.at);
    for (const auto r : c.rows) {
      row_task.add(value(c.own.task));
      row_seq.add(c.seq);
      row.add(value(r));
    }
  }
  std::map<std::pair<std::int64_t, int>, std::int64_t> made;
  for (const auto& r : commit.work().run(insert_batches, task.text(), seq.text(), epoch.text(), at.text(),
                                         row_task.text(), row_seq.text(), row.text()))
    made[{r[1].as<std::int64_t>(), r[2].as<int>()}] = r[0].as<std::int64_t>();
  for (const auto i : admitted) {
    const auto& c = commit.get<change::intend_batch>(i);
    commit.succeed(i, true, made.at({value(c.own.task), c.seq}));
  }
}

void apply_mark_batch(postgres_commit& commit, const change_indices& which) {
  array_literal batch, task, entered, request, error, at;
  std::vector<std::int64_t> ids;
  for (const auto i : which) {
    const auto& c = commit.get<change::mark_batch>(i);
    ids.push_back(value(c.batch));
    batch.add(value(c.batch));
    task.add(value(c.own.task));
    entered.add(to_string(c.to));
    request.add(c.request_id);
    error.add(cut_text(storable_text(c.error), error_limit));
    at.add(c.at);
  }
  const auto done = ids_of(commit.work().run(mark_batches, batch.text(), task.text(), entered.text(), request.text(),
                                             error.text(), at.text()));
  std::unordered_map<std::int64_t, std::pair<std::int64_t, std::string>> now;
  if (done.size() < which.size())
    for (const auto& r : commit.work().run(look_at_batches, array_of(ids)))
      now[r[0].as<std::int64_t>()] = {r[1].as<std::int64_t>(), r[2].as<std::string>()};
  for (const auto i : which) {
    const auto& c = commit.get<change::mark_batch>(i);
    const auto found = now.find(value(c.batch));
    if (done.contains(value(c.batch))) commit.succeed(i, true, value(c.batch));
    else if (found == now.end() || found->second.first != value(c.own.task))
      commit.refuse(i, errc::not_found, "no such batch");
    else if (found->second.second == to_string(c.to)) commit.succeed(i, false, value(c.batch));
    else commit.refuse(i, errc::illegal_transition, "a batch never makes this move");
  }
}

void apply_acknowledge_jobs(postgres_commit& commit, const change_indices& which) {
  array_literal nr, task, job, job_id, at;
  array_literal batch, batch_task, entered, request, error, batch_at;
  std::unordered_set<std::string> used;
  bool completes = false;
  for (const auto i : which) {
    const auto& c = commit.get<change::acknowledge_jobs>(i);
    std::unordered_set<std::int64_t> rows;
    for (const auto& [row, id] : c.ids) {
      if (id.empty() || !rows.insert(value(row)).second || !used.insert(id).second) continue;
      nr.add(static_cast<std::int64_t>(i));
      task.add(value(c.own.task));
      job.add(value(row));
      job_id.add(id);
      at.add(c.at);
    }
    if (!c.completes_batch) continue;
    completes = true;
    batch.add(value(c.batch));
    batch_task.add(value(c.own.task));
    entered.add("acked");
    request.add(c.request_id);
    error.add("");
    batch_at.add(c.at);
  }
  const auto rows = tally(commit.work().run(acknowledge, nr.text(), task.text(), job.text(), job_id.text(), at.text()));
  std::unordered_set<std::int64_t> acked;
  if (completes)
    acked = ids_of(commit.work().run(mark_batches, batch.text(), batch_task.text(), entered.text(), request.text(),
                                     error.text(), batch_at.text()));
  for (const auto i : which) {
    const auto found = rows.find(static_cast<std::int64_t>(i));
    const auto count = found == rows.end() ? 0 : found->second;
    commit.succeed(i, count > 0 || acked.contains(value(commit.get<change::acknowledge_jobs>(i).batch)), count);
  }
}

void apply_requeue_jobs(postgres_commit& commit, const change_indices& which) {
  array_literal nr, task, batch, job, counts, at;
  array_literal noted_batch, noted_task, reason;
  bool notes = false;
  for (const auto i : which) {
    const auto& c = commit.get<change::requeue_jobs>(i);
    for (const auto row : std::set<job_row_id>{c.rows.begin(), c.rows.end()}) {
      nr.add(static_cast<std::int64_t>(i));
      task.add(value(c.own.task));
      batch.add(value(c.batch));
      job.add(value(row));
      counts.add(c.counts_as_attempt ? 1 : 0);
      at.add(c.at);
    }
    if (c.reason.empty()) continue;
    notes = true;
    noted_batch.add(value(c.batch));
    noted_task.add(value(c.own.task));
    reason.add(cut_text(storable_text(c.reason), error_limit));
  }
  const auto rows =
      tally(commit.work().run(requeue, nr.text(), task.text(), batch.text(), job.text(), counts.text(), at.text()));
  if (notes) commit.work().run(note_requeue, noted_batch.text(), noted_task.text(), reason.text());
  for (const auto i : which) {
    const auto found = rows.find(static_cast<std::int64_t>(i));
    const auto count = found == rows.end() ? 0 : found->second;
    commit.succeed(i, count > 0, count);
  }
}

}  // namespace waihu
