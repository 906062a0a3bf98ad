// Query and form strings as the provider's gateway reads them. Used by our client when it signs and by whoever checks a
// signature. Knows only the model and the standard library.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/model/percent_coding.hpp"

namespace waihu::signing {

/// Decoded name and value pairs in the order in which they stand in a query or form. Names may repeat.
using parameters = std::vector<std::pair<std::string, std::string>>;

/// Greatest number of pairs `parse_query` takes; more is malformed.
inline constexpr std::size_t max_parameters = 4096;

/// `waihu::parse_query` with our limit.
std::optional<parameters> parse_query(std::string_view text);

/// The pairs in their order, each name and value percent-encoded: what goes on the wire.
std::string encode_query(const parameters& pairs);

/// The pairs sorted by the bytes of name, then value, each percent-encoded: what is signed.
std::string canonical_query(parameters pairs);

/// Value of the first pair with this name; nothing when there is none.
std::optional<std::string> find_parameter(const parameters& pairs, std::string_view name);

/// A request target taken apart at its first '?'. The views are into `target`.
struct split_target_result {
  std::string_view path;
  std::string_view query;  ///< Without the '?', still encoded.
};
split_target_result split_target(std::string_view target) noexcept;

}  // namespace waihu::signing
