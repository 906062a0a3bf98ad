// Links to recordings as answers tell them: the stored one while it is good, else one asked for anew.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "http/application.hpp"

namespace waihu::http {

/// Links fetched at a time for one request: each holds one of the places of all requests inside the actor system, also
/// after the answer has gone out without it.
inline constexpr std::size_t recordings_at_once = 16;

/// Whether a new link is to be asked for: the call has one, and the stored link is missing or has run out.
bool wants_new_link(const call_job_view& row, wall_time now);

/// A call whose link is wanted.
struct wanted_link {
  task_id task{};
  job_row_id row{};
};

/// New links in the order of the question, as many as come within `refresh_budget`; nothing for the others.
async<std::vector<std::optional<std::string>>> fetch_links(call& c, std::vector<wanted_link> wanted);

}  // namespace waihu::http
