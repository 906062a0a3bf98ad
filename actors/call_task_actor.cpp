#include "actors/call_task_actor.hpp"

#include <algorithm>

#include "actors/call_task_state.hpp"
#include "actors/exceptions.hpp"
#include "provider/voice_provider.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace call_task_shell {

namespace {

constexpr std::size_t wake_slice = 1'000;
constexpr int max_job_crashes = 5;
constexpr int max_group_pages = 200;
/// Tries of one ResumeJobs that have marks of their own: as many as there are unless provider.read_tries is set.
constexpr int resume_tries = 3;

std::string group_name(const call_task_state& state) {
  return "任务_" + std::to_string(value(state.record.id)) + "_" + state.record.task_name;
}

/// A task of cases stays for calls that are being given up after a start that failed.
bool has_live_case_calls(const call_task_state& state) {
  return is_of_cases(state) && (state.counters.has_status < state.counters.total || state.counters.follow_due > 0);
}

void refuse_start(task_pointer self, const std::string& code, failure why) {
  auto& start = self->state.start;
  if (!start) return;
  why.vendor_code = code;
  start->answer.deliver(result<started_call_task>(tl::unexpected<failure>(std::move(why))));
  start.reset();
}

void refuse_switch(task_pointer self, const std::string& code, failure why) {
  auto& switching = self->state.switching;
  if (!switching) return;
  why.vendor_code = code;
  switching->deliver(result<suspended_resumed_task>(tl::unexpected<failure>(std::move(why))));
  switching.reset();
}

void tell_all(task_pointer self, job_note::what kind) {
  for (const auto& job : self->state.jobs)
    if (job.actor) self->send(job.actor, note_atom::value, job_note{kind, {}, {}, {}});
}

/// Commits a change of the task itself; `done` is fed to the machine once it is durable.
void commit_for_task(task_pointer self, store_change change, call_task_fact done) {
  commit(self, *self->state.eng, std::move(change),
         [self, done = std::move(done)](const result<change_receipt>& receipt) {
           if (receipt) return feed_task(self, done);
           if (!ownership_lost(self, receipt.error())) feed_task(self, task_fact::commit_failed{receipt.error()});
         });
}

struct order_visitor {
  task_pointer self;

  void operator()(const task_orders::persist_group_request&) const {
    auto& state = self->state;
    commit_for_task(self, change::request_group{state.own(), state.eng->now()}, task_fact::request_committed{});
  }

  void operator()(const task_orders::find_group&) const { search_group(1, std::make_shared<job_group>()); }

  void operator()(const task_orders::create_group&) const {
    auto& state = self->state;
    job_group_request request{group_name(state), "waihu task " + std::to_string(value(state.record.id)),
                              state.record.script_id};
    call_provider<std::string>(
        self, *state.eng, "CreateJobGroup", writing,
        [request](voice_provider& provider, milliseconds deadline, completion<std::string> done) {
          provider.create_job_group(request, deadline, std::move(done));
        },
        [self = self](result<std::string> answer) {
          if (answer) return feed_task(self, task_fact::group_created{*answer});
          telemetry::log_event(telemetry::log_level::warn, "task", "task.group_failed",
                               {{"task", self->state.record.id},
                                {"code", to_string(answer.error().code)},
                                {"vendor_code", answer.error().vendor_code},
                                {"reason", answer.error().message}});
          feed_task(self, task_fact::group_failed{answer.error()});
        });
  }

  void operator()(const task_orders::persist_move& move) const {
    auto& state = self->state;
    change::move_task change{state.own(), move.from, move.to, move.job_group_id, move.last_error, state.eng->now()};
    if (is_of_cases(state)) change.leads_count = state.counters.total;
    commit_for_task(self, std::move(change), task_fact::move_committed{});
  }

  void operator()(const task_orders::persist_error& error) const {
    auto& state = self->state;
    note_error(self, error.reason);
    commit(self, *state.eng, change::note_task{state.own(), error.reason},
           [self = self](const result<change_receipt>& receipt) {
             if (!receipt) ownership_lost(self, receipt.error());
           });
  }

  void operator()(const task_orders::persist_switch_request&) const {
    auto& state = self->state;
    state.switch_noted_at = state.eng->now();
    commit_for_task(self, change::request_group{state.own(), *state.switch_noted_at}, task_fact::request_committed{});
  }

  void operator()(const task_orders::suspend_at_provider&) const {
    if (self->state.at.in_doubt) return spend_resume_marks(0);
    call_switch("SuspendJobs", true);
  }
  void operator()(const task_orders::suspend_again&) const {
    auto& state = self->state;
    telemetry::log_repeated(telemetry::log_level::warn, "task", "task.switch_in_doubt", "",
                            {{"task", state.record.id}, {"job_group_id", state.at.job_group_id}});
    state.suspend_again_at = self->clock().now() + state.eng->options.dispatch.reconcile_retry;
    keep_ticking(self);
  }
  void operator()(const task_orders::resume_at_provider&) const { call_switch("ResumeJobs", false); }

  void operator()(const task_orders::open_dispatch&) const {
    if (self->state.held) return;
    self->state.may_send.grant();
    feed_plan(self, dispatch_fact::opened{});
  }
  void operator()(const task_orders::hold_dispatch&) const {
    self->state.may_send.withdraw();
    feed_plan(self, dispatch_fact::held{});
  }

  void operator()(const task_orders::abandon_group& group) const {
    auto& state = self->state;
    telemetry::log_event(telemetry::log_level::warn, "task", "task.group_abandoned",
                         {{"task", state.record.id}, {"job_group_id", group.job_group_id}});
    call_provider<bool>(
        self, *state.eng, "DeleteJobGroup", writing,
        [id = group.job_group_id](voice_provider& provider, milliseconds deadline, completion<bool> done) {
          provider.delete_job_group(id, deadline, std::move(done));
        },
        [self = self, id = group.job_group_id](const result<bool>& answer) {
          if (!answer)
            telemetry::log_event(
                telemetry::log_level::warn, "task", "task.group_left_behind",
                {{"task", self->state.record.id}, {"job_group_id", id}, {"reason", answer.error().message}});
        });
    refuse_start(self, "5002", state.nothing_assigned);
  }

  void operator()(const task_orders::answer_ok&) const {
    auto& state = self->state;
    if (state.start) {
      state.start->group_exists = true;
      answer_start(self);
    }
    if (state.switching) {
      state.switching->deliver(result<suspended_resumed_task>(
          suspended_resumed_task{state.record.id, state.at.job_group_id, state.at.type}));
      state.switching.reset();
    }
  }

  void operator()(const task_orders::answer_error& error) const {
    refuse_start(self, error.code, error.why);
    refuse_switch(self, error.code, error.why);
    if (is_of_cases(self->state) && self->state.at.type == task_type::created)
      start_failed(self, error.why, error.code == "5001" && !self->state.at.group_requested);
  }

  void operator()(const task_orders::tell_suspended&) const { tell_all(self, job_note::what::suspended); }
  void operator()(const task_orders::tell_resumed&) const { tell_all(self, job_note::what::resumed); }
  void operator()(const task_orders::retire&) const {
    if (!has_live_case_calls(self->state)) self->quit(caf::exit_reason::normal);
  }
  void operator()(const task_orders::reload&) const { reload(self, "a move's commit ended in doubt"); }

 private:
  /// Reads the provider's groups page by page; the newest of this task's name is its own.
  void search_group(int page, const std::shared_ptr<job_group>& newest) const {
    auto& state = self->state;
    constexpr int page_size = 50;
    // Only groups made since the task exists can be its own; a minute covers a clock that differs from the provider's.
    const auto since = to_epoch_ms(state.record.create_time - minutes{1});
    call_provider<provider_page<job_group>>(
        self, *state.eng, "ListJobGroups", reading,
        [name = group_name(state), since, page](voice_provider& provider, milliseconds deadline,
                                                completion<provider_page<job_group>> done) {
          provider.list_job_groups(name, since, page, page_size, deadline, std::move(done));
        },
        [self = self, page, newest](result<provider_page<job_group>> answer) {
          if (!answer) return feed_task(self, task_fact::group_failed{answer.error()});
          const auto name = group_name(self->state);
          for (auto& group : answer->items)
            if (group.name == name && (newest->job_group_id.empty() || group.created_ms > newest->created_ms))
              *newest = std::move(group);
          // Only a short page is the last one: the search text is the provider's to interpret and may match many.
          if (answer->items.size() >= page_size) {
            if (page < max_group_pages) return order_visitor{self}.search_group(page + 1, newest);
            return feed_task(self,
                             task_fact::group_failed{{errc::rejected, "too many job groups of a like name", {}, 0}});
          }
          feed_task(self, task_fact::group_searched{newest->job_group_id});
        });
  }

  /// Of the ResumeJobs that the store says was asked for, the same for whoever owns the task. Each try has its own, for
  /// what was throttled may have used its mark up; the last one is for all further tries.
  [[nodiscard]] std::vector<std::string> resume_marks() const {
    const auto& state = self->state;
    const auto noted_ms = state.switch_noted_at ? to_epoch_ms(*state.switch_noted_at) : 0;
    std::vector<std::string> marks;
    for (int i = 0; i < resume_tries; ++i)
      marks.push_back(state.at.job_group_id + "/resume/" + std::to_string(noted_ms) + "/" + std::to_string(i));
    return marks;
  }

  /// A ResumeJobs may be on its way for as long as its sender stands still, and would undo the suspension (ADR 0017).
  void spend_resume_marks(std::size_t spent) const {
    const auto marks = resume_marks();
    if (spent == marks.size()) return call_switch("SuspendJobs", true);
    call_provider<bool>(
        self, *self->state.eng, "ListJobsByGroup", reading,
        [id = self->state.at.job_group_id, mark = marks[spent]](voice_provider& provider, milliseconds deadline,
                                                                completion<bool> done) {
          provider.spend_mark(id, mark, deadline, std::move(done));
        },
        [self = self, spent](const result<bool>& answer) {
          if (answer) order_visitor{self}.spend_resume_marks(spent + 1);
          else feed_task(self, task_fact::provider_refused{answer.error()});
        });
  }

  void call_switch(const char* operation, bool suspend) const {
    auto& state = self->state;
    call_provider<bool>(
        self, *state.eng, operation, writing,
        [id = state.at.job_group_id, marks = suspend ? std::vector<std::string>{} : resume_marks(),
         tries = std::make_shared<std::size_t>(0)](voice_provider& provider, milliseconds deadline,
                                                   completion<bool> done) {
          if (marks.empty()) return provider.suspend_jobs(id, deadline, std::move(done));
          provider.resume_jobs(id, marks[std::min((*tries)++, marks.size() - 1)], deadline, std::move(done));
        },
        [self = self](const result<bool>& answer) {
          if (answer) feed_task(self, task_fact::provider_did_it{});
          else feed_task(self, task_fact::provider_refused{answer.error()});
        });
  }
};

void take_report(task_pointer self, const job_report& report) {
  auto& state = self->state;
  if (report.index >= state.jobs.size()) return;
  auto& job = state.jobs[report.index];
  count(state.counters, job, -1);
  job.phase = report.phase;
  job.status = report.status;
  job.has_job_id = report.has_job_id;
  job.followed = report.followed;
  job.awaiting_conversation = report.awaiting_conversation;
  job.parked = report.parked;
  job.is_interested = report.is_interested;
  count(state.counters, job, 1);
  show(self);
  state.progress_changed = true;
  if (state.start && !report.call_job_id.empty()) state.start->call_job_ids.push_back(report.call_job_id);
  if (report.retired) {
    job.actor = nullptr;
    state.wheel->disarm(report.index);
  }
  task_progress progress{state.counters.total, state.counters.has_status, state.counters.follow_due};
  if (progress != state.at.progress) feed_task(self, task_fact::progressed{progress});
  answer_start(self);
}

void respawn_due_jobs(task_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  for (auto it = state.restarts.begin(); it != state.restarts.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    const auto index = it->first;
    it = state.restarts.erase(it);
    query::jobs_by_row query{state.record.organization_id, {state.jobs[index].row}};
    read_store(self, *state.eng, std::move(query), [self, index](result<std::vector<call_job_view>> rows) {
      auto& st = self->state;
      if (!rows) {
        st.restarts[index] = self->clock().now() + milliseconds{5'000};
        return keep_ticking(self);
      }
      if (rows->empty()) return;
      const auto& stored = rows->front().job;
      // What its predecessor committed without being able to say so is counted now.
      job_report known;
      known.index = index;
      known.phase = stored.phase;
      known.status = stored.status;
      known.parked = stored.parked;
      known.has_job_id = !stored.call_job_id.empty();
      known.followed = stored.leads_follow_id.has_value() || (is_of_cases(st) && stored.phase == job_phase::closed);
      known.is_interested = stored.is_interested;
      known.retired = stored.phase == job_phase::closed;
      take_report(self, known);
      if (known.retired) return;
      spawn_job(self, index, stored);
      if (st.unplaced.contains(stored.row)) tell_job(self, stored.row, {job_note::what::unplaced, {}, {}, {}});
    });
  }
}

void job_crashed(task_pointer self, std::uint32_t index, const std::string& what) {
  auto& state = self->state;
  if (index >= state.jobs.size()) return;
  auto& job = state.jobs[index];
  job.actor = nullptr;
  state.wheel->disarm(index);
  ++state.eng->counts->job_crashes;
  telemetry::log_event(telemetry::log_level::error, "job", "job.crashed",
                       {{"task", state.record.id}, {"job", job.row}, {"what", what}});
  job.crashes = static_cast<std::uint8_t>(std::min<int>(job.crashes + 1, 250));
  // 1 s doubling to 60 s; a job that keeps dying stays down until the next sweep.
  const auto exponent = std::min<int>(job.crashes - 1, 6);
  auto delay =
      std::min(state.eng->options.supervisor.restart_min * (1 << exponent), state.eng->options.supervisor.restart_max);
  if (job.crashes > max_job_crashes) delay = state.eng->options.supervisor.sweep_interval;
  state.restarts[index] = self->clock().now() + delay;
  keep_ticking(self);
}

/// A move whose commit ended in doubt may take effect after the task was loaded afresh; the actor would stand where the
/// store no longer does, and wait for ever. What the store says counts: `swept_type` is what the sweep read there,
/// which may be older than what stands here, so it is read again when it differs.
void compare_with_store(task_pointer self, int swept_type) {
  if (self->state.held) return;
  const auto believed = [self]() -> std::optional<task_type> {
    const auto& state = self->state;
    if (state.at.step != task_step::idle || state.start || state.switching || state.draining) return std::nullopt;
    return state.at.type;
  };
  const auto before = believed();
  if (!before || static_cast<int>(*before) == swept_type) return;
  query::find_task query{self->state.record.organization_id, self->state.record.id, {}, true};
  read_store(self, *self->state.eng, std::move(query), [self, believed, before](const auto& found) {
    if (found && found->type != *before && believed() == before)
      reload(self, "the store has it at " + std::string(to_string(found->type)));
  });
}

/// A task at 1 without a start under way needs no actor, nor does one that is held when its switch is over. True when
/// it leaves.
bool leave_if_idle(task_pointer self) {
  const auto& state = self->state;
  if (state.held) {
    if (state.at.step != task_step::idle || state.switching) return false;
    self->quit(caf::exit_reason::normal);
    return true;
  }
  if (state.at.type != task_type::created || state.at.step != task_step::idle || state.start) return false;
  if (has_live_case_calls(state)) return false;
  self->quit(caf::exit_reason::normal);
  return true;
}

/// A SuspendJobs that was given up may still arrive, after the resume that followed it; the provider then shows jobs of
/// a calling task as paused, and nobody would ever dial them. What the store says counts, so the group is resumed; the
/// next sweep looks again.
void realign(task_pointer self) {
  auto& state = self->state;
  if (state.at.type != task_type::calling || state.at.step != task_step::idle || state.realigning || state.draining)
    return;
  const bool paused = std::any_of(state.jobs.begin(), state.jobs.end(), [](const job_entry& job) {
    return job.phase == job_phase::tracking && job.status == call_status::paused;
  });
  if (!paused) return;
  telemetry::log_event(telemetry::log_level::warn, "task", "task.resuming_stray_pause",
                       {{"task", state.record.id}, {"job_group_id", state.at.job_group_id}});
  state.realigning = true;
  call_provider<bool>(
      self, *state.eng, "ResumeJobs", writing,
      [id = state.at.job_group_id](voice_provider& provider, milliseconds deadline, completion<bool> done) {
        provider.resume_jobs(id, {}, deadline, std::move(done));
      },
      [self](const result<bool>&) { self->state.realigning = false; });
}

void finish_drain(task_pointer self) {
  auto& state = self->state;
  if (state.drains_open > 0) return;
  if (state.drained) state.drained->deliver(true);
  self->quit(caf::exit_reason::user_shutdown);
}

void drain_jobs(task_pointer self) {
  auto& state = self->state;
  state.drain_by = steady_time{};
  for (auto& job : state.jobs) {
    if (!job.actor) continue;
    ++state.drains_open;
    const auto over = [self] {
      if (--self->state.drains_open == 0) finish_drain(self);
    };
    self->request(job.actor, std::chrono::seconds(5), drain_atom::value)
        .then([over](bool) { over(); }, [over](caf::error&) { over(); });
  }
  finish_drain(self);
}

void tick(task_pointer self) {
  auto& state = self->state;
  state.ticking = false;
  const auto now = self->clock().now();
  const auto due = state.wheel->due(now, wake_slice);
  for (const auto index : due)
    if (state.jobs[index].actor)
      self->send(state.jobs[index].actor, note_atom::value,
                 job_note{job_note::what::woken, {}, {}, {}, state.wheel->wish_of(index)});
  if (due.size() == wake_slice) {
    self->send(self, tick_atom::value);
    state.ticking = true;
  }
  respawn_due_jobs(self);
  if (state.draining && state.drain_by != steady_time{} &&
      (now >= state.drain_by || state.plan->rows_in_batches() == 0 || state.plan->reconciling()))
    return drain_jobs(self);
  if (state.suspend_again_at && *state.suspend_again_at <= now) {
    state.suspend_again_at.reset();
    order_visitor{self}(task_orders::suspend_at_provider{});
  }
  if (const auto plan_due = state.plan->next_due(); plan_due && *plan_due <= now)
    feed_plan(self, dispatch_fact::ticked{});
  answer_start(self);
  tell_progress(self);
  keep_ticking(self);
}

caf::result<bool> drain(task_pointer self) {
  auto& state = self->state;
  auto promise = self->make_response_promise<bool>();
  state.drained = promise;
  state.draining = true;
  // Batches on their way get a moment to be acknowledged; what is not is reconciled by the next owner.
  state.drain_by = self->clock().now() + state.eng->options.node.drain_timeout / 5;
  order_visitor{self}(task_orders::hold_dispatch{});
  self->send(self, tick_atom::value);
  return promise;
}

caf::result<result<started_call_task>> start(task_pointer self, const start_call_task& wanted) {
  auto& state = self->state;
  auto promise = self->make_response_promise<result<started_call_task>>();
  const auto refuse = [&](std::string code, std::string text) {
    promise.deliver(result<started_call_task>(fail(errc::rejected, std::move(text), std::move(code))));
    return promise;
  };
  if (wanted.organization_id != state.record.organization_id) return refuse("4004", "任务不存在或无权限访问");
  if (state.start || state.switching) return refuse("4005", "任务状态不正确，只有已创建状态的任务可以开始外呼");
  state.start = pending_start{promise, self->clock().now() + wanted.budget, false, state.eng->now(), {}};
  feed_task(self, task_fact::start_asked{!state.record.script_id.empty()});
  keep_ticking(self);
  return promise;
}

caf::result<result<suspended_resumed_task>> switch_task(task_pointer self, const suspend_resume_task& wanted) {
  auto& state = self->state;
  auto promise = self->make_response_promise<result<suspended_resumed_task>>();
  const auto refuse = [&](std::string code, std::string text) {
    promise.deliver(result<suspended_resumed_task>(fail(errc::rejected, std::move(text), std::move(code))));
    return promise;
  };
  if (wanted.organization_id != state.record.organization_id) return refuse("4004", "任务不存在或无权限访问");
  if (state.switching || state.start || state.realigning)
    return wanted.suspend ? refuse("4002", "任务状态不允许暂停") : refuse("4003", "任务状态不允许重启");
  state.switching = promise;
  if (wanted.suspend) feed_task(self, task_fact::suspend_asked{});
  else feed_task(self, task_fact::resume_asked{});
  return promise;
}

/// Splits the stored jobs into what the dispatch plan must know.
dispatch_machine::start plan_start(const query::loaded_task& loaded) {
  dispatch_machine::start found;
  found.last_seq = loaded.last_batch_seq;
  found.anything_assigned = loaded.counters.has_job_id > 0;
  std::map<batch_id, dispatch_machine::open_batch> open;
  for (const auto& batch : loaded.open_batches)
    open[batch.id] = {batch.id, {}, batch.state == batch_state::sent, batch.state == batch_state::unknown};
  for (const auto& job : loaded.jobs) {
    if (job.attempts > 0) found.rounds.emplace_back(job.row, job.attempts);
    if (job.phase == job_phase::queued) found.queued.push_back(job.row);
    if (job.phase != job_phase::dispatching) continue;
    const auto id = job.dispatch_batch.value_or(batch_id{});
    // A row whose batch is closed was accepted or given up: it is looked for, but never sent again.
    const auto [entry, orphan] = open.try_emplace(id, dispatch_machine::open_batch{id, {}, true, true});
    entry->second.rows.push_back(job.row);
  }
  for (auto& [id, batch] : open) found.open.push_back(std::move(batch));
  return found;
}

void set_up(task_pointer self, query::loaded_task& loaded) {
  auto& state = self->state;
  const auto& options = state.eng->options;
  state.record = std::move(loaded.task);
  state.counters = loaded.counters;
  state.last_error = state.record.last_error;
  auto facts = std::make_shared<task_facts>();
  facts->eng = state.eng;
  facts->task = state.record.id;
  facts->epoch = state.epoch;
  facts->organization_id = state.record.organization_id;
  facts->is_of_case = is_of_cases(state);
  facts->job_policy = job_policy_of(options, state.record.origin);
  facts->follow_policy = follow_policy_of(options, state.record.origin);
  facts->look_jitter = options.job.look_jitter;
  state.facts = std::move(facts);
  dispatch_policy policy;
  policy.batch_size = static_cast<std::size_t>(options.dispatch.batch_size);
  policy.tries = options.dispatch.tries;
  policy.max_open_batches = static_cast<std::size_t>(options.dispatch.max_open_batches);
  policy.refusals_to_give_up = static_cast<std::size_t>(options.dispatch.refusals_to_give_up);
  policy.commit_retry = options.job.commit_retry;
  policy.retry_delay = options.dispatch.retry_delay;
  policy.long_rest = options.supervisor.sweep_interval;
  policy.settle = options.dispatch.reconcile_settle;
  policy.read_retry = options.dispatch.reconcile_retry;
  policy.max_rounds = options.dispatch.max_unplaced_rounds;
  policy.judges_each_alone = is_of_cases(state);
  const auto now = self->clock().now();
  state.plan = std::make_unique<dispatch_machine>(policy, plan_start(loaded), now);
  state.wheel = std::make_unique<timer_wheel>(now);
  state.at.type = state.record.type;
  state.at.job_group_id = state.record.job_group_id;
  state.at.group_requested = state.record.group_requested_at.has_value();
  state.switch_noted_at = state.record.group_requested_at;
  state.at.progress = {state.counters.total, state.counters.has_status, state.counters.follow_due};
  show(self);
  state.jobs.reserve(loaded.jobs.size());
  for (auto& record : loaded.jobs) take_in(self, std::move(record));
  if (!state.jobs.empty()) state.newest_row = state.jobs.back().row;
}

call_task::behavior_type call_task_behavior(task_pointer self, engine_ptr eng,
                                            const std::shared_ptr<query::loaded_task>& loaded, epoch_t epoch,
                                            bool held) {
  log_exceptions(self);
  self->state.eng = std::move(eng);
  self->state.held = held;
  self->state.epoch = epoch;
  ++self->state.eng->counts->tasks;
  set_up(self, *loaded);
  // A suspend or resume whose outcome was not stored any more: resolved before anything else is sent.
  if (self->state.at.type != task_type::created && self->state.record.group_requested_at)
    feed_task(self, task_fact::switch_in_doubt{});
  else if (self->state.at.type == task_type::calling && !held) feed_plan(self, dispatch_fact::opened{});
  if (self->state.at.type != task_type::created && !held)
    feed_task(self, task_fact::progressed{self->state.at.progress});
  if (is_of_cases(self->state) && self->state.at.type == task_type::created && !held)
    feed_task(self, task_fact::start_asked{!self->state.record.script_id.empty()});
  keep_ticking(self);
  return {
      [self](start_atom, const start_call_task& wanted) { return start(self, wanted); },
      [self](switch_atom, const suspend_resume_task& wanted) { return switch_task(self, wanted); },
      [self](refresh_atom, const refresh_jobs& wanted) { return refresh(self, wanted); },
      [self](diagnose_atom) { return diagnose(self); },
      [self](explain_atom, job_row_id row) { return explain(self, row); },
      [self](place_atom, const await_case_calls& wanted) { return await_calls(self, wanted); },
      [self](report_atom, const job_report& report) { take_report(self, report); },
      [self](arm_atom, std::uint32_t index, std::int64_t delay_ms) {
        auto& state = self->state;
        if (index >= state.jobs.size() || !state.jobs[index].actor || delay_ms < 0) state.wheel->disarm(index);
        else state.wheel->arm(index, self->clock().now() + milliseconds{delay_ms});
        keep_ticking(self);
      },
      [self](crash_atom, std::uint32_t index, const std::string& what) { job_crashed(self, index, what); },
      [self](tick_atom) { tick(self); },
      [](ping_atom) { return true; },
      [self](sweep_atom, int swept_type) {
        auto& state = self->state;
        // Loaded for a start that never came, or loaded before the move of an earlier one took effect: if the store
        // knows of work, the next sweep loads it afresh.
        if (leave_if_idle(self)) return;
        compare_with_store(self, swept_type);
        realign(self);
        if (is_of_cases(state)) read_joined(self);
        int left = state.eng->options.supervisor.parked_page;
        for (std::size_t i = 0; i < state.jobs.size() && left > 0; ++i) {
          const auto& job = state.jobs[state.sweep_cursor++ % state.jobs.size()];
          if (!job.actor || job.phase != job_phase::parked) continue;
          self->send(job.actor, note_atom::value, job_note{job_note::what::swept, {}, {}, {}});
          --left;
        }
      },
      [self](drain_atom) { return drain(self); },
  };
}

}  // namespace

call_task_state::~call_task_state() {
  if (!eng) return;
  // Jobs never outlive their task: whoever restarts it spawns them anew.
  for (const auto& job : jobs)
    if (job.actor) caf::anon_send_exit(job.actor, caf::exit_reason::user_shutdown);
  --eng->counts->tasks;
  eng->counts->wheel_entries -= static_cast<std::int64_t>(wheel_counted);
  if (!facts) return;
  caf::anon_send(eng->gate, forget_atom::value, facts->task);
}

void feed_task(task_pointer self, const call_task_fact& fact) {
  auto& state = self->state;
  auto decision = decide(state.at, fact);
  if (!decision) return;
  const auto before = state.at.type;
  const bool had_group = !state.at.job_group_id.empty();
  state.at = std::move(decision->next);
  const bool group_changed = had_group == state.at.job_group_id.empty();
  if (state.at.type != before) {
    state.record.type = state.at.type;
    state.record.updated_time = state.eng->now();
  }
  // Before anybody is answered: who asks next sees it.
  if (state.at.type != before || group_changed) show(self);
  if (state.at.type != before)
    telemetry::log_event(telemetry::log_level::info, "task", "task.moved",
                         {{"task", state.record.id},
                          {"from", to_string(before)},
                          {"to", to_string(state.at.type)},
                          {"epoch", state.epoch}});
  for (const auto& order : decision->orders) std::visit(order_visitor{self}, order);
  // A start that was refused leaves nothing to do here; the next one loads the task afresh, with whatever changed.
  leave_if_idle(self);
}

bool ownership_lost(task_pointer self, const failure& why) {
  if (why.code != errc::stale_epoch) return false;
  auto& state = self->state;
  if (state.eng->on_ownership_lost) state.eng->on_ownership_lost(why.message);
  reload(self, why.message);
  return true;
}

void reload(task_pointer self, const std::string& why) {
  telemetry::log_event(telemetry::log_level::warn, "task", "task.reloading",
                       {{"task", self->state.record.id}, {"reason", why}});
  auto& state = self->state;
  const failure gone{errc::unavailable, "the task is being loaded afresh, ask again", {}, 0};
  refuse_start(self, "503", gone);
  refuse_switch(self, "503", gone);
  for (auto& placement : std::exchange(state.placements, {})) placement.answer.deliver(result<bool>(false));
  self->quit(caf::exit_reason::user_shutdown);
}

void spawn_job(task_pointer self, std::uint32_t index, call_job_record record) {
  auto& state = self->state;
  auto& job = state.jobs[index];
  job.actor = spawn_call_job(self->system(), state.facts, call_task{self}, index, std::move(record),
                             state.at.type == task_type::suspended);
}

std::optional<std::uint32_t> index_of(const call_task_state& state, job_row_id row) {
  const auto found = std::lower_bound(state.jobs.begin(), state.jobs.end(), row,
                                      [](const job_entry& job, job_row_id wanted) { return job.row < wanted; });
  if (found == state.jobs.end() || found->row != row) return std::nullopt;
  return static_cast<std::uint32_t>(found - state.jobs.begin());
}

void tell_job(task_pointer self, job_row_id row, job_note note) {
  const auto found = index_of(self->state, row);
  if (!found) return;
  if (const auto& job = self->state.jobs[*found].actor) self->send(job, note_atom::value, std::move(note));
}

void keep_ticking(task_pointer self) {
  auto& state = self->state;
  auto& counted = state.wheel_counted;
  state.eng->counts->wheel_entries +=
      static_cast<std::int64_t>(state.wheel->size()) - static_cast<std::int64_t>(counted);
  counted = state.wheel->size();
  const bool needed = state.wheel->size() > 0 || state.plan->next_due() || !state.restarts.empty() || state.start ||
                      !state.placements.empty() || state.suspend_again_at || state.progress_changed || state.draining;
  if (state.ticking || !needed) return;
  state.ticking = true;
  self->scheduled_send(self, self->clock().now() + state.wheel->tick(), tick_atom::value);
}

void count(task_counters& c, const job_entry& job, std::int64_t sign) {
  switch (bucket_of(job.status)) {
    case progress_bucket::scheduling: c.scheduling += sign; break;
    case progress_bucket::executing: c.executing += sign; break;
    case progress_bucket::completed: c.completed += sign; break;
    case progress_bucket::failed: c.failed += sign; break;
  }
  switch (job.phase) {
    case job_phase::queued: c.queued += sign; break;
    case job_phase::dispatching: c.dispatching += sign; break;
    case job_phase::tracking: c.tracking += sign; break;
    case job_phase::parked: c.parked += sign; break;
    default: break;
  }
  if (job.has_job_id) c.has_job_id += sign;
  if (is_terminal(job.status)) c.has_status += sign;
  if (job.followed) c.has_follow += sign;
  if (job.status == call_status::succeeded) c.connected += sign;
  if (job.status == call_status::failed || job.status == call_status::cancelled) c.not_connected += sign;
  const bool wants_follow_up = job.status == call_status::succeeded || job.status == call_status::failed;
  if (wants_follow_up && !job.followed) c.follow_due += sign;
  if (!job.is_interested || (*job.is_interested == interest::undecided && !job.followed)) c.pending += sign;
  else if (*job.is_interested == interest::undecided) c.unable += sign;
  else if (*job.is_interested == interest::interested) c.interested += sign;
  else c.not_interested += sign;
}

void answer_start(task_pointer self) {
  auto& state = self->state;
  answer_placements(self);
  if (!state.start || !state.start->group_exists) return;
  const bool all_out = state.plan->queued() == 0 && state.plan->open_batches() == 0 &&
                       state.start->call_job_ids.size() >= static_cast<std::size_t>(state.counters.has_job_id);
  if (!all_out && self->clock().now() < state.start->answer_by) return;
  // Refusals so far, and nothing assigned: the plan is about to say that nothing can be.
  if (state.plan->refused_only() && self->clock().now() < state.start->answer_by + milliseconds{5'000}) return;
  started_call_task started;
  started.task = state.record.id;
  started.task_name = state.record.task_name;
  started.job_group_id = state.at.job_group_id;
  started.call_job_ids = std::move(state.start->call_job_ids);
  started.leads_count = state.counters.total;
  started.start_time = state.start->began;
  state.start->answer.deliver(result<started_call_task>(std::move(started)));
  state.start.reset();
}

}  // namespace call_task_shell

call_task spawn_call_task(caf::actor_system& system, engine_ptr eng, query::loaded_task loaded, epoch_t epoch,
                          bool held) {
  return system.spawn(call_task_shell::call_task_behavior, std::move(eng),
                      std::make_shared<query::loaded_task>(std::move(loaded)), epoch, held);
}

}  // namespace waihu
