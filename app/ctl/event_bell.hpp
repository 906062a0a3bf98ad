// Rings whenever the daemon's event stream brings something, so that `watch` looks at once instead of waiting its
// interval. When the stream cannot be had it stays silent and `watch` goes on by interval alone.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "app/ctl/http_connection.hpp"
#include "telemetry/secret.hpp"

namespace waihu::ctl {

/// Follows `GET /api/events?task_id=` on a thread of its own from construction to destruction; reconnects after 1 s.
class event_bell {
 public:
  event_bell(server_address server, telemetry::secret_string token, std::int64_t task);
  ~event_bell();
  event_bell(const event_bell&) = delete;
  event_bell& operator=(const event_bell&) = delete;

  /// Returns when something came since the last call, but not before `least`, and at the latest after `most`. True
  /// when it was an event.
  bool wait(milliseconds least, milliseconds most);

 private:
  void follow();

  http_connection connection_;
  telemetry::secret_string token_;
  std::string target_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool has_rung_{false};
  bool is_stopping_{false};
  std::thread thread_;
};

}  // namespace waihu::ctl
