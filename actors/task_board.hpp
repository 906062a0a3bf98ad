// What the live tasks of this node show to those who only look: each task's actor keeps its own place up to date, and
// any thread reads it without a message, a thread switch or the store. Knows no actors.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "messages/http_messages.hpp"

namespace waihu {

/// Thread-safe.
class task_board : public std::enable_shared_from_this<task_board> {
  struct slot {
    std::string organization_id;
    mutable std::mutex mutex;
    described_task shown;
  };

 public:
  /// The place of one task, held by its actor; it disappears with this object.
  class place {
   public:
    place(std::shared_ptr<task_board> board, task_id task, std::shared_ptr<slot> mine);
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place();
    /// Replaces what the place shows.
    void show(described_task now);

   private:
    std::shared_ptr<task_board> board_;
    task_id task_{};
    std::shared_ptr<slot> slot_;
  };

  /// Takes a place, which shows `now`. A later taker of the same task's place goes before an earlier one that has not
  /// left yet: an actor that hung is replaced before it ends.
  [[nodiscard]] std::unique_ptr<place> take(std::string organization_id, task_id task, described_task now);
  /// What the task shows; nullopt when it has no place, or is another organisation's.
  [[nodiscard]] std::optional<described_task> look(const describe_task& wanted) const;
  /// What the organisation's tasks show, added up.
  [[nodiscard]] task_counters total(const std::string& organization_id) const;
  /// Number of places.
  [[nodiscard]] std::size_t size() const;

 private:
  void leave(task_id task, const std::shared_ptr<slot>& mine);

  mutable std::shared_mutex mutex_;
  std::unordered_map<task_id, std::shared_ptr<slot>> slots_;
};

}  // namespace waihu
