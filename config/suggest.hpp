// "Did you mean": the known name nearest to one that is not known.
#pragma once

#include <string>
#include <string_view>

namespace waihu::config {

/// The key ("section.key") that a mistyped one most likely means; "" when none is near.
std::string nearest_key(std::string_view unknown);
/// The section that a mistyped one most likely means; "" when none is near.
std::string nearest_section(std::string_view unknown);
/// Number of single-character insertions, removals, replacements and swaps of neighbours from `a` to `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace waihu::config
