#include "provider/simulator/look_journal.hpp"

#include <algorithm>
#include <cmath>

namespace waihu::simulator {

namespace {
constexpr std::int64_t never = -1;
}

void look_journal::begin() { *this = {}; }

void look_journal::note(std::uint32_t job, std::int64_t now_ms) {
  if (job >= last_.size()) last_.resize(job + std::size_t{1}, never);
  ++looks_;
  auto& last = last_[job];
  if (last == never) {
    ++jobs_;
  } else {
    const auto bucket = std::clamp<std::int64_t>((now_ms - last) / bucket_ms, 0, buckets - 1);
    ++intervals_[static_cast<std::size_t>(bucket)];
    ++counted_;
  }
  last = now_ms;
}

std::int64_t look_journal::interval_ms(double share) const {
  if (counted_ == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(counted_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += intervals_[i];
    if (seen >= wanted && seen > 0) return static_cast<std::int64_t>(i) * bucket_ms;
  }
  return static_cast<std::int64_t>(buckets - 1) * bucket_ms;
}

}  // namespace waihu::simulator
