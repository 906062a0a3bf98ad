#include "actors/shard_plan_machine.hpp"

#include <algorithm>

namespace waihu {

namespace {

/// FNV-1a over the name, then splitmix64 with the shard: near names and near shards weigh independently.
std::uint64_t weight(std::string_view node, shard_id shard) noexcept {
  std::uint64_t x = 0xcbf29ce484222325ULL;
  for (const char c : node) x = (x ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  x += (static_cast<std::uint64_t>(value(shard)) + 1) * 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

}  // namespace

std::optional<std::size_t> preferred_node(shard_id shard, const std::vector<std::string>& names) noexcept {
  std::optional<std::size_t> best;
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto w = weight(names[i], shard);
    // Equal weights are as good as impossible; the name decides, so that all decide alike.
    if (!best || w > most || (w == most && names[i] < names[*best])) {
      best = i;
      most = w;
    }
  }
  return best;
}

bool may_own(const cluster_member& member, milliseconds lease_time) noexcept {
  return member.protocol == cluster_protocol && !member.alone && !member.drained && !member.leaving &&
         member.beat_age < lease_time;
}

shard_plan plan_shards(const cluster_view& view, std::string_view self, const shard_set& held, const shard_set& handing,
                       std::size_t at_once, milliseconds lease_time) {
  std::vector<std::string> able;
  for (const auto& member : view.members)
    if (may_own(member, lease_time)) able.push_back(member.node);
  shard_plan plan;
  std::size_t moving = handing.count();
  for (int i = 0; i < shard_count; ++i) {
    const auto shard = static_cast<shard_id>(i);
    const auto best = preferred_node(shard, able);
    if (!best) continue;
    const bool ours = able[*best] == self;
    const auto index = static_cast<std::size_t>(i);
    if (held.test(index)) {
      if (ours || handing.test(index) || moving >= at_once) continue;
      plan.hand_over.push_back(shard);
      ++moving;
      continue;
    }
    const auto& lease = view.shards[index];
    const bool is_free = lease.node.empty() || lease.left <= milliseconds{0};
    if (is_free && ours) {
      plan.take.push_back(shard);
    } else if (!is_free) {
      // A dead node, or this one's former process, is waited for no longer than its lease.
      plan.look_again = plan.look_again ? std::min(*plan.look_again, lease.left) : lease.left;
    }
  }
  return plan;
}

}  // namespace waihu
