#include "http/case_placement.hpp"

#include <algorithm>
#include <map>

#include "http/row_view.hpp"

namespace waihu::http {

namespace {

constexpr std::size_t tasks_at_once = 16;

bool is_stopped(const failure& why) { return why.code == errc::rejected && why.vendor_code == "stopped"; }

std::string stopped_text(const failure& why) {
  return why.message.empty() ? "自动外呼已停止，请先启动自动外呼" : why.message;
}

/// What the store's verdict means for the entry.
void take_verdict(case_call_entry& entry, query::placed_case_call placed) {
  entry.call = std::move(placed.call);
  entry.next_round = placed.next_round;
  switch (placed.what) {
    case query::case_placement::placed: entry.is_new = true; return;
    case query::case_placement::active: return;
    case query::case_placement::must_wait:
      entry.code = entry_code::must_wait;
      entry.message = "须等待下一轮呼叫";
      return;
    case query::case_placement::limit_reached:
      entry.code = entry_code::limit_reached;
      entry.message = "外呼次数已达上限";
      return;
    case query::case_placement::number_unfit:
      entry.code = entry_code::limit_reached;
      entry.message = "号码为空号、停机或欠费，不再呼叫";
      return;
    case query::case_placement::invalid_phone:
      entry.code = entry_code::not_called;
      entry.message = "电话号码缺失或无效";
      return;
    case query::case_placement::unknown_person: break;
  }
  entry.code = entry_code::not_called;
  entry.message = no_such_person;
}

/// The provider does not have it yet and still may.
bool is_awaited(const case_call_entry& entry) {
  if (!entry.call) return false;
  const auto& job = entry.call->job.job;
  return job.call_job_id.empty() && !is_terminal(job.status);
}

}  // namespace

async<result<bool>> place_calls(call& c, const case_record& of, mediation_stage stage, std::vector<wished_call> wished,
                                std::vector<case_call_entry>& entries) {
  const auto& options = c.s.cases.options;
  query::place_case_calls q;
  q.organization_id = c.organization;
  q.case_id = of.case_id;
  q.mediation_id = of.mediation_id;
  q.stage = stage;
  q.rules = {options.max_rounds, options.round_interval};
  q.calls_a_task = options.calls_per_group;
  q.creator = c.user().username;
  q.at = c.s.now();
  std::vector<case_call_entry> fresh;
  std::vector<std::size_t> asked;
  for (auto& wish : wished) {
    case_call_entry entry;
    entry.person_id = wish.party.person_id;
    entry.script_id = c.s.cases.scripts.script_of(stage, wish.party.side);
    entry.stage = stage;
    entry.of = of;
    entry.side = wish.party.side;
    if (entry.script_id.empty()) {
      entry.code = entry_code::not_called;
      entry.message = "当前阶段未配置该当事人的外呼场景";
    } else {
      q.wanted.push_back({entry.person_id, entry.script_id, std::move(wish.phone)});
      asked.push_back(fresh.size());
    }
    fresh.push_back(std::move(entry));
  }
  if (!asked.empty()) {
    auto placed = co_await c.ask(std::move(q));
    if (!placed) co_return tl::unexpected<failure>(std::move(placed.error()));
    for (std::size_t i = 0; i < asked.size() && i < placed->size(); ++i)
      take_verdict(fresh[asked[i]], std::move((*placed)[i]));
  }
  for (auto& entry : fresh) entries.push_back(std::move(entry));
  co_return true;
}

namespace {

/// Has the actors bring new calls to the provider; answers the numbers of those calls.
async<std::vector<case_call_id>> await_provider(call& c, const std::vector<case_call_entry>& entries) {
  std::map<task_id, await_case_calls> by_task;
  std::vector<case_call_id> ids;
  for (const auto& entry : entries) {
    if (!is_awaited(entry)) continue;
    const auto& r = entry.call->record;
    if (std::find(ids.begin(), ids.end(), r.id) != ids.end()) continue;
    auto& m = by_task[r.task];
    m.organization_id = c.organization;
    m.task = r.task;
    m.rows.push_back(r.row);
    m.budget = c.s.cases.options.place_budget;
    ids.push_back(r.id);
  }
  std::vector<pending<bool>::initiator> asks;
  asks.reserve(by_task.size());
  for (auto& [task, m] : by_task)
    asks.emplace_back(
        [b = c.s.inside, m = std::move(m)](completion<bool> done) { b->await_calls(m, std::move(done)); });
  // The actors keep the budget themselves.
  const auto patience = c.s.cases.options.place_budget + milliseconds{1'000};
  pending_all<bool> all(c.where, patience, tasks_at_once, std::move(asks));
  co_await all;
  co_return ids;
}

/// Code and message of an entry with a call, by where the call stands.
void tell_call(case_call_entry& entry) {
  const auto& job = entry.call->job.job;
  if (job.outcome == job_outcome::unplaced || (is_terminal(job.status) && job.call_job_id.empty())) {
    const auto& why = entry.call->last_error;
    entry.code = entry_code::not_called;
    entry.message = why.empty() ? "外呼发起失败" : "外呼发起失败：" + why;
  } else {
    entry.message = job.call_job_id.empty() ? "外呼请求已受理，等待外呼平台确认" : "外呼发起成功";
  }
}

}  // namespace

async<bool> settle_entries(call& c, std::vector<case_call_entry>& entries) {
  query::case_calls_by_id again;
  again.organization_id = c.organization;
  again.ids = co_await await_provider(c, entries);
  case_calls_now now;
  if (!again.ids.empty()) {
    auto fresh = co_await c.ask(std::move(again));
    if (fresh) now.calls = std::move(*fresh);
  }
  for (auto& entry : entries)
    for (const auto& row : now.calls)
      if (entry.call && entry.call->record.id == row.record.id) entry.call = row;
  // Of a new call the provider has said nothing worth a look yet.
  now.calls.clear();
  for (const auto& entry : entries)
    if (entry.call && !entry.is_new) now.calls.push_back(*entry.call);
  co_await look_at(c, now);
  for (auto& entry : entries) {
    if (!entry.call) continue;
    for (const auto& row : now.calls)
      if (entry.call->record.id == row.record.id) entry.call = row;
    entry.status = now.status_of(*entry.call);
    tell_call(entry);
  }
  co_return true;
}

namespace {

/// The members that an entry with a call has from it, of somebody who has none.
void write_without_call(json_writer& w, const call& c, const case_call_entry& entry) {
  field_null(w, "id");
  key(w, "mediationId");
  if (entry.of) w.Int64(entry.of->mediation_id);
  else w.Null();
  field(w, "nodeId", node_of(entry.stage));
  field(w, "taskName", chinese_name(entry.stage));
  field_null(w, "result");
  key(w, "personType");
  if (entry.side) w.Int(static_cast<int>(*entry.side));
  else w.Null();
  key(w, "mediationType");
  if (entry.of) w.Int(entry.of->mediation_type);
  else w.Null();
  field(w, "personId", entry.person_id);
  field(w, "jobId", "");
  field(w, "instanceId", c.s.cases.instance_id);
  field(w, "jobGroupId", "");
  field(w, "scriptId", entry.script_id);
  write_case_status(w, "");
  field_null(w, "remark");
  field(w, "deleteStatus", 1);
  field(w, "creator", "");
  field(w, "createTime", "");
  field_null(w, "modifier");
  field_null(w, "modifyTime");
}

}  // namespace

void write_entry(json_writer& w, const call& c, const case_call_entry& entry) {
  w.StartObject();
  field(w, "errorCode", static_cast<int>(entry.code));
  field(w, "message", entry.message);
  if (entry.call) write_case_call_fields(w, c, *entry.call, entry.status);
  else write_without_call(w, c, entry);
  const bool must_wait = entry.code == entry_code::must_wait;
  write_time_or_null(w, c.s.zone, "startTime", must_wait ? entry.next_round : std::nullopt);
  key(w, "callInterval");
  if (must_wait) w.Int64(std::chrono::ceil<minutes>(c.s.cases.options.round_interval).count());
  else w.Null();
  w.EndObject();
}

response placement_refused(const request& req, const failure& why) {
  if (is_stopped(why)) return error_answer(req, 409, 4005, stopped_text(why));
  return missing_answer(req, why, no_such_case);
}

std::string placement_refused_text(const failure& why) {
  if (is_stopped(why)) return stopped_text(why);
  if (why.code == errc::not_found) return std::string(no_such_case);
  return "服务暂时不可用，请稍后重试";
}

}  // namespace waihu::http
