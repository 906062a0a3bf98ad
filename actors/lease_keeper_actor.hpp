// Keeps this node's claim on the shards: renews it on the session that made it, and raises the alarm when it is lost.
// Detached, because it blocks on the store.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "actors/engine.hpp"
#include "persistence/store.hpp"

namespace waihu {

/// Keeps renewing every `renew_every`; gives the claim up when it is told to drain.
using lease_keeper = caf::typed_actor<caf::reacts_to<tick_atom>, caf::replies_to<drain_atom>::with<bool>>;

struct lease_keeper_options {
  std::string node;
  epoch_t epoch{};
  milliseconds renew_every{3'000};
  milliseconds lease_time{10'000};
  /// Written at every renewal: until when, monotonic ms, the claim surely holds. Nobody may send past it.
  std::shared_ptr<std::atomic<std::int64_t>> good_until_ms;
  /// Told whether the store answered.
  std::shared_ptr<engine_counts> counts{std::make_shared<engine_counts>()};
  /// Called at most once, when the store says that the claim is another's.
  std::function<void(const std::string& why)> on_lost;
};

/// `session` is the one on which the shards were claimed; the keeper owns it from now on.
lease_keeper spawn_lease_keeper(caf::actor_system& system, std::unique_ptr<store> session,
                                lease_keeper_options options);

}  // namespace waihu
