// Why a task or a call waits, what happened to a call, and a conversation read again, as clients see them.
#include <algorithm>

#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_explanations : public server_test {
 public:
  void expect(const reply& r, int status, int code, const std::string& message) {
    EXPECT_EQ(r.status, status) << r.body;
    EXPECT_EQ(r.json().number("/code"), code) << r.body;
    EXPECT_EQ(r.json().text("/message"), message);
  }
  /// What `dispatch` gave the row.
  static std::string provider_id(job_row_id row) { return "job-" + std::to_string(value(row)); }
  static std::string why_task(task_id id) { return "/api/tasks/" + std::to_string(value(id)) + "/why"; }
  static std::string of_job(const std::string& id, const std::string& what) { return "/api/jobs/" + id + "/" + what; }
};

TEST_F(http_explanations, ATaskTellsItsReasonsAndWhenItCanMoveNext) {
  add_leads(2);
  const auto task = add_task(operator_a);
  inside->on_diagnose = [&](const diagnose_task& m) -> result<diagnosed_task> {
    EXPECT_EQ(m.organization_id, org_a);
    diagnosed_task d;
    d.processing = true;
    d.owner_node = "n1";
    d.reasons = {{wait_kind::rate_limited, 2, from_epoch_ms(1'790'000'000'000)}, {wait_kind::in_call, 1, {}}};
    return d;
  };
  const auto seen = get(why_task(task.id)).json();
  EXPECT_EQ(seen.number("/data/task_id"), value(task.id));
  EXPECT_TRUE(seen.flag("/data/waiting"));
  EXPECT_EQ(seen.size("/data/reasons"), 2);
  EXPECT_EQ(seen.text("/data/reasons/0/reason"), "rate_limited");
  EXPECT_EQ(seen.text("/data/reasons/0/text"), "外呼速率受限，稍后继续提交");
  EXPECT_EQ(seen.number("/data/reasons/0/jobs"), 2);
  EXPECT_EQ(seen.text("/data/reasons/0/until").size(), 19U);
  EXPECT_EQ(seen.text("/data/owner_node"), "n1");
}

TEST_F(http_explanations, ATaskThatNobodyStartedSaysSo) {
  add_leads(1);
  const auto task = add_task(operator_a);
  inside->on_diagnose = [](const diagnose_task&) -> result<diagnosed_task> { return diagnosed_task{}; };
  const auto seen = get(why_task(task.id)).json();
  EXPECT_EQ(seen.size("/data/reasons"), 1);
  EXPECT_EQ(seen.text("/data/reasons/0/reason"), "not_started");
  const auto row = rows_of(task).front().job.row;
  const auto call = get(of_job(std::to_string(value(row)), "why")).json();
  EXPECT_EQ(call.text("/data/reasons/0/reason"), "not_started");
  EXPECT_EQ(call.text("/data/phase"), "queued");
  EXPECT_EQ(call.text("/data/StatusText"), "未开始");
}

TEST_F(http_explanations, ACallIsFoundByItsRowAndByTheProvidersId) {
  add_leads(2);
  const auto task = add_task(operator_a);
  const auto rows = dispatch(task);
  inside->on_explain = [&](const explain_job& m) -> result<explained_job> {
    EXPECT_EQ(m.task, task.id);
    EXPECT_EQ(m.row, rows[0]);
    return explained_job{job_phase::tracking, call_status::executing, {{wait_kind::in_call, 1, {}}}, wall_now()};
  };
  const auto by_row = get(of_job(std::to_string(value(rows[0])), "why"));
  const auto by_id = get(of_job(provider_id(rows[0]), "why"));
  EXPECT_EQ(by_row.status, 200) << by_row.body;
  EXPECT_EQ(by_id.json().number("/data/row_id"), value(rows[0]));
  EXPECT_EQ(by_row.json().text("/data/JobId"), provider_id(rows[0]));
  EXPECT_EQ(by_row.json().text("/data/Status"), "Executing");
  EXPECT_EQ(by_row.json().text("/data/reasons/0/reason"), "in_call");
  EXPECT_EQ(by_row.json().text("/data/next_look").size(), 19U);
}

TEST_F(http_explanations, AClosedCallWaitsForNothing) {
  add_leads(1);
  const auto task = add_task(operator_a);
  const auto row = dispatch(task).front();
  settle(task, row, call_status::failed);
  follow(task, row, interest::undecided);
  const auto seen = get(of_job(provider_id(row), "why")).json();
  EXPECT_FALSE(seen.flag("/data/waiting"));
  EXPECT_EQ(seen.size("/data/reasons"), 0);
  EXPECT_EQ(seen.text("/data/phase"), "closed");
}

TEST_F(http_explanations, ATimelineHoldsEveryEventOfACallInOrder) {
  add_leads(1);
  const auto task = add_task(operator_a);
  const auto row = dispatch(task).front();
  settle(task, row, call_status::failed);
  follow(task, row, interest::undecided);
  const auto seen = get(of_job(std::to_string(value(row)), "timeline")).json();
  std::vector<std::string> events;
  std::int64_t before = 0;
  for (int i = 0; i < seen.size("/data/items"); ++i) {
    const auto item = "/data/items/" + std::to_string(i);
    events.push_back(seen.text(item + "/event"));
    EXPECT_GE(seen.number(item + "/at_timestamp"), before);
    before = seen.number(item + "/at_timestamp");
  }
  for (const auto* wanted : {"created", "task_moved", "batch_intended", "batch_accepted", "settled", "follow_up"})
    EXPECT_NE(std::ranges::find(events, wanted), events.end()) << wanted;
}

TEST_F(http_explanations, ForeignAndUnknownOnesAnswerAlike) {
  add_leads(1);
  const auto task = add_task(operator_a);
  const auto call = dispatch(task).front();
  const auto row = std::to_string(value(call));
  for (const auto* what : {"why", "timeline"}) {
    expect(get(of_job(row, what), operator_b), 404, 4001, "外呼任务不存在或无权限访问");
    expect(get(of_job(provider_id(call), what), operator_b), 404, 4001, "外呼任务不存在或无权限访问");
    expect(get(of_job("987654321", what)), 404, 4001, "外呼任务不存在或无权限访问");
  }
  expect(get(why_task(task.id), operator_b), 404, 4004, "任务不存在或无权限访问");
  expect(get(why_task(task_id{4711})), 404, 4004, "任务不存在或无权限访问");
  EXPECT_EQ(get("/api/tasks/abc/why").status, 422);
}

TEST_F(http_explanations, ForceAnalyzeTriesByDefaultAndStoresWhenTold) {
  add_leads(1);
  const auto task = add_task(operator_a);
  const auto row = dispatch(task).front();
  settle(task, row, call_status::succeeded, "[]");
  inside->on_follow_up = [&](const make_follow_up& m) -> result<made_follow_up> {
    EXPECT_TRUE(m.force);
    made_follow_up made;
    if (!m.dry_run) made.follow = follow_id{9};
    made.leads_id = "1";
    made.leads_remark = "有意向";
    made.is_interested = interest::interested;
    return made;
  };
  const auto tried = post("/api/force-analyze", R"({"call_job_id":")" + provider_id(row) + R"("})");
  expect(tried, 200, 200, "分析完成，未保存");
  EXPECT_TRUE(tried.json().flag("/data/dry_run"));
  EXPECT_TRUE(tried.json().is_null("/data/follow_id"));
  EXPECT_EQ(tried.json().text("/data/leads_remark"), "有意向");
  EXPECT_EQ(tried.json().number("/data/is_interested"), 1);
  const auto stored = post("/api/force-analyze", R"({"call_job_id":")" + provider_id(row) + R"(","dry_run":false})");
  expect(stored, 200, 200, "分析完成");
  EXPECT_EQ(stored.json().number("/data/follow_id"), 9);
  expect(post("/api/force-analyze", R"({"call_job_id":"nobody"})"), 400, 4001, "外呼任务不存在或无权限访问");
  EXPECT_EQ(post("/api/force-analyze", R"({"call_job_id":")" + provider_id(row) + R"("})", viewer_a).status, 403);
}

}  // namespace
}  // namespace waihu::test
