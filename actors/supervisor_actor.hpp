// Starts a task actor for every unfinished task of this node, restarts what crashed with back-off, quarantines what
// keeps crashing, replaces what hangs, and sweeps as a safety net (state-machines.md section 4).
#pragma once

#include "actors/engine.hpp"

namespace waihu {

/// `eng` must have every other handle set. The first sweep runs at once.
supervisor spawn_supervisor(caf::actor_system& system, engine_ptr eng);

}  // namespace waihu
