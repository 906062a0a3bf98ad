#include "http/case_view.hpp"

#include "http/case_fields.hpp"
#include "http/row_view.hpp"

namespace waihu::http {

response missing_answer(const request& req, const failure& why, std::string_view said) {
  return why.code == errc::not_found ? error_answer(req, 404, 4004, said) : failure_answer(req, why);
}

pending<case_record> find_case(const call& c, const std::string& case_id) {
  query::find_case q{c.organization, case_id};
  return c.ask(std::move(q));
}

const case_party* party_of(const case_record& of, std::string_view person_id) {
  for (const auto& party : of.parties)
    if (party.person_id == person_id) return &party;
  return nullptr;
}

async<result<query::case_call_view>> newest_case_call(call& c, query::list_case_calls q) {
  q.organization_id = c.organization;
  q.page = {1, 1};
  auto found = co_await c.ask(std::move(q));
  if (!found) co_return tl::unexpected<failure>(std::move(found.error()));
  if (found->items.empty()) co_return fail(errc::not_found, "no such call");
  co_return std::move(found->items.front());
}

async<result<query::case_call_view>> case_call_of_path(call& c) {
  query::list_case_calls q;
  q.call_job_id = std::string(c.path_part("jobId"));
  if (length_in_characters(q.call_job_id) > job_id_limit) co_return fail(errc::not_found, "no such call");
  co_return co_await newest_case_call(c, std::move(q));
}

namespace {

constexpr std::string_view nothing_said = "Scheduling";
/// Tasks whose actors one request asks, and how many of them at a time.
constexpr std::size_t tasks_asked = 32;
constexpr std::size_t tasks_asked_at_once = 8;

/// The calls to be looked at, by task.
std::map<task_id, std::vector<job_row_id>> unfinished(const case_calls_now& now) {
  std::map<task_id, std::vector<job_row_id>> rows;
  for (const auto& one : now.calls) {
    if (is_terminal(one.job.job.status) || one.job.job.call_job_id.empty()) continue;
    if (rows.size() < tasks_asked || rows.contains(one.record.task)) rows[one.record.task].push_back(one.record.row);
  }
  return rows;
}

}  // namespace

std::string_view case_calls_now::status_of(const query::case_call_view& one) const {
  if (is_terminal(one.job.job.status)) return to_string(one.job.job.status);
  const auto said = words.find(one.record.row);
  return said == words.end() || said->second.empty() ? nothing_said : std::string_view{said->second};
}

async<bool> look_at(call& c, case_calls_now& now) {
  const auto rows = unfinished(now);
  if (rows.empty()) co_return true;
  std::vector<pending<refreshed_jobs>::initiator> asks;
  asks.reserve(rows.size());
  for (const auto& [task, of_task] : rows) {
    refresh_jobs m{task, of_task, c.s.cases.options.look_interval, c.s.http.refresh_budget};
    asks.emplace_back(
        [b = c.s.inside, m = std::move(m)](completion<refreshed_jobs> done) { b->refresh(m, std::move(done)); });
  }
  // The actors keep the budget and answer with their last snapshots when it is used up; that answer is waited for.
  const auto patience = c.s.http.refresh_budget + milliseconds{1'000};
  pending_all<refreshed_jobs> all(c.where, patience, tasks_asked_at_once, std::move(asks));
  const auto answers = co_await all;
  query::case_calls_by_id again{c.organization, {}};
  auto answer = answers.begin();
  for (const auto& [task, of_task] : rows) {
    const auto& seen = *answer++;
    if (!seen) continue;
    for (const auto& job : seen->jobs)
      now.words[job.row] = job.status_word.empty() ? to_string(job.status) : std::string_view{job.status_word};
    for (const auto& one : now.calls)
      if (one.record.task == task && !is_terminal(one.job.job.status) && !now.words.contains(one.record.row))
        again.ids.push_back(one.record.id);
  }
  if (again.ids.empty()) co_return true;
  auto fresh = co_await c.ask(std::move(again));
  if (!fresh) co_return false;
  for (auto& row : *fresh)
    for (auto& shown : now.calls)
      if (shown.record.id == row.record.id) shown = row;
  co_return true;
}

void write_case_status(json_writer& w, std::string_view word) {
  const auto status = parse_call_status(word);
  field(w, "callStatus", word);
  field(w, "callStatusText", status == call_status::other ? word : chinese_text(status));
}

void write_monitor_error(json_writer& w, const call_job_record& job) {
  if (job.phase != job_phase::parked) return field_null(w, "monitorError");
  field(w, "monitorError", job.parked == parked_reason::timeout ? "通话状态监控已超时" : "获取通话状态失败");
}

void write_text_or_null(json_writer& w, std::string_view name, std::string_view text) {
  if (text.empty()) field_null(w, name);
  else field(w, name, text);
}

void write_case_call_fields(json_writer& w, const call& c, const query::case_call_view& one, std::string_view word) {
  const auto& r = one.record;
  field(w, "id", value(r.id));
  field(w, "mediationId", r.mediation_id);
  field(w, "nodeId", node_of(r.stage));
  field(w, "taskName", chinese_name(r.stage));
  field_null(w, "result");
  field(w, "personType", static_cast<int>(r.side));
  field(w, "mediationType", r.mediation_type);
  field(w, "personId", r.person_id);
  field(w, "jobId", one.job.job.call_job_id);
  field(w, "instanceId", c.s.cases.instance_id);
  field(w, "jobGroupId", one.job_group_id);
  field(w, "scriptId", r.script_id);
  write_case_status(w, word);
  write_text_or_null(w, "remark", r.remark);
  field(w, "deleteStatus", 1);
  field(w, "creator", r.creator);
  constexpr std::size_t date_length = 10;
  field(w, "createTime", c.s.zone.format(r.create_time).substr(0, date_length));
  write_text_or_null(w, "modifier", r.modifier);
  write_time_or_null(w, c.s.zone, "modifyTime", r.modify_time);
}

void write_case_call(json_writer& w, const call& c, const query::case_call_view& one, std::string_view word) {
  w.StartObject();
  write_case_call_fields(w, c, one, word);
  const auto& job = one.job.job;
  field(w, "caseRef", one.record.case_id);
  field(w, "callType", to_string(one.record.stage));
  field(w, "round", one.record.round);
  field(w, "requestTime", c.s.zone.format(one.record.create_time));
  field(w, "personName", job.leads_name);
  field(w, "phoneNumber", job.leads_phone);
  field(w, "attemptStatus", one.job.attempt_status);
  field(w, "attemptStatusText", one.job.attempt_status.empty() ? "" : classify_attempt(one.job.attempt_status).text);
  field(w, "outcome", to_string(job.outcome));
  field(w, "outcomeText", chinese_text(job.outcome));
  write_monitor_error(w, job);
  w.EndObject();
}

}  // namespace waihu::http
