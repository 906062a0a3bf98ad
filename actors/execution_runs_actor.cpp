#include "actors/execution_runs_actor.hpp"

#include <array>
#include <map>
#include <random>

#include "actors/exceptions.hpp"
#include "actors/recording_fetch.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

/// Longest wait for the looks of one batch.
constexpr milliseconds batch_budget{10'000};
/// Before a batch that could not be looked at, or a store that could not be reached, is tried again.
constexpr milliseconds retry_delay{5'000};
/// A batch of which every look failed is tried so often; then the run has failed.
constexpr int tries = 3;
constexpr int most_a_batch = 500;

struct active_run {
  run_record run;
  int failures{};  ///< Of the present batch.
};

struct runs_state {
  runs_state() = default;  // not an aggregate: CAF would try to build it from `self`
  engine_ptr eng;
  std::map<std::string, active_run> active;
  static inline const char* name = "execution_runs";
};

using runs_pointer = execution_runs::stateful_pointer<runs_state>;

std::string fresh_id() {
  std::random_device source;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id(32, '0');
  for (std::size_t i = 0; i < id.size(); i += 8) {
    auto bits = static_cast<std::uint32_t>(source());
    for (std::size_t k = 0; k < 8; ++k, bits >>= 4) id[i + k] = digits[bits & 15U];
  }
  return id;
}

active_run* find(runs_pointer self, const std::string& id) {
  const auto found = self->state.active.find(id);
  return found == self->state.active.end() ? nullptr : &found->second;
}

void again_in(runs_pointer self, const std::string& id, milliseconds delay) {
  self->scheduled_send(self, self->clock().now() + delay, tick_atom::value, id);
}

/// Stores where the run stands; goes on after its pause, or forgets it when it has ended.
void store_progress(runs_pointer self, const std::string& id) {
  auto* entry = find(self, id);
  if (entry == nullptr) return;
  const auto& run = entry->run;
  query::advance_run step{run.id, run.status, run.processed_jobs, run.behind, run.error, self->state.eng->now()};
  read_store(self, *self->state.eng, std::move(step), [self, id](const result<bool>& stored) {
    auto* en = find(self, id);
    if (en == nullptr) return;
    // Until it is stored nothing goes on: who asks must not see a run go back.
    if (!stored && is_transient(stored.error().code)) {
      self->delayed_send(self, retry_delay, run_atom::value, id);
      return;
    }
    if (stored && *stored && en->run.status == run_status::running) return again_in(self, id, en->run.pause);
    self->state.active.erase(id);
  });
}

void end(runs_pointer self, const std::string& id, run_status how, std::string why = {}) {
  auto* entry = find(self, id);
  if (entry == nullptr) return;
  entry->run.status = how;
  entry->run.error = std::move(why);
  telemetry::log_event(telemetry::log_level::info, "run", how == run_status::done ? "run.done" : "run.failed",
                       {{"run", id}, {"task", entry->run.task}, {"reason", entry->run.error}});
  store_progress(self, id);
}

/// The batch is over; its recordings come before the next one, each within the provider's own deadline.
void batch_done(runs_pointer self, const std::string& id, const std::vector<call_job_view>& rows) {
  auto* entry = find(self, id);
  if (entry == nullptr) return;
  entry->failures = 0;
  entry->run.status = run_status::running;
  entry->run.processed_jobs += static_cast<std::int64_t>(rows.size());
  entry->run.behind = rows.back().job.row;
  auto open = std::make_shared<std::size_t>(1);
  const auto over = [self, id, open](const result<std::string>&) {
    if (--*open == 0) store_progress(self, id);
  };
  if (!entry->run.skip_recording) {
    for (const auto& row : rows) {
      if (row.job.status != call_status::succeeded || row.call_task_id.empty()) continue;
      ++*open;
      fetch_recording_link(self, *self->state.eng,
                           fetch_recording{entry->run.organization_id, entry->run.task, row.job.row}, over);
    }
  }
  over({});
}

void look_at(runs_pointer self, const std::string& id, std::vector<call_job_view> rows) {
  auto* entry = find(self, id);
  if (entry == nullptr) return;
  refresh_jobs order;
  order.task = entry->run.task;
  order.max_age = milliseconds{0};
  order.budget = batch_budget;
  for (const auto& row : rows)
    if (!is_terminal(row.job.status)) order.rows.push_back(row.job.row);
  const auto asked = order.rows.size();
  const auto whose = order.task;
  auto page = std::make_shared<const std::vector<call_job_view>>(std::move(rows));
  if (asked == 0) return batch_done(self, id, *page);
  ask<call_task>(
      self, self->state.eng->tasks, batch_budget,
      [self, id, page, asked, order = std::move(order)](const result<call_task>& task) {
        // Without an actor nobody follows these calls now: what the store has is the newest known.
        if (!task) return batch_done(self, id, *page);
        ask<refreshed_jobs>(
            self, *task, batch_budget * 2,
            [self, id, page, asked](const result<refreshed_jobs>& seen) {
              auto* en = find(self, id);
              if (en == nullptr) return;
              const bool nothing = seen && !seen->error.empty() && static_cast<std::size_t>(seen->error_count) >= asked;
              if (seen && !nothing) return batch_done(self, id, *page);
              if (++en->failures < tries) return again_in(self, id, retry_delay);
              end(self, id, run_status::failed, seen ? seen->error : seen.error().message);
            },
            refresh_atom::value, order);
      },
      find_atom::value, whose);
}

void next_batch(runs_pointer self, const std::string& id) {
  auto* entry = find(self, id);
  if (entry == nullptr) return;
  const auto& run = entry->run;
  if (!self->state.eng->shards->owns(run.task)) {
    self->state.active.erase(id);
    return;
  }
  query::jobs_behind page{run.organization_id, run.task, run.behind, run.batch_size};
  read_store(self, *self->state.eng, std::move(page), [self, id](result<std::vector<call_job_view>> rows) {
    if (!rows && is_transient(rows.error().code)) return again_in(self, id, retry_delay);
    if (!rows) return end(self, id, run_status::failed, rows.error().message);
    if (rows->empty()) return end(self, id, run_status::done);
    look_at(self, id, std::move(*rows));
  });
}

void take_up(runs_pointer self, const run_record& run) {
  // Another node goes on with it.
  if (!self->state.eng->shards->owns(run.task)) return;
  if (self->state.active.try_emplace(run.id, active_run{run, 0}).second) next_batch(self, run.id);
}

void resume_all(runs_pointer self) {
  read_store(self, *self->state.eng, query::unfinished_runs{}, [self](const result<std::vector<run_record>>& found) {
    if (!found) {
      self->delayed_send(self, retry_delay, run_atom::value);
      return;
    }
    for (const auto& run : *found) take_up(self, run);
  });
}

caf::result<result<run_record>> start(runs_pointer self, const start_run& wanted) {
  auto promise = self->make_response_promise<result<run_record>>();
  run_record fresh;
  fresh.id = fresh_id();
  fresh.organization_id = wanted.organization_id;
  fresh.task = wanted.task;
  fresh.batch_size = std::clamp(wanted.batch_size, 1, most_a_batch);
  fresh.pause = wanted.pause;
  fresh.skip_recording = wanted.skip_recording;
  fresh.created_at = self->state.eng->now();
  read_store(self, *self->state.eng, query::create_run{std::move(fresh)},
             [self, promise](const result<run_record>& run) mutable {
               if (run) take_up(self, *run);
               promise.deliver(run);
             });
  return promise;
}

execution_runs::behavior_type runs_behavior(runs_pointer self, engine_ptr eng) {
  log_exceptions(self);
  self->state.eng = std::move(eng);
  resume_all(self);
  return {
      [self](run_atom, const start_run& wanted) { return start(self, wanted); },
      [self](run_atom) { resume_all(self); },
      [self](run_atom, const std::string& id) { store_progress(self, id); },
      [self](tick_atom, const std::string& id) { next_batch(self, id); },
  };
}

}  // namespace

execution_runs spawn_execution_runs(caf::actor_system& system, engine_ptr eng) {
  return system.spawn(runs_behavior, std::move(eng));
}

}  // namespace waihu
