// The passes over all calls of a task that start-query-execution-run begins: one actor a node. It asks the task's actor
// to look at its calls batch by batch and stores how far each run has come; it knows nothing of how calls are looked
// at.
#pragma once

#include "actors/engine.hpp"

namespace waihu {

/// Spawns it; runs that were under way when the last process ended go on where they were.
execution_runs spawn_execution_runs(caf::actor_system& system, engine_ptr eng);

}  // namespace waihu
