#include "http/task_view.hpp"

#include "http/json_writer.hpp"

namespace waihu::http {

pending<call_task_record> find_task(const call& c, task_id id) {
  query::find_task q;
  q.organization_id = c.organization;
  q.id = id;
  return c.ask(std::move(q));
}

response task_missing(const request& req, const failure& why, int http_status) {
  if (why.code == errc::not_found) return error_answer(req, http_status, 4004, no_such_task);
  return failure_answer(req, why);
}

response refusal_answer(const request& req, const failure& why, int (*status_of)(int code)) {
  const auto code = parse_integer(why.vendor_code);
  if (!code || *code < 1000 || *code > 9999) return failure_answer(req, why);
  const int number = static_cast<int>(*code);
  return error_answer(req, status_of(number), number, why.message.empty() ? "操作失败" : why.message);
}

async<result<task_standing>> standing_of(call& c, const call_task_record& task) {
  task_standing s;
  s.type = task.type;
  s.job_group_id = task.job_group_id;
  s.updated_time = task.updated_time;
  s.last_error = task.last_error;
  describe_task live;
  live.task = task.id;
  auto described = co_await c.ask_live<described_task>(&backend::describe, std::move(live));
  if (described) {
    s.type = described->type;
    if (!described->job_group_id.empty()) s.job_group_id = std::move(described->job_group_id);
    s.updated_time = described->updated_time;
    s.last_error = std::move(described->last_error);
    s.counters = described->counters;
    co_return s;
  }
  // No actor, or one that does not answer: the store's rows are exact as far as anything is settled.
  query::count_task q;
  q.task = task.id;
  auto counted = co_await c.ask(std::move(q));
  if (!counted) co_return tl::unexpected<failure>(std::move(counted.error()));
  s.counters = *counted;
  co_return s;
}

query::page_request read_page(body_fields& fields) {
  query::page_request p;
  p.page = static_cast<int>(fields.integer("page", 1, 1'000'000'000).value_or(1));
  p.page_size = static_cast<int>(fields.integer("page_size", 1, 500).value_or(20));
  return p;
}

std::int64_t page_count(std::int64_t total, int page_size) noexcept {
  return page_size < 1 ? 0 : (total + page_size - 1) / page_size;
}

}  // namespace waihu::http
