// Having people of cases called, as clients see it.
#include <algorithm>

#include "tests/http/case_fixture.hpp"

namespace waihu::test {
namespace {

class http_case_calls : public case_test {
 public:
  static std::string wish(const std::string& person, const std::string& more = {}, const std::string& of = "C1") {
    return R"({"caseRef":")" + of + R"(","personId":")" + person + R"(","mediationStage":14)" + more + "}";
  }
  /// Ends all calls that have not ended.
  void end_all(call_status status = call_status::failed, const std::string& attempt = "NoAnswer") {
    for (const auto& one : calls())
      if (!is_terminal(one.job.job.status)) end(one, status, attempt);
  }
};

TEST_F(http_case_calls, EverybodyWhomTheStageCallsHasAnEntryAndOneWithoutAScriptHidesNobody) {
  const auto r = call_everybody();
  expect(r, 201, 201, "外呼请求处理完成");
  const auto j = r.json();
  ASSERT_EQ(j.size("/data"), 3);
  for (const std::string at : {"/data/0/", "/data/1/"}) {
    EXPECT_EQ(j.number(at + "errorCode"), 0);
    EXPECT_EQ(j.text(at + "message"), "外呼发起成功");
    EXPECT_EQ(j.number(at + "mediationId"), 20);
    EXPECT_EQ(j.number(at + "nodeId"), 5);
    EXPECT_EQ(j.text(at + "taskName"), "履约回访");
    EXPECT_TRUE(j.is_null(at + "result"));
    EXPECT_EQ(j.number(at + "personType"), 0);
    EXPECT_EQ(j.number(at + "mediationType"), 1);
    EXPECT_EQ(j.text(at + "jobId").rfind("job-", 0), 0U);
    EXPECT_EQ(j.text(at + "instanceId"), "instance-1");
    EXPECT_EQ(j.text(at + "jobGroupId").rfind("group-", 0), 0U);
    EXPECT_EQ(j.text(at + "scriptId"), "script-a");
    EXPECT_EQ(j.text(at + "callStatus"), "Scheduling");
    EXPECT_EQ(j.text(at + "callStatusText"), "拨号中");
    EXPECT_EQ(j.number(at + "deleteStatus"), 1);
    EXPECT_EQ(j.text(at + "creator"), "li");
    EXPECT_EQ(j.text(at + "createTime").size(), 10U);
    for (const auto* name : {"remark", "modifier", "modifyTime", "startTime", "callInterval"})
      EXPECT_TRUE(j.is_null(at + name)) << name;
  }
  EXPECT_EQ(j.text("/data/0/personId"), "P1");
  EXPECT_EQ(j.text("/data/1/personId"), "P2");
  EXPECT_EQ(j.number("/data/2/errorCode"), 1003);
  EXPECT_EQ(j.text("/data/2/message"), "当前阶段未配置该当事人的外呼场景");
  EXPECT_EQ(j.number("/data/2/personType"), 1);
  EXPECT_EQ(j.keys("/data/2"), j.keys("/data/0"));
  EXPECT_EQ(calls().size(), 2U);
}

TEST_F(http_case_calls, EveryMemberOfAnEntryIsThereInTheContractsOrder) {
  const std::vector<std::string> wanted{"errorCode",      "message",    "id",           "mediationId",   "nodeId",
                                        "taskName",       "result",     "personType",   "mediationType", "personId",
                                        "jobId",          "instanceId", "jobGroupId",   "scriptId",      "callStatus",
                                        "callStatusText", "remark",     "deleteStatus", "creator",       "createTime",
                                        "modifier",       "modifyTime", "startTime",    "callInterval"};
  EXPECT_EQ(call_everybody().json().keys("/data/0"), wanted);
}

TEST_F(http_case_calls, NumbersAndTextsAreTakenAlike) {
  auto of = usual_case();
  of.case_id = "202601281644031088";
  of.parties = {{"2303190000000001", "", "13800000001", party_side::applicant}};
  put_case(of);
  const auto as_numbers = order("/call-v2", R"({"caseId":202601281644031088,"mediationId":"20","callAuto":"1",
                                                "callPersonId":2303190000000001})");
  EXPECT_EQ(as_numbers.status, 201) << as_numbers.body;
  EXPECT_EQ(as_numbers.json().text("/data/0/personId"), "2303190000000001");
  const auto as_texts = order("/call-v2", R"({"caseId":"202601281644031088","mediationId":20,"callAuto":0,
                                              "callPersonId":null})");
  EXPECT_EQ(as_texts.json().number("/data/0/id"), as_numbers.json().number("/data/0/id"));
}

TEST_F(http_case_calls, AStageCallsWhomItNamesAndByHandAnybodyIsCalled) {
  auto of = usual_case();
  of.stage = mediation_stage::fact_finding;
  put_case(of);
  const auto j = call_everybody().json();
  ASSERT_EQ(j.size("/data"), 2);
  EXPECT_EQ(j.text("/data/0/scriptId"), "script-f");
  EXPECT_EQ(j.number("/data/0/nodeId"), 2);
  const auto by_hand = call_one("P3").json();
  ASSERT_EQ(by_hand.size("/data"), 1);
  EXPECT_EQ(by_hand.number("/data/0/errorCode"), 0);
  EXPECT_EQ(by_hand.text("/data/0/scriptId"), "script-g");
  EXPECT_EQ(by_hand.number("/data/0/personType"), 1);
}

TEST_F(http_case_calls, AnActiveCallIsAnsweredAgainAsTheProviderLastSaid) {
  const auto first = call_everybody().json();
  const auto rows = calls();
  inside->on_refresh = [&](const refresh_jobs& m) -> result<refreshed_jobs> {
    EXPECT_EQ(m.rows.size(), 2U);
    EXPECT_EQ(m.max_age, milliseconds{10'000});
    refreshed_jobs out;
    for (const auto row : m.rows) {
      live_job job;
      job.row = row;
      job.status = row == rows[0].record.row ? call_status::other : call_status::executing;
      job.status_word = row == rows[0].record.row ? "Teleporting" : "Executing";
      out.jobs.push_back(job);
    }
    return out;
  };
  const auto again = call_everybody().json();
  for (const std::string at : {"/data/0/", "/data/1/"}) {
    EXPECT_EQ(again.number(at + "errorCode"), 0);
    EXPECT_EQ(again.number(at + "id"), first.number(at + "id"));
    EXPECT_EQ(again.text(at + "jobId"), first.text(at + "jobId"));
  }
  EXPECT_EQ(again.text("/data/0/callStatus"), "Executing");
  EXPECT_EQ(again.text("/data/0/callStatusText"), "通话中");
  EXPECT_EQ(again.text("/data/1/callStatus"), "Teleporting") << "unknown words are shown as they are";
  EXPECT_EQ(again.text("/data/1/callStatusText"), "Teleporting");
  EXPECT_EQ(calls().size(), 2U) << "nobody is called twice";
}

TEST_F(http_case_calls, RoundsAreApartAndNotTooMany) {
  EXPECT_EQ(call_one("P1").json().number("/data/0/errorCode"), 0);
  end_all();
  const auto waits = call_one("P1");
  EXPECT_EQ(waits.status, 201);
  const auto j = waits.json();
  EXPECT_EQ(j.number("/data/0/errorCode"), 1001);
  EXPECT_EQ(j.text("/data/0/message"), "须等待下一轮呼叫");
  EXPECT_EQ(j.text("/data/0/startTime").size(), 19U);
  EXPECT_EQ(j.number("/data/0/callInterval"), 30);
  EXPECT_EQ(j.text("/data/0/jobId"), "");
  EXPECT_TRUE(j.is_null("/data/0/id"));
  for (int round = 2; round <= 3; ++round) {
    // The user's token lives an hour.
    pass(minutes{29});
    EXPECT_EQ(call_one("P1").json().number("/data/0/errorCode"), 1001);
    pass(minutes{1});
    EXPECT_EQ(call_one("P1").json().number("/data/0/errorCode"), 0) << round;
    end_all();
    if (round == 2) continue;
    const auto over = call_one("P1").json();
    EXPECT_EQ(over.number("/data/0/errorCode"), 1002);
    EXPECT_EQ(over.text("/data/0/message"), "外呼次数已达上限");
    EXPECT_TRUE(over.is_null("/data/0/startTime"));
    EXPECT_TRUE(over.is_null("/data/0/callInterval"));
  }
}

TEST_F(http_case_calls, ANumberThatDoesNotExistIsNotCalledAgain) {
  ASSERT_EQ(call_one("P1").status, 201);
  end_all(call_status::failed, "NotExist");
  const auto j = call_one("P1").json();
  EXPECT_EQ(j.number("/data/0/errorCode"), 1002);
  EXPECT_EQ(j.text("/data/0/message"), "号码为空号、停机或欠费，不再呼叫");
}

TEST_F(http_case_calls, WhoHasNoGoodNumberKeepsNobodyElseFromBeingCalled) {
  auto of = usual_case();
  of.parties[0].phone = "12345";
  of.parties[1].phone = "";
  of.parties.push_back({"P4", "", "13800000004", party_side::applicant});
  put_case(of);
  const auto j = call_everybody().json();
  for (const std::string at : {"/data/0/", "/data/1/"}) {
    EXPECT_EQ(j.number(at + "errorCode"), 1003);
    EXPECT_EQ(j.text(at + "message"), "电话号码缺失或无效");
  }
  EXPECT_EQ(j.number("/data/3/errorCode"), 0);
}

TEST_F(http_case_calls, WhatTheProviderDoesNotHaveInTimeIsAccepted) {
  inside->on_await_calls = [&](const await_case_calls& m) -> result<bool> {
    EXPECT_EQ(m.organization_id, org_a);
    EXPECT_EQ(m.budget, milliseconds{200});
    EXPECT_EQ(m.rows.size(), 2U);
    return fail(errc::timed_out, "late");
  };
  const auto j = call_everybody().json();
  EXPECT_EQ(j.number("/data/0/errorCode"), 0);
  EXPECT_EQ(j.text("/data/0/message"), "外呼请求已受理，等待外呼平台确认");
  EXPECT_EQ(j.text("/data/0/jobId"), "");
  EXPECT_EQ(j.text("/data/0/callStatus"), "Scheduling");
  // Asked again it is waited for again.
  inside->on_await_calls = [this](const await_case_calls& m) -> result<bool> { return bring(m); };
  const auto again = call_everybody().json();
  EXPECT_EQ(again.number("/data/0/id"), j.number("/data/0/id"));
  EXPECT_EQ(again.text("/data/0/message"), "外呼发起成功");
}

TEST_F(http_case_calls, WhatTheProviderRefusesIsToldWithItsReason) {
  inside->on_await_calls = [this](const await_case_calls& m) -> result<bool> {
    EXPECT_TRUE(bring(m));
    EXPECT_TRUE(inside->commit(change::note_task{{m.task, inside->epoch()}, "实例不存在"}));
    change::settle_job s;
    s.own = {m.task, inside->epoch()};
    s.row = m.rows.front();
    s.status = call_status::failed;
    s.outcome = job_outcome::unplaced;
    s.at = wall_now();
    EXPECT_TRUE(inside->commit(s));
    return true;
  };
  const auto j = call_one("P1").json();
  EXPECT_EQ(j.number("/data/0/errorCode"), 1003);
  EXPECT_EQ(j.text("/data/0/message"), "外呼发起失败：实例不存在");
  EXPECT_EQ(j.text("/data/0/callStatus"), "Failed");
  EXPECT_GT(j.number("/data/0/id"), 0);
}

TEST_F(http_case_calls, UnknownCasesAndPersonsAre404) {
  const std::string rest = R"(,"mediationId":20,"callAuto":0})";
  expect(order("/call-v2", R"({"caseId":"C404")" + rest), 404, 4004, "案件不存在");
  expect(order("/call-v2", R"({"caseId":"C1","mediationId":21,"callAuto":0})"), 404, 4004, "案件不存在");
  expect(post(std::string(bot) + "/call-v2", R"({"caseId":"C1")" + rest, operator_b), 404, 4004, "案件不存在");
  expect(call_one("P404"), 404, 4004, "当事人不存在");
  expect(order("/call", wish("P404")), 404, 4004, "当事人不存在");
  expect(order("/call", wish("P1", {}, "C404")), 404, 4004, "案件不存在");
  expect(order("/task/job-404/retry", ""), 404, 4004, "外呼任务不存在或无权限访问");
  EXPECT_TRUE(calls().empty());
}

TEST_F(http_case_calls, EveryFaultIsTold) {
  const auto empty = order("/call-v2", "{}");
  EXPECT_EQ(empty.status, 422);
  EXPECT_EQ(empty.json().size("/data/errors"), 3) << empty.body;
  const auto by_hand = order("/call-v2", R"({"caseId":"C1","mediationId":20,"callAuto":1,"callPersonId":""})");
  EXPECT_EQ(by_hand.json().text("/data/errors/0/field"), "callPersonId");
  EXPECT_EQ(order("/call-v2", R"({"caseId":"C1","mediationId":20,"callAuto":2})").status, 422);
  const auto call = order("/call", R"({"caseRef":"C 1","personId":[],"mediationStage":9,"phoneNumber":"x",
                                       "partyType":"judge","forceUseInput":"perhaps"})");
  EXPECT_EQ(call.status, 422);
  EXPECT_EQ(call.json().size("/data/errors"), 6) << call.body;
  const auto batch = order("/batch-call", R"({"tasks":[)" + wish("P1") + R"(,{"caseRef":"C1"}]})");
  EXPECT_EQ(batch.status, 422);
  EXPECT_EQ(batch.json().text("/data/errors/0/field"), "tasks[1].personId");
  EXPECT_EQ(order("/batch-call", R"({"tasks":[]})").status, 422);
  EXPECT_EQ(order("/batch-call", "{}").status, 422);
  std::string many = wish("P1");
  for (int i = 0; i < 50; ++i) many += "," + wish("P1");
  EXPECT_EQ(order("/batch-call", R"({"tasks":[)" + many + "]}").status, 422);
  EXPECT_TRUE(calls().empty());
}

TEST_F(http_case_calls, ViewersCallNobody) {
  const auto v2 = R"({"caseId":"C1","mediationId":20,"callAuto":0})";
  for (const auto& [path, body] : {std::pair<std::string, std::string>{"/call-v2", v2},
                                   {"/call", wish("P1")},
                                   {"/batch-call", R"({"tasks":[)" + wish("P1") + "]}"},
                                   {"/task/job-1/retry", "{}"},
                                   {"/task/job-1/cancel", "{}"}})
    EXPECT_EQ(post(bot + path, body, viewer_a).status, 403) << path;
  EXPECT_TRUE(calls().empty());
}

TEST_F(http_case_calls, AnOrganisationThatIsSwitchedOffIsTold) {
  query::set_automation off;
  off.organization_id = org_a;
  off.at = wall_now();
  ASSERT_TRUE(inside->run(off));
  const std::string said = "自动外呼已停止，请先启动自动外呼";
  expect(call_everybody(), 409, 4005, said);
  expect(order("/call", wish("P1")), 409, 4005, said);
  expect(order("/batch-call", R"({"tasks":[)" + wish("P1") + "]}"), 409, 4005, said);
}

TEST_F(http_case_calls, TheNumberOnFileWinsUnlessTheOtherIsForced) {
  auto of = usual_case();
  of.parties[1].phone = "";
  put_case(of);
  const std::string other = R"(,"phoneNumber":"139 0000 0009","type":"material_verify","partyType":"respondent")";
  const auto one = order("/call", wish("P1", other));
  expect(one, 201, 201, "外呼请求处理完成");
  EXPECT_EQ(one.json().number("/data/errorCode"), 0);
  EXPECT_EQ(one.json().number("/data/personType"), 0) << "the side on file counts";
  EXPECT_EQ(calls().front().job.job.leads_phone, "13800000001");
  order("/call", wish("P2", other));
  EXPECT_EQ(calls().front().job.job.leads_phone, "13900000009") << "there is none on file";
  end_all();
  pass(minutes{30});
  order("/call", wish("P1", other + R"(,"forceUseInput":true)"));
  EXPECT_EQ(calls().front().job.job.leads_phone, "13900000009");
  const auto at_another_stage = order("/call", R"({"caseRef":"C1","personId":"P3","mediationStage":"11"})").json();
  EXPECT_EQ(at_another_stage.text("/data/scriptId"), "script-g");
  EXPECT_EQ(at_another_stage.text("/data/taskName"), "事实调查");
}

TEST_F(http_case_calls, ABatchSucceedsInPart) {
  const auto r = order("/batch-call", R"({"tasks":[)" + wish("P404") + "," + wish("P1") + "," + wish("P1", {}, "C404") +
                                          "," + wish("P3") + "," + wish("P1") + "]}");
  expect(r, 201, 201, "外呼请求处理完成");
  const auto j = r.json();
  ASSERT_EQ(j.size("/data"), 5);
  EXPECT_EQ(j.text("/data/0/message"), "当事人不存在");
  EXPECT_EQ(j.number("/data/0/errorCode"), 1003);
  EXPECT_EQ(j.number("/data/1/errorCode"), 0);
  EXPECT_EQ(j.text("/data/2/message"), "案件不存在");
  EXPECT_TRUE(j.is_null("/data/2/mediationId"));
  EXPECT_EQ(j.text("/data/3/message"), "当前阶段未配置该当事人的外呼场景");
  EXPECT_EQ(j.number("/data/4/id"), j.number("/data/1/id")) << "the same person is called once";
  EXPECT_EQ(calls().size(), 1U);
}

TEST_F(http_case_calls, ABatchOfWhichNothingIsKnownIs404) {
  const auto both = R"({"tasks":[)" + wish("P404") + "," + wish("P1", {}, "C404") + "]}";
  expect(order("/batch-call", both), 404, 4004, "当事人不存在");
  expect(post(std::string(bot) + "/batch-call", R"({"tasks":[)" + wish("P1") + "]}", operator_b), 404, 4004,
         "案件不存在");
}

TEST_F(http_case_calls, WhatTheStoreCannotTakeNowIsToldForTheRestOfABatch) {
  int placements = 0;
  inside->on_query = [&](const store_query& q) -> std::optional<failure> {
    if (!std::holds_alternative<query::place_case_calls>(q) || ++placements == 1) return std::nullopt;
    return failure{errc::unavailable, "down", {}, 0};
  };
  const auto j = order("/batch-call", R"({"tasks":[)" + wish("P1") + "," + wish("P2") + "," + wish("P3") + "]}").json();
  EXPECT_EQ(j.number("/data/0/errorCode"), 0);
  for (const std::string at : {"/data/1/", "/data/2/"}) {
    EXPECT_EQ(j.number(at + "errorCode"), 1003);
    EXPECT_EQ(j.text(at + "message"), "服务暂时不可用，请稍后重试");
  }
  EXPECT_EQ(placements, 2) << "once is enough to know";
  EXPECT_EQ(order("/call", wish("P2")).status, 503);
  EXPECT_EQ(order("/batch-call", R"({"tasks":[)" + wish("P2") + "]}").status, 503);
}

TEST_F(http_case_calls, ARetryFollowsTheSameRules) {
  const auto first = call_one("P1").json();
  const auto path = "/task/" + first.text("/data/0/jobId") + "/retry";
  const auto active = order(path, "");
  expect(active, 201, 201, "外呼请求处理完成");
  EXPECT_EQ(active.json().number("/data/id"), first.number("/data/0/id"));
  end_all();
  EXPECT_EQ(order(path, "{}").json().number("/data/errorCode"), 1001);
  pass(minutes{30});
  const auto again = order(path, "{}").json();
  EXPECT_EQ(again.number("/data/errorCode"), 0);
  EXPECT_NE(again.number("/data/id"), first.number("/data/0/id"));
  EXPECT_EQ(again.text("/data/taskName"), "履约回访");
  auto of = usual_case();
  of.parties.erase(of.parties.begin());
  put_case(of);
  expect(order(path, "{}"), 404, 4004, "当事人不存在");
}

}  // namespace
}  // namespace waihu::test
