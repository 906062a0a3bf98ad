#include "actors/call_job_actor.hpp"

#include <cstdlib>
#include <vector>

#include "actors/exceptions.hpp"
#include "actors/failpoint.hpp"
#include "actors/follow_up_actor.hpp"
#include "messages/model/packed_texts.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

/// The texts that a job keeps, by their place in its pack.
enum text : std::uint8_t {
  leads_id,
  leads_name,
  call_job_id,
  status_word,     ///< Verbatim.
  failure_reason,  ///< Provider's, where there was no attempt.
  call_task_id,    ///< From here on: the newest attempt.
  call_id,
  attempt_status,
  calling_number,
  called_number,
  conversation,  ///< Only until it is committed.
  text_count
};
using job_texts = packed_texts<text_count>;

/// What the task knows of its job.
struct told_task {
  job_phase phase{};
  call_status status{};
  parked_reason parked{};
  bool has_job_id{};
  bool followed{};
  bool awaiting_conversation{};
  std::optional<interest> is_interested;
  bool operator==(const told_task&) const = default;
};

/// There may be hundreds of thousands: what is here counts. The rest of the row stays in the store.
struct call_job_state {
  call_job_state() = default;  // not an aggregate: CAF would try to build it from `self`
  ~call_job_state() {
    if (!facts) return;
    --facts->eng->counts->jobs;
    if (follower) caf::anon_send_exit(follower, caf::exit_reason::user_shutdown);
  }
  call_job_state(const call_job_state&) = delete;
  call_job_state& operator=(const call_job_state&) = delete;

  task_facts_ptr facts;
  call_task task;
  job_row_id row{};
  call_job_position at;
  job_texts texts;
  std::int64_t planed_ms{}, actual_ms{};                            ///< Of the newest attempt.
  steady_time answered_at{};                                        ///< Last look that was answered.
  std::vector<caf::typed_response_promise<job_view_answer>> views;  ///< Who waits for a look.
  follow_up follower;
  std::uint32_t index{};
  told_task told;
  std::optional<interest> is_interested;
  bool followed{};
  bool awaiting_conversation{};
  bool changed_by_view{};
  static inline const char* name = "call_job";

  [[nodiscard]] const engine& eng() const { return *facts->eng; }
  [[nodiscard]] std::string copy_of(text which) const { return std::string(texts[which]); }
  /// Replaces one text.
  void keep(text which, std::string_view what) {
    auto all = texts.all();
    all[which] = what;
    texts = job_texts(all);
  }
};

using job_pointer = call_job::stateful_pointer<call_job_state>;

void feed(job_pointer self, const call_job_fact& fact, steady_time due = {});

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
  const auto r = unit_random(state.eng().seed ^ (static_cast<std::uint64_t>(value(state.row)) << 20U) ^ when);
  const auto share = (2.0 * r - 1.0) * state.facts->look_jitter;
  return milliseconds{static_cast<std::int64_t>(static_cast<double>(delay.count()) * (1.0 + share))};
}

void report(job_pointer self, bool retired = false) {
  auto& state = self->state;
  told_task now{state.at.phase,     state.at.status,
                state.at.parked,    !state.texts[call_job_id].empty(),
                state.followed,     state.awaiting_conversation,
                state.is_interested};
  if (now == state.told && !retired) return;
  // A terminal status counts only once it is durable; until then the task sees the last one that was.
  if (is_terminal(now.status) && now.phase != job_phase::settled && now.phase != job_phase::closed)
    now.status = state.told.status;
  job_report news;
  news.index = state.index;
  news.phase = now.phase;
  news.status = now.status;
  news.parked = now.parked;
  news.has_job_id = now.has_job_id;
  news.followed = now.followed;
  news.awaiting_conversation = now.awaiting_conversation;
  news.retired = retired;
  news.is_interested = now.is_interested;
  if (now.has_job_id && !state.told.has_job_id) news.call_job_id = state.copy_of(call_job_id);
  state.told = now;
  self->send(state.task, report_atom::value, std::move(news));
}

live_job live_view(const call_job_state& state) {
  live_job live;
  live.row = state.row;
  live.status = state.at.status;
  live.status_word = state.copy_of(status_word);
  live.call_job_id = state.copy_of(call_job_id);
  live.call_task_id = state.copy_of(call_task_id);
  live.attempt_status = state.copy_of(attempt_status);
  live.calling_number = state.copy_of(calling_number);
  live.called_number = state.copy_of(called_number);
  live.planed_ms = state.planed_ms;
  live.actual_ms = state.actual_ms;
  return live;
}

attempt newest_attempt(const call_job_state& state) {
  attempt last;
  last.call_task_id = state.copy_of(call_task_id);
  last.call_id = state.copy_of(call_id);
  last.status = state.copy_of(attempt_status);
  last.calling_number = state.copy_of(calling_number);
  last.called_number = state.copy_of(called_number);
  last.planed_ms = state.planed_ms;
  last.actual_ms = state.actual_ms;
  last.conversation_json = state.copy_of(conversation);
  return last;
}

/// What is known now, whenever it was learnt.
job_view_answer view_now(const call_job_state& state) {
  job_view_answer answer;
  answer.live = live_view(state);
  answer.terminal = state.at.phase == job_phase::settled || state.at.phase == job_phase::closed;
  return answer;
}

/// A look has ended: tells those who waited for it what came of it. `error` says why it failed; empty when it did not.
void answer_views(job_pointer self, const std::string& error = {}) {
  auto& state = self->state;
  if (state.views.empty()) return;
  auto answer = view_now(state);
  answer.changed = answer.terminal && state.changed_by_view;
  answer.error = error;
  answer.stale = !answer.error.empty();
  auto views = std::move(state.views);
  state.views.clear();
  for (auto& view : views) view.deliver(answer);
}

/// Reacts to the outcome of a commit. A stale epoch means the shard is another node's: stop at once.
void committed(job_pointer self, const result<change_receipt>& receipt) {
  auto& state = self->state;
  if (receipt) return feed(self, job_fact::committed{});
  const auto& why = receipt.error();
  if (why.code == errc::stale_epoch) {
    if (state.eng().on_ownership_lost) state.eng().on_ownership_lost(why.message);
    self->quit();
    return;
  }
  telemetry::log_repeated(telemetry::log_level::warn, "job", "job.commit_failed", to_string(why.code),
                          {{"task", state.facts->task}, {"job", state.row}, {"reason", why.message}});
  feed(self, job_fact::commit_failed{});
}

void persist(job_pointer self, store_change change) {
  commit(self, self->state.eng(), std::move(change), [self](const auto& receipt) { committed(self, receipt); });
}

/// Which case call it is; nothing for a campaign's.
std::optional<case_call_id> case_call_of(const call_job_state& state) {
  if (!state.facts->is_of_case) return std::nullopt;
  return case_call_id{std::strtoll(state.copy_of(leads_id).c_str(), nullptr, 10)};
}

wall_time wall_of(job_pointer self, steady_time when) {
  const auto ago = std::chrono::duration_cast<milliseconds>(self->clock().now() - when);
  return self->state.eng().now() - ago;
}

void start_follow_up(job_pointer self) {
  auto& state = self->state;
  follow_up_task work;
  work.row = state.row;
  work.leads_id = state.copy_of(leads_id);
  work.leads_name = state.copy_of(leads_name);
  work.call_job_id = state.copy_of(call_job_id);
  work.status = state.at.status;
  work.outcome = state.at.outcome;
  work.attempt_status = state.copy_of(state.texts[attempt_status].empty() ? failure_reason : attempt_status);
  work.conversation_json = state.copy_of(conversation);
  state.keep(conversation, {});
  // After a restart the conversation is in the store, not here.
  work.load_from_store = state.at.restored;
  state.follower =
      spawn_follow_up(self->system(), state.facts->eng, state.facts, follow_up_parent{self}, std::move(work));
}

struct order_visitor {
  job_pointer self;
  steady_time due{};  ///< When what is ordered was to be done; empty: now.

  void operator()(const job_orders::look_now&) const {
    auto& state = self->state;
    self->send(state.eng().gateway, look_atom::value, state.copy_of(call_job_id), look_client{self},
               due == steady_time{} ? self->clock().now() : due);
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
    settle.own = state.facts->own();
    settle.row = state.row;
    settle.status = state.at.status;
    settle.outcome = state.at.outcome;
    settle.last = newest_attempt(state);
    settle.at = state.eng().now();
    settle.case_call = case_call_of(state);
    persist(self, std::move(settle));
  }
  void operator()(const job_orders::persist_park& park) const {
    auto& state = self->state;
    change::park_job parking;
    parking.own = state.facts->own();
    parking.row = state.row;
    parking.reason = park.reason;
    parking.failures = state.at.failures;
    if (state.at.first_look) parking.poll_started_at = wall_of(self, *state.at.first_look);
    parking.last_change_at = wall_of(self, state.at.last_change);
    parking.at = state.eng().now();
    parking.case_call = case_call_of(state);
    persist(self, parking);
  }
  void operator()(const job_orders::persist_unpark&) const {
    auto& state = self->state;
    persist(self, change::unpark_job{state.facts->own(), state.row, state.eng().now()});
  }
  void operator()(const job_orders::persist_close&) const {
    auto& state = self->state;
    persist(self, change::close_job{state.facts->own(), state.row});
  }
  void operator()(const job_orders::raise_unreachable&) const {
    const auto& state = self->state;
    telemetry::log_event(telemetry::log_level::error, "job", "job.unreachable",
                         {{"task", state.facts->task}, {"job", state.row}, {"failures", state.at.failures}},
                         "获取通话状态失败");
  }
  void operator()(const job_orders::warn_deadline&) const {
    const auto& state = self->state;
    telemetry::log_event(telemetry::log_level::warn, "job", "job.deadline_passed",
                         {{"task", state.facts->task}, {"job", state.row}});
  }
  void operator()(const job_orders::start_follow_up&) const { start_follow_up(self); }
  void operator()(const job_orders::count_late_report&) const { ++self->state.eng().counts->late_reports; }
  void operator()(const job_orders::retire&) const {
    report(self, true);
    self->quit();
  }
};

/// Counts a call that has just ended or been parked, durably both.
void count_move(const call_job_state& state, job_phase before) {
  auto& counts = *state.eng().counts;
  const bool had_ended = before == job_phase::settled || before == job_phase::closed;
  const bool has_ended = state.at.phase == job_phase::settled || state.at.phase == job_phase::closed;
  if (has_ended && !had_ended) ++counts.calls_ended[static_cast<std::size_t>(state.at.outcome)];
  if (state.at.phase == job_phase::parked) ++counts.calls_parked[static_cast<std::size_t>(state.at.parked)];
}

void feed(job_pointer self, const call_job_fact& fact, steady_time due) {
  auto& state = self->state;
  auto decision = decide(state.at, fact, state.facts->job_policy, self->clock().now());
  if (!decision) return;
  const auto before = state.at.phase;
  state.at = std::move(decision->next);
  if (before != state.at.phase) count_move(state, before);
  if (before != job_phase::settled && state.at.phase == job_phase::settled && !state.views.empty())
    state.changed_by_view = true;
  report(self);
  for (const auto& order : decision->orders) std::visit(order_visitor{self, due}, order);
  if (state.at.phase == job_phase::settled || state.at.phase == job_phase::closed) answer_views(self);
}

/// Keeps what a look showed. Most looks show what the one before did.
void keep_seen(call_job_state& state, const job_snapshot& seen) {
  const auto& last = seen.last;
  state.planed_ms = last.planed_ms;
  state.actual_ms = last.actual_ms;
  const auto before = state.texts.all();
  auto now = before;
  now[status_word] = seen.status_word;
  now[failure_reason] = seen.failure_reason;
  now[call_task_id] = last.call_task_id;
  now[call_id] = last.call_id;
  now[attempt_status] = last.status;
  now[calling_number] = last.calling_number;
  now[called_number] = last.called_number;
  // Nobody needs the text of a call that goes on.
  now[conversation] = is_terminal(seen.status) ? std::string_view(last.conversation_json) : std::string_view{};
  if (now != before) state.texts = job_texts(now);
}

void take_snapshot(job_pointer self, const job_snapshot& seen) {
  auto& state = self->state;
  state.answered_at = self->clock().now();
  const bool final_already = state.at.committing == job_commit::outcome || state.at.phase == job_phase::settled;
  if (!final_already) {
    keep_seen(state, seen);
    if (seen.status == call_status::other)
      telemetry::log_repeated(telemetry::log_level::warn, "job", "job.unknown_status", seen.status_word,
                              {{"status", seen.status_word}, {"task", state.facts->task}});
  }
  const auto code = seen.last.status.empty() ? seen.failure_reason : seen.last.status;
  feed(self, job_fact::status_seen{seen.status, seen.attempt_count, code});
  if (!is_terminal(seen.status)) answer_views(self);
}

void take_look(job_pointer self, const result<job_snapshot>& looked) {
  failpoint("job_looked");
  if (looked) return take_snapshot(self, *looked);
  const auto& why = looked.error();
  const bool never_asked = why.vendor_code == "breaker_open" || why.code == errc::overloaded;
  if (never_asked) feed(self, job_fact::look_skipped{});
  else feed(self, job_fact::look_failed{});
  answer_views(self, why.message);
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
    case job_note::what::woken:
      if (state.follower) self->send(state.follower, wake_atom::value);
      else feed(self, job_fact::woken{}, note.due);
      return;
    case job_note::what::acknowledged: break;
  }
  if (state.texts[call_job_id].empty()) state.keep(call_job_id, note.call_job_id);
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
  state.views.push_back(promise);
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
  save.own = state.facts->own();
  save.row = state.row;
  save.failures = state.at.failures;
  if (state.at.first_look) save.poll_started_at = wall_of(self, *state.at.first_look);
  save.last_change_at = wall_of(self, state.at.last_change);
  commit(self, state.eng(), save, [self, promise](const auto& receipt) mutable {
    promise.deliver(receipt.has_value());
    self->quit();
  });
  return promise;
}

call_job_position starting_position(job_pointer self, const call_job_record& record, bool suspended) {
  const auto now = self->clock().now();
  auto last_change = now;
  const auto stored = record.last_change_at ? record.last_change_at : record.poll_started_at;
  if (stored) last_change = now - std::max(milliseconds{0}, self->state.eng().now() - *stored);
  auto at = restored_position(record.phase, record.parked, record.status, record.outcome, record.failures, last_change);
  at.suspended = suspended;
  // When following it began, where that is stored: a case call's deadline counts from there.
  if (at.first_look && record.poll_started_at)
    at.first_look = now - std::max(milliseconds{0}, self->state.eng().now() - *record.poll_started_at);
  if (at.look_in_flight) at.last_look = now;
  return at;
}

/// What its follow-up tells.
struct news_visitor {
  job_pointer self;

  void operator()(const follow_up_news::wake_in& wake) const {
    self->send(self->state.task, arm_atom::value, self->state.index, static_cast<std::int64_t>(wake.delay.count()));
  }
  void operator()(const follow_up_news::awaits_conversation& news) const {
    self->state.awaiting_conversation = news.waits;
    report(self);
  }
  void operator()(const follow_up_news::ended& outcome) const {
    auto& state = self->state;
    state.follower = nullptr;
    if (outcome.stopped) return self->quit();
    state.followed = true;
    state.is_interested = outcome.is_interested;
    feed(self, job_fact::follow_up_done{});
  }
  void operator()(const follow_up_news::crashed& crash) const {
    // The job starts over from the store with it.
    self->send(self->state.task, crash_atom::value, self->state.index, crash.what);
    self->quit(caf::sec::runtime_error);
  }
};

call_job::behavior_type call_job_behavior(job_pointer self, task_facts_ptr facts, call_task task, std::uint32_t index,
                                          const call_job_record& record, bool suspended) {
  auto& state = self->state;
  state.facts = std::move(facts);
  ++state.eng().counts->jobs;
  state.task = std::move(task);
  state.index = index;
  // Before anything that may throw: who dies unheard is never started again.
  self->set_exception_handler([self](std::exception_ptr& thrown) -> caf::error {
    self->send(self->state.task, crash_atom::value, self->state.index, what_of(thrown));
    return caf::sec::runtime_error;
  });
  state.row = record.row;
  job_texts::texts known;
  known[leads_id] = record.leads_id;
  known[leads_name] = record.leads_name;
  known[call_job_id] = record.call_job_id;
  state.texts = job_texts(known);
  state.followed = record.leads_follow_id.has_value();
  state.is_interested = record.is_interested;
  state.at = starting_position(self, record, suspended);
  state.told = {record.phase,   record.status, record.parked,       !record.call_job_id.empty(),
                state.followed, false,         record.is_interested};
  for (const auto& order : opening_orders(state.at, state.facts->job_policy)) std::visit(order_visitor{self}, order);
  return {
      [self](looked_atom, const look_answer& looked) { take_look(self, *looked); },
      [self](note_atom, const job_note& note) { take_note(self, note); },
      [self](view_atom, const view_request& wanted) { return view(self, wanted); },
      [self](follow_atom, const follow_up_report& news) { std::visit(news_visitor{self}, news); },
      [self](drain_atom) { return drain(self); },
  };
}

}  // namespace

call_job_policy job_policy_of(const config::options& options, task_origin origin) {
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
  if (origin == task_origin::cases) {
    policy.look_interval = policy.queued_look_interval = options.cases.look_interval;
    policy.deadline = options.cases.deadline;
    policy.deadline_from_first_look = true;
    policy.max_failures = options.cases.max_failures;
  }
  return policy;
}

follow_up_policy follow_policy_of(const config::options& options, task_origin origin) {
  follow_up_policy policy;
  policy.conversation_wait = options.job.conversation_wait;
  policy.conversation_look_interval = options.job.conversation_look_interval;
  policy.analysis_retry = options.analyst.retry_delay;
  policy.analysis_tries = options.analyst.tries;
  policy.commit_retry = options.job.commit_retry;
  // The analysis may wait in the analyst's queue for hours when the model is slow; its own deadline counts from when it
  // is sent, and the analyst answers every request. This bound only guards against a defect.
  policy.analysis_timeout = milliseconds{24 * 3'600'000};
  policy.analyses = origin == task_origin::campaign;
  return policy;
}

call_job spawn_call_job(caf::actor_system& system, task_facts_ptr facts, call_task task, std::uint32_t index,
                        call_job_record record, bool suspended) {
  return system.spawn(call_job_behavior, std::move(facts), std::move(task), index, std::move(record), suspended);
}

}  // namespace waihu
