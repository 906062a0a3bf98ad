// Start, suspend, resume, follow-up, and how a task stands.
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_control : public server_test {
 public:
  std::string body_of(const call_task_record& t, const std::string& more = {}) {
    return R"({"task_id":)" + std::to_string(value(t.id)) + more + "}";
  }
  void expect(const reply& r, int status, int code, const std::string& message) {
    EXPECT_EQ(r.status, status) << r.body;
    EXPECT_EQ(r.json().number("/code"), code) << r.body;
    EXPECT_EQ(r.json().text("/message"), message);
    EXPECT_EQ(r.json().number("/detail/code"), code);
  }
};

TEST_F(http_control, StartAnswersWhatTheActorAcknowledged) {
  add_leads(3);
  const auto task = add_task(operator_a);
  inside->on_start = [&](const start_call_task& m) -> result<started_call_task> {
    EXPECT_EQ(m.organization_id, org_a);
    EXPECT_EQ(m.budget, milliseconds{2'000});
    return started_call_task{m.task, "测试任务", "group-1", {"j1", "j2"}, 3, wall_now()};
  };
  const auto r = post("/api/start-call-task", body_of(task));
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.json().number("/code"), 200);
  EXPECT_EQ(r.json().text("/message"), "外呼任务开始成功");
  EXPECT_EQ(r.json().text("/data/job_group_id"), "group-1");
  EXPECT_EQ(r.json().size("/data/jobs_id"), 2);
  EXPECT_EQ(r.json().number("/data/leads_count"), 3);
  EXPECT_EQ(r.json().number("/data/received_jobs_count"), 2);
  EXPECT_EQ(r.json().text("/data/start_time").size(), 19U);
}

TEST_F(http_control, StartRefusesInTheContractsOrder) {
  add_leads(2);
  const auto bare = add_task(operator_a, "a", "");
  const auto begun = add_task(operator_a, "b");
  dispatch(begun);
  expect(post("/api/start-call-task", R"({"task_id":4711})"), 400, 4004, "任务不存在或无权限访问");
  expect(post("/api/start-call-task", body_of(begun)), 400, 4005, "任务状态不正确，只有已创建状态的任务可以开始外呼");
  expect(post("/api/start-call-task", body_of(bare)), 400, 4006, "任务未配置脚本ID，请先配置脚本");
  const auto good = add_task(operator_a, "c");
  inside->on_start = [](const start_call_task&) -> result<started_call_task> {
    return fail(errc::rejected, "创建外呼任务组失败", "5001");
  };
  expect(post("/api/start-call-task", body_of(good)), 500, 5001, "创建外呼任务组失败");
  inside->on_start = [](const start_call_task&) -> result<started_call_task> {
    return fail(errc::rejected, "没有任何外呼任务分配成功", "5002");
  };
  expect(post("/api/start-call-task", body_of(good)), 500, 5002, "没有任何外呼任务分配成功");
  inside->on_start = [](const start_call_task&) -> result<started_call_task> {
    return fail(errc::invalid_argument, "任务下没有线索数据", "4007");
  };
  expect(post("/api/start-call-task", body_of(good)), 400, 4007, "任务下没有线索数据");
  inside->on_start = [](const start_call_task&) -> result<started_call_task> {
    return fail(errc::unavailable, "connection to 10.0.0.3 refused");
  };
  const auto down = post("/api/start-call-task", body_of(good));
  EXPECT_EQ(down.status, 503);
  EXPECT_FALSE(down.header("retry-after").empty());
  EXPECT_EQ(down.body.find("10.0.0.3"), std::string::npos);
}

TEST_F(http_control, SuspendAndResumeFollowTheStates) {
  add_leads(2);
  const auto task = add_task(operator_a);
  expect(post("/api/suspend-resume-task", body_of(task, R"(,"action":"pause")")), 400, 4001,
         "操作类型无效，只能是 suspend 或 resume");
  expect(post("/api/suspend-resume-task", R"({"task_id":0,"action":"suspend"})"), 400, 4005, "任务ID无效");
  expect(post("/api/suspend-resume-task", R"({"task_id":4711,"action":"suspend"})"), 404, 4004,
         "任务不存在或无权限访问");
  expect(post("/api/suspend-resume-task", body_of(task, R"(,"action":"suspend")")), 400, 4002, "任务状态不允许暂停");
  expect(post("/api/suspend-resume-task", body_of(task, R"(,"action":"resume")")), 400, 4003, "任务状态不允许重启");
  dispatch(task);
  inside->on_suspend_resume = [](const suspend_resume_task& m) -> result<suspended_resumed_task> {
    EXPECT_TRUE(m.suspend);
    return suspended_resumed_task{m.task, "group-1", task_type::suspended};
  };
  const auto r = post("/api/suspend-resume-task", body_of(task, R"(,"action":"suspend")"));
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.json().number("/data/task_type"), 5);
  EXPECT_EQ(r.json().text("/data/job_group_id"), "group-1");
  inside->on_suspend_resume = [](const suspend_resume_task&) -> result<suspended_resumed_task> {
    return fail(errc::rejected, "暂停任务失败", "5001");
  };
  expect(post("/api/suspend-resume-task", body_of(task, R"(,"action":"suspend")")), 500, 5001, "暂停任务失败");
}

TEST_F(http_control, FollowUpNowAnswersTheRecordOrWhyNot) {
  add_leads(1);
  const auto task = add_task(operator_a);
  const auto row = dispatch(task).at(0);
  const auto body = R"({"call_job_id":"job-)" + std::to_string(value(row)) + R"("})";
  const auto unknown = post("/api/get-leads-follow", R"({"call_job_id":"none"})");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.json().number("/code"), 4001);
  inside->on_follow_up = [](const make_follow_up&) -> result<made_follow_up> {
    return fail(errc::illegal_transition, "通话尚无状态，暂不能跟进", "4004");
  };
  expect(post("/api/get-leads-follow", body), 400, 4004, "通话尚无状态，暂不能跟进");
  inside->on_follow_up = [&](const make_follow_up& m) -> result<made_follow_up> {
    EXPECT_EQ(m.row, row);
    return made_follow_up{follow_id{7},         "L1001",      "客户1",   "13800000001", "有意向",
                          interest::interested, std::nullopt, wall_now()};
  };
  const auto r = post("/api/get-leads-follow", body);
  EXPECT_EQ(r.json().number("/data/follow_id"), 7) << r.body;
  EXPECT_EQ(r.json().number("/data/is_interested"), 1);
  EXPECT_TRUE(r.json().is_null("/data/next_follow_time"));
}

TEST_F(http_control, TheJobGroupIsDescribedFromStoreOrActor) {
  add_leads(4);
  const auto task = add_task(operator_a);
  const auto neither = post("/api/describe-job-group", "{}");
  EXPECT_EQ(neither.status, 400);
  EXPECT_EQ(neither.json().number("/code"), 4001);
  const auto foreign = post("/api/describe-job-group", R"({"job_group_id":"group-none"})");
  EXPECT_EQ(foreign.status, 400);
  EXPECT_EQ(foreign.json().number("/code"), 4003);
  expect(post("/api/describe-job-group", R"({"task_id":4711})"), 404, 4004, "任务不存在或无权限访问");
  expect(post("/api/describe-job-group", body_of(task)), 400, 4005, "该任务尚未开始外呼，没有job_group_id");
  const auto rows = dispatch(task);
  settle(task, rows[0], call_status::succeeded);
  settle(task, rows[1], call_status::failed);
  const auto stored =
      post("/api/describe-job-group", R"({"job_group_id":"group-)" + std::to_string(value(task.id)) + R"("})");
  EXPECT_EQ(stored.json().number("/data/task_id"), value(task.id)) << stored.body;
  EXPECT_EQ(stored.json().text("/data/status"), "Running");
  EXPECT_EQ(stored.json().number("/data/progress/total_jobs"), 4);
  EXPECT_EQ(stored.json().number("/data/progress/total_completed"), 1);
  EXPECT_EQ(stored.json().number("/data/progress/failed"), 1);
  EXPECT_EQ(stored.json().number("/data/progress/scheduling"), 2);
  inside->on_live_task = [&](const describe_task& wanted) -> std::optional<described_task> {
    if (wanted.task != task.id) return std::nullopt;
    described_task d;
    d.type = task_type::suspended;
    d.job_group_id = "live";
    d.updated_time = from_epoch_ms(1'700'000'000'000);
    d.counters.total = 4;
    d.counters.executing = 3;
    d.counters.completed = 1;
    return d;
  };
  const auto live = post("/api/describe-job-group", body_of(task));
  EXPECT_EQ(live.json().text("/data/status"), "Stopped");
  EXPECT_EQ(live.json().number("/data/progress/executing"), 3);
  EXPECT_EQ(live.json().number("/data/modify_timestamp"), 1'700'000'000'000);
  EXPECT_EQ(live.json().text("/data/modify_time"), "2023-11-15 06:13:20");
}

TEST_F(http_control, InterestIsCounted) {
  add_leads(4);
  const auto task = add_task(operator_a);
  const auto rows = dispatch(task);
  for (const auto row : rows) settle(task, row, call_status::succeeded, R"([{"Timestamp":1}])");
  follow(task, rows[0], interest::interested);
  follow(task, rows[1], interest::not_interested);
  follow(task, rows[2], interest::undecided);
  const auto j = post("/api/task-statistics", body_of(task)).json();
  EXPECT_EQ(j.number("/data/total_leads"), 4);
  EXPECT_EQ(j.number("/data/interested"), 1);
  EXPECT_EQ(j.number("/data/not_interested"), 1);
  EXPECT_EQ(j.number("/data/unable_to_judge"), 1);
  EXPECT_EQ(j.number("/data/pending_follow"), 1);
}

TEST_F(http_control, DiagnosisShowsReasonsAndCounts) {
  add_leads(3);
  const auto task = add_task(operator_a);
  dispatch(task);
  const auto dead = post("/api/diagnose-task", body_of(task)).json();
  EXPECT_EQ(dead.number("/code"), 1000);
  EXPECT_EQ(dead.text("/message"), "诊断完成");
  EXPECT_FALSE(dead.flag("/data/is_processing"));
  EXPECT_TRUE(dead.flag("/data/can_process"));
  EXPECT_EQ(dead.number("/data/stats/has_job_id"), 3);
  EXPECT_EQ(dead.number("/data/stats/missing_status"), 3);
  inside->on_diagnose = [](const diagnose_task&) -> result<diagnosed_task> {
    diagnosed_task d;
    d.processing = true;
    d.owner_node = "n1";
    d.epoch = epoch_t{5};
    d.live_jobs = 3;
    d.reasons = {{wait_kind::concurrency_full, 3, std::nullopt}};
    return d;
  };
  const auto live = post("/api/diagnose-task", body_of(task)).json();
  EXPECT_TRUE(live.flag("/data/is_processing"));
  EXPECT_EQ(live.text("/data/reasons/0"), "组织并发已满，等待空闲线路");
  EXPECT_EQ(live.text("/data/wait_reasons/0/reason"), "concurrency_full");
  EXPECT_EQ(live.number("/data/actors/jobs"), 3);
  EXPECT_EQ(live.number("/data/epoch"), 5);
}

}  // namespace
}  // namespace waihu::test
