// The circuit breaker of the provider gateway (state-machines.md section 5): opens at >= 50 % failures of the last 20
// or 5 in a row, lets one probe through after 5 s, doubling to 60 s. Pure; the caller brings the time.
#pragma once

#include <algorithm>
#include <deque>

#include "messages/model/time.hpp"

namespace waihu {

struct breaker_policy {
  std::size_t window{20};     ///< Calls looked back on; the share counts only once it is full.
  double failure_share{0.5};  ///< Of the window.
  int consecutive{5};         ///< Failures in a row.
  milliseconds open_min{5'000};
  milliseconds open_max{60'000};
};

enum class breaker_state : std::uint8_t { closed, open, half_open };

class circuit_breaker {
 public:
  explicit circuit_breaker(breaker_policy policy) : policy_(policy), open_for_(policy.open_min) {}

  /// May a call go out now? In half-open exactly one may, until it is answered.
  bool admit(steady_time now) {
    if (state_ == breaker_state::closed) return true;
    if (state_ == breaker_state::open && now >= probe_at_) {
      state_ = breaker_state::half_open;
      return true;
    }
    return false;
  }

  /// A call went well.
  void succeeded() {
    if (state_ == breaker_state::half_open) close();
    remember(true);
    in_a_row_ = 0;
  }

  /// A call failed for a reason that speaks against the provider's health. Returns true when the breaker opened by it.
  bool failed(steady_time now) {
    if (state_ == breaker_state::half_open) {
      open_for_ = std::min(open_for_ * 2, policy_.open_max);
      trip(now);
      return true;
    }
    remember(false);
    ++in_a_row_;
    if (state_ == breaker_state::open) return false;
    const auto failures = static_cast<double>(std::count(recent_.begin(), recent_.end(), false));
    const bool share =
        recent_.size() >= policy_.window && failures >= policy_.failure_share * static_cast<double>(recent_.size());
    if (in_a_row_ < policy_.consecutive && !share) return false;
    trip(now);
    return true;
  }

  [[nodiscard]] breaker_state state() const noexcept { return state_; }
  /// How long until a probe may go; 0 when calls pass or a probe is due.
  [[nodiscard]] milliseconds retry_in(steady_time now) const {
    if (state_ == breaker_state::closed) return milliseconds{0};
    if (state_ == breaker_state::half_open) return policy_.open_min;
    return now >= probe_at_ ? milliseconds{0} : std::chrono::ceil<milliseconds>(probe_at_ - now);
  }

 private:
  void remember(bool good) {
    recent_.push_back(good);
    if (recent_.size() > policy_.window) recent_.pop_front();
  }
  void trip(steady_time now) {
    state_ = breaker_state::open;
    probe_at_ = now + open_for_;
  }
  void close() {
    state_ = breaker_state::closed;
    open_for_ = policy_.open_min;
    recent_.clear();
    in_a_row_ = 0;
  }

  breaker_policy policy_;
  breaker_state state_{breaker_state::closed};
  std::deque<bool> recent_;
  int in_a_row_{};
  milliseconds open_for_;
  steady_time probe_at_{};
};

}  // namespace waihu
