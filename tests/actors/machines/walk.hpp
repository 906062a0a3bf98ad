// Seeded walks: how many, from which seed, and how to replay the one that failed. A failing test prints its seed;
// WAIHU_SEED=<seed> then runs that walk alone.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace waihu::testing {

/// Random numbers of one walk. Only its own arithmetic: the same seed gives the same walk with every standard library.
class walk_random {
 public:
  explicit walk_random(std::uint64_t seed) : engine_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  /// 0..n-1; n > 0.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  /// from..to, both included.
  std::int64_t between(std::int64_t from, std::int64_t to) {
    return from + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(to - from + 1));
  }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

/// Runs `walk(seed)` for seeds 1..count, or for the one of WAIHU_SEED, and stops at the first that fails.
template <class Walk>
void run_walks(std::uint64_t count, Walk walk) {
  std::uint64_t from = 1;
  if (const char* only = std::getenv("WAIHU_SEED"); only != nullptr) from = count = std::stoull(only);
  for (auto seed = from; seed <= count; ++seed) {
    SCOPED_TRACE("replay with WAIHU_SEED=" + std::to_string(seed));
    walk(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace waihu::testing
