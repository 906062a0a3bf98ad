// Query and form strings.
#include "provider/percent_coding.hpp"

#include <algorithm>

namespace waihu::signing {

std::optional<parameters> parse_query(std::string_view text) {
  parameters pairs;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto piece = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (piece.empty()) continue;
    if (pairs.size() == max_parameters) return std::nullopt;
    const auto equals = piece.find('=');
    auto name = percent_decode(piece.substr(0, equals), plus_sign::is_space);
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view{} : piece.substr(equals + 1),
                                plus_sign::is_space);
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

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
