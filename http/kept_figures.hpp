// Figures of the store that are kept for as long as nothing changes, so that the same question does not go there again
// and again. Knows neither the store nor the actors.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "messages/model/change_stamps.hpp"
#include "messages/model/time.hpp"

namespace waihu::http {

/// How long figures hold that nothing is known to have changed. What another node or somebody at the database changed
/// shows after twice that at the latest.
inline constexpr milliseconds figures_life{200};

/// What was answered, and what tells whether it still holds.
template <class Figures>
struct kept_answer {
  Figures figures;
  change_stamps::stamp stamp{};  ///< Of what they are about, taken before the store was asked.
  steady_time asked{};
  mutable std::atomic_flag is_asked_again{};

  /// Whether the store may be spared the question. When the life of the figures is over it is one who asks anew, not
  /// all who come until he is answered.
  [[nodiscard]] bool holds(change_stamps::stamp now_at, steady_time now) const noexcept {
    if (stamp != now_at) return false;
    return now - asked < figures_life || (now - asked < 2 * figures_life && is_asked_again.test_and_set());
  }
};

/// Answers by what they are about. Holds at most `limit`, then begins anew. Thread-safe.
template <class Key, class Figures>
class kept_figures {
 public:
  using answer = std::shared_ptr<const kept_answer<Figures>>;

  explicit kept_figures(std::size_t limit = 10'000) : limit_(limit) {}

  /// The last answer, whether it holds or not; null when there is none.
  [[nodiscard]] answer find(const Key& about) const {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(about);
    return found == kept_.end() ? nullptr : found->second;
  }
  void keep(const Key& about, Figures answered, change_stamps::stamp stamp, steady_time asked) {
    auto made = std::make_shared<const kept_answer<Figures>>(std::move(answered), stamp, asked);
    const std::lock_guard lock(mutex_);
    if (kept_.size() >= limit_) kept_.clear();
    kept_[about] = std::move(made);
  }

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<Key, answer> kept_;
};

}  // namespace waihu::http
