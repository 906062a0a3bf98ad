// The life of jobs as a client sees it. The clock stands still and is moved by hand, so nothing here waits.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/simulator/sim_process.hpp"

namespace waihu::simulator_tests {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> by_hand{"--speed",
                                       "0",
                                       "--scheduling-min-ms",
                                       "2000",
                                       "--scheduling-max-ms",
                                       "2000",
                                       "--ring-min-ms",
                                       "4000",
                                       "--ring-max-ms",
                                       "4000",
                                       "--redial-gap-ms",
                                       "60000",
                                       "--late-conversation-share",
                                       "0"};

std::vector<std::string> with(std::vector<std::string> base, const std::vector<std::string>& more) {
  base.insert(base.end(), more.begin(), more.end());
  return base;
}

std::string plan(const std::string& reference, const std::string& rest) {
  return R"({"reference_id":")" + reference + "\"," + rest + "}";
}

TEST(SimulatorLife, AJobWaitsTalksAndEndsWithAConversation) {
  const sim_process sim{by_hand};
  const api_client client{sim};
  const auto group = client.create_group();
  sim.post("/sim/plans",
           plan("R1", R"("outcome":"connected","dialogue":"interested_price","attempts":1,"talk_ms":30000)"));
  ASSERT_EQ(client.assign(group, {"R1"}).status, 200);
  const auto id = client.job_id_of(group, "R1");
  auto job = client.job(id);
  EXPECT_EQ(text_at(job, {"Status"}), "Scheduling");
  EXPECT_EQ(count_at(job, {"Tasks"}), 0U);
  sim.advance(3s);
  job = client.job(id);
  EXPECT_EQ(text_at(job, {"Status"}), "Executing");
  EXPECT_EQ(text_at(job, {"Tasks", "0", "Status"}), "Executing");
  EXPECT_EQ(count_at(job, {"Tasks", "0", "Conversation"}), 0U);
  sim.advance(40s);
  job = client.job(id);
  EXPECT_EQ(text_at(job, {"Status"}), "Succeeded");
  EXPECT_EQ(text_at(job, {"ReferenceId"}), "R1");
  EXPECT_EQ(text_at(job, {"Tasks", "0", "Status"}), "SucceededFinish");
  EXPECT_EQ(number_at(job, {"Tasks", "0", "Duration"}), 30);
  ASSERT_EQ(count_at(job, {"Tasks", "0", "Conversation"}), 7U);
  const auto& lines = at(job, {"Tasks", "0", "Conversation"});
  EXPECT_EQ(text_at(lines, {"0", "Speaker"}), "Robot");
  EXPECT_EQ(text_at(lines, {"1", "Speaker"}), "Contact");
  EXPECT_EQ(text_at(lines, {"1", "Script"}), "多少钱？");
  const auto rung = number_at(job, {"Tasks", "0", "ActualTime"});
  std::int64_t before = rung + 4'000;
  for (const auto& line : lines.GetArray()) {
    const auto spoken = number_at(line, {"Timestamp"});
    EXPECT_GT(spoken, before);
    before = spoken;
  }
  EXPECT_LT(before, rung + 34'000);
  const auto described = client.call("DescribeJob", {{"JobId", id}, {"WithScript", "false"}}).json();
  EXPECT_EQ(text_at(described, {"Job", "Tasks", "0", "EndReason"}), "FINISHED");
}

TEST(SimulatorLife, AFirstNoAnswerIsNotTheEndAndTasksGrow) {
  const sim_process sim{by_hand};
  const api_client client{sim};
  const auto group = client.create_group();
  sim.post("/sim/plans", plan("R1", R"("outcome":"connected","attempts":3)"));
  client.assign(group, {"R1"});
  const auto id = client.job_id_of(group, "R1");
  for (unsigned dials = 1; dials <= 2; ++dials) {
    sim.advance(dials == 1 ? 30s : 85s);
    const auto job = client.job(id);
    EXPECT_EQ(text_at(job, {"Status"}), "Scheduling");
    ASSERT_EQ(count_at(job, {"Tasks"}), dials);
    const auto word = text_at(job, {"Tasks", std::to_string(dials - 1).c_str(), "Status"});
    EXPECT_TRUE(word == "NoAnswer" || word == "Busy") << word;
  }
  sim.advance(5min);
  const auto job = client.job(id);
  EXPECT_EQ(text_at(job, {"Status"}), "Succeeded");
  EXPECT_EQ(count_at(job, {"Tasks"}), 3U);
  std::set<std::string> ids;
  for (const auto& task : at(job, {"Tasks"}).GetArray()) ids.insert(text_at(task, {"TaskId"}));
  EXPECT_EQ(ids.size(), 3U);
}

TEST(SimulatorLife, EveryFailureHasItsCodesAndReason) {
  const sim_process sim{by_hand};
  const api_client client{sim};
  const auto group = client.create_group();
  const std::map<std::string, std::pair<std::string, std::string>> expected{
      {"no_answer", {"NoAnswer", "NoAnswer"}},
      {"busy", {"Busy", "CallFailed"}},
      {"powered_off", {"PoweredOff", "CallFailed"}},
      {"not_exist", {"NotExist", "EmptyNumber"}},
      {"block_list", {"ContactBlockList", "ContactBlockList"}},
      {"day_limit", {"PerDayCallCountLimit", "PerDayCallCountLimit"}},
      {"failed", {"Failed", "CallFailed"}}};
  std::vector<std::string> references;
  for (const auto& [outcome, codes] : expected) {
    sim.post("/sim/plans", plan(outcome, "\"outcome\":\"" + outcome + "\""));
    references.push_back(outcome);
  }
  client.assign(group, references);
  sim.advance(1h);
  for (const auto& [outcome, codes] : expected) {
    SCOPED_TRACE(outcome);
    const auto job = client.job(client.job_id_of(group, outcome));
    EXPECT_EQ(text_at(job, {"Status"}), "Failed");
    EXPECT_EQ(text_at(job, {"FailureReason"}), codes.second);
    ASSERT_GE(count_at(job, {"Tasks"}), 1U);
    const auto& tasks = at(job, {"Tasks"});
    EXPECT_EQ(text_at(tasks[tasks.Size() - 1], {"Status"}), codes.first);
    EXPECT_EQ(tasks[0].HasMember("ActualTime"), outcome != "block_list" && outcome != "day_limit");
  }
}

TEST(SimulatorLife, AConversationMayAppearAfterTheTerminalStatus) {
  const sim_process sim{with(by_hand, {"--late-conversation-share", "1", "--late-conversation-ms", "30000"})};
  const api_client client{sim};
  const auto group = client.create_group();
  sim.post("/sim/plans", plan("R1", R"("outcome":"connected","dialogue":"abusive","attempts":1,"talk_ms":10000)"));
  client.assign(group, {"R1"});
  const auto id = client.job_id_of(group, "R1");
  sim.advance(16s);
  auto job = client.job(id);
  EXPECT_EQ(text_at(job, {"Status"}), "Succeeded");
  EXPECT_EQ(count_at(job, {"Tasks", "0", "Conversation"}), 0U);
  sim.advance(31s);
  job = client.job(id);
  EXPECT_GT(count_at(job, {"Tasks", "0", "Conversation"}), 0U);
}

TEST(SimulatorLife, ARecordingCanBeFetchedUntilItsLinkExpires) {
  const sim_process sim{with(by_hand, {"--recording-ttl-s", "1"})};
  const api_client client{sim};
  const auto group = client.create_group();
  sim.post("/sim/plans", plan("R1", R"("outcome":"connected","attempts":1,"talk_ms":10000)"));
  client.assign(group, {"R1"});
  const auto id = client.job_id_of(group, "R1");
  sim.advance(17s);
  const auto task = text_at(client.job(id), {"Tasks", "0", "TaskId"});
  const auto early = client.call("DownloadRecording", {{"TaskId", task}}).json();
  EXPECT_EQ(text_at(early, {"DownloadParams", "SignatureUrl"}), "");
  sim.advance(10s);
  const auto ready = client.call("DownloadRecording", {{"TaskId", task}}).json();
  const auto url = text_at(ready, {"DownloadParams", "SignatureUrl"});
  const auto prefix = "http://" + sim.host();
  ASSERT_TRUE(url.starts_with(prefix)) << url;
  const auto target = url.substr(prefix.size());
  const auto sound = sim.get(target);
  ASSERT_EQ(sound.status, 200) << sound.body;
  EXPECT_EQ(sound.header("content-type"), "audio/wav");
  ASSERT_GT(sound.body.size(), 44U);
  EXPECT_EQ(sound.body.substr(0, 4) + sound.body.substr(8, 8), "RIFFWAVEfmt ");
  auto other = target;
  other.replace(other.find("Expires=") + 8, 1, "9");
  EXPECT_EQ(sim.get(other).status, 403);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (sim.get(target).status == 200 && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_EQ(sim.get(target).status, 403);
}

TEST(SimulatorLife, SuspendPausesWhatWaitsAndLeavesRunningCallsAlone) {
  const sim_process sim{with(by_hand, {"--concurrency", "1"})};
  const api_client client{sim};
  const auto group = client.create_group();
  sim.post("/sim/plans", "[" + plan("R1", R"("outcome":"connected","attempts":1,"talk_ms":60000)") + "," +
                             plan("R2", R"("outcome":"connected","attempts":1,"talk_ms":10000)") + "]");
  client.assign(group, {"R1", "R2"});
  sim.advance(3s);
  const auto first = client.job_id_of(group, "R1");
  const auto second = client.job_id_of(group, "R2");
  EXPECT_EQ(text_at(client.job(first), {"Status"}), "Executing");
  EXPECT_EQ(text_at(client.job(second), {"Status"}), "Scheduling");
  EXPECT_EQ(client.call("SuspendJobs", {{"All", "true"}, {"JobGroupId", group}}).status, 200);
  EXPECT_EQ(text_at(client.job(first), {"Status"}), "Executing");
  EXPECT_EQ(text_at(client.job(second), {"Status"}), "Paused");
  sim.advance(1h);
  EXPECT_EQ(text_at(client.job(first), {"Status"}), "Succeeded");
  EXPECT_EQ(text_at(client.job(second), {"Status"}), "Paused");
  auto described = client.call("DescribeJobGroup", {{"JobGroupId", group}}).json();
  EXPECT_EQ(text_at(described, {"JobGroup", "Status"}), "Paused");
  EXPECT_EQ(number_at(described, {"JobGroup", "Progress", "Paused"}), 1);
  client.assign(group, {"R3"});
  EXPECT_EQ(text_at(client.job(client.job_id_of(group, "R3")), {"Status"}), "Paused");
  EXPECT_EQ(client.call("ResumeJobs", {{"All", "true"}, {"JobGroupId", group}}).status, 200);
  EXPECT_EQ(text_at(client.job(second), {"Status"}), "Scheduling");
  sim.advance(1h);
  EXPECT_EQ(text_at(client.job(second), {"Status"}), "Succeeded");
  described = client.call("DescribeJobGroup", {{"JobGroupId", group}}).json();
  EXPECT_EQ(text_at(described, {"JobGroup", "Status"}), "Completed");
}

TEST(SimulatorLife, JobsAssignedAfterASuspendAreDialledWhereThatIsAskedFor) {
  const sim_process sim{with(by_hand, {"--suspend-spares-later-jobs"})};
  const api_client client{sim};
  const auto group = client.create_group();
  client.assign(group, {"R1"});
  client.call("SuspendJobs", {{"All", "true"}, {"JobGroupId", group}});
  client.assign(group, {"R2"});
  sim.advance(3s);
  EXPECT_EQ(text_at(client.job(client.job_id_of(group, "R1")), {"Status"}), "Paused");
  EXPECT_EQ(text_at(client.job(client.job_id_of(group, "R2")), {"Status"}), "Executing");
}

TEST(SimulatorLife, SingleJobsCanBeSuspendedAndCancelled) {
  const sim_process sim{by_hand};
  const api_client client{sim};
  const auto group = client.create_group();
  client.assign(group, {"R1", "R2", "R3"});
  const auto first = client.job_id_of(group, "R1");
  EXPECT_EQ(client.call("SuspendJobs", {{"All", "false"}, {"JobId.1", first}}).status, 200);
  EXPECT_EQ(client.call("CancelJobs", {{"All", "false"}, {"JobGroupId", group}, {"JobReferenceId.1", "R2"}}).status,
            200);
  EXPECT_EQ(text_at(client.job(first), {"Status"}), "Paused");
  EXPECT_EQ(text_at(client.job(client.job_id_of(group, "R2")), {"Status"}), "Cancelled");
  sim.advance(3s);
  EXPECT_EQ(text_at(client.job(client.job_id_of(group, "R3")), {"Status"}), "Executing");
  // A call that runs is not cut off by CancelJobs, but it is the last one.
  EXPECT_EQ(client.call("CancelJobs", {{"All", "true"}, {"JobGroupId", group}}).status, 200);
  EXPECT_EQ(text_at(client.job(client.job_id_of(group, "R3")), {"Status"}), "Executing");
  sim.advance(2h);
  const auto described = client.call("DescribeJobGroup", {{"JobGroupId", group}}).json();
  EXPECT_EQ(number_at(described, {"JobGroup", "Progress", "Executing"}), 0);
  EXPECT_EQ(sim.summary({"dials"}), 1);
}

TEST(SimulatorLife, LinesLimitHowManyCallsRunAtOnce) {
  const sim_process sim{with(by_hand, {"--concurrency", "3", "--mix", "connected=1", "--late-answer-share", "0"})};
  const api_client client{sim};
  const auto group = client.create_group();
  std::vector<std::string> references;
  for (int i = 0; i < 20; ++i) references.push_back("R" + std::to_string(i));
  client.assign(group, references);
  sim.advance(5s);
  const auto described = client.call("DescribeJobGroup", {{"JobGroupId", group}}).json();
  EXPECT_EQ(number_at(described, {"JobGroup", "Progress", "Executing"}), 3);
  EXPECT_EQ(number_at(described, {"JobGroup", "Progress", "Scheduling"}), 17);
  sim.advance(1h);
  EXPECT_EQ(sim.summary({"jobs_by_status", "Succeeded"}), 20);
  EXPECT_EQ(sim.summary({"greatest_busy_lines"}), 3);
}

TEST(SimulatorLife, OutsideTheCallingWindowJobsWaitInScheduling) {
  // The window opens in two hours of local time and stays open for an hour.
  const auto now = std::time(nullptr) + 8 * 3'600;
  const auto minute = static_cast<int>(now / 60 % 1'440);
  const auto clock_text = [](int m) {
    char text[16];
    std::snprintf(text, sizeof text, "%02d:%02d", m / 60 % 24, m % 60);
    return std::string{text};
  };
  const sim_process sim{
      with(by_hand, {"--window", clock_text(minute + 120) + "-" + clock_text(minute + 180), "--mix", "failed=1"})};
  const api_client client{sim};
  const auto group = client.create_group();
  client.assign(group, {"R1"});
  sim.advance(110min);
  EXPECT_EQ(sim.summary({"jobs_by_status", "Scheduling"}), 1);
  EXPECT_EQ(sim.summary({"dials"}), 0);
  sim.advance(15min);
  EXPECT_EQ(sim.summary({"jobs_by_status", "Failed"}), 1);
}

std::map<std::string, std::string> outcomes(const std::string& seed, bool backwards) {
  const sim_process sim{{"--speed", "0", "--seed", seed}};
  const api_client client{sim};
  const auto group = client.create_group();
  std::vector<std::string> references;
  for (int i = 0; i < 90; ++i) references.push_back("ref-" + std::to_string(i));
  if (backwards) std::reverse(references.begin(), references.end());
  client.assign(group, references);
  sim.advance(backwards ? 26h : 24h);
  std::map<std::string, std::string> found;
  const auto page =
      client.call("ListJobsByGroup", {{"JobGroupId", group}, {"PageNumber", "1"}, {"PageSize", "100"}}).json();
  for (const auto& row : at(page, {"Jobs", "List"}).GetArray()) {
    const auto job = client.job(text_at(row, {"JobId"}));
    auto& text = found[text_at(row, {"ReferenceId"})];
    text = text_at(job, {"Status"});
    for (const auto& task : at(job, {"Tasks"}).GetArray()) {
      text += " " + text_at(task, {"Status"});
      for (const auto& line : at(task, {"Conversation"}).GetArray()) text += "|" + text_at(line, {"Script"});
    }
  }
  return found;
}

TEST(SimulatorLife, WhatBecomesOfAJobDependsOnSeedAndReferenceIdOnly) {
  const auto once = outcomes("7", false);
  EXPECT_EQ(once.size(), 90U);
  EXPECT_EQ(once, outcomes("7", true));
  EXPECT_NE(once, outcomes("8", false));
}

TEST(SimulatorLife, TheClockRunsAsFastAsItIsTold) {
  const sim_process sim{{"--speed", "600"}};
  const api_client client{sim};
  const auto group = client.create_group();
  client.assign(group, {"R1", "R2", "R3", "R4"});
  const auto deadline = std::chrono::steady_clock::now() + 20s;  // 200 minutes of the virtual clock.
  while (sim.summary({"finished"}) < 4 && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_EQ(sim.summary({"finished"}), 4);
}

}  // namespace
}  // namespace waihu::simulator_tests
