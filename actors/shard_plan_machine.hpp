// Which shards a node should take and which it should hand over, from what the store shows (state-machines.md section
// 6). Pure: every node computes the same owners from the same view, so that nobody has to agree with anybody.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/cluster.hpp"

namespace waihu {

/// The node of `names` that a shard prefers: highest random weight (rendezvous hashing, Thaler and Ravishankar 1998).
/// When a node comes or goes, only the shards that it gets or had change their owner. nullopt without names.
std::optional<std::size_t> preferred_node(shard_id shard, const std::vector<std::string>& names) noexcept;

/// Whether a member may own shards now: it speaks our protocol, gave a sign within `lease_time`, and neither stops nor
/// is drained.
bool may_own(const cluster_member& member, milliseconds lease_time) noexcept;

struct shard_plan {
  std::vector<shard_id> take;              ///< Nobody's, or their lease is over, and this node is the preferred one.
  std::vector<shard_id> hand_over;         ///< This node's, preferred by another that may own them.
  std::optional<milliseconds> look_again;  ///< When a lease of another node ends whose shard this one would take.
};

/// What `self` should do next. `held`: what it owns; `handing`: those of them that are on their way out already;
/// `at_once`: how many may be on their way at the same time.
shard_plan plan_shards(const cluster_view& view, std::string_view self, const shard_set& held, const shard_set& handing,
                       std::size_t at_once, milliseconds lease_time);

}  // namespace waihu
