// Calls of cases, read: the state of one, lists, and what was said (http-api.md section 6).
#include "http/case_fields.hpp"
#include "http/case_view.hpp"
#include "http/conversation.hpp"
#include "http/handlers.hpp"
#include "http/recording_links.hpp"
#include "http/row_view.hpp"

namespace waihu::http {

async<response> case_call_status(call& c) {
  body_fields parameters(c.req.query);
  query::list_case_calls q;
  q.case_id = read_case_id(parameters, "caseRef");
  q.phone = read_phone(parameters, "phoneNumber");
  q.call_job_id = parameters.text("jobId", job_id_limit).value_or("");
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  if (q.case_id.empty() && q.phone.empty() && q.call_job_id.empty())
    co_return error_answer(c.req, 400, code_bad_parameter, "caseRef、phoneNumber、jobId 至少提供一个");
  auto found = co_await newest_case_call(c, std::move(q));
  if (!found) co_return missing_answer(c.req, found.error(), no_such_case_call);
  case_calls_now now;
  now.calls.push_back(std::move(*found));
  co_await look_at(c, now);
  const auto& one = now.calls.front();
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "caseRef", one.record.case_id);
  field(w, "phoneNumber", one.job.job.leads_phone);
  field(w, "jobId", one.job.job.call_job_id);
  write_case_status(w, now.status_of(one));
  field(w, "fetchTime", c.s.zone.format(c.s.now()));
  field(w, "jobGroupId", one.job_group_id);
  field(w, "instanceId", c.s.cases.instance_id);
  write_monitor_error(w, one.job.job);
  w.EndObject();
  co_return e.done();
}

namespace {

/// A page of calls with their newest known states.
async<response> answer_page(call& c, query::list_case_calls q) {
  q.organization_id = c.organization;
  auto page = co_await c.ask(std::move(q));
  if (!page) co_return failure_answer(c.req, page.error());
  case_calls_now now;
  now.calls = std::move(page->items);
  co_await look_at(c, now);
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  key(w, "items");
  w.StartArray();
  for (const auto& one : now.calls) write_case_call(w, c, one, now.status_of(one));
  w.EndArray();
  write_pagination(w, page->page, page->page_size, page->total);
  w.EndObject();
  co_return e.done();
}

}  // namespace

async<response> list_case_calls(call& c) {
  body_fields parameters(c.req.query);
  query::list_case_calls q;
  q.case_id = read_case_id(parameters, "caseRef");
  if (const auto status = parameters.text("status", 50); status && !status->empty())
    q.status = parse_call_status(*status);
  if (const auto type = parameters.text("type", 50); type && !type->empty()) {
    q.stage = parse_mediation_stage(*type);
    if (!q.stage) parameters.add_error("type", "不是有效的外呼类型");
  }
  q.page = read_case_page(parameters);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  co_return co_await answer_page(c, std::move(q));
}

async<response> person_call_history(call& c) {
  body_fields parameters(c.req.query);
  query::list_case_calls q;
  q.person_id = std::string(c.path_part("personId"));
  if (!is_case_id(q.person_id)) parameters.add_error("personId", "只能包含字母、数字、下划线和连字符，最长 64 个字符");
  q.case_id = read_case_id(parameters, "caseRef");
  q.page = read_case_page(parameters);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  co_return co_await answer_page(c, std::move(q));
}

async<response> show_case_call(call& c) {
  auto found = co_await case_call_of_path(c);
  if (!found) co_return missing_answer(c.req, found.error(), no_such_case_call);
  case_calls_now now;
  now.calls.push_back(std::move(*found));
  co_await look_at(c, now);
  envelope e(200, "查询成功");
  write_case_call(e.data(), c, now.calls.front(), now.status_of(now.calls.front()));
  co_return e.done();
}

namespace {

/// Conversations of one answer: each may be 256 KiB.
constexpr int conversation_limit = 100;

/// Stored links that are good, and new ones where they are not; "" where there is none.
async<std::vector<std::string>> links_of(call& c, const std::vector<query::case_call_view>& calls) {
  const auto now = c.s.now();
  std::vector<std::string> links(calls.size());
  std::vector<wanted_link> asks;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (!wants_new_link(calls[i].job, now)) {
      links[i] = calls[i].job.recording_url;
      continue;
    }
    asks.push_back({calls[i].record.task, calls[i].record.row});
    places.push_back(i);
  }
  auto fetched = co_await fetch_links(c, std::move(asks));
  for (std::size_t i = 0; i < fetched.size(); ++i)
    if (fetched[i]) links[places[i]] = std::move(*fetched[i]);
  co_return links;
}

void write_conversation(json_writer& w, const query::case_call_view& one, std::string_view word,
                        std::string_view link) {
  const auto& said = one.job.conversation_json;
  w.StartObject();
  field(w, "callType", to_string(one.record.stage));
  field(w, "jobId", one.job.job.call_job_id);
  field(w, "conversations", said.empty() ? std::string_view{"[]"} : std::string_view{said});
  write_case_status(w, word);
  write_text_or_null(w, "recordUrl", link);
  const auto span = conversation_span_of(said);
  key(w, "duration");
  if (span && span->timed_lines > 1) w.Int64(span->length_ms / 1000);
  else w.Null();
  w.EndObject();
}

}  // namespace

async<response> case_conversations(call& c) {
  body_fields parameters(c.req.query);
  query::list_case_calls q;
  q.organization_id = c.organization;
  q.case_id = read_case_id(parameters, "caseId");
  q.person_id = read_case_id(parameters, "personId");
  q.call_job_id = parameters.text("jobId", job_id_limit).value_or("");
  q.page = read_case_page(parameters, conversation_limit, conversation_limit);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  if (q.case_id.empty() && q.person_id.empty() && q.call_job_id.empty())
    co_return error_answer(c.req, 400, code_bad_parameter, "caseId、personId、jobId 至少提供一个");
  auto page = co_await c.ask(std::move(q));
  if (!page) co_return failure_answer(c.req, page.error());
  case_calls_now now;
  now.calls = std::move(page->items);
  // What never reached the provider has no conversation to tell.
  std::erase_if(now.calls, [](const auto& one) { return one.job.job.call_job_id.empty(); });
  co_await look_at(c, now);
  const auto links = co_await links_of(c, now.calls);
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartArray();
  for (std::size_t i = 0; i < now.calls.size(); ++i)
    write_conversation(w, now.calls[i], now.status_of(now.calls[i]), links[i]);
  w.EndArray();
  co_return e.done();
}

}  // namespace waihu::http
