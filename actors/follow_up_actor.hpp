// The shell around follow_up_machine: fetches the conversation if it is missing, has it analysed, commits the follow-up
// and reports to its parent (a call job, or a request for one follow-up). It owns no timer; the parent wakes it.
#pragma once

#include "actors/call_job_actor.hpp"

namespace waihu {

/// What a follow-up is about.
struct follow_up_task {
  job_row_id row{};
  std::string leads_id;
  std::string leads_name;
  std::string call_job_id;
  call_status status{};
  job_outcome outcome{};
  std::string attempt_status;
  std::string conversation_json;  ///< Empty when there is none here.
  bool load_from_store{};         ///< Read the last attempt from the store first.
  bool replace{};                 ///< Overwrite an existing follow-up's remark and next time.
  bool dry_run{};                 ///< Report what would be written, write nothing.
};

follow_up spawn_follow_up(caf::actor_system& system, engine_ptr eng, task_facts_ptr facts, follow_up_parent parent,
                          follow_up_task work);

}  // namespace waihu
