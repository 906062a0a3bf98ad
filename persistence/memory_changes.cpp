// The changes of messages/model/changes.hpp on the memory store, one function each.
#include <algorithm>
#include <set>

#include "messages/model/text.hpp"
#include "persistence/event_text.hpp"
#include "persistence/memory_state.hpp"

namespace waihu {

namespace {

constexpr change_receipt unchanged{false, 0};

tl::unexpected<failure> no_such_call() { return fail(errc::not_found, "no such call"); }

// Replaces `stored` by the storable form of a non-empty `arrived`; true when it differs.
bool take_over(std::string& stored, const std::string& arrived) {
  if (arrived.empty()) return false;
  auto clean = storable_text(arrived);
  if (clean == stored) return false;
  stored = std::move(clean);
  return true;
}

bool same_second(std::int64_t a_ms, std::int64_t b_ms) {
  return a_ms / 1000 == b_ms / 1000 && (a_ms != 0) == (b_ms != 0);
}

}  // namespace

void memory_state::tell(event_record event) {
  event.id = event_id{static_cast<std::int64_t>(events.size()) + 1};
  events.push_back(std::move(event));
}

memory_state::stored_job* memory_state::find_job(task_id task, job_row_id row) {
  const auto found = jobs.find(value(row));
  return found == jobs.end() || found->second.task != task ? nullptr : &found->second;
}

result<change_receipt> memory_state::apply(const store_change& change) {
  const auto& own = ownership_of(change);
  if (!owns(own)) return fail(errc::stale_epoch, "another owner has taken the shard");
  if (!tasks.contains(value(own.task))) return fail(errc::not_found, "no such task");
  return std::visit([this](const auto& c) { return carry_out(c); }, change);
}

result<change_receipt> memory_state::carry_out(const change::request_group& c) {
  auto& t = tasks.at(value(c.own.task));
  const bool may_start = t.type == task_type::created && !t.script_id.empty();
  const bool may_switch = t.type == task_type::calling || t.type == task_type::suspended;
  if (!may_start && !may_switch) return fail(errc::illegal_transition, "the task cannot be started now");
  if (t.group_requested_at == c.at) return unchanged;
  t.group_requested_at = c.at;
  t.updated_time = c.at;
  t.epoch = c.own.epoch;
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::move_task& c) {
  auto& t = tasks.at(value(c.own.task));
  if (!is_legal_move(c.from, c.to)) return fail(errc::illegal_transition, "a task never makes this move");
  if (t.type != c.from) return fail(errc::illegal_transition, "the task is not in the state this move leaves");
  if (c.leads_count && *c.leads_count != t.leads_count)
    return fail(errc::illegal_transition, "the task has got more calls meanwhile");
  if (c.to == task_type::created)
    for (const auto& [row, job] : jobs)
      if (job.task == c.own.task && (job.view.job.phase == job_phase::dispatching || !job.view.job.call_job_id.empty()))
        return fail(errc::illegal_transition, "calls of the task are, or may be, with the provider");
  if (c.job_group_id && !c.job_group_id->empty()) {
    const auto group = storable_text(*c.job_group_id);
    for (const auto& [id, other] : tasks)
      if (id != value(c.own.task) && other.job_group_id == group)
        return fail(errc::conflict, "such a row exists already");
  }
  if (c.job_group_id) t.job_group_id = storable_text(*c.job_group_id);
  if (c.last_error) t.last_error = cut_text(storable_text(*c.last_error), error_limit);
  if (c.from == task_type::created && c.to == task_type::calling) t.started_at = c.at;
  if (c.to == task_type::created) t.started_at = std::nullopt;
  t.group_requested_at = std::nullopt;
  if (c.from == task_type::calling && c.to == task_type::calls_complete) t.completed_at = c.at;
  t.type = c.to;
  t.epoch = c.own.epoch;
  t.updated_time = c.at;
  tell(event_of(c, t.organization_id));
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::note_task& c) {
  auto& t = tasks.at(value(c.own.task));
  auto text = cut_text(storable_text(c.last_error), error_limit);
  if (t.last_error == text && !t.group_requested_at) return unchanged;
  t.last_error = std::move(text);
  t.group_requested_at = std::nullopt;
  t.epoch = c.own.epoch;
  t.updated_time = wall_now();
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::intend_batch& c) {
  const std::set<job_row_id> distinct{c.rows.begin(), c.rows.end()};
  if (c.rows.empty() || distinct.size() != c.rows.size() || c.seq <= 0)
    return fail(errc::invalid_argument, "a batch needs a number and distinct rows");
  if (tasks.at(value(c.own.task)).type != task_type::calling)
    return fail(errc::illegal_transition, "the task is not calling");
  for (const auto row : c.rows) {
    const auto* job = find_job(c.own.task, row);
    if (job == nullptr || job->view.job.phase != job_phase::queued)
      return fail(errc::illegal_transition, "not every row of the batch is queued");
  }
  for (const auto& [id, b] : batches)
    if (b.task == c.own.task && b.seq == c.seq) return fail(errc::conflict, "the task has a batch with this number");
  const auto id = next_id();
  dispatch_batch_record b;
  b.id = batch_id{id};
  b.task = c.own.task;
  b.seq = c.seq;
  b.epoch = c.own.epoch;
  b.rows = c.rows;
  b.created_at = c.at;
  for (const auto row : c.rows) {
    auto& job = jobs.at(value(row));
    job.view.job.phase = job_phase::dispatching;
    job.view.job.dispatch_batch = b.id;
    job.view.updated_time = c.at;
  }
  batches.emplace(id, std::move(b));
  return change_receipt{true, id};
}

bool memory_state::mark(dispatch_batch_record& b, batch_state to, const std::string& request_id,
                        const std::string& error, wall_time at) {
  const bool legal = to != batch_state::intent && b.state != to &&
                     (b.state == batch_state::intent || b.state == batch_state::sent ||
                      (b.state == batch_state::unknown && (to == batch_state::acked || to == batch_state::failed)));
  if (!legal) return false;
  b.state = to;
  if (to == batch_state::sent) b.sent_at = at;
  if (to == batch_state::acked) b.acked_at = at;
  if (!request_id.empty()) b.request_id = storable_text(request_id);
  if (!error.empty()) b.error = cut_text(storable_text(error), error_limit);
  return true;
}

result<change_receipt> memory_state::carry_out(const change::mark_batch& c) {
  const auto found = batches.find(value(c.batch));
  if (found == batches.end() || found->second.task != c.own.task) return fail(errc::not_found, "no such batch");
  if (mark(found->second, c.to, c.request_id, c.error, c.at)) return change_receipt{true, value(c.batch)};
  if (found->second.state == c.to) return change_receipt{false, value(c.batch)};
  return fail(errc::illegal_transition, "a batch never makes this move");
}

result<change_receipt> memory_state::carry_out(const change::acknowledge_jobs& c) {
  std::int64_t count = 0;
  for (const auto& [row, raw_id] : c.ids) {
    auto* job = find_job(c.own.task, row);
    const auto id = storable_text(raw_id);
    if (job == nullptr || id.empty() || !job->view.job.call_job_id.empty() || job_of_call_job_id.contains(id)) continue;
    job->view.job.call_job_id = id;
    auto& phase = job->view.job.phase;
    if (phase == job_phase::queued || phase == job_phase::dispatching) phase = job_phase::tracking;
    job->view.updated_time = c.at;
    job_of_call_job_id[id] = value(row);
    ++count;
  }
  bool completed = false;
  if (c.completes_batch)
    if (const auto b = batches.find(value(c.batch)); b != batches.end() && b->second.task == c.own.task)
      completed = mark(b->second, batch_state::acked, c.request_id, {}, c.at);
  return change_receipt{count > 0 || completed, count};
}

result<change_receipt> memory_state::carry_out(const change::requeue_jobs& c) {
  std::int64_t count = 0;
  for (const auto row : std::set<job_row_id>{c.rows.begin(), c.rows.end()}) {
    auto* job = find_job(c.own.task, row);
    if (job == nullptr || job->view.job.phase != job_phase::dispatching || job->view.job.dispatch_batch != c.batch ||
        !job->view.job.call_job_id.empty())
      continue;
    job->view.job.phase = job_phase::queued;
    job->view.job.attempts += c.counts_as_attempt ? 1 : 0;
    job->view.updated_time = c.at;
    ++count;
  }
  if (const auto b = batches.find(value(c.batch));
      b != batches.end() && b->second.task == c.own.task && b->second.error.empty())
    b->second.error = cut_text(storable_text(c.reason), error_limit);
  return change_receipt{count > 0, count};
}

result<change_receipt> memory_state::carry_out(const change::settle_job& c) {
  if (!is_terminal(c.status)) return fail(errc::invalid_argument, "only a terminal status is stored");
  auto* job = find_job(c.own.task, c.row);
  if (job == nullptr) return no_such_call();
  auto& v = job->view;
  if (v.job.status != call_status::none) return unchanged;
  const auto left = v.job.phase;
  v.job.status = c.status;
  v.job.outcome = stored_outcome(c);
  v.job.phase = job_phase::settled;
  v.job.parked = parked_reason::none;
  v.job.failures = 0;
  v.call_task_id = storable_text(c.last.call_task_id);
  job->call_id = storable_text(c.last.call_id);
  v.attempt_status = storable_text(c.last.status);
  v.calling_number = storable_text(c.last.calling_number);
  v.called_number = storable_text(c.last.called_number);
  v.planed_ms = c.last.planed_ms;
  v.actual_ms = c.last.actual_ms;
  v.conversation_json = storable_text(c.last.conversation_json);
  v.job.has_conversation = has_conversation(v.conversation_json);
  v.updated_time = c.at;
  tell(event_of(c, organization_of(c.own.task), std::string{to_string(left)}));
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::attach_attempt& c) {
  auto* job = find_job(c.own.task, c.row);
  if (job == nullptr) return no_such_call();
  auto& v = job->view;
  if (v.job.status == call_status::none) return fail(errc::illegal_transition, "the call has not ended yet");
  bool differs = take_over(v.call_task_id, c.last.call_task_id);
  differs |= take_over(job->call_id, c.last.call_id);
  differs |= take_over(v.attempt_status, c.last.status);
  differs |= take_over(v.calling_number, c.last.calling_number);
  differs |= take_over(v.called_number, c.last.called_number);
  const auto planed = c.last.planed_ms != 0 ? c.last.planed_ms : v.planed_ms;
  const auto actual = c.last.actual_ms != 0 ? c.last.actual_ms : v.actual_ms;
  const bool talks = (has_conversation(c.last.conversation_json) || v.conversation_json.empty()) &&
                     take_over(v.conversation_json, c.last.conversation_json);
  differs |= talks || !same_second(planed, v.planed_ms) || !same_second(actual, v.actual_ms);
  if (!differs) return unchanged;
  v.planed_ms = planed;
  v.actual_ms = actual;
  v.job.has_conversation = has_conversation(v.conversation_json);
  v.updated_time = wall_now();
  if (talks) tell(event_of(c, organization_of(c.own.task), std::string{to_string(v.job.phase)}, v.updated_time));
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::park_job& c) {
  auto* job = find_job(c.own.task, c.row);
  if (job == nullptr) return no_such_call();
  auto& j = job->view.job;
  if (j.phase == job_phase::parked) return unchanged;
  if (j.phase != job_phase::dispatching && j.phase != job_phase::tracking && j.phase != job_phase::settled)
    return fail(errc::illegal_transition, "only a call under way can be parked");
  const auto left = j.phase;
  j.phase = job_phase::parked;
  j.parked = c.reason;
  j.failures = c.failures;
  if (c.poll_started_at) j.poll_started_at = c.poll_started_at;
  if (c.last_change_at) j.last_change_at = c.last_change_at;
  job->view.updated_time = c.at;
  tell(event_of(c, organization_of(c.own.task), std::string{to_string(left)}));
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::unpark_job& c) {
  auto* job = find_job(c.own.task, c.row);
  if (job == nullptr) return no_such_call();
  auto& j = job->view.job;
  if (j.phase == job_phase::tracking || j.phase == job_phase::settled) return unchanged;
  if (j.phase != job_phase::parked) return fail(errc::illegal_transition, "the call is not parked");
  j.phase = j.status == call_status::none ? job_phase::tracking : job_phase::settled;
  j.parked = parked_reason::none;
  j.failures = 0;
  job->view.updated_time = c.at;
  tell(event_of(c, organization_of(c.own.task), std::string{to_string(j.phase)}));
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::save_poll_state& c) {
  auto* job = find_job(c.own.task, c.row);
  if (job == nullptr) return no_such_call();
  auto& j = job->view.job;
  j.failures = c.failures;
  if (c.poll_started_at) j.poll_started_at = c.poll_started_at;
  if (c.last_change_at) j.last_change_at = c.last_change_at;
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::record_follow_up& c) {
  auto* job = find_job(c.own.task, c.row);
  if (job == nullptr) return no_such_call();
  auto& j = job->view.job;
  if (j.status == call_status::none) return fail(errc::illegal_transition, "the call has not ended yet");
  const auto remark = cut_text(storable_text(c.leads_remark), remark_limit);
  const std::string left{to_string(j.phase)};
  const bool existed = j.leads_follow_id.has_value();
  if (existed) {
    const auto id = *j.leads_follow_id;
    auto& f = follows.at(value(id)).record;
    const bool differs = f.leads_remark != remark || f.next_follow_time != c.next_follow_time || !j.is_interested ||
                         j.phase != job_phase::closed;
    if (!c.replace || !differs) return change_receipt{false, value(id)};
    f.leads_remark = remark;
    f.next_follow_time = c.next_follow_time;
  } else {
    const auto& organization = organization_of(c.own.task);
    const auto lead = storable_text(c.leads_id);
    const follow_id id{next_id()};
    follow_up_record f;
    f.id = id;
    f.leads_id = lead;
    f.follow_time = c.at;
    f.leads_remark = remark;
    f.frist_follow_time = c.at;
    auto& earlier = follows_of_lead[{organization, lead}];
    std::optional<wall_time> first;
    for (const auto e : earlier) {
      const auto& old = follows.at(e).record;
      const auto at = old.frist_follow_time.value_or(old.follow_time);
      first = first ? std::min(*first, at) : at;
    }
    if (first) f.frist_follow_time = first;
    f.new_follow_time = c.at;
    f.next_follow_time = c.next_follow_time;
    earlier.push_back(value(id));
    follows.emplace(value(id), stored_follow{std::move(f), organization, c.row});
    j.leads_follow_id = id;
  }
  if (!j.is_interested) j.is_interested = c.is_interested;
  j.phase = job_phase::closed;
  j.parked = parked_reason::none;
  job->view.updated_time = c.at;
  tell(event_of(c, organization_of(c.own.task), left, *j.leads_follow_id, static_cast<int>(*j.is_interested), existed));
  return change_receipt{true, value(*j.leads_follow_id)};
}

result<change_receipt> memory_state::carry_out(const change::close_job& c) {
  auto* job = find_job(c.own.task, c.row);
  if (job == nullptr) return no_such_call();
  auto& j = job->view.job;
  if (j.phase == job_phase::closed) return unchanged;
  if (j.status == call_status::none) return fail(errc::illegal_transition, "only a call that ended can be closed");
  j.phase = job_phase::closed;
  j.parked = parked_reason::none;
  job->view.updated_time = wall_now();
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::store_recording& c) {
  auto* job = find_job(c.own.task, c.row);
  if (job == nullptr) return no_such_call();
  auto url = storable_text(c.url);
  if (job->view.recording_url == url && job->view.recording_fetched_at == c.fetched_at) return unchanged;
  job->view.recording_url = std::move(url);
  job->view.recording_fetched_at = c.fetched_at;
  job->view.updated_time = wall_now();
  return change_receipt{};
}

result<change_receipt> memory_state::carry_out(const change::default_interest& c) {
  std::int64_t count = 0;
  for (const auto row : jobs_of_task[value(c.own.task)]) {
    auto& j = jobs.at(row).view.job;
    if (!j.leads_follow_id || j.is_interested) continue;
    j.is_interested = interest::undecided;
    ++count;
  }
  return change_receipt{count > 0, count};
}

}  // namespace waihu
