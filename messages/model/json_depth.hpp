// What a JSON text is like, told without a parser: trees of hostile depth overflow the stack of whoever walks or frees
// them. Knows only the standard library.
#pragma once

#include <cstddef>
#include <string_view>

namespace waihu {

/// Shows `found` the characters outside strings from `at` on (of each string its opening quotation mark only), and
/// answers the position of the first for which it says true; npos when there is none. The text need not be JSON.
template <class Found>
std::size_t find_outside_strings(std::string_view json, Found found, std::size_t at = 0) {
  bool is_in_string = false;
  for (; at < json.size(); ++at) {
    const char c = json[at];
    if (is_in_string) {
      if (c == '\\') ++at;
      else if (c == '"') is_in_string = false;
      continue;
    }
    if (found(c)) return at;
    is_in_string = c == '"';
  }
  return std::string_view::npos;
}

/// True when arrays and objects nest deeper than `most`. Counts brackets outside strings, so the text need not be JSON.
bool is_nested_deeper_than(std::string_view json, int most) noexcept;

}  // namespace waihu
