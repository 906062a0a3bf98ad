// One call of a case, steered and followed: remark, cancelling, what happened to it (http-api.md section 6).
#include <algorithm>

#include "http/call_history.hpp"
#include "http/case_fields.hpp"
#include "http/case_view.hpp"
#include "http/handlers.hpp"
#include "http/row_view.hpp"
#include "http/task_view.hpp"
#include "messages/model/text.hpp"

namespace waihu::http {

namespace {

query::remark_case_call remark(const call& c, std::string call_job_id, std::string text) {
  return {c.organization, std::move(call_job_id), std::move(text), c.user().username, c.s.now()};
}

}  // namespace

async<response> remark_case_call(call& c) {
  body_fields body(c.req.body);
  auto text = body.required_text("remark", remark_limit, 0);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  auto found = co_await case_call_of_path(c);
  if (!found) co_return missing_answer(c.req, found.error(), no_such_case_call);
  auto q = remark(c, found->job.job.call_job_id, std::move(text));
  auto changed = co_await c.ask(std::move(q));
  if (!changed) co_return missing_answer(c.req, changed.error(), no_such_case_call);
  case_calls_now now;
  now.calls.push_back(std::move(*changed));
  co_await look_at(c, now);
  envelope e(200, "备注更新成功");
  write_case_call(e.data(), c, now.calls.front(), now.status_of(now.calls.front()));
  co_return e.done();
}

namespace {

constexpr std::size_t reason_limit = 200;

/// Keeps why somebody cancelled: behind the remark that there is. That it cannot be kept stops nothing.
async<bool> keep_reason(call& c, const query::case_call_view& one, const std::string& reason) {
  if (reason.empty()) co_return true;
  const auto& before = one.record.remark;
  auto q = remark(c, one.job.job.call_job_id,
                  cut_text((before.empty() ? "" : before + "；") + "取消原因：" + reason, remark_limit));
  const auto kept = co_await c.ask(std::move(q));
  co_return kept.has_value();
}

}  // namespace

async<response> cancel_call_of_case(call& c) {
  body_fields body(c.req.body);
  const auto reason = body.text("reason", reason_limit).value_or("");
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const auto found = co_await case_call_of_path(c);
  if (!found) co_return missing_answer(c.req, found.error(), no_such_case_call);
  const auto& job = found->job.job;
  if (is_terminal(job.status)) co_return error_answer(c.req, 400, 4003, "通话已结束，无法取消");
  cancel_case_call order{c.organization, found->record.row};
  const auto done = co_await c.ask_live<bool>(&backend::cancel_call, std::move(order));
  if (!done && done.error().vendor_code.empty() && done.error().code == errc::not_found)
    co_return failure_answer(c.req, failure{errc::unavailable, {}, {}, 0});
  if (!done) co_return refusal_answer(c.req, done.error(), [](int code) { return code >= 5000 ? 500 : 400; });
  co_await keep_reason(c, *found, reason);
  envelope e(200, "取消请求已提交");
  auto& w = e.data();
  w.StartObject();
  field(w, "jobId", job.call_job_id);
  field(w, "caseRef", found->record.case_id);
  field(w, "personId", found->record.person_id);
  w.EndObject();
  co_return e.done();
}

namespace {

std::string_view text_of(std::string_view event) noexcept {
  if (event == "created") return "外呼请求已创建";
  if (event == "batch_intended") return "准备提交外呼平台";
  if (event == "batch_sent") return "已发送外呼平台";
  if (event == "batch_accepted") return "外呼平台已受理";
  if (event == "batch_failed") return "提交外呼平台失败";
  if (event == "batch_unknown") return "提交结果未知，正在核实";
  if (event == "settled") return "通话已结束";
  if (event == "conversation") return "通话内容已更新";
  if (event == "parked") return "状态监控已暂停";
  if (event == "unparked") return "状态监控已恢复";
  if (event == "follow_up") return "跟进记录已更新";
  if (event == "recording_fetched") return "录音链接已获取";
  return "外呼批次状态变更";
}

/// What happened to the call. Its task may be older than it: what happened there before is not its own.
std::vector<moment> own_history(const query::case_call_view& one, const query::history_of_call& stored) {
  const moment created{one.record.create_time, "created", "round " + std::to_string(one.record.round), "{}"};
  auto all = history_of(created, one.job, stored);
  std::erase_if(all, [&](const moment& m) { return m.what == "task_moved" && m.at < created.at; });
  return all;
}

}  // namespace

async<response> case_call_logs(call& c) {
  body_fields parameters(c.req.query);
  auto page = read_case_page(parameters);
  if (!parameters.ok()) co_return invalid_answer(c.req, parameters.errors());
  const auto found = co_await case_call_of_path(c);
  if (!found) co_return missing_answer(c.req, found.error(), no_such_case_call);
  query::call_history q;
  q.organization_id = c.organization;
  q.row = found->record.row;
  const auto stored = co_await c.ask(std::move(q));
  if (!stored) co_return missing_answer(c.req, stored.error(), no_such_case_call);
  const auto all = own_history(*found, *stored);
  const auto total = static_cast<std::int64_t>(all.size());
  page.page = static_cast<int>(std::min<std::int64_t>(page.page, page_count(total, page.page_size)));
  const auto first = std::int64_t{page.page - 1} * page.page_size;
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "jobId", found->job.job.call_job_id);
  key(w, "items");
  w.StartArray();
  for (auto i = first; i < std::min(total, first + page.page_size); ++i) {
    const auto& m = all[static_cast<std::size_t>(i)];
    w.StartObject();
    field(w, "time", c.s.zone.format(m.at));
    field(w, "timestamp", to_epoch_ms(m.at));
    field(w, "event", m.what);
    field(w, "eventText", text_of(m.what));
    field(w, "cause", m.cause);
    field_json(w, "details", m.details, "{}");
    w.EndObject();
  }
  w.EndArray();
  write_pagination(w, page.page, page.page_size, total);
  w.EndObject();
  co_return e.done();
}

}  // namespace waihu::http
