// One group commit on PostgreSQL: the changes, what has become of each, the events they leave. The functions that apply
// one kind of change each live in postgres_*_changes.cpp; one statement per kind and wave.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "persistence/postgres_session.hpp"
#include "persistence/store.hpp"

namespace waihu {

/// Organisations of tasks, kept by a session: a task never changes its organisation.
using task_organizations = std::unordered_map<std::int64_t, std::string>;

/// What is known of a row whose guarded update changed nothing.
struct missed_job {
  task_id task{};
  job_phase phase{};
  bool has_status{};
  std::string call_job_id;
  std::int64_t follow{};
};
struct missed_task {
  task_type type{};
  std::string script_id;
  std::int64_t group_requested_ms{};
};

/// A commit under way. Lives within one transaction.
class postgres_commit {
 public:
  postgres_commit(postgres_work& work, std::span<const store_change> changes, task_organizations& organizations)
      : work_{work}, changes_{changes}, organizations_{organizations}, receipts_(changes.size()) {}

  /// Fences, applies, writes the events. Throws pqxx errors.
  commit_report carry_out();

  // For the functions that apply one kind.

  template <class Change>
  const Change& get(std::size_t index) const {
    return std::get<Change>(changes_[index]);
  }
  postgres_work& work() noexcept { return work_; }
  void succeed(std::size_t index, bool changed = true, std::int64_t id = 0) {
    receipts_[index] = change_receipt{changed, id};
  }
  void refuse(std::size_t index, errc code, std::string message) { receipts_[index] = fail(code, std::move(message)); }
  bool is_decided(std::size_t index) const { return receipts_[index].has_value(); }
  const std::string& organization_of(task_id task) const { return organizations_.at(value(task)); }
  void tell(std::size_t index, event_record event) { events_.emplace_back(index, std::move(event)); }
  /// The rows as they are now, for telling a refusal from "already so".
  std::unordered_map<std::int64_t, missed_job> look_at_jobs(const std::vector<std::int64_t>& rows);
  std::unordered_map<std::int64_t, missed_task> look_at_tasks(const std::vector<std::int64_t>& tasks);

 private:
  std::vector<std::size_t> fence();
  void find_organizations();
  void apply_wave(const std::vector<std::size_t>& wave);
  std::vector<event_record> write_events();

  postgres_work& work_;
  std::span<const store_change> changes_;
  task_organizations& organizations_;
  std::vector<std::optional<result<change_receipt>>> receipts_;
  std::vector<std::pair<std::size_t, event_record>> events_;
};

/// Indices of changes of one kind within a wave.
using change_indices = std::vector<std::size_t>;

void apply_request_group(postgres_commit& commit, const change_indices& which);
void apply_move_task(postgres_commit& commit, const change_indices& which);
void apply_note_task(postgres_commit& commit, const change_indices& which);
void apply_intend_batch(postgres_commit& commit, const change_indices& which);
void apply_mark_batch(postgres_commit& commit, const change_indices& which);
void apply_acknowledge_jobs(postgres_commit& commit, const change_indices& which);
void apply_requeue_jobs(postgres_commit& commit, const change_indices& which);
void apply_settle_job(postgres_commit& commit, const change_indices& which);
void apply_attach_attempt(postgres_commit& commit, const change_indices& which);
void apply_park_job(postgres_commit& commit, const change_indices& which);
void apply_unpark_job(postgres_commit& commit, const change_indices& which);
void apply_save_poll_state(postgres_commit& commit, const change_indices& which);
void apply_record_follow_up(postgres_commit& commit, const change_indices& which);
void apply_close_job(postgres_commit& commit, const change_indices& which);
void apply_store_recording(postgres_commit& commit, const change_indices& which);
void apply_default_interest(postgres_commit& commit, const change_indices& which);

}  // namespace waihu
