// What this node last heard of its cluster, for whoever asks without waiting: where a shard's owner is, and what
// people are shown. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "messages/model/cluster.hpp"

namespace waihu {

class cluster_board {
 public:
  /// nullptr on a node that runs alone, and before the first answer of the store.
  [[nodiscard]] std::shared_ptr<const cluster_view> look() const {
    const std::lock_guard lock(mutex_);
    return view_;
  }
  void show(std::shared_ptr<const cluster_view> view) {
    const std::lock_guard lock(mutex_);
    view_ = std::move(view);
  }
  /// The node that owns the task's shard as far as known; "" = nobody, or unknown.
  [[nodiscard]] std::string owner_of(task_id task) const {
    const auto view = look();
    return view ? view->shards[waihu::index_of(shard_of(task))].node : std::string{};
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const cluster_view> view_;
};

}  // namespace waihu
