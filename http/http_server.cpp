#include "http/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <condition_variable>
#include <map>
#include <mutex>

#include "http/application.hpp"
#include "http/session.hpp"
#include "telemetry/log.hpp"

namespace waihu::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct http_server::implementation : std::enable_shared_from_this<implementation> {
  implementation(asio::io_context& context, server_options given, std::shared_ptr<backend> b,
                 std::function<wall_time()> c)
      : io(context),
        options(std::move(given)),
        inside(std::move(b)),
        clock(std::move(c)),
        strand(asio::make_strand(context)),
        acceptor(strand),
        pause(strand) {}

  asio::io_context& io;
  const server_options options;
  std::shared_ptr<backend> inside;
  std::function<wall_time()> clock;
  asio::strand<asio::io_context::executor_type> strand;
  tcp::acceptor acceptor;  ///< On the strand.
  asio::steady_timer pause;
  std::shared_ptr<const application> app;

  mutable std::mutex mutex;
  std::condition_variable ended;
  std::shared_ptr<const tls_identity> identity;  ///< Of new connections; null: without TLS.
  std::map<std::uint64_t, std::weak_ptr<session>> sessions;
  std::uint64_t next_session{1};
  int refusals{0};
  bool is_stopping{false};
  bool is_accepting{false};

  result<std::uint16_t> listen();
  result<void> load_identity();
  void accept_next();
  void take(tcp::socket socket);
  void session_ended(std::uint64_t number);
};

namespace {

constexpr int refusal_limit = 64;  ///< Connections being told 503 at once; beyond it they are just closed.

/// Scheme, host and optional port, nothing more.
bool is_origin(const std::string& text) {
  const auto scheme = text.find("://");
  return scheme != std::string::npos && scheme > 0 && text.size() > scheme + 3 &&
         text.find_first_of("/*? ", scheme + 3) == std::string::npos;
}

}  // namespace

http_server::http_server(asio::io_context& io, server_options options, std::shared_ptr<backend> inside,
                         std::function<wall_time()> clock)
    : implementation_(std::make_shared<implementation>(io, std::move(options), std::move(inside), std::move(clock))) {}

http_server::~http_server() { stop(milliseconds{0}); }

result<std::uint16_t> http_server::start() {
  auto& s = *implementation_;
  if (s.options.auth.jwt_secret.size() < 32) return fail(errc::invalid_argument, "auth.jwt_secret needs 32 bytes");
  for (const auto& origin : s.options.http.cors_origins)
    if (!is_origin(origin)) return fail(errc::invalid_argument, "http.cors_origins: not an origin: " + origin);
  const auto zone = zone_clock::in(s.options.time_zone);
  if (!zone) return tl::unexpected<failure>(zone.error());
  if (const auto proxies = proxy_rules::of(s.options.http); !proxies) return tl::unexpected<failure>(proxies.error());
  if (const auto loaded = s.load_identity(); !loaded) return tl::unexpected<failure>(loaded.error());
  auto page = s.options.http.web_root.empty() ? result<console>(console::of(s.options.console))
                                              : console::of_folder(s.options.http.web_root);
  if (!page) return tl::unexpected<failure>(page.error());
  case_setup cases{s.options.cases, config::case_scripts(s.options.cases), s.options.instance_id};
  s.app = std::make_shared<application>(std::make_shared<services>(s.options.http, s.options.auth, *zone, s.inside,
                                                                   s.clock, s.options.settings, s.options.counts,
                                                                   std::move(cases), std::move(*page)));
  return s.listen();
}

result<void> http_server::reload_identity() { return implementation_->load_identity(); }

result<void> http_server::implementation::load_identity() {
  if (options.http.tls_certificate.empty()) return {};
  auto loaded = tls_identity::load(options.http.tls_certificate, options.http.tls_key);
  if (!loaded) return tl::unexpected<failure>(loaded.error());
  const auto days_left = std::chrono::floor<std::chrono::days>((*loaded)->good_until() - clock()).count();
  constexpr int soon = 14;
  telemetry::log_event(days_left < soon ? telemetry::log_level::warn : telemetry::log_level::info, "http",
                       "http.tls_identity_loaded",
                       {{"certificate", options.http.tls_certificate}, {"days_left", days_left}});
  const std::lock_guard lock(mutex);
  identity = std::move(*loaded);
  return {};
}

result<std::uint16_t> http_server::implementation::listen() {
  error_code ec;
  const auto address = asio::ip::make_address(options.http.listen_address, ec);
  if (ec) return fail(errc::invalid_argument, "http.listen_address is not an address: " + options.http.listen_address);
  const tcp::endpoint where(address, options.http.port);
  acceptor.open(where.protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.bind(where, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    error_code ignored;
    acceptor.close(ignored);
    return fail(errc::unavailable, "cannot listen on " + options.http.listen_address + ":" +
                                       std::to_string(options.http.port) + ": " + ec.message());
  }
  const auto port = acceptor.local_endpoint(ec).port();
  {
    const std::lock_guard lock(mutex);
    is_accepting = true;
  }
  telemetry::log_event(telemetry::log_level::info, "http", "http.listening",
                       {{"address", options.http.listen_address}, {"port", port}, {"tls", identity != nullptr}});
  asio::post(strand, [self = shared_from_this()] { self->accept_next(); });
  return port;
}

void http_server::implementation::accept_next() {
  acceptor.async_accept(asio::make_strand(io), [self = shared_from_this()](const error_code& ec, tcp::socket socket) {
    {
      const std::lock_guard lock(self->mutex);
      if (self->is_stopping || ec == asio::error::operation_aborted) {
        self->is_accepting = false;
        self->ended.notify_all();
        return;
      }
    }
    if (!ec) {
      self->take(std::move(socket));
      return self->accept_next();
    }
    // Out of descriptors or the like: breathe, then go on.
    telemetry::log_repeated(telemetry::log_level::warn, "http", "http.accept_failed", "", {}, ec.message());
    self->pause.expires_after(milliseconds{100});
    self->pause.async_wait([self](const error_code&) { self->accept_next(); });
  });
}

void http_server::implementation::take(tcp::socket socket) {
  const std::lock_guard lock(mutex);
  if (sessions.size() >= static_cast<std::size_t>(options.http.max_connections)) {
    telemetry::log_repeated(telemetry::log_level::warn, "http", "http.too_many_connections", "");
    ++options.counts->refused_connections;
    if (refusals >= refusal_limit) return;
    ++refusals;
    run_session({std::move(socket), app, identity, true}, [self = shared_from_this()] {
      const std::lock_guard inner(self->mutex);
      --self->refusals;
      self->ended.notify_all();
    });
    return;
  }
  ++options.counts->connections;
  const auto number = next_session++;
  sessions[number];
  sessions[number] = run_session({std::move(socket), app, identity},
                                 [self = shared_from_this(), number] { self->session_ended(number); });
}

void http_server::implementation::session_ended(std::uint64_t number) {
  const std::lock_guard lock(mutex);
  sessions.erase(number);
  --options.counts->connections;
  ended.notify_all();
}

void http_server::stop(milliseconds deadline) {
  auto& s = *implementation_;
  std::unique_lock lock(s.mutex);
  if (s.is_stopping) return;
  s.is_stopping = true;
  if (!s.is_accepting && s.sessions.empty()) return;
  asio::post(s.strand, [self = implementation_] {
    error_code ignored;
    self->acceptor.close(ignored);
    self->pause.cancel();
  });
  const auto each = [&](void (session::*order)()) {
    for (auto& [number, weak] : s.sessions)
      if (auto alive = weak.lock()) (alive.get()->*order)();
  };
  // All are told before any is ended: an answer that leaves after the first connection was closed says "close" too.
  each(&session::expect_stop);
  each(&session::stop_soon);
  const auto all_gone = [&s] { return s.sessions.empty() && s.refusals == 0 && !s.is_accepting; };
  if (s.ended.wait_for(lock, deadline, all_gone)) return;
  const auto left = s.sessions.size();
  each(&session::cut);
  // Handlers in flight end by their own time-outs; a short while is enough for those that only wrote.
  s.ended.wait_for(lock, milliseconds{1'000}, all_gone);
  telemetry::log_event(telemetry::log_level::warn, "http", "http.stop_cut_connections",
                       {{"connections", static_cast<std::int64_t>(left)}});
}

std::size_t http_server::connections() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->sessions.size();
}

}  // namespace waihu::http
