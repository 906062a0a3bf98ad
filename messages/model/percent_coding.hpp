// Percent-encoding of RFC 3986, as URLs, query strings and forms carry it: what we sign and send, and what strangers
// send us. Knows only the standard library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waihu {

/// Escapes every byte but A-Z a-z 0-9 - _ . ~ as %XX with upper-case digits. Space becomes %20.
std::string percent_encode(std::string_view text);

/// What a '+' stands for: itself in paths, a space in query strings and forms.
enum class plus_sign : std::uint8_t { kept, is_space };

/// Undoes percent-encoding. Nothing when a '%' is not followed by two hex digits. The result may hold any byte.
std::optional<std::string> percent_decode(std::string_view text, plus_sign plus);

}  // namespace waihu
