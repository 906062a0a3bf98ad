// Tells subscribers (SSE, later WebSocket and webhooks) what has become durable, in order, from their joining on. What
// came before is in the store's outbox; a subscriber that resumes joins first and then reads it there.
#pragma once

#include "actors/engine.hpp"

namespace waihu {

event_hub spawn_event_hub(caf::actor_system& system,
                          std::shared_ptr<engine_counts> counts = std::make_shared<engine_counts>());

}  // namespace waihu
