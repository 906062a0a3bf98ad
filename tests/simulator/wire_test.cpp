// The wire's rules: refusals with the service's codes, limits, keep-alive, long request lines.
#include <gtest/gtest.h>

#include "tests/simulator/sim_process.hpp"

namespace waihu::simulator_tests {
namespace {

class SimulatorWire : public ::testing::Test {
 protected:
  sim_process sim{{"--instance", "inst-1", "--speed", "0"}};

  void expect_refused(const reply& r, int status, const std::string& code) {
    EXPECT_EQ(r.status, status) << r.body;
    const auto body = r.json();
    EXPECT_EQ(text_at(body, {"Code"}), code) << r.body;
    for (const char* member : {"RequestId", "HostId", "Message"}) EXPECT_FALSE(text_at(body, {member}).empty());
  }
};

TEST_F(SimulatorWire, BothSignatureStylesAreAccepted) {
  for (const bool v1 : {false, true}) {
    const api_client client{sim, v1};
    const auto group = client.create_group();
    const auto assigned = client.assign(group, {"R1", "R2"}).json();
    EXPECT_EQ(count_at(assigned, {"JobsId"}), 2U);
    EXPECT_TRUE(flag_at(assigned, {"Success"}));
  }
}

TEST_F(SimulatorWire, AnUnknownKeyIsNotFound) {
  for (const bool v1 : {false, true}) {
    api_client client{sim, v1};
    client.access_key = "somebody";
    expect_refused(client.call("ListScripts", {{"PageNumber", "1"}, {"PageSize", "10"}}), 404,
                   "InvalidAccessKeyId.NotFound");
  }
}

TEST_F(SimulatorWire, AWrongSecretDoesNotMatch) {
  for (const bool v1 : {false, true}) {
    api_client client{sim, v1};
    client.secret = "wrong";
    expect_refused(client.call("ListScripts", {}), 400, "SignatureDoesNotMatch");
  }
}

TEST_F(SimulatorWire, ANonceIsGoodForOneRequest) {
  for (const bool v1 : {false, true}) {
    api_client client{sim, v1};
    client.fixed_nonce = v1 ? "nonce-of-v1" : "nonce-of-v3";
    EXPECT_EQ(client.call("ListScripts", {}).status, 200);
    expect_refused(client.call("ListScripts", {}), 400, "SignatureNonceUsed");
  }
}

TEST_F(SimulatorWire, AClockThatIsOffIsRefused) {
  for (const bool v1 : {false, true}) {
    api_client client{sim, v1};
    client.clock_offset_s = -1'000;
    expect_refused(client.call("ListScripts", {}), 400, "InvalidTimeStamp.Expired");
    client.clock_offset_s = 1'000;
    expect_refused(client.call("ListScripts", {}), 400, "InvalidTimeStamp.Expired");
  }
}

TEST_F(SimulatorWire, AChangedFormBodyIsRefused) {
  const auto group = api_client{sim}.create_group();
  for (const bool v1 : {false, true}) {
    api_client client{sim, v1};
    client.body_replacement = "JobGroupId=" + group + "&JobsJson=%5B%5D";
    expect_refused(client.call("AssignJobsAsync", {}, {{"JobGroupId", group}, {"JobsJson", "[]"}, {"x", "y"}}), 400,
                   "SignatureDoesNotMatch");
  }
}

TEST_F(SimulatorWire, AnUnknownOperationIsNotFound) {
  expect_refused(api_client{sim}.call("DialEverybody", {}), 404, "InvalidApi.NotFound");
}

TEST_F(SimulatorWire, MissingAndUnknownThingsHaveTheServicesCodes) {
  const api_client client{sim};
  const auto group = client.create_group();
  expect_refused(client.call("AssignJobs", {{"JobsJson.1", element("R")}}), 400, "MissingParameter");
  expect_refused(client.call("AssignJobs", {{"JobGroupId", group}}), 400, "MissingParameter");
  expect_refused(client.call("CreateJobGroup", {{"ScriptId", "s"}}), 400, "MissingParameter");
  expect_refused(client.call("DescribeJobGroup", {{"JobGroupId", "c62e6789-28a8-41db-941e-171a01d3b3b9"}}), 404,
                 "NotExist.JobGroup");
  expect_refused(client.call("DescribeJob", {{"JobId", "b72425bd-7871-4050-838e-000000000001"}}), 404, "NotExist.Job");
  expect_refused(client.call("SuspendJobs", {{"JobGroupId", group}}), 400, "MissingParameter");
  expect_refused(client.call("DownloadRecording", {{"TaskId", "nothing"}}), 404, "NotExist.Task");
  expect_refused(client.call("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", "{\"contacts\":[]}"}}), 400,
                 "InvalidParameter");
  expect_refused(client.call("QueryJobsWithResult", {{"JobGroupId", group}, {"PageSize", "101"}}), 400,
                 "InvalidParameter");
  api_client stranger{sim};
  stranger.instance = "inst-2";
  expect_refused(stranger.call("ListScripts", {}), 404, "NotExist.Instance");
  stranger.instance = "";
  expect_refused(stranger.call("ListScripts", {}), 400, "MissingParameter");
}

TEST_F(SimulatorWire, NinetyNineJobsAreTakenAndAHundredRefusedWhole) {
  const api_client client{sim};
  const auto group = client.create_group();
  std::vector<std::string> references;
  for (int i = 0; i < 100; ++i) references.push_back("R" + std::to_string(i));
  expect_refused(client.assign(group, references), 400, "InvalidParameter");
  EXPECT_EQ(sim.summary({"jobs"}), 0);
  references.pop_back();
  EXPECT_EQ(client.assign(group, references).status, 200);
  EXPECT_EQ(sim.summary({"jobs"}), 99);
  signing::parameters ids;
  for (int i = 1; i <= 100; ++i) ids.emplace_back("JobId." + std::to_string(i), client.job_id_of(group, "R1"));
  expect_refused(client.call("ListJobs", ids), 400, "InvalidParameter");
  ids.pop_back();
  EXPECT_EQ(client.call("ListJobs", ids).status, 200);
}

TEST_F(SimulatorWire, OneWrongElementSpoilsTheWholeAssignment) {
  const api_client client{sim};
  const auto group = client.create_group();
  expect_refused(
      client.call("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", element("R1")}, {"JobsJson.2", "not json"}}),
      400, "InvalidParameter");
  EXPECT_EQ(sim.summary({"jobs"}), 0);
}

TEST_F(SimulatorWire, RequestLinesOfMoreThan128KiBAreRead) {
  const api_client client{sim};
  const auto group = client.create_group();
  signing::parameters query{{"JobGroupId", group}};
  for (int i = 1; i <= 99; ++i) {
    auto json = element("R" + std::to_string(i));
    json.insert(json.size() - 1, ",\"note\":\"" + std::string(1'200, 'x') + "\"");
    query.emplace_back("JobsJson." + std::to_string(i), json);
  }
  const auto text = client.text("AssignJobs", query);
  ASSERT_GT(text.find("\r\n"), 128U * 1024U);
  const auto answer = connection{sim.port()}.exchange(text);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(sim.summary({"jobs"}), 99);
}

TEST_F(SimulatorWire, AConnectionServesManyRequests) {
  const api_client client{sim};
  connection line{sim.port()};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(line.exchange(client.text("ListScripts", {})).status, 200);
}

TEST_F(SimulatorWire, UnknownPathsAreNotFound) { EXPECT_EQ(sim.get("/elsewhere").status, 404); }

TEST_F(SimulatorWire, AssignJobsAsyncGivesItsResultLater) {
  const api_client client{sim};
  const auto group = client.create_group();
  const auto first = element("R1");
  std::string escaped;
  for (const char c : first) escaped += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  const auto started =
      client.call("AssignJobsAsync", {}, {{"JobGroupId", group}, {"JobsJson", "[\"" + escaped + "\"]"}}).json();
  const auto task = text_at(started, {"AsyncTaskId"});
  ASSERT_FALSE(task.empty());
  const auto early = client.call("GetAssignJobsAsyncResult", {{"AsyncTaskId", task}}).json();
  EXPECT_FALSE(flag_at(early, {"Valid"}));
  sim.advance(std::chrono::seconds{2});
  const auto late = client.call("GetAssignJobsAsyncResult", {{"AsyncTaskId", task}}).json();
  EXPECT_TRUE(flag_at(late, {"Valid"}));
  EXPECT_EQ(count_at(late, {"JobsId"}), 1U);
}

}  // namespace
}  // namespace waihu::simulator_tests
