// Percent-encoding of RFC 3986, as URLs, query strings and forms carry it: what we sign and send, and what strangers
// send us. Knows only the standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waihu {

/// Escapes every byte but A-Z a-z 0-9 - _ . ~ as %XX with upper-case digits. Space becomes %20.
std::string percent_encode(std::string_view text);

/// What a '+' stands for: itself in paths, a space in query strings and forms.
enum class plus_sign : std::uint8_t { kept, is_space };

/// Undoes percent-encoding. Nothing when a '%' is not followed by two hex digits. The result may hold any byte.
std::optional<std::string> percent_decode(std::string_view text, plus_sign plus);

/// Reads `a=1&b=2`, of a query string or of an application/x-www-form-urlencoded body: decoded names and values in
/// their order; names may repeat. A name without '=' has an empty value; empty pairs are skipped. Nothing when the
/// encoding is broken or there are more than `most` pairs.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text, std::size_t most);

}  // namespace waihu
