// The simulator's clock: real time at the start, then faster, slower or by hand. Knows nothing of what it times.
#pragma once

#include <chrono>
#include <cstdint>

namespace waihu::simulator {

/// Scaled clock, ms since the epoch. Not thread-safe.
class virtual_clock {
 public:
  /// Begins at `start_ms`; `speed` 60 lets an hour pass in a minute, 0 stops the clock.
  virtual_clock(std::int64_t start_ms, double speed) noexcept : anchor_ms_(start_ms), speed_(speed) {}

  std::int64_t now() const noexcept {
    const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - anchor_;
    return anchor_ms_ + static_cast<std::int64_t>(passed.count() * speed_);
  }
  double speed() const noexcept { return speed_; }
  /// Changes the speed from now on.
  void set_speed(double speed) noexcept {
    anchor_ms_ = now();
    anchor_ = std::chrono::steady_clock::now();
    speed_ = speed;
  }
  /// Jumps ahead.
  void advance(std::int64_t ms) noexcept { anchor_ms_ += ms; }
  /// Real time until the clock shows `virtual_ms`; an hour when it is stopped.
  std::chrono::milliseconds real_time_until(std::int64_t virtual_ms) const noexcept {
    constexpr double hour_ms = 3'600'000;
    const auto left = static_cast<double>(virtual_ms - now());
    if (left <= 0) return std::chrono::milliseconds{0};
    if (speed_ <= 0) return std::chrono::milliseconds{static_cast<std::int64_t>(hour_ms)};
    const auto real = left / speed_;
    return std::chrono::milliseconds{static_cast<std::int64_t>(real > hour_ms ? hour_ms : real) + 1};
  }

 private:
  std::chrono::steady_clock::time_point anchor_{std::chrono::steady_clock::now()};
  std::int64_t anchor_ms_;
  double speed_;
};

}  // namespace waihu::simulator
