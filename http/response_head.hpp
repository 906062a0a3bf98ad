// The status line and header of an answer as bytes (RFC 9112). Knows nothing of sockets.
#pragma once

#include <optional>
#include <string>

#include "http/exchange.hpp"

namespace waihu::http {

/// How the connection goes on after an answer.
struct framing {
  unsigned version{11};                       ///< Of the request: 10 or 11.
  bool keep_alive{};                          ///< False: `Connection: close`.
  std::optional<std::size_t> content_length;  ///< Empty with `is_chunked` false: no body header at all.
  bool is_chunked{};
};

/// The head, ending with the empty line. Header values with line breaks are left out (they would forge headers).
std::string response_head(const response& answer, const framing& how, wall_time now);

/// One chunk of a chunked body; `bytes` must not be empty.
std::string chunk_of(const std::string& bytes);
/// What ends a chunked body.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace waihu::http
