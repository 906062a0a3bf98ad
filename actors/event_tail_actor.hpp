// On a node of a cluster: what any node has made durable is read from the outbox and told to this node's subscribers,
// so that every node tells everything, in one order. (A node that runs alone tells its own commits directly.)
#pragma once

#include "actors/engine.hpp"

namespace waihu {

event_tail spawn_event_tail(caf::actor_system& system, engine_ptr eng);

}  // namespace waihu
