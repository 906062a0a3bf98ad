// A token bucket: `rate` tokens a second up to `burst`. Pure; the caller brings the time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "messages/model/time.hpp"

namespace waihu {

class token_bucket {
 public:
  /// `rate` in tokens a second, > 0; `burst` the depth, >= 1. Starts full.
  token_bucket(double rate, double burst) : rate_(rate), burst_(std::max(burst, 1.0)), tokens_(burst_) {}

  /// Takes up to `wanted` whole tokens and says how many.
  std::size_t take(std::size_t wanted, steady_time now) {
    fill(now);
    const auto n = std::min(static_cast<double>(wanted), std::floor(tokens_ + 1e-9));
    tokens_ -= n;
    return static_cast<std::size_t>(std::max(n, 0.0));
  }

  /// Gives unused tokens back.
  void give_back(std::size_t n) { tokens_ = std::min(burst_, tokens_ + static_cast<double>(n)); }

  /// How long until one token is there; 0 when it is.
  [[nodiscard]] milliseconds next_in(steady_time now) {
    fill(now);
    if (tokens_ >= 1.0 - 1e-9) return milliseconds{0};
    return milliseconds{static_cast<std::int64_t>(std::ceil((1.0 - tokens_) / rate_ * 1000.0))};
  }

 private:
  void fill(steady_time now) {
    if (last_ != steady_time{} && now > last_) {
      const std::chrono::duration<double> passed = now - last_;
      tokens_ = std::min(burst_, tokens_ + passed.count() * rate_);
    }
    if (now > last_) last_ = now;
  }

  double rate_;
  double burst_;
  double tokens_;
  steady_time last_{};
};

}  // namespace waihu
