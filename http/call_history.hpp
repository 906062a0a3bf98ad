// What happened to a call, as a list of moments: its events, its batches, its task's moves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "messages/model/queries.hpp"

namespace waihu::http {

/// One line of a call's history.
struct moment {
  wall_time at{};
  std::string_view what;
  std::string cause;    ///< A word or text that tells why; may be empty.
  std::string details;  ///< JSON object.
};

/// All of it, oldest first. `created`: how it began.
std::vector<moment> history_of(const moment& created, const call_job_view& call, const query::history_of_call& stored);

}  // namespace waihu::http
