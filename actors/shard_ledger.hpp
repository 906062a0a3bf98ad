// Which shards this node owns, and under which epochs. Written by the supervisor alone, so that it agrees with the
// actors that live; read by whoever makes a change without an actor of its own.
#pragma once

#include <array>
#include <atomic>

#include "messages/model/cluster.hpp"

namespace waihu {

class shard_ledger {
 public:
  /// Epoch of the task's shard; 0 when it is not this node's.
  [[nodiscard]] epoch_t epoch_of(task_id task) const noexcept { return epoch_of(shard_of(task)); }
  [[nodiscard]] epoch_t epoch_of(shard_id shard) const noexcept {
    return epoch_t{epochs_[index_of(shard)].load(std::memory_order_relaxed)};
  }
  [[nodiscard]] bool owns(task_id task) const noexcept { return epoch_of(task) != epoch_t{}; }
  [[nodiscard]] std::size_t owned() const noexcept {
    std::size_t n = 0;
    for (const auto& epoch : epochs_) n += epoch.load(std::memory_order_relaxed) != 0 ? 1 : 0;
    return n;
  }
  void set(shard_id shard, epoch_t epoch) noexcept {
    epochs_[index_of(shard)].store(value(epoch), std::memory_order_relaxed);
  }
  /// A node that runs alone owns them all under one epoch.
  void set_all(epoch_t epoch) noexcept {
    for (auto& each : epochs_) each.store(value(epoch), std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::int64_t>, shard_count> epochs_{};
};

}  // namespace waihu
