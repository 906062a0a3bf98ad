// What the daemon does by itself for an organisation, runs over a task's calls, and what happened to one call, in the
// memory store.
#include <algorithm>

#include "messages/model/text.hpp"
#include "persistence/memory_session.hpp"

namespace waihu {

namespace {

bool is_open(const run_record& run) noexcept {
  return run.status == run_status::pending || run.status == run_status::running;
}

}  // namespace

result<bool> memory_session::run(const query::set_automation& q) {
  const std::lock_guard lock{state_->mutex};
  return q.running ? state_->stopped_organizations.erase(q.organization_id) > 0
                   : state_->stopped_organizations.insert(q.organization_id).second;
}

result<std::vector<std::string>> memory_session::run(const query::stopped_organizations&) {
  const std::lock_guard lock{state_->mutex};
  return std::vector<std::string>(state_->stopped_organizations.begin(), state_->stopped_organizations.end());
}

result<run_record> memory_session::run(const query::create_run& q) {
  const std::lock_guard lock{state_->mutex};
  const auto* task = owned_task(q.run.organization_id, q.run.task);
  if (task == nullptr) return fail(errc::not_found, "no such task");
  for (const auto& run : state_->runs)
    if (run.task == q.run.task && is_open(run)) return run;
  auto run = q.run;
  run.status = run_status::pending;
  run.total_jobs = task->leads_count;
  run.processed_jobs = 0;
  run.updated_at = run.created_at;
  state_->runs.push_back(run);
  return run;
}

result<run_record> memory_session::run(const query::find_run& q) {
  const std::lock_guard lock{state_->mutex};
  for (const auto& run : state_->runs)
    if (run.id == q.id && run.organization_id == q.organization_id) return run;
  return fail(errc::not_found, "no such run");
}

result<bool> memory_session::run(const query::advance_run& q) {
  const std::lock_guard lock{state_->mutex};
  for (auto& run : state_->runs) {
    if (run.id != q.id || !is_open(run)) continue;
    run.status = q.status;
    run.processed_jobs = q.processed_jobs;
    run.behind = q.behind;
    run.error = storable_text(q.error);
    run.updated_at = q.at;
    return true;
  }
  return false;
}

result<std::vector<run_record>> memory_session::run(const query::unfinished_runs& q) {
  const std::lock_guard lock{state_->mutex};
  std::vector<run_record> out;
  for (const auto& run : state_->runs)
    if (is_open(run)) out.push_back(run);
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.created_at != b.created_at ? a.created_at < b.created_at : a.id < b.id;
  });
  out.resize(std::min(out.size(), static_cast<std::size_t>(std::max(q.limit, 0))));
  return out;
}

result<query::job_with_task> memory_session::run(const query::job_by_row& q) {
  const std::lock_guard lock{state_->mutex};
  const auto found = state_->jobs.find(value(q.row));
  const auto* task = found == state_->jobs.end() ? nullptr : owned_task(q.organization_id, found->second.task);
  if (task == nullptr) return fail(errc::not_found, "no such call");
  return query::job_with_task{state_->view_of(found->second), *task};
}

result<query::history_of_call> memory_session::run(const query::call_history& q) {
  const std::lock_guard lock{state_->mutex};
  const auto found = state_->jobs.find(value(q.row));
  if (found == state_->jobs.end() || owned_task(q.organization_id, found->second.task) == nullptr)
    return fail(errc::not_found, "no such call");
  const auto task = found->second.task;
  query::history_of_call out;
  const auto limit = static_cast<std::size_t>(std::clamp(q.limit, 1, 1000));
  for (const auto& e : state_->events)
    if (out.events.size() < limit && e.task == task && (!e.job || *e.job == q.row)) out.events.push_back(e);
  for (const auto& [id, b] : state_->batches) {
    if (b.task != task || std::find(b.rows.begin(), b.rows.end(), q.row) == b.rows.end()) continue;
    out.batches.push_back(b);
    out.batches.back().rows.clear();
  }
  std::sort(out.batches.begin(), out.batches.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
  return out;
}

}  // namespace waihu
