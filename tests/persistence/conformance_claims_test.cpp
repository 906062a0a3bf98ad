// What every store promises of ownership: one live owner, epochs that only grow, a dead owner's claim free at once.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

class StoreClaims : public on_every_store {};
ON_EVERY_STORE(StoreClaims);

TEST_P(StoreClaims, TheFirstClaimHasEpochOneAndASecondLiveNodeIsRefusedByName) {
  EXPECT_EQ(epoch, epoch_t{1});
  const auto other = world.sessions();
  const auto refused = other->run(query::claim_shards{"node-b", "host-b:2"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::conflict);
  EXPECT_NE(refused.error().message.find("node-a"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("host-a:1"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("since 20"), std::string::npos) << refused.error().message;
  // The same name on another process is another process.
  EXPECT_EQ(code_of(other->run(query::claim_shards{"node-a", "host-a:3"})), errc::conflict);
  EXPECT_TRUE(session->run(query::renew_claim{"node-a", epoch}));
}

TEST_P(StoreClaims, ADeadNodesClaimIsTakenAtOnceAndItsWritesAreRefused) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  const auto old_writer = world.sessions();
  const auto old_own = own(id);
  session.reset();  // the process died: its connections are gone, its lease still runs
  session = world.sessions();
  const auto taken = session->run(query::claim_shards{"node-b", "host-b:2"});
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(*taken, epoch_t{2});
  epoch = *taken;
  const store_change stale = change::settle_job{old_own, rows[0], call_status::failed, job_outcome::none, {}, at(1)};
  EXPECT_EQ(code_of(old_writer->commit({&stale, 1}).receipts[0]), errc::stale_epoch);
  EXPECT_EQ(job(rows[0]).job.status, call_status::none);
  EXPECT_EQ(code_of(old_writer->run(query::renew_claim{"node-a", old_own.epoch})), errc::stale_epoch);
  EXPECT_TRUE(session->run(query::renew_claim{"node-b", epoch})) << "a refused renewal takes nothing away";
  settle(id, rows[0]);
}

TEST_P(StoreClaims, AReleasedClaimIsFreeAndItsEpochIsOver) {
  const auto id = calling_task(1);
  ASSERT_TRUE(*session->run(query::release_claim{"node-a", epoch}));
  EXPECT_FALSE(*session->run(query::release_claim{"node-a", epoch}));
  EXPECT_EQ(code_of(commit(change::note_task{own(id), "x"})), errc::stale_epoch);
  EXPECT_EQ(code_of(session->run(query::renew_claim{"node-a", epoch})), errc::stale_epoch);
  const auto other = world.sessions();
  EXPECT_EQ(*other->run(query::claim_shards{"node-b", "host-b:2"}), epoch_t{2});
  EXPECT_EQ(code_of(session->run(query::claim_shards{"node-a", "host-a:1"})), errc::conflict);
}

TEST_P(StoreClaims, AnOwnerThatHangsPastItsLeaseIsReplacedAndLearnsIt) {
  auto hung = make_world(GetParam(), std::chrono::milliseconds{50});
  {
    const auto first = hung.sessions(), second = hung.sessions();
    const auto one = first->run(query::claim_shards{"node-a", "a:1"});
    ASSERT_TRUE(one);
    // Connected, but silent: taken over as soon as the lease has run out.
    result<epoch_t> two = fail(errc::conflict, "");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!two && std::chrono::steady_clock::now() < deadline) two = second->run(query::claim_shards{"node-b", "b:1"});
    ASSERT_TRUE(two) << two.error().message;
    EXPECT_EQ(*two, epoch_t{2});
    EXPECT_EQ(code_of(first->run(query::renew_claim{"node-a", *one})), errc::stale_epoch);
    EXPECT_TRUE(second->run(query::renew_claim{"node-b", *two}));
  }
  hung.clean_up();
}

TEST_P(StoreClaims, OfManyThatClaimAtOnceOneWins) {
  session->run(query::release_claim{"node-a", epoch});
  std::atomic<int> won{0};
  std::vector<std::unique_ptr<store>> sessions;
  for (int i = 0; i < 6; ++i) sessions.push_back(world.sessions());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < sessions.size(); ++i)
    threads.emplace_back([&, i] {
      const auto r = sessions[i]->run(query::claim_shards{"n" + std::to_string(i), "h:" + std::to_string(i)});
      if (r) {
        EXPECT_EQ(*r, epoch_t{2});
        ++won;
      } else {
        EXPECT_EQ(r.error().code, errc::conflict) << r.error().message;
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(won, 1);
}

TEST_P(StoreClaims, OfTwoWritersTheOneWithTheOldEpochLosesWhateverTheOrder) {
  const auto id = calling_task(40);
  const auto rows = rows_of(id);
  const auto old_epoch = epoch;
  std::atomic<bool> taken{false};
  std::vector<result<change_receipt>> old_receipts;
  std::thread old_owner{[&] {
    const auto writer = world.sessions();
    for (const auto row : rows) {
      const store_change c =
          change::settle_job{{id, old_epoch}, row, call_status::failed, job_outcome::none, {}, at(1)};
      const bool after = taken;
      old_receipts.push_back(writer->commit({&c, 1}).receipts[0]);
      EXPECT_FALSE(after && old_receipts.back().has_value()) << "a write after the takeover";
    }
  }};
  session.reset();
  session = world.sessions();
  const auto claimed = session->run(query::claim_shards{"node-b", "b:1"});
  taken = true;
  ASSERT_TRUE(claimed) << claimed.error().message;
  epoch = *claimed;
  old_owner.join();
  for (const auto row : rows) {
    const auto r = commit(change::settle_job{own(id), row, call_status::succeeded, job_outcome::none, {}, at(2)});
    ASSERT_TRUE(r);
    const auto index = static_cast<std::size_t>(std::find(rows.begin(), rows.end(), row) - rows.begin());
    EXPECT_NE(r->changed, old_receipts[index].has_value()) << "each job was ended by exactly one of the two";
    if (!old_receipts[index]) {
      EXPECT_EQ(old_receipts[index].error().code, errc::stale_epoch);
    }
  }
}

}  // namespace
}  // namespace waihu::testing
