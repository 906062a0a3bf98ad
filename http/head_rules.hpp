// What a request's head may look like beyond the parser's grammar, so that a proxy in front and we can never see
// different requests in the same bytes (RFC 9112 section 11.2). Knows no sockets.
#pragma once

#include <string_view>

#include "http/exchange.hpp"

namespace waihu::http {

/// Whether a header line goes on in the next one (obs-fold, RFC 9112 section 5.2). `head` ends with the empty line.
bool has_folded_line(std::string_view head) noexcept;

/// Whether where the request ends, and for which host it is, can be understood in one way only: one Host (HTTP/1.1)
/// that is a host; at most one length, of digits; chunks only as the one coding, in HTTP/1.1, without a length.
/// `version`: 10 or 11.
bool is_unambiguous(const request& head, unsigned version) noexcept;

}  // namespace waihu::http
