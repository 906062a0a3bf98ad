// Hears from PostgreSQL which tasks somebody else has changed (NOTIFY on channel waihu_tasks, migrations/0005). It
// tells task ids and nothing more; what they are worth is for the receiver to ask. No libpq here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "config/options.hpp"
#include "messages/model/ids.hpp"

namespace waihu {

/// What the listener tells, on its own thread. Neither may block or throw.
struct task_listener_callbacks {
  /// These tasks were changed: ascending, distinct, at most 1,000.
  std::function<void(std::vector<task_id>)> changed;
  /// Notifications may have been missed, so that everything must be looked at: the listener has just subscribed (at its
  /// start and after every lost connection), or more came at once than it tells one by one.
  std::function<void()> missed;
  /// Another node has joined, leaves or has given shards up (channel waihu_cluster). Empty: not listened to.
  std::function<void()> cluster;
};

/// A connection of its own that listens, and a thread of its own that waits on it. Reconnects by itself with the
/// store's back-off, for as long as it lives. All waits are bounded and end at once when it is destroyed (only a name
/// look-up of the system's resolver cannot be interrupted).
class postgres_task_listener {
 public:
  /// Starts; never fails. The server is connected in the background.
  postgres_task_listener(config::store_options options, task_listener_callbacks callbacks);
  /// Stops and joins; no callback runs after it.
  ~postgres_task_listener();
  postgres_task_listener(const postgres_task_listener&) = delete;
  postgres_task_listener& operator=(const postgres_task_listener&) = delete;

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

/// The task that a notification names: a positive decimal number without sign, blanks or leading zeros. Empty for
/// anything else; whoever may connect may notify.
std::optional<task_id> parse_task_notification(std::string_view payload) noexcept;

}  // namespace waihu
