#include "actors/provider_gateway_actor.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <unordered_map>
#include <vector>

#include "actors/circuit_breaker.hpp"
#include "actors/exceptions.hpp"
#include "actors/token_bucket.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

/// Who asked for a look at one job, and when the first of them was due to.
struct wanted_look {
  std::vector<look_client> clients;
  steady_time due{};
};

/// Looks that were put together: ids and who asked.
struct look_batch {
  std::vector<std::string> ids;
  std::map<std::string, wanted_look> looks;
  steady_time due{};  ///< Of the one that was due first.
  bool is_part{};     ///< Of a batch that was sent before.
};

/// A call that waits, or is under way.
struct pending_call {
  provider_call_ptr call;
  std::function<void(provider_answer)> deliver;
  std::size_t operation{};                  ///< Its place in `provider_operations`.
  std::shared_ptr<const look_batch> looks;  ///< Only of looks.
  int tries{};
  steady_time due{};
  steady_time sent{};
  std::optional<steady_time> not_after;   ///< Never sent later: its asker may have given it up and begun anew.
  std::optional<steady_time> held_since;  ///< It might have left then, but for the calls of that second.
};

struct gateway_state {
  gateway_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::shared_ptr<voice_provider> provider;
  config::provider_options options;
  std::shared_ptr<engine_counts> counts;
  std::function<bool()> may_write;
  std::function<wall_time()> wall_now;
  std::mt19937_64 random;
  std::unique_ptr<circuit_breaker> breaker;
  std::map<std::string, token_bucket, std::less<>> buckets;
  std::deque<pending_call> waiting;
  std::unordered_map<std::uint64_t, pending_call> under_way;
  std::uint64_t next_id{1};
  std::vector<std::string> look_order;
  std::map<std::string, wanted_look> wanted_looks;
  std::multiset<steady_time> open_looks;  ///< When the batches that are not answered yet were due.
  steady_time oldest_look{};
  steady_time flush_armed_for{};
  static inline const char* name = "provider_gateway";
};

using gateway_pointer = provider_gateway::stateful_pointer<gateway_state>;

void pump(gateway_pointer self);

steady_time now_of(gateway_pointer self) { return self->clock().now(); }

/// Asks to be flushed at `when`, unless an earlier flush is already on its way.
void flush_at(gateway_pointer self, steady_time when) {
  auto& state = self->state;
  const auto now = now_of(self);
  when = std::max(when, now + milliseconds{1});
  if (state.flush_armed_for > now && state.flush_armed_for <= when) return;
  state.flush_armed_for = when;
  self->scheduled_send(self, when, flush_atom::value);
}

std::int64_t ms_of(steady_time when) {
  return std::chrono::duration_cast<milliseconds>(when.time_since_epoch()).count();
}

/// Shows queue and breaker to those who only look.
void show(gateway_pointer self) {
  auto& state = self->state;
  auto& counts = *state.counts;
  counts.provider_waiting = static_cast<std::int64_t>(state.waiting.size());
  counts.provider_in_flight = static_cast<std::int64_t>(state.under_way.size());
  const auto stands = state.breaker->state();
  if (stands == breaker_state::closed) {
    counts.breaker = 0;
    counts.breaker_retry_ms = 0;
    return;
  }
  counts.breaker_retry_ms = to_epoch_ms(state.wall_now() + state.breaker->retry_in(now_of(self)));
  counts.breaker = stands == breaker_state::open ? 2 : 1;
}

/// Shows how long looks have been waiting.
void show_looks(gateway_state& state) {
  auto oldest = state.open_looks.empty() ? steady_time::max() : *state.open_looks.begin();
  if (!state.look_order.empty()) oldest = std::min(oldest, state.oldest_look);
  state.counts->oldest_look_due_ms = oldest == steady_time::max() ? 0 : ms_of(oldest);
}

/// A batch that is larger than this node's share has become would wait for good; given back, its calls are granted
/// anew.
constexpr milliseconds longest_hold{2'000};

/// Answers a call that is not sent.
void turn_away(gateway_state& state, pending_call& pending, unsent reason, failure why) {
  ++state.counts->provider_unsent[static_cast<std::size_t>(reason)];
  pending.deliver(provider_answer(tl::unexpected<failure>(std::move(why))));
}

void turn_away_for_the_rate(gateway_state& state, pending_call& pending) {
  turn_away(state, pending, unsent::over_the_rate,
            {errc::overloaded, "no room within the calls per second", over_the_rate_code, 0});
}

token_bucket& bucket_of(gateway_state& state, const pending_call& pending) {
  const auto rate = pending.call->write ? state.options.write_rate_per_s : state.options.read_rate_per_s;
  return state.buckets
      .try_emplace(pending.call->operation, token_bucket{rate, static_cast<double>(state.options.burst)})
      .first->second;
}

failure breaker_failure(const gateway_state& state, steady_time now) {
  return {errc::unavailable, "the provider's circuit breaker is open", "breaker_open",
          std::max<std::int64_t>(state.breaker->retry_in(now).count(), 100)};
}

void send_off(gateway_pointer self, pending_call pending) {
  auto& state = self->state;
  const auto id = state.next_id++;
  ++pending.tries;
  pending.sent = now_of(self);
  if (pending.looks && !pending.looks->is_part && pending.tries == 1)
    for (const auto& [job, look] : pending.looks->looks) state.counts->look_lateness.observe(pending.sent - look.due);
  auto call = pending.call;
  state.under_way.emplace(id, std::move(pending));
  auto me = caf::actor_cast<provider_gateway>(self);
  call->invoke(*state.provider, call->write ? state.options.write_deadline : state.options.read_deadline,
               [me, id](provider_answer answer) {
                 caf::anon_send(me, done_atom::value, id, std::make_shared<provider_answer>(std::move(answer)));
               });
}

/// Does this failure speak against the provider's health?
bool speaks_against(errc code) {
  return code == errc::unavailable || code == errc::timed_out || code == errc::lost || code == errc::malformed;
}

/// May a call that failed so be made again? Reads always; writes only when they were surely not received.
bool may_repeat(const provider_call& call, const failure& why) {
  if (why.code == errc::throttled || why.code == errc::unavailable) return true;
  return !call.write && is_transient(why.code);
}

milliseconds back_off(gateway_state& state, int tries, const failure& why) {
  const auto cap = std::min<std::int64_t>(state.options.retry_max.count(), state.options.retry_min.count()
                                                                               << std::min(tries - 1, 16));
  std::uniform_int_distribution<std::int64_t> jitter(cap / 2, std::max<std::int64_t>(cap, 1));
  return milliseconds{std::max(jitter(state.random), why.retry_after_ms)};
}

void call_finished(gateway_pointer self, std::uint64_t id, provider_answer answer) {
  auto& state = self->state;
  const auto found = state.under_way.find(id);
  if (found == state.under_way.end()) return;
  auto pending = std::move(found->second);
  state.under_way.erase(found);
  const auto now = now_of(self);
  auto& counted = state.counts->provider[pending.operation];
  counted.results.add(answer);
  counted.seconds.observe(now - pending.sent);
  if (answer || !speaks_against(answer.error().code)) {
    state.breaker->succeeded();
  } else if (state.breaker->failed(now)) {
    ++state.counts->breaker_openings;
    telemetry::log_event(telemetry::log_level::warn, "provider", "provider.breaker_opened",
                         {{"operation", pending.call->operation}, {"reason", answer.error().message}});
  }
  const auto due = answer ? now : now + back_off(state, pending.tries, answer.error());
  if (!answer && pending.call->repeat && may_repeat(*pending.call, answer.error()) &&
      pending.tries < state.options.read_tries && state.breaker->state() == breaker_state::closed &&
      (!pending.not_after || due < *pending.not_after)) {
    pending.due = due;
    flush_at(self, pending.due);
    state.waiting.push_back(std::move(pending));
  } else {
    pending.deliver(std::move(answer));
  }
  pump(self);
}

void enqueue(gateway_pointer self, pending_call pending) {
  auto& state = self->state;
  pending.operation = place_of_operation(pending.call->operation);
  if (state.waiting.size() >= static_cast<std::size_t>(state.options.queue_limit))
    return turn_away(state, pending, unsent::queue_full,
                     {errc::overloaded, "too many calls wait for the provider", {}, 0});
  if (pending.call->wait_limit > milliseconds{0}) {
    pending.not_after = now_of(self) + pending.call->wait_limit;
    flush_at(self, *pending.not_after);
  }
  state.waiting.push_back(std::move(pending));
}

// --- looks -----------------------------------------------------------------------------------------------------

void tell(gateway_pointer self, const wanted_look& look, result<job_snapshot> what) {
  self->state.counts->look_answers.add(what);
  const auto answer = std::make_shared<const result<job_snapshot>>(std::move(what));
  for (const auto& client : look.clients) self->send(client, looked_atom::value, answer);
}

/// The provider answered for these jobs, if only that it will not.
bool is_answer(errc code) {
  return code == errc::rejected || code == errc::not_found || code == errc::invalid_argument;
}

/// A batch of looks is over: has the provider served anybody, or since when has it not?
void note_served(gateway_state& state, const look_batch& batch, bool served, steady_time now) {
  const auto open = state.open_looks.find(batch.due);
  if (open != state.open_looks.end()) state.open_looks.erase(open);
  auto& counts = *state.counts;
  if (served) {
    counts.unserved_since_ms = 0;
  } else {
    counts.unserved_last_ms = ms_of(now);
    if (counts.unserved_since_ms == 0) counts.unserved_since_ms = ms_of(batch.due);
  }
  show_looks(state);
}

void send_looks(gateway_pointer self, std::shared_ptr<look_batch> batch);

/// One id may poison a whole batch: halves are asked until the culprit is alone.
void split(gateway_pointer self, const look_batch& batch) {
  const auto half = batch.ids.size() / 2;
  for (const auto& [from, to] : {std::pair{std::size_t{0}, half}, std::pair{half, batch.ids.size()}}) {
    auto part = std::make_shared<look_batch>();
    part->ids.assign(batch.ids.begin() + static_cast<std::ptrdiff_t>(from),
                     batch.ids.begin() + static_cast<std::ptrdiff_t>(to));
    part->due = batch.due;
    part->is_part = true;
    for (const auto& id : part->ids) part->looks.emplace(id, batch.looks.at(id));
    send_looks(self, std::move(part));
  }
}

void looks_answered(gateway_pointer self, const std::shared_ptr<look_batch>& batch, provider_answer answer) {
  note_served(self->state, *batch, answer || is_answer(answer.error().code), now_of(self));
  if (!answer) {
    const auto& why = answer.error();
    const bool poisoned = why.code == errc::rejected || why.code == errc::not_found || why.code == errc::malformed ||
                          why.code == errc::invalid_argument;
    if (poisoned && batch->ids.size() > 1) return split(self, *batch);
    for (const auto& [id, look] : batch->looks) tell(self, look, tl::unexpected<failure>(why));
    return;
  }
  auto snapshots = std::any_cast<std::vector<job_snapshot>>(std::move(*answer));
  for (auto& snapshot : snapshots) {
    const auto found = batch->looks.find(snapshot.call_job_id);
    if (found == batch->looks.end()) continue;
    tell(self, found->second, std::move(snapshot));
    batch->looks.erase(found);
  }
  for (const auto& [id, look] : batch->looks)
    tell(self, look, fail(errc::not_found, "the provider does not know this job"));
}

void send_looks(gateway_pointer self, std::shared_ptr<look_batch> batch) {
  auto call = std::make_shared<provider_call>();
  call->operation = "ListJobs";
  call->invoke = [ids = batch->ids](voice_provider& provider, milliseconds deadline, completion<std::any> done) {
    provider.list_jobs(ids, deadline, [done = std::move(done)](result<std::vector<job_snapshot>> r) {
      if (!r) return done(tl::unexpected<failure>(std::move(r.error())));
      done(std::any(std::move(*r)));
    });
  };
  self->state.open_looks.insert(batch->due);
  show_looks(self->state);
  pending_call pending;
  pending.call = std::move(call);
  pending.looks = batch;
  pending.deliver = [self, batch = std::move(batch)](provider_answer answer) {
    looks_answered(self, batch, std::move(answer));
  };
  enqueue(self, std::move(pending));
}

/// Packs waiting looks: full batches at once, the rest when the oldest has lingered long enough.
void pack_looks(gateway_pointer self) {
  auto& state = self->state;
  const auto size = static_cast<std::size_t>(state.options.look_batch);
  const auto now = now_of(self);
  while (!state.look_order.empty()) {
    if (state.look_order.size() < size && now < state.oldest_look + state.options.look_linger) {
      flush_at(self, state.oldest_look + state.options.look_linger);
      return;
    }
    auto batch = std::make_shared<look_batch>();
    const auto n = std::min(size, state.look_order.size());
    for (std::size_t i = 0; i < n; ++i) {
      auto entry = state.wanted_looks.extract(state.look_order[i]);
      batch->due = i == 0 ? entry.mapped().due : std::min(batch->due, entry.mapped().due);
      batch->ids.push_back(entry.key());
      batch->looks.insert(std::move(entry));
    }
    state.look_order.erase(state.look_order.begin(), state.look_order.begin() + static_cast<std::ptrdiff_t>(n));
    state.oldest_look = now;
    send_looks(self, std::move(batch));
  }
}

void pump(gateway_pointer self) {
  auto& state = self->state;
  pack_looks(self);
  const auto now = now_of(self);
  std::deque<pending_call> still_waiting;
  while (!state.waiting.empty() && state.under_way.size() < static_cast<std::size_t>(state.options.max_in_flight)) {
    auto pending = std::move(state.waiting.front());
    state.waiting.pop_front();
    if (pending.not_after && now >= *pending.not_after) {
      // Held by the rate, it may be larger than what this node may ever send at once: asking again would not help.
      if (pending.held_since) turn_away_for_the_rate(state, pending);
      else
        turn_away(state, pending, unsent::waited_too_long,
                  {errc::overloaded, "waited too long for its turn at the provider", {}, 0});
      continue;
    }
    if (pending.call->permit && !pending.call->permit()) {
      turn_away(state, pending, unsent::withdrawn, {errc::overloaded, "withdrawn before it was sent", {}, 0});
      continue;
    }
    if (pending.call->write && !state.may_write()) {
      turn_away(state, pending, unsent::claim_unconfirmed,
                {errc::unavailable, "the claim on the shards is not confirmed", "claim_unconfirmed", 1'000});
      continue;
    }
    if (pending.due > now) {
      flush_at(self, pending.due);
      still_waiting.push_back(std::move(pending));
      continue;
    }
    auto& bucket = bucket_of(state, pending);
    if (bucket.next_in(now) > milliseconds{0}) {
      flush_at(self, now + bucket.next_in(now));
      still_waiting.push_back(std::move(pending));
      continue;
    }
    const auto held_for = pending.call->admit ? pending.call->admit(now) : milliseconds{0};
    if (held_for > milliseconds{0}) {
      if (!pending.held_since) pending.held_since = now;
      if (now - *pending.held_since >= longest_hold) {
        turn_away_for_the_rate(state, pending);
        continue;
      }
      flush_at(self, now + held_for);
      still_waiting.push_back(std::move(pending));
      continue;
    }
    if (!state.breaker->admit(now)) {
      turn_away(state, pending, unsent::breaker_open, breaker_failure(state, now));
      continue;
    }
    bucket.take(1, now);
    send_off(self, std::move(pending));
  }
  // What was not looked at, and what `deliver` queued meanwhile, comes behind what waited before.
  for (auto& pending : state.waiting) still_waiting.push_back(std::move(pending));
  state.waiting = std::move(still_waiting);
  show(self);
}

provider_gateway::behavior_type gateway_behavior(gateway_pointer self, std::shared_ptr<voice_provider> provider,
                                                 config::provider_options options, std::uint64_t seed,
                                                 std::shared_ptr<engine_counts> counts, std::function<bool()> may_write,
                                                 std::function<wall_time()> now) {
  log_exceptions(self);
  auto& state = self->state;
  state.may_write = std::move(may_write);
  state.wall_now = std::move(now);
  state.provider = std::move(provider);
  state.breaker = std::make_unique<circuit_breaker>(breaker_policy{static_cast<std::size_t>(options.breaker_window),
                                                                   0.5, options.breaker_consecutive,
                                                                   options.breaker_open_min, options.breaker_open_max});
  state.options = std::move(options);
  state.random.seed(seed);
  state.counts = std::move(counts);
  return {
      [self](look_atom, const std::string& call_job_id, const look_client& client, steady_time due) {
        auto& st = self->state;
        ++st.counts->looks;
        if (st.look_order.empty()) st.oldest_look = now_of(self);
        auto& look = st.wanted_looks[call_job_id];
        if (look.clients.empty()) st.look_order.push_back(call_job_id);
        look.due = look.clients.empty() ? due : std::min(look.due, due);
        look.clients.push_back(client);
        if (st.look_order.size() == 1 || st.look_order.size() >= static_cast<std::size_t>(st.options.look_batch))
          pump(self);
      },
      [self](call_atom, const provider_call_ptr& call) -> caf::result<provider_answer> {
        auto promise = self->make_response_promise<provider_answer>();
        pending_call pending;
        pending.call = call;
        pending.deliver = [promise](provider_answer answer) mutable { promise.deliver(std::move(answer)); };
        enqueue(self, std::move(pending));
        pump(self);
        return promise;
      },
      [self](done_atom, std::uint64_t id, const std::shared_ptr<provider_answer>& answer) {
        call_finished(self, id, std::move(*answer));
      },
      [self](flush_atom) { pump(self); },
  };
}

}  // namespace

provider_gateway spawn_provider_gateway(caf::actor_system& system, std::shared_ptr<voice_provider> provider,
                                        config::provider_options options, std::uint64_t seed,
                                        std::shared_ptr<engine_counts> counts, std::function<bool()> may_write,
                                        std::function<wall_time()> now) {
  return system.spawn(gateway_behavior, std::move(provider), std::move(options), seed, std::move(counts),
                      std::move(may_write), std::move(now));
}

}  // namespace waihu
