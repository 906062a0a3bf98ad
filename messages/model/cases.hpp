// Calls to the parties of a mediation case: stages, parties, rounds, and the one rule that says whether a person may be
// called now. A case call is a call job like any other; what is here is what it has besides. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/call_status.hpp"
#include "messages/model/ids.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// Where a mediation stands, by the numbers of http-api.md section 6.
enum class mediation_stage : std::uint8_t {
  intent_survey = 10,
  fact_finding = 11,
  material_verify = 12,
  agreement = 13,
  follow_up = 14,
};
inline constexpr std::array all_mediation_stages{mediation_stage::intent_survey, mediation_stage::fact_finding,
                                                 mediation_stage::material_verify, mediation_stage::agreement,
                                                 mediation_stage::follow_up};

/// The stage of that number (10..14); nothing for any other.
std::optional<mediation_stage> mediation_stage_of(std::int64_t number) noexcept;
/// `callType`: "intent_survey".
std::string_view to_string(mediation_stage stage) noexcept;
std::optional<mediation_stage> parse_mediation_stage(std::string_view word) noexcept;
/// `taskName`: 履约回访 of node 5.
std::string_view chinese_name(mediation_stage stage) noexcept;
/// `nodeId`: 1..5.
constexpr int node_of(mediation_stage stage) noexcept { return static_cast<int>(stage) - 9; }

/// Which side somebody is on; the numbers are `personType`'s.
enum class party_side : std::uint8_t { applicant = 0, respondent = 1 };
/// `partyType`: "applicant" or "respondent".
std::string_view to_string(party_side side) noexcept;
std::optional<party_side> parse_party_side(std::string_view word) noexcept;

/// `mediation_parties`.
struct case_party {
  std::string person_id;
  std::string name;   ///< May be empty.
  std::string phone;  ///< As registered; may be empty where the number comes with each call.
  party_side side{};
  friend bool operator==(const case_party&, const case_party&) = default;
};

/// `mediation_cases`.
struct case_record {
  std::string organization_id;
  std::string case_id;          ///< The client's; unique in the organisation.
  std::int64_t mediation_id{};  ///< The client's.
  int mediation_type{};         ///< The client's; told back.
  mediation_stage stage{mediation_stage::intent_survey};
  std::vector<case_party> parties;  ///< In the order in which they were registered.
  wall_time create_time{}, updated_time{};
};

/// `mediation_records`: one round of calling one person.
struct case_call_record {
  case_call_id id{};
  std::string case_id;
  std::int64_t mediation_id{};
  int mediation_type{};
  mediation_stage stage{};
  std::string person_id;
  party_side side{};
  int round{};  ///< From 1, of the person at the stage.
  task_id task{};
  job_row_id row{};
  std::string script_id;
  std::string creator;
  wall_time create_time{};
  std::string remark;                    ///< At most 1,000 characters; empty when none.
  std::string modifier;                  ///< Empty until somebody changed it.
  std::optional<wall_time> modify_time;  ///< The same.
};

/// When a person may be called again (http-api.md section 6); numbers are config/options.hpp's.
struct case_round_rules {
  int most{3};                      ///< Rounds of a person and stage.
  milliseconds apart{minutes{30}};  ///< Between the beginnings of two.
};

/// An earlier call of a person at a stage, as far as the rule looks at it.
struct earlier_round {
  wall_time began{};
  call_status status{call_status::none};  ///< `none` while active.
  job_outcome outcome{};
  std::string attempt_status;  ///< Provider's code of the last attempt; empty when none.
};

enum class round_verdict : std::uint8_t {
  may_call,
  must_wait,      ///< errorCode 1001; `next` says until when.
  limit_reached,  ///< errorCode 1002.
  number_unfit,   ///< errorCode 1002 too: the number does not exist, is out of service or in arrears.
};

struct round_decision {
  round_verdict verdict{round_verdict::may_call};
  int round{};                    ///< Of the call that may be made.
  std::optional<wall_time> next;  ///< With `must_wait`.
};

/// Whether somebody who has no active call may be called. Calls that never reached the provider are no rounds.
round_decision decide_round(std::span<const earlier_round> earlier, const case_round_rules& rules, wall_time now);

}  // namespace waihu
