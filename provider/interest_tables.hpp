// What people say on the telephone, by meaning, as patterns over plain clauses. Only tables; what follows from a match
// is decided in interest_rules.cpp.
#pragma once

#include <vector>

#include "provider/clause_pattern.hpp"

namespace waihu::provider {

using pattern_table = std::vector<weighed_pattern>;

const pattern_table& refusals();        ///< Against the offer or the call.
const pattern_table& wishes();          ///< For the offer; denied they are a refusal ("想" - "不想").
const pattern_table& requests();        ///< Orders, material, visits, contacts; denied by 不 or 别 a refusal.
const pattern_table& hesitations();     ///< Undecided, depends on somebody or something.
const pattern_table& postponements();   ///< "有需要再联系": after a refusal only a courtesy.
const pattern_table& doubts();          ///< "有点贵": less than before.
const pattern_table& inconveniences();  ///< Not now: a call at another time may go well.
const pattern_table& call_backs();      ///< "你晚上打给我".
const pattern_table& abuses();          ///< Insults and threats.
const pattern_table& wrong_persons();   ///< Somebody else, another number.
const pattern_table& machines();        ///< Assistants and mailboxes.
const pattern_table& distrusts();       ///< Questions about the caller, not about the offer.
const pattern_table& questions();       ///< What makes a clause a question.

}  // namespace waihu::provider
