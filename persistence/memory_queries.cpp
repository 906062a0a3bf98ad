// Reading the memory store: counters, lead filters, and the class whose sessions answer the queries.
#include <algorithm>
#include <set>

#include "messages/model/text.hpp"
#include "persistence/lead_choice.hpp"
#include "persistence/memory_session.hpp"
#include "persistence/page_rule.hpp"

namespace waihu {

namespace {

// Whether one follow-up satisfies one time filter.
bool in_ranges(const std::vector<time_range>& ranges, const std::optional<wall_time>& at) {
  if (ranges.empty()) return true;
  return at && std::any_of(ranges.begin(), ranges.end(), [&](const time_range& r) {
           return (!r.from || *at >= *r.from) && (!r.until || *at <= *r.until);
         });
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return list.empty() || std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

bool has_arrived(const memory_state& state, const memory_state::lead_key& lead) {
  const auto found = state.follows_of_lead.find(lead);
  return found != state.follows_of_lead.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](std::int64_t id) { return state.follows.at(id).record.is_arrive == 1; });
}

bool is_under_filter(const memory_state& state, const memory_state::lead_key& key, const lead_record& lead,
                     const lead_filter& filter) {
  if (!contains(filter.products, lead.leads_product) || !contains(filter.types, lead.leads_type)) return false;
  if (!filter.is_arrive.empty()) {
    const int arrived = has_arrived(state, key) ? 1 : 0;
    if (std::find(filter.is_arrive.begin(), filter.is_arrive.end(), arrived) == filter.is_arrive.end()) return false;
  }
  if (filter.first_follow.empty() && filter.latest_follow.empty() && filter.next_follow.empty() &&
      filter.first_arrive.empty())
    return true;
  const auto found = state.follows_of_lead.find(key);
  return found != state.follows_of_lead.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&](std::int64_t id) {
           const auto& f = state.follows.at(id).record;
           return in_ranges(filter.first_follow, f.frist_follow_time) &&
                  in_ranges(filter.latest_follow, f.new_follow_time) &&
                  in_ranges(filter.next_follow, f.next_follow_time) &&
                  in_ranges(filter.first_arrive, f.frist_arrive_time);
         });
}

call_job_view memory_state::view_of(const stored_job& job) const {
  auto v = job.view;
  if (v.job.leads_follow_id)
    if (const auto f = follows.find(value(*v.job.leads_follow_id)); f != follows.end()) v.follow = f->second.record;
  return v;
}

task_counters memory_state::count(task_id task) const {
  task_counters c;
  const auto rows = jobs_of_task.find(value(task));
  if (rows == jobs_of_task.end()) return c;
  for (const auto row : rows->second) {
    const auto& job = jobs.at(row);
    const auto& j = job.view.job;
    const bool followed = j.leads_follow_id.has_value();
    const bool ended = j.status == call_status::succeeded || j.status == call_status::failed;
    const auto now = j.is_interested;
    ++c.total;
    c.scheduling += j.status == call_status::none;
    c.completed += j.status == call_status::succeeded;
    c.failed += j.status == call_status::failed || j.status == call_status::cancelled;
    c.has_job_id += !j.call_job_id.empty();
    c.has_status += j.status != call_status::none;
    c.has_follow += followed;
    c.follow_due += ended && !followed && (!job.case_call || j.phase != job_phase::closed);
    c.interested += now == interest::interested;
    c.not_interested += now == interest::not_interested;
    c.unable += now == interest::undecided && followed;
    c.pending += !now || (now == interest::undecided && !followed);
    c.parked += j.phase == job_phase::parked;
    c.queued += j.phase == job_phase::queued;
    c.dispatching += j.phase == job_phase::dispatching;
    c.tracking += j.phase == job_phase::tracking;
  }
  c.connected = c.completed;
  c.not_connected = c.failed;
  return c;
}

bool memory_state::has_call_under_way(task_id task) const {
  const auto rows = jobs_of_task.find(value(task));
  return rows != jobs_of_task.end() && std::any_of(rows->second.begin(), rows->second.end(), [&](std::int64_t row) {
           return jobs.at(row).view.job.status == call_status::none;
         });
}

bool memory_state::owes(task_id task) const {
  const auto rows = jobs_of_task.find(value(task));
  return rows != jobs_of_task.end() && std::any_of(rows->second.begin(), rows->second.end(), [&](std::int64_t row) {
           const auto& job = jobs.at(row);
           const auto& j = job.view.job;
           return j.status == call_status::none ||
                  (j.status != call_status::cancelled && !j.leads_follow_id && !job.case_call);
         });
}

namespace {

lead_choice choose_from(const memory_state& state, const std::string& organization, const lead_filter& filter) {
  std::vector<lead_candidate> candidates;
  for (auto i = state.leads.lower_bound({organization, ""}); i != state.leads.end() && i->first.first == organization;
       ++i)
    if (is_under_filter(state, i->first, i->second, filter))
      candidates.push_back({i->second.leads_id, i->second.leads_user_name, i->second.leads_user_phone});
  return choose_leads(std::move(candidates));
}

}  // namespace

result<query::previewed_task> memory_session::run(const query::preview_task& q) {
  const std::lock_guard lock{state_->mutex};
  return preview_of(choose_from(*state_, storable_text(q.organization_id), q.filter));
}

result<query::created_task> memory_session::run(const query::create_task& q) {
  const std::lock_guard lock{state_->mutex};
  return create(q);
}

result<query::created_task> memory_session::create(const query::create_task& q) {
  if (q.task_name.empty() || q.organization_id.empty())
    return fail(errc::invalid_argument, "a task needs a name and an organisation");
  const auto organization = storable_text(q.organization_id);
  const auto chosen = choose_from(*state_, organization, q.filter);
  if (chosen.kept.empty()) return fail(errc::not_found, "未找到符合条件的线索数据");
  const auto now = wall_now();
  call_task_record t;
  t.id = task_id{state_->next_id()};
  t.task_name = storable_text(q.task_name);
  t.organization_id = organization;
  t.create_name_id = q.creator;
  t.create_name = storable_text(q.creator_name);
  t.create_time = t.updated_time = now;
  t.leads_count = static_cast<std::int64_t>(chosen.kept.size());
  t.script_id = storable_text(q.script_id);
  t.size_desc_json = q.size_desc_json.empty() ? "{}" : storable_text(q.size_desc_json);
  for (const auto& c : chosen.kept) {
    memory_state::stored_job job;
    job.task = t.id;
    job.view.job.row = job_row_id{state_->next_id()};
    job.view.job.leads_id = c.leads_id;
    job.view.job.leads_name = c.leads_name;
    job.view.job.leads_phone = c.leads_phone;
    job.view.job.reference_id = make_reference_id(t.id, organization, c.leads_id);
    job.view.updated_time = now;
    const auto row = value(job.view.job.row);
    state_->jobs_of_task[value(t.id)].push_back(row);
    state_->jobs.emplace(row, std::move(job));
  }
  state_->tasks.emplace(value(t.id), t);
  return query::created_task{std::move(t), 0, static_cast<std::int64_t>(chosen.invalid_phone.size()),
                             static_cast<std::int64_t>(chosen.duplicate_phone.size())};
}

const call_task_record* memory_session::owned_task(const std::string& organization_id, task_id id) const {
  const auto found = state_->tasks.find(value(id));
  return found == state_->tasks.end() || found->second.organization_id != organization_id ? nullptr : &found->second;
}

const call_task_record* memory_session::owned_campaign(const std::string& organization_id, task_id id) const {
  const auto* task = owned_task(organization_id, id);
  return task == nullptr || task->origin != task_origin::campaign ? nullptr : task;
}

std::vector<call_task_record> memory_session::newest_first(const std::string& organization_id,
                                                           const std::vector<task_type>& types) const {
  std::vector<call_task_record> all;
  for (const auto& [id, t] : state_->tasks)
    if (t.organization_id == organization_id && t.origin == task_origin::campaign &&
        (types.empty() || std::find(types.begin(), types.end(), t.type) != types.end()))
      all.push_back(t);
  std::sort(all.begin(), all.end(), [](const call_task_record& a, const call_task_record& b) {
    return a.create_time != b.create_time ? a.create_time > b.create_time : a.id > b.id;
  });
  return all;
}

result<query::page_of<call_task_record>> memory_session::run(const query::list_tasks& q) {
  const std::lock_guard lock{state_->mutex};
  return cut_page(newest_first(q.organization_id, q.types), q.page);
}

result<std::vector<call_task_record>> memory_session::run(const query::tasks_behind& q) {
  const std::lock_guard lock{state_->mutex};
  auto all = newest_first(q.organization_id, {});
  if (q.behind) {
    const auto place = std::find_if(all.begin(), all.end(), [&](const auto& t) { return t.id == *q.behind; });
    all.erase(all.begin(), place == all.end() ? place : std::next(place));
  }
  all.resize(std::min(all.size(), static_cast<std::size_t>(std::clamp(q.limit, 1, 500))));
  return all;
}

result<std::vector<query::task_type_count>> memory_session::run(const query::count_tasks_by_type& q) {
  const std::lock_guard lock{state_->mutex};
  std::map<task_type, query::task_type_count> counts;
  for (const auto& [id, t] : state_->tasks) {
    if (t.organization_id != q.organization_id || t.origin != task_origin::campaign) continue;
    auto& count = counts[t.type];
    count.type = t.type;
    ++count.tasks;
    count.leads += t.leads_count;
  }
  std::vector<query::task_type_count> out;
  out.reserve(counts.size());
  for (const auto& [type, count] : counts) out.push_back(count);
  return out;
}

result<call_task_record> memory_session::run(const query::find_task& q) {
  if (q.id.has_value() == q.job_group_id.has_value())
    return fail(errc::invalid_argument, "either a task id or a job group id is asked");
  const auto is_shown = [&](const call_task_record& t) { return q.any_origin || t.origin == task_origin::campaign; };
  const std::lock_guard lock{state_->mutex};
  if (q.id) {
    const auto* t = owned_task(q.organization_id, *q.id);
    if (t != nullptr && is_shown(*t)) return *t;
  } else if (!q.job_group_id->empty()) {
    for (const auto& [id, t] : state_->tasks)
      if (t.job_group_id == *q.job_group_id && t.organization_id == q.organization_id && is_shown(t)) return t;
  }
  return fail(errc::not_found, "no such task");
}

result<call_task_record> memory_session::run(const query::set_script& q) {
  const std::lock_guard lock{state_->mutex};
  if (owned_campaign(q.organization_id, q.id) == nullptr) return fail(errc::not_found, "no such task");
  auto& t = state_->tasks.at(value(q.id));
  if (t.type != task_type::created || t.group_requested_at) return fail(errc::illegal_transition, "calling has begun");
  t.script_id = storable_text(q.script_id);
  t.updated_time = wall_now();
  return t;
}

result<query::page_of<call_job_view>> memory_session::run(const query::list_jobs& q) {
  const std::lock_guard lock{state_->mutex};
  if (owned_campaign(q.organization_id, q.task) == nullptr) {
    if (q.total) return page_for<call_job_view>(q.page, *q.total);
    return fail(errc::not_found, "no such task");
  }
  std::vector<call_job_view> all;
  for (const auto row : state_->jobs_of_task[value(q.task)]) {
    const auto& job = state_->jobs.at(row);
    if (q.only_followed && !job.view.job.leads_follow_id) continue;
    if (q.with_interest && job.view.job.is_interested != q.with_interest) continue;
    if (q.with_outcome && job.view.job.outcome != *q.with_outcome) continue;
    all.push_back(state_->view_of(job));
  }
  return cut_page(std::move(all), q.page);
}

result<std::vector<query::outcome_count>> memory_session::run(const query::count_outcomes& q) {
  const std::lock_guard lock{state_->mutex};
  std::map<job_outcome, std::int64_t> counts;
  for (const auto& [row, job] : state_->jobs) {
    const auto& view = job.view;
    if (view.job.status == call_status::none) continue;
    const auto* task = owned_campaign(q.organization_id, job.task);
    if (task == nullptr || !task->started_at || *task->started_at >= q.until) continue;
    if (task->completed_at && *task->completed_at < q.from) continue;
    const auto made_ms = view.actual_ms != 0 ? view.actual_ms : view.planed_ms;
    const auto made = made_ms != 0 ? from_epoch_ms(made_ms) : view.updated_time;
    if (made >= q.from && made < q.until) ++counts[view.job.outcome];
  }
  std::vector<query::outcome_count> out;
  for (const auto& [outcome, calls] : counts) out.push_back({outcome, calls});
  return out;
}

result<std::vector<call_job_view>> memory_session::run(const query::jobs_behind& q) {
  const std::lock_guard lock{state_->mutex};
  if (owned_task(q.organization_id, q.task) == nullptr) return fail(errc::not_found, "no such task");
  const auto limit = static_cast<std::size_t>(std::clamp(q.limit, 1, 500));
  std::vector<call_job_view> out;
  for (const auto row : state_->jobs_of_task[value(q.task)])
    if (row > value(q.behind) && out.size() < limit) out.push_back(state_->view_of(state_->jobs.at(row)));
  return out;
}

result<std::vector<call_job_view>> memory_session::run(const query::jobs_by_row& q) {
  if (q.rows.size() > 500) return fail(errc::invalid_argument, "too many rows at once");
  const std::lock_guard lock{state_->mutex};
  std::vector<call_job_view> out;
  for (const auto row : std::set<job_row_id>{q.rows.begin(), q.rows.end()})
    if (const auto found = state_->jobs.find(value(row));
        found != state_->jobs.end() && owned_task(q.organization_id, found->second.task) != nullptr)
      out.push_back(state_->view_of(found->second));
  return out;
}

result<query::job_with_task> memory_session::run(const query::job_by_call_job_id& q) {
  const std::lock_guard lock{state_->mutex};
  const auto found = state_->job_of_call_job_id.find(q.call_job_id);
  if (found == state_->job_of_call_job_id.end()) return fail(errc::not_found, "no such call");
  const auto& job = state_->jobs.at(found->second);
  const auto* task = owned_campaign(q.organization_id, job.task);
  if (task == nullptr) return fail(errc::not_found, "no such call");
  return query::job_with_task{state_->view_of(job), *task};
}

result<query::task_standing> memory_session::run(const query::find_standing& q) {
  const std::lock_guard lock{state_->mutex};
  const auto* task = owned_campaign(q.organization_id, q.task);
  if (task == nullptr) return fail(errc::not_found, "no such task");
  return query::task_standing{*task, state_->count(q.task), std::nullopt};
}

result<std::vector<event_record>> memory_session::run(const query::events_after& q) {
  const std::lock_guard lock{state_->mutex};
  const auto limit = static_cast<std::size_t>(std::clamp(q.limit, 1, 1000));
  std::vector<event_record> out;
  for (const auto& e : state_->events) {
    if (out.size() == limit) break;
    if (e.id > q.after && e.organization_id == q.organization_id && (!q.task || e.task == *q.task)) out.push_back(e);
  }
  return out;
}

result<event_id> memory_session::run(const query::last_event&) {
  const std::lock_guard lock{state_->mutex};
  return state_->events.empty() ? event_id{} : state_->events.back().id;
}

result<query::loaded_task> memory_session::run(const query::load_task& q) {
  const std::lock_guard lock{state_->mutex};
  const auto found = state_->tasks.find(value(q.id));
  if (found == state_->tasks.end()) return fail(errc::not_found, "no such task");
  query::loaded_task out;
  out.task = found->second;
  for (const auto row : state_->jobs_of_task[value(q.id)])
    if (const auto& j = state_->jobs.at(row).view.job; j.phase != job_phase::closed) out.jobs.push_back(j);
  // A case call's deadline counts from its first look; where that was not stored (a crash), from its dispatch.
  if (out.task.origin == task_origin::cases)
    for (auto& j : out.jobs)
      if (const auto b = j.dispatch_batch ? state_->batches.find(value(*j.dispatch_batch)) : state_->batches.end();
          j.phase == job_phase::tracking && !j.poll_started_at && b != state_->batches.end())
        j.poll_started_at = b->second.acked_at.value_or(b->second.created_at);
  for (const auto& [id, b] : state_->batches) {
    if (b.task != q.id) continue;
    out.last_batch_seq = std::max(out.last_batch_seq, b.seq);
    if (b.state != batch_state::acked && b.state != batch_state::failed) out.open_batches.push_back(b);
  }
  std::sort(out.open_batches.begin(), out.open_batches.end(),
            [](const auto& a, const auto& b) { return a.seq < b.seq; });
  out.counters = state_->count(q.id);
  out.organization_stopped = state_->stopped_organizations.contains(out.task.organization_id);
  return out;
}

result<std::vector<query::unfinished_task>> memory_session::run(const query::unfinished_tasks& q) {
  const std::lock_guard lock{state_->mutex};
  std::vector<query::unfinished_task> out;
  for (const auto& [id, t] : state_->tasks) {
    if (out.size() >= static_cast<std::size_t>(std::max(q.limit, 0))) break;
    if (state_->stopped_organizations.contains(t.organization_id)) continue;
    if (!q.among.empty() && std::find(q.among.begin(), q.among.end(), t.id) == q.among.end()) continue;
    bool wants = t.type == task_type::calling || t.type == task_type::calls_complete || t.type == task_type::suspended;
    if (t.type == task_type::follow_up_complete) wants = state_->owes(t.id);
    if (t.type == task_type::created && t.origin == task_origin::cases) wants = state_->has_call_under_way(t.id);
    if (wants) out.push_back({t.id, t.type});
  }
  return out;
}

}  // namespace waihu
