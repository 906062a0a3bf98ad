#include "messages/model/cluster.hpp"

#include <algorithm>

namespace waihu {

std::map<std::string, node_share> shares_of(const cluster_view& view, const shard_tasks& tasks) {
  std::map<std::string, node_share> out;
  for (std::size_t i = 0; i < view.shards.size(); ++i) {
    const auto& lease = view.shards[i];
    auto& share = out[lease.node];
    const auto epoch = value(lease.epoch);
    const bool is_first = share.shards == 0;
    share.least_epoch = is_first ? epoch : std::min(share.least_epoch, epoch);
    share.greatest_epoch = std::max(share.greatest_epoch, epoch);
    share.shortest_lease = is_first ? lease.left : std::min(share.shortest_lease, lease.left);
    ++share.shards;
    if (!lease.node.empty() && lease.left <= milliseconds{0}) ++share.ended;
    share.tasks += tasks[i];
  }
  return out;
}

std::vector<std::string_view> standing_of(const cluster_member* member, const node_share& share) {
  if (member == nullptr) return {share.ended > 0 ? "gone" : "unknown"};
  std::vector<std::string_view> words;
  if (member->alone) words.emplace_back("alone");
  // The longest lease that is configured anywhere is not known here; ten seconds is the default.
  if (member->beat_age > std::chrono::seconds{10}) words.emplace_back("silent");
  if (member->protocol != cluster_protocol && !member->alone) words.emplace_back("other_protocol");
  if (member->drained) words.emplace_back("drained");
  if (member->leaving) words.emplace_back("leaving");
  return words;
}

}  // namespace waihu
