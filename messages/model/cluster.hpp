// What the nodes of a cluster know of one another: who is there, and who may write for which shard. PostgreSQL is the
// judge of both (state-machines.md section 6); a view is what it said at one moment.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/ids.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// Version of what nodes say to one another and of the rules by which they share the store. A node of another one may
/// look, but owns no shard.
inline constexpr int cluster_protocol = 1;

/// A shard that a node owns, and under which epoch.
struct held_shard {
  shard_id shard{};
  epoch_t epoch{};
  friend bool operator==(const held_shard&, const held_shard&) = default;
};

/// One row of the leases.
struct shard_lease {
  std::string node;   ///< "" = nobody's.
  epoch_t epoch{};    ///< Of the last owner.
  milliseconds left;  ///< By the store's clock; at most 0 = over. Very small where nobody ever had it.
};

/// A node as it has entered itself.
struct cluster_member {
  std::string node;
  std::string address;       ///< "host:pid", for people.
  std::string peer_address;  ///< "host:port" of its link to other nodes; "" = none.
  std::string version;
  int protocol{};
  wall_time started_at{};
  milliseconds beat_age{};   ///< Since its last sign of life, by the store's clock.
  milliseconds clock_off{};  ///< How far its clock was ahead of the store's at that sign.
  bool drained{};            ///< An operator wants it to own nothing.
  bool leaving{};            ///< It is stopping.
  bool alone{};              ///< It runs without a cluster and claims every shard.
};

/// Everything at one moment.
struct cluster_view {
  wall_time at{};  ///< The store's clock.
  std::vector<cluster_member>
      members;  ///< Ascending by name; those that have not been heard of for a day are left out.
  std::array<shard_lease, shard_count> shards;
};

/// Tasks of each shard.
using shard_tasks = std::array<std::int64_t, shard_count>;

/// What one node owns, added up.
struct node_share {
  std::size_t shards{}, ended{};  ///< `ended`: of them, those whose lease is over.
  std::int64_t least_epoch{}, greatest_epoch{};
  milliseconds shortest_lease{};
  std::int64_t tasks{};
};
/// By node; "" = what nobody owns. Only nodes that own something.
std::map<std::string, node_share> shares_of(const cluster_view& view, const shard_tasks& tasks);

/// How a node stands, for people: words of alone, silent, other_protocol, drained, leaving; none = up. `member`:
/// nullptr when it is among the leases only: "gone" or, while its leases hold, "unknown".
std::vector<std::string_view> standing_of(const cluster_member* member, const node_share& share);

/// Epoch of each shard that a node owns; 0 = not its own.
using owned_shards = std::array<epoch_t, shard_count>;
using shard_set = std::bitset<shard_count>;

/// What a node wants of a limit that the whole cluster shares.
struct share_wish {
  std::string resource;     ///< Which limit, e.g. "rate:ORG001".
  double limit{};           ///< Of the whole cluster; below 1 it is one node's or nobody's.
  double wanted{};          ///< By this node; 0 gives it back.
  milliseconds kept_for{};  ///< So long the share holds without being asked for again.
};
/// So long a former share still counts after it shrank (a limit is one of any second, plus the way to the provider).
inline constexpr milliseconds share_memory{1'500};

/// Index of a shard in the arrays above.
constexpr std::size_t index_of(shard_id shard) noexcept { return static_cast<std::size_t>(value(shard)); }

}  // namespace waihu
