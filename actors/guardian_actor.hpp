// Watches the single actors of a node (writer, gateway, supervisor, ...). Everything relies on each of them, and none
// can be replaced while others hold its handle: when one ends by itself, the node must stop, and its successor
// reconciles.
#pragma once

#include <caf/all.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace waihu {

/// An actor and the name that the log gives it.
using guarded_actor = std::pair<std::string, caf::strong_actor_ptr>;

/// `on_gone` is called at most once, from an actor's thread, with the name and the reason of the first that ended
/// otherwise than by the order of a stopping node (exit_reason::user_shutdown). The guardian itself is ended with the
/// same reason.
caf::actor spawn_guardian(caf::actor_system& system, std::vector<guarded_actor> watched,
                          std::function<void(const std::string& name, const std::string& why)> on_gone);

}  // namespace waihu
