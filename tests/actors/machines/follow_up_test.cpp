// The follow-up machine: every position against every fact, compared with the documents; 10,000 seeded walks; and the
// cases of what is written about a call.
#include <gtest/gtest.h>

#include "actors/follow_up_machine.hpp"
#include "tests/actors/machines/transition_table.hpp"
#include "tests/actors/machines/walk.hpp"

namespace waihu::testing {
namespace {

constexpr steady_time day_one{std::chrono::hours{24}};

const std::vector<std::string> fact_names{"begun",    "conversation_seen", "look_failed", "woken",
                                          "analysed", "analysis_failed",   "committed",   "commit_failed"};

std::string name_of(const follow_up_order& order) {
  static const std::vector<std::string> names{"look_for_conversation", "wake_in", "analyse", "persist", "finish"};
  return names.at(order.index());
}

std::string class_of(const follow_up_position& p) {
  static const std::vector<std::string> names{
      "begun", "awaiting_conversation", "analysing", "backing_off", "committing", "done"};
  auto name = names.at(static_cast<std::size_t>(p.step));
  if (p.step == follow_up_step::awaiting_conversation && p.look_in_flight) name += ", looking";
  if (p.step == follow_up_step::committing && p.commit_failed) name += ", to repeat";
  return name;
}

std::string class_of(const follow_up_position& p, const follow_up_fact& fact, const follow_up_policy& policy,
                     steady_time now) {
  auto name = fact_names.at(fact.index());
  if (const auto* begun = std::get_if<follow_fact::begun>(&fact)) {
    if (begun->status != call_status::succeeded && begun->status != call_status::failed) return name + " not due";
    if (begun->outcome == job_outcome::unplaced) return name + " unplaced";
    if (begun->has_conversation) return name + " with conversation";
    return name + " " + std::string{to_string(begun->status)};
  }
  const bool last = p.step == follow_up_step::analysing && p.tries + 1 == policy.analysis_tries;
  if (const auto* failed = std::get_if<follow_fact::analysis_failed>(&fact))
    return name + (failed->code == errc::overloaded ? " overloaded" : last ? ", the last" : "");
  const auto* seen = std::get_if<follow_fact::conversation_seen>(&fact);
  if (seen != nullptr && seen->present) return name;
  if (seen != nullptr) name += " empty";
  if (p.step == follow_up_step::awaiting_conversation && now >= p.give_up_at &&
      (seen != nullptr || name == "woken" || name == "look_failed"))
    return name + ", wait over";
  if (p.step == follow_up_step::analysing && name == "woken" && now - p.since >= policy.analysis_timeout)
    return name + ", overdue" + (last ? ", the last" : "");
  return name;
}

std::vector<follow_up_fact> all_facts() {
  using namespace follow_fact;
  using enum call_status;
  std::vector<follow_up_fact> facts{conversation_seen{true},
                                    conversation_seen{false},
                                    look_failed{},
                                    woken{},
                                    analysed{{"好", interest::interested, {}, true}},
                                    analysed{{"", {}, {}, false}},
                                    analysis_failed{errc::timed_out, "超时"},
                                    analysis_failed{errc::overloaded, "满"},
                                    committed{},
                                    commit_failed{}};
  for (const auto status : {none, scheduling, succeeded, failed, cancelled})
    for (const bool conversation : {false, true})
      facts.emplace_back(begun{status, outcome_of(status, "NoAnswer"), "NoAnswer", conversation});
  facts.emplace_back(begun{failed, job_outcome::unplaced, "", false});
  return facts;
}

struct follow_walk {
  explicit follow_walk(std::uint64_t seed) : random(seed) {}

  walk_random random;
  follow_up_policy policy;
  follow_up_position at;
  steady_time now = day_one;
  bool commit_in_flight{};
  int durable_commits{};
  int finishes{};
  std::optional<follow_up_text> decided;

  void take(const follow_up_fact& fact) {
    if (std::holds_alternative<follow_fact::committed>(fact)) {
      commit_in_flight = false;
      ++durable_commits;
    }
    if (std::holds_alternative<follow_fact::commit_failed>(fact)) commit_in_flight = false;
    const auto before = at;
    const auto decision = decide(at, fact, policy, now);
    if (!decision) return;
    ASSERT_NE(before.step, follow_up_step::done) << "done takes " << fact_names.at(fact.index());
    at = decision->next;
    for (const auto& order : decision->orders) {
      ASSERT_EQ(finishes, 0) << "an order after finish";
      if (std::holds_alternative<follow_orders::persist>(order)) {
        ASSERT_FALSE(commit_in_flight) << "two commits at once";
        ASSERT_EQ(durable_commits, 0) << "written twice";
        ASSERT_FALSE(at.text.remark.empty());
        if (decided) {
          ASSERT_EQ(decided->remark, at.text.remark) << "a repeat writes something else";
          ASSERT_EQ(decided->is_interested, at.text.is_interested);
        }
        decided = at.text;
        commit_in_flight = true;
      }
      if (std::holds_alternative<follow_orders::finish>(order)) {
        ASSERT_EQ(durable_commits, 1) << "finished before the follow-up was durable";
        ++finishes;
      }
    }
    ASSERT_LE(at.tries, policy.analysis_tries);
  }

  follow_up_fact next_fact() {
    static const auto facts = all_facts();
    if (commit_in_flight && random.one_in(2))
      return random.one_in(3) ? follow_up_fact{follow_fact::commit_failed{}} : follow_up_fact{follow_fact::committed{}};
    for (;;) {
      const auto& fact = facts[random.below(facts.size())];
      const bool of_commit = std::holds_alternative<follow_fact::committed>(fact) ||
                             std::holds_alternative<follow_fact::commit_failed>(fact);
      const auto* seen = std::get_if<follow_fact::conversation_seen>(&fact);
      const bool quick = std::holds_alternative<follow_fact::analysed>(fact) || (seen != nullptr && seen->present);
      if (!of_commit && (!quick || random.one_in(3))) return fact;
    }
  }

  void let_time_pass() {
    if (random.one_in(12)) now += policy.conversation_wait;
    else if (random.one_in(4)) now += policy.analysis_timeout;
    else now += milliseconds{random.between(0, 12'000)};
  }
};

TEST(FollowUpMachine, DoesAtEveryPositionOnEveryFactWhatTheDocumentsSay) {
  transition_table seen;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    follow_walk walk(seed);
    for (int step = 0; step < 40; ++step) {
      for (const auto& fact : all_facts()) {
        const auto decision = decide(walk.at, fact, walk.policy, walk.now);
        std::string result = transition_table::ignored;
        if (decision) {
          std::vector<std::string> orders;
          for (const auto& order : decision->orders) orders.push_back(name_of(order));
          result = class_of(decision->next) + "; " + joined(orders);
        }
        const auto at = class_of(walk.at);
        const auto name = class_of(walk.at, fact, walk.policy, walk.now);
        ASSERT_TRUE(seen.note(at, name, result))
            << "at " << at << " on " << name << ": " << result << " but also " << seen.rows().at({at, name});
      }
      walk.take(walk.next_fact());
      walk.let_time_pass();
      ASSERT_FALSE(HasFailure());
    }
  }
  EXPECT_EQ(differences(seen, documented_table("follow_up", seen.positions())), "") << "the machine's own table:\n"
                                                                                    << seen.markdown();

  const std::set<std::string> facts(fact_names.begin(), fact_names.end());
  std::map<std::string, std::set<std::string>> by_step;
  for (const auto& [pair, result] : seen.rows()) {
    auto& taken = by_step[pair.first.substr(0, pair.first.find(','))];
    if (result != transition_table::ignored) taken.insert(pair.second.substr(0, pair.second.find_first_of(" ,")));
  }
  EXPECT_EQ(by_step, header_table("actors/follow_up_machine.hpp", facts));
}

TEST(FollowUpMachine, WritesExactlyOnceOnTenThousandWalks) {
  int finished = 0;
  run_walks(10'000, [&](std::uint64_t seed) {
    follow_walk walk(seed);
    for (int step = 0; step < 120 && !::testing::Test::HasFatalFailure(); ++step) {
      walk.take(walk.next_fact());
      walk.let_time_pass();
    }
    finished += walk.finishes;
  });
  if (std::getenv("WAIHU_SEED") == nullptr) {
    EXPECT_GT(finished, 7'000) << "the walks hardly ever reach the end";
  }
}

/// Follows one call through the machine at given times.
struct follow_scene {
  follow_up_policy policy;
  follow_up_position at;
  steady_time now = day_one;

  std::string tell(const follow_up_fact& fact) {
    const auto decision = decide(at, fact, policy, now);
    if (!decision) return transition_table::ignored;
    at = decision->next;
    std::vector<std::string> orders;
    for (const auto& order : decision->orders) orders.push_back(name_of(order));
    return joined(orders);
  }
};

TEST(FollowUpMachine, WritesTheRemarkOfEachCaseWithoutALanguageModel) {
  struct row {
    call_status status;
    job_outcome outcome;
    std::string attempt;
    std::string remark;
  };
  const std::string not_answered = "客户未接电话，未打通；";
  const std::vector<row> rows{
      {call_status::failed, job_outcome::unplaced, "", "未执行外呼；"},
      {call_status::failed, job_outcome::not_reached, "Busy", not_answered},
      {call_status::failed, job_outcome::not_reached, "NoAnswer", not_answered},
      {call_status::failed, job_outcome::not_reached, "PoweredOff", not_answered},
      {call_status::failed, job_outcome::not_reached, "NotConnected", not_answered},
      {call_status::failed, job_outcome::not_dialled, "EmptyNumber", not_answered},
      {call_status::failed, job_outcome::failed, "Failed", "呼叫失败；"},
      {call_status::failed, job_outcome::not_dialled, "ContactBlockList", "呼叫失败；"},
      {call_status::failed, job_outcome::failed, "SomethingNew", "呼叫失败；"},
      {call_status::failed, job_outcome::failed, "", "呼叫失败；"},
  };
  for (const auto& r : rows) {
    follow_scene scene;
    EXPECT_EQ(scene.tell(follow_fact::begun{r.status, r.outcome, r.attempt, false}), "persist") << r.attempt;
    EXPECT_EQ(scene.at.text.remark, r.remark) << r.attempt;
    EXPECT_EQ(scene.at.text.is_interested, interest::undecided);
    EXPECT_FALSE(scene.at.text.next_follow_time);
  }
}

TEST(FollowUpMachine, WaitsThirtyMinutesForAConversationAndNotLonger) {
  follow_scene scene;
  EXPECT_EQ(scene.tell(follow_fact::begun{call_status::succeeded, job_outcome::connected, "SucceededFinish", false}),
            "wake_in");
  int looks = 0;
  while (scene.at.step == follow_up_step::awaiting_conversation) {
    scene.now += seconds{10};
    const auto orders = scene.tell(follow_fact::woken{});
    if (orders == "persist") break;
    ASSERT_EQ(orders, "look_for_conversation, wake_in");
    ++looks;
    ASSERT_EQ(scene.tell(follow_fact::conversation_seen{false}), "wake_in");
    ASSERT_LE(scene.now - day_one, minutes{30});
  }
  EXPECT_EQ(scene.now - day_one, minutes{30});
  EXPECT_EQ(looks, 179);
  EXPECT_EQ(scene.at.text.remark, "通话内容未获取，需要人工跟进");
}

TEST(FollowUpMachine, GivesUpTheWaitEvenWhenEveryLookFailsOrIsNeverAnswered) {
  follow_scene scene;
  scene.tell(follow_fact::begun{call_status::succeeded, job_outcome::connected, "", false});
  for (int look = 0; scene.at.step != follow_up_step::committing; ++look) {
    ASSERT_LT(look, 200);
    scene.now += seconds{10};
    scene.tell(follow_fact::woken{});
    if (look % 2 == 0) scene.tell(follow_fact::look_failed{});
  }
  EXPECT_EQ(scene.now - day_one, minutes{30});
}

TEST(FollowUpMachine, TriesTheAnalysisThreeTimesSixtySecondsApart) {
  follow_scene scene;
  EXPECT_EQ(scene.tell(follow_fact::begun{call_status::failed, job_outcome::failed, "", true}), "analyse, wake_in");
  for (const int attempt : {1, 2}) {
    const auto decision =
        decide(scene.at, follow_fact::analysis_failed{errc::unavailable, "连接被拒绝"}, scene.policy, scene.now);
    ASSERT_TRUE(decision);
    ASSERT_EQ(decision->orders.size(), 1U);
    EXPECT_EQ(std::get<follow_orders::wake_in>(decision->orders[0]).delay, seconds{60}) << attempt;
    scene.at = decision->next;
    scene.now += seconds{60};
    EXPECT_EQ(scene.tell(follow_fact::woken{}), "analyse, wake_in");
  }
  EXPECT_EQ(scene.tell(follow_fact::analysis_failed{errc::unavailable, "连接被拒绝"}), "persist");
  EXPECT_EQ(scene.at.text.remark, "AI分析失败: 连接被拒绝，需要人工跟进");
  EXPECT_EQ(scene.at.text.is_interested, interest::undecided);
}

TEST(FollowUpMachine, DoesNotCountAFullQueueOfOurOwnAsATry) {
  follow_scene scene;
  scene.tell(follow_fact::begun{call_status::succeeded, job_outcome::connected, "", true});
  for (int round = 0; round < 50; ++round) {
    ASSERT_EQ(scene.tell(follow_fact::analysis_failed{errc::overloaded, "满"}), "wake_in");
    scene.now += seconds{60};
    ASSERT_EQ(scene.tell(follow_fact::woken{}), "analyse, wake_in");
  }
  EXPECT_EQ(scene.at.tries, 0);
}

TEST(FollowUpMachine, CountsAnAnalysisThatNobodyAnsweredAsFailed) {
  follow_scene scene;
  scene.tell(follow_fact::begun{call_status::succeeded, job_outcome::connected, "", true});
  scene.now += seconds{119};
  EXPECT_EQ(scene.tell(follow_fact::woken{}), "wake_in");
  EXPECT_EQ(scene.at.step, follow_up_step::analysing);
  scene.now += seconds{1};
  EXPECT_EQ(scene.tell(follow_fact::woken{}), "wake_in");
  EXPECT_EQ(scene.at.step, follow_up_step::backing_off);
  EXPECT_EQ(scene.at.tries, 1);
}

TEST(FollowUpMachine, KeepsWhatTheModelSaidAndSaysSoWhenItIsNotJson) {
  const auto later = from_epoch_ms(1'790'000'000'000);
  follow_scene scene;
  scene.tell(follow_fact::begun{call_status::succeeded, job_outcome::connected, "", true});
  EXPECT_EQ(scene.tell(follow_fact::analysed{{"想了解套餐", interest::interested, later, true}}), "persist");
  EXPECT_EQ(scene.at.text.remark, "想了解套餐");
  EXPECT_EQ(scene.at.text.is_interested, interest::interested);
  EXPECT_EQ(scene.at.text.next_follow_time, later);

  follow_scene other;
  other.tell(follow_fact::begun{call_status::succeeded, job_outcome::connected, "", true});
  EXPECT_EQ(other.tell(follow_fact::analysed{{"x", interest::interested, later, false}}), "persist");
  EXPECT_EQ(other.at.text.remark, "AI分析结果解析失败，需要人工跟进");
  EXPECT_EQ(other.at.text.is_interested, interest::undecided);
  EXPECT_FALSE(other.at.text.next_follow_time);
}

TEST(FollowUpMachine, CutsALongReasonAtACharacterBorder) {
  follow_scene scene;
  scene.policy.analysis_tries = 1;
  scene.tell(follow_fact::begun{call_status::succeeded, job_outcome::connected, "", true});
  std::string reason = "x";
  for (int i = 0; i < 100; ++i) reason += "错";
  scene.tell(follow_fact::analysis_failed{errc::rejected, reason});
  // 1 + 39 whole characters of 3 bytes fit into 120 bytes.
  std::string kept = "x";
  for (int i = 0; i < 39; ++i) kept += "错";
  EXPECT_EQ(scene.at.text.remark, "AI分析失败: " + kept + "，需要人工跟进");
}

TEST(FollowUpOfACase, EndsWithItsConversationAndWritesNothing) {
  follow_up_policy policy;
  policy.analyses = false;
  auto begun =
      decide({}, follow_fact::begun{call_status::succeeded, job_outcome::connected, "", true}, policy, day_one);
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->next.step, follow_up_step::committing);
  EXPECT_TRUE(begun->next.text.remark.empty());
  auto waits =
      decide({}, follow_fact::begun{call_status::succeeded, job_outcome::connected, "", false}, policy, day_one);
  ASSERT_TRUE(waits);
  EXPECT_EQ(waits->next.step, follow_up_step::awaiting_conversation);
  const auto seen = decide(waits->next, follow_fact::conversation_seen{true}, policy, day_one + seconds{10});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->next.step, follow_up_step::committing);
  for (const auto& order : seen->orders) EXPECT_FALSE(std::holds_alternative<follow_orders::analyse>(order));
}

}  // namespace
}  // namespace waihu::testing
