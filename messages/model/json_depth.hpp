// What a JSON text is like, told before a parser sees it: trees of hostile depth overflow the stack of whoever walks or
// frees them. Knows only the standard library.
#pragma once

#include <string_view>

namespace waihu {

/// Shows `visit` the characters outside strings, of each string its opening quotation mark only, until it answers true;
/// answers whether it did. The text need not be JSON.
template <class Visit>
bool any_outside_strings(std::string_view json, Visit visit) {
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
      continue;
    }
    if (visit(c)) return true;
    in_string = c == '"';
  }
  return false;
}

/// True when arrays and objects nest deeper than `most`. Counts brackets outside strings, so the text need not be JSON.
bool is_nested_deeper_than(std::string_view json, int most) noexcept;

}  // namespace waihu
