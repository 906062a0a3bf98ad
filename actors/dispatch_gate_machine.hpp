// The one place that decides whether a job may be dialled now, and if not, why and until when (state-machines.md
// section 2): concurrency and calls per second, of the organisation and of the provider account. Free slots are derived
// from what the tasks report as being at the provider, never counted up and down. Calling windows, holidays and
// do-not-call enter here as further rules.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/departures.hpp"
#include "actors/sliding_rate.hpp"
#include "messages/model/cluster.hpp"
#include "messages/model/gate.hpp"
#include "messages/model/ids.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// So long what one has is used on after a question whose answer may be less: within share_memory less the window that
/// a limit is of, after which others may have the difference.
inline constexpr milliseconds share_answer_wait{400};

/// Whose calls per second a wish is about: the organisation's id, or "" for the account; nullopt: it is about slots.
std::optional<std::string> whose_rate(const share_wish& wish);

/// Numbers of the gate; see config/options.hpp.
struct dispatch_gate_policy {
  std::size_t organization_concurrency{5'000};
  std::size_t account_concurrency{20'000};
  double organization_calls_per_s{100};
  double account_calls_per_s{400};
  milliseconds recheck{500};  ///< When to ask again while all slots are taken.
  /// Other nodes use the same limits: only shares that were leased from the store count (`wishes`, `granted`).
  bool is_shared{};
  milliseconds rate_kept{4'000};      ///< So long a share of calls a second holds without being asked for again.
  milliseconds slots_kept{15'000};    ///< The same of calls at once: longer than another node needs to take over.
  milliseconds wanted_memory{2'000};  ///< So long at least what was wanted is asked for.
};

class dispatch_gate_machine {
 public:
  explicit dispatch_gate_machine(dispatch_gate_policy policy);

  /// Grants up to `wanted` jobs. The grant counts as being at the provider until the task reports anew.
  gate_answer ask(const gate_request& request, steady_time now);
  /// A task's own count, when it changes without asking.
  void report(const std::string& organization_id, task_id task, std::size_t at_provider);
  /// A task that is gone here.
  void forget(task_id task);

  /// Of a shared gate: what to ask the store for, by what was wanted since the last time. What it has until the answer
  /// comes ends soon, for the store may be giving a part of it to others from now on.
  std::vector<share_wish> wishes(steady_time now);
  /// What the store gave for those wishes, asked at `asked`.
  void granted(const std::vector<share_wish>& wishes, const std::vector<double>& amounts, steady_time asked);
  /// Whether somebody was refused for want of a share since the last wishes.
  [[nodiscard]] bool is_short() const noexcept { return is_short_; }

  [[nodiscard]] std::size_t at_provider(const std::string& organization_id) const;
  [[nodiscard]] std::size_t at_provider() const noexcept { return account_total_; }

 private:
  /// A part of a limit, until it ends.
  struct share {
    double amount{};
    steady_time until{};
    [[nodiscard]] double at(steady_time now) const noexcept { return now < until ? amount : 0; }
    void end_by(steady_time latest) noexcept { until = std::min(until, latest); }
  };
  struct organization {
    sliding_rate calls;
    std::map<task_id, std::size_t> tasks;
    std::size_t total{};
    /// Most that was wanted at once, in this and the last `wanted_memory`: who was refused asks again in his own time.
    std::size_t wanted{}, wanted_before{};
    share rate, slots;
    bool has_wished{};
  };

  organization& organization_of(const std::string& organization_id);
  void set(organization& org, task_id task, std::size_t count);

  dispatch_gate_policy policy_;
  sliding_rate account_calls_;
  std::map<std::string, organization> organizations_;
  std::map<task_id, std::string> owners_;
  std::size_t account_total_{};
  share account_rate_, account_slots_;
  bool is_short_{};
  steady_time wanted_since_{};  ///< Begin of the present stretch of `organization::wanted`.
};

}  // namespace waihu
