#include "messages/model/cases.hpp"

#include <algorithm>

namespace waihu {

namespace {

struct stage_words {
  mediation_stage stage;
  std::string_view word, chinese;
};
constexpr std::array<stage_words, 5> stages{{
    {mediation_stage::intent_survey, "intent_survey", "意愿调查"},
    {mediation_stage::fact_finding, "fact_finding", "事实调查"},
    {mediation_stage::material_verify, "material_verify", "材料核实"},
    {mediation_stage::agreement, "agreement", "协议确认"},
    {mediation_stage::follow_up, "follow_up", "履约回访"},
}};

const stage_words& words_of(mediation_stage stage) noexcept { return stages[static_cast<std::size_t>(stage) - 10]; }

/// state-machines.md section 9: not worth another round.
bool is_unfit(std::string_view attempt_status) noexcept {
  constexpr std::array<std::string_view, 6> unfit{"NotExist",  "EmptyNumber",        "OutOfService",
                                                  "InArrears", "OutOfServiceNoCall", "InArrearsNoCall"};
  return std::find(unfit.begin(), unfit.end(), attempt_status) != unfit.end();
}

}  // namespace

std::optional<mediation_stage> mediation_stage_of(std::int64_t number) noexcept {
  if (number < 10 || number > 14) return std::nullopt;
  return static_cast<mediation_stage>(number);
}

std::string_view to_string(mediation_stage stage) noexcept { return words_of(stage).word; }
std::string_view chinese_name(mediation_stage stage) noexcept { return words_of(stage).chinese; }

std::optional<mediation_stage> parse_mediation_stage(std::string_view word) noexcept {
  for (const auto& each : stages)
    if (each.word == word) return each.stage;
  return std::nullopt;
}

std::string_view to_string(party_side side) noexcept {
  return side == party_side::applicant ? "applicant" : "respondent";
}

std::optional<party_side> parse_party_side(std::string_view word) noexcept {
  for (const auto side : {party_side::applicant, party_side::respondent})
    if (word == to_string(side)) return side;
  return std::nullopt;
}

round_decision decide_round(std::span<const earlier_round> earlier, const case_round_rules& rules, wall_time now) {
  int rounds = 0;
  const earlier_round* last = nullptr;
  for (const auto& each : earlier) {
    if (each.outcome == job_outcome::unplaced) continue;
    ++rounds;
    if (last == nullptr || each.began > last->began) last = &each;
  }
  if (last == nullptr) return {round_verdict::may_call, 1, {}};
  if (rounds >= rules.most) return {round_verdict::limit_reached, 0, {}};
  if (is_unfit(last->attempt_status)) return {round_verdict::number_unfit, 0, {}};
  const auto next = last->began + rules.apart;
  if (now < next) return {round_verdict::must_wait, 0, next};
  return {round_verdict::may_call, rounds + 1, {}};
}

}  // namespace waihu
