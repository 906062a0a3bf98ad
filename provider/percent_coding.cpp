// Query and form strings.
#include "provider/percent_coding.hpp"

#include <algorithm>

namespace waihu::signing {

std::optional<parameters> parse_query(std::string_view text) { return waihu::parse_query(text, max_parameters); }

std::string encode_query(const parameters& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out.push_back('&');
    out.append(percent_encode(name)).append("=").append(percent_encode(value));
  }
  return out;
}

std::string canonical_query(parameters pairs) {
  std::sort(pairs.begin(), pairs.end());
  return encode_query(pairs);
}

std::optional<std::string> find_parameter(const parameters& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs)
    if (key == name) return value;
  return std::nullopt;
}

split_target_result split_target(std::string_view target) noexcept {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

}  // namespace waihu::signing
