// Tells subscribers (SSE, later WebSocket and webhooks) what has become durable, in order, without gap or double: a new
// subscriber is first brought up to date from the store's outbox, then joined to the live stream.
#pragma once

#include "actors/engine.hpp"

namespace waihu {

/// `reader` answers query::events_after for subscribers that resume.
event_hub spawn_event_hub(caf::actor_system& system, store_reader reader);

}  // namespace waihu
