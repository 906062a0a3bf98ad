// The follow-up of a finished call and the repair of missing interests.
#include <unordered_map>

#include "messages/model/text.hpp"
#include "persistence/event_text.hpp"
#include "persistence/postgres_commit.hpp"

namespace waihu {

namespace {

// One follow-up per job: the row is locked while it has none, and the unique key on call_job_row has the last word. The
// ids are drawn first, so that insert and update need no join with each other (which costs n * n for a batch of n).
constexpr statement insert_follow_ups{"insert_follow_ups",
                                      R"(with i as (
         select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::smallint[], $7::bigint[],
                              $8::bigint[])
                  as i(organization_id, task, job, leads_id, remark, interest, next_ms, at_ms)),
       due as materialized (
         select i.*, j.phase, nextval('dcc_leads_follow_id_seq') as follow
         from i join leads_task_list j on j.id = i.job and j.task_id = i.task
         where j.leads_follow_id is null and j.call_status is not null
         for update of j),
       ins as (
         insert into dcc_leads_follow (id, organization_id, leads_id, follow_time, leads_remark, frist_follow_time,
                                       new_follow_time, next_follow_time, call_job_row)
         overriding system value
         select due.follow, due.organization_id, due.leads_id, waihu_at(due.at_ms), due.remark,
                coalesce((select min(coalesce(f.frist_follow_time, f.follow_time)) from dcc_leads_follow f
                          where f.leads_id = due.leads_id and f.organization_id || '' = due.organization_id),
                         waihu_at(due.at_ms)),
                waihu_at(due.at_ms), waihu_at(due.next_ms), due.job
         from due)
       update leads_task_list j
       set leads_follow_id = due.follow, is_interested = coalesce(j.is_interested, due.interest), phase = 'closed',
           parked_reason = '', updated_time = waihu_at(due.at_ms)
       from due
       where j.id = due.job
       returning j.id, due.follow, due.phase, j.is_interested)"};

constexpr statement replace_follow_ups{"replace_follow_ups",
                                       R"(with i as (
         select * from unnest($1::bigint[], $2::text[], $3::smallint[], $4::bigint[], $5::bigint[])
                  as i(job, remark, interest, next_ms, at_ms)),
       upd as (
         update dcc_leads_follow f set leads_remark = i.remark, next_follow_time = waihu_at(i.next_ms)
         from i join leads_task_list j on j.id = i.job
         where f.id = j.leads_follow_id
           and (f.leads_remark, f.next_follow_time) is distinct from (i.remark, waihu_at(i.next_ms))
         returning i.job),
       job as (
         update leads_task_list j
         set is_interested = coalesce(j.is_interested, i.interest), phase = 'closed', parked_reason = '',
             updated_time = waihu_at(i.at_ms)
         from i
         where j.id = i.job
           and (j.is_interested is null or j.phase <> 'closed' or j.id in (select upd.job from upd))
         returning j.id, j.is_interested)
       select j.id, j.leads_follow_id, j.phase, coalesce(job.is_interested, j.is_interested), job.id is not null
       from i join leads_task_list j on j.id = i.job left join job on job.id = i.job)"};

constexpr statement default_interests{"default_interests",
                                      R"(with upd as (
         update leads_task_list set is_interested = 0, updated_time = now()
         where task_id = any($1::bigint[]) and leads_follow_id is not null and is_interested is null
         returning task_id)
       select task_id, count(*) from upd group by task_id)"};

struct follow_up_columns {
  array_literal organization, task, job, lead, remark, interest, next, at;
  void add(const change::record_follow_up& c, const std::string& organization_id) {
    organization.add(organization_id);
    task.add(value(c.own.task));
    job.add(value(c.row));
    lead.add(c.leads_id);
    remark.add(cut_text(storable_text(c.leads_remark), remark_limit));
    interest.add(static_cast<int>(c.is_interested));
    next.add(c.next_follow_time);
    at.add(c.at);
  }
};

void replace_existing(postgres_commit& commit, const change_indices& which) {
  follow_up_columns columns;
  std::unordered_map<std::int64_t, std::size_t> index_of;
  for (const auto i : which) {
    const auto& c = commit.get<change::record_follow_up>(i);
    columns.add(c, commit.organization_of(c.own.task));
    index_of[value(c.row)] = i;
  }
  for (const auto& row : commit.work().run(replace_follow_ups, columns.job.text(), columns.remark.text(),
                                           columns.interest.text(), columns.next.text(), columns.at.text())) {
    const auto i = index_of.at(row[0].as<std::int64_t>());
    const auto& c = commit.get<change::record_follow_up>(i);
    const follow_id id{row[1].as<std::int64_t>()};
    const bool changed = row[4].as<bool>();
    commit.succeed(i, changed, value(id));
    if (changed)
      commit.tell(
          i, event_of(c, commit.organization_of(c.own.task), row[2].as<std::string>(), id, row[3].as<int>(), true));
  }
}

}  // namespace

void apply_record_follow_up(postgres_commit& commit, const change_indices& which) {
  follow_up_columns columns;
  std::vector<std::int64_t> missed;
  for (const auto i : which) {
    const auto& c = commit.get<change::record_follow_up>(i);
    columns.add(c, commit.organization_of(c.own.task));
  }
  std::unordered_map<std::int64_t, pqxx::row> made;
  const auto rows = commit.work().run(insert_follow_ups, columns.organization.text(), columns.task.text(),
                                      columns.job.text(), columns.lead.text(), columns.remark.text(),
                                      columns.interest.text(), columns.next.text(), columns.at.text());
  for (const auto& row : rows) made.emplace(row[0].as<std::int64_t>(), row);
  for (const auto i : which) {
    const auto& c = commit.get<change::record_follow_up>(i);
    const auto found = made.find(value(c.row));
    if (found == made.end()) {
      missed.push_back(value(c.row));
      continue;
    }
    const follow_id id{found->second[1].as<std::int64_t>()};
    commit.succeed(i, true, value(id));
    commit.tell(i, event_of(c, commit.organization_of(c.own.task), found->second[2].as<std::string>(), id,
                            found->second[3].as<int>(), false));
  }
  const auto now = commit.look_at_jobs(missed);
  change_indices to_replace;
  for (const auto i : which) {
    if (commit.is_decided(i)) continue;
    const auto& c = commit.get<change::record_follow_up>(i);
    const auto found = now.find(value(c.row));
    if (found == now.end() || found->second.task != c.own.task) commit.refuse(i, errc::not_found, "no such call");
    else if (found->second.follow == 0) commit.refuse(i, errc::illegal_transition, "the call has not ended yet");
    else if (c.replace) to_replace.push_back(i);
    else commit.succeed(i, false, found->second.follow);
  }
  if (!to_replace.empty()) replace_existing(commit, to_replace);
}

void apply_default_interest(postgres_commit& commit, const change_indices& which) {
  array_literal tasks;
  for (const auto i : which) tasks.add(value(commit.get<change::default_interest>(i).own.task));
  std::unordered_map<std::int64_t, std::int64_t> counts;
  for (const auto& row : commit.work().run(default_interests, tasks.text()))
    counts[row[0].as<std::int64_t>()] = row[1].as<std::int64_t>();
  for (const auto i : which) {
    const auto count = counts[value(commit.get<change::default_interest>(i).own.task)];
    commit.succeed(i, count > 0, count);
  }
}

}  // namespace waihu
