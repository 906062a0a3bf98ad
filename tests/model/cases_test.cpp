// Calls of cases: words and numbers of the contract, and the rule of rounds.
#include "messages/model/cases.hpp"

#include <gtest/gtest.h>

namespace waihu {
namespace {

constexpr wall_time noon{std::chrono::hours{12}};
constexpr case_round_rules rules{3, minutes{30}};

earlier_round round_at(wall_time began, call_status status = call_status::failed, const char* attempt = "NoAnswer") {
  return {began, status, job_outcome::not_reached, attempt};
}

TEST(MediationStages, AreTheContractsNumbersAndWords) {
  EXPECT_EQ(mediation_stage_of(14), mediation_stage::follow_up);
  EXPECT_EQ(mediation_stage_of(9), std::nullopt);
  EXPECT_EQ(mediation_stage_of(15), std::nullopt);
  EXPECT_EQ(node_of(mediation_stage::intent_survey), 1);
  EXPECT_EQ(node_of(mediation_stage::follow_up), 5);
  EXPECT_EQ(chinese_name(mediation_stage::follow_up), "履约回访");
  for (const auto stage : all_mediation_stages) EXPECT_EQ(parse_mediation_stage(to_string(stage)), stage);
  EXPECT_EQ(parse_mediation_stage("履约回访"), std::nullopt);
  EXPECT_EQ(parse_party_side("respondent"), party_side::respondent);
  EXPECT_EQ(parse_party_side("Respondent"), std::nullopt);
}

TEST(CaseRounds, TheFirstMayBeginAtOnceAndTheNextHalfAnHourLater) {
  const auto first = decide_round({}, rules, noon);
  EXPECT_EQ(first.verdict, round_verdict::may_call);
  EXPECT_EQ(first.round, 1);
  const std::vector one{round_at(noon)};
  const auto early = decide_round(one, rules, noon + minutes{30} - milliseconds{1});
  EXPECT_EQ(early.verdict, round_verdict::must_wait);
  EXPECT_EQ(early.next, noon + minutes{30});
  const auto then = decide_round(one, rules, noon + minutes{30});
  EXPECT_EQ(then.verdict, round_verdict::may_call);
  EXPECT_EQ(then.round, 2);
}

TEST(CaseRounds, TheNewestCountsWhateverTheOrder) {
  const std::vector two{round_at(noon + minutes{40}), round_at(noon)};
  const auto decision = decide_round(two, rules, noon + minutes{60});
  EXPECT_EQ(decision.verdict, round_verdict::must_wait);
  EXPECT_EQ(decision.next, noon + minutes{70});
}

TEST(CaseRounds, AfterThreeThereAreNoMoreHoweverLongOneWaits) {
  const std::vector three{round_at(noon), round_at(noon + minutes{30}), round_at(noon + minutes{60})};
  EXPECT_EQ(decide_round(three, rules, noon + std::chrono::hours{1000}).verdict, round_verdict::limit_reached);
}

TEST(CaseRounds, ACallThatNeverReachedTheProviderWasNone) {
  std::vector<earlier_round> earlier(5, {noon, call_status::failed, job_outcome::unplaced, ""});
  EXPECT_EQ(decide_round(earlier, rules, noon).verdict, round_verdict::may_call);
  EXPECT_EQ(decide_round(earlier, rules, noon).round, 1);
}

TEST(CaseRounds, ANumberThatCannotBeReachedIsNotWorthAnother) {
  for (const auto* code :
       {"NotExist", "EmptyNumber", "OutOfService", "InArrears", "OutOfServiceNoCall", "InArrearsNoCall"}) {
    const std::vector one{round_at(noon, call_status::failed, code)};
    EXPECT_EQ(decide_round(one, rules, noon + std::chrono::hours{1}).verdict, round_verdict::number_unfit) << code;
  }
  const std::vector busy{round_at(noon, call_status::failed, "Busy")};
  EXPECT_EQ(decide_round(busy, rules, noon + std::chrono::hours{1}).verdict, round_verdict::may_call);
}

}  // namespace
}  // namespace waihu
