// What the answer needs to know of a conversation: is it a JSON array, and how long did it last.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace waihu::http {

/// Last minus first `Timestamp` of the lines, ms (0 for fewer than two); nullopt when the text is not a JSON array.
std::optional<std::int64_t> conversation_duration_ms(std::string_view json);

/// The moment, seconds since 1970, at which a pre-signed link ends by its own `Expires`; nullopt when it names none.
std::optional<std::int64_t> link_expiry_s(std::string_view url);

}  // namespace waihu::http
