// The small single actors of a node: the dispatch gate (who may send how many jobs now) and the registry (which task
// runs where). They hold facts that others report and decide nothing beyond dispatch_gate_machine's rules.
#pragma once

#include "actors/dispatch_gate_machine.hpp"
#include "actors/engine.hpp"

namespace waihu {

/// With whom a node shares its limits.
struct gate_sharing {
  engine_ptr eng;           ///< Empty: this node runs alone and has the limits to itself. Its reader must be there.
  std::string incarnation;  ///< Of this process, as it has joined.
};

dispatch_gate spawn_dispatch_gate(caf::actor_system& system, const config::dispatch_options& options,
                                  std::shared_ptr<engine_counts> counts = std::make_shared<engine_counts>(),
                                  gate_sharing sharing = {});

registry spawn_registry(caf::actor_system& system);

}  // namespace waihu
