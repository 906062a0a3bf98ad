// Changes of one call job: settling, late conversations, parking, polling counters, closing, recordings.
#include <unordered_map>

#include "persistence/event_text.hpp"
#include "persistence/postgres_commit.hpp"

namespace waihu {

namespace {

// The terminal state and the last attempt in one statement; a row that has ended already is not touched.
constexpr statement settle{"settle",
                           R"(update leads_task_list j
       set call_status = i.status, outcome = i.outcome, phase = 'settled', parked_reason = '', failures = 0,
           call_task_id = nullif(i.call_task_id, ''), call_id = nullif(i.call_id, ''),
           attempt_status = nullif(i.attempt_status, ''), calling_number = nullif(i.calling, ''),
           called_number = nullif(i.called, ''), planed_time = waihu_at(i.planed), actual_time = waihu_at(i.actual),
           call_time = coalesce(waihu_at(i.actual), waihu_at(i.planed), j.call_time),
           call_conversation = nullif(i.conversation, ''), updated_time = waihu_at(i.at)
       from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                   $9::text[], $10::bigint[], $11::bigint[], $12::text[], $13::bigint[])
            as i(task, job, status, outcome, call_task_id, call_id, attempt_status, calling, called, planed, actual,
                 conversation, at)
            join leads_task_list o on o.id = i.job
       where j.id = i.job and j.task_id = i.task and j.call_status is null
       returning j.id, o.phase)"};

// What is empty on the way in never erases what is stored. Times are compared to the second.
constexpr statement attach{"attach",
                           R"(with i as (
         select i.*, j.phase, j.call_conversation as stored,
                case when position('{' in i.conversation) > 0 or j.call_conversation is null
                     then nullif(i.conversation, '') else j.call_conversation end as conversation_after
         from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::bigint[], $9::bigint[], $10::text[])
              as i(task, job, call_task_id, call_id, attempt_status, calling, called, planed, actual, conversation)
         join leads_task_list j on j.id = i.job and j.task_id = i.task)
       update leads_task_list j
       set call_task_id = coalesce(nullif(i.call_task_id, ''), j.call_task_id),
           call_id = coalesce(nullif(i.call_id, ''), j.call_id),
           attempt_status = coalesce(nullif(i.attempt_status, ''), j.attempt_status),
           calling_number = coalesce(nullif(i.calling, ''), j.calling_number),
           called_number = coalesce(nullif(i.called, ''), j.called_number),
           planed_time = coalesce(waihu_at(i.planed), j.planed_time),
           actual_time = coalesce(waihu_at(i.actual), j.actual_time),
           call_time = coalesce(waihu_at(i.actual), waihu_at(i.planed), j.call_time),
           call_conversation = i.conversation_after, updated_time = now()
       from i
       where j.id = i.job and j.call_status is not null
         and ((coalesce(nullif(i.call_task_id, ''), j.call_task_id), coalesce(nullif(i.call_id, ''), j.call_id),
               coalesce(nullif(i.attempt_status, ''), j.attempt_status), coalesce(nullif(i.calling, ''), j.calling_number),
               coalesce(nullif(i.called, ''), j.called_number), i.conversation_after)
              is distinct from
              (j.call_task_id, j.call_id, j.attempt_status, j.calling_number, j.called_number, j.call_conversation)
              or date_trunc('second', coalesce(waihu_at(i.planed), j.planed_time))
                 is distinct from date_trunc('second', j.planed_time)
              or date_trunc('second', coalesce(waihu_at(i.actual), j.actual_time))
                 is distinct from date_trunc('second', j.actual_time))
       returning j.id, j.phase, i.stored is distinct from j.call_conversation, waihu_ms(j.updated_time))"};

constexpr statement park{"park",
                         R"(update leads_task_list j
       set phase = 'parked', parked_reason = i.reason, failures = i.failures,
           poll_started_at = coalesce(waihu_at(i.started), j.poll_started_at),
           last_change_at = coalesce(waihu_at(i.changed), j.last_change_at), updated_time = waihu_at(i.at)
       from unnest($1::bigint[], $2::bigint[], $3::text[], $4::integer[], $5::bigint[], $6::bigint[], $7::bigint[])
            as i(task, job, reason, failures, started, changed, at)
            join leads_task_list o on o.id = i.job
       where j.id = i.job and j.task_id = i.task and j.phase in ('dispatching', 'tracking', 'settled')
       returning j.id, o.phase)"};

// A job that had ended before it was parked goes on where it was: waiting for its follow-up.
constexpr statement unpark{"unpark",
                           R"(update leads_task_list j
       set phase = case when j.call_status is null then 'tracking' else 'settled' end, parked_reason = '', failures = 0,
           updated_time = waihu_at(i.at)
       from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as i(task, job, at)
       where j.id = i.job and j.task_id = i.task and j.phase = 'parked'
       returning j.id, j.phase)"};

constexpr statement save_poll{"save_poll",
                              R"(update leads_task_list j
       set failures = i.failures, poll_started_at = coalesce(waihu_at(i.started), j.poll_started_at),
           last_change_at = coalesce(waihu_at(i.changed), j.last_change_at)
       from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::bigint[], $5::bigint[])
            as i(task, job, failures, started, changed)
       where j.id = i.job and j.task_id = i.task
       returning j.id)"};

constexpr statement close_jobs{
    "close_jobs",
    R"(update leads_task_list j set phase = 'closed', parked_reason = '', updated_time = now()
       from unnest($1::bigint[], $2::bigint[]) as i(task, job)
       where j.id = i.job and j.task_id = i.task and j.phase <> 'closed' and j.call_status is not null
       returning j.id)"};

constexpr statement store_recordings{
    "store_recordings",
    R"(update leads_task_list j set recording_url = i.url, recording_fetched_at = waihu_at(i.at), updated_time = now()
       from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) as i(task, job, url, at)
       where j.id = i.job and j.task_id = i.task
         and (j.recording_url, j.recording_fetched_at) is distinct from (i.url, waihu_at(i.at))
       returning j.id)"};

// Decides the changes whose guarded update touched no row: already so, or refused.
template <class Change, class AlreadySo>
void decide_missed(postgres_commit& commit, const change_indices& which, AlreadySo already_so, const char* refusal) {
  std::vector<std::int64_t> rows;
  for (const auto i : which)
    if (!commit.is_decided(i)) rows.push_back(value(commit.get<Change>(i).row));
  const auto now = commit.look_at_jobs(rows);
  for (const auto i : which) {
    if (commit.is_decided(i)) continue;
    const auto& c = commit.get<Change>(i);
    const auto found = now.find(value(c.row));
    if (found == now.end() || found->second.task != c.own.task) commit.refuse(i, errc::not_found, "no such call");
    else if (already_so(c, found->second)) commit.succeed(i, false);
    else commit.refuse(i, errc::illegal_transition, refusal);
  }
}

// The changed rows by id, with the position of their row in the answer.
std::unordered_map<std::int64_t, pqxx::result::size_type> index_rows(const pqxx::result& rows) {
  std::unordered_map<std::int64_t, pqxx::result::size_type> out;
  for (const auto& row : rows) out.emplace(row[0].as<std::int64_t>(), row.num());
  return out;
}

}  // namespace

void apply_settle_job(postgres_commit& commit, const change_indices& which) {
  array_literal task, job, status, outcome, call_task, call, attempt_word, calling, called, planed, actual, talk, at;
  bool any = false;
  for (const auto i : which) {
    const auto& c = commit.get<change::settle_job>(i);
    if (!is_terminal(c.status)) {
      commit.refuse(i, errc::invalid_argument, "only a terminal status is stored");
      continue;
    }
    any = true;
    task.add(value(c.own.task));
    job.add(value(c.row));
    status.add(to_string(c.status));
    outcome.add(to_string(stored_outcome(c)));
    call_task.add(c.last.call_task_id);
    call.add(c.last.call_id);
    attempt_word.add(c.last.status);
    calling.add(c.last.calling_number);
    called.add(c.last.called_number);
    planed.add_instant_ms(c.last.planed_ms);
    actual.add_instant_ms(c.last.actual_ms);
    talk.add(c.last.conversation_json);
    at.add(c.at);
  }
  if (!any) return;
  const auto rows = commit.work().run(settle, task.text(), job.text(), status.text(), outcome.text(), call_task.text(),
                                      call.text(), attempt_word.text(), calling.text(), called.text(), planed.text(),
                                      actual.text(), talk.text(), at.text());
  const auto done = index_rows(rows);
  for (const auto i : which) {
    if (commit.is_decided(i)) continue;
    const auto& c = commit.get<change::settle_job>(i);
    const auto found = done.find(value(c.row));
    if (found == done.end()) continue;
    commit.succeed(i);
    commit.tell(i, event_of(c, commit.organization_of(c.own.task), rows[found->second][1].as<std::string>()));
  }
  decide_missed<change::settle_job>(
      commit, which, [](const auto&, const missed_job& j) { return j.has_status; }, "the call cannot end now");
}

void apply_attach_attempt(postgres_commit& commit, const change_indices& which) {
  array_literal task, job, call_task, call, attempt_word, calling, called, planed, actual, talk;
  for (const auto i : which) {
    const auto& c = commit.get<change::attach_attempt>(i);
    task.add(value(c.own.task));
    job.add(value(c.row));
    call_task.add(c.last.call_task_id);
    call.add(c.last.call_id);
    attempt_word.add(c.last.status);
    calling.add(c.last.calling_number);
    called.add(c.last.called_number);
    planed.add_instant_ms(c.last.planed_ms);
    actual.add_instant_ms(c.last.actual_ms);
    talk.add(c.last.conversation_json);
  }
  const auto rows =
      commit.work().run(attach, task.text(), job.text(), call_task.text(), call.text(), attempt_word.text(),
                        calling.text(), called.text(), planed.text(), actual.text(), talk.text());
  const auto done = index_rows(rows);
  for (const auto i : which) {
    const auto& c = commit.get<change::attach_attempt>(i);
    const auto found = done.find(value(c.row));
    if (found == done.end()) continue;
    commit.succeed(i);
    const auto& row = rows[found->second];
    if (row[2].as<bool>())
      commit.tell(i, event_of(c, commit.organization_of(c.own.task), row[1].as<std::string>(),
                              from_epoch_ms(row[3].as<std::int64_t>())));
  }
  decide_missed<change::attach_attempt>(
      commit, which, [](const auto&, const missed_job& j) { return j.has_status; }, "the call has not ended yet");
}

void apply_park_job(postgres_commit& commit, const change_indices& which) {
  array_literal task, job, reason, failures, started, changed, at;
  for (const auto i : which) {
    const auto& c = commit.get<change::park_job>(i);
    task.add(value(c.own.task));
    job.add(value(c.row));
    reason.add(to_string(c.reason));
    failures.add(c.failures);
    started.add(c.poll_started_at);
    changed.add(c.last_change_at);
    at.add(c.at);
  }
  const auto rows = commit.work().run(park, task.text(), job.text(), reason.text(), failures.text(), started.text(),
                                      changed.text(), at.text());
  const auto done = index_rows(rows);
  for (const auto i : which) {
    const auto& c = commit.get<change::park_job>(i);
    const auto found = done.find(value(c.row));
    if (found == done.end()) continue;
    commit.succeed(i);
    commit.tell(i, event_of(c, commit.organization_of(c.own.task), rows[found->second][1].as<std::string>()));
  }
  decide_missed<change::park_job>(
      commit, which, [](const auto&, const missed_job& j) { return j.phase == job_phase::parked; },
      "only a call under way can be parked");
}

void apply_unpark_job(postgres_commit& commit, const change_indices& which) {
  array_literal task, job, at;
  for (const auto i : which) {
    const auto& c = commit.get<change::unpark_job>(i);
    task.add(value(c.own.task));
    job.add(value(c.row));
    at.add(c.at);
  }
  const auto rows = commit.work().run(unpark, task.text(), job.text(), at.text());
  const auto done = index_rows(rows);
  for (const auto i : which) {
    const auto& c = commit.get<change::unpark_job>(i);
    const auto found = done.find(value(c.row));
    if (found == done.end()) continue;
    commit.succeed(i);
    commit.tell(i, event_of(c, commit.organization_of(c.own.task), rows[found->second][1].as<std::string>()));
  }
  decide_missed<change::unpark_job>(
      commit, which,
      [](const auto&, const missed_job& j) { return j.phase == job_phase::tracking || j.phase == job_phase::settled; },
      "the call is not parked");
}

void apply_save_poll_state(postgres_commit& commit, const change_indices& which) {
  array_literal task, job, failures, started, changed;
  for (const auto i : which) {
    const auto& c = commit.get<change::save_poll_state>(i);
    task.add(value(c.own.task));
    job.add(value(c.row));
    failures.add(c.failures);
    started.add(c.poll_started_at);
    changed.add(c.last_change_at);
  }
  const auto done = index_rows(
      commit.work().run(save_poll, task.text(), job.text(), failures.text(), started.text(), changed.text()));
  for (const auto i : which)
    if (done.contains(value(commit.get<change::save_poll_state>(i).row))) commit.succeed(i);
  decide_missed<change::save_poll_state>(
      commit, which, [](const auto&, const missed_job&) { return true; }, "");
}

void apply_close_job(postgres_commit& commit, const change_indices& which) {
  array_literal task, job;
  for (const auto i : which) {
    const auto& c = commit.get<change::close_job>(i);
    task.add(value(c.own.task));
    job.add(value(c.row));
  }
  const auto done = index_rows(commit.work().run(close_jobs, task.text(), job.text()));
  for (const auto i : which)
    if (done.contains(value(commit.get<change::close_job>(i).row))) commit.succeed(i);
  decide_missed<change::close_job>(
      commit, which, [](const auto&, const missed_job& j) { return j.phase == job_phase::closed; },
      "only a call that ended can be closed");
}

void apply_store_recording(postgres_commit& commit, const change_indices& which) {
  array_literal task, job, url, at;
  for (const auto i : which) {
    const auto& c = commit.get<change::store_recording>(i);
    task.add(value(c.own.task));
    job.add(value(c.row));
    url.add(c.url);
    at.add(c.fetched_at);
  }
  const auto done = index_rows(commit.work().run(store_recordings, task.text(), job.text(), url.text(), at.text()));
  for (const auto i : which)
    if (done.contains(value(commit.get<change::store_recording>(i).row))) commit.succeed(i);
  decide_missed<change::store_recording>(
      commit, which, [](const auto&, const missed_job&) { return true; }, "");
}

}  // namespace waihu
