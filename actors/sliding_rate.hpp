// At most so many in any second, wherever the second begins. A token bucket of one second's depth would let twice as
// many through in the worst second, which a limit on calls per second must not. Pure; the caller brings the time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <deque>

#include "messages/model/time.hpp"

namespace waihu {

class sliding_rate {
 public:
  /// `rate` per second, > 0. From one on only whole numbers count (2.5 allows 2); below one it is one per 1/rate s.
  explicit sliding_rate(double rate)
      : limit_(rate >= 1 ? static_cast<std::size_t>(rate) : 1),
        window_(rate >= 1 ? milliseconds{1'000} : milliseconds{static_cast<std::int64_t>(std::ceil(1'000 / rate))}) {}

  /// How many may go now.
  std::size_t room(steady_time now) {
    while (!taken_.empty() && now - taken_.front().at >= window_) {
      used_ -= taken_.front().count;
      taken_.pop_front();
    }
    return limit_ - std::min(limit_, used_);
  }

  /// So many go now; at most `room`.
  void take(std::size_t count, steady_time now) {
    if (count == 0) return;
    taken_.push_back({now, count});
    used_ += count;
  }

  /// How long until there is room for one; 0 when there is.
  [[nodiscard]] milliseconds next_in(steady_time now) {
    if (room(now) > 0) return milliseconds{0};
    return std::chrono::ceil<milliseconds>(taken_.front().at + window_ - now);
  }

 private:
  struct entry {
    steady_time at;
    std::size_t count;
  };
  std::size_t limit_;
  milliseconds window_;
  std::deque<entry> taken_;  ///< Within the window, oldest first; never more entries than `limit_`.
  std::size_t used_{};
};

}  // namespace waihu
