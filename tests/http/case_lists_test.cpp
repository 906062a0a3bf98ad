// Calls of cases read and steered: state, lists, conversations, remark, cancelling, logs, figures.
#include <algorithm>

#include "tests/http/case_fixture.hpp"

namespace waihu::test {
namespace {

class http_case_lists : public case_test {
 public:
  /// Calls P1 and P2; answers P1's call.
  query::case_call_view call_two() {
    EXPECT_EQ(call_one("P1").status, 201);
    EXPECT_EQ(call_one("P2").status, 201);
    return calls().back();
  }
  void let_live(const std::string& word) {
    inside->on_refresh = [word](const refresh_jobs& m) -> result<refreshed_jobs> {
      refreshed_jobs out;
      for (const auto row : m.rows) {
        live_job job;
        job.row = row;
        job.status = parse_call_status(word);
        job.status_word = word;
        out.jobs.push_back(job);
      }
      return out;
    };
  }
  static std::string job_of(const query::case_call_view& one) { return one.job.job.call_job_id; }
};

TEST_F(http_case_lists, StatusIsTheNewestKnownOfTheNewestCall) {
  const auto one = call_two();
  let_live("Executing");
  const auto r = ask("/status?jobId=" + job_of(one));
  expect(r, 200, 200, "查询成功");
  const auto j = r.json();
  EXPECT_EQ(j.text("/data/caseRef"), "C1");
  EXPECT_EQ(j.text("/data/phoneNumber"), "13800000001");
  EXPECT_EQ(j.text("/data/jobId"), job_of(one));
  EXPECT_EQ(j.text("/data/callStatus"), "Executing");
  EXPECT_EQ(j.text("/data/callStatusText"), "通话中");
  EXPECT_EQ(j.text("/data/fetchTime").size(), 19U);
  EXPECT_EQ(j.text("/data/jobGroupId").rfind("group-", 0), 0U);
  EXPECT_EQ(j.text("/data/instanceId"), "instance-1");
  EXPECT_TRUE(j.is_null("/data/monitorError"));
  EXPECT_EQ(ask("/status?caseRef=C1").json().text("/data/phoneNumber"), "13800000002");
  EXPECT_EQ(ask("/status?caseRef=C1&phoneNumber=138%200000%200001").json().text("/data/jobId"), job_of(one));
  EXPECT_EQ(ask("/status?phoneNumber=%2B8613800000002&jobId=").status, 200);
}

TEST_F(http_case_lists, StatusNeedsAParameterAndACall) {
  const std::string said = "caseRef、phoneNumber、jobId 至少提供一个";
  expect(ask("/status"), 400, 1003, said);
  expect(ask("/status?caseRef=&jobId="), 400, 1003, said);
  expect(ask("/status?caseRef=C1"), 404, 4004, "外呼任务不存在或无权限访问");
  call_two();
  expect(get(std::string(bot) + "/status?caseRef=C1", operator_b), 404, 4004, "外呼任务不存在或无权限访问");
  EXPECT_EQ(ask("/status?caseRef=a%20b").status, 422);
  EXPECT_EQ(ask("/status?phoneNumber=abc").status, 422);
}

TEST_F(http_case_lists, AFailedLookLeavesTheLastKnownState) {
  const auto one = call_two();
  inside->on_refresh = [](const refresh_jobs&) -> result<refreshed_jobs> { return fail(errc::timed_out, "late"); };
  const auto j = ask("/status?jobId=" + job_of(one)).json();
  EXPECT_EQ(j.text("/data/callStatus"), "Scheduling");
  inside->on_refresh = [&](const refresh_jobs& m) -> result<refreshed_jobs> {
    end(one, call_status::succeeded);
    EXPECT_EQ(m.rows.size(), 1U);
    return refreshed_jobs{};
  };
  EXPECT_EQ(ask("/status?jobId=" + job_of(one)).json().text("/data/callStatus"), "Succeeded")
      << "what ended meanwhile is read again";
  inside->on_refresh = [](const refresh_jobs&) -> result<refreshed_jobs> {
    ADD_FAILURE() << "a call that has ended is not looked at";
    return refreshed_jobs{};
  };
  EXPECT_EQ(ask("/status?jobId=" + job_of(one)).json().text("/data/callStatusText"), "已完成");
}

TEST_F(http_case_lists, ACallThatIsNotLookedAtAnyMoreSaysWhy) {
  const auto one = call_two();
  const auto park = [&](parked_reason why) {
    change::park_job p;
    p.own = {one.record.task, inside->epoch()};
    p.row = one.record.row;
    p.reason = why;
    p.failures = 10;
    p.at = wall_now();
    ASSERT_TRUE(inside->commit(p));
  };
  park(parked_reason::unreachable);
  const auto j = ask("/status?jobId=" + job_of(one)).json();
  EXPECT_EQ(j.number("/code"), 200);
  EXPECT_EQ(j.text("/data/callStatus"), "Scheduling");
  EXPECT_EQ(j.text("/data/monitorError"), "获取通话状态失败");
  ASSERT_TRUE(inside->commit(change::unpark_job{{one.record.task, inside->epoch()}, one.record.row, wall_now()}));
  park(parked_reason::timeout);
  EXPECT_EQ(ask("/task/" + job_of(one)).json().text("/data/monitorError"), "通话状态监控已超时");
}

const std::string greeting =
    R"([{"timestamp": 1770604618000, "speaker": "Robot", "script": "您好,\n请问"}, {"timestamp":1770604629500, )"
    R"("speaker":"Contact","script":null}])";

TEST_F(http_case_lists, ConversationsAreTheProvidersTextByteForByte) {
  const auto one = call_two();
  end(one, call_status::succeeded, "SucceededFinish", greeting);
  inside->on_recording = [&](task_id task, job_row_id row) -> result<std::string> {
    EXPECT_EQ(task, one.record.task);
    EXPECT_EQ(row, one.record.row);
    return std::string("https://recordings.example.com/1.wav");
  };
  const auto r = ask("/conversation-log?caseId=C1");
  expect(r, 200, 200, "查询成功");
  const auto j = r.json();
  ASSERT_EQ(j.size("/data"), 2);
  EXPECT_EQ(j.text("/data/0/conversations"), "[]") << "newest first; it has not ended";
  EXPECT_EQ(j.text("/data/0/callStatus"), "Scheduling");
  EXPECT_TRUE(j.is_null("/data/0/recordUrl"));
  EXPECT_TRUE(j.is_null("/data/0/duration"));
  EXPECT_EQ(j.text("/data/1/callType"), "follow_up");
  EXPECT_EQ(j.text("/data/1/jobId"), job_of(one));
  EXPECT_EQ(j.text("/data/1/conversations"), greeting);
  EXPECT_EQ(j.text("/data/1/callStatus"), "Succeeded");
  EXPECT_EQ(j.text("/data/1/recordUrl"), "https://recordings.example.com/1.wav");
  EXPECT_EQ(j.number("/data/1/duration"), 11);
  EXPECT_EQ(ask("/conversation-log?personId=P1").json().size("/data"), 1);
  EXPECT_EQ(ask("/conversation-log?jobId=" + job_of(one)).json().text("/data/0/conversations"), greeting);
  EXPECT_EQ(ask("/conversation-log?caseId=C1&size=1&page=2").json().text("/data/0/jobId"), job_of(one));
  EXPECT_EQ(ask("/conversation-log?caseId=C2").json().size("/data"), 0);
  EXPECT_EQ(get(std::string(bot) + "/conversation-log?caseId=C1", operator_b).json().size("/data"), 0);
}

TEST_F(http_case_lists, ARecordingsLinkIsFetchedAgainWhenItHasRunOut) {
  const auto one = call_two();
  end(one, call_status::succeeded, "SucceededFinish", R"([{"Timestamp":5}])");
  const auto store = [&](const std::string& url) {
    change::store_recording s;
    s.own = {one.record.task, inside->epoch()};
    s.row = one.record.row;
    s.url = url;
    s.fetched_at = wall_now();
    ASSERT_TRUE(inside->commit(s));
  };
  const auto in = [](std::chrono::seconds time) {
    return "https://r.example.com/1.wav?Expires=" + std::to_string(to_epoch_ms(wall_now() + time) / 1000);
  };
  int asked = 0;
  inside->on_recording = [&](task_id, job_row_id) -> result<std::string> {
    if (++asked == 1) return std::string("https://r.example.com/new.wav");
    return fail(errc::unavailable, "down");
  };
  const auto link = [&] { return ask("/conversation-log?personId=P1").json(); };
  const auto good = in(std::chrono::hours{1});
  store(good);
  EXPECT_EQ(link().text("/data/0/recordUrl"), good);
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(link().is_null("/data/0/duration")) << "one line has no length";
  store(in(std::chrono::seconds{-10}));
  EXPECT_EQ(link().text("/data/0/recordUrl"), "https://r.example.com/new.wav");
  EXPECT_TRUE(link().is_null("/data/0/recordUrl")) << "a link that has run out is not told";
}

TEST_F(http_case_lists, WhatTheProviderNeverHadHasNoConversation) {
  inside->on_await_calls = {};
  ASSERT_EQ(call_one("P1").status, 201);
  EXPECT_EQ(ask("/conversation-log?caseId=C1").json().size("/data"), 0);
  expect(ask("/conversation-log"), 400, 1003, "caseId、personId、jobId 至少提供一个");
  EXPECT_EQ(ask("/conversation-log?caseId=C1&size=101").status, 422);
}

TEST_F(http_case_lists, ListsAreFilteredAndPaged) {
  const auto one = call_two();
  end(one, call_status::failed, "NoAnswer");
  EXPECT_EQ(order("/call", R"({"caseRef":"C1","personId":"P3","mediationStage":11})").status, 201);
  const auto all = ask("/tasks");
  expect(all, 200, 200, "查询成功");
  EXPECT_EQ(all.json().size("/data/items"), 3);
  EXPECT_EQ(all.json().text("/data/items/0/personId"), "P3");
  EXPECT_EQ(all.json().text("/data/items/0/callType"), "fact_finding");
  EXPECT_EQ(all.json().number("/data/items/0/round"), 1);
  EXPECT_EQ(all.json().number("/data/pagination/total"), 3);
  EXPECT_EQ(ask("/tasks?caseRef=C2").json().size("/data/items"), 0);
  EXPECT_EQ(ask("/tasks?type=follow_up").json().size("/data/items"), 2);
  const auto failed = ask("/tasks?caseRef=C1&status=Failed").json();
  ASSERT_EQ(failed.size("/data/items"), 1);
  EXPECT_EQ(failed.text("/data/items/0/attemptStatusText"), "无人接听");
  EXPECT_EQ(failed.text("/data/items/0/outcome"), "not_reached");
  EXPECT_EQ(ask("/tasks?status=Executing").json().size("/data/items"), 2);
  const auto second = ask("/tasks?size=2&page=2").json();
  EXPECT_EQ(second.size("/data/items"), 1);
  EXPECT_EQ(second.number("/data/pagination/total_pages"), 2);
  EXPECT_EQ(ask("/tasks?type=nothing").status, 422);
  EXPECT_EQ(ask("/tasks?size=501").status, 422);
  EXPECT_EQ(ask("/person/P2/history").json().size("/data/items"), 1);
  EXPECT_EQ(ask("/person/P2/history?caseRef=C2").json().size("/data/items"), 0);
  EXPECT_EQ(ask("/person/P%202/history").status, 422);
  EXPECT_EQ(get(std::string(bot) + "/person/P2/history", operator_b).json().size("/data/items"), 0);
}

TEST_F(http_case_lists, CampaignsAreNotShownAsCaseCallsNorTheOtherWayRound) {
  call_two();
  add_leads(1);
  dispatch(add_task(operator_a));
  EXPECT_EQ(ask("/tasks").json().size("/data/items"), 2);
  EXPECT_EQ(get("/api/tasks").json().size("/data"), 1);
}

TEST_F(http_case_lists, ARemarkIsReplacedAndSaysWhoDidSo) {
  const auto one = call_two();
  const auto path = "/task/" + job_of(one);
  const auto r = put(path, R"({"remark":"已核实"})", admin);
  expect(r, 200, 200, "备注更新成功");
  const auto j = ask(path).json();
  EXPECT_EQ(j.text("/data/remark"), "已核实");
  EXPECT_EQ(j.text("/data/modifier"), "admin");
  EXPECT_EQ(j.text("/data/modifyTime").size(), 19U);
  EXPECT_TRUE(put(path, R"({"remark":""})").json().is_null("/data/remark"));
  EXPECT_EQ(put(path, "{}").status, 422);
  EXPECT_EQ(put(path, R"({"remark":")" + std::string(1001, 'x') + "\"}").status, 422);
  EXPECT_EQ(put(path, R"({"remark":"x"})", viewer_a).status, 403);
  const std::string said = "外呼任务不存在或无权限访问";
  expect(put(path, R"({"remark":"x"})", operator_b), 404, 4004, said);
  expect(put("/task/job-404", R"({"remark":"x"})"), 404, 4004, said);
  expect(ask("/task/job-404"), 404, 4004, said);
  expect(ask("/task/" + std::string(300, 'j')), 404, 4004, said);
}

TEST_F(http_case_lists, CancellingIsTheProvidersToDo) {
  const auto one = call_two();
  const auto path = "/task/" + job_of(one) + "/cancel";
  inside->on_cancel_call = [&](const cancel_case_call& m) -> result<bool> {
    EXPECT_EQ(m.organization_id, org_a);
    EXPECT_EQ(m.row, one.record.row);
    return true;
  };
  const auto r = order(path, R"({"reason":"当事人已到场"})");
  expect(r, 200, 200, "取消请求已提交");
  EXPECT_EQ(r.json().text("/data/jobId"), job_of(one));
  EXPECT_EQ(ask("/task/" + job_of(one)).json().text("/data/remark"), "取消原因：当事人已到场");
  EXPECT_EQ(order(path, "").status, 200);
  EXPECT_EQ(order(path, R"({"reason":7})").status, 422);
  expect(order("/task/job-404/cancel", "{}"), 404, 4004, "外呼任务不存在或无权限访问");
  end(one, call_status::cancelled, "");
  expect(order(path, "{}"), 400, 4003, "通话已结束，无法取消");
}

TEST_F(http_case_lists, ARefusedCancellationSaysWhy) {
  const auto one = call_two();
  const auto path = "/task/" + job_of(one) + "/cancel";
  failure why{errc::illegal_transition, "通话尚未提交", "4002", 0};
  inside->on_cancel_call = [&](const cancel_case_call&) -> result<bool> { return tl::unexpected<failure>(why); };
  expect(order(path, "{}"), 400, 4002, "通话尚未提交");
  why = {errc::rejected, "外呼平台拒绝取消", "5001", 0};
  expect(order(path, R"({"reason":"x"})"), 500, 5001, "外呼平台拒绝取消");
  EXPECT_TRUE(ask("/task/" + job_of(one)).json().is_null("/data/remark")) << "nothing was cancelled";
  inside->on_cancel_call = {};
  EXPECT_EQ(order(path, "{}").status, 503) << "no actor for its task";
}

TEST_F(http_case_lists, LogsTellWhatHappenedToACallAlone) {
  const auto one = call_two();
  end(one, call_status::failed, "NoAnswer");
  const auto r = ask("/task/" + job_of(one) + "/logs");
  expect(r, 200, 200, "查询成功");
  const auto j = r.json();
  std::vector<std::string> events;
  for (int i = 0; i < j.size("/data/items"); ++i)
    events.push_back(j.text("/data/items/" + std::to_string(i) + "/event"));
  for (const auto* wanted : {"created", "batch_intended", "batch_accepted", "settled"})
    EXPECT_NE(std::ranges::find(events, wanted), events.end()) << wanted;
  EXPECT_EQ(events.front(), "created");
  EXPECT_EQ(j.text("/data/items/0/cause"), "round 1");
  EXPECT_EQ(j.text("/data/items/0/eventText"), "外呼请求已创建");
  EXPECT_EQ(j.number("/data/pagination/total"), j.size("/data/items"));
  const auto last = ask("/task/" + job_of(one) + "/logs?size=1&page=999").json();
  EXPECT_EQ(last.size("/data/items"), 1);
  EXPECT_EQ(last.number("/data/pagination/page"), j.size("/data/items"));
  EXPECT_EQ(ask("/task/job-404/logs").status, 404);
  EXPECT_EQ(ask("/task/" + job_of(one) + "/logs?size=0").status, 422);
}

TEST_F(http_case_lists, StatisticsAddUp) {
  const auto nothing = ask("/statistics").json();
  EXPECT_EQ(nothing.number("/data/totalCalls"), 0);
  EXPECT_TRUE(nothing.is_null("/data/successRate"));
  const auto one = call_two();
  EXPECT_EQ(order("/call", R"({"caseRef":"C1","personId":"P3","mediationStage":11})").status, 201);
  end(one, call_status::succeeded);
  const auto r = ask("/statistics?caseRef=C1");
  expect(r, 200, 200, "查询成功");
  const auto j = r.json();
  EXPECT_EQ(j.number("/data/totalCalls"), 3);
  EXPECT_EQ(j.number("/data/activeCalls"), 2);
  EXPECT_EQ(j.number("/data/succeededCalls"), 1);
  EXPECT_EQ(j.size("/data/byCallType"), 5);
  EXPECT_EQ(j.text("/data/byCallType/4/callType"), "follow_up");
  EXPECT_EQ(j.number("/data/byCallType/4/totalCalls"), 2);
  EXPECT_EQ(j.number("/data/byCallType/1/activeCalls"), 1);
  EXPECT_EQ(ask("/statistics?caseRef=C2").json().number("/data/totalCalls"), 0);
  EXPECT_EQ(ask("/statistics?startTime=2020-01-01&endTime=2020-01-02").json().number("/data/totalCalls"), 0);
  EXPECT_EQ(ask("/statistics?startTime=2020-01-01%2008:00:00&endTime=").json().number("/data/totalCalls"), 3);
  EXPECT_EQ(ask("/statistics?startTime=2020-01-03&endTime=2020-01-02").status, 422);
  EXPECT_EQ(ask("/statistics?endTime=tomorrow").status, 422);
  EXPECT_EQ(get(std::string(bot) + "/statistics", operator_b).json().number("/data/totalCalls"), 0);
}

TEST_F(http_case_lists, ScriptsAndSettingsAreWhatIsConfigured) {
  EXPECT_EQ(ask("/scripts").json().size("/data"), 3);
  const auto one = ask("/scripts?type=applicant&stage=14").json();
  ASSERT_EQ(one.size("/data"), 1);
  EXPECT_EQ(one.text("/data/0/scriptId"), "script-a");
  EXPECT_EQ(one.text("/data/0/callType"), "follow_up");
  EXPECT_EQ(ask("/scripts?type=fact_finding").json().size("/data"), 2);
  EXPECT_EQ(ask("/scripts?type=judge").status, 422);
  EXPECT_EQ(ask("/scripts?stage=15").status, 422);
  const auto r = ask("/config");
  expect(r, 200, 200, "查询成功");
  const auto j = r.json();
  EXPECT_EQ(j.number("/data/pollInterval"), 10);
  EXPECT_EQ(j.number("/data/maxPollDuration"), 7200);
  EXPECT_EQ(j.number("/data/maxFailures"), 10);
  EXPECT_EQ(j.number("/data/maxRounds"), 3);
  EXPECT_EQ(j.number("/data/callInterval"), 30);
  EXPECT_EQ(j.size("/data/stages"), 5);
  EXPECT_EQ(j.size("/data/stages/0/calledParties"), 2);
  EXPECT_EQ(j.size("/data/stages/1/calledParties"), 1);
  EXPECT_EQ(j.text("/data/stages/1/calledParties/0"), "applicant");
}

}  // namespace
}  // namespace waihu::test
