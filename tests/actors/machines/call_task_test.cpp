// The call task machine: every position against every fact, compared with the documents; 10,000 seeded walks over a
// store that may refuse and an actor that may crash; and the stories of a start.
#include <gtest/gtest.h>

#include <algorithm>

#include "actors/call_task_machine.hpp"
#include "tests/actors/machines/transition_table.hpp"
#include "tests/actors/machines/walk.hpp"

namespace waihu::testing {
namespace {

const std::vector<std::string> fact_names{
    "start_asked",     "request_committed", "group_searched",   "group_created", "group_failed",
    "move_committed",  "commit_failed",     "suspend_asked",    "resume_asked",  "switch_in_doubt",
    "provider_did_it", "provider_refused",  "nothing_assigned", "progressed"};

std::string number(task_type type) { return std::to_string(static_cast<int>(type)); }

std::string name_of(const call_task_order& order) {
  static const std::vector<std::string> names{"persist_group_request",
                                              "find_group",
                                              "create_group",
                                              "persist_move",
                                              "persist_error",
                                              "persist_switch_request",
                                              "suspend_at_provider",
                                              "suspend_again",
                                              "resume_at_provider",
                                              "open_dispatch",
                                              "hold_dispatch",
                                              "abandon_group",
                                              "answer_ok",
                                              "answer_error",
                                              "tell_suspended",
                                              "tell_resumed",
                                              "retire",
                                              "reload"};
  auto name = names.at(order.index());
  if (const auto* move = std::get_if<task_orders::persist_move>(&order))
    name += "(" + number(move->from) + "→" + number(move->to) + ")";
  if (const auto* error = std::get_if<task_orders::answer_error>(&order)) name += "(" + error->code + ")";
  return name;
}

/// What the counts allow, as far as the machine asks.
std::string class_of(const task_progress& p) {
  if (p.total == 0) return "empty";
  if (p.terminal < p.total) return "open";
  return p.follow_due > 0 ? "complete" : "followed";
}

std::string class_of(const call_task_position& p) {
  auto name = number(p.type);
  switch (p.step) {
    case task_step::idle: break;
    case task_step::requesting: name += " requesting"; break;
    case task_step::finding_group: name += " finding group"; break;
    case task_step::creating_group: name += " creating group"; break;
    case task_step::moving: name += " moving to " + number(p.moving_to); break;
    case task_step::noting_switch: name += " noting a move to " + number(p.moving_to); break;
    case task_step::suspending: name += p.in_doubt ? " suspending in doubt" : " suspending"; break;
    case task_step::resuming: name += " resuming"; break;
  }
  return name;
}

std::string class_of(const call_task_position& p, const call_task_fact& fact) {
  auto name = fact_names.at(fact.index());
  const bool creating = p.step == task_step::creating_group || p.step == task_step::finding_group;
  if (const auto* start = std::get_if<task_fact::start_asked>(&fact)) {
    if (p.type != task_type::created || p.step != task_step::idle) return name;
    if (!start->has_script) return name + " without script";
    return name + (p.progress.total == 0 ? " without leads" : "");
  }
  if (std::holds_alternative<task_fact::request_committed>(fact) && p.step == task_step::requesting)
    return name + (p.group_requested ? " again" : "");
  if (const auto* found = std::get_if<task_fact::group_searched>(&fact))
    return name + (found->job_group_id.empty() ? " in vain" : "");
  if (const auto* failed = std::get_if<task_fact::group_failed>(&fact); failed != nullptr && creating)
    return name + (may_have_happened(failed->why.code) ? " maybe" : " surely");
  if (const auto* failed = std::get_if<task_fact::commit_failed>(&fact);
      failed != nullptr && p.step == task_step::requesting)
    return name + (failed->why.code == errc::illegal_transition ? " as illegal" : "");
  if (const auto* progressed = std::get_if<task_fact::progressed>(&fact))
    return name + (p.step == task_step::idle ? " " + class_of(progressed->progress) : "");
  if (std::holds_alternative<task_fact::move_committed>(fact) && p.step == task_step::moving &&
      p.moving_to != task_type::created && p.moving_to != task_type::suspended)
    return name + " " + class_of(p.progress);
  if (const auto* refused = std::get_if<task_fact::provider_refused>(&fact);
      refused != nullptr && (p.step == task_step::suspending || p.step == task_step::resuming)) {
    if (p.in_doubt) return name;
    if (may_have_happened(refused->why.code)) return name + " maybe";
    return name + " surely" + (p.step == task_step::suspending ? ", " + class_of(p.progress) : "");
  }
  return name;
}

const std::vector<task_progress> progresses{{0, 0, 0}, {10, 4, 2}, {10, 10, 3}, {10, 10, 0}};

std::vector<call_task_fact> all_facts() {
  using namespace task_fact;
  const failure lost{errc::timed_out, "no answer", {}, 0};
  const failure refused{errc::rejected, "refused", {}, 0};
  std::vector<call_task_fact> facts{start_asked{true},
                                    start_asked{false},
                                    request_committed{},
                                    group_searched{""},
                                    group_searched{"g"},
                                    group_created{"g"},
                                    group_failed{lost},
                                    group_failed{refused},
                                    move_committed{},
                                    commit_failed{{errc::illegal_transition, "not there", {}, 0}},
                                    commit_failed{{errc::unavailable, "down", {}, 0}},
                                    suspend_asked{},
                                    resume_asked{},
                                    switch_in_doubt{},
                                    provider_did_it{},
                                    provider_refused{lost},
                                    provider_refused{refused},
                                    nothing_assigned{refused}};
  for (const auto& p : progresses) facts.emplace_back(progressed{p});
  return facts;
}

/// What the store holds of a task.
struct stored_task {
  task_type type{task_type::created};
  bool group_requested{};  ///< The write-ahead of a start, suspend or resume.
  std::string job_group_id;
};

struct task_walk {
  explicit task_walk(std::uint64_t seed) : random(seed) {
    stored.type = static_cast<task_type>(random.between(1, 5));
    if (stored.type != task_type::created) stored.job_group_id = "g";
    provider_suspended = stored.type == task_type::suspended;
    reload();
  }

  walk_random random;
  stored_task stored;
  call_task_position at;
  std::optional<call_task_order> commit_in_flight;
  bool provider_asked{};  ///< Suspend, resume, find or create is under way.
  bool dispatching{};
  std::optional<bool> switch_under_way;  ///< SuspendJobs (true) or ResumeJobs was sent and not answered.
  bool provider_suspended{};             ///< What the provider really does with the group.
  bool switch_doubt_due{};               ///< Loaded with a write-ahead: `switch_in_doubt` comes first.
  bool group_may_exist{};                ///< CreateJobGroup was sent and nobody knows what became of it.
  bool retired{};
  std::set<std::string> moves;

  /// A fresh actor from what is stored.
  void reload() {
    at = {};
    at.type = stored.type;
    at.group_requested = stored.group_requested;
    at.job_group_id = stored.job_group_id;
    at.progress = progresses[random.below(progresses.size())];
    commit_in_flight.reset();
    provider_asked = false;
    if (random.one_in(2)) carry_out_switch();  // what was on its way when the old actor died
    switch_under_way.reset();
    const bool has_group = stored.type == task_type::calling || stored.type == task_type::suspended;
    switch_doubt_due = has_group && stored.group_requested;
    dispatching = stored.type == task_type::calling && !switch_doubt_due;
    retired = false;
  }

  void carry_out_switch() {
    if (switch_under_way) provider_suspended = *switch_under_way;
  }

  /// Where nothing is in doubt, the provider does what task_type says.
  void judge_provider() const {
    if (stored.group_requested || commit_in_flight || switch_under_way) return;
    if (stored.type == task_type::calling) {
      ASSERT_FALSE(provider_suspended) << "stands still unseen";
    }
    if (stored.type == task_type::suspended) {
      ASSERT_TRUE(provider_suspended) << "calls while suspended";
    }
  }

  /// The commit under way is carried out in the store.
  void store_commit() {
    if (!commit_in_flight) return;
    if (std::holds_alternative<task_orders::persist_group_request>(*commit_in_flight) ||
        std::holds_alternative<task_orders::persist_switch_request>(*commit_in_flight))
      stored.group_requested = true;
    if (const auto* move = std::get_if<task_orders::persist_move>(&*commit_in_flight)) {
      ASSERT_EQ(stored.type, move->from) << "a move that does not start where the row is";
      ASSERT_TRUE(is_legal_move(move->from, move->to)) << number(move->from) << "→" << number(move->to);
      moves.insert(number(move->from) + "→" + number(move->to));
      if (move->from == task_type::created) provider_suspended = false;
      stored.type = move->to;
      stored.group_requested = false;
      if (move->job_group_id) {
        stored.job_group_id = *move->job_group_id;
        if (move->job_group_id->empty()) group_may_exist = false;
      }
    }
  }

  void carry_out(const call_task_order& order, bool last) {
    ASSERT_FALSE(retired) << "an order after retire";
    if (std::holds_alternative<task_orders::persist_group_request>(order) ||
        std::holds_alternative<task_orders::persist_switch_request>(order) ||
        std::holds_alternative<task_orders::persist_move>(order)) {
      ASSERT_FALSE(commit_in_flight) << "two commits at once";
      commit_in_flight = order;
    }
    if (const auto* move = std::get_if<task_orders::persist_move>(&order)) {
      ASSERT_EQ(move->from, at.type);
      ASSERT_EQ(move->to, at.moving_to);
      if (move->to != task_type::calls_complete && at.type == task_type::calling) {
        ASSERT_FALSE(dispatching) << "leaves 2 with dispatch open";
      }
    }
    if (std::holds_alternative<task_orders::persist_error>(order)) stored.group_requested = false;
    if (std::holds_alternative<task_orders::create_group>(order)) {
      ASSERT_TRUE(stored.group_requested) << "CreateJobGroup without its write-ahead";
      ASSERT_FALSE(group_may_exist) << "CreateJobGroup although an earlier one may have worked";
      group_may_exist = true;
    }
    if (std::holds_alternative<task_orders::create_group>(order) ||
        std::holds_alternative<task_orders::find_group>(order) ||
        std::holds_alternative<task_orders::suspend_at_provider>(order) ||
        std::holds_alternative<task_orders::suspend_again>(order) ||
        std::holds_alternative<task_orders::resume_at_provider>(order))
      provider_asked = true;
    if (std::holds_alternative<task_orders::suspend_at_provider>(order) ||
        std::holds_alternative<task_orders::suspend_again>(order))
      switch_under_way = true;
    if (std::holds_alternative<task_orders::resume_at_provider>(order)) switch_under_way = false;
    if (switch_under_way) {
      ASSERT_TRUE(stored.group_requested) << "SuspendJobs or ResumeJobs without its write-ahead";
    }
    if (std::holds_alternative<task_orders::open_dispatch>(order)) {
      ASSERT_EQ(stored.type, task_type::calling) << "dispatch opened before 2 is durable";
      dispatching = true;
    }
    if (std::holds_alternative<task_orders::hold_dispatch>(order)) dispatching = false;
    if (std::holds_alternative<task_orders::retire>(order)) {
      ASSERT_TRUE(last);
      ASSERT_TRUE(at.type == task_type::created || at.type == task_type::follow_up_complete);
      ASSERT_EQ(at.step, task_step::idle);
      retired = true;
    }
  }

  void take(const call_task_fact& fact) {
    const bool searched = std::holds_alternative<task_fact::group_searched>(fact);
    const auto* failed = std::get_if<task_fact::group_failed>(&fact);
    const auto before = at;
    const auto* refused = std::get_if<task_fact::provider_refused>(&fact);
    if (std::holds_alternative<task_fact::provider_did_it>(fact) ||
        (refused != nullptr && may_have_happened(refused->why.code) && random.one_in(2)))
      carry_out_switch();
    if (refused != nullptr || std::holds_alternative<task_fact::provider_did_it>(fact)) switch_under_way.reset();
    const bool committed = std::holds_alternative<task_fact::move_committed>(fact) ||
                           std::holds_alternative<task_fact::request_committed>(fact);
    if (committed) store_commit();
    if (committed || std::holds_alternative<task_fact::commit_failed>(fact)) commit_in_flight.reset();
    if (searched || (failed != nullptr && at.step == task_step::creating_group && !may_have_happened(failed->why.code)))
      group_may_exist = false;
    const auto decision = decide(at, fact);
    if (!decision) return;
    at = decision->next;
    if (at.type != before.type) {
      ASSERT_TRUE(std::holds_alternative<task_fact::move_committed>(fact)) << "moved before it was durable";
      ASSERT_TRUE(is_legal_move(before.type, at.type));
      ASSERT_EQ(at.type, stored.type);
    }
    bool again = false;
    for (std::size_t i = 0; i < decision->orders.size(); ++i) {
      carry_out(decision->orders[i], i + 1 == decision->orders.size());
      if (::testing::Test::HasFatalFailure()) return;
      if (std::holds_alternative<task_orders::reload>(decision->orders[i])) again = true;
    }
    if (at.type == task_type::suspended || at.type == task_type::created) {
      ASSERT_FALSE(dispatching) << class_of(at);
    }
    if (again) reload();
    judge_provider();
  }

  /// A fact that a shell could bring now.
  std::optional<call_task_fact> next_fact() {
    static const auto facts = all_facts();
    if (retired || random.one_in(40)) {  // a crash, or a new actor after the old one retired; a commit may have landed
      if (random.one_in(2)) store_commit();
      reload();
      return std::nullopt;
    }
    if (std::exchange(switch_doubt_due, false)) return task_fact::switch_in_doubt{};
    for (;;) {
      const auto& fact = facts[random.below(facts.size())];
      const auto name = fact_names.at(fact.index());
      const bool of_move = commit_in_flight && std::holds_alternative<task_orders::persist_move>(*commit_in_flight);
      if (name == "switch_in_doubt") continue;
      if (name == "move_committed" && !of_move) continue;
      if (name == "request_committed" && (!commit_in_flight || of_move)) continue;
      if (name == "commit_failed" && (!commit_in_flight || !random.one_in(4))) continue;
      const bool of_provider = name.starts_with("group_") || name.starts_with("provider_");
      if (of_provider && !std::exchange(provider_asked, false)) continue;
      if (of_provider && !fits(name)) {
        provider_asked = true;
        continue;
      }
      return fact;
    }
  }

 private:
  [[nodiscard]] bool fits(const std::string& fact) const {
    switch (at.step) {
      case task_step::finding_group: return fact == "group_searched" || fact == "group_failed";
      case task_step::creating_group: return fact == "group_created" || fact == "group_failed";
      default: return fact.starts_with("provider_");
    }
  }
};

transition_table seen_table() {
  transition_table table;
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    task_walk walk(seed);
    for (int step = 0; step < 40; ++step) {
      for (const auto& fact : all_facts()) {
        for (const auto& progress : progresses) {
          auto at = walk.at;
          // Counts may be anything at any position; idle ones have already acted on theirs.
          if (at.step != task_step::idle || at.type == task_type::created) at.progress = progress;
          const auto decision = decide(at, fact);
          std::string result = transition_table::ignored;
          if (decision) {
            std::vector<std::string> orders;
            for (const auto& order : decision->orders) orders.push_back(name_of(order));
            result = class_of(decision->next) + "; " + joined(orders);
          }
          EXPECT_TRUE(table.note(class_of(at), class_of(at, fact), result))
              << "at " << class_of(at) << " on " << class_of(at, fact) << ": " << result << " but also "
              << table.rows().at({class_of(at), class_of(at, fact)});
        }
      }
      if (const auto fact = walk.next_fact()) walk.take(*fact);
      if (::testing::Test::HasFailure()) return table;
    }
  }
  return table;
}

TEST(CallTaskMachine, DoesAtEveryPositionOnEveryFactWhatTheDocumentsSay) {
  const auto seen = seen_table();
  EXPECT_EQ(differences(seen, documented_table("call_task", seen.positions())), "") << "the machine's own table:\n"
                                                                                    << seen.markdown();

  const std::set<std::string> facts(fact_names.begin(), fact_names.end());
  std::map<std::string, std::set<std::string>> by_type;
  for (const auto& [pair, result] : seen.rows()) {
    auto& taken = by_type[pair.first.substr(0, 1)];
    const bool refusal = result.starts_with(pair.first + "; answer_error(");
    const auto fact = pair.second.substr(0, pair.second.find(' '));
    // `progressed` only takes the counts in unless a move follows; a refusal is no transition either.
    if (result != transition_table::ignored && !refusal && result != pair.first + "; ") taken.insert(fact);
  }
  EXPECT_EQ(by_type, header_table("actors/call_task_machine.hpp", facts));
}

TEST(CallTaskMachine, KeepsItsPromisesOnTenThousandWalks) {
  std::set<std::string> moves;
  run_walks(10'000, [&](std::uint64_t seed) {
    task_walk walk(seed);
    for (int step = 0; step < 100 && !::testing::Test::HasFatalFailure(); ++step)
      if (const auto fact = walk.next_fact()) walk.take(*fact);
    moves.merge(walk.moves);
  });
  const std::set<std::string> legal{"1→2", "2→1", "2→5", "5→2", "2→3", "3→4", "4→3"};
  if (std::getenv("WAIHU_SEED") == nullptr) {
    EXPECT_EQ(moves, legal);
  }
}

std::string tell(call_task_position& at, const call_task_fact& fact) {
  const auto decision = decide(at, fact);
  if (!decision) return transition_table::ignored;
  at = decision->next;
  std::vector<std::string> orders;
  for (const auto& order : decision->orders) orders.push_back(name_of(order));
  return joined(orders);
}

TEST(CallTaskStory, WritesAheadBeforeItCreatesTheGroupAndMovesBeforeItDispatches) {
  call_task_position at;
  at.progress = {10, 0, 0};
  EXPECT_EQ(tell(at, task_fact::start_asked{true}), "persist_group_request");
  EXPECT_EQ(tell(at, task_fact::start_asked{true}), "answer_error(4005)");
  EXPECT_EQ(tell(at, task_fact::request_committed{}), "create_group");
  EXPECT_EQ(tell(at, task_fact::group_created{"g"}), "persist_move(1→2)");
  EXPECT_EQ(at.type, task_type::created) << "not before the move is durable";
  EXPECT_EQ(tell(at, task_fact::move_committed{}), "open_dispatch, answer_ok");
  EXPECT_EQ(at.type, task_type::calling);
  EXPECT_EQ(at.job_group_id, "g");
}

TEST(CallTaskStory, LooksForTheGroupWhenTheAnswerOfAnEarlierStartWasLost) {
  const failure lost{errc::timed_out, "no answer", {}, 0};
  call_task_position at;
  at.progress = {10, 0, 0};
  tell(at, task_fact::start_asked{true});
  tell(at, task_fact::request_committed{});
  // The write-ahead must stay: persist_error would forget that a group may exist.
  EXPECT_EQ(tell(at, task_fact::group_failed{lost}), "answer_error(5001)");
  EXPECT_TRUE(at.group_requested);
  tell(at, task_fact::start_asked{true});
  EXPECT_EQ(tell(at, task_fact::request_committed{}), "find_group");
  EXPECT_EQ(tell(at, task_fact::group_searched{"g"}), "persist_move(1→2)");
  EXPECT_EQ(at.job_group_id, "g");
}

TEST(CallTaskStory, StoresTheReasonAndForgetsTheRequestWhenTheGroupWasSurelyNotCreated) {
  call_task_position at;
  at.progress = {10, 0, 0};
  tell(at, task_fact::start_asked{true});
  tell(at, task_fact::request_committed{});
  EXPECT_EQ(tell(at, task_fact::group_failed{{errc::rejected, "脚本未发布", {}, 0}}),
            "persist_error, answer_error(5001)");
  EXPECT_FALSE(at.group_requested);
}

TEST(CallTaskStory, RefusesAStartThatLacksAScriptOrLeads) {
  call_task_position at;
  EXPECT_EQ(tell(at, task_fact::start_asked{false}), "answer_error(4006)");
  EXPECT_EQ(tell(at, task_fact::start_asked{true}), "answer_error(4007)");
  EXPECT_EQ(at.step, task_step::idle);
}

call_task_position calling() {
  call_task_position at;
  at.type = task_type::calling;
  at.progress = {10, 0, 0};
  return at;
}

const failure lost{errc::timed_out, "no answer", {}, 0};
const failure refused{errc::rejected, "x", {}, 0};

TEST(CallTaskStory, HoldsDispatchAndWritesAheadBeforeTheProviderIsAskedToSuspend) {
  auto at = calling();
  EXPECT_EQ(tell(at, task_fact::suspend_asked{}), "hold_dispatch, persist_switch_request");
  EXPECT_EQ(tell(at, task_fact::request_committed{}), "suspend_at_provider");
  EXPECT_EQ(tell(at, task_fact::provider_did_it{}), "persist_move(2→5)");
  EXPECT_EQ(tell(at, task_fact::move_committed{}), "tell_suspended, answer_ok");
  EXPECT_EQ(tell(at, task_fact::suspend_asked{}), "answer_error(4002)");
  EXPECT_EQ(tell(at, task_fact::resume_asked{}), "persist_switch_request");
  EXPECT_EQ(tell(at, task_fact::request_committed{}), "resume_at_provider");
  EXPECT_EQ(tell(at, task_fact::provider_refused{refused}), "persist_error, answer_error(5002)");
  EXPECT_EQ(at.type, task_type::suspended);
  tell(at, task_fact::resume_asked{});
  tell(at, task_fact::request_committed{});
  tell(at, task_fact::provider_did_it{});
  EXPECT_EQ(tell(at, task_fact::move_committed{}), "tell_resumed, open_dispatch, answer_ok");
}

TEST(CallTaskStory, ASuspendWhoseAnswerWasLostIsAskedForUntilItIsAcknowledged) {
  auto at = calling();
  tell(at, task_fact::suspend_asked{});
  tell(at, task_fact::request_committed{});
  EXPECT_EQ(tell(at, task_fact::provider_refused{lost}), "answer_error(5001), suspend_again");
  EXPECT_EQ(tell(at, task_fact::suspend_asked{}), "") << "already on its way";
  EXPECT_EQ(tell(at, task_fact::resume_asked{}), "answer_error(4003)");
  EXPECT_EQ(tell(at, task_fact::provider_refused{refused}), "answer_error(5001), suspend_again")
      << "what the first request did is not known by the second's refusal";
  EXPECT_EQ(tell(at, task_fact::provider_did_it{}), "persist_move(2→5)");
  EXPECT_FALSE(at.in_doubt);
}

TEST(CallTaskStory, AResumeWhoseAnswerWasLostEndsSuspendedAtTheProviderToo) {
  auto at = calling();
  at.type = task_type::suspended;
  tell(at, task_fact::resume_asked{});
  tell(at, task_fact::request_committed{});
  EXPECT_EQ(tell(at, task_fact::provider_refused{lost}), "answer_error(5002), suspend_again");
  EXPECT_EQ(tell(at, task_fact::provider_refused{refused}), "answer_error(5001), suspend_again");
  EXPECT_EQ(tell(at, task_fact::provider_did_it{}), "persist_error");
  EXPECT_EQ(tell(at, task_fact::resume_asked{}), "persist_switch_request");
}

TEST(CallTaskStory, ASwitchThatACrashLeftInDoubtEndsSuspended) {
  auto at = calling();
  EXPECT_EQ(tell(at, task_fact::switch_in_doubt{}), "hold_dispatch, suspend_at_provider");
  EXPECT_EQ(tell(at, task_fact::provider_did_it{}), "persist_move(2→5)");
  EXPECT_EQ(tell(at, task_fact::move_committed{}), "tell_suspended, answer_ok");
  EXPECT_EQ(tell(at, task_fact::switch_in_doubt{}), "hold_dispatch, suspend_at_provider");
  EXPECT_EQ(tell(at, task_fact::provider_did_it{}), "persist_error");
}

TEST(CallTaskStory, GoesBackToCreatedWhenNothingCouldBeAssigned) {
  call_task_position at;
  at.type = task_type::calling;
  at.job_group_id = "g";
  at.progress = {10, 0, 0};
  const auto decision = decide(at, task_fact::nothing_assigned{{errc::rejected, "余额不足", {}, 0}});
  ASSERT_TRUE(decision);
  const auto& move = std::get<task_orders::persist_move>(decision->orders.back());
  EXPECT_EQ(move.job_group_id, "");
  EXPECT_EQ(move.last_error, "余额不足");
  at = decision->next;
  EXPECT_EQ(tell(at, task_fact::move_committed{}), "abandon_group, retire");
  EXPECT_FALSE(at.group_requested);
}

TEST(CallTaskStory, PassesThroughThreeToFourAndIsReopened) {
  call_task_position at;
  at.type = task_type::calling;
  EXPECT_EQ(tell(at, task_fact::progressed{{10, 10, 0}}), "persist_move(2→3)");
  EXPECT_EQ(tell(at, task_fact::move_committed{}), "persist_move(3→4)");
  EXPECT_EQ(tell(at, task_fact::move_committed{}), "retire");
  EXPECT_EQ(tell(at, task_fact::progressed{{10, 10, 1}}), "persist_move(4→3)");
  EXPECT_EQ(tell(at, task_fact::move_committed{}), "");
  EXPECT_EQ(tell(at, task_fact::progressed{{10, 10, 0}}), "persist_move(3→4)");
}

TEST(CallTaskStory, DoesNotReopenAFinishedTaskThatHasNoJobs) {
  call_task_position at;
  at.type = task_type::follow_up_complete;
  EXPECT_EQ(tell(at, task_fact::progressed{{0, 0, 0}}), "retire");
}

TEST(CallTaskStory, StartsAgainFromTheStoreWhenAMoveCouldNotBeCommitted) {
  call_task_position at;
  at.type = task_type::calling;
  tell(at, task_fact::progressed{{10, 10, 0}});
  EXPECT_EQ(tell(at, task_fact::commit_failed{{errc::stale_epoch, "", {}, 0}}),
            "hold_dispatch, answer_error(503), reload");
  EXPECT_EQ(at.type, task_type::calling);
}

}  // namespace
}  // namespace waihu::testing
