// The connection pool. Everything it owns is touched on one strand only.
#include "provider/http_client.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <optional>
#include <vector>

namespace waihu::provider {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using strand_type = asio::strand<asio::io_context::executor_type>;
using socket_type = asio::basic_stream_socket<tcp, strand_type>;
using tls_type = asio::ssl::stream<socket_type&>;
using timer_type =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, strand_type>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<strand_type>{});
template <class T>
using awaitable = asio::awaitable<T, strand_type>;

constexpr std::uint32_t header_limit_bytes = 64 << 10;
constexpr int max_interim_answers = 4;

/// One connection. `tls` is empty for plain ones.
struct connection {
  explicit connection(const strand_type& strand) : socket(strand) {}
  socket_type socket;
  std::optional<tls_type> tls;
  boost::beast::flat_buffer buffer;
  steady_time idle_since{};

  void close() noexcept {
    error_code ignored;
    socket.close(ignored);
  }

  /// False when the peer has closed it or sent something nobody asked for.
  bool is_quiet() noexcept {
    error_code error;
    socket.non_blocking(true, error);
    if (error || buffer.size() != 0) return false;
    char byte = 0;
    socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return error == asio::error::would_block;
  }
};

enum class stage { waiting, connecting, exchanging };

/// One request on its way. Whoever drops the last reference without an outcome cancels it, so that a completion is
/// never forgotten, not even when the io_context dies.
struct call {
  call(const strand_type& strand, http_request what, completion<http_answer> handler)
      : request(std::move(what)), done(std::move(handler)), timer(strand) {}
  call(const call&) = delete;
  call& operator=(const call&) = delete;
  ~call() {
    if (!is_finished) done(fail(errc::cancelled, "the HTTP client was shut down"));
  }

  void finish(result<http_answer> outcome) {
    if (is_finished) return;
    is_finished = true;
    timer.cancel();
    const auto handler = std::move(done);
    handler(std::move(outcome));
  }

  /// Unblocks whatever the exchange is waiting for.
  void abort() noexcept {
    if (link) link->close();
    if (resolver) resolver->cancel();
  }

  http_request request;
  completion<http_answer> done;
  timer_type timer;
  steady_time deadline{};
  stage where{stage::waiting};
  bool is_finished{};
  std::shared_ptr<connection> link;
  std::shared_ptr<asio::ip::basic_resolver<tcp, strand_type>> resolver;
};

bool is_clean(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_sendable(const http_request& request) {
  const auto is_fine = [](const auto& header) { return is_clean(header.first) && is_clean(header.second); };
  return is_clean(request.method) && is_clean(request.target) && !request.target.empty() &&
         request.target.find(' ') == std::string::npos &&
         std::all_of(request.headers.begin(), request.headers.end(), is_fine);
}

std::string to_wire(const http_request& request, const endpoint& where) {
  std::string out;
  out.reserve(512 + request.target.size() + request.body.size());
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  if (!signing::find_header(request.headers, "host")) out.append("Host: ").append(where.host_header).append("\r\n");
  for (const auto& [name, value] : request.headers) out.append(name).append(": ").append(value).append("\r\n");
  out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  out.append("Connection: keep-alive\r\n\r\n").append(request.body);
  return out;
}

failure connect_failure(const endpoint& where, std::string_view doing, const error_code& error) {
  return {errc::unavailable, where.host_header + ": " + std::string{doing} + ": " + error.message(), {}, 0};
}

failure exchange_failure(const endpoint& where, std::string_view doing, const error_code& error) {
  const bool is_over =
      error == http::error::body_limit || error == http::error::header_limit || error == http::error::buffer_overflow;
  return {is_over ? errc::malformed : errc::lost,
          where.host_header + ": " + std::string{doing} + ": " + error.message(),
          {},
          0};
}

}  // namespace

struct http_client::impl : std::enable_shared_from_this<impl> {
  impl(asio::io_context& io, endpoint service, http_client_options limits)
      : strand(io.get_executor()), where(std::move(service)), options(std::move(limits)) {}

  result<bool> prepare_tls() {
    error_code error;
    tls.set_default_verify_paths(error);
    if (!options.ca_file.empty()) tls.load_verify_file(options.ca_file, error);
    if (error) return fail(errc::invalid_argument, "CA file cannot be read: " + error.message());
    tls.set_verify_mode(asio::ssl::verify_peer, error);
    tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                        asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                    error);
    if (error) return fail(errc::internal, "TLS cannot be set up: " + error.message());
    return true;
  }

  void enqueue(const std::shared_ptr<call>& c) {
    if (closed) return c->finish(fail(errc::cancelled, "the HTTP client is closed"));
    if (running.size() >= static_cast<std::size_t>(options.connections) &&
        waiting.size() >= static_cast<std::size_t>(options.queue_limit))
      return c->finish(fail(errc::overloaded, where.host_header + ": too many requests wait for a connection"));
    waiting.push_back(c);
    watch(c, c->deadline);
    pump();
  }

  /// Ends `c` at `at`. Only the latest watch of a call counts.
  void watch(const std::shared_ptr<call>& c, steady_time at) {
    c->timer.expires_at(at);
    c->timer.async_wait([self = shared_from_this(), c](const error_code& error) {
      if (error || c->is_finished || c->timer.expiry() > std::chrono::steady_clock::now()) return;
      const bool is_sent = c->where == stage::exchanging;
      c->finish(fail(is_sent ? errc::timed_out : errc::unavailable,
                     self->where.host_header + (is_sent ? ": no answer in time" : ": no connection in time")));
      c->abort();
      std::erase(self->waiting, c);
    });
  }

  void pump() {
    while (!closed && !waiting.empty() && running.size() < static_cast<std::size_t>(options.connections)) {
      auto c = waiting.front();
      waiting.pop_front();
      if (c->is_finished) continue;
      running.push_back(c);
      c->link = take_idle();
      asio::co_spawn(strand, exchange(shared_from_this(), c),
                     [self = shared_from_this(), c](const std::exception_ptr& error) {
                       if (error) c->finish(fail(errc::internal, self->where.host_header + ": exchange failed"));
                       std::erase(self->running, c);
                       self->keep(c);
                       self->pump();
                     });
    }
  }

  std::shared_ptr<connection> take_idle() {
    const auto now = std::chrono::steady_clock::now();
    while (!idle.empty()) {
      auto link = std::move(idle.back());
      idle.pop_back();
      if (now - link->idle_since <= options.idle_limit && link->is_quiet()) return link;
      link->close();
    }
    return nullptr;
  }

  void keep(const std::shared_ptr<call>& c) {
    auto link = std::exchange(c->link, nullptr);
    if (!link || !link->socket.is_open()) return;
    if (closed) return link->close();
    link->idle_since = std::chrono::steady_clock::now();
    idle.push_back(std::move(link));
  }

  void shut_down() {
    closed = true;
    for (const auto& link : std::exchange(idle, {})) link->close();
    const auto ended = std::exchange(waiting, {});
    const auto cut = running;
    for (const auto& c : ended) c->finish(fail(errc::cancelled, "the HTTP client was closed"));
    for (const auto& c : cut) {
      c->finish(fail(errc::cancelled, "the HTTP client was closed"));
      c->abort();
    }
  }

  static awaitable<void> exchange(std::shared_ptr<impl> self, std::shared_ptr<call> c);
  awaitable<bool> connect(std::shared_ptr<call> c);
  template <class Stream>
  awaitable<void> talk(Stream& stream, std::shared_ptr<call> c);

  strand_type strand;
  endpoint where;
  http_client_options options;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  bool closed{};
  std::deque<std::shared_ptr<call>> waiting;
  std::vector<std::shared_ptr<call>> running;
  std::vector<std::shared_ptr<connection>> idle;
};

awaitable<bool> http_client::impl::connect(std::shared_ptr<call> c) {
  c->where = stage::connecting;
  const auto until = std::min(c->deadline, std::chrono::steady_clock::now() + options.connect_timeout);
  watch(c, until);
  const auto port = std::to_string(where.port);
  c->resolver = std::make_shared<asio::ip::basic_resolver<tcp, strand_type>>(strand);
  auto [resolve_error, found] = co_await c->resolver->async_resolve(where.host, port, as_result);
  c->resolver = nullptr;
  if (c->is_finished) co_return false;
  if (resolve_error) {
    c->finish(tl::unexpected(connect_failure(where, "resolve", resolve_error)));
    co_return false;
  }
  auto link = std::make_shared<connection>(strand);
  c->link = link;
  error_code error;
  for (const auto& entry : found) {
    const tcp::endpoint address = entry.endpoint();
    link->close();
    auto [connect_error] = co_await link->socket.async_connect(address, as_result);
    error = connect_error;
    if (!error || c->is_finished) break;
  }
  if (!error && !c->is_finished && where.is_tls) {
    link->tls.emplace(link->socket, tls);
    error_code is_address;
    asio::ip::make_address(where.host, is_address);
    if (is_address) SSL_set_tlsext_host_name(link->tls->native_handle(), where.host.c_str());
    link->tls->set_verify_callback(asio::ssl::host_name_verification(where.host), error);
    auto [tls_error] = co_await link->tls->async_handshake(asio::ssl::stream_base::client, as_result);
    error = tls_error;
  }
  if (error) c->finish(tl::unexpected(connect_failure(where, "connect", error)));
  if (error || c->is_finished) {
    link->close();
    co_return false;
  }
  error_code ignored;
  link->socket.set_option(tcp::no_delay(true), ignored);
  co_return true;
}

template <class Stream>
awaitable<void> http_client::impl::talk(Stream& stream, std::shared_ptr<call> c) {
  const auto link = c->link;
  // The process may have slept since it was allowed to send: time that has passed is seen here, whatever timer is late.
  const bool is_late = std::chrono::steady_clock::now() >= c->deadline;
  if (is_late || (c->request.may_leave && !c->request.may_leave())) {
    c->finish(fail(errc::unavailable, where.host_header + (is_late ? ": the time was over before the first byte"
                                                                   : ": withdrawn before the first byte")));
    co_return link->close();
  }
  // From the first byte on nobody can say that the other side did not carry the request out.
  c->where = stage::exchanging;
  watch(c, c->deadline);
  const auto wire = to_wire(c->request, where);
  const auto bytes = asio::buffer(wire);
  auto [write_error, written] = co_await asio::async_write(stream, bytes, as_result);
  if (write_error) {
    c->finish(tl::unexpected(exchange_failure(where, "write", write_error)));
    co_return link->close();
  }
  for (int round = 0; round <= max_interim_answers; ++round) {
    http::response_parser<http::string_body> parser;
    parser.header_limit(header_limit_bytes);
    parser.body_limit(static_cast<std::uint64_t>(options.answer_limit_bytes));
    auto [read_error, count] = co_await http::async_read(stream, link->buffer, parser, as_result);
    if (read_error) {
      c->finish(tl::unexpected(exchange_failure(where, "read", read_error)));
      co_return link->close();
    }
    auto message = parser.release();
    if (message.result_int() / 100 == 1) continue;
    http_answer answer;
    answer.status = static_cast<int>(message.result_int());
    for (const auto& field : message)
      answer.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    answer.body = std::move(message.body());
    if (!message.keep_alive() || message.need_eof()) link->close();
    c->finish(std::move(answer));
    co_return;
  }
  c->finish(fail(errc::lost, where.host_header + ": only interim answers"));
  link->close();
}

awaitable<void> http_client::impl::exchange(std::shared_ptr<impl> self, std::shared_ptr<call> c) {
  if (!c->link) {
    const bool is_connected = co_await self->connect(c);
    if (!is_connected) co_return;
  }
  if (c->is_finished) co_return;
  // Kept apart from the call: abort() closes the socket, but the stream must live until the last handler ran.
  const auto link = c->link;
  if (link->tls) {
    co_await self->talk(*link->tls, c);
  } else {
    co_await self->talk(link->socket, c);
  }
}

http_client::http_client(std::shared_ptr<impl> pool) : impl_(std::move(pool)) {}

http_client::~http_client() { close(); }

result<std::shared_ptr<http_client>> http_client::make(asio::io_context& io, endpoint where,
                                                       http_client_options options) {
  options.connections = std::clamp(options.connections, 1, 1024);
  const bool is_tls = where.is_tls;
  auto pool = std::make_shared<impl>(io, std::move(where), std::move(options));
  if (is_tls) {
    if (auto ready = pool->prepare_tls(); !ready) return tl::unexpected(ready.error());
  }
  return std::shared_ptr<http_client>(new http_client(std::move(pool)));
}

void http_client::send(http_request request, milliseconds deadline, completion<http_answer> done) {
  if (!is_sendable(request)) return done(fail(errc::invalid_argument, "a control character in an HTTP request"));
  auto c = std::make_shared<call>(impl_->strand, std::move(request), std::move(done));
  c->deadline = std::chrono::steady_clock::now() + deadline;
  asio::post(impl_->strand, [pool = impl_, c = std::move(c)] { pool->enqueue(c); });
}

void http_client::close() {
  asio::post(impl_->strand, [pool = impl_] { pool->shut_down(); });
}

const endpoint& http_client::where() const noexcept { return impl_->where; }

}  // namespace waihu::provider
