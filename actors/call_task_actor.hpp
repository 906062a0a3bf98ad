// The shell around call_task_machine and dispatch_machine: one actor a live campaign. It owns the task_type, the
// dispatch plan, the exact counters and the timer wheel of its jobs.
#pragma once

#include "actors/engine.hpp"

namespace waihu {

/// Spawns the actor of a task as the store has it. It ends by itself, with reason `normal`, when nothing is left to do;
/// with `user_shutdown` when it must be loaded afresh (in doubt about what the store holds, or ownership lost).
/// With `held` it does nothing by itself, has no jobs, and leaves after one suspend or resume: for an organisation that
/// is switched off.
/// `epoch`: of the task's shard since before it was read; every change is made under it.
call_task spawn_call_task(caf::actor_system& system, engine_ptr eng, query::loaded_task loaded, epoch_t epoch,
                          bool held = false);

}  // namespace waihu
