// The second listener, for machines that watch this one: /metrics, /healthz, /readyz. It asks for no login and knows
// nothing of the API; what it tells comes from the functions it is given. Shows nothing of Beast.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/options.hpp"
#include "messages/model/failure.hpp"

namespace waihu::http {

/// Whether this node makes progress, as JSON for people and machines.
struct readiness_page {
  bool is_ready{};
  std::string json;
};

/// What is told. Called on the listener's own thread, one at a time; must not block for long.
struct admin_pages {
  std::function<std::string()> metrics;  ///< In the Prometheus text format.
  std::function<readiness_page()> ready;
};

/// Longest request head, bytes; longer: 431. A request with a body: 413.
inline constexpr std::uint32_t admin_header_limit = 16 * 1024;
/// Connections at once; further ones are told 503 and closed.
inline constexpr int admin_connection_limit = 64;

/// The listener with its own thread, so that it answers also while the public one has all its threads busy. Its times
/// are the public listener's: header_timeout, idle_timeout, and body_timeout for writing an answer.
class admin_server {
 public:
  admin_server(config::admin_options options, const config::http_options& times, admin_pages pages);
  /// Stops.
  ~admin_server();
  admin_server(const admin_server&) = delete;
  admin_server& operator=(const admin_server&) = delete;

  /// Binds, listens, starts the thread. Answers the port, which the log event admin.listening tells too; 0 when
  /// `listen_address` is empty: there is no listener then. invalid_argument: not an address; unavailable: it cannot be
  /// bound.
  result<std::uint16_t> start();

  /// Cuts every connection and ends the thread; no page is asked for afterwards. Idempotent.
  void stop();

 private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace waihu::http
