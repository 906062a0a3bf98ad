// A foreign organisation's rows answer exactly like rows that do not exist, on every endpoint.
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

using http_tenancy = server_test;

/// The answer without what differs from request to request.
std::string comparable(const reply& r, const std::string& id) {
  auto body = r.body;
  const std::string name = "\"request_id\":\"";
  if (const auto at = body.find(name); at != std::string::npos) body.erase(at, body.find('"', at + name.size()) - at);
  for (auto at = body.find(id); at != std::string::npos; at = body.find(id)) body.replace(at, id.size(), "ID");
  return std::to_string(r.status) + " " + body;
}

TEST_F(http_tenancy, AForeignIdAnswersLikeAMissingOneEverywhere) {
  add_leads(3);
  const auto task = add_task(operator_a);
  const auto rows = dispatch(task);
  settle(task, rows[0], call_status::succeeded, R"([{"Timestamp":1}])");
  const auto scene =
      post("/api/create_scene", R"({"scene_name":"a","scene_type":2,"bot_name":"b"})").json().text("/data/script_id");
  // Actors would answer if they were asked: the store must stop the request before.
  inside->on_start = [](const start_call_task&) -> result<started_call_task> {
    ADD_FAILURE();
    return started_call_task{};
  };
  inside->on_suspend_resume = [](const suspend_resume_task&) -> result<suspended_resumed_task> {
    ADD_FAILURE();
    return suspended_resumed_task{};
  };
  inside->on_live_task = [&](const describe_task& wanted) -> std::optional<described_task> {
    // As the node does: a live task shows itself to its own organisation only.
    if (wanted.task != task.id || wanted.organization_id != operator_a.dcc_user_org_id) return std::nullopt;
    return described_task{task_type::calling, "group", {}, {}, {}};
  };
  ASSERT_EQ(post("/api/describe-job-group", R"({"task_id":)" + std::to_string(value(task.id)) + "}").status, 200)
      << "the script shows the task to its own people";
  inside->on_refresh = [](const refresh_jobs&) -> result<refreshed_jobs> {
    ADD_FAILURE();
    return refreshed_jobs{};
  };
  inside->on_follow_up = [](const make_follow_up&) -> result<made_follow_up> {
    ADD_FAILURE();
    return made_follow_up{};
  };
  inside->on_diagnose = [](const diagnose_task&) -> result<diagnosed_task> {
    ADD_FAILURE();
    return diagnosed_task{};
  };
  inside->on_recording = [](task_id, job_row_id) -> result<std::string> {
    ADD_FAILURE();
    return std::string{};
  };
  const auto real = std::to_string(value(task.id));
  const std::string none = "987654";
  struct attempt {
    std::string path, before, real, none, after;
  };
  const std::vector<attempt> posts{
      {"/api/update-script-id", R"({"script_id":"x","task_id":)", real, none, "}"},
      {"/api/start-call-task", R"({"task_id":)", real, none, "}"},
      {"/api/query-task-execution", R"({"apply_update":true,"skip_recording":false,"task_id":)", real, none, "}"},
      {"/api/describe-job-group", R"({"task_id":)", real, none, "}"},
      {"/api/describe-job-group", R"({"job_group_id":")", "group-" + real, "group-" + none, R"("})"},
      {"/api/suspend-resume-task", R"({"action":"suspend","task_id":)", real, none, "}"},
      {"/api/task-statistics", R"({"task_id":)", real, none, "}"},
      {"/api/diagnose-task", R"({"task_id":)", real, none, "}"},
      {"/api/get-leads-follow", R"({"call_job_id":")", "job-" + std::to_string(value(rows[0])), "job-" + none,
       R"("})"}};
  for (const auto& a : posts) {
    const auto foreign = post(a.path, a.before + a.real + a.after, operator_b);
    const auto missing = post(a.path, a.before + a.none + a.after, operator_b);
    EXPECT_GE(foreign.status, 400) << a.path;
    EXPECT_EQ(comparable(foreign, a.real), comparable(missing, a.none)) << a.path;
  }
  EXPECT_EQ(comparable(get("/api/scenes/" + scene, operator_b), scene),
            comparable(get("/api/scenes/script_00000000", operator_b), "script_00000000"));
  EXPECT_EQ(comparable(get("/api/leads/L1001", operator_b), "L1001"),
            comparable(get("/api/leads/L9999", operator_b), "L9999"));
  EXPECT_EQ(comparable(get("/api/task_followup_records/" + real, operator_b), real),
            comparable(get("/api/task_followup_records/" + none, operator_b), none));
  EXPECT_EQ(get("/api/leads", operator_b).json().number("/data/pagination/total"), 0);
  EXPECT_EQ(comparable(get("/api/events?task_id=" + real, operator_b), real),
            comparable(get("/api/events?task_id=" + none, operator_b), none));
  EXPECT_EQ(get("/api/task_list", operator_b).json().number("/data/pagination/total"), 0);
  EXPECT_EQ(get("/api/tasks", operator_b).json().size("/data"), 0);
  EXPECT_EQ(get("/api/scenes", operator_b).json().size("/data"), 0);
  EXPECT_EQ(get("/api/leads/count", operator_b).json().number("/data/total_count"), 0);
  EXPECT_EQ(get("/api/task-stats", operator_b).json().number("/data/1/count"), 0);
  // And nothing was changed.
  EXPECT_EQ(rows_of(task).size(), 3U);
  query::find_task q;
  q.organization_id = org_a;
  q.id = task.id;
  EXPECT_EQ(inside->run(q).value().script_id, "script_1");
}

}  // namespace
}  // namespace waihu::test
