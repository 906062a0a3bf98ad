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

// Which row each change is for; the first two columns of every statement here.
struct row_columns {
  array_literal task, job;
  template <class Change>
  void add(const Change& c) {
    task.add(value(c.own.task));
    job.add(value(c.row));
  }
};

// Tells nothing more of a row that was changed.
constexpr auto silently = [](std::size_t, const auto&, const pqxx::row&) {};

// The changes whose row is in the answer (its id first) have succeeded; `tell` says what else is known of it.
template <class Change, class Tell>
void succeed_by_row(postgres_commit& commit, const change_indices& which, const pqxx::result& rows, Tell tell) {
  std::unordered_map<std::int64_t, pqxx::result::size_type> place_of;
  for (const auto& row : rows) place_of.emplace(row[0].as<std::int64_t>(), row.num());
  for (const auto i : which) {
    if (commit.is_decided(i)) continue;
    const auto& c = commit.get<Change>(i);
    const auto place = place_of.find(value(c.row));
    if (place == place_of.end()) continue;
    commit.succeed(i);
    tell(i, c, rows[place->second]);
  }
}

// The event of a change whose statement answers the phase that the row left.
auto event_with_phase(postgres_commit& commit) {
  return [&commit](std::size_t i, const auto& c, const pqxx::row& row) {
    commit.tell(i, event_of(c, commit.organization_of(c.own.task), row[1].as<std::string>()));
  };
}

}  // namespace

void apply_settle_job(postgres_commit& commit, const change_indices& which) {
  row_columns on;
  array_literal status, outcome, call_task, call, attempt_word, calling, called, planed, actual, talk, at;
  bool any = false;
  for (const auto i : which) {
    const auto& c = commit.get<change::settle_job>(i);
    if (!is_terminal(c.status)) {
      commit.refuse(i, errc::invalid_argument, "only a terminal status is stored");
      continue;
    }
    any = true;
    on.add(c);
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
  const auto rows = commit.work().run(settle, on.task.text(), on.job.text(), status.text(), outcome.text(),
                                      call_task.text(), call.text(), attempt_word.text(), calling.text(), called.text(),
                                      planed.text(), actual.text(), talk.text(), at.text());
  succeed_by_row<change::settle_job>(commit, which, rows, event_with_phase(commit));
  decide_missed<change::settle_job>(
      commit, which, [](const auto&, const missed_job& j) { return j.has_status; }, "the call cannot end now");
}

void apply_attach_attempt(postgres_commit& commit, const change_indices& which) {
  row_columns on;
  array_literal call_task, call, attempt_word, calling, called, planed, actual, talk;
  for (const auto i : which) {
    const auto& c = commit.get<change::attach_attempt>(i);
    on.add(c);
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
      commit.work().run(attach, on.task.text(), on.job.text(), call_task.text(), call.text(), attempt_word.text(),
                        calling.text(), called.text(), planed.text(), actual.text(), talk.text());
  succeed_by_row<change::attach_attempt>(commit, which, rows, [&](std::size_t i, const auto& c, const pqxx::row& row) {
    if (row[2].as<bool>())
      commit.tell(i, event_of(c, commit.organization_of(c.own.task), row[1].as<std::string>(),
                              from_epoch_ms(row[3].as<std::int64_t>())));
  });
  decide_missed<change::attach_attempt>(
      commit, which, [](const auto&, const missed_job& j) { return j.has_status; }, "the call has not ended yet");
}

void apply_park_job(postgres_commit& commit, const change_indices& which) {
  row_columns on;
  array_literal reason, failures, started, changed, at;
  for (const auto i : which) {
    const auto& c = commit.get<change::park_job>(i);
    on.add(c);
    reason.add(to_string(c.reason));
    failures.add(c.failures);
    started.add(c.poll_started_at);
    changed.add(c.last_change_at);
    at.add(c.at);
  }
  const auto rows = commit.work().run(park, on.task.text(), on.job.text(), reason.text(), failures.text(),
                                      started.text(), changed.text(), at.text());
  succeed_by_row<change::park_job>(commit, which, rows, event_with_phase(commit));
  decide_missed<change::park_job>(
      commit, which, [](const auto&, const missed_job& j) { return j.phase == job_phase::parked; },
      "only a call under way can be parked");
}

void apply_unpark_job(postgres_commit& commit, const change_indices& which) {
  row_columns on;
  array_literal at;
  for (const auto i : which) {
    const auto& c = commit.get<change::unpark_job>(i);
    on.add(c);
    at.add(c.at);
  }
  const auto rows = commit.work().run(unpark, on.task.text(), on.job.text(), at.text());
  succeed_by_row<change::unpark_job>(commit, which, rows, event_with_phase(commit));
  decide_missed<change::unpark_job>(
      commit, which,
      [](const auto&, const missed_job& j) { return j.phase == job_phase::tracking || j.phase == job_phase::settled; },
      "the call is not parked");
}

void apply_save_poll_state(postgres_commit& commit, const change_indices& which) {
  row_columns on;
  array_literal failures, started, changed;
  for (const auto i : which) {
    const auto& c = commit.get<change::save_poll_state>(i);
    on.add(c);
    failures.add(c.failures);
    started.add(c.poll_started_at);
    changed.add(c.last_change_at);
  }
  const auto rows =
      commit.work().run(save_poll, on.task.text(), on.job.text(), failures.text(), started.text(), changed.text());
  succeed_by_row<change::save_poll_state>(commit, which, rows, silently);
  decide_missed<change::save_poll_state>(
      commit, which, [](const auto&, const missed_job&) { return true; }, "");
}

void apply_close_job(postgres_commit& commit, const change_indices& which) {
  row_columns on;
  for (const auto i : which) {
    const auto& c = commit.get<change::close_job>(i);
    on.add(c);
  }
  const auto rows = commit.work().run(close_jobs, on.task.text(), on.job.text());
  succeed_by_row<change::close_job>(commit, which, rows, silently);
  decide_missed<change::close_job>(
      commit, which, [](const auto&, const missed_job& j) { return j.phase == job_phase::closed; },
      "only a call that ended can be closed");
}

void apply_store_recording(postgres_commit& commit, const change_indices& which) {
  row_columns on;
  array_literal url, at;
  for (const auto i : which) {
    const auto& c = commit.get<change::store_recording>(i);
    on.add(c);
    url.add(c.url);
    at.add(c.fetched_at);
  }
  const auto rows = commit.work().run(store_recordings, on.task.text(), on.job.text(), url.text(), at.text());
  succeed_by_row<change::store_recording>(commit, which, rows, silently);
  decide_missed<change::store_recording>(
      commit, which, [](const auto&, const missed_job&) { return true; }, "");
}

}  // namespace waihu
