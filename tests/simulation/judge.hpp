// The promises, checked from outside: at every request that leaves a node, at every change of the store, and at the
// end. It reads the provider's ledger and the store's rows and shares no rule with the engine.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/changes.hpp"
#include "messages/model/voice.hpp"
#include "persistence/memory_state.hpp"

namespace waihu::simulation {

enum class promise : std::uint8_t {
  nobody_is_called_twice,
  nobody_is_dialled_after_being_given_up,
  no_send_without_a_durable_intent,
  no_send_without_the_shard,
  a_suspended_task_sends_nothing,
  a_suspended_task_is_not_dialled,
  a_stale_epoch_changes_nothing,
  a_terminal_status_never_changes,
  a_result_is_what_the_provider_said,
  task_type_moves_legally,
  interest_is_set_once,
  a_provider_id_is_set_once_and_right,
  every_call_leaves_exactly_one_follow_up,
  unplaced_is_said_only_of_calls_never_placed,
  calls_per_second_are_kept,
  every_campaign_ends,
  nothing_is_left_behind,
  no_actor_fails_by_itself,
  count_
};
inline constexpr std::size_t promise_count = static_cast<std::size_t>(promise::count_);
std::string_view name_of(promise kept) noexcept;

/// A promise that was broken.
struct breach {
  promise broken{};
  std::string what;
};

class judge {
 public:
  explicit judge(std::shared_ptr<memory_state> rows) : rows_(std::move(rows)) {}

  /// Most calls that may leave in any second, from all nodes together, for the one organisation there is.
  void set_limit(std::size_t calls_per_second) { limit_ = calls_per_second; }
  /// A node hands AssignJobs to the network.
  void batch_leaves(const std::string& sender, const std::string& group, const std::vector<job_order>& orders,
                    milliseconds now);
  /// The provider accepts an order.
  void accepted(const std::string& reference, const std::string& call_job_id);
  /// The provider refused an order, or took a batch without it: one attempt then suffices to give it up.
  void turned_away(const std::string& reference) { turned_away_.insert(reference); }
  /// The provider dials, for the first time or again.
  void dialled(const std::string& reference, bool is_first);
  /// The provider reached a terminal state, perhaps not the first.
  void ended(const std::string& call_job_id, call_status status);
  /// A commit has just been applied, or refused.
  void committed(const std::vector<store_change>& changes, const std::vector<result<change_receipt>>& answers);
  /// The campaign is over, or its time is.
  void closing(bool in_time, const std::string& still_open);
  void complain(promise broken, std::string what);

  [[nodiscard]] const std::vector<breach>& breaches() const noexcept { return breaches_; }
  /// Whether every task stands at 4 with nothing due.
  [[nodiscard]] bool all_done(std::string* why = nullptr) const;

 private:
  struct seen_row {
    call_status status{call_status::none};
    job_outcome outcome{job_outcome::none};
    std::optional<interest> is_interested;
    std::string call_job_id;
    std::optional<follow_id> follow;
  };
  void count_departure(milliseconds now);
  void compare_rows(const std::string& cause);
  void compare_row(const memory_state::stored_job& job, const std::string& cause);
  void check_end_of(const memory_state::stored_job& job);
  const memory_state::stored_job* row_of(const std::string& reference) const;

  std::shared_ptr<memory_state> rows_;
  std::vector<breach> breaches_;
  std::map<std::int64_t, seen_row> shadow_;
  std::map<std::int64_t, task_type> types_;
  std::map<std::string, int> accepted_;  ///< By reference id.
  std::map<std::string, int> sent_;      ///< By reference id: handed to the network.
  std::size_t limit_{};
  std::deque<milliseconds> left_;                         ///< Calls, in the last second.
  std::set<std::string> turned_away_;                     ///< By reference id.
  std::map<std::string, std::string> reference_of_;       ///< By provider id.
  std::map<std::string, std::set<call_status>> endings_;  ///< By provider id.
};

}  // namespace waihu::simulation
