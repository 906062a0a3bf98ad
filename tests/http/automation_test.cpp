// auto-task, trigger-monitor and runs over a task's calls, as clients see them.
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_automation : public server_test {
 public:
  void expect(const reply& r, int status, int code, const std::string& message) {
    EXPECT_EQ(r.status, status) << r.body;
    EXPECT_EQ(r.json().number("/code"), code) << r.body;
    EXPECT_EQ(r.json().text("/message"), message);
  }
  static automation_state standing(bool on) {
    automation_state s;
    s.running = on;
    s.node = "n1";
    s.live_jobs = 5;
    s.polling_jobs = 3;
    s.waiting_jobs = 2;
    s.last_sweep = from_epoch_ms(1'790'000'000'000);
    return s;
  }
};

TEST_F(http_automation, AutoTaskSwitchesAndShowsHowItStands) {
  add_leads(2);
  dispatch(add_task(operator_a));
  bool on = true;
  inside->on_set_automation = [&](const switch_automation& m) -> result<automation_state> {
    EXPECT_EQ(m.organization_id, org_a);
    EXPECT_EQ(m.by, operator_a.id);
    on = m.running;
    return standing(on);
  };
  inside->on_automation = [&](const automation_view& m) -> result<automation_state> {
    EXPECT_EQ(m.organization_id, org_a);
    return standing(on);
  };
  expect(post("/api/auto-task", R"({"action":"stop"})"), 200, 200, "自动外呼已停止");
  EXPECT_FALSE(on);
  const auto seen = post("/api/auto-task", R"({"action":"check"})").json();
  EXPECT_FALSE(seen.flag("/data/running"));
  EXPECT_EQ(seen.text("/data/node"), "n1");
  EXPECT_EQ(seen.number("/data/tasks/active"), 1);
  EXPECT_EQ(seen.number("/data/tasks/suspended"), 0);
  EXPECT_EQ(seen.number("/data/jobs/live"), 5);
  EXPECT_EQ(seen.number("/data/jobs/polling"), 3);
  EXPECT_EQ(seen.number("/data/jobs/waiting"), 2);
  EXPECT_EQ(seen.text("/data/last_sweep").size(), 19U);
  expect(post("/api/auto-task", R"({"action":"start"})"), 200, 200, "自动外呼已启动");
  EXPECT_TRUE(on);
}

TEST_F(http_automation, AutoTaskTellsHowTheProviderAnswersAndWhoWasNotHeard) {
  auto now = standing(true);
  inside->on_automation = [&](const automation_view&) -> result<automation_state> { return now; };
  const auto well = post("/api/auto-task", R"({"action":"check"})").json();
  EXPECT_EQ(well.text("/data/provider/state"), "ok");
  EXPECT_EQ(well.size("/data/silent_nodes"), 0);
  now.provider = provider_state::failing;
  now.provider_retry = from_epoch_ms(1'790'000'005'000);
  now.silent_nodes = {"n2", "n3"};
  const auto ill = post("/api/auto-task", R"({"action":"check"})").json();
  EXPECT_EQ(ill.text("/data/provider/state"), "failing");
  EXPECT_EQ(ill.text("/data/provider/next_try").size(), 19U);
  EXPECT_EQ(ill.text("/data/silent_nodes/1"), "n3");
}

TEST_F(http_automation, AutoTaskRefusesOtherActionsAndViewersWhoSwitch) {
  inside->on_automation = [](const automation_view&) -> result<automation_state> { return standing(true); };
  inside->on_set_automation = [](const switch_automation&) -> result<automation_state> {
    ADD_FAILURE() << "a viewer switched";
    return standing(true);
  };
  expect(post("/api/auto-task", R"({"action":"restart"})"), 400, 4001, "操作类型无效，只能是 start、stop 或 check");
  EXPECT_EQ(post("/api/auto-task", "{}").status, 422);
  EXPECT_EQ(post("/api/auto-task", R"({"action":"check"})", viewer_a).status, 200);
  expect(post("/api/auto-task", R"({"action":"stop"})", viewer_a), 403, 1005, "没有权限执行此操作");
  expect(post("/api/auto-task", R"({"action":"start"})", viewer_a), 403, 1005, "没有权限执行此操作");
}

TEST_F(http_automation, ASwitchThatTheStoreDidNotTakeIsNotClaimed) {
  inside->on_set_automation = [](const switch_automation&) -> result<automation_state> {
    return fail(errc::unavailable, "the store is away");
  };
  const auto r = post("/api/auto-task", R"({"action":"stop"})");
  EXPECT_EQ(r.status, 503);
  EXPECT_FALSE(r.header("retry-after").empty());
}

TEST_F(http_automation, TriggerMonitorAsksForOneSweep) {
  int sweeps = 0;
  inside->on_sweep = [&](const sweep_now&) -> result<bool> {
    ++sweeps;
    return true;
  };
  expect(post("/api/trigger-monitor", "{}"), 200, 1000, "监控任务已触发");
  EXPECT_EQ(sweeps, 1);
  EXPECT_EQ(post("/api/trigger-monitor", "{}", viewer_a).status, 403);
  EXPECT_EQ(sweeps, 1);
}

TEST_F(http_automation, ARunIsStartedWithItsDefaultsAndShownWithItsProgress) {
  add_leads(3);
  const auto task = add_task(operator_a);
  inside->on_run = [&](const start_run& m) -> result<run_record> {
    EXPECT_EQ(m.batch_size, 100);
    EXPECT_EQ(m.pause, milliseconds{200});
    EXPECT_TRUE(m.skip_recording);
    run_record run;
    run.id = std::string(32, 'c');
    run.organization_id = m.organization_id;
    run.task = m.task;
    run.created_at = wall_now();
    return inside->run(query::create_run{run});
  };
  const auto id = std::to_string(value(task.id));
  const auto begun = post("/api/start-query-execution-run", R"({"task_id":")" + id + R"("})");
  expect(begun, 200, 200, "后台查询已启动");
  const auto run = begun.json().text("/data/run_id");
  EXPECT_EQ(begun.json().number("/data/task_id"), value(task.id));
  EXPECT_EQ(begun.json().text("/data/status"), "pending");
  ASSERT_TRUE(inside->run(query::advance_run{run, run_status::running, 2, job_row_id{1}, "", wall_now()}));
  const auto seen = get("/api/get-query-execution-run?run_id=" + run).json();
  EXPECT_EQ(seen.text("/data/id"), run);
  EXPECT_EQ(seen.text("/data/status"), "running");
  EXPECT_EQ(seen.number("/data/total_jobs"), 3);
  EXPECT_EQ(seen.number("/data/processed_jobs"), 2);
  EXPECT_EQ(seen.number("/data/params/batch_size"), 100);
  EXPECT_EQ(seen.number("/data/params/sleep_ms"), 200);
  EXPECT_TRUE(seen.flag("/data/params/skip_recording"));
}

TEST_F(http_automation, RunsOfOthersAndUnknownOnesAreNotThere) {
  add_leads(1);
  const auto task = add_task(operator_a);
  run_record run;
  run.id = std::string(32, 'd');
  run.organization_id = org_a;
  run.task = task.id;
  ASSERT_TRUE(inside->run(query::create_run{run}));
  const auto foreign = get("/api/get-query-execution-run?run_id=" + run.id, operator_b);
  expect(foreign, 404, 4004, "run_id不存在");
  const auto missing = get("/api/get-query-execution-run?run_id=" + std::string(32, 'e'));
  EXPECT_EQ(foreign.status, missing.status);
  expect(get("/api/get-query-execution-run?run_id=x"), 404, 4004, "run_id不存在");
  EXPECT_EQ(get("/api/get-query-execution-run").status, 422);
  expect(post("/api/start-query-execution-run", R"({"task_id":4711})"), 404, 4004, "任务不存在或无权限访问");
  EXPECT_EQ(post("/api/start-query-execution-run", R"({"task_id":1,"batch_size":501})").status, 422);
  EXPECT_EQ(post("/api/start-query-execution-run", R"({"task_id":1,"sleep_ms":-1})").status, 422);
}

}  // namespace
}  // namespace waihu::test
