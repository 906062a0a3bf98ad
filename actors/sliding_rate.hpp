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
  /// `spread` is how much later one may take effect than another: what goes within a second and so much counts.
  explicit sliding_rate(double rate, milliseconds spread = {}) : spread_(spread) { set_rate(rate); }

  /// Another rate from now on; what has gone within its window counts. 0 lets nothing go.
  void set_rate(double rate) {
    limit_ = rate >= 1 ? static_cast<std::size_t>(rate) : (rate > 0 ? 1 : 0);
    if (rate <= 0) return;
    window_ = rate >= 1 ? milliseconds{1'000} : milliseconds{static_cast<std::int64_t>(std::ceil(1'000 / rate))};
    window_ += spread_;
  }

  /// How many may go now.
  std::size_t room(steady_time now) {
    while (!taken_.empty() && now - taken_.front().at >= window_) {
      used_ -= taken_.front().count;
      taken_.pop_front();
    }
    return limit_ - std::min(limit_, used_);
  }

  /// How many have gone within the last window.
  std::size_t used(steady_time now) {
    room(now);
    return used_;
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
    if (taken_.empty()) return window_;
    return std::chrono::ceil<milliseconds>(taken_.front().at + window_ - now);
  }

 private:
  struct entry {
    steady_time at;
    std::size_t count;
  };
  std::size_t limit_{};
  milliseconds spread_{};
  milliseconds window_{1'000};
  std::deque<entry> taken_;  ///< Within the window, oldest first; never more entries than `limit_`.
  std::size_t used_{};
};

}  // namespace waihu
