// One operator's wish for one follow-up now (get-leads-follow): reads the call, runs a follow-up over it, answers,
// ends.
#pragma once

#include "actors/engine.hpp"

namespace waihu {

/// Refusals carry http-api.md's codes: "4001" unknown job, "4004" no status (or no conversation) yet. A call whose
/// conversation never came answers the follow-up that it has.
void spawn_follow_up_request(caf::actor_system& system, engine_ptr eng, make_follow_up wanted,
                             completion<made_follow_up> done);

}  // namespace waihu
