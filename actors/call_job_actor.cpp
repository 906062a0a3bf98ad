#include "actors/call_job_actor.hpp"

#include <vector>

#include "actors/exceptions.hpp"
#include "actors/failpoint.hpp"
#include "actors/follow_up_actor.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

struct waiting_view {
  caf::typed_response_promise<job_view_answer> answer;
};

struct call_job_state {
  call_job_state() = default;  // not an aggregate: CAF would try to build it from `self`
  ~call_job_state() {
    if (!eng) return;
    --eng->counts->jobs;
    if (follower) caf::anon_send_exit(follower, caf::exit_reason::user_shutdown);
  }
  call_job_state(const call_job_state&) = delete;
  call_job_state& operator=(const call_job_state&) = delete;

  engine_ptr eng;
  task_facts_ptr facts;
  call_task task;
  std::uint32_t index{};
  call_job_record record;
  call_job_position at;
  attempt last;                ///< Newest attempt; its conversation only until it is committed.
  std::string failure_reason;  ///< Provider's, where there was no attempt.
  std::string status_word;     ///< Verbatim.
  steady_time answered_at{};   ///< Last look that was answered.
  std::string look_error;      ///< Why the last look failed; empty when it did not.
  job_report told;             ///< What the task knows.
  std::vector<waiting_view> views;
  follow_up follower;
  bool awaiting_conversation{};
  bool changed_by_view{};
  static inline const char* name = "call_job";
};

using job_pointer = call_job::stateful_pointer<call_job_state>;

void feed(job_pointer self, const call_job_fact& fact);

/// splitmix64: spreads wake-ups without carrying a generator in every job.
double unit_random(std::uint64_t seed) {
  auto x = seed + 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  x ^= x >> 31U;
  return static_cast<double>(x >> 11U) / static_cast<double>(1ULL << 53U);
}

milliseconds spread(job_pointer self, milliseconds delay) {
  const auto& state = self->state;
  const auto when = static_cast<std::uint64_t>(self->clock().now().time_since_epoch().count());
  const auto r = unit_random(state.eng->seed ^ (static_cast<std::uint64_t>(value(state.record.row)) << 20U) ^ when);
  const auto share = (2.0 * r - 1.0) * state.facts->look_jitter;
  return milliseconds{static_cast<std::int64_t>(static_cast<double>(delay.count()) * (1.0 + share))};
}

void report(job_pointer self, bool retired = false) {
  auto& state = self->state;
  job_report now;
  now.index = state.index;
  now.phase = state.at.phase;
  now.status = state.at.status;
  now.parked = state.at.parked;
  now.has_job_id = !state.record.call_job_id.empty();
  now.followed = state.record.leads_follow_id.has_value();
  now.awaiting_conversation = state.awaiting_conversation;
  now.retired = retired;
  now.is_interested = state.record.is_interested;
  const auto& told = state.told;
  const bool same = now.phase == told.phase && now.status == told.status && now.parked == told.parked &&
                    now.has_job_id == told.has_job_id && now.followed == told.followed &&
                    now.is_interested == told.is_interested &&
                    now.awaiting_conversation == told.awaiting_conversation && !retired;
  if (same) return;
  // A terminal status counts only once it is durable; until then the task sees the last one that was.
  if (is_terminal(now.status) && now.phase != job_phase::settled && now.phase != job_phase::closed)
    now.status = told.status;
  if (now.has_job_id && !told.has_job_id) now.call_job_id = state.record.call_job_id;
  state.told = now;
  self->send(state.task, report_atom::value, std::move(now));
}

live_job live_view(const call_job_state& state) {
  live_job live;
  live.row = state.record.row;
  live.status = state.at.status;
  live.status_word = state.status_word;
  live.call_job_id = state.record.call_job_id;
  live.call_task_id = state.last.call_task_id;
  live.attempt_status = state.last.status;
  live.calling_number = state.last.calling_number;
  live.called_number = state.last.called_number;
  live.planed_ms = state.last.planed_ms;
  live.actual_ms = state.last.actual_ms;
  return live;
}

/// What is known now, whenever it was learnt.
job_view_answer view_now(const call_job_state& state) {
  job_view_answer answer;
  answer.live = live_view(state);
  answer.terminal = state.at.phase == job_phase::settled || state.at.phase == job_phase::closed;
  return answer;
}

/// A look has ended: tells those who waited for it what came of it.
void answer_views(job_pointer self) {
  auto& state = self->state;
  if (state.views.empty()) return;
  auto answer = view_now(state);
  answer.changed = answer.terminal && state.changed_by_view;
  answer.error = state.look_error;
  answer.stale = !answer.error.empty();
  auto views = std::move(state.views);
  state.views.clear();
  for (auto& view : views) view.answer.deliver(answer);
}

/// Reacts to the outcome of a commit. A stale epoch means the shard is another node's: stop at once.
void committed(job_pointer self, const result<change_receipt>& receipt) {
  auto& state = self->state;
  if (receipt) return feed(self, job_fact::committed{});
  const auto& why = receipt.error();
  if (why.code == errc::stale_epoch) {
    if (state.eng->on_ownership_lost) state.eng->on_ownership_lost(why.message);
    self->quit();
    return;
  }
  telemetry::log_repeated(telemetry::log_level::warn, "job", "job.commit_failed", to_string(why.code),
                          {{"task", state.facts->task}, {"job", state.record.row}, {"reason", why.message}});
  feed(self, job_fact::commit_failed{});
}

void persist(job_pointer self, store_change change) {
  commit(self, *self->state.eng, std::move(change), [self](const auto& receipt) { committed(self, receipt); });
}

wall_time wall_of(job_pointer self, steady_time when) {
  const auto ago = std::chrono::duration_cast<milliseconds>(self->clock().now() - when);
  return self->state.eng->now() - ago;
}

void start_follow_up(job_pointer self) {
  auto& state = self->state;
  follow_up_task work;
  work.row = state.record.row;
  work.leads_id = state.record.leads_id;
  work.leads_name = state.record.leads_name;
  work.call_job_id = state.record.call_job_id;
  work.status = state.at.status;
  work.outcome = state.at.outcome;
  work.attempt_status = state.last.status.empty() ? state.failure_reason : state.last.status;
  work.conversation_json = std::move(state.last.conversation_json);
  state.last.conversation_json.clear();
  // After a restart the conversation is in the store, not here.
  work.load_from_store = state.at.restored;
  state.follower = spawn_follow_up(self->system(), state.eng, state.facts, follow_up_parent{self}, std::move(work));
}

struct order_visitor {
  job_pointer self;

  void operator()(const job_orders::look_now&) const {
    auto& state = self->state;
    self->send(state.eng->gateway, look_atom::value, state.record.call_job_id, look_client{self});
  }
  void operator()(const job_orders::wake_in& wake) const {
    const auto delay = wake.jitter ? spread(self, wake.delay) : wake.delay;
    self->send(self->state.task, arm_atom::value, self->state.index, static_cast<std::int64_t>(delay.count()));
  }
  void operator()(const job_orders::sleep&) const {
    self->send(self->state.task, arm_atom::value, self->state.index, std::int64_t{-1});
  }
  void operator()(const job_orders::persist_outcome&) const {
    auto& state = self->state;
    failpoint("job_ending");
    change::settle_job settle;
    settle.own = state.eng->own(state.facts->task);
    settle.row = state.record.row;
    settle.status = state.at.status;
    settle.outcome = state.at.outcome;
    settle.last = state.last;
    settle.at = state.eng->now();
    persist(self, std::move(settle));
  }
  void operator()(const job_orders::persist_park& park) const {
    auto& state = self->state;
    change::park_job parking;
    parking.own = state.eng->own(state.facts->task);
    parking.row = state.record.row;
    parking.reason = park.reason;
    parking.failures = state.at.failures;
    if (state.at.first_look) parking.poll_started_at = wall_of(self, *state.at.first_look);
    parking.last_change_at = wall_of(self, state.at.last_change);
    parking.at = state.eng->now();
    persist(self, parking);
  }
  void operator()(const job_orders::persist_unpark&) const {
    auto& state = self->state;
    persist(self, change::unpark_job{state.eng->own(state.facts->task), state.record.row, state.eng->now()});
  }
  void operator()(const job_orders::persist_close&) const {
    auto& state = self->state;
    persist(self, change::close_job{state.eng->own(state.facts->task), state.record.row});
  }
  void operator()(const job_orders::raise_unreachable&) const {
    const auto& state = self->state;
    telemetry::log_event(telemetry::log_level::error, "job", "job.unreachable",
                         {{"task", state.facts->task}, {"job", state.record.row}, {"failures", state.at.failures}},
                         "获取通话状态失败");
  }
  void operator()(const job_orders::warn_deadline&) const {
    const auto& state = self->state;
    telemetry::log_event(telemetry::log_level::warn, "job", "job.deadline_passed",
                         {{"task", state.facts->task}, {"job", state.record.row}});
  }
  void operator()(const job_orders::start_follow_up&) const { start_follow_up(self); }
  void operator()(const job_orders::count_late_report&) const { ++self->state.eng->counts->late_reports; }
  void operator()(const job_orders::retire&) const {
    report(self, true);
    self->quit();
  }
};

void feed(job_pointer self, const call_job_fact& fact) {
  auto& state = self->state;
  auto decision = decide(state.at, fact, state.facts->job_policy, self->clock().now());
  if (!decision) return;
  const auto before = state.at.phase;
  state.at = std::move(decision->next);
  state.record.phase = state.at.phase;
  state.record.parked = state.at.parked;
  if (before != job_phase::settled && state.at.phase == job_phase::settled) {
    state.record.status = state.at.status;
    state.record.outcome = state.at.outcome;
    if (!state.views.empty()) state.changed_by_view = true;
  }
  report(self);
  for (const auto& order : decision->orders) std::visit(order_visitor{self}, order);
  if (state.at.phase == job_phase::settled || state.at.phase == job_phase::closed) answer_views(self);
}

void take_snapshot(job_pointer self, const job_snapshot& seen) {
  auto& state = self->state;
  state.answered_at = self->clock().now();
  state.look_error.clear();
  const bool final_already = state.at.committing == job_commit::outcome || state.at.phase == job_phase::settled;
  if (!final_already) {
    state.status_word = seen.status_word;
    state.failure_reason = seen.failure_reason;
    state.last = seen.last;
    if (seen.status == call_status::other)
      telemetry::log_repeated(telemetry::log_level::warn, "job", "job.unknown_status", seen.status_word,
                              {{"status", seen.status_word}, {"task", state.facts->task}});
    // Nobody needs the text of a call that goes on.
    if (!is_terminal(seen.status)) state.last.conversation_json.clear();
  }
  const auto code = seen.last.status.empty() ? seen.failure_reason : seen.last.status;
  feed(self, job_fact::status_seen{seen.status, seen.attempt_count, code});
  if (!is_terminal(seen.status)) answer_views(self);
}

void take_look(job_pointer self, const result<job_snapshot>& looked) {
  auto& state = self->state;
  failpoint("job_looked");
  if (looked) return take_snapshot(self, *looked);
  const auto& why = looked.error();
  state.look_error = why.message;
  const bool never_asked = why.vendor_code == "breaker_open" || why.code == errc::overloaded;
  if (never_asked) feed(self, job_fact::look_skipped{});
  else feed(self, job_fact::look_failed{});
  answer_views(self);
}

void take_note(job_pointer self, const job_note& note) {
  auto& state = self->state;
  switch (note.kind) {
    case job_note::what::intended: return feed(self, job_fact::intended{});
    case job_note::what::returned: return feed(self, job_fact::returned{});
    case job_note::what::unplaced: return feed(self, job_fact::unplaced{});
    case job_note::what::suspended: return feed(self, job_fact::suspended{});
    case job_note::what::resumed: return feed(self, job_fact::resumed{});
    case job_note::what::swept: return feed(self, job_fact::swept{});
    case job_note::what::acknowledged: break;
  }
  if (state.record.call_job_id.empty()) state.record.call_job_id = note.call_job_id;
  feed(self, job_fact::acknowledged{note.snapshot != nullptr});
  if (note.snapshot) take_snapshot(self, *note.snapshot);
}

caf::result<job_view_answer> view(job_pointer self, const view_request& wanted) {
  auto& state = self->state;
  auto promise = self->make_response_promise<job_view_answer>();
  const bool watched = state.at.phase == job_phase::tracking || state.at.phase == job_phase::parked;
  const bool fresh = state.answered_at != steady_time{} && self->clock().now() - state.answered_at <= wanted.max_age &&
                     wanted.max_age > milliseconds{0};
  if (!watched || fresh || wanted.at_once) {
    // Only this asker: others wait for a look that is still under way.
    auto answer = view_now(state);
    answer.changed = wanted.at_once && answer.terminal && state.changed_by_view;
    promise.deliver(std::move(answer));
    return promise;
  }
  state.views.push_back({promise});
  state.changed_by_view = false;
  feed(self, job_fact::look_wanted{});
  return promise;
}

caf::result<bool> drain(job_pointer self) {
  auto& state = self->state;
  auto promise = self->make_response_promise<bool>();
  if (state.at.phase != job_phase::tracking) {
    promise.deliver(true);
    self->quit();
    return promise;
  }
  change::save_poll_state save;
  save.own = state.eng->own(state.facts->task);
  save.row = state.record.row;
  save.failures = state.at.failures;
  if (state.at.first_look) save.poll_started_at = wall_of(self, *state.at.first_look);
  save.last_change_at = wall_of(self, state.at.last_change);
  commit(self, *state.eng, save, [self, promise](const auto& receipt) mutable {
    promise.deliver(receipt.has_value());
    self->quit();
  });
  return promise;
}

call_job_position starting_position(job_pointer self, bool suspended) {
  const auto& state = self->state;
  const auto now = self->clock().now();
  auto last_change = now;
  const auto stored = state.record.last_change_at ? state.record.last_change_at : state.record.poll_started_at;
  if (stored) last_change = now - std::max(milliseconds{0}, state.eng->now() - *stored);
  auto at = restored_position(state.record.phase, state.record.parked, state.record.status, state.record.outcome,
                              state.record.failures, last_change);
  at.suspended = suspended;
  if (at.look_in_flight) at.last_look = now;
  return at;
}

call_job::behavior_type call_job_behavior(job_pointer self, engine_ptr eng, task_facts_ptr facts, call_task task,
                                          std::uint32_t index, call_job_record record, bool suspended) {
  auto& state = self->state;
  state.eng = std::move(eng);
  ++state.eng->counts->jobs;
  state.facts = std::move(facts);
  state.task = std::move(task);
  state.index = index;
  // Before anything that may throw: who dies unheard is never started again.
  self->set_exception_handler([self](std::exception_ptr& thrown) -> caf::error {
    self->send(self->state.task, crash_atom::value, self->state.index, what_of(thrown));
    return caf::sec::runtime_error;
  });
  state.record = std::move(record);
  state.at = starting_position(self, suspended);
  state.told.phase = state.record.phase;
  state.told.status = state.record.status;
  state.told.parked = state.record.parked;
  state.told.has_job_id = !state.record.call_job_id.empty();
  state.told.followed = state.record.leads_follow_id.has_value();
  state.told.is_interested = state.record.is_interested;
  for (const auto& order : opening_orders(state.at, state.facts->job_policy)) std::visit(order_visitor{self}, order);
  return {
      [self](looked_atom, const look_answer& looked) { take_look(self, *looked); },
      [self](wake_atom) {
        auto& st = self->state;
        if (st.follower) self->send(st.follower, wake_atom::value);
        else feed(self, job_fact::woken{});
      },
      [self](note_atom, const job_note& note) { take_note(self, note); },
      [self](view_atom, const view_request& wanted) { return view(self, wanted); },
      [self](arm_atom, std::int64_t delay_ms) {
        self->send(self->state.task, arm_atom::value, self->state.index, delay_ms);
      },
      [self](follow_atom, const std::shared_ptr<const follow_up_outcome>& outcome) {
        auto& st = self->state;
        st.follower = nullptr;
        if (outcome->stopped) {
          self->quit();
          return;
        }
        st.record.leads_follow_id = outcome->follow;
        st.record.is_interested = outcome->is_interested;
        feed(self, job_fact::follow_up_done{});
      },
      [self](view_atom, bool waits) {
        self->state.awaiting_conversation = waits;
        report(self);
      },
      [self](crash_atom, const std::string& what) {
        // The follow-up died; the job starts over from the store with it.
        self->send(self->state.task, crash_atom::value, self->state.index, what);
        self->quit(caf::sec::runtime_error);
      },
      [self](drain_atom) { return drain(self); },
  };
}

}  // namespace

call_job_policy job_policy_of(const config::options& options) {
  call_job_policy policy;
  policy.look_interval = options.job.look_interval;
  policy.queued_look_interval = options.job.queued_look_interval;
  policy.queued_after = options.job.queued_after;
  policy.deadline = options.job.deadline;
  policy.max_failures = options.job.max_failures;
  policy.commit_retry = options.job.commit_retry;
  // A look may wait for its tokens and for every try of its call.
  policy.look_timeout = std::max(milliseconds{60'000}, options.provider.read_tries * (options.provider.read_deadline +
                                                                                      options.provider.retry_max));
  return policy;
}

follow_up_policy follow_policy_of(const config::options& options) {
  follow_up_policy policy;
  policy.conversation_wait = options.job.conversation_wait;
  policy.conversation_look_interval = options.job.conversation_look_interval;
  policy.analysis_retry = options.analyst.retry_delay;
  policy.analysis_tries = options.analyst.tries;
  policy.commit_retry = options.job.commit_retry;
  // The analysis may wait in the analyst's queue for hours when the model is slow; its own deadline counts from when it
  // is sent, and the analyst answers every request. This bound only guards against a defect.
  policy.analysis_timeout = milliseconds{24 * 3'600'000};
  return policy;
}

call_job spawn_call_job(caf::actor_system& system, engine_ptr eng, task_facts_ptr facts, call_task task,
                        std::uint32_t index, call_job_record record, bool suspended) {
  return system.spawn(call_job_behavior, std::move(eng), std::move(facts), std::move(task), index, std::move(record),
                      suspended);
}

}  // namespace waihu
