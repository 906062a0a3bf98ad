// What the public listener counts and times, by route; metrics read it. Atomics only. Routes are the table's patterns,
// so that no path of a client ever becomes a name.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "telemetry/instruments.hpp"

namespace waihu::http {

/// The status codes that are answered; what is not among them is counted as the last, which stands for "other".
inline constexpr std::array<int, 21> counted_codes{101, 200, 201, 202, 204, 304, 400, 401, 403, 404, 405,
                                                   409, 413, 415, 422, 426, 429, 431, 500, 503, 0};

/// The counts of one server. Thread-safe.
class traffic {
 public:
  traffic();
  ~traffic();
  traffic(const traffic&) = delete;
  traffic& operator=(const traffic&) = delete;

  /// A request was answered. `route`: its place in routes(); what is beyond its end (no_route) is
  /// counted together: unknown paths, wrong methods, preflights, and what was broken before its path was known. `took`:
  /// from its last byte's arrival until its answer (of an event stream: the answer's head) was ready.
  void answered(std::size_t route, int status, std::chrono::nanoseconds took) noexcept;

  /// The figures of one route.
  struct route_figures {
    std::string_view method;   ///< "GET" also of HEAD; "any" where there is no route.
    std::string_view pattern;  ///< "/api/leads/{leads_id}"; "none" where there is no route.
    std::array<std::atomic<std::uint64_t>, counted_codes.size()> answers{};  ///< By place in `counted_codes`.
    telemetry::histogram seconds{telemetry::request_bounds};
  };
  /// Calls `use(const route_figures&)` for every route, and for what has none.
  template <class Use>
  void each(Use use) const {
    for (std::size_t i = 0; i < size_; ++i) use(static_cast<const route_figures&>(figures_[i]));
  }

  std::atomic<std::int64_t> connections{};  ///< Open now.
  std::atomic<std::uint64_t> refused_connections{};
  std::atomic<std::int64_t> event_streams{};  ///< Open now.
  std::atomic<int> outstanding{};             ///< Questions inside the actor system now.

 private:
  std::size_t size_;
  std::unique_ptr<route_figures[]> figures_;  // NOLINT(modernize-avoid-c-arrays): atomics cannot move in a vector
};

/// Counts an event stream while it is open.
class open_stream {
 public:
  explicit open_stream(std::atomic<std::int64_t>& count) : count_(count) { ++count_; }
  ~open_stream() { --count_; }
  open_stream(const open_stream&) = delete;
  open_stream& operator=(const open_stream&) = delete;

 private:
  std::atomic<std::int64_t>& count_;
};

}  // namespace waihu::http
