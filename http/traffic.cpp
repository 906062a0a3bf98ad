#include "http/traffic.hpp"

#include <algorithm>

#include "http/application.hpp"

namespace waihu::http {

traffic::traffic() : size_(routes().size() + 1), figures_(std::make_unique<route_figures[]>(size_)) {
  for (std::size_t i = 0; i + 1 < size_; ++i) {
    figures_[i].method = routes()[i].method;
    figures_[i].pattern = routes()[i].pattern;
  }
  figures_[size_ - 1].method = "any";
  figures_[size_ - 1].pattern = "none";
}

traffic::~traffic() = default;

void traffic::answered(std::size_t route, int status, std::chrono::nanoseconds took) noexcept {
  auto& figures = figures_[std::min(route, size_ - 1)];
  const auto known = std::find(counted_codes.begin(), counted_codes.end() - 1, status);
  figures.answers[static_cast<std::size_t>(known - counted_codes.begin())].fetch_add(1, std::memory_order_relaxed);
  figures.seconds.observe(took);
}

}  // namespace waihu::http
