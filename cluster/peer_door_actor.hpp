// What answers other nodes. It understands their bytes, hands each question to this node's own actors, and sends the
// answer back; it never asks a third node.
#pragma once

#include <memory>
#include <mutex>

#include "cluster/peer_links_actor.hpp"
#include "cluster/peer_transport.hpp"

namespace waihu::cluster {

/// Who answers behind the door. The door is published before this node is entered among the others, and they are
/// there after; until somebody is here questions are refused as `unavailable`. Thread-safe.
class door_inside {
 public:
  void set(http_gateway gateway, greeted_links links) {
    const std::lock_guard lock(mutex_);
    gateway_ = std::move(gateway);
    links_ = std::move(links);
  }
  /// Answers questions.
  [[nodiscard]] http_gateway gateway() const {
    const std::lock_guard lock(mutex_);
    return gateway_;
  }
  /// Is told who has made a link to here.
  [[nodiscard]] greeted_links links() const {
    const std::lock_guard lock(mutex_);
    return links_;
  }

 private:
  mutable std::mutex mutex_;
  http_gateway gateway_;
  greeted_links links_;
};

/// At most `limit` questions of all other nodes are worked on at once; further ones are refused as `overloaded`.
peer_door spawn_peer_door(caf::actor_system& system, std::shared_ptr<const door_inside> inside,
                          std::size_t limit = 2'000);

}  // namespace waihu::cluster
