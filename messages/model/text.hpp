// What every text from outside goes through: the store and our own answers take neither invalid UTF-8 nor the zero
// byte, and one bad transcript must not sink a commit. The API refuses such text, the provider's border mends it, and
// both stores mend it once more, so that both answer the same. Knows only the standard library.
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

/// The text with ASCII letters in lower case; other bytes stay.
std::string lower_ascii(std::string text);

/// Longest remark of a follow-up, in characters (data-model.md).
inline constexpr std::size_t remark_limit = 1000;
/// Longest stored error text, in characters.
inline constexpr std::size_t error_limit = 2000;

}  // namespace waihu
