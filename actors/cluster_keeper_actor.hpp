// Keeps this node among those that share the store: gives signs of life, renews its leases, takes what falls to it and
// hands over what falls to another (shard_plan_machine.hpp decides which). Detached, because it blocks on the store.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "actors/engine.hpp"
#include "persistence/store.hpp"

namespace waihu {

struct cluster_keeper_options {
  std::string node, incarnation;
  milliseconds renew_every{3'000};
  milliseconds lease_time{10'000};
  milliseconds drain_timeout{10'000};
  milliseconds clock_tolerance{5'000};
  std::size_t moves_at_once{16};
  bool is_detached{true};  ///< False where the store never blocks: in tests under virtual time.
  /// Written at every renewal: until when, monotonic ms, what is ours surely is. Nobody may send past it.
  std::shared_ptr<std::atomic<std::int64_t>> good_until_ms;
  /// Written at every look: the store's clock less this machine's monotonic one, ms. Where it is known the node tells
  /// the time by it, so that no jump of a wall clock matters.
  std::shared_ptr<std::atomic<std::int64_t>> store_ahead_ms{std::make_shared<std::atomic<std::int64_t>>(0)};
  /// Called at most once, when this node's name is another's.
  std::function<void(const std::string& why)> on_lost;
};

/// `session` is the one on which the cluster was joined; the keeper owns it from now on. Tells `eng.overseer` what is
/// this node's and `eng.cluster` what it saw.
cluster_keeper spawn_cluster_keeper(caf::actor_system& system, engine_ptr eng, std::unique_ptr<store> session,
                                    cluster_keeper_options options);

}  // namespace waihu
