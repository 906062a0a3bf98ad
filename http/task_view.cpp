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

namespace {

std::optional<described_task> live_task(const call& c, task_id id) {
  describe_task wanted;
  wanted.organization_id = c.organization;
  wanted.task = id;
  return c.s.inside->live_task(wanted);
}

/// Without an actor the store's rows are exact.
async<result<described_task>> stored_standing(call& c, const call_task_record& task) {
  query::count_task q;
  q.task = task.id;
  auto counted = co_await c.ask(std::move(q));
  if (!counted) co_return tl::unexpected<failure>(std::move(counted.error()));
  co_return described_task{task.type, task.job_group_id, *counted, task.updated_time, task.last_error};
}

}  // namespace

async<result<described_task>> standing_of(call& c, task_id id) {
  if (auto live = live_task(c, id)) co_return std::move(*live);
  const auto task = co_await find_task(c, id);
  if (!task) co_return tl::unexpected<failure>(task.error());
  co_return co_await stored_standing(c, *task);
}

async<result<described_task>> standing_of(call& c, const call_task_record& task) {
  if (auto live = live_task(c, task.id)) co_return std::move(*live);
  co_return co_await stored_standing(c, task);
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
