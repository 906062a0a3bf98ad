#include "http/admin_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <thread>

#include "http/awaited_error.hpp"
#include "telemetry/exposition.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};

using answer = wire::response<wire::string_body>;

answer make_answer(wire::status status, std::string_view type, std::string body) {
  answer a{status, 11};
  a.set(wire::field::content_type, {type.data(), type.size()});
  a.set(wire::field::cache_control, "no-store");
  a.set("X-Content-Type-Options", "nosniff");
  a.body() = std::move(body);
  return a;
}

answer plain(wire::status status, std::string text) {
  return make_answer(status, "text/plain; charset=utf-8", std::move(text) + "\n");
}

/// Counts a connection while it is served.
struct place {
  explicit place(int& n) : taken(n) { ++taken; }
  ~place() { --taken; }
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  int& taken;
};

}  // namespace

struct admin_server::implementation {
  config::admin_options options;
  std::chrono::milliseconds header_timeout, idle_timeout, write_timeout;
  admin_pages pages;
  int connections{};  ///< On the thread, like all that follows.
  std::thread thread;
  asio::io_context io{1};  ///< Last: coroutines that it still holds go first.

  answer page_of(std::string_view target) const {
    const auto path = target.substr(0, target.find('?'));
    if (path == "/healthz") return plain(wire::status::ok, "ok");
    if (path == "/metrics") return make_answer(wire::status::ok, telemetry::exposition_type, pages.metrics());
    if (path == "/readyz") {
      auto page = pages.ready();
      const auto status = page.is_ready ? wire::status::ok : wire::status::service_unavailable;
      return make_answer(status, "application/json; charset=utf-8", std::move(page.json));
    }
    return plain(wire::status::not_found, "there is /metrics, /healthz and /readyz");
  }

  answer answer_to(const wire::request<wire::empty_body>& req) const {
    const auto target = req.target();
    auto found = page_of({target.data(), target.size()});
    const bool asks = req.method() == wire::verb::get || req.method() == wire::verb::head;
    if (found.result() == wire::status::not_found || asks) return found;
    auto refused = plain(wire::status::method_not_allowed, "GET or HEAD");
    refused.set(wire::field::allow, "GET, HEAD");
    return refused;
  }

  awaitable<bool> send(beast::tcp_stream& stream, answer a, bool is_head, bool goes_on) const {
    a.keep_alive(goes_on);
    a.prepare_payload();  // of HEAD too: it tells the length that GET would have
    error_code ec;
    stream.expires_after(write_timeout);
    wire::response_serializer<wire::string_body> serializer(a);
    if (is_head) co_await wire::async_write_header(stream, serializer, with_error(ec));
    else co_await wire::async_write(stream, serializer, with_error(ec));
    co_return !ec && goes_on;
  }

  /// One request and its answer; false when the connection ends.
  awaitable<bool> serve_one(beast::tcp_stream& stream, beast::flat_buffer& buffer) const {
    error_code ec;
    wire::request_parser<wire::empty_body> in;
    in.header_limit(admin_header_limit);
    co_await wire::async_read_header(stream, buffer, in, with_error(ec));
    if (ec == wire::error::header_limit) {
      auto a = plain(wire::status::request_header_fields_too_large, "the request's head is too long");
      co_return co_await send(stream, std::move(a), false, false);
    }
    if (ec && ec.category() == wire::make_error_code(wire::error::bad_method).category() &&
        ec != wire::error::end_of_stream && ec != wire::error::partial_message) {
      auto a = plain(wire::status::bad_request, "not a request");
      co_return co_await send(stream, std::move(a), false, false);
    }
    if (ec) co_return false;
    const auto length = in.content_length();
    if (in.chunked() || (length && *length > 0)) {
      auto a = plain(wire::status::payload_too_large, "a request here has no body");
      co_return co_await send(stream, std::move(a), false, false);
    }
    auto a = answer_to(in.get());
    const bool is_head = in.get().method() == wire::verb::head;
    const bool goes_on = in.get().keep_alive();
    co_return co_await send(stream, std::move(a), is_head, goes_on);
  }

  awaitable<void> serve(tcp::socket socket) {
    const place taken(connections);
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer(admin_header_limit + 4096);
    stream.expires_after(header_timeout);
    for (bool goes_on = true; goes_on;) {
      goes_on = co_await serve_one(stream, buffer);
      stream.expires_after(idle_timeout);
    }
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  /// Says why and closes, without waiting for anybody.
  static void refuse(tcp::socket socket) {
    static constexpr std::string_view busy =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(busy.data(), busy.size()), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    telemetry::log_repeated(telemetry::log_level::warn, "admin", "admin.too_many_connections", "");
  }

  void take(tcp::socket socket) {
    if (connections >= admin_connection_limit) return refuse(std::move(socket));
    asio::co_spawn(io, serve(std::move(socket)), [](const std::exception_ptr& error) {
      if (!error) return;
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& e) {
        telemetry::log_repeated(telemetry::log_level::warn, "admin", "admin.page_failed", "", {}, e.what());
      }
    });
  }

  awaitable<void> accept(tcp::acceptor acceptor) {
    asio::steady_timer pause(io);
    for (;;) {
      error_code ec;
      auto socket = co_await acceptor.async_accept(with_error(ec));
      if (!ec) {
        take(std::move(socket));
        continue;
      }
      // Out of descriptors or the like: breathe, then go on.
      telemetry::log_repeated(telemetry::log_level::warn, "admin", "admin.accept_failed", "", {}, ec.message());
      pause.expires_after(accept_pause);
      co_await pause.async_wait(with_error(ec));
    }
  }
};

admin_server::admin_server(config::admin_options options, const config::http_options& times, admin_pages pages)
    : implementation_(std::make_unique<implementation>()) {
  implementation_->options = std::move(options);
  implementation_->header_timeout = times.header_timeout;
  implementation_->idle_timeout = times.idle_timeout;
  implementation_->write_timeout = times.body_timeout;
  implementation_->pages = std::move(pages);
}

admin_server::~admin_server() { stop(); }

result<std::uint16_t> admin_server::start() {
  auto& s = *implementation_;
  const auto& wanted = s.options;
  if (wanted.listen_address.empty()) return std::uint16_t{0};
  error_code ec;
  const auto address = asio::ip::make_address(wanted.listen_address, ec);
  if (ec) return fail(errc::invalid_argument, "admin.listen_address is not an address: " + wanted.listen_address);
  const tcp::endpoint where(address, wanted.port);
  tcp::acceptor acceptor(s.io);
  acceptor.open(where.protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.bind(where, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec)
    return fail(errc::unavailable, "cannot listen on " + wanted.listen_address + ":" + std::to_string(wanted.port) +
                                       " (admin.listen_address, admin.port): " + ec.message());
  const auto port = acceptor.local_endpoint(ec).port();
  asio::co_spawn(s.io, s.accept(std::move(acceptor)), asio::detached);
  s.thread = std::thread([&s] { s.io.run(); });
  telemetry::log_event(telemetry::log_level::info, "admin", "admin.listening",
                       {{"address", wanted.listen_address}, {"port", port}});
  return port;
}

void admin_server::stop() {
  implementation_->io.stop();
  if (implementation_->thread.joinable()) implementation_->thread.join();
}

}  // namespace waihu::http
