// Understands conversations through a language model: a few at once, so many a minute, the rest waits in a bounded
// queue. Tries again are the follow-up's decision, not this actor's.
#pragma once

#include <memory>

#include "actors/engine.hpp"
#include "provider/language_model.hpp"

namespace waihu {

analyst spawn_analyst(caf::actor_system& system, std::shared_ptr<language_model> model, config::analyst_options options,
                      std::shared_ptr<engine_counts> counts = std::make_shared<engine_counts>());

}  // namespace waihu
