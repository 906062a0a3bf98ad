// Seeded campaigns of the whole engine. One run of all seeds is shared by the tests; each test holds one promise.
//   WAIHU_SIM_SEED=n     runs this seed alone (with WAIHU_SIM_TRACE=1: tells every step)
//   WAIHU_SIM_SEEDS=n    how many seeds, default 1,000;   WAIHU_SIM_FIRST=n   the first, default 1
//   WAIHU_SIM_FAILURES=n stops after so many broken seeds, default 10;   WAIHU_SIM_UNTIL=promise   at the first that
//                        breaks this promise
//   WAIHU_SIM_CLUSTER=1  three nodes that share the work instead of one after another
//   WAIHU_SIM_NICE=1     at low priority
//   WAIHU_SIM_REPORT=1   prints how often each kind of fault happened
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "telemetry/log.hpp"
#include "tests/simulation/campaign.hpp"

namespace waihu::simulation {

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  return text != nullptr && *text != '\0' ? std::stoull(text) : otherwise;
}

/// Whether campaigns of three nodes are asked for.
bool of_clusters() { return setting("WAIHU_SIM_CLUSTER", 0) != 0; }
outcome run(std::uint64_t seed) { return of_clusters() ? run_cluster_seed(seed) : run_seed(seed); }

struct all_runs {
  std::uint64_t first{};
  std::uint64_t count{};
  std::vector<outcome> broken;
  coverage seen;
  std::uint64_t steps{};
  std::uint64_t leads{};
  std::uint64_t unplaced{};
  std::uint64_t connected{};
  std::chrono::duration<double, std::ratio<3600>> lived{};
  double seconds{};
};

all_runs run_all() {
  all_runs all;
  // Whoever measures time beside it comes first.
  if (setting("WAIHU_SIM_NICE", 0) != 0 && ::nice(10) == -1) std::fprintf(stderr, "not nice\n");
  all.first = setting("WAIHU_SIM_FIRST", 1);
  all.count = setting("WAIHU_SIM_SEEDS", 1'000);
  if (const auto only = setting("WAIHU_SIM_SEED", 0); only != 0) all.first = only, all.count = 1;
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::uint64_t> seeds(all.count);
  std::iota(seeds.begin(), seeds.end(), all.first);
  // A promise was broken there once, further out than every run goes.
  if (all.first == 1 && all.count > 1 && !of_clusters())
    for (const std::uint64_t known : {43'347, 49'904})
      if (known > all.count) seeds.push_back(known);
  for (const auto seed : seeds) {
    auto o = run(seed);
    all.seen.add(o.seen);
    all.steps += o.steps;
    all.leads += static_cast<std::uint64_t>(o.leads);
    all.unplaced += static_cast<std::uint64_t>(o.unplaced);
    all.connected += static_cast<std::uint64_t>(o.connected);
    all.lived += o.lasted;
    if (o.breaches.empty()) continue;
    for (const auto& b : o.breaches)
      std::fprintf(stderr, "WAIHU_SIM_SEED=%llu %s: %s\n", static_cast<unsigned long long>(seed),
                   std::string(name_of(b.broken)).c_str(), b.what.c_str());
    all.broken.push_back(std::move(o));
    const char* until = std::getenv("WAIHU_SIM_UNTIL");  // NOLINT(concurrency-mt-unsafe): one thread
    const auto& found = all.broken.back().breaches;
    if (until != nullptr &&
        std::any_of(found.begin(), found.end(), [&](const auto& b) { return name_of(b.broken) == until; }))
      break;
    if (all.broken.size() >= setting("WAIHU_SIM_FAILURES", 10)) break;
  }
  all.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return all;
}

void report(const all_runs& all) {
  std::printf(
      "%llu seeds in %.1f s, %.1f seeds/s; %.0f virtual hours; %llu messages; %llu leads, %llu connected, %llu "
      "unplaced\n",
      static_cast<unsigned long long>(all.count), all.seconds, static_cast<double>(all.count) / all.seconds,
      all.lived.count(), static_cast<unsigned long long>(all.steps), static_cast<unsigned long long>(all.leads),
      static_cast<unsigned long long>(all.connected), static_cast<unsigned long long>(all.unplaced));
  if (setting("WAIHU_SIM_REPORT", 0) == 0) return;
  for (std::size_t i = 0; i < fault_count; ++i)
    std::printf("  %-26s %llu\n", std::string(name_of(static_cast<fault>(i))).c_str(),
                static_cast<unsigned long long>(all.seen.times.at(i)));
}

class Simulation : public ::testing::Test {
 protected:
  static const all_runs& runs() {
    static const all_runs all = [] {
      telemetry::set_log_level(
          "", setting("WAIHU_SIM_LOG", 0) != 0 ? telemetry::log_level::debug : telemetry::log_level::off);
      auto done = run_all();
      report(done);
      return done;
    }();
    return all;
  }

  /// No seed broke this promise.
  static void expect_kept(promise p) {
    for (const auto& o : runs().broken)
      for (const auto& b : o.breaches)
        if (b.broken == p) ADD_FAILURE() << "WAIHU_SIM_SEED=" << o.seed << ": " << b.what;
  }
};

TEST_F(Simulation, NobodyIsCalledTwice) { expect_kept(promise::nobody_is_called_twice); }
TEST_F(Simulation, NobodyIsDialledAfterBeingGivenUp) { expect_kept(promise::nobody_is_dialled_after_being_given_up); }
TEST_F(Simulation, NothingIsSentWithoutADurableIntent) { expect_kept(promise::no_send_without_a_durable_intent); }
TEST_F(Simulation, NothingIsSentByANodeThatLostItsShards) { expect_kept(promise::no_send_without_the_shard); }
TEST_F(Simulation, ASuspendedTaskSendsNothing) { expect_kept(promise::a_suspended_task_sends_nothing); }
TEST_F(Simulation, ASuspendedTaskIsNotDialled) { expect_kept(promise::a_suspended_task_is_not_dialled); }
TEST_F(Simulation, AStaleEpochChangesNothing) { expect_kept(promise::a_stale_epoch_changes_nothing); }
TEST_F(Simulation, ATerminalStatusNeverChanges) { expect_kept(promise::a_terminal_status_never_changes); }
TEST_F(Simulation, AResultIsWhatTheProviderSaid) { expect_kept(promise::a_result_is_what_the_provider_said); }
TEST_F(Simulation, TaskTypesMoveOnlyAsTheDiagramSays) { expect_kept(promise::task_type_moves_legally); }
TEST_F(Simulation, AnInterestIsSetOnce) { expect_kept(promise::interest_is_set_once); }
TEST_F(Simulation, AProviderIdIsSetOnceAndOnTheRightCall) { expect_kept(promise::a_provider_id_is_set_once_and_right); }
TEST_F(Simulation, EveryCallLeavesExactlyOneFollowUp) { expect_kept(promise::every_call_leaves_exactly_one_follow_up); }
TEST_F(Simulation, UnplacedIsSaidOnlyOfCallsThatWereTriedAndNeverPlaced) {
  expect_kept(promise::unplaced_is_said_only_of_calls_never_placed);
}
TEST_F(Simulation, TheCallsOfAnySecondAreWithinTheLimit) { expect_kept(promise::calls_per_second_are_kept); }
TEST_F(Simulation, EveryCampaignEndsOnceTheFaultsAreOver) { expect_kept(promise::every_campaign_ends); }
TEST_F(Simulation, AFinishedCampaignLeavesNothingBehind) { expect_kept(promise::nothing_is_left_behind); }

TEST_F(Simulation, OneSeedGivesTheSameCampaignMessageForMessage) {
  for (std::uint64_t seed = runs().first; seed < runs().first + std::min<std::uint64_t>(runs().count, 10); ++seed) {
    const auto once = run(seed);
    const auto again = run(seed);
    EXPECT_EQ(once.trace_hash, again.trace_hash) << "WAIHU_SIM_SEED=" << seed;
    EXPECT_EQ(once.steps, again.steps) << "WAIHU_SIM_SEED=" << seed;
  }
  if (runs().count > 1) {
    EXPECT_NE(run(runs().first).trace_hash, run(runs().first + 1).trace_hash);
  }
}

TEST_F(Simulation, ACrashAfterAnyMessageOfASmallCampaignIsSurvived) {
  if (setting("WAIHU_SIM_SEED", 0) != 0) GTEST_SKIP() << "one seed was asked for";
  auto fair = fair_weather(3);
  const auto undisturbed = campaign(1, fair).run();
  ASSERT_TRUE(undisturbed.breaches.empty()) << undisturbed.breaches.front().what;
  ASSERT_GT(undisturbed.steps, 200U);
  // The last minutes are the watch for what is left behind; nothing that a crash could hurt happens there.
  for (fair.kill_at_step = 1; fair.kill_at_step < undisturbed.steps_to_end; ++fair.kill_at_step) {
    const auto o = campaign(1, fair).run();
    for (const auto& b : o.breaches)
      ADD_FAILURE() << "killed after message " << fair.kill_at_step << ": " << name_of(b.broken) << ": " << b.what;
    ASSERT_TRUE(o.breaches.empty());
    ASSERT_EQ(o.unplaced, 0) << "killed after message " << fair.kill_at_step;
  }
}

TEST_F(Simulation, EveryKindOfFaultAndCrashHappens) {
  if (runs().count < 300) GTEST_SKIP() << "too few seeds to expect every kind";
  for (std::size_t i = 0; i < fault_count; ++i)
    if (of_clusters() || !is_of_clusters(static_cast<fault>(i))) {
      EXPECT_GT(runs().seen.times.at(i), 0U) << name_of(static_cast<fault>(i)) << " never happened";
    }
}

}  // namespace

}  // namespace waihu::simulation
