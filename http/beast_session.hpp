// The session over either transport: requests one after the other, each with its answer, its stream or its socket.
// Included by session_plain.cpp and session_tls.cpp only, one instance each; it sees Beast.
#pragma once

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "http/compression.hpp"
#include "http/connection.hpp"
#include "http/head_rules.hpp"
#include "http/json_writer.hpp"
#include "http/response_head.hpp"
#include "http/session.hpp"
#include "http/web_socket.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

namespace wire = boost::beast::http;
using parser = wire::request_parser<wire::string_body>;

template <class Transport>
class beast_session final : public session,
                            private connection<Transport>,
                            public std::enable_shared_from_this<beast_session<Transport>> {
  using base = connection<Transport>;

 public:
  template <class... More>
  beast_session(std::shared_ptr<const application> app, std::function<void()> on_end, asio::ip::tcp::socket socket,
                const More&... more)
      : base(std::move(app), std::move(socket), more...),
        on_end_(std::move(on_end)),
        where_(make_reactor(tcp().get_executor())),
        wake_(tcp().get_executor()) {}

  void begin(bool is_refused) {
    // Posted: co_spawn may run inline, and the caller holds its lock.
    asio::post(tcp().get_executor(), [self = this->shared_from_this(), is_refused] {
      asio::co_spawn(
          self->tcp().get_executor(), [self, is_refused] { return self->run(is_refused); },
          [self](const std::exception_ptr& error) { self->end(error); });
    });
  }

  void expect_stop() override { is_stopping_ = true; }
  void stop_soon() override {
    asio::post(tcp().get_executor(), [self = this->shared_from_this()] {
      if (self->events_) self->events_->close(true);
      if (self->is_idle_) self->cancel_waiting();
    });
  }
  void cut() override {
    asio::post(tcp().get_executor(), [self = this->shared_from_this()] {
      if (self->events_) self->events_->close(true);
      self->tcp().close();
    });
  }

 private:
  using base::app_;
  using base::buffer_;
  using base::buffered;
  using base::client_name_;
  using base::close_gently;
  using base::is_idle_;
  using base::is_stopping_;
  using base::open;
  using base::options;
  using base::peer_;
  using base::stream;
  using base::tcp;
  using base::transport_;

  void end(const std::exception_ptr& error) {
    if (error) {
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& e) {
        telemetry::log_repeated(telemetry::log_level::warn, "http", "http.session_threw", "", {}, e.what());
      }
    }
    error_code ignored;
    tcp().socket().close(ignored);
    if (auto f = std::exchange(on_end_, nullptr)) f();
  }

  void cancel_waiting() {
    error_code ignored;
    tcp().socket().cancel(ignored);
  }

  awaitable<void> run(bool is_refused) {
    bool goes_on = co_await open();
    if (!goes_on) co_return;
    if (is_refused) co_await refuse();
    // Never co_await inside a condition: GCC 12 lays such a coroutine's frame out wrongly.
    for (goes_on = !is_refused; goes_on;) {
      goes_on = co_await wait_for_bytes();
      if (goes_on) goes_on = co_await serve_one();
    }
    co_await close_gently();
  }

  /// Waits for the first byte of the next request. False: the connection ends.
  awaitable<bool> wait_for_bytes() {
    if (buffer_.size() > 0) co_return !is_stopping_;
    if (is_stopping_) co_return false;
    error_code ec;
    is_idle_ = true;
    tcp().expires_after(is_first_ ? options().header_timeout : options().idle_timeout);
    const auto space = buffer_.prepare(4096);
    const auto n = co_await stream().async_read_some(space, with_error(ec));
    is_idle_ = false;
    buffer_.commit(n);
    co_return !ec && !(is_stopping_ && n == 0);
  }

  /// One request and its answer. False: the connection ends.
  awaitable<bool> serve_one() {
    error_code ec;
    parser in;
    in.header_limit(header_bytes_limit);
    in.body_limit(boost::none);
    parse_head(in, ec);
    if (!ec && !in.is_header_done()) co_await read_head(in, ec);
    is_first_ = false;
    arrived_ = std::chrono::steady_clock::now();
    request req;
    req.request_id = fresh_request_id();
    req.peer = client_name_;
    req.is_secure = Transport::is_secure;
    if (ec) co_return co_await answer_broken(req, ec, 11);
    const auto version = in.get().version();
    keep_alive_ = in.keep_alive();
    if (!take_head(in, req)) {
      co_return co_await send_and_close(req, error_answer(req, 400, code_bad_parameter, "请求格式错误"), version);
    }
    if (std::distance(in.get().begin(), in.get().end()) > header_count_limit) {
      co_return co_await send_and_close(req, error_answer(req, 431, code_bad_parameter, "请求头过多"), version);
    }
    auto rule = app_->head_arrived(req);
    req.route = rule.route;
    if (rule.refuse) co_return co_await send_and_close(req, std::move(*rule.refuse), version);
    const auto announced = in.content_length();
    if (announced && *announced > static_cast<std::uint64_t>(rule.limit)) {
      co_return co_await send_and_close(req, error_answer(req, 413, code_bad_parameter, "请求体过大"), version);
    }
    in.body_limit(static_cast<std::uint64_t>(rule.limit));
    const bool has_arrived = co_await read_body(in, req, ec);
    if (!has_arrived) co_return co_await answer_broken(req, ec, version);
    req.body = std::move(in.get().body());
    arrived_ = std::chrono::steady_clock::now();
    auto answer = co_await ask_within_limit(req);
    if (answer.messages) co_return co_await send_messages(req, std::move(answer), in);
    if (answer.stream) co_return co_await send_stream(req, std::move(answer), version);
    co_return co_await send(req, std::move(answer), version);
  }

  /// The rest of a head, within header_timeout.
  awaitable<void> read_head(parser& in, error_code& ec) {
    tcp().expires_after(options().header_timeout);
    while (!ec && !in.is_header_done()) {
      const auto space = buffer_.prepare(4096);
      const auto n = co_await stream().async_read_some(space, with_error(ec));
      buffer_.commit(n);
      if (!ec) parse_head(in, ec);
    }
  }

  /// The parser takes a head only once it is here whole, so that it can be looked at as it came.
  void parse_head(parser& in, error_code& ec) {
    const auto head = buffered();
    const auto end = head.find("\r\n\r\n");
    if (end != std::string_view::npos && has_folded_line(head.substr(0, end))) ec = wire::error::bad_line_ending;
    else parse_what_is_here(in, ec);
  }

  /// Parses what has arrived without going through the event loop for it, as Beast's reading would.
  void parse_what_is_here(parser& in, error_code& ec) {
    if (buffer_.size() == 0 || in.is_done()) return;
    buffer_.consume(in.put(buffer_.data(), ec));
    if (ec == wire::error::need_more) ec = {};
  }

  bool take_head(const parser& in, request& req) const {
    const auto& head = in.get();
    bool wants_upgrade = false;
    req.method = std::string(head.method_string());
    constexpr std::size_t usual_headers = 16;
    req.headers.reserve(usual_headers);
    for (const auto& f : head) {
      std::string name(f.name_string());
      for (auto& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      req.headers.emplace_back(std::move(name), std::string(f.value()));
      wants_upgrade = wants_upgrade || f.name() == wire::field::upgrade;
    }
    // Who already sends frames did not wait for our answer.
    req.wants_socket =
        wants_upgrade && buffer_.size() == 0 && beast::websocket::is_upgrade(head) && is_socket_handshake(head);
    if (const auto* id = req.header("x-request-id"); id != nullptr && is_sane_request_id(*id)) req.request_id = *id;
    if (peer_ && app_->shared().proxies.believes_forwarded_for_of(*peer_))
      req.peer = app_->shared().proxies.client_of(req, *peer_).text();
    const auto target = head.target();
    return head.method() != wire::verb::connect && is_unambiguous(req, head.version()) &&
           read_target({target.data(), target.size()}, req);
  }

  awaitable<bool> read_body(parser& in, const request& req, error_code& ec) {
    in.eager(true);
    parse_what_is_here(in, ec);
    if (ec || in.is_done()) co_return !ec;
    tcp().expires_after(options().body_timeout);
    const auto* expect = req.header("expect");
    if (expect != nullptr && !in.is_done() && buffer_.size() == 0) {
      const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      const std::string nothing;
      ec = co_await write(go_on, nothing);
      if (ec) co_return false;
    }
    if (!in.is_done()) co_await wire::async_read(stream(), buffer_, in, with_error(ec));
    co_return !ec;
  }

  /// Runs the application's coroutine on this strand until it has an answer.
  awaitable<response> ask_application(const request& req) {
    auto work = app_->handle(req, where_);
    co_await run_to_end(work);
    co_return work.take();
  }

  /// The same, unless too many requests are being worked on.
  awaitable<response> ask_within_limit(const request& req) {
    const place_inside place(app_->shared().requests_inside, options().max_outstanding);
    if (!place.is_held()) co_return busy_answer(req, 503, code_unavailable, "服务繁忙，请稍后重试", 1);
    co_return co_await ask_application(req);
  }

  template <class T>
  awaitable<void> run_to_end(async<T>& work) {
    struct {
      bool is_done{}, is_waiting{};
    } at;
    std::function<void()> on_done = [this, &at] {
      at.is_done = true;
      if (at.is_waiting) wake_.cancel();
    };
    work.start(std::move(on_done));
    // Most answers are there at once.
    if (at.is_done) co_return;
    at.is_waiting = true;
    wake_.expires_at(asio::steady_timer::time_point::max());
    error_code ignored;
    while (!at.is_done) co_await wake_.async_wait(with_error(ignored));
  }

  /// Answers what could not be read. Always ends the connection.
  awaitable<bool> answer_broken(const request& req, error_code ec, unsigned version) {
    if (ec == wire::error::header_limit)
      co_return co_await send_and_close(req, error_answer(req, 431, code_bad_parameter, "请求头过大"), version);
    if (ec == wire::error::body_limit)
      co_return co_await send_and_close(req, error_answer(req, 413, code_bad_parameter, "请求体过大"), version);
    if (ec == beast::error::timeout) {
      // The stream closed its socket when the time ran out: nothing can be said any more.
      co_return false;
    }
    const bool is_grammar = ec.category() == make_error_code(wire::error::bad_method).category();
    if (is_grammar && ec != wire::error::end_of_stream && ec != wire::error::partial_message)
      co_return co_await send_and_close(req, error_answer(req, 400, code_bad_parameter, "请求格式错误"), version);
    co_return false;
  }

  awaitable<bool> send_and_close(const request& req, response answer, unsigned version) {
    keep_alive_ = false;
    co_return co_await send(req, std::move(answer), version);
  }

  /// The only place that writes: `first`, then `second`, with one deadline.
  awaitable<error_code> write(const std::string& first, const std::string& second) {
    error_code ec;
    const std::array<asio::const_buffer, 2> both{asio::buffer(first), asio::buffer(second)};
    tcp().expires_after(options().body_timeout);
    co_await asio::async_write(stream(), both, with_error(ec));
    co_return ec;
  }

  static void pack(const request& req, response& answer) {
    if (answer.body.size() <= gzip_from) return;
    for (const auto& [name, value] : answer.headers)
      if (name == "Content-Encoding") return;
    answer.headers.emplace_back("Vary", "Accept-Encoding");
    const auto* accepted = req.header("accept-encoding");
    if (accepted == nullptr || !accepts_gzip(*accepted)) return;
    if (auto packed = gzip(answer.body)) {
      answer.body = std::move(*packed);
      answer.headers.emplace_back("Content-Encoding", "gzip");
    }
  }

  void count(const request& req, int status) {
    app_->shared().counts->answered(req.route, status, std::chrono::steady_clock::now() - arrived_);
  }

  awaitable<bool> send(const request& req, response answer, unsigned version) {
    app_->decorate(req, answer);
    pack(req, answer);
    framing how;
    how.version = version;
    how.keep_alive = keep_alive_ && !is_stopping_;
    if (answer.status != 204 && answer.status != 304) how.content_length = answer.body.size();
    const auto head = response_head(answer, how, app_->shared().now());
    count(req, answer.status);
    if (req.method == "HEAD" || !how.content_length) answer.body.clear();
    const auto ec = co_await write(head, answer.body);
    co_return !ec && how.keep_alive;
  }

  /// Writes a stream of events until it, the client or the server ends.
  awaitable<bool> send_stream(const request& req, response answer, unsigned version) {
    app_->decorate(req, answer);
    auto source = answer.stream;
    framing how;
    how.version = version;
    how.is_chunked = version >= 11;
    const auto head = response_head(answer, how, app_->shared().now());
    count(req, answer.status);
    const open_stream counted(app_->shared().counts->event_streams);
    const std::string nothing;
    auto ec = co_await write(head, nothing);
    if (req.method == "HEAD") ec = asio::error::eof;
    events_ = source;
    bound_send_buffer();
    if (is_stopping_ || ec) source->close(is_stopping_);
    if (!ec) watch_for_hang_up();
    for (;;) {
      auto step = source->next();
      co_await run_to_end(step);
      auto bytes = step.take();
      if (!bytes) break;
      if (ec) continue;
      const auto piece = how.is_chunked ? chunk_of(*bytes) : std::move(*bytes);
      ec = co_await write(piece, nothing);
      if (ec) source->close(false);
    }
    events_.reset();
    if (is_watching_) cancel_waiting();
    wake_.expires_at(asio::steady_timer::time_point::max());
    for (error_code ignored; is_watching_;) co_await wake_.async_wait(with_error(ignored));
    if (!ec && how.is_chunked) {
      const std::string end(last_chunk);
      (void)co_await write(end, nothing);
    }
    co_return false;
  }

  /// The connection becomes a WebSocket until one side ends it.
  awaitable<bool> send_messages(const request& req, response answer, const parser& in) {
    app_->decorate(req, answer);
    socket_rules rules{options().header_timeout, options().event_heartbeat, std::move(answer.headers)};
    count(req, answer.status);
    const open_stream counted(app_->shared().counts->event_streams);
    events_ = answer.messages;
    bound_send_buffer();
    if (is_stopping_) events_->close(true);
    co_await hold_conversation(transport_, in.get(), answer.messages, std::move(rules));
    events_.reset();
    co_return false;
  }

  void bound_send_buffer() {
    error_code ignored;
    tcp().socket().set_option(asio::socket_base::send_buffer_size(event_send_buffer), ignored);
  }

  /// A client that goes away is seen at once, not at the next heartbeat.
  void watch_for_hang_up() {
    const auto self = this->shared_from_this();
    if constexpr (Transport::is_secure) {
      // Only reading shows the farewell of a TLS client. What else it says is of no use here.
      is_watching_ = true;
      tcp().expires_never();
      stream().async_read_some(asio::buffer(unexpected_), [self](const error_code& ec, std::size_t) {
        self->is_watching_ = false;
        self->wake_.cancel();
        if (ec && self->events_) self->events_->close(false);
      });
    } else {
      tcp().socket().async_wait(asio::socket_base::wait_read, [self](const error_code& ec) {
        if (!self->events_ || ec == asio::error::operation_aborted) return;
        const auto there = ec ? presence::gone : self->look_for_client();
        if (there == presence::gone) self->events_->close(false);
        if (there == presence::silent) self->watch_for_hang_up();
      });
    }
  }

  enum class presence : std::uint8_t { silent, talking, gone };

  /// Needed after a wait for bytes: Asio's reactor may still hold a wake-up for bytes that were read meanwhile, and it
  /// ends a wait that was begun after them, with nothing there to read.
  presence look_for_client() {
    error_code ec;
    tcp().socket().non_blocking(true, ec);
    if (!ec) tcp().socket().receive(asio::buffer(unexpected_, 1), asio::socket_base::message_peek, ec);
    if (!ec) return presence::talking;
    return ec == asio::error::would_block ? presence::silent : presence::gone;
  }

  awaitable<void> refuse() {
    request req;
    req.request_id = fresh_request_id();
    req.peer = client_name_;
    req.is_secure = Transport::is_secure;
    (void)co_await send_and_close(req, busy_answer(req, 503, code_unavailable, "连接数过多，请稍后重试", 1), 11);
  }

  std::function<void()> on_end_;
  std::shared_ptr<reactor> where_;
  asio::steady_timer wake_;
  std::shared_ptr<byte_stream> events_;
  steady_time arrived_{};  ///< When the request in hand had arrived whole.
  bool keep_alive_{false};
  bool is_first_{true};
  std::array<char, 64> unexpected_{};
  bool is_watching_{false};  ///< Reads although nothing is expected, to see a hang-up (TLS).
};

}  // namespace waihu::http
