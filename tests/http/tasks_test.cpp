// Creating, listing and preparing tasks; validation of bodies.
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

using http_tasks = server_test;

std::string asking(const call_task_record& task) { return "{\"task_id\":" + std::to_string(value(task.id)) + "}"; }

TEST_F(http_tasks, CreateSelectsTheLeadsOfTheFilter) {
  add_leads(6);
  const auto r =
      post("/api/create-autoCall-tasks",
           R"({"task_name":"春季回访","script_id":"s1","size_desc":{"leads_product":["SUV"],"is_arrive":[0]}})");
  ASSERT_EQ(r.status, 200) << r.body;
  const auto j = r.json();
  EXPECT_EQ(j.number("/code"), 200);
  EXPECT_EQ(j.text("/message"), "自动外呼任务创建成功");
  EXPECT_EQ(j.text("/data/task_name"), "春季回访");
  EXPECT_EQ(j.number("/data/leads_count"), 3);
  EXPECT_EQ(j.text("/data/size_desc/leads_product/0"), "SUV");
  EXPECT_EQ(j.number("/data/skipped/invalid_phone"), 0);
  EXPECT_EQ(j.number("/data/skipped/do_not_call"), 0);
  const auto none = post("/api/create-autoCall-tasks", R"({"task_name":"x","size_desc":{"leads_product":["MPV"]}})");
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(none.json().number("/code"), 4001);
  EXPECT_EQ(none.json().text("/message"), "未找到符合条件的线索数据");
}

TEST_F(http_tasks, TheSameKeyAndBodyCreateOnce) {
  add_leads(2);
  const auto send = [&](const std::string& key, const std::string& body) {
    return call(make_request("POST", "/api/create-autoCall-tasks",
                             {{"access-token", token_of(operator_a)}, {"Idempotency-Key", key}}, body));
  };
  const std::string body = R"({"task_name":"a","size_desc":{}})";
  const auto first = send("k1", body);
  const auto again = send("k1", body);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(again.body, first.body);
  const auto other = send("k1", R"({"task_name":"b","size_desc":{}})");
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.json().number("/code"), 1001);
  EXPECT_NE(send("k2", body).json().number("/data/task_id"), first.json().number("/data/task_id"));
  EXPECT_EQ(get("/api/task_list").json().number("/data/pagination/total"), 2);
}

TEST_F(http_tasks, EveryFaultOfABodyIsListed) {
  const auto r = post("/api/create-autoCall-tasks",
                      R"({"task_name":"","script_id":5,"size_desc":{"is_arrive":["x"],"first_follow_start":"soon"}})");
  EXPECT_EQ(r.status, 422);
  const auto j = r.json();
  EXPECT_EQ(j.number("/code"), 1003);
  ASSERT_EQ(j.size("/data/errors"), 4) << r.body;
  EXPECT_EQ(j.text("/data/errors/0/field"), "task_name");
  EXPECT_EQ(j.text("/data/errors/1/field"), "script_id");
  EXPECT_EQ(j.text("/data/errors/2/field"), "size_desc.is_arrive");
  EXPECT_EQ(j.text("/data/errors/3/field"), "size_desc.first_follow_start");
  EXPECT_NE(j.text("/message").find("task_name"), std::string::npos);
}

TEST_F(http_tasks, AHostileBodyIs422) {
  const std::string deep = R"({"size_desc":)" + std::string(40, '[') + std::string(40, ']') + "}";
  for (const auto& body : {std::string("{"), std::string("[1]"), deep, std::string("{\"task_name\":\"\xff\xfe\"}"),
                           std::string(100'000, '['), std::string(R"({"task_name":"a\u0000b","size_desc":{}})"),
                           std::string(R"({"task_name":"\ud800","size_desc":{}})")}) {
    const auto r = post("/api/create-autoCall-tasks", body);
    EXPECT_EQ(r.status, 422) << body.substr(0, 60);
    EXPECT_EQ(r.json().number("/code"), 1003) << body.substr(0, 60);
  }
  std::string name;
  for (int i = 0; i < 51; ++i) name += "外";
  EXPECT_EQ(post("/api/create-autoCall-tasks", R"({"task_name":")" + name + R"(","size_desc":{}})").status, 422);
}

TEST_F(http_tasks, AFaultOutsideTheBodyIsListedLikeThoseInside) {
  const auto r = call(make_request("POST", "/api/create-autoCall-tasks",
                                   {{"access-token", token_of(operator_a)}, {"Idempotency-Key", std::string(256, 'k')}},
                                   R"({"task_name":"a","size_desc":{}})"));
  EXPECT_EQ(r.status, 422);
  EXPECT_EQ(r.json().text("/data/errors/0/field"), "Idempotency-Key") << r.body;
}

TEST_F(http_tasks, WhatTheStoreCannotHoldIsListedAsAFaultOfTheBody) {
  inside->on_query = [](const store_query& q) -> std::optional<failure> {
    if (!std::holds_alternative<query::create_task>(q)) return std::nullopt;
    return failure{errc::invalid_argument, "a value cannot be stored", "22P05", 0};
  };
  const auto r = post("/api/create-autoCall-tasks", R"({"task_name":"a","size_desc":{}})");
  EXPECT_EQ(r.status, 422);
  EXPECT_EQ(r.json().text("/data/errors/0/field"), "body") << r.body;
}

TEST_F(http_tasks, ADryRunNamesWhoWouldBeCalledAndWhyOthersAreNotAndStoresNothing) {
  add_leads(3);
  query::import_leads more;
  more.organization_id = org_a;
  for (const auto& [id, phone] : {std::pair{"L2001", "138 0000 0002"}, {"L2002", "12"}, {"L2003", ""}}) {
    lead_record lead;
    lead.leads_id = id;
    lead.leads_user_phone = phone;
    more.leads.push_back(lead);
  }
  ASSERT_TRUE(inside->run(more));
  const std::string body = R"({"task_name":"a","size_desc":{"leads_product":[]}})";
  for (const auto* way : {"?dry_run=true", "?dry_run=1", "?dry_run", "?dry_run="}) {
    const auto r = post(std::string("/api/create-autoCall-tasks") + way, body);
    ASSERT_EQ(r.status, 200) << r.body;
    const auto j = r.json();
    EXPECT_EQ(j.number("/code"), 200);
    EXPECT_TRUE(j.flag("/data/dry_run")) << way;
    EXPECT_EQ(j.text("/data/task_name"), "a");
    EXPECT_EQ(j.number("/data/leads_count"), 3);
    EXPECT_EQ(j.size("/data/size_desc/leads_product"), 0);
    EXPECT_EQ(j.number("/data/skipped/do_not_call"), 0);
    EXPECT_EQ(j.number("/data/skipped/invalid_phone"), 2);
    EXPECT_EQ(j.number("/data/skipped/duplicate_phone"), 1);
    ASSERT_EQ(j.size("/data/leads_ids"), 3);
    EXPECT_EQ(j.text("/data/leads_ids/1"), "L1002");
    EXPECT_EQ(j.text("/data/skipped_leads/duplicate_phone/0/leads_id"), "L2001");
    EXPECT_EQ(j.text("/data/skipped_leads/duplicate_phone/0/same_phone_as"), "L1002");
    EXPECT_EQ(j.text("/data/skipped_leads/invalid_phone/1"), "L2003");
    EXPECT_EQ(j.size("/data/skipped_leads/do_not_call"), 0);
  }
  const auto nobody =
      post("/api/create-autoCall-tasks?dry_run=true", R"({"task_name":"a","size_desc":{"leads_product":["MPV"]}})");
  EXPECT_EQ(nobody.status, 200);
  EXPECT_EQ(nobody.json().number("/data/leads_count"), 0);
  EXPECT_EQ(post("/api/create-autoCall-tasks?dry_run=true", "{}").status, 422);
  const auto unclear = post("/api/create-autoCall-tasks?dry_run=perhaps", body);
  EXPECT_EQ(unclear.status, 422);
  EXPECT_EQ(unclear.json().text("/data/errors/0/field"), "dry_run") << unclear.body;
  EXPECT_EQ(get("/api/task_list").json().number("/data/pagination/total"), 0);
  EXPECT_EQ(post("/api/create-autoCall-tasks?dry_run=false", body).json().number("/data/leads_count"), 3);
  EXPECT_EQ(get("/api/task_list").json().number("/data/pagination/total"), 1);
}

TEST_F(http_tasks, AKeyOutlivesTheServerAndFailuresFreeIt) {
  const auto send = [&](const std::string& body) {
    return call(make_request("POST", "/api/create-autoCall-tasks",
                             {{"access-token", token_of(operator_a)}, {"Idempotency-Key", "k"}}, body));
  };
  const std::string body = R"({"task_name":"a","size_desc":{}})";
  EXPECT_EQ(send(body).json().number("/code"), 4001) << "no leads yet";
  add_leads(2);
  std::atomic<bool> is_away{true};
  inside->on_query = [&](const store_query& q) -> std::optional<failure> {
    if (!is_away || !std::holds_alternative<query::create_once>(q)) return std::nullopt;
    return failure{errc::unavailable, "away", {}, 0};
  };
  EXPECT_EQ(send(body).status, 503);
  is_away = false;
  const auto first = send(body);
  ASSERT_EQ(first.status, 200) << first.body;
  restart_server();
  EXPECT_EQ(send(body).body, first.body);
  EXPECT_EQ(send(R"({"task_name":"b","size_desc":{}})").status, 409);
  EXPECT_EQ(get("/api/task_list").json().number("/data/pagination/total"), 1);
}

TEST_F(http_tasks, ARequestUnderWayIsNotWaitedFor) {
  add_leads(2);
  inside->on_query = [&](const store_query& q) -> std::optional<failure> {
    if (!std::holds_alternative<query::create_once>(q)) return std::nullopt;
    return failure{errc::conflict, "under way", "idempotency_busy", 0};
  };
  const auto r = call(make_request("POST", "/api/create-autoCall-tasks",
                                   {{"access-token", token_of(operator_a)}, {"Idempotency-Key", "k"}},
                                   R"({"task_name":"a","size_desc":{}})"));
  EXPECT_EQ(r.status, 409);
  EXPECT_EQ(r.json().number("/code"), 1001);
  EXPECT_EQ(r.json().text("/message"), "相同的请求正在处理中");
  EXPECT_EQ(r.header("retry-after"), "1");
}

TEST_F(http_tasks, EveryEndpointThatCreatesOneThingTakesAKey) {
  const auto send = [&](const std::string& path, const std::string& body, const user_record& who) {
    return call(make_request("POST", path, {{"access-token", token_of(who)}, {"Idempotency-Key", "k"}}, body));
  };
  for (const auto& [path, body] :
       {std::pair<std::string, std::string>{"/api/create_scene", R"({"scene_name":"a","scene_type":2,"bot_name":"b"})"},
        {"/api/create_organization", R"({"name":"新"})"},
        {"/api/dcc/user/create", R"({"user_name":"d","user_password":"12345678","user_org_id":"ORGX"})"}}) {
    const auto first = send(path, body, admin);
    EXPECT_EQ(first.json().text("/status"), "success") << first.body;
    EXPECT_EQ(send(path, body, admin).body, first.body) << path;
    const auto other = send(path, body.substr(0, body.size() - 1) + " }", admin);
    EXPECT_EQ(other.status, 409) << path << " with another body";
  }
  EXPECT_EQ(send("/api/create_scene", R"({"scene_name":"c","scene_type":2,"bot_name":"b"})", operator_b).status, 200)
      << "another organisation's key is another";
  EXPECT_EQ(get("/api/scenes").json().size("/data"), 1);
}

TEST_F(http_tasks, TheListIsPagedNewestFirstAndFilteredByType) {
  add_leads(2);
  const auto empty = get("/api/task_list");
  EXPECT_EQ(empty.json().text("/message"), "暂无任务数据");
  EXPECT_EQ(empty.json().size("/data/items"), 0);
  for (int i = 1; i <= 5; ++i) add_task(operator_a, "t" + std::to_string(i));
  const auto first = get("/api/task_list?page=1&page_size=2");
  EXPECT_EQ(first.json().text("/message"), "获取任务列表成功");
  EXPECT_EQ(first.json().text("/data/items/0/task_name"), "t5");
  EXPECT_EQ(first.json().number("/data/items/0/leads_count"), 2);
  EXPECT_EQ(first.json().number("/data/pagination/total"), 5);
  EXPECT_EQ(first.json().number("/data/pagination/total_pages"), 3);
  const auto past = get("/api/task_list?page=99&page_size=2");
  EXPECT_EQ(past.json().number("/data/pagination/page"), 3);
  EXPECT_EQ(past.json().text("/data/items/0/task_name"), "t1");
  EXPECT_EQ(get("/api/task_list?task_types=2,x,,3").json().number("/data/pagination/total"), 0);
  EXPECT_EQ(get("/api/task_list?task_types=1,zzz").json().number("/data/pagination/total"), 5);
  EXPECT_EQ(get("/api/task_list?page=0").status, 422);
  EXPECT_EQ(get("/api/task_list?page_size=501").status, 422);
  EXPECT_EQ(get("/api/task_list?page_size=abc").status, 422);
}

TEST_F(http_tasks, AllTasksCarryTheirLeads) {
  add_leads(3);
  const auto task = add_task(operator_a);
  const auto r = get("/api/tasks");
  EXPECT_EQ(r.json().size("/data"), 1);
  EXPECT_EQ(r.json().number("/data/0/id"), value(task.id));
  EXPECT_EQ(r.json().text("/data/0/create_name"), "li");
  EXPECT_EQ(r.json().size("/data/0/leads_list"), 3);
  EXPECT_EQ(r.json().text("/data/0/leads_list/0/call_status"), "未开始");
}

TEST_F(http_tasks, AllTasksAndTheirCountsCostQuestionsByPieceNotByPage) {
  add_leads(1);
  for (int i = 0; i < 501; ++i) add_task(operator_a);
  const auto before = inside->queries();
  const auto counted = get("/api/task-stats").json();
  EXPECT_EQ(counted.number("/data/0/count"), 501);
  EXPECT_EQ(inside->queries() - before, 2U) << "the user, and all counts at once";
  const auto all = get("/api/tasks").json();
  ASSERT_EQ(all.size("/data"), 501);
  EXPECT_GT(all.number("/data/499/id"), all.number("/data/500/id")) << "newest first across the pieces";
}

TEST_F(http_tasks, TypesAreCountedInOrderWithZeros) {
  add_leads(3);
  add_task(operator_a);
  dispatch(add_task(operator_a));
  const auto j = get("/api/task-stats").json();
  ASSERT_EQ(j.size("/data"), 5);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(j.number("/data/" + std::to_string(i) + "/task_type"), i + 1);
  EXPECT_EQ(j.number("/data/0/count"), 1);
  EXPECT_EQ(j.number("/data/1/leads_count"), 3);
  EXPECT_EQ(j.number("/data/2/count"), 0);
}

TEST_F(http_tasks, FiguresAreAskedOnceWhileNothingChangesAndShowAChangeAtOnce) {
  add_leads(4);
  const auto task = add_task(operator_a);
  const auto count = [&] { return get("/api/task-stats", operator_a).json().number("/data/0/count"); };
  EXPECT_EQ(count(), 1);
  // Until figures were asked for twice within their life, which a busy machine may take a few turns for.
  for (std::size_t before = 0, after = 1; after != before;) {
    before = inside->queries();
    EXPECT_EQ(count(), 1);
    EXPECT_EQ(post("/api/task-statistics", asking(task)).json().number("/data/total_leads"), 4);
    EXPECT_EQ(count(), 1);
    EXPECT_EQ(post("/api/task-statistics", asking(task)).json().number("/data/total_leads"), 4);
    after = inside->queries();
  }
  for (int n = 2; n < 12; ++n) {
    ASSERT_EQ(post("/api/create-autoCall-tasks", R"({"task_name":"a","size_desc":{}})").status, 200);
    EXPECT_EQ(count(), n) << "created through the API";
    EXPECT_EQ(get("/api/task_list?page=1&page_size=1", operator_a).json().number("/data/pagination/total"), n);
  }
  const auto rows = dispatch(task);
  EXPECT_EQ(count(), 10) << "moved by its actor";
  std::int64_t interested = 0;
  for (const auto row : rows) {
    settle(task, row, call_status::succeeded, R"([{"Timestamp":1}])");
    follow(task, row, interest::interested);
    EXPECT_EQ(post("/api/task-statistics", asking(task)).json().number("/data/interested"), ++interested);
  }
  EXPECT_EQ(post("/api/task-statistics", asking(task), operator_b).status, 404) << "kept for its organisation only";
}

TEST_F(http_tasks, FiguresAreAskedAgainWhenTheirLifeIsOver) {
  add_leads(2);
  const auto task = add_task(operator_a);
  const auto statistics = [&] { return post("/api/task-statistics", asking(task)).status; };
  EXPECT_EQ(statistics(), 200);
  const auto before = inside->queries();
  // The user who asks is asked for after 5 s only.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{3};
  while (inside->queries() == before && std::chrono::steady_clock::now() < until) ASSERT_EQ(statistics(), 200);
  EXPECT_GT(inside->queries(), before) << "what another node did shows in the end";
}

TEST_F(http_tasks, TheScriptChangesUntilCallingHasBegun) {
  add_leads(1);
  const auto task = add_task(operator_a, "n", "");
  const auto id = std::to_string(value(task.id));
  const auto r = post("/api/update-script-id", R"({"task_id":")" + id + R"(","script_id":"s9","unknown":[1]})");
  EXPECT_EQ(r.json().text("/message"), "脚本ID更新成功") << r.body;
  EXPECT_EQ(r.json().number("/data/task_id"), value(task.id));
  EXPECT_EQ(r.json().text("/data/script_id"), "s9");
  const auto missing = post("/api/update-script-id", R"({"task_id":99999,"script_id":"s"})");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.json().number("/code"), 4004);
  EXPECT_EQ(missing.json().text("/message"), "任务不存在或无权限访问");
  dispatch(task);
  const auto late = post("/api/update-script-id", R"({"task_id":)" + id + R"(,"script_id":"s"})");
  EXPECT_EQ(late.status, 400);
  EXPECT_EQ(late.json().number("/code"), 4005);
}

}  // namespace
}  // namespace waihu::test
