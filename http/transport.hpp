// The two ways in which bytes of a connection travel, as one shape for the session: plain TCP, and TLS over it. Knows
// no HTTP. Included by the session's translation units only: it sees Beast.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>

#include "http/tls_identity.hpp"

namespace waihu::http {

/// Bytes as they are.
class plain_transport {
 public:
  static constexpr bool is_secure = false;

  explicit plain_transport(boost::asio::ip::tcp::socket socket) : stream_(std::move(socket)) {}
  /// What requests are read from and answers written to.
  boost::beast::tcp_stream& stream() noexcept { return stream_; }
  /// The TCP connection below; its deadlines bind everything above.
  boost::beast::tcp_stream& tcp() noexcept { return stream_; }

 private:
  boost::beast::tcp_stream stream_;
};

/// TLS, as the server.
class tls_transport {
 public:
  static constexpr bool is_secure = true;

  tls_transport(boost::asio::ip::tcp::socket socket, const std::shared_ptr<const tls_identity>& identity)
      : stream_(std::move(socket), identity->context()) {}
  boost::beast::ssl_stream<boost::beast::tcp_stream>& stream() noexcept { return stream_; }
  boost::beast::tcp_stream& tcp() noexcept { return stream_.next_layer(); }

 private:
  boost::beast::ssl_stream<boost::beast::tcp_stream>
      stream_;  ///< Keeps OpenSSL's part of the identity alive by itself.
};

}  // namespace waihu::http
