// query-task-execution: a page of a task's jobs, the newest known. The page comes from the store; jobs that still live
// are refreshed and overlaid with their actors' snapshots; rows that settled meanwhile are read again.
#include <map>

#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/recording_links.hpp"
#include "http/row_view.hpp"
#include "http/task_view.hpp"

namespace waihu::http {

namespace {

constexpr std::string_view outcome_words =
    "只能是 unfinished、connected、machine、not_reached、not_dialled、failed、cancelled 或 unplaced";

struct execution_query {
  task_id id{};
  query::page_request page;
  bool skip_recording{true};
  bool only_followed{false};
  std::optional<interest> with_interest;
  std::optional<job_outcome> with_outcome;
  bool apply_update{false};
};

execution_query read_query(body_fields& body) {
  execution_query q;
  q.id = task_id{body.required_integer("task_id")};
  q.page = read_page(body);
  q.skip_recording = body.boolean("skip_recording").value_or(true);
  q.only_followed = body.boolean("only_followed").value_or(false);
  if (const auto n = body.integer("interest", 0, 2)) q.with_interest = static_cast<interest>(*n);
  if (const auto word = body.text("outcome", 20); word && !word->empty()) {
    // "unfinished" is what the store has as none.
    if (const auto outcome = parse_job_outcome(*word); outcome != job_outcome::none) q.with_outcome = outcome;
    else if (*word == "unfinished") q.with_outcome = job_outcome::none;
    else body.add_error("outcome", outcome_words);
  }
  q.apply_update = body.boolean("apply_update").value_or(false);
  return q;
}

/// The page under construction.
struct execution_page {
  query::page_of<call_job_view> rows;
  std::map<job_row_id, live_job> live;
  std::vector<job_row_id> changed;
  int error_count{};
  bool is_stale{};
  std::string error;  ///< Of the refresh; empty when all went well.
};

/// Re-reads rows of the page that are no longer live or that this request settled.
async<result<bool>> read_again(call& c, execution_page& page, std::vector<job_row_id> rows) {
  if (rows.empty()) co_return true;
  query::jobs_by_row q;
  q.organization_id = c.organization;
  q.rows = std::move(rows);
  auto fresh = co_await c.ask(std::move(q));
  if (!fresh) co_return tl::unexpected<failure>(std::move(fresh.error()));
  for (auto& row : *fresh)
    for (auto& shown : page.rows.items) {
      if (shown.job.row != row.job.row) continue;
      shown = std::move(row);
      break;
    }
  co_return true;
}

/// Looks at the page's unfinished jobs through the task's actor. A task without an actor has nothing newer.
async<result<bool>> refresh_page(call& c, const execution_query& wanted, execution_page& page) {
  refresh_jobs order;
  order.task = wanted.id;
  order.max_age = wanted.apply_update ? milliseconds{0} : c.s.http.refresh_max_age;
  order.budget = c.s.http.refresh_budget;
  for (const auto& r : page.rows.items)
    if (!is_terminal(r.job.status)) order.rows.push_back(r.job.row);
  if (order.rows.empty()) co_return true;
  const auto asked = order.rows;
  // The actors keep the budget and answer with their last snapshots when it is used up; that answer is waited for.
  const auto patience = c.s.http.refresh_budget + milliseconds{1'000};
  auto seen = co_await c.ask_live<refreshed_jobs>(&backend::refresh, std::move(order), patience);
  if (!seen) {
    if (seen.error().code == errc::not_found) co_return true;
    page.is_stale = true;
    page.error = seen.error().message;
    page.error_count = static_cast<int>(asked.size());
    co_return true;
  }
  for (auto& job : seen->jobs) page.live[job.row] = std::move(job);
  page.changed = std::move(seen->changed);
  page.is_stale = seen->stale;
  page.error = std::move(seen->error);
  page.error_count = seen->error_count;
  std::vector<job_row_id> settled;
  for (const auto row : asked)
    if (!page.live.contains(row)) settled.push_back(row);
  co_return co_await read_again(c, page, std::move(settled));
}

/// Fetches recording links of succeeded calls that have none, or one that has ended, as many as the budget allows.
async<bool> fetch_recordings(call& c, const execution_query& wanted, execution_page& page) {
  const auto now = c.s.now();
  std::vector<wanted_link> asks;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < page.rows.items.size(); ++i) {
    const auto& r = page.rows.items[i];
    if (!wants_new_link(r, now)) continue;
    asks.push_back({wanted.id, r.job.row});
    places.push_back(i);
  }
  auto links = co_await fetch_links(c, std::move(asks));
  for (std::size_t i = 0; i < links.size(); ++i)
    if (links[i]) page.rows.items[places[i]].recording_url = std::move(*links[i]);
  co_return true;
}

void write_page(json_writer& w, const zone_clock& zone, wall_time now, task_id task, const shown_standing& standing,
                const execution_page& page) {
  w.StartObject();
  field(w, "task_id", value(task));
  field(w, "task_name", standing.task_name);
  field(w, "task_type", static_cast<int>(standing.type));
  field(w, "total_jobs", page.rows.total);
  field(w, "updated_count", static_cast<std::int64_t>(page.changed.size()));
  field(w, "error_count", page.error_count);
  field(w, "query_time", zone.format(now));
  field(w, "stale", page.is_stale || standing.stale);
  key(w, "jobs_data");
  w.StartArray();
  for (const auto& row : page.rows.items) {
    const auto live = page.live.find(row.job.row);
    w.StartObject();
    write_job(w, zone, standing.job_group_id, row, live == page.live.end() ? nullptr : &live->second);
    w.EndObject();
  }
  w.EndArray();
  const auto& n = standing.counters;
  key(w, "task_stats");
  w.StartObject();
  field(w, "total_calls", n.total);
  field(w, "connected_calls", n.connected);
  field(w, "not_connected_calls", n.not_connected);
  field(w, "not_started_calls", n.total - n.connected - n.not_connected);
  field(w, "is_completed", n.total > 0 && n.connected + n.not_connected >= n.total);
  w.EndObject();
  key(w, "pagination");
  w.StartObject();
  field(w, "page", page.rows.page);
  field(w, "page_size", page.rows.page_size);
  field(w, "total_pages", page_count(page.rows.total, page.rows.page_size));
  field(w, "total_count", page.rows.total);
  w.EndObject();
  w.EndObject();
}

}  // namespace

async<response> query_execution(call& c) {
  body_fields body(c.req.body);
  const auto wanted = read_query(body);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  if (wanted.apply_update && c.user().role == user_role::viewer)
    co_return error_answer(c.req, 403, code_unauthorized, "没有权限执行此操作");
  auto standing = co_await standing_of(c, wanted.id);
  if (!standing) co_return task_missing(c.req, standing.error());

  query::list_jobs q;
  q.organization_id = c.organization;
  q.task = wanted.id;
  q.only_followed = wanted.only_followed;
  q.with_interest = wanted.with_interest;
  q.page = wanted.page;
  q.with_outcome = wanted.with_outcome;
  const bool is_filtered = wanted.only_followed || wanted.with_interest || wanted.with_outcome;
  if (!is_filtered) q.total = standing->counters.total;
  auto rows = co_await c.ask(std::move(q));
  if (!rows) co_return task_missing(c.req, rows.error());
  execution_page page;
  page.rows = std::move(*rows);
  if (page.rows.total > 0) {
    // A node that has just not answered is not waited for again, unless a look is insisted on.
    const bool is_reachable = !standing->stale;
    if (is_reachable || wanted.apply_update) {
      const auto refreshed = co_await refresh_page(c, wanted, page);
      if (!refreshed) co_return failure_answer(c.req, refreshed.error());
    }
    if (wanted.apply_update && !page.error.empty())
      co_return error_answer(c.req, 500, 5003, "获取外呼任务状态失败: " + page.error);
    if (!wanted.skip_recording && is_reachable) co_await fetch_recordings(c, wanted, page);
  }
  // What the refresh found is counted already.
  if (!standing->stale) standing = co_await standing_of(c, wanted.id);
  if (!standing) co_return task_missing(c.req, standing.error());
  if (page.rows.total == 0) {
    envelope e("error", 4008,
               wanted.with_outcome ? "任务下没有符合条件的外呼记录"
               : is_filtered       ? "任务下没有已跟进的记录"
                                   : "任务下没有已分配的外呼任务");
    write_page(e.data(), c.s.zone, c.s.now(), wanted.id, *standing, page);
    co_return e.done_as_error(400, c.req.request_id);
  }
  envelope e(200, "查询成功");
  write_page(e.data(), c.s.zone, c.s.now(), wanted.id, *standing, page);
  co_return e.done();
}

}  // namespace waihu::http
