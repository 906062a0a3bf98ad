#include "app/ctl/http_connection.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <cstdio>
#include <ctime>

namespace waihu::ctl {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::uint64_t body_limit = 64ULL << 20U;
constexpr auto tuple_awaitable = asio::as_tuple(asio::use_awaitable);

/// What becomes of a reply's body.
struct reply_sink {
  const std::function<bool(std::string_view)>* on_piece{};  ///< nullptr: collect the body.
  milliseconds deadline{};
};

tl::unexpected<failure> connect_failure(const server_address& server, error_code ec) {
  const auto where = server.host + ":" + server.port;
  if (ec == beast::error::timeout) return fail(errc::timed_out, "no answer from " + where + " in time");
  return fail(errc::unavailable, "cannot reach " + where + ": " + ec.message());
}

tl::unexpected<failure> reply_failure(error_code ec) {
  if (ec == beast::error::timeout) return fail(errc::timed_out, "no answer in time");
  return fail(errc::lost, "the connection broke: " + ec.message());
}

std::optional<wall_time> parse_date(std::string_view text) {
  std::tm tm{};
  if (text.empty() || ::strptime(std::string(text).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &tm) == nullptr)
    return std::nullopt;
  return from_epoch_ms(static_cast<std::int64_t>(::timegm(&tm)) * 1000);
}

http::request<http::string_body> to_beast(const server_address& server, const http_request& from) {
  http::request<http::string_body> to;
  to.method_string(from.method);
  to.target(from.target);
  to.version(11);
  to.set(http::field::host, server.host + ":" + server.port);
  to.set(http::field::user_agent, "waihuctl/" WAIHU_VERSION);
  to.set(http::field::connection, "close");
  for (const auto& [name, value] : from.headers) to.set(name, value);
  to.body() = from.body;
  to.prepare_payload();
  return to;
}

/// Writes the request and reads the reply on a stream that stands.
template <class Stream>
asio::awaitable<result<http_reply>> exchange(Stream& stream, http::request<http::string_body> request,
                                             reply_sink sink) {
  auto& lowest = beast::get_lowest_layer(stream);
  lowest.expires_after(sink.deadline);
  const auto [write_error, written] = co_await http::async_write(stream, request, tuple_awaitable);
  if (write_error) co_return reply_failure(write_error);

  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(sink.on_piece == nullptr ? body_limit : std::numeric_limits<std::uint64_t>::max());
  const auto [header_error, header_bytes] = co_await http::async_read_header(stream, buffer, parser, tuple_awaitable);
  if (header_error) co_return reply_failure(header_error);

  http_reply reply;
  reply.status = static_cast<int>(parser.get().result_int());
  reply.date = parse_date(parser.get()[http::field::date]);
  std::array<char, 16'384> piece{};
  while (!parser.is_done()) {
    if (sink.on_piece != nullptr) lowest.expires_after(sink.deadline);
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    auto [read_error, read_bytes] = co_await http::async_read_some(stream, buffer, parser, tuple_awaitable);
    if (read_error == http::error::need_buffer) read_error = {};
    if (read_error) co_return reply_failure(read_error);
    const std::string_view got(piece.data(), piece.size() - parser.get().body().size);
    if (sink.on_piece == nullptr) reply.body.append(got);
    else if (reply.status != 200 || (!got.empty() && !(*sink.on_piece)(got))) break;
  }
  co_return reply;
}

}  // namespace

struct http_connection::worker {
  server_address server;
  asio::io_context io{1};
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::atomic<bool> is_stopped{false};

  asio::awaitable<result<http_reply>> run(http::request<http::string_body> request, reply_sink sink) {
    tcp::resolver resolver(io);
    const auto [resolve_error, found] = co_await resolver.async_resolve(server.host, server.port, tuple_awaitable);
    if (resolve_error) co_return connect_failure(server, resolve_error);
    if (!server.tls) {
      beast::tcp_stream stream(io);
      stream.expires_after(std::min(sink.deadline, milliseconds{10'000}));
      const auto [connect_error, endpoint] = co_await stream.async_connect(found, tuple_awaitable);
      if (connect_error) co_return connect_failure(server, connect_error);
      co_return co_await exchange(stream, std::move(request), sink);
    }
    beast::ssl_stream<beast::tcp_stream> stream(io, tls);
    beast::get_lowest_layer(stream).expires_after(std::min(sink.deadline, milliseconds{10'000}));
    const auto [connect_error, endpoint] =
        co_await beast::get_lowest_layer(stream).async_connect(found, tuple_awaitable);
    if (connect_error) co_return connect_failure(server, connect_error);
    if (SSL_set_tlsext_host_name(stream.native_handle(), server.host.c_str()) != 1)
      co_return fail(errc::internal, "cannot name the host for TLS");
    const auto [handshake_error] = co_await stream.async_handshake(asio::ssl::stream_base::client, tuple_awaitable);
    if (handshake_error) co_return connect_failure(server, handshake_error);
    co_return co_await exchange(stream, std::move(request), sink);
  }

  result<http_reply> perform(const http_request& request, reply_sink sink) {
    result<http_reply> outcome = fail(errc::cancelled, "stopped");
    io.restart();
    if (is_stopped) return outcome;
    auto work = run(to_beast(server, request), sink);
    auto keep = [&outcome](const std::exception_ptr& error, result<http_reply> r) {
      outcome = error ? result<http_reply>(fail(errc::internal, "request failed")) : std::move(r);
    };
    asio::co_spawn(io, std::move(work), std::move(keep));
    io.run();
    return outcome;
  }
};

result<server_address> server_address::parse(std::string_view url) {
  server_address a;
  if (url.starts_with("https://")) a.tls = true;
  else if (!url.starts_with("http://"))
    return fail(errc::invalid_argument, "the address must begin with http:// or https://");
  url.remove_prefix(a.tls ? 8 : 7);
  if (url.ends_with('/')) url.remove_suffix(1);
  const auto colon = url.rfind(':');
  const bool has_port = colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos;
  auto host = url.substr(0, has_port ? colon : url.size());
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  a.host = host;
  a.port = has_port ? std::string(url.substr(colon + 1)) : a.tls ? "443" : "80";
  const bool digits = std::all_of(a.port.begin(), a.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (a.host.empty() || a.port.empty() || a.port.size() > 5 || !digits ||
      a.host.find_first_of("/?#@ ") != std::string::npos)
    return fail(errc::invalid_argument, "the address must be http://host[:port], without a path");
  return a;
}

http_connection::http_connection(server_address server) : worker_(std::make_unique<worker>()) {
  worker_->server = std::move(server);
  if (worker_->server.tls) {
    worker_->tls.set_default_verify_paths();
    worker_->tls.set_verify_mode(asio::ssl::verify_peer);
    worker_->tls.set_verify_callback(asio::ssl::host_name_verification(worker_->server.host));
  }
}

http_connection::~http_connection() = default;
http_connection::http_connection(http_connection&&) noexcept = default;
http_connection& http_connection::operator=(http_connection&&) noexcept = default;

result<http_reply> http_connection::send(const http_request& request, milliseconds deadline) {
  return worker_->perform(request, {nullptr, deadline});
}

result<int> http_connection::stream(const http_request& request, const std::function<bool(std::string_view)>& on_piece,
                                    milliseconds silence) {
  auto done = worker_->perform(request, {&on_piece, silence});
  if (!done) return tl::unexpected<failure>(std::move(done.error()));
  return done->status;
}

void http_connection::stop() {
  worker_->is_stopped = true;
  worker_->io.stop();
}

}  // namespace waihu::ctl
