// What a task of cases does besides: it starts by itself, others join it while it is calling, and who placed a call may
// wait until the provider has it.
#include <algorithm>

#include "actors/call_task_state.hpp"
#include "telemetry/log.hpp"

namespace waihu::call_task_shell {

namespace {

/// Rows in one reading of those that joined.
constexpr int joined_at_once = 500;

/// The provider has it, or it is over.
bool is_placed(const call_task_state& state, job_row_id row) {
  const auto index = index_of(state, row);
  if (!index) return false;
  const auto& job = state.jobs[*index];
  return job.has_job_id || is_terminal(job.status);
}

}  // namespace

bool is_of_cases(const call_task_state& state) { return state.record.origin == task_origin::cases; }

std::uint32_t take_in(task_pointer self, call_job_record record) {
  auto& state = self->state;
  const auto index = static_cast<std::uint32_t>(state.jobs.size());
  job_entry entry;
  entry.row = record.row;
  entry.phase = record.phase;
  entry.status = record.status;
  entry.has_job_id = !record.call_job_id.empty();
  entry.followed = record.leads_follow_id.has_value();
  entry.is_interested = record.is_interested;
  entry.parked = record.parked;
  state.jobs.push_back(std::move(entry));
  if (state.held) return index;
  if (record.phase == job_phase::queued || record.phase == job_phase::dispatching)
    state.undispatched.emplace(record.row, record);
  spawn_job(self, index, std::move(record));
  return index;
}

void read_joined(task_pointer self) {
  auto& state = self->state;
  if (state.held || state.draining) return;
  if (state.reading_joined) {
    state.read_joined_again = true;
    return;
  }
  state.reading_joined = true;
  state.read_joined_again = false;
  query::jobs_behind query;
  query.organization_id = state.record.organization_id;
  query.task = state.record.id;
  query.behind = state.newest_row;
  query.limit = joined_at_once;
  read_store(self, *state.eng, std::move(query), [self](result<std::vector<call_job_view>> rows) {
    auto& st = self->state;
    st.reading_joined = false;
    // Who joined is found again by the next who does, by the sweep, or by the next loading.
    if (!rows || st.draining) return;
    dispatch_fact::enqueued joined;
    for (auto& each : *rows) {
      const auto row = each.job.row;
      st.newest_row = row;
      if (index_of(st, row) || each.job.phase == job_phase::closed) continue;
      ++st.counters.total;
      ++st.record.leads_count;
      const auto index = take_in(self, std::move(each.job));
      count(st.counters, st.jobs[index], 1);
      if (st.jobs[index].phase == job_phase::queued) joined.rows.push_back(row);
    }
    if (!joined.rows.empty()) {
      // They came after a start that failed; the next one is made without the calls that are being given up.
      if (!st.unplaced.empty() && st.at.type == task_type::created)
        return reload(self, "calls joined after a start that failed");
      show(self);
      st.at.progress = {st.counters.total, st.counters.has_status, st.counters.follow_due};
      feed_plan(self, joined);
    }
    if (st.read_joined_again || rows->size() >= static_cast<std::size_t>(joined_at_once)) return read_joined(self);
    answer_placements(self);
  });
}

caf::result<result<bool>> await_calls(task_pointer self, const await_case_calls& wanted) {
  auto& state = self->state;
  auto promise = self->make_response_promise<result<bool>>();
  if (wanted.organization_id != state.record.organization_id || !is_of_cases(state)) {
    promise.deliver(result<bool>(fail(errc::not_found, "no such task of cases")));
    return promise;
  }
  state.placements.push_back({promise, wanted.rows, self->clock().now() + wanted.budget});
  const bool knows_all = std::all_of(wanted.rows.begin(), wanted.rows.end(),
                                     [&](job_row_id row) { return index_of(state, row).has_value(); });
  if (!knows_all) read_joined(self);
  answer_placements(self);
  keep_ticking(self);
  return promise;
}

void answer_placements(task_pointer self) {
  auto& state = self->state;
  if (state.placements.empty()) return;
  const auto now = self->clock().now();
  std::erase_if(state.placements, [&](pending_placement& pending) {
    const bool all =
        std::all_of(pending.rows.begin(), pending.rows.end(), [&](job_row_id row) { return is_placed(state, row); });
    if (!all && now < pending.answer_by) return false;
    pending.answer.deliver(result<bool>(all));
    return true;
  });
}

void start_failed(task_pointer self, const failure& why, bool surely) {
  auto& state = self->state;
  if (!surely) return reload(self, "the start is tried again: " + why.message);
  telemetry::log_event(telemetry::log_level::warn, "task", "task.case_calls_given_up",
                       {{"task", state.record.id}, {"reason", why.message}});
  for (const auto& job : state.jobs) {
    if (job.phase != job_phase::queued || is_terminal(job.status)) continue;
    state.unplaced.insert(job.row);
    tell_job(self, job.row, {job_note::what::unplaced, {}, {}, {}});
  }
}

}  // namespace waihu::call_task_shell
