// Where requests of the HTTP side enter the actor system: finds the right actor, waits with a time-out, hands the
// answer to the request's callback. It never blocks, and the HTTP side bounds what is outstanding.
#pragma once

#include "actors/engine.hpp"

namespace waihu {

http_gateway spawn_http_gateway(caf::actor_system& system, engine_ptr eng);

}  // namespace waihu
