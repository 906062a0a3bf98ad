#include "actors/cluster_keeper_actor.hpp"

#include <algorithm>
#include <map>

#include "actors/exceptions.hpp"
#include "actors/shard_plan_machine.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

using telemetry::log_event;
using telemetry::log_level;

/// News that come faster are answered by one look.
constexpr milliseconds between_looks{20};
/// Shards that somebody is still committing to are asked for again.
constexpr milliseconds take_retry{200};
/// After a lease of another node has ended, so that it surely has by the store's clock too.
constexpr milliseconds look_margin{10};

struct keeper_state {
  keeper_state() = default;  // not an aggregate: CAF would try to build it from `self`
  engine_ptr eng;
  std::unique_ptr<store> session;
  cluster_keeper_options options;
  owned_shards owned{};
  shard_set held, handing;
  steady_time last_look{}, next_look{};
  std::uint64_t wishes{};  ///< Number of the wish to look again that counts.
  steady_time good_until{};
  bool lost{};
  bool leaving{};
  std::vector<caf::typed_response_promise<bool>> left;
  std::string seen_members;  ///< Who was there at the last look, so that only news are logged.
  static inline const char* name = "cluster_keeper";
};

using keeper_pointer = cluster_keeper::stateful_pointer<keeper_state>;

void look(keeper_pointer self);

/// One wish to look again counts at a time; an earlier one replaces a later, whose message then comes for nothing.
void look_in(keeper_pointer self, milliseconds delay) {
  auto& state = self->state;
  const auto at = self->clock().now() + delay;
  if (state.next_look != steady_time{} && state.next_look <= at) return;
  state.next_look = at;
  self->delayed_send(self, delay, tend_atom::value, ++state.wishes);
}

/// Milliseconds of the monotonic clock; what others compare with.
std::int64_t in_ms(steady_time at) { return std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count(); }

/// Only when the supervisor has let go of what was lost may anything be sent under the renewed leases.
void tell_owned(keeper_pointer self) {
  auto& state = self->state;
  auto news = std::make_shared<owned_news>();
  news->epochs = state.owned;
  news->handing = state.handing;
  news->good_until = state.good_until;
  const auto until = in_ms(state.good_until);
  self->request(state.eng->overseer, state.options.drain_timeout, owned_atom::value, owned_news_ptr(std::move(news)))
      .then(
          [self, until](bool) {
            const auto& shown = self->state.options.good_until_ms;
            if (shown && shown->load() < until) shown->store(until);
          },
          [](caf::error&) {});
}

std::vector<held_shard> listed(const keeper_state& state, const shard_set& among) {
  std::vector<held_shard> out;
  for (int i = 0; i < shard_count; ++i) {
    const auto shard = static_cast<shard_id>(i);
    if (among.test(index_of(shard))) out.push_back({shard, state.owned[index_of(shard)]});
  }
  return out;
}

void drop(keeper_state& state, const held_shard& shard) {
  const auto i = index_of(shard.shard);
  if (state.owned[i] != shard.epoch) return;
  state.owned[i] = epoch_t{};
  state.held.reset(i);
  state.handing.reset(i);
}

/// What is left of ours after a renewal, as the store says.
void keep_only(keeper_pointer self, const std::vector<held_shard>& kept) {
  auto& state = self->state;
  auto gone = listed(state, state.held);
  std::erase_if(gone, [&](const held_shard& h) { return std::find(kept.begin(), kept.end(), h) != kept.end(); });
  for (const auto& shard : gone) {
    drop(state, shard);
    log_event(log_level::error, "lease", "lease.shard_lost",
              {{"node", state.options.node}, {"shard", value(shard.shard)}, {"epoch", shard.epoch}},
              "the store says that it is not ours; its tasks stop here at once");
  }
}

void show_members(keeper_pointer self, const cluster_view& view) {
  auto& state = self->state;
  std::string there;
  for (const auto& member : view.members) {
    if (member.beat_age >= state.options.lease_time) continue;
    if (!there.empty()) there += ' ';
    there += member.node;
    if (member.protocol != cluster_protocol) there += "(protocol " + std::to_string(member.protocol) + ")";
    if (member.drained) there += "(drained)";
    if (member.leaving) there += "(leaving)";
  }
  if (there == state.seen_members) return;
  state.seen_members = there;
  log_event(log_level::info, "cluster", "cluster.members", {{"node", state.options.node}, {"members", there}});
}

void mind_clock(keeper_pointer self, const cluster_view& view) {
  auto& state = self->state;
  const auto mine = std::find_if(view.members.begin(), view.members.end(),
                                 [&](const auto& member) { return member.node == state.options.node; });
  if (mine == view.members.end()) return;
  if (std::chrono::abs(mine->clock_off) > state.options.clock_tolerance)
    telemetry::log_repeated(log_level::error, "cluster", "cluster.clock_off", state.options.node,
                            {{"node", state.options.node}, {"ahead_ms", mine->clock_off.count()}},
                            "this machine's clock is far from the store's, whose time is used instead; mend its NTP");
}

/// Their tasks have left, or leave now: then the store is told, and with it whoever waits for them.
void hand_over(keeper_pointer self, const std::vector<held_shard>& shards) {
  auto& state = self->state;
  if (shards.empty()) return;
  auto wanted = std::make_shared<std::vector<shard_id>>();
  for (const auto& shard : shards) {
    wanted->push_back(shard.shard);
    state.handing.set(index_of(shard.shard));
  }
  const auto over = [self, shards] {
    auto& st = self->state;
    const auto freed = st.session->run(query::release_shards{st.options.node, shards});
    if (freed) {
      for (const auto& shard : shards) drop(st, shard);
      tell_owned(self);
    } else {
      // Still ours for the store; asked again at the next look.
      for (const auto& shard : shards) st.handing.reset(index_of(shard.shard));
    }
    look_in(self, milliseconds{0});
  };
  self->request(state.eng->overseer, state.options.drain_timeout * 2, hand_atom::value, shard_list(std::move(wanted)))
      .then([over](bool) { over(); }, [over](caf::error&) { over(); });
}

void finish_leaving(keeper_pointer self) {
  auto& state = self->state;
  if (!state.leaving || state.held.any()) return;
  for (auto& promise : std::exchange(state.left, {})) promise.deliver(true);
  state.session.reset();
  self->quit();
}

void renewal_failed(keeper_pointer self, const failure& why) {
  auto& state = self->state;
  if (why.code != errc::stale_epoch) {
    // The store is away. Changes are fenced by their epochs; the supervisor stops what is ours before the leases end.
    telemetry::log_repeated(log_level::warn, "lease", "lease.renew_failed", to_string(why.code),
                            {{"node", state.options.node}, {"reason", why.message}});
    return;
  }
  if (std::exchange(state.lost, true)) return;
  log_event(log_level::error, "lease", "lease.lost", {{"node", state.options.node}, {"reason", why.message}});
  if (state.options.on_lost) state.options.on_lost(why.message);
}

/// Answers how many were taken.
std::size_t take(keeper_pointer self, const std::vector<shard_id>& wanted, steady_time began) {
  auto& state = self->state;
  const auto taken = state.session->run(query::take_shards{state.options.node, state.options.incarnation, wanted});
  if (!taken || taken->empty()) return 0;
  for (const auto& shard : *taken) {
    state.owned[index_of(shard.shard)] = shard.epoch;
    state.held.set(index_of(shard.shard));
    state.handing.reset(index_of(shard.shard));
  }
  state.good_until = std::max(state.good_until, began + state.options.lease_time);
  log_event(log_level::info, "lease", "lease.taken",
            {{"node", state.options.node}, {"shards", taken->size()}, {"owned", state.held.count()}});
  return taken->size();
}

void look(keeper_pointer self) {
  auto& state = self->state;
  auto& options = state.options;
  const auto began = self->clock().now();
  state.last_look = began;
  state.next_look = {};
  ++state.wishes;
  query::tend_cluster question{options.node, options.incarnation, listed(state, state.held), wall_now()};
  const auto tended = state.session->run(question);
  state.eng->counts->claim_heard.note(!tended && tended.error().code != errc::stale_epoch, self->clock().now());
  if (!tended) {
    renewal_failed(self, tended.error());
    return look_in(self, std::min(options.renew_every, milliseconds{500}));
  }
  const auto& view = tended->view;
  // As if the store had been read in the middle: a few milliseconds off at most while it is quick.
  const auto middle = began + (self->clock().now() - began) / 2;
  options.store_ahead_ms->store(to_epoch_ms(view.at) - in_ms(middle));
  keep_only(self, tended->kept);
  state.good_until = began + options.lease_time;
  state.eng->cluster->show(std::make_shared<const cluster_view>(view));
  show_members(self, view);
  mind_clock(self, view);
  const auto plan =
      plan_shards(view, options.node, state.held, state.handing, options.moves_at_once, options.lease_time);
  const bool takes = !plan.take.empty() && !state.leaving;
  const bool has_all = !takes || take(self, plan.take, began) == plan.take.size();
  tell_owned(self);
  shard_set next;
  for (const auto shard : plan.hand_over) next.set(index_of(shard));
  // Nobody is there to take the rest over: it is given up all the same.
  if (state.leaving && next.none() && state.handing.none()) next = state.held;
  hand_over(self, listed(state, next));
  finish_leaving(self);
  if (state.lost || !state.session) return;
  auto again = options.renew_every;
  if (plan.look_again) again = std::min(again, *plan.look_again + look_margin);
  if (!has_all) again = std::min(again, take_retry);
  // The store was slow: what was renewed is half over already.
  const auto left = std::chrono::duration_cast<milliseconds>(state.good_until - self->clock().now());
  if (left < options.lease_time / 2) again = between_looks;
  look_in(self, std::max(again, between_looks));
}

caf::result<bool> leave(keeper_pointer self) {
  auto& state = self->state;
  auto promise = self->make_response_promise<bool>();
  state.left.push_back(promise);
  if (!std::exchange(state.leaving, true)) {
    const auto told = state.session->run(query::leave_cluster{state.options.node, state.options.incarnation});
    if (!told) {
      // The store is away: the leases end by themselves.
      for (auto& waiting : std::exchange(state.left, {})) waiting.deliver(false);
      self->quit();
      return promise;
    }
  }
  look_in(self, milliseconds{0});
  return promise;
}

cluster_keeper::behavior_type keeper_behavior(keeper_pointer self, engine_ptr eng,
                                              const std::shared_ptr<std::unique_ptr<store>>& session,
                                              cluster_keeper_options options) {
  log_exceptions(self);
  self->state.eng = std::move(eng);
  self->state.session = std::move(*session);
  self->state.options = std::move(options);
  look_in(self, milliseconds{0});
  return {
      [self](tend_atom) {
        auto& state = self->state;
        if (state.lost || !state.session) return;
        if (self->clock().now() - state.last_look < between_looks) return look_in(self, between_looks);
        look(self);
      },
      [self](tend_atom, std::uint64_t wish) {
        auto& state = self->state;
        if (!state.lost && state.session && wish == state.wishes) look(self);
      },
      [self](drain_atom) { return leave(self); },
  };
}

}  // namespace

cluster_keeper spawn_cluster_keeper(caf::actor_system& system, engine_ptr eng, std::unique_ptr<store> session,
                                    cluster_keeper_options options) {
  auto handed = std::make_shared<std::unique_ptr<store>>(std::move(session));
  if (!options.is_detached) return system.spawn(keeper_behavior, std::move(eng), std::move(handed), std::move(options));
  return system.spawn<caf::detached>(keeper_behavior, std::move(eng), std::move(handed), std::move(options));
}

}  // namespace waihu
