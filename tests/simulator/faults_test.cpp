// Every fault, seen from the client's end of the wire, and what it did or did not do to the world.
#include <gtest/gtest.h>

#include <thread>

#include "tests/simulator/sim_process.hpp"

namespace waihu::simulator_tests {
namespace {

using namespace std::chrono_literals;
using end = reply::end;

class SimulatorFaults : public ::testing::Test {
 protected:
  sim_process sim{{"--speed", "0", "--llm-delay-ms", "0"}};
  api_client client{sim};
  std::string group{client.create_group()};

  void fault(const std::string& rules) { sim.post("/sim/faults", rules); }
  std::int64_t jobs() { return sim.summary({"jobs"}); }
  std::int64_t hits(const char* index = "0") {
    const auto rules = sim.get("/sim/faults").json();
    return at(rules, {index, "hits"}).IsInt64() ? number_at(rules, {index, "hits"}) : -1;
  }
  std::chrono::milliseconds time_of(const std::function<void()>& f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  }
};

TEST_F(SimulatorFaults, LosingTheAnswerStillAcceptsTheJobs) {
  fault(R"([{"action":"AssignJobs","when":{"nth":1},"effect":"lose_answer_after_accept"}])");
  EXPECT_EQ(client.assign(group, {"R1", "R2"}).how, end::closed);
  EXPECT_EQ(jobs(), 2);
  EXPECT_EQ(hits(), 1);
  EXPECT_EQ(client.assign(group, {"R3"}).status, 200);
  EXPECT_EQ(jobs(), 3);
}

TEST_F(SimulatorFaults, HangingAfterAcceptAnswersLate) {
  fault(R"([{"action":"AssignJobs","effect":"hang_after_accept","ms":400}])");
  connection line{sim.port()};
  line.send(client.text("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", element("R1")}}));
  EXPECT_EQ(line.receive(100ms).how, end::timed_out);
  EXPECT_EQ(jobs(), 1);
  EXPECT_EQ(line.receive().status, 200);
}

TEST_F(SimulatorFaults, HangingBeforeNeverHappens) {
  fault(R"([{"action":"AssignJobs","effect":"hang_before","ms":200}])");
  reply r;
  EXPECT_GE(time_of([&] { r = client.assign(group, {"R1"}); }), 200ms);
  EXPECT_EQ(r.how, end::closed);
  EXPECT_EQ(jobs(), 0);
}

TEST_F(SimulatorFaults, ResetCutsTheConnection) {
  fault(R"([{"action":"AssignJobs","when":{"nth":1},"effect":"reset"},
            {"action":"AssignJobs","when":{"nth":2},"effect":"reset","after_accept":true}])");
  EXPECT_EQ(client.assign(group, {"R1"}).how, end::reset);
  EXPECT_EQ(jobs(), 0);
  EXPECT_EQ(client.assign(group, {"R1"}).how, end::reset);
  EXPECT_EQ(jobs(), 1);
}

TEST_F(SimulatorFaults, ErrorsComeWithStatusAndCode) {
  fault(R"([{"action":"AssignJobs","effect":"error","status":503,"code":"ServiceUnavailable","message":"later"}])");
  const auto r = client.assign(group, {"R1"});
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(text_at(r.json(), {"Code"}), "ServiceUnavailable");
  EXPECT_EQ(text_at(r.json(), {"Message"}), "later");
  EXPECT_EQ(jobs(), 0);
}

TEST_F(SimulatorFaults, AnErrorCanComeAfterTheWorkWasDone) {
  fault(R"({"action":"AssignJobs","effect":"error","after_accept":true})");
  EXPECT_EQ(client.assign(group, {"R1"}).status, 500);
  EXPECT_EQ(jobs(), 1);
}

TEST_F(SimulatorFaults, ThrottlingSaysWhenToComeBack) {
  fault(R"([{"action":"*","when":{"count":1},"effect":"throttle","retry_after_ms":1500,"status":429}])");
  const auto r = client.assign(group, {"R1"});
  EXPECT_EQ(r.status, 429);
  EXPECT_EQ(text_at(r.json(), {"Code"}), "Throttling.User");
  EXPECT_EQ(r.header("x-acs-retry-after"), "1500");
  EXPECT_EQ(client.assign(group, {"R1"}).status, 200);
}

TEST_F(SimulatorFaults, AnswersMayBeHtmlOrNoJsonOrUnsuccessful) {
  fault(R"([{"action":"ListScripts","when":{"nth":1},"effect":"html_503"},
            {"action":"ListScripts","when":{"nth":2},"effect":"not_json_200"},
            {"action":"ListScripts","when":{"nth":3},"effect":"success_false","code":"NoPermission"}])");
  auto r = client.call("ListScripts", {});
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(r.header("content-type"), "text/html");
  EXPECT_TRUE(r.body.starts_with("<html>"));
  r = client.call("ListScripts", {});
  EXPECT_EQ(r.status, 200);
  EXPECT_NE(r.body.front(), '{');
  r = client.call("ListScripts", {});
  EXPECT_EQ(r.status, 200);
  EXPECT_FALSE(flag_at(r.json(), {"Success"}));
  EXPECT_EQ(text_at(r.json(), {"Code"}), "NoPermission");
  EXPECT_TRUE(flag_at(client.call("ListScripts", {}).json(), {"Success"}));
}

TEST_F(SimulatorFaults, ADelayedRequestHappensLateEvenWhenNobodyWaits) {
  fault(R"([{"action":"AssignJobs","effect":"delay","ms":300}])");
  {
    connection line{sim.port()};
    line.send(client.text("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", element("R1")}}));
    EXPECT_EQ(line.receive(50ms).how, end::timed_out);
  }
  EXPECT_EQ(jobs(), 0);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (jobs() == 0 && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_EQ(jobs(), 1);
}

TEST_F(SimulatorFaults, StatusesCanGoBackwardsInReadsOnly) {
  client.assign(group, {"R1"});
  sim.advance(24h);
  const auto id = client.job_id_of(group, "R1");
  const auto before = text_at(client.job(id), {"Status"});
  ASSERT_TRUE(before == "Succeeded" || before == "Failed");
  fault(R"([{"action":"ListJobs","when":{"count":1},"effect":"status_backwards"}])");
  EXPECT_EQ(text_at(client.job(id), {"Status"}), "Executing");
  EXPECT_EQ(text_at(client.job(id), {"Status"}), before);
}

TEST_F(SimulatorFaults, AnswersCanCarryEveryJobTwice) {
  client.assign(group, {"R1"});
  fault(R"([{"action":"ListJobs","effect":"duplicate_answer"}])");
  const auto all = client.call("ListJobs", {{"JobId.1", client.job_id_of(group, "R1")}}).json();
  ASSERT_EQ(count_at(all, {"Jobs"}), 2U);
  EXPECT_EQ(text_at(all, {"Jobs", "0", "JobId"}), text_at(all, {"Jobs", "1", "JobId"}));
}

TEST_F(SimulatorFaults, AssignmentsCanBeAcceptedOrShownInPart) {
  fault(R"([{"action":"AssignJobs","when":{"nth":1},"effect":"drop_job_ids","share":0.5},
            {"action":"AssignJobs","when":{"nth":2},"effect":"hide_job_ids","share":0.25}])");
  EXPECT_EQ(count_at(client.assign(group, {"R1", "R2", "R3", "R4"}).json(), {"JobsId"}), 2U);
  EXPECT_EQ(jobs(), 2);
  EXPECT_EQ(count_at(client.assign(group, {"R5", "R6", "R7", "R8"}).json(), {"JobsId"}), 1U);
  EXPECT_EQ(jobs(), 6);
}

TEST_F(SimulatorFaults, TheOrderOfJobsIdIsOnlyPromisedOnRequest) {
  std::vector<std::string> references;
  for (int i = 0; i < 50; ++i) references.push_back("R" + std::to_string(i));
  const auto references_in_order = [&](const reply& r) {
    std::vector<std::string> found;
    const auto answer = r.json();
    for (const auto& id : at(answer, {"JobsId"}).GetArray())
      found.push_back(text_at(client.job(id.GetString()), {"ReferenceId"}));
    return found;
  };
  EXPECT_NE(references_in_order(client.assign(group, references)), references);
  fault(R"([{"action":"AssignJobs","effect":"ordered_job_ids"}])");
  EXPECT_EQ(references_in_order(client.assign(client.create_group("other"), references)), references);
}

TEST_F(SimulatorFaults, PhonesCanBeMaskedAndReferenceIdsLeftOut) {
  client.call("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", element("R1", "13812345678")}});
  const auto id = client.job_id_of(group, "R1");
  fault(R"([{"effect":"mask_phones"},{"effect":"no_reference_ids"}])");
  const auto job = client.job(id);
  EXPECT_EQ(text_at(job, {"Contacts", "0", "PhoneNumber"}), "138****5678");
  EXPECT_EQ(text_at(job, {"ReferenceId"}), "");
  EXPECT_EQ(text_at(job, {"Contacts", "0", "ReferenceId"}), "");
}

TEST_F(SimulatorFaults, HeldRequestsWaitForTheirRelease) {
  fault(R"([{"action":"AssignJobs","when":{"nth":1},"effect":"hold"},
            {"action":"AssignJobs","when":{"nth":2},"effect":"hold","after_accept":true}])");
  connection first{sim.port()};
  connection second{sim.port()};
  first.send(client.text("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", element("R1")}}));
  const auto wait_for_held = [&](std::int64_t number) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (sim.summary({"held_requests"}) != number && std::chrono::steady_clock::now() < deadline) {
    }
    return sim.summary({"held_requests"});
  };
  EXPECT_EQ(wait_for_held(1), 1);
  EXPECT_EQ(jobs(), 0);
  second.send(client.text("AssignJobs", {{"JobGroupId", group}, {"JobsJson.1", element("R2")}}));
  EXPECT_EQ(wait_for_held(2), 2);
  EXPECT_EQ(jobs(), 1);
  EXPECT_EQ(number_at(sim.post("/sim/release", "").json(), {"released"}), 2);
  EXPECT_EQ(first.receive().status, 200);
  EXPECT_EQ(second.receive().status, 200);
  EXPECT_EQ(jobs(), 2);
}

TEST_F(SimulatorFaults, AnOutageRefusesEverythingForAWhile) {
  fault(R"([{"effect":"outage","ms":500}])");
  EXPECT_EQ(client.assign(group, {"R1"}).how, end::closed);
  EXPECT_EQ(client.call("ListScripts", {}).how, end::closed);
  EXPECT_EQ(jobs(), 0);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (client.call("ListScripts", {}).how != end::answered && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_EQ(client.assign(group, {"R1"}).status, 200);
  EXPECT_EQ(jobs(), 1);
}

TEST_F(SimulatorFaults, AnOutageWithAWhenBeginsAtItsFirstHit) {
  fault(R"([{"action":"AssignJobs","when":{"nth":2},"effect":"outage","ms":300}])");
  EXPECT_EQ(client.assign(group, {"R1"}).status, 200);
  EXPECT_EQ(client.assign(group, {"R2"}).how, end::closed);
  EXPECT_EQ(client.call("ListScripts", {}).how, end::closed);
  EXPECT_EQ(jobs(), 1);
}

TEST_F(SimulatorFaults, EveryAndFromCallChooseRequests) {
  fault(R"([{"action":"ListScripts","when":{"every":3,"from_call":4},"effect":"error"}])");
  std::string seen;
  for (int i = 0; i < 12; ++i) seen += client.call("ListScripts", {}).status == 200 ? '.' : 'x';
  EXPECT_EQ(seen, ".....x..x..x");
}

TEST_F(SimulatorFaults, ProbabilitiesFollowTheSeed) {
  const auto pattern = [](const std::string& seed) {
    const sim_process own{{"--speed", "0", "--seed", seed}};
    own.post("/sim/faults", R"([{"action":"ListScripts","when":{"probability":0.5},"effect":"error"}])");
    std::string seen;
    for (int i = 0; i < 40; ++i) seen += api_client{own}.call("ListScripts", {}).status == 200 ? '.' : 'x';
    return seen;
  };
  const auto once = pattern("1");
  EXPECT_NE(once.find('x'), std::string::npos);
  EXPECT_NE(once.find('.'), std::string::npos);
  EXPECT_EQ(once, pattern("1"));
  EXPECT_NE(once, pattern("2"));
}

TEST_F(SimulatorFaults, RulesThatAreWrongAreRefusedWhole) {
  for (const char* rules : {R"([{"effect":"nonsense"}])", R"([{"effect":"error"},{"effekt":"error"}])", "nonsense",
                            R"([{"effect":"error","when":{"nthh":1}}])", R"([{"effect":"error","status":42}])"}) {
    const auto r = connection{sim.port()}.exchange(request_text("POST", "/sim/faults", rules));
    EXPECT_EQ(r.status, 400) << rules;
  }
  EXPECT_EQ(sim.get("/sim/faults").json().Size(), 0U);
}

TEST_F(SimulatorFaults, DeletedRulesHaveNoEffect) {
  fault(R"([{"effect":"error"}])");
  EXPECT_EQ(client.call("ListScripts", {}).status, 500);
  EXPECT_EQ(sim.remove("/sim/faults").status, 200);
  EXPECT_EQ(client.call("ListScripts", {}).status, 200);
}

TEST_F(SimulatorFaults, TheRequestLogNamesWhatHit) {
  fault(R"([{"action":"AssignJobs","effect":"lose_answer_after_accept"}])");
  client.assign(group, {"R1"});
  const auto log = sim.get("/sim/requests?since=1").json();
  ASSERT_EQ(log.Size(), 1U);
  EXPECT_EQ(text_at(log, {"0", "action"}), "AssignJobs");
  EXPECT_EQ(text_at(log, {"0", "effects"}), "lose_answer_after_accept");
  EXPECT_TRUE(flag_at(log, {"0", "carried_out"}));
}

}  // namespace
}  // namespace waihu::simulator_tests
