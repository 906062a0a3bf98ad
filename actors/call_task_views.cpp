// What a call task's shell answers to questions: exact counters, the newest state of some jobs, why it waits.
#include <algorithm>
#include <unordered_map>

#include "actors/call_task_state.hpp"
#include "actors/owner_routing.hpp"

namespace waihu::call_task_shell {

namespace {

/// Collects the answers of a page of jobs.
struct page_of_views {
  caf::typed_response_promise<result<refreshed_jobs>> answer;
  refreshed_jobs so_far;
  std::size_t open{};
};

void add(const std::shared_ptr<page_of_views>& page, job_view_answer& view, bool late) {
  auto& all = page->so_far;
  if (view.terminal) {
    if (view.changed) all.changed.push_back(view.live.row);
  } else {
    all.jobs.push_back(std::move(view.live));
  }
  if (!view.error.empty()) {
    all.error = view.error;
    ++all.error_count;
  }
  if (late || view.stale) all.stale = true;
}

void close_one(const std::shared_ptr<page_of_views>& page) {
  if (--page->open == 0) page->answer.deliver(result<refreshed_jobs>(std::move(page->so_far)));
}

/// The budget ran out for this job: what it knows now, however old.
void take_stale(task_pointer self, const call_job& job, const std::shared_ptr<page_of_views>& page) {
  self->request(job, std::chrono::seconds(1), view_atom::value, view_request{milliseconds{0}, true})
      .then(
          [page](job_view_answer& view) {
            add(page, view, true);
            close_one(page);
          },
          [page](caf::error&) {
            page->so_far.stale = true;
            close_one(page);
          });
}

}  // namespace

void show(task_pointer self) {
  auto& state = self->state;
  described_task now{state.at.type,    state.at.job_group_id, state.counters, state.record.updated_time,
                     state.last_error, state.record.task_name};
  if (state.place) state.place->show(std::move(now));
  else state.place = state.eng->board->take(state.record.organization_id, state.record.id, std::move(now));
}

void note_error(task_pointer self, std::string what) {
  self->state.last_error = std::move(what);
  show(self);
}

caf::result<result<refreshed_jobs>> refresh(task_pointer self, const refresh_jobs& wanted) {
  auto& state = self->state;
  auto page = std::make_shared<page_of_views>();
  page->answer = self->make_response_promise<result<refreshed_jobs>>();
  page->open = 1;  // ours; closed at the end, so that an empty page is answered too
  for (const auto row : wanted.rows) {
    const auto found = index_of(state, row);
    if (!found || !state.jobs[*found].actor) continue;
    ++page->open;
    const auto job = state.jobs[*found].actor;
    self->request(job, wanted.budget, view_atom::value, view_request{wanted.max_age, false})
        .then(
            [page](job_view_answer& view) {
              add(page, view, false);
              close_one(page);
            },
            [self, job, page](caf::error&) { take_stale(self, job, page); });
  }
  auto answer = page->answer;
  close_one(page);
  return answer;
}

namespace {

/// One job's reason, and when it can move next.
struct wait_of_job {
  wait_kind kind{};
  std::optional<steady_time> until;
};

/// Reads off the state that decides what a job of this task waits for.
class wait_reader {
 public:
  wait_reader(const call_task_state& state, steady_time now) : state_(state), now_(now) {
    for (const auto row : state.plan->unknown_rows()) batches_[row] = wait_kind::reconciling;
    for (const auto row : state.plan->resting_rows()) batches_[row] = wait_kind::retry_back_off;
    if (state.eng->counts->breaker.load() == breaker_open) {
      const auto left = state.eng->counts->breaker_retry_ms.load() - to_epoch_ms(state.eng->now());
      tripped_until_ = now + milliseconds{std::max<std::int64_t>(left, 0)};
    }
  }

  /// What holds up everything that is not at the provider yet.
  [[nodiscard]] std::optional<wait_kind> of_task() const {
    if (state_.held) return wait_kind::organization_stopped;
    if (state_.at.step == task_step::suspending && !state_.switching) return wait_kind::switch_reconciling;
    if (state_.at.type == task_type::suspended) return wait_kind::suspended;
    if (state_.at.type == task_type::created) return wait_kind::not_started;
    return std::nullopt;
  }

  /// nullopt for a job that has been closed.
  [[nodiscard]] std::optional<wait_of_job> of(std::uint32_t index) const {
    const auto& job = state_.jobs[index];
    if (job.phase == job_phase::closed) return std::nullopt;
    if (state_.held) return wait_of_job{wait_kind::organization_stopped, {}};
    if (const auto restart = state_.restarts.find(index); restart != state_.restarts.end())
      return wait_of_job{wait_kind::restarting, restart->second};
    const auto woken = state_.wheel->due_at(index);
    switch (job.phase) {
      case job_phase::queued: return of_queued();
      case job_phase::dispatching: {
        const auto batch = batches_.find(job.row);
        return wait_of_job{batch == batches_.end() ? wait_kind::submitting : batch->second, state_.plan->next_due()};
      }
      case job_phase::tracking:
        if (tripped_until_) return wait_of_job{wait_kind::provider_tripped, tripped_until_};
        return wait_of_job{of_provider(job.status), woken};
      case job_phase::parked:
        return wait_of_job{
            job.parked == parked_reason::timeout ? wait_kind::parked_timeout : wait_kind::parked_unreachable, {}};
      default: break;
    }
    return wait_of_job{job.awaiting_conversation ? wait_kind::awaiting_conversation : wait_kind::awaiting_analysis,
                       woken};
  }

 private:
  static constexpr int breaker_open = 2;

  [[nodiscard]] wait_of_job of_queued() const {
    if (const auto all = of_task()) return {*all, {}};
    if (tripped_until_) return {wait_kind::provider_tripped, tripped_until_};
    switch (state_.gate_says) {
      case gate_reason::organization_concurrency_full: return {wait_kind::concurrency_full, {}};
      case gate_reason::account_concurrency_full: return {wait_kind::account_concurrency_full, {}};
      case gate_reason::rate_limited: return {wait_kind::rate_limited, state_.plan->next_due()};
      case gate_reason::none: break;
    }
    if (state_.plan->resting(now_)) return {wait_kind::retry_back_off, state_.plan->next_due()};
    return {wait_kind::submitting, {}};
  }

  [[nodiscard]] wait_kind of_provider(call_status status) const {
    switch (status) {
      case call_status::executing: return wait_kind::in_call;
      case call_status::paused:
      case call_status::drafted:
        return state_.at.type == task_type::suspended ? wait_kind::suspended : wait_kind::provider_paused;
      default: return wait_kind::provider_queue;
    }
  }

  const call_task_state& state_;
  steady_time now_;
  std::unordered_map<job_row_id, wait_kind> batches_;  ///< Rows whose batch is not simply on its way.
  std::optional<steady_time> tripped_until_;
};

std::optional<wall_time> on_the_wall(const call_task_state& state, steady_time now, std::optional<steady_time> when) {
  if (!when) return std::nullopt;
  return state.eng->now() + std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(*when - now));
}

}  // namespace

diagnosed_task diagnose(task_pointer self) {
  const auto& state = self->state;
  const auto now = self->clock().now();
  diagnosed_task d;
  d.processing = !state.held;
  d.owner_node = state.eng->node;
  d.epoch = state.epoch;
  d.open_batches = static_cast<std::int64_t>(state.plan->open_batches());
  d.last_error = !state.last_error.empty() ? state.last_error : state.plan->last_error();
  const wait_reader reader(state, now);
  std::map<wait_kind, wait_reason> found;
  if (const auto whole = reader.of_task()) found[*whole].kind = *whole;
  for (std::uint32_t i = 0; i < state.jobs.size(); ++i) {
    if (state.jobs[i].actor) ++d.live_jobs;
    const auto wait = reader.of(i);
    if (!wait) continue;
    auto& reason = found[wait->kind];
    reason.kind = wait->kind;
    ++reason.jobs;
    const auto until = on_the_wall(state, now, wait->until);
    if (until && (!reason.until || *until < *reason.until)) reason.until = until;
  }
  for (auto& [kind, reason] : found) d.reasons.push_back(reason);
  return d;
}

result<explained_job> explain(task_pointer self, job_row_id row) {
  const auto& state = self->state;
  const auto now = self->clock().now();
  const auto index = index_of(state, row);
  if (!index) return fail(errc::not_found, "the call is closed or not this task's");
  explained_job e;
  e.phase = state.jobs[*index].phase;
  e.status = state.jobs[*index].status;
  if (const auto wait = wait_reader(state, now).of(*index))
    e.reasons.push_back({wait->kind, 1, on_the_wall(state, now, wait->until)});
  e.next_look = on_the_wall(state, now, state.wheel->due_at(*index));
  return e;
}

void tell_progress(task_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  if (!state.progress_changed || now - state.progress_told_at < milliseconds{1'000}) return;
  state.progress_changed = false;
  state.progress_told_at = now;
  if (const auto out = at_provider(state); out != state.reported_at_provider) {
    // The gate derives free slots from this; a task that has nothing left to send would never ask again.
    state.reported_at_provider = out;
    self->send(state.eng->gate, report_atom::value, state.record.organization_id, state.record.id,
               static_cast<std::uint64_t>(out));
  }
  const auto& c = state.counters;
  const auto number = [](const char* name, std::int64_t n) {
    return std::string("\"") + name + "\":" + std::to_string(n);
  };
  event_record event;
  event.organization_id = state.record.organization_id;
  event.task = state.record.id;
  event.kind = "progress";
  event.at = state.eng->now();
  event.data_json = "{" + number("total_jobs", c.total) + "," + number("scheduling", c.scheduling) + "," +
                    number("executing", c.executing) + "," + number("total_completed", c.completed) + "," +
                    number("failed", c.failed) + "," + number("followed", c.has_follow) + "," +
                    number("task_type", static_cast<std::int64_t>(state.at.type)) + "}";
  // What is kept reaches the other nodes through the store; this is not.
  if (state.eng->peers) tell_others(*state.eng, tell_progress_elsewhere{event});
  self->send(state.eng->hub, publish_atom::value,
             event_pack(std::make_shared<const std::vector<event_record>>(1, std::move(event))));
}

}  // namespace waihu::call_task_shell
