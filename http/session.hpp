// One connection: reads requests one after the other, hands each to the application, writes the answers in order.
// Shows nothing of Beast; http_server.cpp accepts the sockets.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

#include "http/application.hpp"
#include "http/tls_identity.hpp"

namespace waihu::http {

/// A running connection, as the server sees it. Thread-safe.
class session {
 public:
  virtual ~session() = default;
  /// From now on every answer says that the connection ends. Any thread.
  virtual void expect_stop() = 0;
  /// Ends after the request in flight; at once when idle; event streams end. After `expect_stop`.
  virtual void stop_soon() = 0;
  /// Closes the socket now.
  virtual void cut() = 0;
};

/// A connection that the server has just accepted.
struct accepted_connection {
  boost::asio::ip::tcp::socket socket;  ///< Connected; its executor is the session's strand.
  std::shared_ptr<const application> app;
  std::shared_ptr<const tls_identity> identity;  ///< Null: without TLS.
  bool is_refused{false};                        ///< Above the limit: it is answered 503 and closed.
};

/// Serves a connection until it ends; `on_end` is called once, on the strand.
std::shared_ptr<session> run_session(accepted_connection from, std::function<void()> on_end);
/// The same for one with an identity.
std::shared_ptr<session> run_tls_session(accepted_connection from, std::function<void()> on_end);

}  // namespace waihu::http
