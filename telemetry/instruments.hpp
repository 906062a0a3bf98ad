// What is counted while the daemon works: histograms and counts by result. Relaxed atomics that any thread may touch,
// without locks, names or labels: what they are called is said where they are read (app/metrics_page.cpp).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "messages/model/failure.hpp"

namespace waihu::telemetry {

/// Upper bounds of buckets, in seconds unless the name says otherwise.
inline constexpr std::array<double, 13> request_bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                       0.25,  0.5,    1,     2.5,  5,     10};
inline constexpr std::array<double, 14> commit_bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                      0.25,  0.5,    1,     2.5,  5,     10,   30};
inline constexpr std::array<double, 11> call_bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
inline constexpr std::array<double, 12> analysis_bounds{0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
inline constexpr std::array<double, 12> lateness_bounds{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};
inline constexpr std::array<double, 10> pack_size_bounds{1, 2, 5, 10, 25, 50, 100, 250, 500, 1'000};  ///< Changes.

/// How often values fell between given bounds, and their sum. Observing takes two atomic additions. Thread-safe.
class histogram {
 public:
  static constexpr std::size_t bucket_limit = 15;

  /// `bounds`: ascending, each the largest value of its bucket, at most `bucket_limit`; must outlive the histogram.
  explicit constexpr histogram(std::span<const double> bounds) noexcept
      : bounds_(bounds.first(std::min(bounds.size(), bucket_limit))) {}

  void observe(double value) noexcept {
    std::size_t i = 0;
    while (i < bounds_.size() && value > bounds_[i]) ++i;
    counts_[i].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  /// In seconds; a time before its beginning (clocks of two threads) counts as none.
  void observe(std::chrono::nanoseconds took) noexcept {
    observe(std::max(0.0, std::chrono::duration<double>(took).count()));
  }

  /// What was counted so far; a value that is being observed meanwhile may be in the counts and not in the sum.
  struct reading {
    std::span<const double> bounds;
    std::vector<std::uint64_t> counts;  ///< Of each bucket by itself, and last of what is above all bounds.
    double sum{};
  };
  [[nodiscard]] reading read() const {
    reading now;
    now.bounds = bounds_;
    for (std::size_t i = 0; i <= bounds_.size(); ++i) now.counts.push_back(counts_[i].load(std::memory_order_relaxed));
    now.sum = sum_.load(std::memory_order_relaxed);
    return now;
  }

 private:
  std::span<const double> bounds_;
  std::array<std::atomic<std::uint64_t>, bucket_limit + 1> counts_{};
  std::atomic<double> sum_{};
};

/// How often something went well, and how often it failed with which code. Thread-safe.
class result_counts {
 public:
  static constexpr std::size_t size = static_cast<std::size_t>(errc::internal) + 1;

  void succeeded() noexcept { counts_[0].fetch_add(1, std::memory_order_relaxed); }
  void failed(errc code) noexcept {
    const auto i = static_cast<std::size_t>(code);
    counts_[i < size ? i : size - 1].fetch_add(1, std::memory_order_relaxed);
  }
  template <class T>
  void add(const result<T>& outcome) noexcept {
    if (outcome) succeeded();
    else failed(outcome.error().code);
  }

  /// The count at a place below `size`, and the word for what it counts: "ok" or that of the code.
  [[nodiscard]] std::uint64_t at(std::size_t place) const noexcept {
    return counts_[place].load(std::memory_order_relaxed);
  }
  [[nodiscard]] static std::string_view word(std::size_t place) noexcept {
    return place == 0 ? std::string_view("ok") : to_string(static_cast<errc>(place));
  }

 private:
  std::array<std::atomic<std::uint64_t>, size> counts_{};
};

}  // namespace waihu::telemetry
