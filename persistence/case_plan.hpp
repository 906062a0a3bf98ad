// Which of the wishes to call somebody of a case become calls, and which calls share a task. Both stores use it over
// what they hold, so that an answer does not depend on the store. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "messages/model/cases.hpp"
#include "messages/model/queries.hpp"

namespace waihu {

/// Calls of cases that one query may name.
inline constexpr std::size_t most_calls_a_call = 500;

/// The case as it is stored, every text storable. invalid_argument when it, its organisation or one of its parties has
/// no id, or two parties have the same.
result<case_record> storable_case(const case_record& what);

/// The wishes as they are carried out, every text storable. invalid_argument when there are too many, or one names
/// neither person nor script.
result<query::place_case_calls> storable_wishes(const query::place_case_calls& q);

/// What an organisation hears that is switched off.
tl::unexpected<failure> refused_as_stopped();

/// A call's status as it is stored: nothing but terminal ones is.
constexpr call_status stored_status(call_status status) noexcept {
  return is_terminal(status) ? status : call_status::none;
}

/// What a store holds of one who shall be called.
struct callee {
  std::optional<case_party> party;     ///< None: no party of the case.
  std::optional<case_call_id> active;  ///< The call of the case that has not ended.
  std::vector<earlier_round> earlier;  ///< Those that have, at the stage that is asked for.
};

/// A call to be made.
struct planned_call {
  case_party party;
  std::string script_id;
  std::string phone;  ///< Normalised.
  int round{};
};

/// What becomes of one wish.
struct planned_wish {
  query::case_placement what{};
  std::optional<wall_time> next_round;
  std::optional<case_call_id> active;  ///< The call that there is.
  std::optional<std::size_t> call;     ///< The one to be made, of `case_plan::calls`; an earlier wish may have made it.
};

struct case_plan {
  std::vector<planned_wish> wishes;  ///< One a wish, in order.
  std::vector<planned_call> calls;
};

/// Decides over wishes that `storable_wishes` let pass. `callees` by person_id.
case_plan plan_case_calls(const query::place_case_calls& q, const std::map<std::string, callee>& callees);

/// The calls that go to one task each, by their place in `calls`: of one script and at most `calls_a_task`; by script.
std::vector<std::vector<std::size_t>> share_tasks(const std::vector<planned_call>& calls, int calls_a_task);

/// Every call that the answer shows, each once.
std::set<case_call_id> calls_of(const case_plan& plan, const std::vector<case_call_id>& made);

/// The answer to the wishes when every call is stored. `made`: the calls of the plan, in order.
std::vector<query::placed_case_call> answer_wishes(const query::place_case_calls& q, const case_plan& plan,
                                                   const std::vector<case_call_id>& made,
                                                   const std::map<case_call_id, query::case_call_view>& views);

}  // namespace waihu
