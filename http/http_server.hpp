// The public HTTP listener as one object: give it an io_context whose threads you run, the backend, and start it.
// Shows nothing of Beast.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/options.hpp"
#include "config/presence.hpp"
#include "http/console.hpp"
#include "http/traffic.hpp"
#include "messages/backend.hpp"
#include "messages/model/failure.hpp"
#include "messages/model/time.hpp"

namespace boost::asio {
class io_context;
}

namespace waihu::http {

/// What a server needs of the configuration.
struct server_options {
  config::http_options http;
  config::auth_options auth;
  std::string time_zone{"Asia/Shanghai"};          ///< node_options.time_zone
  std::vector<config::setting_presence> settings;  ///< What config/check tells.
  std::shared_ptr<traffic> counts{std::make_shared<traffic>()};
  config::cases_options cases;
  std::string instance_id;               ///< provider_options.instance_id
  std::span<const packed_file> console;  ///< Empty: built without; `http.web_root` takes its place.
};

/// Serves http-api.md. Sessions run on the io_context, each on its own strand; any number of threads may run it. The
/// io_context and its threads must live until `stop` has returned, and the io_context object until the backend can no
/// longer call back.
class http_server {
 public:
  http_server(boost::asio::io_context& io, server_options options, std::shared_ptr<backend> inside,
              std::function<wall_time()> clock = wall_now);
  /// Stops at once (deadline 0) if `stop` was not called.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// Checks the options, binds and listens. Answers the port. invalid_argument: secret under 32 bytes, unknown time
  /// zone, "*" or malformed origin, malformed proxy, certificate and key that are no usable pair (tls_identity.hpp);
  /// unavailable: the address cannot be bound.
  result<std::uint16_t> start();

  /// Reads certificate and key again, for connections that are accepted from now on. When they are no usable pair
  /// (invalid_argument, with file and cure) the old ones stay. Nothing to do without TLS. Any thread, after `start`.
  result<void> reload_identity();

  /// Stops accepting, ends event streams and idle connections, lets requests in flight finish until `deadline` has
  /// passed, then cuts them. Blocks; never call it from a thread of the io_context. Idempotent.
  void stop(milliseconds deadline);

  /// Connections now open; for tests and metrics.
  std::size_t connections() const;

 private:
  struct implementation;
  std::shared_ptr<implementation> implementation_;
};

}  // namespace waihu::http
