#include "actors/supervisor_actor.hpp"

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include "actors/call_task_actor.hpp"
#include "actors/exceptions.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

using ensure_promise = caf::typed_response_promise<result<call_task>>;

struct supervised {
  call_task actor;
  bool loading{};
  bool quarantined{};
  std::deque<steady_time> crashes;  ///< Within the quarantine window.
  std::optional<steady_time> restart_at;
  steady_time answered_at{};  ///< Last sign of life.
  steady_time adopted_at{};
  int quick_reloads{};  ///< In a row: it asked to be loaded afresh soon after it was.
  std::string last_error;
  std::vector<ensure_promise> waiting;  ///< Who wants its handle.
  bool changed{};                       ///< Somebody else changed it since it was loaded.
};

struct supervisor_state {
  supervisor_state() = default;  // not an aggregate: CAF would try to build it from `self`
  ~supervisor_state() {
    // Nobody would restart them or know of them.
    for (const auto& [task, entry] : tasks)
      if (entry.actor) caf::anon_send_exit(entry.actor, caf::exit_reason::user_shutdown);
  }
  supervisor_state(const supervisor_state&) = delete;
  supervisor_state& operator=(const supervisor_state&) = delete;
  engine_ptr eng;
  std::map<task_id, supervised> tasks;
  std::unordered_map<caf::actor_addr, task_id> by_address;
  steady_time next_sweep{};
  bool sweeping{};
  bool sweep_again{};         ///< Asked for while a sweep was reading: what it reads may be too old.
  std::set<task_id> changed;  ///< Changed by somebody else, without an actor here, not yet looked at.
  bool looking_at_changed{};
  bool draining{};
  std::size_t drains_open{};
  std::vector<caf::typed_response_promise<bool>> drained;
  static inline const char* name = "supervisor";
};

using supervisor_pointer = supervisor::stateful_pointer<supervisor_state>;

constexpr milliseconds heartbeat{1'000};
/// A task that asks to be loaded afresh sooner than this after it was loaded has not got anywhere.
constexpr milliseconds quick_reload{10'000};
/// When the store is away it is asked again so soon rather than after a whole interval.
constexpr milliseconds sweep_retry{5'000};
/// News of tasks without an actor that may wait; beyond it a sweep is cheaper.
constexpr std::size_t most_changed = 10'000;
/// Tasks in one question to the store.
constexpr std::size_t changed_at_once = 1'000;

void load(supervisor_pointer self, task_id task);
void sweep(supervisor_pointer self);
void look_at_changed(supervisor_pointer self);

void answer_waiting(supervised& entry, const result<call_task>& what) {
  auto waiting = std::move(entry.waiting);
  entry.waiting.clear();
  for (auto& promise : waiting) promise.deliver(what);
}

/// 1 s doubling to 60 s.
milliseconds doubling(const supervisor_state& state, std::size_t times) {
  const auto& options = state.eng->options.supervisor;
  return std::min(options.restart_min * (1 << std::min<std::size_t>(times, 16)), options.restart_max);
}

/// Back-off of the next restart over the crashes of the window.
milliseconds back_off(const supervisor_state& state, const supervised& entry) {
  return doubling(state, entry.crashes.empty() ? 0 : entry.crashes.size() - 1);
}

void adopt(supervisor_pointer self, task_id task, query::loaded_task loaded) {
  auto& state = self->state;
  auto& entry = state.tasks[task];
  entry.actor = spawn_call_task(self->system(), state.eng, std::move(loaded));
  entry.answered_at = self->clock().now();
  entry.adopted_at = entry.answered_at;
  state.by_address[entry.actor.address()] = task;
  self->monitor(entry.actor);
  self->send(state.eng->tasks, publish_atom::value, task, entry.actor);
  answer_waiting(entry, entry.actor);
}

/// Its actor has left or never came, and nothing is owed to it; unless somebody else changed it meanwhile.
void forget(supervisor_pointer self, task_id task) {
  auto& state = self->state;
  const auto found = state.tasks.find(task);
  if (found == state.tasks.end()) return;
  if (found->second.changed) state.changed.insert(task);
  state.tasks.erase(found);
  look_at_changed(self);
}

void load(supervisor_pointer self, task_id task) {
  auto& state = self->state;
  auto& entry = state.tasks[task];
  if (entry.loading || entry.actor || entry.quarantined || state.draining) return;
  entry.loading = true;
  entry.changed = false;
  entry.restart_at.reset();
  read_store(self, *state.eng, query::load_task{task}, [self, task](result<query::loaded_task> loaded) {
    auto& st = self->state;
    auto& en = st.tasks[task];
    en.loading = false;
    if (st.draining) return answer_waiting(en, fail(errc::cancelled, "the daemon is stopping"));
    if (loaded) return adopt(self, task, std::move(*loaded));
    const auto why = loaded.error();
    en.last_error = why.message;
    answer_waiting(en, tl::unexpected<failure>(why));
    if (why.code == errc::not_found) return forget(self, task);
    telemetry::log_repeated(telemetry::log_level::warn, "supervisor", "supervisor.load_failed", to_string(why.code),
                            {{"task", task}, {"reason", why.message}});
    en.restart_at = self->clock().now() + back_off(st, en);
  });
}

void task_down(supervisor_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto known = state.by_address.find(down.source);
  if (known == state.by_address.end()) return;
  const auto task = known->second;
  state.by_address.erase(known);
  auto& entry = state.tasks[task];
  entry.actor = nullptr;
  self->send(state.eng->tasks, forget_atom::value, task);
  if (state.draining) return;
  if (down.reason == caf::exit_reason::normal || !down.reason) {
    return forget(self, task);
  }
  const auto now = self->clock().now();
  if (down.reason == caf::exit_reason::user_shutdown) {
    // It asked to be loaded afresh; no crash. One that does so again and again is slowed down like one.
    entry.quick_reloads = now - entry.adopted_at < quick_reload ? entry.quick_reloads + 1 : 0;
    entry.restart_at = now + doubling(state, static_cast<std::size_t>(entry.quick_reloads));
    return;
  }
  const auto& options = state.eng->options.supervisor;
  entry.crashes.push_back(now);
  while (!entry.crashes.empty() && now - entry.crashes.front() > options.quarantine_window) entry.crashes.pop_front();
  entry.last_error = "the task's actor crashed";
  telemetry::log_event(telemetry::log_level::error, "supervisor", "supervisor.task_crashed",
                       {{"task", task}, {"crashes", entry.crashes.size()}});
  if (entry.crashes.size() >= static_cast<std::size_t>(options.quarantine_crashes)) {
    entry.quarantined = true;
    telemetry::log_event(telemetry::log_level::error, "supervisor", "supervisor.quarantined", {{"task", task}});
    return;
  }
  entry.restart_at = now + back_off(state, entry);
}

void sweep(supervisor_pointer self) {
  auto& state = self->state;
  if (state.draining) return;
  if (state.sweeping) {
    state.sweep_again = true;
    return;
  }
  state.sweeping = true;
  state.sweep_again = false;
  state.next_sweep = self->clock().now() + state.eng->options.supervisor.sweep_interval;
  read_store(self, *state.eng, query::unfinished_tasks{}, [self](const auto& found) {
    auto& st = self->state;
    st.sweeping = false;
    if (!found) {
      st.next_sweep = self->clock().now() + sweep_retry;
      return;
    }
    std::map<task_id, task_type> stored;
    for (const auto& [task, type] : *found) {
      stored.emplace(task, type);
      auto& entry = st.tasks[task];
      if (!entry.actor && !entry.loading && !entry.restart_at) load(self, task);
      commit(self, *st.eng, change::default_interest{st.eng->own(task)}, [](const result<change_receipt>&) {
        // A repair that fails now is made by the next sweep.
      });
    }
    for (const auto& [task, entry] : st.tasks) {
      const auto type = stored.find(task);
      if (entry.actor)
        self->send(entry.actor, sweep_atom::value, type == stored.end() ? 0 : static_cast<int>(type->second));
    }
    if (st.sweep_again) sweep(self);
  });
}

/// Asks the store which of the changed tasks want an actor: one question at a time, for all that came meanwhile.
void look_at_changed(supervisor_pointer self) {
  auto& state = self->state;
  if (state.draining || state.looking_at_changed || state.changed.empty()) return;
  state.looking_at_changed = true;
  query::unfinished_tasks question;
  const auto end =
      std::next(state.changed.begin(), static_cast<std::ptrdiff_t>(std::min(state.changed.size(), changed_at_once)));
  question.among.assign(state.changed.begin(), end);
  state.changed.erase(state.changed.begin(), end);
  read_store(self, *state.eng, std::move(question), [self](const auto& found) {
    auto& st = self->state;
    st.looking_at_changed = false;
    if (st.draining) return;
    if (!found) {
      // The sweep makes up for all of them.
      st.changed.clear();
      st.next_sweep = std::min(st.next_sweep, self->clock().now() + sweep_retry);
      return;
    }
    for (const auto& each : *found) {
      const auto task = each.id;
      auto& entry = st.tasks[task];
      if (entry.actor || entry.loading) entry.changed = true;
      if (entry.actor || entry.loading || entry.restart_at || entry.quarantined) continue;
      telemetry::log_event(telemetry::log_level::info, "supervisor", "supervisor.task_found", {{"task", task}},
                           "changed past this daemon");
      load(self, task);
    }
    look_at_changed(self);
  });
}

void hear_of_changes(supervisor_pointer self, const std::vector<task_id>& tasks) {
  auto& state = self->state;
  if (state.draining) return;
  for (const auto task : tasks) {
    const auto known = state.tasks.find(task);
    if (known != state.tasks.end() && known->second.actor) known->second.changed = true;
    else state.changed.insert(task);
  }
  if (state.changed.size() > most_changed) {
    state.changed.clear();
    return sweep(self);
  }
  look_at_changed(self);
}

/// Replaces actors that neither answer nor end.
void check_liveness(supervisor_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  const auto limit = state.eng->options.supervisor.stall_timeout;
  for (auto& [task, entry] : state.tasks) {
    if (!entry.actor) continue;
    if (now - entry.answered_at > limit) {
      telemetry::log_event(telemetry::log_level::error, "supervisor", "supervisor.task_stalled", {{"task", task}});
      state.by_address.erase(entry.actor.address());
      self->demonitor(entry.actor.address());
      self->send_exit(entry.actor, caf::exit_reason::kill);
      self->send(state.eng->tasks, forget_atom::value, task);
      entry.actor = nullptr;
      entry.restart_at = now + state.eng->options.supervisor.restart_min;
    } else if (now - entry.answered_at > limit / 4) {
      self->request(entry.actor, limit, ping_atom::value)
          .then(
              [self, id = task](bool) {
                const auto found = self->state.tasks.find(id);
                if (found != self->state.tasks.end()) found->second.answered_at = self->clock().now();
              },
              [](caf::error&) {});
    }
  }
}

void beat(supervisor_pointer self) {
  auto& state = self->state;
  if (state.draining) return;
  const auto now = self->clock().now();
  std::vector<task_id> due;
  for (const auto& [task, entry] : state.tasks)
    if (entry.restart_at && *entry.restart_at <= now) due.push_back(task);
  for (const auto task : due) load(self, task);
  check_liveness(self);
  if (now >= state.next_sweep) sweep(self);
  self->scheduled_send(self, now + heartbeat, tick_atom::value);
}

caf::result<bool> drain(supervisor_pointer self) {
  auto& state = self->state;
  auto promise = self->make_response_promise<bool>();
  state.draining = true;
  state.drained.push_back(promise);
  const auto finish = [self] {
    auto& st = self->state;
    if (st.drains_open != 0) return;
    for (auto& waiting : st.drained) waiting.deliver(true);
    st.drained.clear();
  };
  for (auto& [task, entry] : state.tasks) {
    answer_waiting(entry, fail(errc::cancelled, "the daemon is stopping"));
    if (!entry.actor) continue;
    ++state.drains_open;
    const auto over = [self, finish] {
      --self->state.drains_open;
      finish();
    };
    self->request(entry.actor, state.eng->options.node.drain_timeout, drain_atom::value)
        .then([over](bool) { over(); }, [over](caf::error&) { over(); });
  }
  finish();
  return promise;
}

caf::result<result<call_task>> ensure(supervisor_pointer self, task_id task) {
  auto& state = self->state;
  auto promise = self->make_response_promise<result<call_task>>();
  if (state.draining) {
    promise.deliver(result<call_task>(fail(errc::cancelled, "the daemon is stopping")));
    return promise;
  }
  auto& entry = state.tasks[task];
  if (entry.actor) {
    promise.deliver(result<call_task>(entry.actor));
  } else if (entry.quarantined) {
    promise.deliver(result<call_task>(fail(errc::rejected, "the task is quarantined after repeated crashes")));
  } else {
    entry.waiting.push_back(promise);
    load(self, task);
  }
  return promise;
}

supervisor::behavior_type supervisor_behavior(supervisor_pointer self, engine_ptr eng) {
  log_exceptions(self);
  self->state.eng = std::move(eng);
  self->set_down_handler([self](caf::down_msg& down) { task_down(self, down); });
  self->send(self, tick_atom::value);
  return {
      [self](ensure_atom, task_id task) { return ensure(self, task); },
      [self](view_atom, task_id task) {
        supervised_view view;
        const auto found = self->state.tasks.find(task);
        if (found == self->state.tasks.end()) return view;
        view.live = static_cast<bool>(found->second.actor);
        view.quarantined = found->second.quarantined;
        view.crashes = static_cast<int>(found->second.crashes.size());
        view.last_error = found->second.last_error;
        return view;
      },
      [self](changed_atom, const task_news& tasks) { hear_of_changes(self, *tasks); },
      [self](sweep_atom) { sweep(self); },
      [self](tick_atom) { beat(self); },
      [self](drain_atom) { return drain(self); },
  };
}

}  // namespace

supervisor spawn_supervisor(caf::actor_system& system, engine_ptr eng) {
  return system.spawn(supervisor_behavior, std::move(eng));
}

}  // namespace waihu
