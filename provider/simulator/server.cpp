#include "provider/simulator/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <list>
#include <sstream>

namespace waihu::simulator {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

/// Requests that wait for POST /sim/release. None waits longer than ten minutes.
class hold_gate {
 public:
  explicit hold_gate(asio::io_context& io) : io_(io) {}
  asio::awaitable<void> wait() {
    const auto place = waiting_.emplace(waiting_.end(), io_, std::chrono::minutes{10});
    error_code ignored;
    co_await place->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    waiting_.erase(place);
  }
  std::size_t release() {
    for (auto& timer : waiting_) timer.cancel();
    return waiting_.size();
  }
  std::size_t count() const noexcept { return waiting_.size(); }

 private:
  asio::io_context& io_;
  std::list<asio::steady_timer> waiting_;
};

/// What all connections share.
struct service {
  asio::io_context& io;
  stand_in& sim;
  hold_gate& gate;
  server_limits limits;
};

asio::awaitable<void> pause(asio::io_context& io, std::int64_t ms) {
  asio::steady_timer timer{io, std::chrono::milliseconds{ms}};
  error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void reset_connection(beast::tcp_stream& stream) {
  error_code ignored;
  stream.socket().set_option(asio::socket_base::linger{true, 0}, ignored);
  stream.socket().close(ignored);
}

inbound_request taken_from(http::request<http::string_body>& request) {
  inbound_request in;
  in.method = std::string{request.method_string()};
  in.target = std::string{request.target()};
  for (const auto& field : request)
    in.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
  in.body = std::move(request.body());
  return in;
}

http::response<http::string_body> made_from(http_answer&& answer, unsigned version, bool keep_alive, bool head) {
  http::response<http::string_body> response{static_cast<http::status>(answer.status), version};
  response.set(http::field::server, "waihu-sim");
  response.set(http::field::content_type, answer.content_type);
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  response.body() = std::move(answer.body);
  response.keep_alive(keep_alive);
  response.prepare_payload();
  if (head) response.body().clear();
  return response;
}

/// The head, which promises the whole body, and half of it.
std::string first_half_of(const http::response<http::string_body>& response) {
  std::ostringstream text;
  text << response;
  auto bytes = std::move(text).str();
  bytes.resize(bytes.size() - response.body().size() / 2);
  return bytes;
}

/// Carries one request out with all waits that the fault rules ask for.
asio::awaitable<http_answer> work_off(service& s, pending_request& pending) {
  if (pending.orders.wait_before_ms > 0) co_await pause(s.io, pending.orders.wait_before_ms);
  if (pending.orders.hold_before) co_await s.gate.wait();
  auto answer = s.sim.carry_out(pending);
  if (pending.orders.hold_after) co_await s.gate.wait();
  if (pending.orders.wait_after_ms > 0) co_await pause(s.io, pending.orders.wait_after_ms);
  co_return answer;
}

asio::awaitable<void> converse(service& s, tcp::socket socket) {
  beast::tcp_stream stream{std::move(socket)};
  beast::flat_buffer buffer;
  error_code error;
  stream.socket().set_option(tcp::no_delay{true}, error);
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(s.limits.header_bytes);
    parser.body_limit(s.limits.body_bytes);
    stream.expires_after(s.limits.idle);
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    auto request = parser.release();
    const bool keep_alive = request.keep_alive();
    const bool head = request.method() == http::verb::head;
    const auto version = request.version();
    stream.expires_never();
    auto inbound = taken_from(request);
    auto pending = s.sim.receive(std::move(inbound));
    auto answer = co_await work_off(s, pending);
    if (pending.orders.end == fault_orders::fate::reset) co_return reset_connection(stream);
    if (pending.orders.end == fault_orders::fate::close) break;
    auto response = made_from(std::move(answer), version, keep_alive, head);
    stream.expires_after(std::chrono::seconds{60});
    if (pending.orders.end == fault_orders::fate::half) {
      const auto half = first_half_of(response);
      co_await asio::async_write(stream, asio::buffer(half), asio::redirect_error(asio::use_awaitable, error));
      break;
    }
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
    if (error || !keep_alive) break;
  }
  stream.socket().shutdown(tcp::socket::shutdown_both, error);
}

asio::awaitable<void> accept_all(service& s, tcp::acceptor& acceptor) {
  for (;;) {
    error_code error;
    auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // Out of descriptors, most likely: others must finish first.
      co_await pause(s.io, 50);
      continue;
    }
    asio::co_spawn(s.io, converse(s, std::move(socket)), asio::detached);
  }
}

/// The world moves on in small steps even when nobody asks, so that no request has to wait for a long catching up.
asio::awaitable<void> keep_world_going(service& s) {
  for (;;) {
    s.sim.catch_up();
    co_await pause(s.io, 20);
  }
}

result<tcp::endpoint> endpoint_of(const std::string& listen) {
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) return fail(errc::invalid_argument, "the address must be HOST:PORT");
  error_code error;
  auto host = listen.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto address = asio::ip::make_address(host, error);
  const auto port = listen.substr(colon + 1);
  if (error || port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoi(port) > 65'535)
    return fail(errc::invalid_argument, "the address must be HOST:PORT with a numeric host");
  return tcp::endpoint{address, static_cast<std::uint16_t>(std::stoi(port))};
}

}  // namespace

result<void> serve(stand_in_options options, const std::string& listen,
                   const std::function<void(const std::string& address)>& ready, server_limits limits) {
  const auto endpoint = endpoint_of(listen);
  if (!endpoint) return tl::unexpected(endpoint.error());
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(1'024, error);
  if (error) return fail(errc::unavailable, "cannot listen: " + error.message());

  stand_in sim{std::move(options)};
  hold_gate gate{io};
  service shared{io, sim, gate, limits};
  sim.release_held = [&gate] { return gate.release(); };
  sim.count_held = [&gate] { return gate.count(); };
  asio::signal_set signals{io, SIGTERM, SIGINT};
  signals.async_wait([&io](const error_code&, int) { io.stop(); });
  asio::co_spawn(io, accept_all(shared, acceptor), asio::detached);
  asio::co_spawn(io, keep_world_going(shared), asio::detached);

  const auto bound = acceptor.local_endpoint();
  const auto host = bound.address().is_v6() ? "[" + bound.address().to_string() + "]" : bound.address().to_string();
  ready(host + ":" + std::to_string(bound.port()));
  io.run();
  return {};
}

}  // namespace waihu::simulator
