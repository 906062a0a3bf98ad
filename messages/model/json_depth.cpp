#include "messages/model/json_depth.hpp"

namespace waihu {

bool is_nested_deeper_than(std::string_view json, int most) noexcept {
  int depth = 0;
  const auto is_too_deep = [&](char c) {
    if (c == '{' || c == '[') return ++depth > most;
    if (c == '}' || c == ']') --depth;
    return false;
  };
  return find_outside_strings(json, is_too_deep) != std::string_view::npos;
}

}  // namespace waihu
