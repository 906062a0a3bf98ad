// The shell around call_job_machine: one actor a live call. It asks the gateway for looks, commits through the store
// writer, and tells its task what changed. It owns no timer: its task's wheel wakes it.
#pragma once

#include <memory>

#include "actors/call_job_machine.hpp"
#include "actors/engine.hpp"
#include "actors/follow_up_machine.hpp"

namespace waihu {

/// What all jobs of a task share.
struct task_facts {
  engine_ptr eng;
  task_id task{};
  epoch_t epoch{};  ///< Under which the task was loaded.
  std::string organization_id;
  call_job_policy job_policy;
  follow_up_policy follow_policy;
  double look_jitter{0.1};
  bool is_of_case{};  ///< Its calls are those of cases.

  [[nodiscard]] ownership own() const { return {task, epoch}; }
};
using task_facts_ptr = std::shared_ptr<const task_facts>;

/// The policies that the options stand for.
call_job_policy job_policy_of(const config::options& options, task_origin origin = task_origin::campaign);
follow_up_policy follow_policy_of(const config::options& options, task_origin origin = task_origin::campaign);

/// Spawns the actor of one job that is not closed. `index` is its dense number within the task; `suspended` tells that
/// the task is suspended at this moment.
call_job spawn_call_job(caf::actor_system& system, task_facts_ptr facts, call_task task, std::uint32_t index,
                        call_job_record record, bool suspended);

}  // namespace waihu
