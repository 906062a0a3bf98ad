#include "telemetry/repeat_limiter.hpp"

#include <algorithm>

namespace waihu::telemetry {

std::optional<std::uint64_t> repeat_limiter::admit(std::string_view key, steady_time now) {
  const std::lock_guard lock(mutex_);
  const auto known = entries_.find(key);
  if (known == entries_.end()) {
    if (entries_.size() >= max_keys_) {
      const auto oldest = std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
        return a.second.admitted < b.second.admitted;
      });
      if (oldest != entries_.end()) entries_.erase(oldest);
    }
    entries_.emplace(std::string(key), entry{now, 0});
    return 0;
  }
  auto& e = known->second;
  if (now - e.admitted < interval_) {
    ++e.left_out;
    return std::nullopt;
  }
  const auto left_out = e.left_out;
  e = entry{now, 0};
  return left_out;
}

void repeat_limiter::forget_all() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

std::size_t repeat_limiter::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace waihu::telemetry
