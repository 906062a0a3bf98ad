// What administrators see and change: users and roles, organisations, the nodes. And the outcomes of a day.
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_administration : public server_test {
 protected:
  reply give(const user_record& whom, const std::string& role, const user_record& by) {
    return call(make_request("PUT", "/api/users/" + std::to_string(value(whom.id)) + "/role",
                             {{"access-token", token_of(by)}, {"Content-Type", "application/json"}},
                             R"({"role":")" + role + R"("})"));
  }
};

TEST_F(http_administration, UsersAreListedWithTheirRolesAndNoPassword) {
  const auto all = get("/api/users?page_size=500", admin);
  ASSERT_EQ(all.status, 200) << all.body;
  EXPECT_EQ(all.json().number("/data/pagination/total"), 5);
  EXPECT_EQ(all.json().text("/data/items/0/username"), admin.username);
  EXPECT_EQ(all.json().text("/data/items/0/role"), "admin");
  EXPECT_EQ(all.json().text("/data/items/1/role"), "operator");
  EXPECT_EQ(all.json().text("/data/items/2/role"), "viewer");
  EXPECT_EQ(all.body.find(user_password_digest), std::string::npos);
  EXPECT_EQ(all.body.find("password"), std::string::npos);
  const auto one = get("/api/users?q=" + viewer_a.username, admin).json();
  EXPECT_EQ(one.number("/data/pagination/total"), 1);
  EXPECT_EQ(one.number("/data/items/0/id"), value(viewer_a.id));
  EXPECT_EQ(get("/api/users?page=0", admin).status, 422);
}

TEST_F(http_administration, ARoleTakesEffectAtOnce) {
  add_leads(1);
  const std::string task = R"({"task_name":"t","size_desc":{}})";
  EXPECT_EQ(post("/api/create-autoCall-tasks", task, viewer_a).status, 403);
  const auto promoted = give(viewer_a, "operator", admin);
  ASSERT_EQ(promoted.status, 200) << promoted.body;
  EXPECT_EQ(promoted.json().text("/message"), "用户角色更新成功");
  EXPECT_EQ(promoted.json().text("/data/role"), "operator");
  EXPECT_EQ(promoted.body.find("password"), std::string::npos);
  EXPECT_EQ(post("/api/create-autoCall-tasks", task, viewer_a).status, 200) << "the token is the same";
  EXPECT_EQ(give(operator_a, "viewer", admin).status, 200);
  EXPECT_EQ(post("/api/create-autoCall-tasks", task, operator_a).status, 403);
}

TEST_F(http_administration, ARoleIsRefusedWithItsReason) {
  const auto last = give(admin, "viewer", admin);
  EXPECT_EQ(last.status, 409);
  EXPECT_EQ(last.json().number("/code"), 1007);
  EXPECT_EQ(last.json().text("/message"), "至少要保留一名管理员");
  EXPECT_EQ(get("/api/users", admin).status, 200) << "nothing was taken away";
  EXPECT_EQ(give(operator_a, "root", admin).status, 422);
  EXPECT_EQ(give(operator_a, "", admin).status, 422);
  user_record nobody;
  nobody.id = user_id{987654};
  EXPECT_EQ(give(nobody, "viewer", admin).status, 404);
  EXPECT_EQ(give(admin, "admin", operator_a).status, 403);
}

TEST_F(http_administration, LoginTellsTheRole) {
  const auto session =
      post("/api/login", R"({"username":")" + viewer_a.username + R"(","password":")" + user_password + R"("})");
  EXPECT_EQ(session.json().text("/data/user_info/role"), "viewer") << session.body;
}

TEST_F(http_administration, OrganisationsAreListed) {
  const auto made = post("/api/create_organization", R"({"name":"新公司"})", admin).json();
  const auto list = get("/api/organizations?page_size=500", admin).json();
  const auto last = "/data/items/" + std::to_string(list.number("/data/pagination/total") - 1);
  EXPECT_EQ(list.text(last + "/name"), "新公司");
  EXPECT_EQ(list.text(last + "/organization_id"), made.text("/data/organization_id"));
  EXPECT_EQ(list.text(last + "/organization_type_text"), "普通");
}

TEST_F(http_administration, TheNodesAreShownWithWhatTheyOwn) {
  add_leads(1);
  const auto task = add_task(operator_a);
  dispatch(task);
  const auto alone = get("/api/cluster", admin);
  ASSERT_EQ(alone.status, 200) << alone.body;
  const auto nodes = alone.json();
  EXPECT_EQ(nodes.number("/data/unowned_shards"), 0) << alone.body;
  EXPECT_EQ(nodes.number("/data/unowned_tasks"), 0);
  ASSERT_EQ(nodes.size("/data/nodes"), 1);
  EXPECT_EQ(nodes.number("/data/nodes/0/shards"), 256);
  EXPECT_EQ(nodes.number("/data/nodes/0/tasks"), 1);
  EXPECT_EQ(nodes.text("/data/at").size(), 19U);
}

TEST_F(http_administration, TheOutcomesOfADayAreThoseOfTheOwnOrganisation) {
  add_leads(3);
  const auto task = add_task(operator_a);
  const auto rows = dispatch(task);
  const auto end = [&](job_row_id row, job_outcome outcome) {
    change::settle_job s;
    s.own = {task.id, inside->epoch()};
    s.row = row;
    s.status = call_status::failed;
    s.outcome = outcome;
    s.at = wall_now();
    ASSERT_TRUE(inside->commit(s));
  };
  end(rows[0], job_outcome::unplaced);
  end(rows[1], job_outcome::not_dialled);
  settle(task, rows[2], call_status::succeeded);  // Dialled years ago.
  const auto today = get("/api/outcomes").json();
  EXPECT_EQ(today.number("/data/total"), 2);
  EXPECT_EQ(today.text("/data/outcomes/0/outcome"), "not_dialled");
  EXPECT_EQ(today.text("/data/outcomes/0/text"), "未外呼");
  EXPECT_EQ(today.number("/data/outcomes/1/calls"), 1);
  EXPECT_EQ(today.text("/data/date").size(), 10U);
  EXPECT_EQ(get("/api/outcomes?date=" + today.text("/data/date")).json().number("/data/total"), 2);
  const auto past = get("/api/outcomes?date=2020-02-29").json();
  EXPECT_EQ(past.text("/data/date"), "2020-02-29");
  EXPECT_EQ(past.number("/data/total"), 0);
  EXPECT_EQ(get("/api/outcomes", operator_b).json().number("/data/total"), 0);
  for (const auto* bad : {"2026-02-30", "today", "2026-11-23%2010:00:00"}) {
    const auto r = get(std::string("/api/outcomes?date=") + bad);
    EXPECT_EQ(r.status, 422) << bad;
    EXPECT_NE(r.body.find("date"), std::string::npos);
  }
}

}  // namespace
}  // namespace waihu::test
