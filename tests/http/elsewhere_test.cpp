// A task that another node follows, as clients of this node see it: that node's figures, or the store's marked as
// older.
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_elsewhere : public server_test {
 protected:
  void SetUp() override {
    server_test::SetUp();
    add_leads(3);
    task = add_task(operator_a);
    rows = dispatch(task);
    inside->on_describe = [this](const describe_task& m) -> result<described_task> {
      EXPECT_EQ(m.organization_id, org_a);
      EXPECT_EQ(m.task, task.id);
      if (away) return fail(errc::unavailable, "there is no link to the node");
      described_task d;
      d.type = task_type::calling;
      d.job_group_id = "group-elsewhere";
      d.task_name = "任务";
      d.counters.total = 3;
      d.counters.executing = 2;
      d.counters.interested = 1;
      return d;
    };
    unreachable();
  }
  /// What asks the other node fails as it does without a link.
  void unreachable() {
    inside->on_diagnose = [](const auto&) -> result<diagnosed_task> { return fail(errc::unavailable, "no link"); };
    inside->on_refresh = [](const auto&) -> result<refreshed_jobs> { return fail(errc::unavailable, "no link"); };
    inside->on_explain = [](const auto&) -> result<explained_job> { return fail(errc::unavailable, "no link"); };
  }
  std::string about_task() const { return "{\"task_id\":" + std::to_string(value(task.id)) + "}"; }

  call_task_record task;
  std::vector<job_row_id> rows;
  bool away{false};
};

TEST_F(http_elsewhere, ItsNodeDescribesIt) {
  const auto group = post("/api/describe-job-group", about_task()).json();
  EXPECT_EQ(group.text("/data/job_group_id"), "group-elsewhere");
  EXPECT_EQ(group.number("/data/progress/executing"), 2);
  EXPECT_FALSE(group.has("/data/stale"));
  const auto interests = post("/api/task-statistics", about_task()).json();
  EXPECT_EQ(interests.number("/data/interested"), 1);
  EXPECT_FALSE(interests.has("/data/stale"));
}

TEST_F(http_elsewhere, WithoutItsNodeTheStoreAnswersAndSaysSo) {
  away = true;
  const auto group = post("/api/describe-job-group", about_task());
  EXPECT_EQ(group.status, 200) << group.body;
  EXPECT_EQ(group.json().number("/data/progress/total_jobs"), 3);
  EXPECT_TRUE(group.json().flag("/data/stale"));
  for (const std::string path : {"/api/task-statistics", "/api/diagnose-task", "/api/query-task-execution"}) {
    const auto r = post(path, about_task());
    EXPECT_EQ(r.status, 200) << path << r.body;
    EXPECT_TRUE(r.json().flag("/data/stale")) << path;
  }
  for (const auto& path : {"/api/tasks/" + std::to_string(value(task.id)) + "/why",
                           "/api/jobs/" + std::to_string(value(rows[0])) + "/why"}) {
    const auto r = get(path);
    EXPECT_EQ(r.status, 200) << path << r.body;
    EXPECT_TRUE(r.json().flag("/data/stale")) << path;
  }
}

TEST_F(http_elsewhere, ATaskWithoutAnActorThereIsExactInTheStore) {
  inside->on_describe = [](const auto&) -> result<described_task> { return fail(errc::not_found, "no actor"); };
  const auto group = post("/api/describe-job-group", about_task()).json();
  EXPECT_EQ(group.number("/data/progress/total_jobs"), 3);
  EXPECT_FALSE(group.has("/data/stale"));
}

TEST_F(http_elsewhere, AnotherNodesChangeShowsAtOnce) {
  inside->on_describe = [](const auto&) -> result<described_task> { return fail(errc::not_found, "no actor"); };
  post("/api/describe-job-group", about_task());  // who asks is known after it
  const auto before = inside->queries();
  post("/api/describe-job-group", about_task());
  const auto once = inside->queries() - before;
  post("/api/describe-job-group", about_task());
  EXPECT_EQ(inside->queries() - before, 2 * once) << "nothing is kept: no stamp tells of another node's commits";
}

}  // namespace
}  // namespace waihu::test
