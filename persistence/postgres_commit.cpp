#include "persistence/postgres_commit.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "persistence/commit_plan.hpp"

namespace waihu {

namespace {

// KEY SHARE lets renewals of the lease pass (they change no key) and makes a claim (FOR UPDATE) wait for this commit.
constexpr statement fence_shards{"fence_shards",
                                 "select shard, epoch, node from shards"
                                 " where shard = any($1::smallint[]) order by shard for key share"};
constexpr statement task_organization{"task_organization",
                                      "select id, organization_id from call_tasks where id = any($1::bigint[])"};
// Taken just before the ids are drawn and held until commit: ids become visible in order, so that a reader that has
// seen id n will never be shown a smaller one later.
constexpr statement take_event_turn{"take_event_turn", "select pg_advisory_xact_lock(6296825730914306)"};
constexpr statement insert_events{
    "insert_events",
    R"(insert into task_events (organization_id, task_id, job, kind, "from", "to", at, data)
       select organization_id, task, nullif(job, 0), kind, left_state, entered, waihu_at(at), data::json
       from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[])
            with ordinality as e(organization_id, task, job, kind, left_state, entered, at, data, n)
       order by n
       returning id)"};
constexpr statement look_at_missed_jobs{
    "look_at_missed_jobs",
    R"(select id, task_id, phase, call_status is not null, coalesce(call_job_id, ''), coalesce(leads_follow_id, 0)
       from leads_task_list where id = any($1::bigint[]))"};
constexpr statement look_at_missed_tasks{
    "look_at_missed_tasks",
    "select id, task_type, script_id, coalesce(waihu_ms(group_requested_at), 0) from call_tasks"
    " where id = any($1::bigint[])"};

using applier = void (*)(postgres_commit&, const change_indices&);
// In the order of store_change.
constexpr std::array<applier, std::variant_size_v<store_change>> appliers{
    apply_request_group,    apply_move_task,        apply_note_task,       apply_intend_batch,
    apply_mark_batch,       apply_acknowledge_jobs, apply_requeue_jobs,    apply_settle_job,
    apply_attach_attempt,   apply_park_job,         apply_unpark_job,      apply_save_poll_state,
    apply_record_follow_up, apply_close_job,        apply_store_recording, apply_default_interest};

}  // namespace

commit_report postgres_commit::carry_out() {
  const auto fenced = fence();
  for (const auto& wave : plan_commit(changes_, fenced)) apply_wave(wave);
  commit_report report;
  report.events = write_events();
  report.receipts.reserve(receipts_.size());
  for (auto& r : receipts_)
    report.receipts.push_back(r ? std::move(*r) : result<change_receipt>{fail(errc::internal, "change not applied")});
  return report;
}

std::vector<std::size_t> postgres_commit::fence() {
  std::set<std::int64_t> shards;
  for (const auto& c : changes_) shards.insert(value(shard_of(ownership_of(c).task)));
  std::array<std::int64_t, shard_count> epochs{};
  epochs.fill(-1);
  work_.learn_transaction_id();
  for (const auto& row : work_.run(fence_shards, array_of(shards)))
    if (!row[2].as<std::string>().empty()) epochs.at(row[0].as<std::size_t>()) = row[1].as<std::int64_t>();
  find_organizations();
  std::vector<std::size_t> passed;
  passed.reserve(changes_.size());
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const auto& own = ownership_of(changes_[i]);
    if (epochs.at(static_cast<std::size_t>(value(shard_of(own.task)))) != value(own.epoch))
      refuse(i, errc::stale_epoch, "another owner has taken the shard");
    else if (!organizations_.contains(value(own.task))) refuse(i, errc::not_found, "no such task");
    else passed.push_back(i);
  }
  return passed;
}

void postgres_commit::find_organizations() {
  constexpr std::size_t most_kept = 100'000;
  if (organizations_.size() > most_kept) organizations_.clear();
  std::set<std::int64_t> unknown;
  for (const auto& c : changes_)
    if (const auto task = value(ownership_of(c).task); !organizations_.contains(task)) unknown.insert(task);
  if (unknown.empty()) return;
  for (const auto& row : work_.run(task_organization, array_of(unknown)))
    organizations_[row[0].as<std::int64_t>()] = row[1].as<std::string>();
}

void postgres_commit::apply_wave(const std::vector<std::size_t>& wave) {
  std::array<change_indices, appliers.size()> by_kind;
  for (const auto i : wave) by_kind[changes_[i].index()].push_back(i);
  for (std::size_t kind = 0; kind < appliers.size(); ++kind)
    if (!by_kind[kind].empty()) appliers[kind](*this, by_kind[kind]);
}

std::vector<event_record> postgres_commit::write_events() {
  std::vector<event_record> out;
  if (events_.empty()) return out;
  // As the changes came, whatever statement carried them.
  std::stable_sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  array_literal organization, task, job, kind, from, to, at, data;
  for (const auto& [index, e] : events_) {
    organization.add(e.organization_id);
    task.add(value(e.task));
    job.add(e.job ? value(*e.job) : 0);
    kind.add(e.kind);
    from.add(e.from);
    to.add(e.to);
    at.add(e.at);
    data.add(e.data_json);
  }
  work_.run(take_event_turn);
  const auto ids = work_.run(insert_events, organization.text(), task.text(), job.text(), kind.text(), from.text(),
                             to.text(), at.text(), data.text());
  out.reserve(events_.size());
  for (std::size_t i = 0; i < events_.size(); ++i) {
    out.push_back(std::move(events_[i].second));
    out.back().id = event_id{ids[static_cast<pqxx::result::size_type>(i)][0].as<std::int64_t>()};
  }
  return out;
}

std::unordered_map<std::int64_t, missed_job> postgres_commit::look_at_jobs(const std::vector<std::int64_t>& rows) {
  std::unordered_map<std::int64_t, missed_job> out;
  if (rows.empty()) return out;
  for (const auto& row : work_.run(look_at_missed_jobs, array_of(rows))) {
    missed_job m;
    m.task = task_id{row[1].as<std::int64_t>()};
    m.phase = parse_job_phase(row[2].c_str()).value_or(job_phase::dispatching);
    m.has_status = row[3].as<bool>();
    m.call_job_id = row[4].as<std::string>();
    m.follow = row[5].as<std::int64_t>();
    out.emplace(row[0].as<std::int64_t>(), std::move(m));
  }
  return out;
}

std::unordered_map<std::int64_t, missed_task> postgres_commit::look_at_tasks(const std::vector<std::int64_t>& tasks) {
  std::unordered_map<std::int64_t, missed_task> out;
  if (tasks.empty()) return out;
  for (const auto& row : work_.run(look_at_missed_tasks, array_of(tasks)))
    out.emplace(row[0].as<std::int64_t>(), missed_task{static_cast<task_type>(row[1].as<int>()),
                                                       row[2].as<std::string>(), row[3].as<std::int64_t>()});
  return out;
}

}  // namespace waihu
