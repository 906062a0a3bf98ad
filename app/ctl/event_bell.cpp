#include "app/ctl/event_bell.hpp"

namespace waihu::ctl {

namespace {

constexpr milliseconds reconnect_delay{1000};
constexpr milliseconds longest_silence{45'000};  ///< Three heartbeats of the stream.

}  // namespace

event_bell::event_bell(server_address server, telemetry::secret_string token, std::int64_t task)
    : connection_(std::move(server)),
      token_(std::move(token)),
      target_("/api/events?task_id=" + std::to_string(task)),
      thread_([this] { follow(); }) {}

event_bell::~event_bell() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  connection_.stop();
  thread_.join();
}

bool event_bell::wait(milliseconds least, milliseconds most) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, start + most, [this] { return has_rung_ || is_stopping_; });
  // several events that come together are one reason to look
  changed_.wait_until(lock, start + least, [this] { return is_stopping_; });
  return std::exchange(has_rung_, false);
}

void event_bell::follow() {
  const http_request request{
      "GET", target_, {{"Accept", "text/event-stream"}, {"Authorization", "Bearer " + token_.reveal()}}, ""};
  const auto ring = [this](std::string_view piece) {
    const std::lock_guard lock(mutex_);
    // comment lines are heartbeats
    if (piece.find("data:") != std::string_view::npos) {
      has_rung_ = true;
      changed_.notify_all();
    }
    return !is_stopping_;
  };
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    lock.unlock();
    (void)connection_.stream(request, ring, longest_silence);  // why it ended does not matter: the interval goes on
    lock.lock();
    changed_.wait_for(lock, reconnect_delay, [this] { return is_stopping_; });
  }
}

}  // namespace waihu::ctl
