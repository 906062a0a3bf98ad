// What a running node shows to those who only watch it: readiness, and every metric by its name. Reads counters that
// others write; changes nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "actors/engine_counts.hpp"
#include "actors/shard_ledger.hpp"
#include "app/readiness.hpp"
#include "cluster/peer_links_actor.hpp"
#include "http/traffic.hpp"

namespace waihu {

/// The counters of one node, held by the composition root from its first moment on. Thread-safe by its members.
struct node_watch {
  std::shared_ptr<engine_counts> engine{std::make_shared<engine_counts>()};
  std::shared_ptr<http::traffic> traffic{std::make_shared<http::traffic>()};
  std::shared_ptr<cluster::peer_counts> peers{std::make_shared<cluster::peer_counts>()};
  /// Until when, by the monotonic clock in ms, the claim surely holds: the begin of its last renewal plus its lease.
  std::shared_ptr<std::atomic<std::int64_t>> claim_good_until{std::make_shared<std::atomic<std::int64_t>>(0)};
  std::atomic<std::int64_t> epoch{};  ///< 0 until the shards are claimed.
  /// Which shards are this node's.
  std::shared_ptr<shard_ledger> shards{std::make_shared<shard_ledger>()};
  std::atomic<node_life> life{node_life::starting};
  readiness_limits limits;  ///< Set before anybody watches.

  [[nodiscard]] readiness_facts facts() const;
  [[nodiscard]] readiness ready() const { return judge_readiness(facts(), limits); }
  /// The page of /metrics; docs/operations/metrics.md explains every line.
  [[nodiscard]] std::string metrics() const;
};

}  // namespace waihu
