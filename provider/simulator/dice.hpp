// Small seeded randomness: a hash of texts and a generator that gives the same row of numbers on every machine. Knows
// nothing of calls; the standard distributions are avoided because they differ between libraries.
#pragma once

#include <cstdint>
#include <string_view>

namespace waihu::simulator {

/// One round of a 64-bit mixer; a bijection.
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

/// Hash of a text under a seed, equal on every machine.
constexpr std::uint64_t hash_text(std::uint64_t seed, std::string_view text) noexcept {
  std::uint64_t h = 0xcbf29ce484222325ULL ^ mix64(seed);
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix64(h);
}

/// A row of random numbers that depends on its seed only. Not thread-safe; copy it to branch.
class dice {
 public:
  explicit constexpr dice(std::uint64_t seed) noexcept : state_(seed) {}

  /// The next 64 random bits.
  constexpr std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15ULL;
    return mix64(state_);
  }
  /// A number in [0, n); 0 for n = 0.
  constexpr std::uint64_t below(std::uint64_t n) noexcept { return n == 0 ? 0 : next() % n; }
  /// A number in [low, high], both included; low where high < low.
  constexpr std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    if (high <= low) return low;
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  /// A number in [0, 1).
  constexpr double share() noexcept { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  /// True in about `p` of all throws.
  constexpr bool chance(double p) noexcept { return share() < p; }

 private:
  std::uint64_t state_;
};

}  // namespace waihu::simulator
