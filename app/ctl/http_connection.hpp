// HTTP requests to the daemon, over TCP or TLS. Everything about Beast is in the .cpp; nothing here knows the API.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/model/failure.hpp"
#include "messages/model/time.hpp"

namespace waihu::ctl {

/// Where the daemon answers.
struct server_address {
  bool tls{};
  std::string host;
  std::string port;

  /// Reads `http://host[:port]` or `https://host[:port]`, a slash at the end allowed. invalid_argument otherwise.
  static result<server_address> parse(std::string_view url);
};

struct http_request {
  std::string method{"GET"};
  std::string target;  ///< Path and query, already escaped.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct http_reply {
  int status{};
  std::string body;               ///< At most 64 MiB.
  std::optional<wall_time> date;  ///< The server's clock, from its Date header.
};

/// Opens one connection per request. Each object belongs to one thread, except for `stop`.
class http_connection {
 public:
  explicit http_connection(server_address server);
  ~http_connection();
  http_connection(http_connection&&) noexcept;
  http_connection& operator=(http_connection&&) noexcept;

  /// Sends and waits for the whole reply. unavailable: not reached; timed_out; lost: broken off or not HTTP.
  result<http_reply> send(const http_request& request, milliseconds deadline);

  /// Sends and hands over the body of the reply piece by piece until it ends, `on_piece` answers false, nothing came
  /// for `silence`, or `stop` was called. Answers the HTTP status; another than 200 ends it at once.
  result<int> stream(const http_request& request, const std::function<bool(std::string_view)>& on_piece,
                     milliseconds silence);

  /// Ends a running `send` or `stream` with errc::cancelled, and every later one. From any thread.
  void stop();

 private:
  struct worker;
  std::unique_ptr<worker> worker_;
};

}  // namespace waihu::ctl
