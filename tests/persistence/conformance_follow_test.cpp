// What every store promises of follow-ups: one per job, interest set once, the lead's history right.
#include <array>
#include <thread>

#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

class StoreFollowUps : public on_every_store {};
ON_EVERY_STORE(StoreFollowUps);

TEST_P(StoreFollowUps, AFollowUpIsWrittenOnceWithTheInterestAndClosesTheJob) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  track(id, {row});
  change::record_follow_up c{own(id), row, "l0001", "有意向", interest::interested, at(9000), at(100), false};
  EXPECT_EQ(code_of(commit(c)), errc::illegal_transition) << "the call has not ended";
  settle(id, row);
  told.clear();
  const auto first = must(c);
  EXPECT_GT(first.id, 0);
  const auto v = job(row);
  EXPECT_EQ(v.job.phase, job_phase::closed);
  EXPECT_EQ(v.job.is_interested, interest::interested);
  EXPECT_EQ(v.job.leads_follow_id, follow_id{first.id});
  ASSERT_TRUE(v.follow);
  EXPECT_EQ(v.follow->id, follow_id{first.id});
  EXPECT_EQ(v.follow->leads_id, "l0001");
  EXPECT_EQ(v.follow->leads_remark, "有意向");
  EXPECT_EQ(v.follow->follow_time, at(100));
  EXPECT_EQ(v.follow->frist_follow_time, at(100));
  EXPECT_EQ(v.follow->new_follow_time, at(100));
  EXPECT_EQ(v.follow->next_follow_time, at(9000));
  EXPECT_EQ(v.follow->is_arrive, 0);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, "follow");
  EXPECT_EQ(told[0].from, "settled");
  EXPECT_EQ(told[0].to, "closed");
  EXPECT_EQ(told[0].data_json, "{\"follow_id\":" + std::to_string(first.id) +
                                   ",\"leads_id\":\"l0001\",\"is_interested\":1,\"replaced\":false}");
  // A second one is not an error and changes nothing.
  c.leads_remark = "另一个";
  c.is_interested = interest::not_interested;
  const auto second = commit(c);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->changed);
  EXPECT_EQ(second->id, first.id);
  EXPECT_EQ(job(row).follow->leads_remark, "有意向");
  EXPECT_EQ(job(row).job.is_interested, interest::interested);
  EXPECT_EQ(told.size(), 1U);
}

TEST_P(StoreFollowUps, ReplacingUpdatesTheTextButNeverAKnownInterest) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  settle(id, rows[0]);
  settle(id, rows[1]);
  change::record_follow_up c{own(id), rows[0], "l0001", "一", interest::interested, at(500), at(100), false};
  const auto made = must(c);
  told.clear();
  c.replace = true;
  c.leads_remark = "二";
  c.is_interested = interest::not_interested;
  c.next_follow_time = std::nullopt;
  EXPECT_EQ(must(c).id, made.id);
  const auto v = job(rows[0]);
  EXPECT_EQ(v.follow->leads_remark, "二");
  EXPECT_FALSE(v.follow->next_follow_time);
  EXPECT_EQ(v.job.is_interested, interest::interested);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].data_json.find("\"is_interested\":1,\"replaced\":true"), std::string::npos);
  const auto again = commit(c);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
  EXPECT_EQ(again->id, made.id);
  // With nothing to replace, it is written.
  c.row = rows[1];
  c.leads_id = "l0002";
  must(c);
  EXPECT_EQ(job(rows[1]).job.is_interested, interest::not_interested);
}

TEST_P(StoreFollowUps, TheLeadsFirstFollowTimeIsItsEarliest) {
  const auto first = calling_task(1);
  const auto second = make_task();
  const auto row = rows_of(first)[0], later = rows_of(second)[0];
  settle(first, row);
  settle(second, later);
  must(change::record_follow_up{own(first), row, "l0001", "a", interest::undecided, {}, at(100), false});
  must(change::record_follow_up{own(second), later, "l0001", "b", interest::undecided, {}, at(200), false});
  EXPECT_EQ(job(later).follow->frist_follow_time, at(100));
  EXPECT_EQ(job(later).follow->new_follow_time, at(200));
}

TEST_P(StoreFollowUps, ALongRemarkIsCutAtAThousandCharactersNotBytes) {
  const auto id = calling_task(1);
  const auto row = rows_of(id)[0];
  settle(id, row);
  std::string remark, expected;
  for (int i = 0; i < 1500; ++i) {
    remark += "客";
    if (i < 1000) expected += "客";
  }
  must(change::record_follow_up{own(id), row, "l0001", remark, interest::undecided, {}, at(100), false});
  EXPECT_EQ(job(row).follow->leads_remark, expected);
}

TEST_P(StoreFollowUps, TwoRacingSessionsLeaveOneFollowUpPerJob) {
  const auto id = calling_task(60);
  const auto rows = rows_of(id);
  for (const auto row : rows) settle(id, row);
  std::array<std::vector<commit_report>, 2> reports;
  std::array<std::thread, 2> racers;
  for (std::size_t r = 0; r < racers.size(); ++r)
    racers[r] = std::thread{[&, r] {
      const auto mine = world.sessions();
      for (std::size_t begin = 0; begin < rows.size(); begin += 10) {
        std::vector<store_change> changes;
        // Opposite orders within a batch invite deadlocks, which the store must survive.
        for (std::size_t i = 0; i < 10; ++i)
          changes.push_back(change::record_follow_up{own(id),
                                                     rows[begin + (r == 0 ? i : 9 - i)],
                                                     "l",
                                                     "r",
                                                     r == 0 ? interest::interested : interest::not_interested,
                                                     {},
                                                     at(100),
                                                     false});
        reports[r].push_back(mine->commit(changes));
      }
    }};
  for (auto& r : racers) r.join();
  int made = 0;
  std::size_t events = 0;
  for (const auto& of_one : reports)
    for (const auto& report : of_one) {
      events += report.events.size();
      for (const auto& receipt : report.receipts) {
        ASSERT_TRUE(receipt) << receipt.error().message << receipt.error().vendor_code;
        made += receipt->changed ? 1 : 0;
        EXPECT_GT(receipt->id, 0);
      }
    }
  EXPECT_EQ(made, 60);
  EXPECT_EQ(events, 60U);
  const auto standing = session->run(query::find_standing{"ORG001", id, {}});
  ASSERT_TRUE(standing);
  EXPECT_EQ(standing->counters.has_follow, 60);
  EXPECT_EQ(standing->counters.interested + standing->counters.not_interested, 60);
}

TEST_P(StoreFollowUps, TheSweepGivesMissingInterestsZeroAndTouchesNoOther) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  settle(id, rows[0]);
  must(change::record_follow_up{own(id), rows[0], "l0001", "a", interest::interested, {}, at(100), false});
  const auto none = commit(change::default_interest{own(id)});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->changed);
  EXPECT_EQ(none->id, 0);
  EXPECT_EQ(job(rows[0]).job.is_interested, interest::interested);
  EXPECT_FALSE(job(rows[1]).job.is_interested) << "without a follow-up it stays open";
}

}  // namespace
}  // namespace waihu::testing
