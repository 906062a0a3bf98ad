// Conversations of which a person has said what they mean, as a file holds them: the measure for analysts. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/analysis.hpp"
#include "messages/model/failure.hpp"

namespace waihu::provider {

/// One conversation and what is right about it.
struct labelled_conversation {
  std::string id;
  std::string kind;  ///< What sort of call it was, e.g. "call_back"; may be empty.
  analysis_request request;
  interest expected{};
  bool is_time_labelled{};                    ///< False: the file does not say anything about a time.
  std::optional<wall_time> next_follow_time;  ///< When to call again; nothing: the person named no time.
};

inline constexpr std::size_t max_labelled_bytes = 64 << 20;  ///< Of a whole set.
inline constexpr std::size_t max_labelled_conversations = 100'000;

/// Reads one JSON object a line: `id`, `interest` (0 undecided, 1 interested, 2 not interested), `call_time` and
/// `next_follow_time` ("YYYY-MM-DD HH:MM:SS" local time; null: none named; absent: not labelled), `lines`
/// (`[["Robot"|"Contact", "text"], ...]`), and if they are there `kind` and `name`. Blank lines are skipped.
/// invalid_argument names the first line that is wrong; an empty set is wrong too.
result<std::vector<labelled_conversation>> read_labelled_set(std::string_view text, int utc_offset_minutes);

}  // namespace waihu::provider
