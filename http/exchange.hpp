// One HTTP request and its answer in plain terms. Sessions translate them from and to Beast; handlers see only these.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/async.hpp"

namespace waihu::http {

/// A header or query parameter.
using name_value = std::pair<std::string, std::string>;

/// Where a request fits no route.
inline constexpr std::size_t no_route = static_cast<std::size_t>(-1);

/// A request whose head, and for handlers also the body, has arrived whole.
struct request {
  std::string method;  ///< Upper case; HEAD is kept, the router serves it as GET.
  std::string path;    ///< Percent-decoded, without the query, starts with '/'.
  /// Only of a path with an encoded slash: what stands between the others, each part decoded by itself, without an
  /// empty one at the end.
  std::vector<std::string> parts;
  std::vector<name_value> query;    ///< Decoded, in order.
  std::vector<name_value> headers;  ///< Names in lower case.
  std::string body;
  std::string peer;        ///< Address of the client, without port; told by a trusted proxy where one is in between.
  bool is_secure{};        ///< Came over our own TLS.
  bool wants_socket{};     ///< A proper WebSocket handshake (RFC 6455 section 4.2.1).
  std::string request_id;  ///< The client's when sane, else ours.
  std::size_t route{no_route};  ///< Its place in routes(), from when its head has been looked up.

  /// First header of that (lower-case) name; nullptr when absent.
  const std::string* header(std::string_view name) const noexcept {
    for (const auto& [n, v] : headers)
      if (n == name) return &v;
    return nullptr;
  }
  /// First query parameter of that name; nullptr when absent.
  const std::string* parameter(std::string_view name) const noexcept {
    for (const auto& [n, v] : query)
      if (n == name) return &v;
    return nullptr;
  }
};

/// A body without end, written piece by piece (Server-Sent Events). Lives on the session's strand.
class byte_stream {
 public:
  virtual ~byte_stream() = default;
  /// The next bytes; nullopt at the end.
  virtual async<std::optional<std::string>> next() = 0;
  /// Makes `next` end soon. On the strand; idempotent. `going_away`: the server stops (the client may come again).
  virtual void close(bool going_away) = 0;
};

/// A conversation of text messages (WebSocket). Each line of what `next` answers is one message; an empty answer only
/// shows that we are there. Lives on the session's strand.
class message_stream : public byte_stream {
 public:
  /// Why it ends, once `next` has answered nullopt: a close code of RFC 6455 section 7.4 and a word.
  struct end_reason {
    std::uint16_t code{1000};
    std::string word;
  };
  virtual end_reason end() const = 0;
  /// A message of the client.
  virtual void received(std::string text) = 0;
};

/// What is sent back.
struct response {
  int status{200};
  std::string content_type{"application/json; charset=utf-8"};
  std::vector<name_value> headers;      ///< Beside Content-Type, Content-Length, X-Request-Id, Date, CORS.
  std::string body;                     ///< Empty when `stream` is set.
  std::shared_ptr<byte_stream> stream;  ///< Set: the body comes from here.
  /// Set: the connection becomes a WebSocket (status 101). Only for a request that `wants_socket`.
  std::shared_ptr<message_stream> messages;
};

/// What the session may do with a request whose head has arrived.
struct body_rule {
  std::int64_t limit{};            ///< Longest body taken; longer: 413.
  std::optional<response> refuse;  ///< Set: answer this without reading the body, and close.
  std::size_t route{no_route};     ///< Place in routes() of what will serve it.
  std::shared_ptr<void> slot;      ///< Held until the request is finished (bounds big uploads).
};

}  // namespace waihu::http
