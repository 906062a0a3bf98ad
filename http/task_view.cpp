#include "http/task_view.hpp"

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

describe_task question_about(const call& c, task_id id) {
  describe_task wanted;
  wanted.organization_id = c.organization;
  wanted.task = id;
  return wanted;
}

/// Rows of a finished task are counted again after this time even if no event tells of a change: somebody may have
/// mended them at the database.
constexpr std::chrono::seconds longest_uncounted{60};

shown_standing shown(const query::task_standing& stored, bool stale) {
  const auto& task = stored.task;
  return {{task.type, task.job_group_id, stored.counters, task.updated_time, task.last_error, task.task_name}, stale};
}

}  // namespace

void write_stale(json_writer& w, bool stale) {
  if (stale) field(w, "stale", true);
}

async<result<shown_standing>> standing_of(call& c, task_id id) {
  if (auto live = c.s.inside->live_task(question_about(c, id))) co_return shown_standing{std::move(*live), false};
  bool stale = false;
  if (c.s.inside->is_elsewhere(id)) {
    auto there = co_await c.ask_live<described_task>(&backend::describe, question_about(c, id));
    if (there) co_return shown_standing{std::move(*there), false};
    stale = there.error().code != errc::not_found;
  }
  // Without an actor the store's rows are exact.
  const bool keeps = !c.s.inside->has_peers();
  const auto stamp = c.s.inside->stamps().of_task(id);
  const auto now = std::chrono::steady_clock::now();
  auto kept = c.s.standings.find(value(id));
  if (kept && kept->figures.stored.task.organization_id != c.organization) kept = nullptr;
  if (keeps && kept && kept->holds(stamp, now)) co_return shown(kept->figures.stored, stale);
  query::find_standing q;
  q.organization_id = c.organization;
  q.task = id;
  auto counted = now;
  if (kept && kept->figures.stored.until && now - kept->figures.counted < longest_uncounted) {
    q.known = query::counted_task{kept->figures.stored.counters, *kept->figures.stored.until};
    counted = kept->figures.counted;
  }
  auto found = co_await c.ask(std::move(q));
  if (!found) co_return tl::unexpected<failure>(std::move(found.error()));
  auto answer = shown(*found, stale);
  c.s.standings.keep(value(id), {std::move(*found), counted}, stamp, now);
  co_return answer;
}

async<result<std::vector<query::task_type_count>>> tasks_by_type(call& c) {
  const auto stamp = c.s.inside->stamps().of_organization(c.organization);
  const auto now = std::chrono::steady_clock::now();
  const bool keeps = !c.s.inside->has_peers();
  if (const auto kept = c.s.type_counts.find(c.organization); keeps && kept && kept->holds(stamp, now))
    co_return kept->figures;
  query::count_tasks_by_type q{c.organization};
  auto counted = co_await c.ask(std::move(q));
  if (counted && keeps) c.s.type_counts.keep(c.organization, *counted, stamp, now);
  co_return counted;
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
