// What every store promises to nodes that share it: one owner a shard, epochs that only grow, leases by one clock,
// names that are one node's.
#include <algorithm>
#include <pqxx/pqxx>
#include <thread>

#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

using namespace std::chrono_literals;

std::vector<shard_id> all_shards() {
  std::vector<shard_id> out;
  for (int i = 0; i < shard_count; ++i) out.push_back(static_cast<shard_id>(i));
  return out;
}

query::join_cluster entry(const std::string& node, const std::string& incarnation = "one") {
  query::join_cluster q;
  q.node = node;
  q.incarnation = incarnation;
  q.address = "host:" + node;
  q.peer_address = "127.0.0.1:4877";
  q.version = "1.2.3";
  return q;
}

query::take_shards taking(const std::string& node, std::vector<shard_id> shards,
                          const std::string& incarnation = "one") {
  return {node, incarnation, std::move(shards)};
}

class StoreCluster : public on_every_store {
 protected:
  void SetUp() override {
    on_every_store::SetUp();
    ASSERT_TRUE(session->run(query::release_claim{"node-a", epoch}));
    session = world.sessions();
  }

  /// A session of a node that has joined.
  std::unique_ptr<store> joined(const std::string& node, const std::string& incarnation = "one") {
    auto s = world.sessions();
    const auto view = s->run(entry(node, incarnation));
    EXPECT_TRUE(view) << (view ? "" : view.error().message);
    return s;
  }
};
ON_EVERY_STORE(StoreCluster);

TEST_P(StoreCluster, NodesShareTheShardsAndEachTakingHasItsNextEpoch) {
  const auto a = joined("a");
  const auto b = joined("b");
  const auto of_a = a->run(taking("a", {shard_id{1}, shard_id{2}, shard_id{3}})).value();
  ASSERT_EQ(of_a.size(), 3U);
  const auto of_b = b->run(taking("b", {shard_id{3}, shard_id{4}})).value();
  ASSERT_EQ(of_b.size(), 1U) << "a's lease of 3 runs";
  EXPECT_EQ(of_b[0].shard, shard_id{4});
  EXPECT_EQ(a->run(query::release_shards{"a", {of_a[0]}}).value(), 1);
  const auto again = b->run(taking("b", {shard_id{1}})).value();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(value(again[0].epoch), value(of_a[0].epoch) + 1);
  const auto view = b->run(query::view_cluster{}).value();
  EXPECT_EQ(view.shards[1].node, "b");
  EXPECT_EQ(view.shards[2].node, "a");
  EXPECT_EQ(view.shards[5].node, "");
  ASSERT_GE(view.members.size(), 2U);
  const auto shown =
      std::find_if(view.members.begin(), view.members.end(), [](const auto& m) { return m.node == "a"; });
  ASSERT_NE(shown, view.members.end());
  EXPECT_EQ(shown->address, "host:a");
  EXPECT_EQ(shown->peer_address, "127.0.0.1:4877");
  EXPECT_EQ(shown->version, "1.2.3");
  EXPECT_EQ(shown->protocol, cluster_protocol);
  EXPECT_FALSE(shown->alone);
  EXPECT_LT(shown->beat_age, 5s);
}

TEST_P(StoreCluster, WritesNeedTheEpochOfTheirOwnShard) {
  const auto a = joined("a");
  const auto b = joined("b");
  import_leads(2);
  const auto id = make_task();
  const auto shard = shard_of(id);
  const auto first = a->run(taking("a", {shard})).value();
  ASSERT_EQ(first.size(), 1U);
  const auto write = [&](epoch_t with, const std::string& text) {
    const store_change change = change::note_task{{id, with}, text};
    return a->commit({&change, 1}).receipts[0];
  };
  EXPECT_TRUE(write(first[0].epoch, "of a"));
  a->run(query::release_shards{"a", first});
  EXPECT_EQ(code_of(write(first[0].epoch, "after its release")), errc::stale_epoch);
  const auto second = b->run(taking("b", {shard})).value();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(code_of(write(first[0].epoch, "of a zombie")), errc::stale_epoch);
  EXPECT_TRUE(write(second[0].epoch, "of b"));
  EXPECT_EQ(task(id).last_error, "of b");
  // Another shard's epoch says nothing of this one.
  const auto other = static_cast<shard_id>((value(shard) + 1) % shard_count);
  for (int i = 0; i < 5; ++i) {
    const auto taken = b->run(taking("b", {other})).value();
    b->run(query::release_shards{"b", taken});
  }
  EXPECT_TRUE(write(second[0].epoch, "still of b"));
}

/// A node that slept past its lease and wakes with all its writes still to be made.
TEST_P(StoreCluster, TenThousandWritesOfAZombieChangeNothing) {
  const auto zombie = joined("a");
  const auto heir = joined("b");
  import_leads(5);
  const auto id = make_task();
  const auto shard = shard_of(id);
  const auto held = zombie->run(taking("a", {shard})).value();
  ASSERT_EQ(held.size(), 1U);
  const store_change first = change::note_task{{id, held[0].epoch}, "of its own time"};
  ASSERT_TRUE(zombie->commit({&first, 1}).receipts[0]);
  zombie->run(query::release_shards{"a", held});
  ASSERT_EQ(heir->run(taking("b", {shard})).value().size(), 1U);
  const auto before = heir->run(query::last_event{}).value();
  const auto rows = rows_of(id);
  const ownership stale{id, held[0].epoch};
  std::size_t refused = 0;
  for (int pack = 0; pack < 10; ++pack) {
    std::vector<store_change> changes;
    for (int i = 0; i < 1'000; ++i) {
      const auto row = rows[static_cast<std::size_t>(i) % rows.size()];
      switch (i % 5) {
        case 0: changes.emplace_back(change::note_task{stale, "of a zombie"}); break;
        case 1: changes.emplace_back(change::request_group{stale, at(i)}); break;
        case 2: changes.emplace_back(change::intend_batch{stale, i, {row}, at(i)}); break;
        case 3:
          changes.emplace_back(
              change::settle_job{stale, row, call_status::succeeded, job_outcome::connected, {}, at(i)});
          break;
        default: changes.emplace_back(change::close_job{stale, row}); break;
      }
    }
    for (const auto& receipt : zombie->commit(changes).receipts) refused += code_of(receipt) == errc::stale_epoch;
  }
  EXPECT_EQ(refused, 10'000U);
  EXPECT_EQ(heir->run(query::last_event{}).value(), before) << "no event tells of them";
  EXPECT_EQ(task(id).last_error, "of its own time");
  for (const auto row : rows) EXPECT_EQ(job(row).job.phase, job_phase::queued);
}

TEST_P(StoreCluster, ARenewalKeepsWhatIsStillOnesOwnAndTellsTheRest) {
  const auto a = joined("a");
  auto held = a->run(taking("a", {shard_id{10}, shard_id{11}})).value();
  held.push_back({shard_id{12}, epoch_t{1}});         // never its own
  held[1].epoch = epoch_t{value(held[1].epoch) + 1};  // not the epoch that it has
  const auto kept = a->run(query::tend_cluster{"a", "one", held, wall_now()}).value();
  ASSERT_EQ(kept.kept.size(), 1U);
  EXPECT_EQ(kept.kept[0], held[0]);
  EXPECT_GT(kept.view.shards[10].left, 9s);
}

TEST_P(StoreCluster, ANameIsOneNodesWhileItLives) {
  const auto a = joined("a");
  const auto twin = world.sessions();
  const auto refused = twin->run(entry("a", "two"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::conflict);
  EXPECT_NE(refused.error().message.find("node.name"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(a->run(query::tend_cluster{"a", "one", {}, wall_now()})) << "a refused twin takes nothing away";
}

TEST_P(StoreCluster, ARestartedNodeHasItsNameAtOnceAndItsShardsWhenTheirLeaseIsOver) {
  auto a = joined("a");
  const auto held = a->run(taking("a", {shard_id{20}})).value();
  a.reset();  // the process died: its session is gone, its lease runs
  const auto anew = joined("a", "two");
  EXPECT_TRUE(anew->run(taking("a", {shard_id{20}}, "two")).value().empty());
  EXPECT_EQ(code_of(anew->run(query::tend_cluster{"a", "one", held, wall_now()})), errc::stale_epoch)
      << "the former process must not go on under its name";
}

TEST_P(StoreCluster, AnEndedLeaseIsTakenAndItsFormerOwnerIsToldSo) {
  auto quick = make_world(GetParam(), 50ms);
  {
    const auto a = quick.sessions();
    const auto b = quick.sessions();
    ASSERT_TRUE(a->run(entry("a")));
    ASSERT_TRUE(b->run(entry("b")));
    const auto held = a->run(taking("a", {shard_id{30}})).value();
    ASSERT_EQ(held.size(), 1U);
    std::vector<held_shard> taken;
    for (const auto until = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < until;) {
      taken = b->run(taking("b", {shard_id{30}})).value();
      if (!taken.empty()) break;
    }
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(value(taken[0].epoch), value(held[0].epoch) + 1);
    EXPECT_TRUE(a->run(query::tend_cluster{"a", "one", held, wall_now()}).value().kept.empty());
    EXPECT_EQ(a->run(query::release_shards{"a", held}).value(), 0) << "what is not ours is not given up";
  }
  quick.clean_up();
}

/// A former owner that froze in the middle of a commit holds up nobody.
TEST_P(StoreCluster, AShardThatSomebodyStillCommitsToIsLeftForLater) {
  if (!world.database) GTEST_SKIP() << "the memory store has no commits under way";
  const auto a = joined("a");
  pqxx::connection frozen{world.database->url};
  {
    pqxx::work tx{frozen};
    tx.exec("select 1 from shards where shard = 50 for key share");
    const auto began = std::chrono::steady_clock::now();
    const auto taken = a->run(taking("a", {shard_id{50}, shard_id{51}})).value();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 4s) << "it does not wait for the lock";
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].shard, shard_id{51});
    EXPECT_EQ(a->run(query::tend_cluster{"a", "one", taken, wall_now()}).value().kept.size(), 1U);
  }
  EXPECT_EQ(a->run(taking("a", {shard_id{50}})).value().size(), 1U);
}

TEST_P(StoreCluster, DrainedLeavingAndForeignNodesTakeNothing) {
  const auto a = joined("a");
  EXPECT_TRUE(session->run(query::drain_node{"a", true}));
  EXPECT_TRUE(a->run(taking("a", {shard_id{40}})).value().empty());
  EXPECT_TRUE(session->run(query::drain_node{"a", false}));
  EXPECT_EQ(a->run(taking("a", {shard_id{40}})).value().size(), 1U);
  EXPECT_TRUE(a->run(query::leave_cluster{"a", "one"}).value());
  EXPECT_TRUE(a->run(taking("a", {shard_id{41}})).value().empty());
  EXPECT_EQ(code_of(session->run(query::drain_node{"nobody", true})), errc::not_found);
  const auto newer = world.sessions();
  auto q = entry("newer");
  q.protocol = cluster_protocol + 1;
  ASSERT_TRUE(newer->run(q));
  EXPECT_TRUE(newer->run(taking("newer", {shard_id{42}})).value().empty());
  const auto stranger = world.sessions();
  EXPECT_TRUE(stranger->run(taking("stranger", {shard_id{43}})).value().empty()) << "who has not joined owns nothing";
}

TEST_P(StoreCluster, ANodeThatRunsAloneAndAClusterKeepOutOfEachOthersWay) {
  {
    const auto a = joined("a");
    const auto refused = session->run(query::claim_shards{"alone", "host:alone"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::conflict);
  }
  const auto alone = world.sessions();
  ASSERT_TRUE(alone->run(query::claim_shards{"alone", "host:alone"}));
  const auto late = world.sessions();
  const auto refused = late->run(entry("b"));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("alone"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("cluster.enabled"), std::string::npos) << refused.error().message;
}

TEST_P(StoreCluster, AWrongClockIsShown) {
  const auto a = joined("a");
  const auto off = a->run(query::tend_cluster{"a", "one", {}, wall_now() + 1h}).value();
  const auto& members = off.view.members;
  const auto shown = std::find_if(members.begin(), members.end(), [](const auto& m) { return m.node == "a"; });
  ASSERT_NE(shown, members.end());
  EXPECT_GT(shown->clock_off, 59min);
  EXPECT_LT(shown->clock_off, 61min);
}

TEST_P(StoreCluster, ManyThatWantTheSameShardsGetEachOnce) {
  constexpr int nodes = 6;
  std::vector<std::unique_ptr<store>> sessions;
  for (int i = 0; i < nodes; ++i) sessions.push_back(joined("n" + std::to_string(i)));
  std::vector<std::vector<held_shard>> taken(nodes);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < nodes; ++i)
      threads.emplace_back([&, i] {
        auto r = sessions[i]->run(taking("n" + std::to_string(i), all_shards()));
        if (r) taken[i] = std::move(*r);
      });
  }
  std::vector<int> owners(shard_count);
  for (const auto& part : taken)
    for (const auto& held : part) ++owners[index_of(held.shard)];
  EXPECT_EQ(std::count(owners.begin(), owners.end(), 1), shard_count);
}

}  // namespace
}  // namespace waihu::testing
