#include "actors/task_board.hpp"

namespace waihu {

task_board::place::place(std::shared_ptr<task_board> board, task_id task, std::shared_ptr<slot> mine)
    : board_(std::move(board)), task_(task), slot_(std::move(mine)) {}

task_board::place::~place() { board_->leave(task_, slot_); }

void task_board::place::show(described_task now) {
  const std::lock_guard lock(slot_->mutex);
  slot_->shown = std::move(now);
}

std::unique_ptr<task_board::place> task_board::take(std::string organization_id, task_id task, described_task now) {
  auto mine = std::make_shared<slot>();
  mine->organization_id = std::move(organization_id);
  mine->shown = std::move(now);
  const std::lock_guard lock(mutex_);
  slots_[task] = mine;
  return std::make_unique<place>(shared_from_this(), task, std::move(mine));
}

std::optional<described_task> task_board::look(const describe_task& wanted) const {
  const std::shared_lock lock(mutex_);
  const auto found = slots_.find(wanted.task);
  if (found == slots_.end() || found->second->organization_id != wanted.organization_id) return std::nullopt;
  const std::lock_guard slot_lock(found->second->mutex);
  return found->second->shown;
}

task_counters task_board::total(const std::string& organization_id) const {
  task_counters sum;
  const std::shared_lock lock(mutex_);
  for (const auto& [task, taken] : slots_) {
    if (taken->organization_id != organization_id) continue;
    const std::lock_guard slot_lock(taken->mutex);
    sum += taken->shown.counters;
  }
  return sum;
}

std::size_t task_board::size() const {
  const std::shared_lock lock(mutex_);
  return slots_.size();
}

void task_board::leave(task_id task, const std::shared_ptr<slot>& mine) {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(task);
  if (found != slots_.end() && found->second == mine) slots_.erase(found);
}

}  // namespace waihu
