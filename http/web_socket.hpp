// Carries a conversation over a WebSocket (RFC 6455): handshake, frames, pings, limits, farewell. Knows nothing of what
// is said. Included by the session's translation units only: it sees Beast.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <vector>

#include "http/exchange.hpp"
#include "http/transport.hpp"

namespace waihu::http {

/// How a conversation is held.
struct socket_rules {
  milliseconds handshake_timeout{};
  /// A client that has not been heard of for so long is pinged; for twice as long: it is gone.
  milliseconds heartbeat{};
  std::vector<name_value> headers;  ///< Of the answer that accepts the handshake.
};

/// Longest message of a client; beyond it the socket is closed with 1009.
inline constexpr std::size_t client_message_limit = 64UL * 1024;

/// Whether a request's head is a handshake that can be accepted: its version is 13 and its key is one.
bool is_socket_handshake(const boost::beast::http::request_header<>& head);

/// Accepts the handshake and carries the conversation until one side ends it; `with` has ended then, and no operation
/// on `stream` is left. Both stay alive until it completes.
boost::asio::awaitable<void> hold_conversation(
    plain_transport& transport, const boost::beast::http::request<boost::beast::http::string_body>& asked,
    std::shared_ptr<message_stream> with, socket_rules rules);
boost::asio::awaitable<void> hold_conversation(
    tls_transport& transport, const boost::beast::http::request<boost::beast::http::string_body>& asked,
    std::shared_ptr<message_stream> with, socket_rules rules);

}  // namespace waihu::http
