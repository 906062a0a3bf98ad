// What every text from outside goes through before it is stored: PostgreSQL takes neither invalid UTF-8 nor the zero
// byte, and one bad transcript must not sink a commit. Both stores use it, so that both answer the same.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace waihu {

/// True when `text` can be stored as it is.
bool is_storable_text(std::string_view text) noexcept;

/// The text with every invalid UTF-8 byte and every zero byte replaced by U+FFFD; valid text comes back unchanged.
std::string storable_text(std::string_view text);

/// At most `characters` code points of (valid) UTF-8, never cutting inside one.
std::string cut_text(std::string_view text, std::size_t characters);

/// Longest remark of a follow-up, in characters (data-model.md).
inline constexpr std::size_t remark_limit = 1000;
/// Longest stored error text, in characters.
inline constexpr std::size_t error_limit = 2000;

}  // namespace waihu
