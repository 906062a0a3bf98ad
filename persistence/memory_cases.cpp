// Calls to the parties of mediation cases in the memory store.
#include <algorithm>
#include <set>

#include "messages/model/text.hpp"
#include "persistence/case_plan.hpp"
#include "persistence/lead_choice.hpp"
#include "persistence/memory_session.hpp"
#include "persistence/page_rule.hpp"
#include "persistence/phone_rule.hpp"

namespace waihu {

namespace {

bool is_within(const time_range& range, wall_time at) {
  return (!range.from || at >= *range.from) && (!range.until || at <= *range.until);
}

/// What the store holds of those who shall be called.
std::map<std::string, callee> find_callees(const memory_state& state, const query::place_case_calls& q,
                                           const case_record& of) {
  std::map<std::string, callee> out;
  for (const auto& wish : q.wanted) out[wish.person_id];
  for (const auto& party : of.parties)
    if (const auto wanted = out.find(party.person_id); wanted != out.end()) wanted->second.party = party;
  for (const auto& [id, call] : state.case_calls) {
    const auto& r = call.record;
    const auto wanted = out.find(r.person_id);
    if (wanted == out.end() || r.case_id != of.case_id || call.organization_id != of.organization_id) continue;
    const auto& view = state.jobs.at(value(r.row)).view;
    if (view.job.status == call_status::none) wanted->second.active = r.id;
    else if (r.stage == q.stage)
      wanted->second.earlier.push_back({r.create_time, view.job.status, view.job.outcome, view.attempt_status});
  }
  return out;
}

}  // namespace

query::case_call_view memory_state::view_of(const stored_case_call& call) const {
  const auto& task = tasks.at(value(call.record.task));
  const auto& job = jobs.at(value(call.record.row)).view.job;
  std::string why;
  if (job.outcome == job_outcome::unplaced) {
    const auto batch = job.dispatch_batch ? batches.find(value(*job.dispatch_batch)) : batches.end();
    why = batch != batches.end() && !batch->second.error.empty() ? batch->second.error : task.last_error;
  }
  return {call.record, view_of(jobs.at(value(call.record.row))), task.job_group_id, std::move(why)};
}

result<case_record> memory_session::run(const query::put_case& q) {
  auto what = storable_case(q.what);
  if (!what) return what;
  const std::lock_guard lock{state_->mutex};
  const auto [place, is_new] = state_->cases.try_emplace({what->organization_id, what->case_id});
  what->updated_time = wall_now();
  what->create_time = is_new ? what->updated_time : place->second.create_time;
  place->second = *what;
  return what;
}

result<case_record> memory_session::run(const query::find_case& q) {
  const std::lock_guard lock{state_->mutex};
  const auto found = state_->cases.find({storable_text(q.organization_id), storable_text(q.case_id)});
  if (found == state_->cases.end()) return fail(errc::not_found, "no such case");
  return found->second;
}

call_task_record& memory_session::task_for(const query::place_case_calls& q, const std::string& script_id,
                                           std::size_t calls) {
  const auto count = static_cast<std::int64_t>(calls);
  for (auto i = state_->tasks.rbegin(); i != state_->tasks.rend(); ++i) {
    auto& t = i->second;
    if (t.origin != task_origin::cases || t.organization_id != q.organization_id || t.script_id != script_id ||
        (t.type != task_type::created && t.type != task_type::calling) || t.leads_count + count > q.calls_a_task)
      continue;
    t.leads_count += count;
    t.updated_time = wall_now();
    return t;
  }
  call_task_record t;
  t.id = task_id{state_->next_id()};
  t.task_name = chinese_name(q.stage);
  t.organization_id = q.organization_id;
  t.create_name = q.creator;
  t.create_time = t.updated_time = wall_now();
  t.leads_count = count;
  t.script_id = script_id;
  t.size_desc_json = "{}";
  t.origin = task_origin::cases;
  return state_->tasks.emplace(value(t.id), std::move(t)).first->second;
}

case_call_id memory_session::place(const query::place_case_calls& q, const case_record& of, const planned_call& call,
                                   const call_task_record& task) {
  const case_call_id id{state_->next_id()};
  const auto row = state_->next_id();
  memory_state::stored_job job;
  job.task = task.id;
  job.case_call = id;
  job.view.job.row = job_row_id{row};
  job.view.job.leads_id = std::to_string(value(id));
  job.view.job.leads_name = call.party.name;
  job.view.job.leads_phone = call.phone;
  job.view.job.reference_id = make_reference_id(task.id, q.organization_id, job.view.job.leads_id);
  job.view.updated_time = wall_now();
  state_->jobs_of_task[value(task.id)].push_back(row);
  state_->jobs.emplace(row, std::move(job));
  case_call_record r;
  r.id = id;
  r.case_id = of.case_id;
  r.mediation_id = of.mediation_id;
  r.mediation_type = of.mediation_type;
  r.stage = q.stage;
  r.person_id = call.party.person_id;
  r.side = call.party.side;
  r.round = call.round;
  r.task = task.id;
  r.row = job_row_id{row};
  r.script_id = call.script_id;
  r.creator = q.creator;
  r.create_time = q.at;
  state_->case_calls.emplace(value(id), memory_state::stored_case_call{q.organization_id, std::move(r)});
  return id;
}

result<std::vector<query::placed_case_call>> memory_session::run(const query::place_case_calls& asked) {
  const auto q = storable_wishes(asked);
  if (!q) return tl::unexpected<failure>(q.error());
  const std::lock_guard lock{state_->mutex};
  if (state_->stopped_organizations.contains(q->organization_id)) return refused_as_stopped();
  const auto found = state_->cases.find({q->organization_id, q->case_id});
  if (found == state_->cases.end() || (q->mediation_id && *q->mediation_id != found->second.mediation_id))
    return fail(errc::not_found, "no such case");
  const auto& of = found->second;
  const auto plan = plan_case_calls(*q, find_callees(*state_, *q, of));
  std::vector<case_call_id> made(plan.calls.size());
  for (const auto& share : share_tasks(plan.calls, q->calls_a_task)) {
    const auto& task = task_for(*q, plan.calls[share.front()].script_id, share.size());
    for (const auto i : share) made[i] = place(*q, of, plan.calls[i], task);
  }
  std::map<case_call_id, query::case_call_view> views;
  for (const auto id : calls_of(plan, made)) views.emplace(id, state_->view_of(state_->case_calls.at(value(id))));
  return answer_wishes(*q, plan, made, views);
}

result<query::page_of<query::case_call_view>> memory_session::run(const query::list_case_calls& q) {
  const auto organization = storable_text(q.organization_id);
  const auto case_id = storable_text(q.case_id);
  const auto person_id = storable_text(q.person_id);
  const auto call_job_id = storable_text(q.call_job_id);
  const auto phone = normalise_phone(storable_text(q.phone));
  const std::lock_guard lock{state_->mutex};
  std::vector<query::case_call_view> all;
  for (auto i = state_->case_calls.rbegin(); i != state_->case_calls.rend(); ++i) {
    const auto& [owner, r] = i->second;
    const auto& j = state_->jobs.at(value(r.row)).view.job;
    if (owner == organization && (case_id.empty() || r.case_id == case_id) &&
        (person_id.empty() || r.person_id == person_id) && (call_job_id.empty() || j.call_job_id == call_job_id) &&
        (q.phone.empty() || j.leads_phone == phone) && (!q.stage || r.stage == *q.stage) &&
        (!q.status || j.status == stored_status(*q.status)) && is_within(q.created, r.create_time))
      all.push_back(state_->view_of(i->second));
  }
  return cut_page(std::move(all), q.page);
}

result<std::vector<query::case_call_view>> memory_session::run(const query::case_calls_by_id& q) {
  if (q.ids.size() > most_calls_a_call) return fail(errc::invalid_argument, "too many calls at once");
  const std::lock_guard lock{state_->mutex};
  std::vector<query::case_call_view> out;
  for (const auto id : std::set<case_call_id>{q.ids.begin(), q.ids.end()})
    if (const auto found = state_->case_calls.find(value(id));
        found != state_->case_calls.end() && found->second.organization_id == q.organization_id)
      out.push_back(state_->view_of(found->second));
  return out;
}

result<query::case_call_view> memory_session::run(const query::remark_case_call& q) {
  const std::lock_guard lock{state_->mutex};
  const auto found = state_->job_of_call_job_id.find(q.call_job_id);
  const auto call = found == state_->job_of_call_job_id.end() ? std::nullopt : state_->jobs.at(found->second).case_call;
  if (!call || state_->case_calls.at(value(*call)).organization_id != q.organization_id)
    return fail(errc::not_found, "no such call");
  auto& stored = state_->case_calls.at(value(*call));
  stored.record.remark = cut_text(storable_text(q.remark), remark_limit);
  stored.record.modifier = storable_text(q.modifier);
  stored.record.modify_time = q.at;
  return state_->view_of(stored);
}

result<std::vector<query::case_call_count>> memory_session::run(const query::count_case_calls& q) {
  const auto case_id = storable_text(q.case_id);
  const std::lock_guard lock{state_->mutex};
  std::map<std::pair<mediation_stage, call_status>, std::int64_t> counts;
  for (const auto& [id, call] : state_->case_calls) {
    const auto& r = call.record;
    if (call.organization_id == q.organization_id && (case_id.empty() || r.case_id == case_id) &&
        is_within(q.created, r.create_time))
      ++counts[{r.stage, state_->jobs.at(value(r.row)).view.job.status}];
  }
  std::vector<query::case_call_count> out;
  out.reserve(counts.size());
  for (const auto& [kind, calls] : counts) out.push_back({kind.first, kind.second, calls});
  return out;
}

}  // namespace waihu
