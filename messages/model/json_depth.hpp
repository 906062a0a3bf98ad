// How deep a JSON text nests, told before a parser sees it: trees of hostile depth overflow the stack of whoever walks
// or frees them. Knows only the standard library.
#pragma once

#include <string_view>

namespace waihu {

/// True when arrays and objects nest deeper than `most`. Counts brackets outside strings, so the text need not be JSON.
bool is_nested_deeper_than(std::string_view json, int most) noexcept;

}  // namespace waihu
