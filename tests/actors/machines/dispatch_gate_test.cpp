// The gate: slots are derived from what tasks report, rates hold in every second, and each no has its reason.
#include <gtest/gtest.h>

#include <deque>

#include "actors/dispatch_gate_machine.hpp"
#include "tests/actors/machines/walk.hpp"

namespace waihu::testing {
namespace {

constexpr steady_time day_one{std::chrono::hours{24}};

dispatch_gate_policy small_policy() {
  dispatch_gate_policy policy;
  policy.organization_concurrency = 10;
  policy.account_concurrency = 15;
  policy.organization_calls_per_s = 1'000;
  policy.account_calls_per_s = 1'000;
  return policy;
}

TEST(DispatchGate, GrantsUpToTheFreeSlotsOfTheOrganisationAndSaysWhyNotMore) {
  dispatch_gate_machine gate(small_policy());
  const auto first = gate.ask({"A", task_id{1}, 0, 7}, day_one);
  EXPECT_EQ(first.granted, 7U);
  EXPECT_EQ(first.reason, gate_reason::none);
  EXPECT_EQ(first.retry_in, milliseconds{0});
  const auto second = gate.ask({"A", task_id{2}, 0, 7}, day_one);
  EXPECT_EQ(second.granted, 3U);
  EXPECT_EQ(second.reason, gate_reason::organization_concurrency_full);
  EXPECT_EQ(second.retry_in, milliseconds{500});
}

TEST(DispatchGate, BoundsTheAccountOverAllOrganisations) {
  dispatch_gate_machine gate(small_policy());
  EXPECT_EQ(gate.ask({"A", task_id{1}, 0, 10}, day_one).granted, 10U);
  const auto other = gate.ask({"B", task_id{2}, 0, 10}, day_one);
  EXPECT_EQ(other.granted, 5U);
  EXPECT_EQ(other.reason, gate_reason::account_concurrency_full);
}

TEST(DispatchGate, DerivesSlotsFromReportsSoThatALostAnswerCannotLeakThem) {
  dispatch_gate_machine gate(small_policy());
  auto now = day_one;
  for (int i = 0; i < 1'000; ++i) {
    // The task asks, the answer is lost, and it asks again with its own true count.
    now += seconds{1};
    EXPECT_EQ(gate.ask({"A", task_id{1}, 4, 20}, now).granted, 6U) << i;
  }
  gate.report("A", task_id{1}, 2);
  EXPECT_EQ(gate.at_provider("A"), 2U);
  EXPECT_EQ(gate.at_provider(), 2U);
  gate.forget(task_id{1});
  EXPECT_EQ(gate.at_provider("A"), 0U);
  EXPECT_EQ(gate.at_provider(), 0U);
}

TEST(DispatchGate, GrantsNothingOverTheLimitEvenWhenReportsExceedIt) {
  dispatch_gate_machine gate(small_policy());
  gate.report("A", task_id{1}, 400);
  const auto answer = gate.ask({"A", task_id{2}, 0, 5}, day_one);
  EXPECT_EQ(answer.granted, 0U);
  EXPECT_NE(answer.reason, gate_reason::none);
}

TEST(DispatchGate, KeepsTheCallsOfEverySecondWithinTheRates) {
  run_walks(300, [](std::uint64_t seed) {
    walk_random random(seed);
    dispatch_gate_policy policy;
    policy.organization_concurrency = policy.account_concurrency = 1'000'000;
    policy.organization_calls_per_s = static_cast<double>(random.between(1, 50));
    policy.account_calls_per_s = static_cast<double>(random.between(1, 100));
    dispatch_gate_machine gate(policy);
    struct grant {
      steady_time at;
      std::string organization;
      std::size_t n;
    };
    std::deque<grant> last_second;
    auto now = day_one;
    for (int i = 0; i < 500; ++i) {
      const std::string organization = random.one_in(2) ? "A" : "B";
      const auto answer = gate.ask({organization, task_id{organization == "A" ? 1 : 2}, 0, random.below(40)}, now);
      last_second.push_back({now, organization, answer.granted});
      while (now - last_second.front().at >= seconds{1}) last_second.pop_front();
      std::size_t all = 0;
      std::size_t own = 0;
      for (const auto& g : last_second) {
        all += g.n;
        if (g.organization == organization) own += g.n;
      }
      ASSERT_LE(static_cast<double>(own), policy.organization_calls_per_s);
      ASSERT_LE(static_cast<double>(all), policy.account_calls_per_s);
      now += milliseconds{random.one_in(3) ? random.between(0, 1'200) : random.between(0, 30)};
    }
  });
}

TEST(DispatchGate, ReachesItsRateWhenAskedAgainAtTheTimeItNames) {
  dispatch_gate_policy policy;
  policy.organization_calls_per_s = 20;
  dispatch_gate_machine gate(policy);
  auto now = day_one;
  std::size_t granted = 0;
  while (now < day_one + minutes{1}) {
    const auto answer = gate.ask({"A", task_id{1}, 0, 1'000}, now);
    granted += answer.granted;
    EXPECT_EQ(answer.reason, gate_reason::rate_limited);
    ASSERT_GT(answer.retry_in, milliseconds{0});
    now += answer.retry_in;
  }
  EXPECT_GE(granted, 20U * 58);
  EXPECT_LE(granted, 20U * 61);
}

TEST(DispatchGate, AllowsRatesBelowOneCallASecond) {
  dispatch_gate_policy policy;
  policy.account_calls_per_s = 0.25;
  dispatch_gate_machine gate(policy);
  EXPECT_EQ(gate.ask({"A", task_id{1}, 0, 5}, day_one).granted, 1U);
  EXPECT_EQ(gate.ask({"A", task_id{1}, 0, 5}, day_one + milliseconds{3'900}).granted, 0U);
  EXPECT_EQ(gate.ask({"A", task_id{1}, 0, 5}, day_one + seconds{4} + departure_spread).granted, 1U);
}

TEST(DispatchGate, DoesNotChargeTheOrganisationForWhatTheAccountRefused) {
  dispatch_gate_policy policy;
  policy.organization_calls_per_s = 10;
  policy.account_calls_per_s = 4;
  dispatch_gate_machine gate(policy);
  EXPECT_EQ(gate.ask({"A", task_id{1}, 0, 10}, day_one).granted, 4U);
  EXPECT_EQ(gate.ask({"A", task_id{1}, 4, 10}, day_one + departure_window).granted, 4U);
}

TEST(DispatchGate, NamesItsReasonsInTheClosedListsWords) {
  EXPECT_EQ(to_string(gate_reason::none), "");
  EXPECT_EQ(to_string(gate_reason::organization_concurrency_full), "concurrency_full");
  EXPECT_EQ(to_string(gate_reason::account_concurrency_full), "account_concurrency_full");
  EXPECT_EQ(to_string(gate_reason::rate_limited), "rate_limited");
}

}  // namespace
}  // namespace waihu::testing
