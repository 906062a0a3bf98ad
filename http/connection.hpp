// One connection from its first byte to the first request, and its end: PROXY header, TLS, farewell. Knows no requests.
// Included by beast_session.hpp only; it sees Beast.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "http/application.hpp"
#include "http/awaited_error.hpp"
#include "http/codes.hpp"
#include "http/json_writer.hpp"
#include "http/proxy_protocol.hpp"
#include "http/response_head.hpp"
#include "http/session_parts.hpp"
#include "http/transport.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::awaitable;
using boost::system::error_code;

/// What a session stands on. Lives on its strand, but for `is_stopping_`.
template <class Transport>
class connection {
 protected:
  template <class... More>
  connection(std::shared_ptr<const application> app, asio::ip::tcp::socket socket, const More&... more)
      : transport_(std::move(socket), more...), app_(std::move(app)) {
    error_code ignored;
    peer_ = address_of(tcp().socket().remote_endpoint(ignored));
    if (peer_) client_name_ = peer_->text();
    tcp().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  }
  ~connection() = default;

  auto& stream() noexcept { return transport_.stream(); }
  beast::tcp_stream& tcp() noexcept { return transport_.tcp(); }
  const config::http_options& options() const { return app_->shared().http; }

  /// What comes before the first request, within one header_timeout. False: nothing more is to be done.
  awaitable<bool> open() {
    const bool has_proxy_header = peer_ && app_->shared().proxies.expects_header_of(*peer_);
    if constexpr (!Transport::is_secure)
      if (!has_proxy_header) co_return true;
    tcp().expires_after(options().header_timeout);
    is_idle_ = true;  // a stop need not wait for those who have not asked anything
    bool is_open = true;
    if (has_proxy_header) is_open = co_await take_proxy_header();
    if constexpr (Transport::is_secure)
      if (is_open) is_open = co_await shake_hands();
    is_idle_ = false;
    co_return is_open && !is_stopping_;
  }

  std::string_view buffered() const { return {static_cast<const char*>(buffer_.cdata().data()), buffer_.size()}; }

  awaitable<bool> take_proxy_header() {
    using verdict = proxy_header::verdict;
    for (;;) {
      const auto header = read_proxy_header(buffered());
      if (header.is == verdict::complete) {
        buffer_.consume(header.length);
        if (header.client) client_name_ = header.client->text();
        co_return true;
      }
      error_code ec;
      if (header.is == verdict::incomplete) {
        const auto space = buffer_.prepare(proxy_header_limit - buffer_.size());
        const auto n = co_await tcp().async_read_some(space, with_error(ec));
        buffer_.commit(n);
      }
      if (header.is == verdict::malformed || ec) {
        telemetry::log_repeated(telemetry::log_level::warn, "http", "http.proxy_header_missing", "",
                                {{"peer", client_name_}}, ec ? "none came in time" : "the connection begins otherwise");
        co_return false;
      }
    }
  }

  /// The TLS handshake, whose first bytes may have arrived behind the PROXY header.
  awaitable<bool> shake_hands() {
    error_code ec;
    const auto arrived = buffer_.cdata();
    const auto n = co_await stream().async_handshake(asio::ssl::stream_base::server, arrived, with_error(ec));
    buffer_.consume(n);
    if (!ec) co_return true;
    telemetry::log_repeated(telemetry::log_level::info, "http", "http.tls_handshake_failed", "",
                            {{"peer", client_name_}}, ec.message());
    if (is_plain_request(ec)) {
      request req;
      req.request_id = fresh_request_id();
      const auto answer = error_answer(req, 400, code_bad_parameter, "此端口只接受 HTTPS 请求");
      co_await tell_without_tls(req, answer);
    }
    co_return false;
  }

  awaitable<void> tell_without_tls(const request& req, response answer) {
    app_->decorate(req, answer);
    framing how;
    how.content_length = answer.body.size();
    const auto bytes = response_head(answer, how, app_->shared().now()) + answer.body;
    error_code ec;
    tcp().expires_after(drain_patience);
    const auto all = asio::buffer(bytes);
    co_await asio::async_write(tcp(), all, with_error(ec));
    if (!ec) co_await drain();
  }

  /// Says good-bye and reads on a little, so that unread input does not turn our answer into a reset.
  awaitable<void> close_gently() {
    tcp().expires_after(drain_patience);
    if constexpr (Transport::is_secure) {
      error_code ignored;
      co_await stream().async_shutdown(with_error(ignored));
    }
    co_await drain();
  }

  /// Ends our side of the TCP connection and reads what still comes, until the deadline that is set.
  awaitable<void> drain() {
    error_code ec;
    tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    std::size_t drained = 0;
    std::array<char, 16UL * 1024> sink;
    const auto space = asio::buffer(sink);
    while (!ec && drained < drain_limit) drained += co_await tcp().async_read_some(space, with_error(ec));
  }

  Transport transport_;
  std::shared_ptr<const application> app_;
  beast::flat_buffer buffer_{header_bytes_limit + 64 * 1024};  ///< Arrived and not yet read.
  std::optional<config::ip_address> peer_;                     ///< Of the TCP connection.
  std::string client_name_{"unknown"};  ///< Address of the peer, or of whom its PROXY header names.
  bool is_idle_{false};                 ///< Waits for something that nobody is owed an answer for.
  std::atomic<bool> is_stopping_{false};
};

}  // namespace waihu::http
