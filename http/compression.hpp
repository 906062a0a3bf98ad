// gzip for answers. Knows only zlib.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace waihu::http {

/// True when an Accept-Encoding header lets us answer with gzip (a quality of 0 forbids).
bool accepts_gzip(std::string_view accept_encoding) noexcept;

/// The gzip form of `text`; nullopt when zlib fails or it would be no shorter.
std::optional<std::string> gzip(std::string_view text);

/// What a whole gzip text holds; nullopt: it is none, or holds more than `limit` bytes.
std::optional<std::string> gunzip(std::string_view packed, std::size_t limit);

}  // namespace waihu::http
