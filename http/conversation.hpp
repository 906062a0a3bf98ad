// What the answer needs to know of a conversation: is it a JSON array, and how long did it last.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace waihu::http {

/// Last minus first `Timestamp` of the lines, ms (0 for fewer than two); nullopt when the text is not a JSON array.
std::optional<std::int64_t> conversation_duration_ms(std::string_view json);

}  // namespace waihu::http
