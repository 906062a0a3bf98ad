#include "http/session.hpp"

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <random>

#include "http/body_fields.hpp"
#include "http/compression.hpp"
#include "http/json_writer.hpp"
#include "http/response_head.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using asio::awaitable;
using boost::system::error_code;
using executor = asio::ip::tcp::socket::executor_type;

constexpr std::uint32_t header_bytes_limit = 32 * 1024;
constexpr int header_count_limit = 100;
constexpr std::size_t gzip_from = 1024;
constexpr std::size_t drain_limit = 1 << 20;  ///< Of a refused body, read on so that the answer is not lost to a reset.
constexpr milliseconds drain_patience{1'000};

/// Awaits with the error as a value.
auto with_error(error_code& ec) { return asio::redirect_error(asio::use_awaitable, ec); }

class strand_reactor final : public reactor {
 public:
  explicit strand_reactor(executor where) : where_(std::move(where)) {}
  void post(std::function<void()> f) override { asio::post(where_, std::move(f)); }
  std::shared_ptr<void> post_after(milliseconds delay, std::function<void()> f) override {
    auto timer = std::make_shared<asio::steady_timer>(where_, delay);
    timer->async_wait([f = std::move(f)](const error_code& ec) {
      if (!ec) f();
    });
    return timer;
  }

 private:
  executor where_;
};

std::string fresh_request_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id(16, '0');
  auto n = random();
  for (auto& c : id) {
    c = digits[n & 15U];
    n >>= 4U;
  }
  return id;
}

bool is_sane_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string_view::npos;
}

using parser = wire::request_parser<wire::string_body>;

class beast_session final : public session, public std::enable_shared_from_this<beast_session> {
 public:
  beast_session(asio::ip::tcp::socket socket, std::shared_ptr<const application> app, std::function<void()> on_end)
      : stream_(std::move(socket)),
        app_(std::move(app)),
        on_end_(std::move(on_end)),
        where_(std::make_shared<strand_reactor>(stream_.get_executor())),
        wake_(stream_.get_executor()) {
    error_code ignored;
    const auto peer = stream_.socket().remote_endpoint(ignored);
    peer_ = ignored ? "unknown" : peer.address().to_string();
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  }

  void begin(bool is_refused) {
    // Posted: co_spawn may run inline, and the caller holds its lock.
    asio::post(stream_.get_executor(), [self = shared_from_this(), is_refused] {
      asio::co_spawn(
          self->stream_.get_executor(), [self, is_refused] { return is_refused ? self->refuse() : self->serve(); },
          [self](const std::exception_ptr& error) { self->end(error); });
    });
  }

  void expect_stop() override { is_stopping_ = true; }
  void stop_soon() override {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->events_) self->events_->close(true);
      if (self->is_idle_) self->cancel_reading();
    });
  }
  void cut() override {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->events_) self->events_->close(true);
      self->stream_.close();
    });
  }

 private:
  void end(const std::exception_ptr& error) {
    if (error) {
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& e) {
        telemetry::log_repeated(telemetry::log_level::warn, "http", "http.session_threw", "", {}, e.what());
      }
    }
    error_code ignored;
    stream_.socket().close(ignored);
    if (auto f = std::exchange(on_end_, nullptr)) f();
  }

  void cancel_reading() {
    error_code ignored;
    stream_.socket().cancel(ignored);
  }

  const config::http_options& options() const { return app_->shared().http; }

  awaitable<void> serve() {
    // Never co_await inside a condition: GCC 12 lays such a coroutine's frame out wrongly.
    for (bool goes_on = true; goes_on;) {
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
    stream_.expires_after(is_first_ ? options().header_timeout : options().idle_timeout);
    const auto space = buffer_.prepare(4096);
    const auto n = co_await stream_.async_read_some(space, with_error(ec));
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
    parse_what_is_here(in, ec);
    if (!ec && !in.is_header_done()) {
      stream_.expires_after(options().header_timeout);
      co_await wire::async_read_header(stream_, buffer_, in, with_error(ec));
    }
    is_first_ = false;
    arrived_ = std::chrono::steady_clock::now();
    request req;
    req.request_id = fresh_request_id();
    req.peer = peer_;
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
    if (app_->shared().outstanding->load(std::memory_order_relaxed) >= options().max_outstanding) {
      co_return co_await send(req, busy_answer(req, 503, code_unavailable, "服务繁忙，请稍后重试", 1), version);
    }
    auto answer = co_await ask_application(req);
    if (answer.stream) co_return co_await send_stream(req, std::move(answer), version);
    co_return co_await send(req, std::move(answer), version);
  }

  /// Parses what has arrived without going through the event loop for it, as Beast's reading would.
  void parse_what_is_here(parser& in, error_code& ec) {
    if (buffer_.size() == 0 || in.is_done()) return;
    buffer_.consume(in.put(buffer_.data(), ec));
    if (ec == wire::error::need_more) ec = {};
  }

  bool take_head(const parser& in, request& req) const {
    const auto& head = in.get();
    req.method = std::string(head.method_string());
    for (const auto& f : head) {
      std::string name(f.name_string());
      for (auto& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      req.headers.emplace_back(std::move(name), std::string(f.value()));
    }
    if (const auto* id = req.header("x-request-id"); id != nullptr && is_sane_request_id(*id)) req.request_id = *id;
    const auto target = head.target();
    return head.method() != wire::verb::connect && read_target({target.data(), target.size()}, req);
  }

  awaitable<bool> read_body(parser& in, const request& req, error_code& ec) {
    in.eager(true);
    parse_what_is_here(in, ec);
    if (ec || in.is_done()) co_return !ec;
    stream_.expires_after(options().body_timeout);
    const auto* expect = req.header("expect");
    if (expect != nullptr && !in.is_done() && buffer_.size() == 0) {
      const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      const std::string nothing;
      ec = co_await write(go_on, nothing);
      if (ec) co_return false;
    }
    if (!in.is_done()) co_await wire::async_read(stream_, buffer_, in, with_error(ec));
    co_return !ec;
  }

  /// Runs the application's coroutine on this strand until it has an answer.
  awaitable<response> ask_application(const request& req) {
    auto work = app_->handle(req, where_);
    co_await run_to_end(work);
    co_return work.take();
  }

  template <class T>
  awaitable<void> run_to_end(async<T>& work) {
    bool is_done = false;
    wake_.expires_at(asio::steady_timer::time_point::max());
    std::function<void()> on_done = [this, &is_done] {
      is_done = true;
      wake_.cancel();
    };
    work.start(std::move(on_done));
    error_code ignored;
    while (!is_done) co_await wake_.async_wait(with_error(ignored));
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
    stream_.expires_after(options().body_timeout);
    co_await asio::async_write(stream_, both, with_error(ec));
    co_return ec;
  }

  static void pack(const request& req, response& answer) {
    if (answer.body.size() <= gzip_from) return;
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
    if (!ec && how.is_chunked) {
      const std::string end(last_chunk);
      (void)co_await write(end, nothing);
    }
    co_return false;
  }

  /// A client that goes away is seen at once, not at the next heartbeat.
  void watch_for_hang_up() {
    stream_.socket().async_wait(asio::socket_base::wait_read, [self = shared_from_this()](const error_code& ec) {
      if (!self->events_) return;
      error_code failed;
      const auto waiting = self->stream_.socket().available(failed);
      if (ec || failed || waiting == 0) self->events_->close(false);
    });
  }

  awaitable<void> refuse() {
    request req;
    req.request_id = fresh_request_id();
    req.peer = peer_;
    (void)co_await send_and_close(req, busy_answer(req, 503, code_unavailable, "连接数过多，请稍后重试", 1), 11);
    co_await close_gently();
  }

  /// Says good-bye and reads on a little, so that unread input does not turn our answer into a reset.
  awaitable<void> close_gently() {
    error_code ec;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    if (ec) co_return;
    stream_.expires_after(drain_patience);
    std::size_t drained = 0;
    std::array<char, 16UL * 1024> sink;
    const auto space = asio::buffer(sink);
    while (!ec && drained < drain_limit) drained += co_await stream_.async_read_some(space, with_error(ec));
  }

  beast::tcp_stream stream_;
  std::shared_ptr<const application> app_;
  std::function<void()> on_end_;
  std::shared_ptr<reactor> where_;
  asio::steady_timer wake_;
  beast::flat_buffer buffer_{header_bytes_limit + 64 * 1024};
  std::string peer_;
  std::shared_ptr<byte_stream> events_;
  steady_time arrived_{};  ///< When the request in hand had arrived whole.
  bool keep_alive_{false};
  bool is_first_{true};
  bool is_idle_{false};
  std::atomic<bool> is_stopping_{false};
};

}  // namespace

std::shared_ptr<session> run_session(boost::asio::ip::tcp::socket socket, std::shared_ptr<const application> app,
                                     std::function<void()> on_end) {
  auto s = std::make_shared<beast_session>(std::move(socket), std::move(app), std::move(on_end));
  s->begin(false);
  return s;
}

void refuse_connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<const application> app,
                       std::function<void()> on_end) {
  std::make_shared<beast_session>(std::move(socket), std::move(app), std::move(on_end))->begin(true);
}

}  // namespace waihu::http
