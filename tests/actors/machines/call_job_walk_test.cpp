// The call job machine at every position it can reach against every fact, compared with docs/state-machines.md and with
// its own header; and 10,000 seeded walks that watch the promises of a call's life.
#include <gtest/gtest.h>

#include "actors/call_job_machine.hpp"
#include "tests/actors/machines/transition_table.hpp"
#include "tests/actors/machines/walk.hpp"

namespace waihu::testing {
namespace {

constexpr steady_time day_one{std::chrono::hours{24}};

call_job_policy walk_policy() {
  call_job_policy policy;
  policy.max_failures = 3;  // so that walks reach it often; ten is tested in call_job_scenario_test.cpp
  return policy;
}

std::string name_of(const call_job_order& order) {
  static const std::vector<std::string> names{
      "look_now",      "wake_in",           "sleep",         "persist_outcome", "persist_park",      "persist_unpark",
      "persist_close", "raise_unreachable", "warn_deadline", "start_follow_up", "count_late_report", "retire"};
  auto name = names.at(order.index());
  if (const auto* park = std::get_if<job_orders::persist_park>(&order))
    name += "(" + std::string{to_string(park->reason)} + ")";
  return name;
}

const std::vector<std::string> fact_names{
    "intended",  "returned", "acknowledged", "unplaced",    "status_seen", "look_failed",   "look_skipped",  "woken",
    "suspended", "resumed",  "swept",        "look_wanted", "committed",   "commit_failed", "follow_up_done"};

/// The position's class: everything that decides what a fact does.
std::string class_of(const call_job_position& p) {
  std::string name{to_string(p.phase)};
  switch (p.committing) {
    case job_commit::none: break;
    case job_commit::outcome: name += ", committing outcome"; break;
    case job_commit::park: name += ", committing park(" + std::string{to_string(p.parked)} + ")"; break;
    case job_commit::unpark: name += ", committing unpark"; break;
    case job_commit::close: name += ", committing close"; break;
  }
  if ((p.committing == job_commit::park || p.committing == job_commit::unpark) && is_terminal(p.status))
    name += ", ended";
  if (p.commit_failed) name += ", to repeat";
  if (p.look_in_flight) name += ", looking";
  return name;
}

/// The fact's class, with what of position and time decides.
std::string class_of(const call_job_position& p, const call_job_fact& fact, const call_job_policy& policy,
                     steady_time now) {
  auto name = fact_names.at(fact.index());
  if (const auto* seen = std::get_if<job_fact::status_seen>(&fact)) {
    return name + (is_terminal(seen->status) ? " ended" : " active");
  }
  if (const auto* acknowledged = std::get_if<job_fact::acknowledged>(&fact); acknowledged != nullptr)
    return name + (acknowledged->seen ? " with look" : "");
  const bool last = p.phase == job_phase::tracking && p.look_in_flight && p.failures + 1 == policy.max_failures;
  if (std::holds_alternative<job_fact::look_failed>(fact) && last) return name + ", the last";
  if (std::holds_alternative<job_fact::woken>(fact) && p.committing == job_commit::none) {
    if (p.look_in_flight && now - p.last_look >= policy.look_timeout)
      return name + ", look overdue" + (last ? ", the last" : "");
    if (!p.look_in_flight && p.deadline_at && now >= *p.deadline_at) return name + ", deadline passed";
  }
  if (std::holds_alternative<job_fact::suspended>(fact) && p.suspended) return name + " again";
  if (std::holds_alternative<job_fact::resumed>(fact) && !p.suspended) return name + " again";
  if (std::holds_alternative<job_fact::committed>(fact) && p.committing == job_commit::outcome)
    return name + (p.status == call_status::cancelled ? " cancelled" : " ended");
  return name;
}

std::vector<call_job_fact> all_facts() {
  using enum call_status;
  std::vector<call_job_fact> facts{
      job_fact::intended{},         job_fact::returned{},      job_fact::acknowledged{false},
      job_fact::acknowledged{true}, job_fact::unplaced{},      job_fact::look_failed{},
      job_fact::look_skipped{},     job_fact::woken{},         job_fact::suspended{},
      job_fact::resumed{},          job_fact::swept{},         job_fact::look_wanted{},
      job_fact::committed{},        job_fact::commit_failed{}, job_fact::follow_up_done{}};
  for (const auto status : {none, scheduling, executing, paused, drafted, succeeded, failed, cancelled, other})
    facts.emplace_back(job_fact::status_seen{status, 1, "NoAnswer"});
  return facts;
}

/// What a shell would know: which commit is on its way and what is durable.
struct job_walk {
  explicit job_walk(std::uint64_t seed) : random(seed) {}

  walk_random random;
  call_job_policy policy = walk_policy();
  call_job_position at;
  steady_time now = day_one;
  bool commit_in_flight{};
  job_commit durable{job_commit::none};
  bool outcome_durable{};
  bool retired{};
  int follow_ups{};

  [[nodiscard]] bool outcome_decided() const { return is_terminal(at.status); }

  void check_order(const call_job_order& order, bool last) {
    ASSERT_FALSE(retired) << "nothing may follow retire";
    const auto name = name_of(order);
    if (name.starts_with("persist_")) {
      ASSERT_FALSE(commit_in_flight) << name << " while another commit is under way";
      commit_in_flight = true;
    }
    if (name == "start_follow_up") {
      ASSERT_TRUE(outcome_durable) << "a follow-up before the outcome is durable";
      ++follow_ups;
    }
    if (name == "retire") {
      ASSERT_TRUE(last);
      ASSERT_TRUE(outcome_durable) << "gone before the outcome was durable";
      retired = true;
    }
  }

  void take(const call_job_fact& fact) {
    if (std::holds_alternative<job_fact::committed>(fact) && commit_in_flight) {
      commit_in_flight = false;
      if (at.committing == job_commit::outcome) outcome_durable = true;
    }
    if (std::holds_alternative<job_fact::commit_failed>(fact)) commit_in_flight = false;
    const auto before = at;
    const auto decision = decide(at, fact, policy, now);
    if (!decision) return;
    ASSERT_NE(before.phase, job_phase::closed) << "closed takes " << fact_names.at(fact.index());
    at = decision->next;
    for (std::size_t i = 0; i < decision->orders.size(); ++i) {
      check_order(decision->orders[i], i + 1 == decision->orders.size());
      if (::testing::Test::HasFatalFailure()) return;
    }
    check_position(before, fact);
  }

  void check_position(const call_job_position& before, const call_job_fact& fact) const {
    const auto what = class_of(before) + " on " + fact_names.at(fact.index());
    if (is_terminal(before.status)) {
      ASSERT_EQ(at.status, before.status) << what << ": a terminal status changed";
      ASSERT_EQ(at.outcome, before.outcome) << what << ": an outcome changed";
    }
    if (before.phase == job_phase::settled) {
      ASSERT_TRUE(at.phase == job_phase::settled || at.phase == job_phase::closed) << what;
    }
    if (at.phase == job_phase::settled) {
      ASSERT_TRUE(outcome_durable) << what << ": settled without a durable outcome";
    }
    ASSERT_EQ(is_terminal(at.status), at.outcome != job_outcome::none) << what;
    if (at.deadline_at) {
      ASSERT_EQ(at.status, call_status::executing) << what << ": a deadline outside Executing";
      ASSERT_FALSE(at.suspended) << what << ": a deadline while suspended";
    }
    ASSERT_LE(at.failures, policy.max_failures) << what;
    ASSERT_EQ(at.committing != job_commit::none && !at.commit_failed, commit_in_flight) << what;
    if (at.phase == job_phase::parked) {
      ASSERT_NE(at.parked, parked_reason::none) << what;
    }
  }

  /// A fact that a shell could bring now. Answers of looks may come late, twice or unasked.
  call_job_fact next_fact() {
    static const auto facts = all_facts();
    if (commit_in_flight && random.one_in(3))
      return random.one_in(4) ? call_job_fact{job_fact::commit_failed{}} : call_job_fact{job_fact::committed{}};
    for (;;) {
      auto fact = facts[random.below(facts.size())];
      const bool of_commit =
          std::holds_alternative<job_fact::committed>(fact) || std::holds_alternative<job_fact::commit_failed>(fact);
      if (of_commit) continue;
      if (std::holds_alternative<job_fact::follow_up_done>(fact) && follow_ups == 0) continue;
      if (auto* seen = std::get_if<job_fact::status_seen>(&fact)) {
        // Most looks show a call that goes on, else no walk would live long.
        if (is_terminal(seen->status) && !random.one_in(4)) continue;
        seen->attempt_count = static_cast<int>(random.below(3));
      }
      return fact;
    }
  }

  void let_time_pass() {
    if (random.one_in(8)) now += policy.deadline + std::chrono::seconds{1};
    else if (random.one_in(4)) now += policy.look_timeout;
    else now += milliseconds{random.between(0, 11'000)};
  }
};

/// Every position that any order of facts can lead to, with time standing still, a look's patience running out, or the
/// deadline passing before each fact.
transition_table seen_table() {
  const auto policy = walk_policy();
  struct place {
    call_job_position at;
    steady_time now;
  };
  const auto key_of = [](const call_job_position& p) {
    return class_of(p) + "|" + std::string{to_string(p.status)} + std::to_string(p.failures) +
           (p.suspended ? "s" : "") + (p.deadline_at ? "d" : "");
  };
  transition_table table;
  std::vector<place> to_visit{{{}, day_one}};
  std::set<std::string> known{key_of({})};
  while (!to_visit.empty()) {
    const auto [at, since] = to_visit.back();
    to_visit.pop_back();
    for (const auto wait : {milliseconds{1}, policy.look_timeout, policy.deadline + seconds{1}}) {
      const auto now = since + wait;
      for (const auto& fact : all_facts()) {
        const auto decision = decide(at, fact, policy, now);
        std::string result = transition_table::ignored;
        if (decision) {
          std::vector<std::string> orders;
          for (const auto& order : decision->orders) orders.push_back(name_of(order));
          result = class_of(decision->next) + "; " + joined(orders);
          if (known.insert(key_of(decision->next)).second) to_visit.push_back({decision->next, now});
        }
        const auto name = class_of(at, fact, policy, now);
        EXPECT_TRUE(table.note(class_of(at), name, result)) << "at " << class_of(at) << " on " << name << ": " << result
                                                            << " but also " << table.rows().at({class_of(at), name});
      }
    }
  }
  return table;
}

TEST(CallJobMachine, DoesAtEveryPositionOnEveryFactWhatTheDocumentsSay) {
  const auto seen = seen_table();
  EXPECT_EQ(differences(seen, documented_table("call_job", seen.positions())), "") << "the machine's own table:\n"
                                                                                   << seen.markdown();

  const std::set<std::string> facts(fact_names.begin(), fact_names.end());
  std::map<std::string, std::set<std::string>> by_phase;
  for (const auto& [pair, result] : seen.rows()) {
    const auto phase = pair.first.substr(0, pair.first.find(','));
    auto& taken = by_phase[phase];
    if (result != transition_table::ignored) taken.insert(pair.second.substr(0, pair.second.find_first_of(" ,")));
  }
  EXPECT_EQ(by_phase, header_table("actors/call_job_machine.hpp", facts));
}

TEST(CallJobMachine, KeepsItsPromisesOnTenThousandWalks) {
  int closed = 0;
  run_walks(10'000, [&](std::uint64_t seed) {
    job_walk walk(seed);
    for (int step = 0; step < 120 && !::testing::Test::HasFatalFailure(); ++step) {
      walk.take(walk.next_fact());
      walk.let_time_pass();
    }
    if (walk.retired) ++closed;
  });
  if (std::getenv("WAIHU_SEED") == nullptr) {
    EXPECT_GT(closed, 2'000) << "the walks hardly ever reach the end";
  }
}

TEST(CallJobMachine, GoesOnAfterARestartFromEveryStoredPosition) {
  using enum job_phase;
  const auto policy = walk_policy();
  for (const auto phase : {queued, dispatching, tracking, settled, closed, parked}) {
    for (const auto status : {call_status::none, call_status::succeeded, call_status::failed, call_status::cancelled}) {
      if (is_terminal(status) != (phase == settled || phase == closed)) continue;
      const auto parked_for = phase == parked ? parked_reason::timeout : parked_reason::none;
      const auto at = restored_position(phase, parked_for, status, outcome_of(status, ""), 2, day_one);
      EXPECT_EQ(at.phase, phase);
      EXPECT_EQ(at.failures, 2);
      std::vector<std::string> orders;
      for (const auto& order : opening_orders(at, policy)) orders.push_back(name_of(order));
      std::string expected;
      if (phase == tracking) expected = "look_now, wake_in";
      if (phase == settled) expected = status == call_status::cancelled ? "persist_close" : "start_follow_up";
      EXPECT_EQ(joined(orders), expected) << to_string(phase) << " " << to_string(status);
      if (phase != settled) continue;
      const auto end = status == call_status::cancelled ? call_job_fact{job_fact::committed{}}
                                                        : call_job_fact{job_fact::follow_up_done{}};
      const auto decision = decide(at, end, policy, day_one);
      ASSERT_TRUE(decision);
      EXPECT_EQ(decision->next.phase, closed);
    }
  }
}

}  // namespace
}  // namespace waihu::testing
