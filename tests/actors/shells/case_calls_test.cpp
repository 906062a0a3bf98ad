// Calls to the parties of cases on the whole engine under virtual time: tasks that start by themselves, calls that join
// them, refusals of one person, crashes, and how following a call ends.
#include <algorithm>

#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;
using mood = fake_provider::assign_mood;
using query::case_placement;

class CaseCalls : public EngineFixture {
 protected:
  void add_case(const std::string& id, int parties = 2) {
    case_record what;
    what.organization_id = organization;
    what.case_id = id;
    what.mediation_id = 20;
    what.stage = mediation_stage::follow_up;
    for (int i = 0; i < parties; ++i)
      what.parties.push_back({id + "-" + std::to_string(i), "甲", "1380000" + std::to_string(1000 + next_phone_++),
                              i == 0 ? party_side::applicant : party_side::respondent});
    ASSERT_TRUE(ask_store(query::put_case{what}));
  }
  std::vector<query::placed_case_call> place(const std::string& id, int parties = 2,
                                             const std::string& script = "script") {
    query::place_case_calls q;
    q.organization_id = organization;
    q.case_id = id;
    q.stage = mediation_stage::follow_up;
    for (int i = 0; i < parties; ++i) q.wanted.push_back({id + "-" + std::to_string(i), script, {}});
    q.at = wall_now();
    auto placed = ask_store(q);
    EXPECT_TRUE(placed);
    return placed.value();
  }
  result<bool> wait_for(const std::vector<query::placed_case_call>& placed) {
    await_case_calls wanted;
    wanted.organization_id = organization;
    wanted.task = placed.front().call->record.task;
    for (const auto& each : placed)
      if (each.call->record.task == wanted.task) wanted.rows.push_back(each.call->record.row);
    return await_calls(wanted);
  }
  query::case_call_view stored(const query::placed_case_call& placed) {
    return ask_store(query::case_calls_by_id{organization, {placed.call->record.id}}).value().at(0);
  }
  void end_all(const std::vector<query::placed_case_call>& placed, call_status status = call_status::succeeded) {
    pass_until(
        [&] {
          provider->set_all(status, status == call_status::succeeded ? "SucceededFinish" : "NoAnswer",
                            status == call_status::succeeded ? R"([{"speaker":"Robot"}])" : "");
          return std::all_of(placed.begin(), placed.end(),
                             [&](const auto& each) { return stored(each).job.job.phase == job_phase::closed; });
        },
        600s, "every call closed");
    EXPECT_EQ(provider->doubles(), 0);
  }

 private:
  int next_phone_{};
};

TEST_F(CaseCalls, StartByThemselvesAreFollowedAndEndWithoutAFollowUp) {
  start_node();
  add_case("C1");
  const auto placed = place("C1");
  ASSERT_EQ(placed.size(), 2U);
  EXPECT_EQ(placed[0].what, case_placement::placed);
  EXPECT_EQ(wait_for(placed), true);
  EXPECT_FALSE(stored(placed[0]).job.job.call_job_id.empty());
  EXPECT_EQ(provider->groups.size(), 1U) << "one script, one group";
  end_all(placed);
  const auto task = placed[0].call->record.task;
  pass_until([&] { return stored_task(task).type == task_type::follow_up_complete; }, 10s, "task at 4");
  for (const auto& each : placed) {
    const auto now = stored(each);
    EXPECT_EQ(now.job.job.status, call_status::succeeded);
    EXPECT_FALSE(now.job.follow) << "a case call leaves none";
    EXPECT_EQ(now.job.conversation_json, R"([{"speaker":"Robot"}])");
    EXPECT_FALSE(now.job.recording_url.empty()) << "fetched after settlement";
  }
  EXPECT_EQ(model->calls, 0) << "nobody asks the language model about it";
  EXPECT_EQ(eng->counts->tasks, 0);
  EXPECT_EQ(eng->counts->jobs, 0);
  EXPECT_EQ(eng->counts->wheel_entries, 0);
}

TEST_F(CaseCalls, OthersJoinATaskThatIsCalling) {
  start_node();
  add_case("C1");
  add_case("C2");
  const auto first = place("C1");
  ASSERT_EQ(wait_for(first), true);
  const auto second = place("C2");
  EXPECT_EQ(second[0].call->record.task, first[0].call->record.task);
  EXPECT_EQ(wait_for(second), true);
  EXPECT_EQ(provider->groups.size(), 1U);
  EXPECT_EQ(provider->jobs.size(), 4U);
  end_all(first);
  end_all(second);
  add_case("C3");
  const auto third = place("C3");
  EXPECT_NE(third[0].call->record.task, first[0].call->record.task) << "a task that is complete takes nobody in";
  EXPECT_EQ(wait_for(third), true);
}

TEST_F(CaseCalls, WhoJoinsWhileTheTaskEndsIsNotForgotten) {
  start_node();
  add_case("C1");
  add_case("C2");
  const auto first = place("C1");
  ASSERT_EQ(wait_for(first), true);
  // Nobody tells the actor: it believes that its calls are all there are, and wants to end.
  const auto second = place("C2");
  ASSERT_EQ(second[0].call->record.task, first[0].call->record.task);
  end_all(first);
  pass_until([&] { return provider->jobs.size() == 4U; }, 60s, "the joined calls sent");
  end_all(second);
}

TEST_F(CaseCalls, OnePersonsRefusalNeverHidesAnothersCall) {
  start_node();
  add_case("C1");
  const auto placed = place("C1");
  // Both together are refused; alone the first is, the second is not.
  provider->assign_moods = {mood::refuse, mood::refuse, mood::accept};
  EXPECT_EQ(wait_for(placed), true);
  EXPECT_EQ(provider->assign_calls, 3);
  EXPECT_EQ(stored(placed[0]).job.job.outcome, job_outcome::unplaced);
  EXPECT_EQ(stored(placed[0]).last_error, "参数不合法");
  EXPECT_FALSE(stored(placed[1]).job.job.call_job_id.empty());
  EXPECT_EQ(stored(placed[1]).last_error, "");
  // Once more: the one who was refused is called, the other one is not called again.
  const auto again = place("C1");
  EXPECT_EQ(again[0].what, case_placement::placed);
  EXPECT_EQ(again[1].what, case_placement::active);
  EXPECT_EQ(again[1].call->record.id, placed[1].call->record.id);
  EXPECT_EQ(wait_for(again), true);
  EXPECT_EQ(provider->jobs.size(), 2U);
}

TEST_F(CaseCalls, AGroupThatCannotBeMadeGivesItsCallsUpAndTheNextOnesAreMade) {
  start_node();
  provider->group_failure = failure{errc::rejected, "场景不存在", "InvalidScript", 0};
  add_case("C1");
  const auto placed = place("C1");
  EXPECT_EQ(wait_for(placed), true) << "over is an answer too";
  pass_until([&] { return stored(placed[1]).job.job.phase == job_phase::closed; }, 10s, "given up");
  EXPECT_EQ(stored(placed[0]).job.job.outcome, job_outcome::unplaced);
  EXPECT_EQ(stored(placed[0]).last_error, "场景不存在");
  pass_until([&] { return eng->counts->tasks == 0; }, 10s, "its actor left");
  provider->group_failure.reset();
  const auto again = place("C1");
  EXPECT_EQ(again[0].what, case_placement::placed) << "what never reached the provider was no round";
  EXPECT_EQ(wait_for(again), true);
  end_all(again);
}

TEST_F(CaseCalls, WhoJoinsATaskWhoseStartFailedIsCalledAndWhoWasGivenUpIsNot) {
  start_node();
  add_case("C1");
  add_case("C2");
  provider->group_failure = failure{errc::rejected, "场景不存在", "InvalidScript", 0};
  const auto first = place("C1");
  // The task is loaded and asks for its group; then nothing can be stored, so its calls cannot be given up yet.
  store_failures->repeat = 1'000'000;
  store_failures->fail_at = store_failures->count + 3;
  EXPECT_EQ(wait_for(first), false);
  provider->group_failure.reset();
  const auto second = place("C2");
  ASSERT_EQ(second[0].call->record.task, first[0].call->record.task);
  store_failures->fail_at = 0;
  wait_for(second);
  pass_until([&] { return !stored(second[1]).job.job.call_job_id.empty(); }, 60s, "called");
  pass(10s);
  for (const auto& each : first) {
    const auto& job = stored(each).job.job;
    const bool was_given_up = job.outcome == job_outcome::unplaced;
    EXPECT_NE(was_given_up, provider->jobs.contains(job.reference_id)) << "either called or given up";
  }
  end_all(second);
}

TEST_F(CaseCalls, AGroupWhoseAnswerWasLostIsFoundAgain) {
  start_node();
  provider->group_failure = failure{errc::lost, "connection reset", {}, 0};
  add_case("C1");
  const auto placed = place("C1");
  EXPECT_EQ(wait_for(placed), false) << "nobody knows whether there is a group";
  provider->group_failure.reset();
  pass_until([&] { return provider->jobs.size() == 2U; }, 120s, "called");
  EXPECT_EQ(provider->groups.size(), 1U) << "the one whose answer was lost";
  end_all(placed);
}

TEST_F(CaseCalls, ALostAnswerIsReconciledAndNobodyIsCalledTwice) {
  start_node();
  provider->assign_moods = {mood::lose_answer};
  add_case("C1");
  const auto placed = place("C1");
  EXPECT_EQ(wait_for(placed), false) << "within its budget nothing is known";
  EXPECT_EQ(place("C1")[0].what, case_placement::active);
  pass_until([&] { return !stored(placed[1]).job.job.call_job_id.empty(); }, 60s, "reconciled");
  EXPECT_EQ(provider->assign_calls, 1);
  end_all(placed);
}

TEST_F(CaseCalls, ACrashBeforeTheStartLosesNobody) {
  start_node();
  add_case("C1");
  crash_node();
  const auto placed = place("C1");
  start_node();
  pass_until([&] { return provider->jobs.size() == 2U; }, 30s, "called by the next start");
  end_all(placed);
}

TEST_F(CaseCalls, ACrashWhileTheyAreFollowedTakesThemUpAgain) {
  start_node();
  add_case("C1");
  const auto placed = place("C1");
  ASSERT_EQ(wait_for(placed), true);
  crash_node();
  start_node();
  pass(1s);
  const auto looks = provider->look_calls;
  EXPECT_GT(looks, 0) << "looked at at once";
  EXPECT_EQ(place("C1")[0].what, case_placement::active);
  end_all(placed);
}

TEST_F(CaseCalls, FollowingEndsAfterTenFailuresWithAnEvent) {
  start_node();
  add_case("C1", 1);
  const auto placed = place("C1", 1);
  ASSERT_EQ(wait_for(placed), true);
  provider->look_failure = failure{errc::rejected, "服务异常", "InternalError", 0};
  pass_until([&] { return stored(placed[0]).job.job.phase == job_phase::parked; }, 200s, "parked");
  EXPECT_EQ(stored(placed[0]).job.job.parked, parked_reason::unreachable);
  const auto events = ask_store(query::events_after{organization, {}, placed[0].call->record.task, 1000}).value();
  const auto told = std::find_if(events.begin(), events.end(), [](const auto& e) { return e.to == "parked"; });
  ASSERT_NE(told, events.end());
  EXPECT_NE(told->data_json.find("获取通话状态失败"), std::string::npos) << told->data_json;
  EXPECT_EQ(place("C1", 1)[0].what, case_placement::active) << "nobody knows that the call is over";
}

TEST_F(CaseCalls, FollowingEndsAfterTwoHours) {
  start_node();
  add_case("C1", 1);
  const auto placed = place("C1", 1);
  ASSERT_EQ(wait_for(placed), true);
  pass(std::chrono::hours{2} - 30s, 1s);
  EXPECT_EQ(stored(placed[0]).job.job.phase, job_phase::tracking);
  pass(60s, 1s);
  EXPECT_EQ(stored(placed[0]).job.job.phase, job_phase::parked);
  EXPECT_EQ(stored(placed[0]).job.job.parked, parked_reason::timeout);
}

TEST_F(CaseCalls, ACrashDoesNotGiveThemTwoMoreHours) {
  start_node();
  add_case("C1", 1);
  const auto placed = place("C1", 1);
  ASSERT_EQ(wait_for(placed), true);
  pass(std::chrono::hours{1}, 1s);
  crash_node();
  start_node();
  pass(50min, 1s);
  EXPECT_EQ(stored(placed[0]).job.job.phase, job_phase::tracking);
  pass(12min, 1s);
  EXPECT_EQ(stored(placed[0]).job.job.phase, job_phase::parked);
}

TEST_F(CaseCalls, TheTerminalEventTellsTheChineseNameAndWhoseCallItWas) {
  start_node();
  add_case("C1", 1);
  const auto placed = place("C1", 1);
  ASSERT_EQ(wait_for(placed), true);
  end_all(placed, call_status::failed);
  const auto events = ask_store(query::events_after{organization, {}, placed[0].call->record.task, 1000}).value();
  const auto told = std::find_if(events.begin(), events.end(), [](const auto& e) { return e.to == "settled"; });
  ASSERT_NE(told, events.end());
  const auto id = "\"caseCallId\":" + std::to_string(value(placed[0].call->record.id));
  EXPECT_NE(told->data_json.find(id), std::string::npos) << told->data_json;
  EXPECT_NE(told->data_json.find("\"callStatusText\":\"失败\""), std::string::npos) << told->data_json;
}

TEST_F(CaseCalls, AnotherOrganisationWaitsForNothing) {
  start_node();
  add_case("C1");
  const auto placed = place("C1");
  await_case_calls wanted;
  wanted.organization_id = "OTHER01";
  wanted.task = placed[0].call->record.task;
  wanted.rows = {placed[0].call->record.row};
  const auto answer = await_calls(wanted);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, errc::not_found);
}

}  // namespace

}  // namespace waihu::test
