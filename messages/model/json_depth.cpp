#include "messages/model/json_depth.hpp"

namespace waihu {

bool is_nested_deeper_than(std::string_view json, int most) noexcept {
  int depth = 0;
  return any_outside_strings(json, [&](char c) {
    if (c == '{' || c == '[') return ++depth > most;
    if (c == '}' || c == ']') --depth;
    return false;
  });
}

}  // namespace waihu
