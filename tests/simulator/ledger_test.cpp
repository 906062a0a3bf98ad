// The ledger, which other tests take as the judge of who was called and how often.
#include <gtest/gtest.h>

#include "tests/simulator/sim_process.hpp"

namespace waihu::simulator_tests {
namespace {

using namespace std::chrono_literals;

class SimulatorLedger : public ::testing::Test {
 protected:
  sim_process sim{{"--speed", "0"}};
  api_client client{sim};
};

TEST_F(SimulatorLedger, EveryDialStandsInItWithWhoAskedForIt) {
  const auto group = client.create_group();
  sim.post("/sim/plans", R"([{"reference_id":"R1","outcome":"no_answer","attempts":3},
                             {"reference_id":"R2","outcome":"connected","attempts":1}])");
  const auto assigned =
      client.call("AssignJobs",
                  {{"JobGroupId", group}, {"JobsJson.1", element("R1", "13800000001")}, {"JobsJson.2", element("R2")}});
  sim.advance(24h);
  const auto ledger = sim.get("/sim/ledger?format=json").json();
  ASSERT_EQ(ledger.Size(), 4U);
  std::int64_t last = 0;
  int attempts_of_first = 0;
  for (const auto& dial : ledger.GetArray()) {
    EXPECT_EQ(text_at(dial, {"assign_request_id"}), text_at(assigned.json(), {"RequestId"}));
    EXPECT_EQ(text_at(dial, {"job_group_id"}), group);
    EXPECT_GE(number_at(dial, {"rung_ms"}), last);
    last = number_at(dial, {"rung_ms"});
    EXPECT_GT(last, number_at(dial, {"assigned_ms"}));
    if (text_at(dial, {"reference_id"}) != "R1") continue;
    EXPECT_EQ(number_at(dial, {"attempt"}), ++attempts_of_first);
    EXPECT_EQ(text_at(dial, {"phone"}), "13800000001");
    EXPECT_EQ(text_at(dial, {"status"}), "NoAnswer");
  }
  EXPECT_EQ(attempts_of_first, 3);
  const auto csv = sim.get("/sim/ledger?format=csv").body;
  EXPECT_TRUE(csv.starts_with("dial,reference_id,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);
}

TEST_F(SimulatorLedger, WhoCameAndWasNotAcceptedIsTurnedAwayAndNobodyElse) {
  const auto group = client.create_group();
  sim.post("/sim/faults", R"([{"action":"AssignJobs","when":{"nth":1},"effect":"reset"},
                              {"action":"AssignJobs","when":{"nth":2},"effect":"throttle"},
                              {"action":"AssignJobs","when":{"nth":3},"effect":"drop_job_ids","share":0.5},
                              {"action":"AssignJobs","when":{"nth":4},"effect":"lose_answer_after_accept"}])");
  client.assign(group, {"R1", "R2"});
  client.assign(group, {"R1"});
  client.assign(group, {"R3", "R4"});
  client.assign(group, {"R5"});
  client.assign("no-such-group", {"R6"});
  client.assign("no-such-group", {"R6"});
  EXPECT_EQ(sim.get("/sim/turned_away?format=csv").body,
            "reference_id,code,times\n"
            "R1,NoAnswer,1\n"
            "R1,Throttling.User,1\n"
            "R2,NoAnswer,1\n"
            "R4,Dropped,1\n"
            "R6,NotExist.JobGroup,2\n");
  const auto away = sim.get("/sim/turned_away").json();
  ASSERT_EQ(away.Size(), 5U);
  EXPECT_EQ(text_at(away, {"4", "reference_id"}), "R6");
  EXPECT_EQ(number_at(away, {"4", "times"}), 2);
}

TEST_F(SimulatorLedger, AReferenceIdAcceptedTwiceIsADoubleCallWhereverItWas) {
  const auto group = client.create_group();
  const auto other = client.create_group("other");
  client.assign(group, {"R1", "R2", "R3"});
  EXPECT_EQ(sim.summary({"doubles", "reference_ids"}), 0);
  client.assign(group, {"R1"});  // Sent again after a lost answer.
  client.assign(other, {"R2"});  // Sent again into another group.
  client.assign(group, {"R1"});
  EXPECT_EQ(sim.summary({"doubles", "reference_ids"}), 2);
  EXPECT_EQ(sim.summary({"doubles", "surplus_acceptances"}), 3);
  EXPECT_EQ(sim.summary({"jobs"}), 6);
  const auto summary = sim.get("/sim/summary").json();
  EXPECT_EQ(text_at(summary, {"doubles", "examples", "0", "reference_id"}), "R1");
}

TEST_F(SimulatorLedger, TwiceInOneRequestIsADoubleTooBecauseNothingIsDeduplicated) {
  client.assign(client.create_group(), {"R1", "R1"});
  EXPECT_EQ(sim.summary({"doubles", "surplus_acceptances"}), 1);
  sim.advance(24h);
  EXPECT_GE(sim.summary({"dials"}), 2);
}

TEST_F(SimulatorLedger, OnePhoneTwiceInAGroupIsCounted) {
  const auto group = client.create_group();
  client.call("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", element("R1", "13800000001")}});
  EXPECT_EQ(sim.summary({"doubles", "phones_in_group"}), 0);
  client.call("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", element("R2", "13800000001")}});
  EXPECT_EQ(sim.summary({"doubles", "phones_in_group"}), 1);
  EXPECT_EQ(sim.summary({"doubles", "reference_ids"}), 0);
  client.call("AssignJobs", {{"JobGroupId", client.create_group("b")}, {"JobsJson.1", element("R3", "13800000001")}});
  EXPECT_EQ(sim.summary({"doubles", "phones_in_group"}), 1);
}

TEST_F(SimulatorLedger, ARefusedRequestLeavesNoTrace) {
  const auto group = client.create_group();
  client.call("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", element("R1")}, {"JobsJson.2", "{}"}});
  EXPECT_EQ(sim.summary({"jobs"}), 0);
  EXPECT_EQ(sim.get("/sim/jobs").json().Size(), 0U);
}

TEST_F(SimulatorLedger, ResetForgetsEverything) {
  const auto group = client.create_group();
  client.assign(group, {"R1", "R1"});
  sim.post("/sim/reset", R"({"seed":9})");
  EXPECT_EQ(sim.summary({"jobs"}), 0);
  EXPECT_EQ(sim.summary({"seed"}), 9);
  EXPECT_EQ(sim.summary({"doubles", "surplus_acceptances"}), 0);
  EXPECT_EQ(client.call("DescribeJobGroup", {{"JobGroupId", group}}).status, 404);
}

TEST_F(SimulatorLedger, GroupsShowTheirCounts) {
  const auto group = client.create_group("一组");
  client.assign(group, {"R1", "R2"});
  const auto groups = sim.get("/sim/groups").json();
  ASSERT_EQ(groups.Size(), 1U);
  EXPECT_EQ(text_at(groups, {"0", "name"}), "一组");
  EXPECT_EQ(number_at(groups, {"0", "jobs_by_status", "Scheduling"}), 2);
  client.call("DeleteJobGroup", {{"JobGroupId", group}});
  EXPECT_TRUE(flag_at(sim.get("/sim/groups").json(), {"0", "deleted"}));
  EXPECT_EQ(sim.summary({"jobs_by_status", "Cancelled"}), 2);
}

TEST_F(SimulatorLedger, GroupsAreFoundByTheirName) {
  const auto group = client.create_group("任务_17_甲_nonce");
  client.create_group("任务_18_乙_nonce");
  const auto found =
      client.call("ListJobGroups", {{"PageNumber", "1"}, {"PageSize", "10"}, {"SearchText", "任务_17_"}}).json();
  EXPECT_EQ(number_at(found, {"JobGroups", "TotalCount"}), 1);
  EXPECT_EQ(text_at(found, {"JobGroups", "List", "0", "JobGroupId"}), group);
}

TEST_F(SimulatorLedger, PagesOfAGroupShowEachJobOnce) {
  const auto group = client.create_group();
  std::vector<std::string> references;
  for (int i = 0; i < 60; ++i) references.push_back("R" + std::to_string(i));
  client.assign(group, references);
  std::vector<std::string> seen;
  for (int page = 1; page <= 4; ++page) {
    const auto answer = client
                            .call("QueryJobsWithResult",
                                  {{"JobGroupId", group}, {"PageNumber", std::to_string(page)}, {"PageSize", "25"}})
                            .json();
    EXPECT_EQ(number_at(answer, {"Jobs", "RowCount"}), 60);
    EXPECT_EQ(number_at(answer, {"Jobs", "PageCount"}), 3);
    for (const auto& row : at(answer, {"Jobs", "List"}).GetArray()) seen.push_back(text_at(row, {"Id"}));
  }
  EXPECT_EQ(seen.size(), 60U);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

}  // namespace
}  // namespace waihu::simulator_tests
