// Who owns which shard: the same for everybody who sees the same, even, and moving no more than it must.
#include <gtest/gtest.h>

#include <map>

#include "actors/shard_plan_machine.hpp"

namespace waihu {
namespace {

using namespace std::chrono_literals;

cluster_member member(std::string name, milliseconds beat_age = 100ms) {
  cluster_member m;
  m.node = std::move(name);
  m.protocol = cluster_protocol;
  m.beat_age = beat_age;
  return m;
}

/// Nobody owns anything yet.
cluster_view view_of(std::vector<cluster_member> members) {
  cluster_view view;
  view.members = std::move(members);
  for (auto& shard : view.shards) shard = {"", epoch_t{}, -1000ms};
  return view;
}

shard_plan plan_for(const cluster_view& view, const std::string& self, const shard_set& held = {},
                    const shard_set& handing = {}, std::size_t at_once = 16) {
  return plan_shards(view, self, held, handing, at_once, 10s);
}

/// What each of these nodes would take of a store that nobody owns anything of.
std::map<std::string, shard_set> shares(const std::vector<std::string>& names) {
  std::vector<cluster_member> members;
  for (const auto& name : names) members.push_back(member(name));
  std::map<std::string, shard_set> out;
  for (const auto& name : names)
    for (const auto shard : plan_for(view_of(members), name).take) out[name].set(index_of(shard));
  return out;
}

TEST(ShardPlan, EveryShardHasExactlyOneTakerAndTheSharesAreEven) {
  for (const std::size_t n : {1UL, 2UL, 3UL, 5UL, 8UL}) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < n; ++i) names.push_back("node-" + std::to_string(i));
    shard_set all;
    std::size_t sum = 0;
    for (const auto& [name, share] : shares(names)) {
      all |= share;
      sum += share.count();
      EXPECT_GT(share.count(), 256 / n / 2) << name << " of " << n;
      EXPECT_LT(share.count(), 256 / n * 2 + 1) << name << " of " << n;
    }
    EXPECT_TRUE(all.all());
    EXPECT_EQ(sum, 256U) << "no shard has two takers among " << n;
  }
}

TEST(ShardPlan, ANodeThatGoesMovesOnlyItsOwnShards) {
  const auto before = shares({"a", "b", "c"});
  const auto after = shares({"a", "c"});
  EXPECT_EQ(before.at("a") & after.at("a"), before.at("a"));
  EXPECT_EQ(before.at("c") & after.at("c"), before.at("c"));
}

TEST(ShardPlan, ALeaseThatRunsIsNeverTakenAndItsEndIsWaitedFor) {
  auto view = view_of({member("a"), member("b", 12s)});
  for (auto& shard : view.shards) shard = {"b", epoch_t{3}, 2'500ms};
  auto plan = plan_for(view, "a");
  EXPECT_TRUE(plan.take.empty());
  EXPECT_EQ(plan.look_again, 2'500ms);
  view.shards[7].left = 0ms;
  plan = plan_for(view, "a");
  EXPECT_EQ(plan.take, std::vector{shard_id{7}});
}

TEST(ShardPlan, WhoGivesNoSignForALeaseOrIsDrainedOrLeavesOrSpeaksAnotherProtocolGetsNothing) {
  std::vector<cluster_member> members{member("a"), member("b"), member("c"), member("d"), member("e")};
  members[1].beat_age = 10s;
  members[2].drained = true;
  members[3].leaving = true;
  members[4].protocol = cluster_protocol + 1;
  const auto view = view_of(members);
  EXPECT_EQ(plan_for(view, "a").take.size(), 256U);
  for (const auto* const name : {"b", "c", "d", "e"}) EXPECT_TRUE(plan_for(view, name).take.empty()) << name;
}

TEST(ShardPlan, WhatFallsToANewNodeIsHandedOverAFewAtATime) {
  auto view = view_of({member("a"), member("b")});
  for (auto& shard : view.shards) shard = {"a", epoch_t{1}, 9s};
  shard_set held;
  held.set();
  shard_set handing;
  std::size_t moved = 0;
  for (;;) {
    const auto plan = plan_for(view, "a", held, handing, 16);
    EXPECT_TRUE(plan.take.empty());
    if (plan.hand_over.empty()) break;
    EXPECT_LE(plan.hand_over.size(), 16U);
    for (const auto shard : plan.hand_over) handing.set(index_of(shard));
    EXPECT_TRUE(plan_for(view, "a", held, handing, 16).hand_over.empty()) << "as many are on their way as may be";
    held &= ~handing;
    for (std::size_t i = 0; i < handing.size(); ++i)
      if (handing.test(i)) view.shards[i] = {"b", epoch_t{2}, 10s};
    moved += handing.count();
    handing.reset();
  }
  EXPECT_EQ(moved, shares({"a", "b"}).at("b").count());
}

TEST(ShardPlan, ADrainedNodeKeepsItsShardsWhileNobodyElseMayOwnThem) {
  auto alone = member("a");
  alone.drained = true;
  auto view = view_of({alone});
  for (auto& shard : view.shards) shard = {"a", epoch_t{1}, 9s};
  shard_set held;
  held.set();
  EXPECT_TRUE(plan_for(view, "a", held).hand_over.empty());
  view.members.push_back(member("b"));
  EXPECT_EQ(plan_for(view, "a", held, {}, 256).hand_over.size(), 256U);
}

TEST(ShardPlan, AFormerProcessOfOnesNameIsWaitedForLikeAnyOther) {
  auto view = view_of({member("a")});
  for (auto& shard : view.shards) shard = {"a", epoch_t{4}, 1s};
  const auto plan = plan_for(view, "a");
  EXPECT_TRUE(plan.take.empty()) << "the lease is of another process, which may still be sending";
  EXPECT_EQ(plan.look_again, 1s);
}

}  // namespace
}  // namespace waihu
