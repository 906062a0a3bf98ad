// The page that a Prometheus server reads: families of values in the text format. Shows nothing of the library that
// writes the format; knows no metric of its own.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "telemetry/instruments.hpp"

namespace waihu::telemetry {

/// Its media type.
inline constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

/// One page under construction. Not thread-safe; made anew for every reading.
class exposition {
 public:
  using label = std::pair<std::string_view, std::string_view>;  ///< Name and value; values come from closed lists.
  using labels = std::initializer_list<label>;

  exposition();
  ~exposition();
  exposition(const exposition&) = delete;
  exposition& operator=(const exposition&) = delete;

  /// Begins a family; what follows belongs to it. Names end in their unit, of counters in `_total`.
  exposition& counter(std::string_view name, std::string_view help);
  exposition& gauge(std::string_view name, std::string_view help);
  exposition& histogram(std::string_view name, std::string_view help);

  /// One value of the family of counters or gauges begun last.
  exposition& value(double v, labels with = {});
  template <class T>
  exposition& value(const std::atomic<T>& v, labels with = {}) {
    return value(static_cast<double>(v.load(std::memory_order_relaxed)), with);
  }
  /// One value for each result, as label `result`; those that never happened too, so that the first is an increase.
  exposition& values(const result_counts& counts, labels with = {});
  /// One histogram of the family begun last.
  exposition& value(const telemetry::histogram& h, labels with = {});

  /// The page.
  [[nodiscard]] std::string text() const;

 private:
  struct pages;
  std::unique_ptr<pages> pages_;
};

}  // namespace waihu::telemetry
