// What the answer needs to know of a conversation: is it a JSON array, and how long did it last.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace waihu::http {

/// How far the timestamps of a conversation's lines reach.
struct conversation_span {
  std::int64_t timed_lines{};  ///< Lines that have a timestamp.
  std::int64_t length_ms{};    ///< Last minus first of them; 0 for fewer than two.
};

/// The span by `Timestamp` (or `timestamp`) of the lines; nullopt when the text is not a JSON array.
std::optional<conversation_span> conversation_span_of(std::string_view json);

/// Its length alone.
std::optional<std::int64_t> conversation_duration_ms(std::string_view json);

}  // namespace waihu::http
