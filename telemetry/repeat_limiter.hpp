// Decides which of many equal failures are worth a log line: the first, then one per interval with a count. It knows
// nothing of logging; the caller gives the time.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "messages/model/time.hpp"

namespace waihu::telemetry {

/// Counts repetitions by key. Thread-safe. Holds at most `max_keys` keys: when a new one comes and all places are
/// taken, the key that was admitted longest ago is forgotten.
class repeat_limiter {
 public:
  /// `interval`: at most one admission of a key in it.
  explicit repeat_limiter(milliseconds interval, std::size_t max_keys = 1024)
      : interval_(interval), max_keys_(max_keys) {}

  /// Empty: leave this one out. Otherwise the number of those left out since the last admitted one (0 for the first).
  std::optional<std::uint64_t> admit(std::string_view key, steady_time now);

  /// Begins anew: what comes next is the first of its kind.
  void forget_all();

  /// Keys remembered.
  [[nodiscard]] std::size_t size() const;

 private:
  struct entry {
    steady_time admitted{};
    std::uint64_t left_out{};
  };

  const milliseconds interval_;
  const std::size_t max_keys_;
  mutable std::mutex mutex_;
  std::map<std::string, entry, std::less<>> entries_;
};

}  // namespace waihu::telemetry
