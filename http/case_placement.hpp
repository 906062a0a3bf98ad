// Having persons of a case called: from wishes to durable calls, the wait for the provider, and how each reads in the
// answer. What may be called is the store's to say (place_case_calls).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/case_view.hpp"

namespace waihu::http {

/// Somebody to be called.
struct wished_call {
  case_party party;
  std::string phone;  ///< Instead of the number on file; "" = that one.
};

/// `errorCode` of an entry.
enum class entry_code : std::uint16_t {
  ok = 0,
  must_wait = 1001,
  limit_reached = 1002,
  not_called = 1003,  ///< Everything else that kept this one person from being called.
};

/// One entry of the answer: what became of a wish.
struct case_call_entry {
  entry_code code{entry_code::ok};
  std::string message;
  std::string person_id, script_id;
  mediation_stage stage{};
  std::optional<case_record> of;  ///< Nothing when there is no such case.
  std::optional<party_side> side;
  std::optional<wall_time> next_round;
  std::optional<query::case_call_view> call;  ///< Placed now or active before.
  bool is_new{};                              ///< Placed by this request.
  std::string status;                         ///< `callStatus` of the call.
};

/// Makes calls to persons of a case durable and adds an entry for each, in order. A failure leaves `entries` alone.
async<result<bool>> place_calls(call& c, const case_record& of, mediation_stage stage, std::vector<wished_call> wished,
                                std::vector<case_call_entry>& entries);

/// Waits until the provider has the new calls, within `cases.place_budget`, and reads them again; calls that were
/// active before are looked at. Says in each entry how its call stands; whatever fails, that is what the store had.
async<bool> settle_entries(call& c, std::vector<case_call_entry>& entries);

/// An entry as a value.
void write_entry(json_writer& w, const call& c, const case_call_entry& entry);

/// The answer when nothing could be placed for this reason: 404 for a missing case, 409 code 4005 when the organisation
/// is switched off.
response placement_refused(const request& req, const failure& why);
/// The same in words, for an entry among others.
std::string placement_refused_text(const failure& why);

}  // namespace waihu::http
