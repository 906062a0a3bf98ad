#include "telemetry/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <vector>

namespace waihu::telemetry {

struct exposition::pages {
  std::vector<prometheus::MetricFamily> families;

  void begin(std::string_view name, std::string_view help, prometheus::MetricType type) {
    families.push_back({std::string(name), std::string(help), type, {}});
  }
  prometheus::ClientMetric& add(labels with) {
    auto& metric = families.back().metric.emplace_back();
    for (const auto& [name, value] : with) metric.label.push_back({std::string(name), std::string(value)});
    return metric;
  }
};

exposition::exposition() : pages_(std::make_unique<pages>()) {}
exposition::~exposition() = default;

exposition& exposition::counter(std::string_view name, std::string_view help) {
  pages_->begin(name, help, prometheus::MetricType::Counter);
  return *this;
}

exposition& exposition::gauge(std::string_view name, std::string_view help) {
  pages_->begin(name, help, prometheus::MetricType::Gauge);
  return *this;
}

exposition& exposition::histogram(std::string_view name, std::string_view help) {
  pages_->begin(name, help, prometheus::MetricType::Histogram);
  return *this;
}

exposition& exposition::value(double v, labels with) {
  auto& metric = pages_->add(with);
  if (pages_->families.back().type == prometheus::MetricType::Counter) metric.counter.value = v;
  else metric.gauge.value = v;
  return *this;
}

exposition& exposition::values(const result_counts& counts, labels with) {
  for (std::size_t i = 0; i < result_counts::size; ++i) {
    auto& metric = pages_->add(with);
    metric.label.push_back({"result", std::string(result_counts::word(i))});
    metric.counter.value = static_cast<double>(counts.at(i));
  }
  return *this;
}

exposition& exposition::value(const telemetry::histogram& h, labels with) {
  const auto now = h.read();
  auto& into = pages_->add(with).histogram;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < now.counts.size(); ++i) {
    so_far += now.counts[i];
    const auto bound = i < now.bounds.size() ? now.bounds[i] : std::numeric_limits<double>::infinity();
    into.bucket.push_back({so_far, bound});
  }
  into.sample_count = so_far;
  into.sample_sum = now.sum;
  return *this;
}

std::string exposition::text() const { return prometheus::TextSerializer().Serialize(pages_->families); }

}  // namespace waihu::telemetry
