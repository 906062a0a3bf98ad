// The rules of a call task's task_type (state-machines.md section 2) as a pure function. Which jobs go out when is
// dispatch_plan's; this machine only knows how many there are and how far they are.
//
//   1 created ──start──▶ (group asked for) ──▶ 2 calling ──all terminal──▶ 3 calls complete ──all followed──▶ 4 done
//        ▲                                     │  ▲  │                          ▲                               │
//        └──────nothing could be assigned──────┘  │  └─suspend─▶ 5 suspended    └──job without status/follow-up─┘
//                                                 └──resume──────┘
//
// Transition table (steps in parentheses are in memory only; every move is committed before it is adopted; what is
// asked for at the wrong time is refused):
//   1: start_asked → (requesting) request_committed → (finding group) group_searched, or (creating group) group_created
//      → (moving) move_committed → 2 · group_failed, commit_failed → 1 with the reason · progressed → the actor may
//      retire
//   2: suspend_asked → (noting) request_committed → (suspending) provider_did_it → (moving) move_committed → 5 ·
//      provider_refused → 2, or asked again where it may have happened · switch_in_doubt → (suspending)
//      nothing_assigned → (moving) → 1 · progressed, complete → (moving) → 3 · commit_failed → start again from the
//      store
//   3: progressed, followed → (moving) move_committed → 4 · commit_failed
//   4: progressed, reopened → (moving) move_committed → 3 · commit_failed · else the actor may retire
//   5: resume_asked → (noting) request_committed → (resuming) provider_did_it → (moving) move_committed → 2 ·
//      provider_refused → 5, by (suspending) where it may have happened · switch_in_doubt → (suspending) ·
//      commit_failed
// Whether the provider suspended or resumed may stay unknown (a lost answer, a crash). Then it is asked to suspend
// until it says so, and the task is suspended: nobody is called against a wish, and no campaign stands still unseen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "messages/model/call_status.hpp"
#include "messages/model/failure.hpp"

namespace waihu {

enum class task_step : std::uint8_t {
  idle,
  requesting,     ///< The write-ahead of CreateJobGroup is being committed.
  finding_group,  ///< An earlier start's answer was lost: is there a group already?
  creating_group,
  moving,         ///< A move is being committed.
  noting_switch,  ///< The write-ahead of SuspendJobs or ResumeJobs is being committed.
  suspending,     ///< SuspendJobs is under way, or will be asked for again.
  resuming,       ///< ResumeJobs is under way.
};

/// How far the jobs of a task are.
struct task_progress {
  std::int64_t total{};
  std::int64_t terminal{};    ///< With a terminal status (unplaced ones among them).
  std::int64_t follow_due{};  ///< Succeeded or Failed without a follow-up.
  friend bool operator==(const task_progress&, const task_progress&) = default;
};

struct call_task_position {
  task_type type{task_type::created};
  task_step step{task_step::idle};
  task_type moving_to{task_type::created};  ///< While `moving` or `noting_switch`.
  bool group_requested{};                   ///< An earlier start wrote ahead; its group may exist.
  bool in_doubt{};  ///< While `suspending`: an earlier suspend or resume may have happened; a refusal does not end it.
  std::string job_group_id;
  task_progress progress;
};

namespace task_fact {
struct start_asked {
  bool has_script{};
};
struct request_committed {};
/// The search for an earlier group ended; empty = there is none.
struct group_searched {
  std::string job_group_id;
};
struct group_created {
  std::string job_group_id;
};
/// Searching or creating failed. Whether it may exist all the same is remembered by `group_requested`.
struct group_failed {
  failure why;
};
struct move_committed {};
/// The store refused or could not take the move or the request.
struct commit_failed {
  failure why;
};
struct suspend_asked {};
struct resume_asked {};
/// The store holds the write-ahead of a suspend or resume and not what became of it.
struct switch_in_doubt {};
struct provider_did_it {};
struct provider_refused {
  failure why;
};
/// Every batch was refused and nothing ever reached the provider.
struct nothing_assigned {
  failure why;
};
struct progressed {
  task_progress progress;
};
}  // namespace task_fact

using call_task_fact = std::variant<task_fact::start_asked, task_fact::request_committed, task_fact::group_searched,
                                    task_fact::group_created, task_fact::group_failed, task_fact::move_committed,
                                    task_fact::commit_failed, task_fact::suspend_asked, task_fact::resume_asked,
                                    task_fact::switch_in_doubt, task_fact::provider_did_it, task_fact::provider_refused,
                                    task_fact::nothing_assigned, task_fact::progressed>;

namespace task_orders {
struct persist_group_request {};
struct find_group {};
struct create_group {};
struct persist_move {
  task_type from{}, to{};
  std::optional<std::string> job_group_id;
  std::optional<std::string> last_error;
};
/// Store the reason of a start that ended without a group, or of a switch that surely did not happen; forgets the
/// write-ahead.
struct persist_error {
  std::string reason;
};
struct persist_switch_request {};
struct suspend_at_provider {};
/// The same after a pause.
struct suspend_again {};
struct resume_at_provider {};
/// Dispatch may go on, or must stop at once.
struct open_dispatch {};
struct hold_dispatch {};
/// Delete the group that holds nothing.
struct abandon_group {
  std::string job_group_id;
};
/// Tell the asker that it worked or why not. `code` is http-api.md's.
struct answer_ok {};
struct answer_error {
  std::string code;
  failure why;
};
/// Tell the jobs that the task is suspended or goes on.
struct tell_suspended {};
struct tell_resumed {};
/// Nothing is left to do here.
struct retire {};
/// In doubt about what the store holds: start again from it.
struct reload {};
}  // namespace task_orders

using call_task_order =
    std::variant<task_orders::persist_group_request, task_orders::find_group, task_orders::create_group,
                 task_orders::persist_move, task_orders::persist_error, task_orders::persist_switch_request,
                 task_orders::suspend_at_provider, task_orders::suspend_again, task_orders::resume_at_provider,
                 task_orders::open_dispatch, task_orders::hold_dispatch, task_orders::abandon_group,
                 task_orders::answer_ok, task_orders::answer_error, task_orders::tell_suspended,
                 task_orders::tell_resumed, task_orders::retire, task_orders::reload>;

struct call_task_decision {
  call_task_position next;
  std::vector<call_task_order> orders;
};

/// Decides; empty when the fact means nothing at this position.
std::optional<call_task_decision> decide(const call_task_position& at, const call_task_fact& fact);

}  // namespace waihu
