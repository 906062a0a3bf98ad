#include "actors/supervisor_actor.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "actors/call_task_actor.hpp"
#include "actors/exceptions.hpp"
#include "actors/owner_routing.hpp"
#include "actors/shard_plan_machine.hpp"
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
  std::vector<ensure_promise> waiting;       ///< Who wants its handle.
  std::vector<ensure_promise> waiting_held;  ///< Who wants it for a suspend or resume, even held.
  std::string organization_id;               ///< Known once it was loaded.
  bool held{};                               ///< Its actor only suspends or resumes.
  bool leaving{};                            ///< Told to leave because its organisation is switched off.
  bool changed{};                            ///< Somebody else changed it since it was loaded.
  epoch_t epoch{};                           ///< Of its shard when its loading began.
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
  std::set<std::string> stopped;  ///< Organisations that are switched off, as far as known here.
  std::optional<wall_time> last_sweep;
  shard_set handing;                       ///< Shards on their way to another node.
  std::optional<steady_time> owned_until;  ///< Of a cluster: nothing is ours after it. Empty: this node runs alone.
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
/// So long before a lease ends whatever rests on it has stopped.
constexpr milliseconds lease_margin{1'000};
/// A busy writer is waited for no longer before shards are given up.
constexpr milliseconds flush_limit{1'000};
/// Tasks in one question to the store.
constexpr std::size_t changed_at_once = 1'000;

void load(supervisor_pointer self, task_id task);
void sweep(supervisor_pointer self);
void take_over_shards(supervisor_pointer self, const owned_news& news);
void look_at_changed(supervisor_pointer self);
bool may_run(const supervisor_state& state, task_id task);
void forget(supervisor_pointer self, task_id task);

void answer_all(std::vector<ensure_promise>& waiting, const result<call_task>& what) {
  for (auto& promise : std::exchange(waiting, {})) promise.deliver(what);
}

void answer_waiting(supervised& entry, const result<call_task>& what) {
  answer_all(entry.waiting, what);
  answer_all(entry.waiting_held, what);
}

/// Whether the task's actor may live here now.
bool may_run(const supervisor_state& state, task_id task) {
  return state.eng->shards->owns(task) && !state.handing.test(index_of(shard_of(task)));
}

result<call_task> refused_as_stopped() { return fail(errc::rejected, "自动外呼已停止，请先启动自动外呼", "stopped"); }

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
  entry.organization_id = loaded.task.organization_id;
  entry.held = loaded.organization_stopped || state.stopped.contains(entry.organization_id);
  entry.leaving = false;
  if (entry.held) {
    answer_all(entry.waiting, refused_as_stopped());
    if (entry.waiting_held.empty()) return forget(self, task);
  }
  entry.actor = spawn_call_task(self->system(), state.eng, std::move(loaded), entry.epoch, entry.held);
  entry.answered_at = self->clock().now();
  entry.adopted_at = entry.answered_at;
  state.by_address[entry.actor.address()] = task;
  self->monitor(entry.actor);
  // One that is held knows less of its calls than the store does, so nobody else is to ask it.
  if (!entry.held) self->send(state.eng->tasks, publish_atom::value, task, entry.actor);
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
  if (!may_run(state, task)) {
    answer_waiting(entry, refused_as_elsewhere());
    return forget(self, task);
  }
  entry.loading = true;
  // Before it is read: what another owner wrote until now is in what is read, and he can write no more.
  const auto epoch = state.eng->shards->epoch_of(task);
  entry.epoch = epoch;
  entry.changed = false;
  entry.restart_at.reset();
  read_store(self, *state.eng, query::load_task{task}, [self, task, epoch](result<query::loaded_task> loaded) {
    auto& st = self->state;
    const auto found = st.tasks.find(task);
    // Disowned meanwhile, and perhaps loaded anew: under a later epoch, or under this one, whose first answer counts.
    if (found == st.tasks.end() || found->second.epoch != epoch || !found->second.loading) return;
    auto& en = found->second;
    en.loading = false;
    if (st.draining) return answer_waiting(en, fail(errc::cancelled, "the daemon is stopping"));
    if (!may_run(st, task)) {
      answer_waiting(en, refused_as_elsewhere());
      return forget(self, task);
    }
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
  if (entry.leaving || entry.held) {
    // Switched on again meanwhile: whoever looked for it then saw an actor that was about to leave.
    if (state.stopped.contains(entry.organization_id)) return forget(self, task);
    entry.leaving = false;
    entry.restart_at = self->clock().now();
    return;
  }
  if (down.reason == caf::exit_reason::normal || !down.reason) return forget(self, task);
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
  ++state.eng->counts->task_crashes;
  telemetry::log_event(telemetry::log_level::error, "supervisor", "supervisor.task_crashed",
                       {{"task", task}, {"crashes", entry.crashes.size()}});
  if (entry.crashes.size() >= static_cast<std::size_t>(options.quarantine_crashes)) {
    entry.quarantined = true;
    ++state.eng->counts->task_quarantines;
    telemetry::log_event(telemetry::log_level::error, "supervisor", "supervisor.quarantined", {{"task", task}});
    return;
  }
  entry.restart_at = now + back_off(state, entry);
}

/// Lets the organisation's tasks leave; `done` is called when they have, or were too slow.
void send_home(supervisor_pointer self, const std::string& organization_id, const std::function<void()>& done) {
  auto& state = self->state;
  auto open = std::make_shared<std::size_t>(1);
  const auto over = [open, done] {
    if (--*open == 0) done();
  };
  for (auto& [task, entry] : state.tasks) {
    if (!entry.actor || entry.organization_id != organization_id || entry.leaving) continue;
    entry.leaving = true;
    ++*open;
    self->request(entry.actor, state.eng->options.node.drain_timeout, drain_atom::value)
        .then([over](bool) { over(); }, [over](caf::error&) { over(); });
  }
  over();
}

/// What somebody else switched: on another node, or in the store.
void take_over_switches(supervisor_pointer self, const std::vector<std::string>& stopped) {
  auto& state = self->state;
  const std::set<std::string> now(stopped.begin(), stopped.end());
  for (const auto& organization : now)
    if (!state.stopped.contains(organization)) send_home(self, organization, [] {});
  state.stopped = now;
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
  state.last_sweep = state.eng->now();
  read_store(self, *state.eng, query::stopped_organizations{}, [self](const result<std::vector<std::string>>& stopped) {
    if (stopped) take_over_switches(self, *stopped);
  });
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
      if (!may_run(st, task)) continue;
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
      if (!may_run(st, task)) continue;
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
  if (state.owned_until && now >= *state.owned_until - lease_margin && state.eng->shards->owned() > 0) {
    telemetry::log_event(telemetry::log_level::error, "lease", "lease.unconfirmed",
                         {{"node", state.eng->node}, {"shards", state.eng->shards->owned()}},
                         "the store does not confirm our leases; their tasks stop here before another node takes them");
    take_over_shards(self, owned_news{{}, {}, *state.owned_until});
  }
  check_liveness(self);
  if (now >= state.next_sweep) sweep(self);
  self->scheduled_send(self, now + heartbeat, tick_atom::value);
}

/// Its shard is another node's now, or on its way there: nothing of it stays here. It is not told to store anything.
void disown(supervisor_pointer self, task_id task, supervised& entry) {
  auto& state = self->state;
  answer_waiting(entry, refused_as_elsewhere());
  if (entry.actor) {
    state.by_address.erase(entry.actor.address());
    self->demonitor(entry.actor.address());
    self->send_exit(entry.actor, caf::exit_reason::user_shutdown);
    self->send(state.eng->tasks, forget_atom::value, task);
  }
}

void disown_if(supervisor_pointer self, const std::function<bool(task_id, const supervised&)>& is_lost) {
  auto& tasks = self->state.tasks;
  for (auto it = tasks.begin(); it != tasks.end();) {
    if (!is_lost(it->first, it->second)) {
      ++it;
      continue;
    }
    disown(self, it->first, it->second);
    it = tasks.erase(it);
  }
}

/// What is ours from now on. Level-triggered: every news says everything, so that none may be missed.
void take_over_shards(supervisor_pointer self, const owned_news& news) {
  auto& state = self->state;
  auto& ledger = *state.eng->shards;
  std::size_t gained = 0;
  for (int i = 0; i < shard_count; ++i) {
    const auto shard = static_cast<shard_id>(i);
    const auto epoch = news.epochs[index_of(shard)];
    const bool stays = state.handing.test(index_of(shard)) && !news.handing.test(index_of(shard));
    if (epoch != epoch_t{} && (stays || ledger.epoch_of(shard) != epoch)) ++gained;
    ledger.set(shard, epoch);
  }
  state.handing = news.handing;
  state.owned_until = news.good_until;
  disown_if(self, [&](task_id task, const supervised& entry) {
    const auto now = ledger.epoch_of(task);
    return now == epoch_t{} || ((entry.actor || entry.loading) && entry.epoch != now);
  });
  if (gained == 0) return;
  sweep(self);
  // Passes over the calls of those tasks that were cut short elsewhere.
  self->send(state.eng->runs, run_atom::value);
}

/// Lets the tasks of some shards leave in order; whoever is too slow is ended.
caf::result<bool> hand_over(supervisor_pointer self, const std::vector<shard_id>& shards) {
  auto& state = self->state;
  auto promise = self->make_response_promise<bool>();
  shard_set leaving;
  for (const auto shard : shards) leaving.set(index_of(shard));
  state.handing |= leaving;
  auto open = std::make_shared<std::size_t>(1);
  const auto over = [self, open, leaving, promise] {
    if (--*open != 0) return;
    // Only those that are still on their way: the same shard may be ours again under a later epoch.
    const auto gone = leaving & self->state.handing;
    disown_if(self, [&](task_id task, const supervised&) { return gone.test(index_of(shard_of(task))); });
    // What they have given the writer is durable before the next owner reads; what is not in time is done again there.
    const auto answer = [promise] {
      auto to = promise;
      to.deliver(true);
    };
    self->request(self->state.eng->writer, flush_limit, drain_atom::value)
        .then([answer](bool) { answer(); }, [answer](caf::error&) { answer(); });
  };
  for (auto& [task, entry] : state.tasks) {
    if (!leaving.test(index_of(shard_of(task)))) continue;
    answer_waiting(entry, refused_as_elsewhere());
    if (!entry.actor) continue;
    ++*open;
    self->request(entry.actor, state.eng->options.node.drain_timeout, drain_atom::value)
        .then([over](bool) { over(); }, [over](caf::error&) { over(); });
  }
  over();
  return promise;
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

automation_state automation_of(supervisor_pointer self, const std::string& organization_id) {
  auto& state = self->state;
  automation_state a;
  a.running = !state.stopped.contains(organization_id);
  a.node = state.eng->node;
  const auto live = state.eng->board->total(organization_id);
  a.live_jobs = live.queued + live.dispatching + live.tracking + live.parked + live.follow_due;
  a.polling_jobs = live.tracking;
  a.waiting_jobs = live.queued + live.parked + live.follow_due;
  a.last_sweep = state.last_sweep;
  const auto left = std::chrono::duration_cast<milliseconds>(state.next_sweep - self->clock().now());
  a.next_sweep = state.eng->now() + std::max(left, milliseconds{0});
  a.provider = static_cast<provider_state>(state.eng->counts->breaker.load());
  if (const auto retry = state.eng->counts->breaker_retry_ms.load();
      a.provider != provider_state::reachable && retry != 0)
    a.provider_retry = from_epoch_ms(retry);
  return a;
}

/// Durable first, then done. Repeating it is harmless.
caf::result<result<automation_state>> switch_organization(supervisor_pointer self, const switch_automation& wanted) {
  auto& state = self->state;
  auto promise = self->make_response_promise<result<automation_state>>();
  query::set_automation change{wanted.organization_id, wanted.running, wanted.by, state.eng->now()};
  read_store(self, *state.eng, std::move(change), [self, promise, wanted](const result<bool>& changed) mutable {
    auto& st = self->state;
    if (!changed) {
      promise.deliver(result<automation_state>(tl::unexpected<failure>(changed.error())));
      return;
    }
    const auto& organization = wanted.organization_id;
    if (*changed)
      telemetry::log_event(telemetry::log_level::info, "supervisor",
                           wanted.running ? "supervisor.automation_on" : "supervisor.automation_off",
                           {{"organization", organization}, {"by", wanted.by}});
    auto answer = [self, promise, organization]() mutable {
      promise.deliver(result<automation_state>(automation_of(self, organization)));
    };
    if (!wanted.running) {
      st.stopped.insert(organization);
      return send_home(self, organization, answer);
    }
    st.stopped.erase(organization);
    sweep(self);
    answer();
  });
  return promise;
}

caf::result<result<call_task>> ensure(supervisor_pointer self, task_id task, bool may_be_held) {
  auto& state = self->state;
  auto promise = self->make_response_promise<result<call_task>>();
  if (state.draining) {
    promise.deliver(result<call_task>(fail(errc::cancelled, "the daemon is stopping")));
    return promise;
  }
  if (!may_run(state, task)) {
    promise.deliver(result<call_task>(refused_as_elsewhere()));
    return promise;
  }
  auto& entry = state.tasks[task];
  if (entry.actor && (entry.leaving || (entry.held && !may_be_held))) {
    promise.deliver(refused_as_stopped());
  } else if (entry.actor) {
    promise.deliver(result<call_task>(entry.actor));
  } else if (entry.quarantined) {
    promise.deliver(result<call_task>(fail(errc::rejected, "the task is quarantined after repeated crashes")));
  } else {
    (may_be_held ? entry.waiting_held : entry.waiting).push_back(promise);
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
      [self](ensure_atom, task_id task) { return ensure(self, task, false); },
      [self](view_atom, task_id task) {
        supervised_view view;
        const auto found = self->state.tasks.find(task);
        if (found == self->state.tasks.end()) return view;
        view.live = static_cast<bool>(found->second.actor);
        view.quarantined = found->second.quarantined;
        view.crashes = static_cast<int>(found->second.crashes.size());
        view.last_error = found->second.last_error;
        if (found->second.restart_at)
          view.restarts_at =
              self->state.eng->now() + std::chrono::ceil<milliseconds>(*found->second.restart_at - self->clock().now());
        return view;
      },
      [self](changed_atom, const task_news& tasks) { hear_of_changes(self, *tasks); },
      [self](ensure_atom, held_atom, task_id task) { return ensure(self, task, true); },
      [self](auto_atom, const switch_automation& wanted) { return switch_organization(self, wanted); },
      [self](auto_atom, const automation_view& wanted) {
        return result<automation_state>(automation_of(self, wanted.organization_id));
      },
      [self](owned_atom, const owned_news_ptr& news) {
        if (!self->state.draining) take_over_shards(self, *news);
        return true;
      },
      [self](hand_atom, const shard_list& shards) { return hand_over(self, *shards); },
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
