#include "persistence/postgres_task_listener.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "persistence/postgres_session.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Distinct tasks of one call; beyond it everything is looked at.
constexpr std::size_t most_tasks_at_once = 1'000;
/// A storm of single notifications is told in a few calls.
constexpr milliseconds gather_time{50};
/// A silent connection is tried so often: proxies keep a socket open whose server side is long gone.
constexpr milliseconds probe_interval{30'000};

constexpr milliseconds wait_step{1'000};

constexpr const char* component = "store";

}  // namespace

std::optional<task_id> parse_task_notification(std::string_view payload) noexcept {
  if (payload.empty() || payload.front() < '1' || payload.front() > '9') return std::nullopt;
  std::int64_t number{};
  const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), number);
  if (error != std::errc{} || end != payload.data() + payload.size()) return std::nullopt;
  return task_id{number};
}

class postgres_task_listener::implementation {
 public:
  implementation(config::store_options options, task_listener_callbacks callbacks)
      : options_{std::move(options)}, callbacks_{std::move(callbacks)}, stop_{::eventfd(0, EFD_CLOEXEC)} {
    thread_ = std::thread{[this] { run(); }};
  }
  ~implementation() {
    stopping_ = true;
    const std::uint64_t one{1};
    [[maybe_unused]] const auto written = ::write(stop_, &one, sizeof one);
    thread_.join();
    if (stop_ >= 0) ::close(stop_);
  }
  implementation(const implementation&) = delete;
  implementation& operator=(const implementation&) = delete;

 private:
  enum class woken : std::uint8_t { ready, stopped, timed_out };

  /// Waits for the connection's socket (none: only for time) until `deadline`, or for the stop.
  woken wait(short events, clock::time_point deadline) const {
    std::array<pollfd, 2> sources{{{stop_, POLLIN, 0}, {server_ ? PQsocket(server_.get()) : -1, events, 0}}};
    for (;;) {
      // In steps, so that a stop is heard even where the process had no descriptor left for `stop_`.
      const auto left =
          std::clamp(std::chrono::ceil<milliseconds>(deadline - clock::now()), milliseconds{0}, wait_step);
      const int n = ::poll(sources.data(), sources.size(), static_cast<int>(left.count()));
      if (stopping_) return woken::stopped;
      if (n > 0) return woken::ready;
      if (clock::now() >= deadline) return woken::timed_out;
    }
  }

  void run() {
    milliseconds delay{};
    bool again = false;
    while (!stopping_) {
      const bool subscribed =
          connect() && ask("listen waihu_tasks") && (!callbacks_.cluster || ask("listen waihu_cluster"));
      const auto since = clock::now();
      if (subscribed) {
        telemetry::log_repeated(telemetry::log_level::info, component, "store.listening", "", {{"again", again}});
        again = true;
        if (callbacks_.missed) callbacks_.missed();
        listen();
      }
      server_.reset();
      if (stopping_) return;
      telemetry::log_repeated(telemetry::log_level::warn, component, "store.listener_lost",
                              subscribed ? "lost" : "unreachable", {{"was_listening", subscribed}},
                              "changes made past this daemon are noticed late until it listens again");
      // A server that accepts and drops at once is not asked faster than one that refuses.
      const bool lasted = subscribed && clock::now() - since > options_.reconnect_max;
      delay = lasted ? milliseconds{} : std::clamp(delay * 2, options_.reconnect_min, options_.reconnect_max);
      if (wait(0, clock::now() + delay) == woken::stopped) return;
    }
  }

  bool connect() {
    const auto deadline = clock::now() + options_.connect_timeout;
    const auto conninfo = connection_string(options_);
    if (!conninfo) return false;
    server_.reset(PQconnectStart(conninfo->c_str()));
    if (!server_) return false;
    // A notice of the server is no business of standard error.
    PQsetNoticeProcessor(
        server_.get(), [](void*, const char*) {}, nullptr);
    auto stage = PGRES_POLLING_WRITING;
    while (stage != PGRES_POLLING_OK) {
      if (PQstatus(server_.get()) == CONNECTION_BAD || stage == PGRES_POLLING_FAILED) return false;
      if (wait(stage == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline) != woken::ready) return false;
      stage = PQconnectPoll(server_.get());
    }
    return true;
  }

  /// Sends a statement and waits for its success.
  bool ask(const char* statement) {
    const auto deadline = clock::now() + options_.statement_timeout;
    if (PQsendQuery(server_.get(), statement) == 0) return false;
    bool good = true;
    for (;;) {
      while (PQisBusy(server_.get()) != 0) {
        if (wait(POLLIN, deadline) != woken::ready || PQconsumeInput(server_.get()) == 0) return false;
      }
      const std::unique_ptr<PGresult, decltype(&PQclear)> answer{PQgetResult(server_.get()), &PQclear};
      if (!answer) return good;
      const auto status = PQresultStatus(answer.get());
      good = good && (status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY);
    }
  }

  /// Until the connection is lost or the stop.
  void listen() {
    for (;;) {
      take_notifications();
      const auto news = wait(POLLIN, changed_.empty() && !too_many_ ? clock::now() + probe_interval : tell_at_);
      if (news == woken::stopped) return;
      if (news == woken::ready && PQconsumeInput(server_.get()) == 0) return;
      take_notifications();
      if ((!changed_.empty() || too_many_) && clock::now() >= tell_at_) tell();
      else if (news == woken::timed_out && !ask("")) return;
    }
  }

  void take_notifications() {
    while (const std::unique_ptr<PGnotify, decltype(&PQfreemem)> n{PQnotifies(server_.get()), &PQfreemem}) {
      if (std::string_view{n->relname} == "waihu_cluster") {
        if (callbacks_.cluster) callbacks_.cluster();
        continue;
      }
      const auto task = parse_task_notification(n->extra);
      if (!task) {
        telemetry::log_repeated(telemetry::log_level::warn, component, "store.notification_refused", "", {},
                                "a notification on waihu_tasks does not name a task");
        continue;
      }
      if (changed_.empty() && !too_many_) tell_at_ = clock::now() + gather_time;
      if (changed_.size() < most_tasks_at_once) changed_.insert(*task);
      else too_many_ = too_many_ || !changed_.contains(*task);
    }
  }

  void tell() {
    if (too_many_) {
      if (callbacks_.missed) callbacks_.missed();
    } else if (callbacks_.changed) {
      callbacks_.changed({changed_.begin(), changed_.end()});
    }
    changed_.clear();
    too_many_ = false;
  }

  config::store_options options_;
  task_listener_callbacks callbacks_;
  std::atomic<bool> stopping_{false};
  int stop_;  ///< Interrupts the waits.
  std::unique_ptr<PGconn, decltype(&PQfinish)> server_{nullptr, &PQfinish};
  std::set<task_id> changed_;  ///< Heard, not yet told.
  bool too_many_{};
  clock::time_point tell_at_{};
  std::thread thread_;
};

postgres_task_listener::postgres_task_listener(config::store_options options, task_listener_callbacks callbacks)
    : implementation_{std::make_unique<implementation>(std::move(options), std::move(callbacks))} {}

postgres_task_listener::~postgres_task_listener() = default;

}  // namespace waihu
