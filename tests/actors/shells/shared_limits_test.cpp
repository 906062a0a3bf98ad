// Limits that hold for the whole cluster: gates of several nodes over one store, on seeded walks of demand, death and
// lateness. Whatever happens, no second sees more calls than the limit and no moment more of them at the provider.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <random>

#include "actors/dispatch_gate_machine.hpp"
#include "persistence/memory_state.hpp"
#include "persistence/memory_store.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

constexpr milliseconds step{50};

struct gate_node {
  std::string name;
  std::unique_ptr<store> session;
  std::unique_ptr<dispatch_gate_machine> gate;
  bool lives{true};
  steady_time died{};
  steady_time next_wish{};
  std::map<task_id, std::size_t> at_provider;
  /// Grants on their way back from the store.
  struct answer {
    steady_time at, asked;
    std::vector<share_wish> wishes;
    std::vector<double> amounts;
  };
  std::deque<answer> answers;
};

class SharedLimits : public ::testing::TestWithParam<unsigned> {
 protected:
  static dispatch_gate_policy policy() {
    dispatch_gate_policy p;
    p.is_shared = true;
    p.organization_calls_per_s = 50;
    p.account_calls_per_s = 70;
    p.organization_concurrency = 300;
    p.account_concurrency = 400;
    return p;
  }

  void join(gate_node& node) {
    node.session = make_memory_store(memory);
    node.gate = std::make_unique<dispatch_gate_machine>(policy());
    node.lives = true;
    node.answers.clear();
    node.at_provider.clear();
    node.next_wish = now;
    query::join_cluster entry;
    entry.node = node.name;
    entry.incarnation = node.name;
    memory->nodes.erase(node.name);
    ASSERT_TRUE(node.session->run(entry));
  }

  std::shared_ptr<memory_state> memory{make_memory_state()};
  steady_time now{1h};
};

TEST_P(SharedLimits, AreNeverExceededInAnySecond) {
  memory->clock = [this] { return now; };
  std::mt19937 dice(GetParam());
  const auto chance = [&](double p) { return std::bernoulli_distribution(p)(dice); };
  std::vector<gate_node> nodes(3);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].name = "n" + std::to_string(i);
    join(nodes[i]);
  }
  std::map<std::string, std::deque<std::pair<steady_time, std::size_t>>> gone;  ///< Calls let go in the last second.
  const auto limits = policy();
  const std::array<std::string, 2> organizations{"A", "B"};
  std::size_t total = 0;
  std::array<bool, 6> wants{true, true, true, true, true, true};
  for (const auto end = now + 120s; now < end; now += step) {
    if (chance(0.02)) wants[dice() % wants.size()] = chance(0.6);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      auto& node = nodes[i];
      if (node.lives && chance(0.001)) node.lives = false, node.died = now;
      // No process is back within the second that its former one has used.
      else if (!node.lives && now - node.died >= 1s && chance(0.005)) join(node);
      if (!node.lives) continue;
      while (!node.answers.empty() && node.answers.front().at <= now) {
        const auto& a = node.answers.front();
        node.gate->granted(a.wishes, a.amounts, a.asked);
        node.answers.pop_front();
      }
      if (now >= node.next_wish && node.answers.empty()) {
        node.next_wish = now + (node.gate->is_short() ? 200ms : 1'000ms);
        auto wishes = node.gate->wishes(now);
        const auto got = node.session->run(query::lease_shares{node.name, node.name, wishes});
        ASSERT_TRUE(got);
        // The answer takes its time, now and then very long.
        const milliseconds late{chance(0.05) ? dice() % 6'000 : dice() % 60};
        node.answers.push_back({now + late, now, std::move(wishes), *got});
      }
      for (std::size_t o = 0; o < organizations.size(); ++o) {
        if (!wants[i * 2 + o]) continue;
        const task_id task{static_cast<std::int64_t>(i * 2 + o + 1)};
        auto& there = node.at_provider[task];
        there -= std::min<std::size_t>(there, dice() % 4);  // some have ended
        const auto answer = node.gate->ask({organizations[o], task, there, 20}, now);
        there += answer.granted;
        total += answer.granted;
        gone[organizations[o]].emplace_back(now, answer.granted);
        gone["account"].emplace_back(now, answer.granted);
      }
    }
    for (auto& [who, calls] : gone) {
      while (!calls.empty() && now - calls.front().first >= 1s) calls.pop_front();
      std::size_t in_a_second = 0;
      for (const auto& [at, count] : calls) in_a_second += count;
      const auto limit = who == "account" ? limits.account_calls_per_s : limits.organization_calls_per_s;
      ASSERT_LE(static_cast<double>(in_a_second), limit) << who << ", seed " << GetParam();
    }
    std::map<std::string, std::size_t> there;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!nodes[i].lives) continue;
      for (std::size_t o = 0; o < organizations.size(); ++o)
        there[organizations[o]] += nodes[i].at_provider[task_id{static_cast<std::int64_t>(i * 2 + o + 1)}];
    }
    for (const auto& [who, count] : there) ASSERT_LE(count, limits.organization_concurrency) << who;
    ASSERT_LE(there["A"] + there["B"], limits.account_concurrency);
  }
  EXPECT_GT(total, 1'000U) << "the limits are used, too";
}

INSTANTIATE_TEST_SUITE_P(Seeds, SharedLimits, ::testing::Range(1U, 41U));

TEST(SharedLimitsOfOne, AreUsedWholeWhenNobodyElseWantsThem) {
  const auto memory = make_memory_state();
  steady_time now{1h};
  memory->clock = [&] { return now; };
  const auto session = make_memory_store(memory);
  query::join_cluster entry;
  entry.node = entry.incarnation = "n0";
  ASSERT_TRUE(session->run(entry));
  dispatch_gate_policy policy;
  policy.is_shared = true;
  policy.organization_calls_per_s = 40;
  dispatch_gate_machine gate(policy);
  std::size_t granted = 0;
  steady_time asked{};
  for (int i = 0; i < 400; ++i, now += 50ms) {
    if (now - asked >= 200ms) {
      asked = now;
      const auto wishes = gate.wishes(now);
      gate.granted(wishes, *session->run(query::lease_shares{"n0", "n0", wishes}), now);
    }
    granted += gate.ask({"A", task_id{1}, 0, 20}, now).granted;
  }
  EXPECT_GE(granted, 40U * 17) << "of 20 seconds";
  EXPECT_LE(granted, 40U * 20);
}

}  // namespace

}  // namespace waihu::test
