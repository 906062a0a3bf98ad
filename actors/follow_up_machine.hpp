// The rules of a follow-up (state-machines.md section 3) as a pure function: what is written about a finished call, and
// when. Knows neither the language model nor the store; the shell (follow_up_actor) carries out its orders.
//
//   begun ─▶ awaiting_conversation ─(seen)─▶ analysing ─(answer)─▶ committing ─(durable)─▶ done
//                  │ 30 min                    │ ▲ failed, tries left
//                  ▼                           ▼ │
//              committing                    backing_off ─(tries used up)─▶ committing
//
// Transition table (fact × step; every pair not listed is ignored):
//   begun: begun → committing, analysing or awaiting_conversation
//   awaiting_conversation: conversation_seen, look_failed, woken → analysing or, when the wait is over, committing
//   analysing: analysed → committing · analysis_failed, woken (overdue) → backing off or, after the last, committing
//   backing_off: woken → analysing
//   committing: committed → done · commit_failed, woken (repeats the commit)
//   done: nothing
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "messages/model/analysis.hpp"
#include "messages/model/call_status.hpp"
#include "messages/model/failure.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// Numbers of the machine; see config/options.hpp.
struct follow_up_policy {
  milliseconds conversation_wait{1'800'000};        ///< Longest wait for a conversation.
  milliseconds conversation_look_interval{10'000};  ///< Between looks for it.
  milliseconds analysis_retry{60'000};              ///< Between tries of the language model.
  milliseconds analysis_timeout{120'000};           ///< An analysis that nobody answered for so long has failed.
  milliseconds commit_retry{1'000};                 ///< Before a failed commit is tried again.
  int analysis_tries{3};
  bool analyses{true};  ///< False for case calls: they end with their conversation, and nothing is written about them.
};

enum class follow_up_step : std::uint8_t { begun, awaiting_conversation, analysing, backing_off, committing, done };

/// What will be, or has been, written.
struct follow_up_text {
  std::string remark;
  interest is_interested{interest::undecided};
  std::optional<wall_time> next_follow_time;
};

struct follow_up_position {
  follow_up_step step{follow_up_step::begun};
  call_status status{call_status::none};
  int tries{};  ///< Analyses that failed.
  bool look_in_flight{};
  steady_time since{};       ///< Begin of the present step.
  steady_time give_up_at{};  ///< End of the wait for a conversation.
  bool commit_failed{};
  follow_up_text text;  ///< Set from `committing` on.
};

namespace follow_fact {
/// A job has settled (or was found settled without a follow-up).
struct begun {
  call_status status{};
  job_outcome outcome{};
  std::string attempt_status;  ///< Provider's code of the last attempt, or its failure reason when there was none.
  bool has_conversation{};
};
/// A look for the conversation was answered.
struct conversation_seen {
  bool present{};
};
struct look_failed {};
/// The wheel woke us.
struct woken {};
struct analysed {
  analysis answer;
};
struct analysis_failed {
  errc code{};
  std::string reason;  ///< Short, for the remark.
};
struct committed {};
struct commit_failed {};
}  // namespace follow_fact

using follow_up_fact = std::variant<follow_fact::begun, follow_fact::conversation_seen, follow_fact::look_failed,
                                    follow_fact::woken, follow_fact::analysed, follow_fact::analysis_failed,
                                    follow_fact::committed, follow_fact::commit_failed>;

namespace follow_orders {
struct look_for_conversation {};
struct wake_in {
  milliseconds delay{};
};
struct analyse {};
/// Commit `position.text`.
struct persist {};
/// The row is closed: tell the job and leave.
struct finish {};
}  // namespace follow_orders

using follow_up_order = std::variant<follow_orders::look_for_conversation, follow_orders::wake_in,
                                     follow_orders::analyse, follow_orders::persist, follow_orders::finish>;

struct follow_up_decision {
  follow_up_position next;
  std::vector<follow_up_order> orders;
};

/// Decides; empty when the fact means nothing at this position.
std::optional<follow_up_decision> decide(const follow_up_position& at, const follow_up_fact& fact,
                                         const follow_up_policy& policy, steady_time now);

}  // namespace waihu
