// Tells those who keep figures of the store whether what they keep may have changed since. Knows only the model.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "messages/model/queries.hpp"

namespace waihu {

/// A number for every task and organisation that grows with each change of it that this node made, before anybody hears
/// of the change. Whoever takes it before he asks the store, and finds it the same later, missed none. Several share a
/// number, so it may grow without a change. What other nodes and people at the database do is not told. Thread-safe.
class change_stamps {
 public:
  using stamp = std::uint64_t;

  [[nodiscard]] stamp of_task(task_id task) const noexcept { return tasks_[slot_of(task)].load(); }
  [[nodiscard]] stamp of_organization(std::string_view id) const noexcept { return organizations_[slot_of(id)].load(); }

  /// Events that have just been committed: their tasks changed, and with a task's own move what its organisation has.
  void touch(const std::vector<event_record>& committed) noexcept;
  /// A question that has just been answered with success: some create or change a task.
  void touch(const store_query& answered) noexcept;

 private:
  static constexpr std::size_t slots = 4'096;
  static std::size_t slot_of(task_id task) noexcept { return static_cast<std::size_t>(value(task)) % slots; }
  static std::size_t slot_of(std::string_view id) noexcept { return std::hash<std::string_view>{}(id) % slots; }

  std::array<std::atomic<stamp>, slots> tasks_{};
  std::array<std::atomic<stamp>, slots> organizations_{};
};

}  // namespace waihu
