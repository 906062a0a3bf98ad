#include "http/web_socket.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "http/awaited_error.hpp"
#include "http/session_parts.hpp"

namespace waihu::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::awaitable;
using boost::system::error_code;
using handshake = beast::http::request<beast::http::string_body>;

template <class Transport>
class conversation final : public std::enable_shared_from_this<conversation<Transport>> {
 public:
  conversation(Transport& transport, std::shared_ptr<message_stream> with, socket_rules rules)
      : tcp_(transport.tcp()),
        socket_(transport.stream()),
        with_(std::move(with)),
        rules_(std::move(rules)),
        wake_(tcp_.get_executor()) {}

  awaitable<void> hold(const handshake& asked) {
    set_options();
    error_code ec;
    co_await socket_.async_accept(asked, with_error(ec));
    // From here on the first of these limits only bounds the farewell.
    set_limits({drain_patience, 2 * rules_.heartbeat, true});
    if (ec) with_->close(false);
    else read_next();
    for (;;) {
      auto step = with_->next();
      co_await run_to_end(step);
      const auto lines = step.take();
      if (!lines) break;
      if (!ec) ec = co_await send(*lines);
      if (ec) with_->close(false);
    }
    if (!ec && !is_gone_) co_await say_farewell();
    // The other side may take a little time to leave; Beast's own limits do not bound every way of ending.
    asio::steady_timer limit(tcp_.get_executor(), drain_patience);
    // Not kept alive by it: a cancelled wait ends later than the connection.
    limit.async_wait([weak = this->weak_from_this()](const error_code& cancelled) {
      const auto self = weak.lock();
      if (!cancelled && self) self->tcp_.close();
    });
    while (is_reading_) co_await wait();
    tcp_.close();
  }

 private:
  void set_options() {
    tcp_.expires_never();  // the socket keeps time itself
    set_limits({rules_.handshake_timeout, 2 * rules_.heartbeat, true});
    socket_.set_option(
        websocket::stream_base::decorator([headers = rules_.headers](websocket::response_type& accepted) {
          accepted.set(beast::http::field::server, "waihu");
          for (const auto& [name, value] : headers) accepted.insert(name, value);
        }));
    socket_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (kind != websocket::frame_type::close) return;
      is_gone_ = true;
      with_->close(false);
    });
    socket_.read_message_max(client_message_limit);
    socket_.auto_fragment(false);
    socket_.text(true);
  }

  void set_limits(const websocket::stream_base::timeout& patience) { socket_.set_option(patience); }

  /// Reads all the time: only so are pings answered and is a client that leaves seen at once.
  void read_next() {
    is_reading_ = true;
    socket_.async_read(incoming_, [self = this->shared_from_this()](const error_code& ec, std::size_t) {
      self->is_reading_ = false;
      if (ec) {
        self->is_gone_ = true;
        self->with_->close(false);
        self->wake_.cancel();
        return;
      }
      self->with_->received(beast::buffers_to_string(self->incoming_.cdata()));
      self->incoming_.consume(self->incoming_.size());
      self->read_next();
    });
  }

  awaitable<error_code> send(const std::string& lines) {
    error_code ec;
    for (std::size_t at = 0; at < lines.size() && !ec;) {
      const auto end = std::min(lines.find('\n', at), lines.size());
      const auto line = asio::buffer(lines.data() + at, end - at);
      co_await socket_.async_write(line, with_error(ec));
      at = end + 1;
    }
    co_return ec;
  }

  awaitable<void> say_farewell() {
    const auto why = with_->end();
    const websocket::close_reason reason(static_cast<websocket::close_code>(why.code), why.word);
    error_code ignored;
    co_await socket_.async_close(reason, with_error(ignored));
  }

  awaitable<void> wait() {
    wake_.expires_at(asio::steady_timer::time_point::max());
    error_code ignored;
    co_await wake_.async_wait(with_error(ignored));
  }

  awaitable<void> run_to_end(async<std::optional<std::string>>& work) {
    bool is_done = false;
    std::function<void()> on_done = [this, &is_done] {
      is_done = true;
      wake_.cancel();
    };
    work.start(std::move(on_done));
    while (!is_done) co_await wait();
  }

  beast::tcp_stream& tcp_;
  websocket::stream<std::remove_reference_t<decltype(std::declval<Transport&>().stream())>&, false> socket_;
  std::shared_ptr<message_stream> with_;
  socket_rules rules_;
  asio::steady_timer wake_;
  beast::flat_buffer incoming_{client_message_limit + 1024};
  bool is_reading_{false};
  bool is_gone_{false};
};

}  // namespace

bool is_socket_handshake(const beast::http::request_header<>& head) {
  constexpr std::size_t key_size = 24;  // 16 bytes in base64
  return head[beast::http::field::sec_websocket_version] == "13" &&
         head[beast::http::field::sec_websocket_key].size() == key_size;
}

awaitable<void> hold_conversation(plain_transport& transport, const handshake& asked,
                                  std::shared_ptr<message_stream> with, socket_rules rules) {
  const auto held = std::make_shared<conversation<plain_transport>>(transport, std::move(with), std::move(rules));
  co_await held->hold(asked);
}

awaitable<void> hold_conversation(tls_transport& transport, const handshake& asked,
                                  std::shared_ptr<message_stream> with, socket_rules rules) {
  const auto held = std::make_shared<conversation<tls_transport>>(transport, std::move(with), std::move(rules));
  co_await held->hold(asked);
}

}  // namespace waihu::http
