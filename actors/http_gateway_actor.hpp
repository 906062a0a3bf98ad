// Where requests of the HTTP side enter the actor system: finds the right actor, waits with a time-out, hands the
// answer to the request's callback. It never blocks, and the HTTP side bounds what is outstanding.
#pragma once

#include "actors/engine.hpp"

namespace waihu {

/// Whom a gateway asks.
enum class gateway_reach : std::uint8_t {
  cluster,    ///< Whoever owns the task: questions of this node's clients.
  this_node,  ///< This node alone: questions of other nodes, refused as "elsewhere" for tasks that are not its own.
};

http_gateway spawn_http_gateway(caf::actor_system& system, engine_ptr eng,
                                gateway_reach reach = gateway_reach::cluster);

}  // namespace waihu
