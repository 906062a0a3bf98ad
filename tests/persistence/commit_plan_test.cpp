// The order in which a group commit may be applied.
#include "persistence/commit_plan.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace waihu {
namespace {

const ownership a{task_id{1}, epoch_t{1}}, b{task_id{2}, epoch_t{1}};

commit_plan plan(const std::vector<store_change>& changes) {
  std::vector<std::size_t> all(changes.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return plan_commit(changes, all);
}

store_change settle(const ownership& own, std::int64_t row) {
  return change::settle_job{own, job_row_id{row}, call_status::failed, job_outcome::none, {}, {}};
}

TEST(CommitPlan, IndependentChangesShareOneWaveWhateverTheirKind) {
  EXPECT_EQ(plan({settle(a, 1), settle(a, 2), settle(b, 3), change::note_task{b, ""},
                  change::intend_batch{a, 1, {job_row_id{9}}, {}}, change::intend_batch{a, 2, {job_row_id{8}}, {}}}),
            (commit_plan{{0, 1, 2, 3, 4, 5}}));
}

TEST(CommitPlan, ChangesOfOneRowKeepTheirOrder) {
  EXPECT_EQ(plan({settle(a, 1), change::close_job{a, job_row_id{1}}, settle(a, 2), settle(a, 1)}),
            (commit_plan{{0, 2}, {1}, {3}}));
}

TEST(CommitPlan, ABatchWaitsForAMoveOfItsTaskAndTheOtherWayRound) {
  const change::move_task move{a, task_type::calling, task_type::suspended, {}, {}, {}};
  EXPECT_EQ(
      plan({change::intend_batch{a, 1, {job_row_id{1}}, {}}, move, change::intend_batch{a, 2, {job_row_id{2}}, {}}}),
      (commit_plan{{0}, {1}, {2}}));
}

TEST(CommitPlan, ATaskWideRepairWaitsForTheRowsOfItsTaskOnly) {
  EXPECT_EQ(plan({settle(a, 1), settle(b, 2), change::default_interest{a}, change::default_interest{b}, settle(a, 3)}),
            (commit_plan{{0, 1}, {2, 3}, {4}}));
}

TEST(CommitPlan, MarksOfOneBatchKeepTheirOrder) {
  const change::mark_batch sent{a, batch_id{5}, batch_state::sent, "", "", {}};
  EXPECT_EQ(plan({sent, change::acknowledge_jobs{a, batch_id{5}, {}, true, "", {}}, sent}),
            (commit_plan{{0}, {1}, {2}}));
}

TEST(CommitPlan, OnlyTheChosenChangesArePlanned) {
  const std::vector<store_change> changes{settle(a, 1), settle(a, 1), settle(a, 1)};
  const std::vector<std::size_t> chosen{0, 2};
  EXPECT_EQ(plan_commit(changes, chosen), (commit_plan{{0}, {2}}));
}

}  // namespace
}  // namespace waihu
