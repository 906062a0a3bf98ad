// The results of a task, page by page, and one of them as people read it. Reads answers, prints nothing.
#pragma once

#include <functional>

#include "app/ctl/api_client.hpp"
#include "app/ctl/table.hpp"

namespace waihu::ctl {

/// Hands every row of query-task-execution over in order; ends early when `each` answers false. A task without rows is
/// no failure. Refusals come back as errc::rejected with the daemon's message.
result<void> for_each_result(api_client& api, std::int64_t task,
                             const std::function<bool(const rapidjson::Value&)>& each);

/// Headings of the results table, and the cells of one row (number from 1).
std::vector<std::string> result_headings();
std::vector<std::string> result_cells(std::int64_t number, const rapidjson::Value& row);

/// Outcome with its Chinese text, "connected 已接通"; "" while the call is not over.
std::string outcome_cell(const rapidjson::Value& row);
/// "interested", "not interested", "undecided", "" before the follow-up.
std::string interest_cell(const rapidjson::Value& row);

/// The conversation with times since its beginning, and the follow-up.
std::string format_transcript(std::int64_t number, const rapidjson::Value& row);

}  // namespace waihu::ctl
