// Leads one by one, and the follow-ups of a task.
#include "http/zone_clock.hpp"
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_lead_pages : public server_test {
 protected:
  std::string today() const { return http::zone_clock::in("Asia/Shanghai")->format(wall_now()).substr(0, 10); }
};

TEST_F(http_lead_pages, APageOfLeadsComesWithTheirLatestFollowUp) {
  add_leads(5);
  const auto task = add_task(operator_a);
  const auto rows = dispatch(task);
  settle(task, rows[1], call_status::succeeded, R"([{"Timestamp":1}])");
  follow(task, rows[1], interest::interested);
  const auto r = get("/api/leads?page=1&page_size=4");
  ASSERT_EQ(r.status, 200) << r.body;
  const auto j = r.json();
  EXPECT_EQ(j.number("/code"), 1000);
  EXPECT_EQ(j.text("/message"), "线索列表获取成功");
  EXPECT_EQ(j.number("/data/pagination/total"), 5);
  EXPECT_EQ(j.number("/data/pagination/total_pages"), 2);
  ASSERT_EQ(j.size("/data/items"), 4);
  EXPECT_EQ(j.text("/data/items/0/leads_id"), "L1005") << "the last imported first";
  EXPECT_TRUE(j.is_null("/data/items/0/latest_follow"));
  EXPECT_TRUE(j.is_null("/data/items/0/leads_create_time"));
  EXPECT_EQ(j.number("/data/items/0/is_arrive"), 0);
  EXPECT_EQ(j.text("/data/items/3/leads_id"), "L1002");
  EXPECT_EQ(j.text("/data/items/3/leads_user_name"), "客户2");
  EXPECT_EQ(j.text("/data/items/3/leads_user_phone"), "13800000002");
  EXPECT_EQ(j.text("/data/items/3/leads_product"), "SUV");
  EXPECT_EQ(j.text("/data/items/3/leads_type"), "A");
  EXPECT_EQ(j.text("/data/items/3/latest_follow/leads_remark"), "客户有意向");
  EXPECT_EQ(j.text("/data/items/3/latest_follow/follow_time").substr(0, 10), today());
  EXPECT_EQ(get("/api/leads?page=99&page_size=4").json().number("/data/pagination/page"), 2);
  EXPECT_EQ(get("/api/leads", viewer_a).status, 200);
}

TEST_F(http_lead_pages, SearchAndEveryFilterNarrowTheList) {
  add_leads(6);
  const auto task = add_task(operator_a);
  const auto rows = dispatch(task);
  settle(task, rows[2], call_status::succeeded, R"([{"Timestamp":1}])");
  follow(task, rows[2], interest::interested);
  const auto total = [&](const std::string& query) {
    return get("/api/leads?" + query).json().number("/data/pagination/total");
  };
  EXPECT_EQ(total("q=l1003"), 1);
  EXPECT_EQ(total("q=%20L1003%20"), 1);
  EXPECT_EQ(total("q=%E5%AE%A2%E6%88%B7"), 6);
  EXPECT_EQ(total("q=00004"), 1);
  EXPECT_EQ(total("q=%25"), 0);
  EXPECT_EQ(total("leads_product=SUV"), 3);
  EXPECT_EQ(total("leads_product=SUV,%E8%BD%BF%E8%BD%A6&leads_type=A"), 4);
  EXPECT_EQ(total("is_arrive=1"), 0);
  EXPECT_EQ(total("is_arrive=0,1"), 6);
  EXPECT_EQ(total("first_follow_start=" + today() + "&first_follow_end=" + today()), 1);
  EXPECT_EQ(total("latest_follow_start=2001-01-01,2001-01-02;" + today() + "," + today()), 1);
  EXPECT_EQ(total("latest_follow_end=2001-01-01"), 0);
  EXPECT_EQ(total("next_follow_start=2001-01-01"), 0);
  EXPECT_EQ(total("first_arrive_start=2001-01-01"), 0);
  EXPECT_EQ(total("leads_product=SUV&q=L1003"), 0);
  const auto bad = get("/api/leads?page=0&page_size=501&is_arrive=2&next_follow_end=soon&q=" + std::string(101, 'x'));
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.json().number("/code"), 1003);
  EXPECT_EQ(bad.json().size("/data/errors"), 5) << bad.body;
}

TEST_F(http_lead_pages, OneLeadIsShownWithItsFollowUpsAndCalls) {
  add_leads(3);
  const auto first = add_task(operator_a, "一");
  const auto rows = dispatch(first);
  settle(first, rows[0], call_status::succeeded, R"([{"Timestamp":1000},{"Timestamp":3500}])");
  follow(first, rows[0], interest::interested);
  add_task(operator_a, "二");
  const auto r = get("/api/leads/L1001");
  ASSERT_EQ(r.status, 200) << r.body;
  const auto j = r.json();
  EXPECT_EQ(j.number("/code"), 1000);
  EXPECT_EQ(j.text("/data/leads_id"), "L1001");
  EXPECT_EQ(j.text("/data/latest_follow/leads_remark"), "客户有意向");
  EXPECT_EQ(j.number("/data/follow_count"), 1);
  EXPECT_EQ(j.size("/data/follows"), 1);
  EXPECT_EQ(j.text("/data/follows/0/leads_id"), "L1001");
  EXPECT_EQ(j.number("/data/call_count"), 2);
  ASSERT_EQ(j.size("/data/calls"), 2);
  EXPECT_EQ(j.text("/data/calls/0/task_name"), "二");
  EXPECT_EQ(j.text("/data/calls/0/Status"), "");
  EXPECT_EQ(j.size("/data/calls/0/Tasks"), 0);
  EXPECT_TRUE(j.is_null("/data/calls/0/follow_data"));
  EXPECT_EQ(j.number("/data/calls/1/task_id"), value(first.id));
  EXPECT_EQ(j.text("/data/calls/1/Status"), "Succeeded");
  EXPECT_EQ(j.text("/data/calls/1/JobGroupId"), "group-" + std::to_string(value(first.id)));
  EXPECT_EQ(j.number("/data/calls/1/Tasks/0/Duration"), 2500);
  EXPECT_EQ(j.number("/data/calls/1/is_interested"), 1);
  EXPECT_EQ(j.text("/data/calls/1/follow_data/leads_remark"), "客户有意向");
}

TEST_F(http_lead_pages, ALeadIsFoundWhateverSignsItsIdHolds) {
  query::import_leads q;
  q.organization_id = org_a;
  for (const std::string id : {"a/b", "编号 1", "import", "50%+1"}) {
    lead_record lead;
    lead.leads_id = id;
    q.leads.push_back(lead);
  }
  ASSERT_TRUE(inside->run(q));
  EXPECT_EQ(get("/api/leads/a%2Fb").json().text("/data/leads_id"), "a/b");
  EXPECT_EQ(get("/api/leads/a%2Fb/").json().text("/data/leads_id"), "a/b");
  EXPECT_EQ(get("/api/leads/%E7%BC%96%E5%8F%B7%201").json().text("/data/leads_id"), "编号 1");
  EXPECT_EQ(get("/api/leads/import").json().text("/data/leads_id"), "import");
  EXPECT_EQ(get("/api/leads/50%25+1").json().text("/data/leads_id"), "50%+1");
  EXPECT_EQ(get("/api/leads/a/b").json().number("/code"), 1004) << "two parts are another path";
  EXPECT_EQ(get("/api/leads/count").json().number("/data/total_count"), 4) << "the contract's own words go first";
  const auto put = call(make_request("PUT", "/api/leads/import", {{"access-token", token_of(operator_a)}}));
  EXPECT_EQ(put.status, 405);
  EXPECT_EQ(put.header("allow"), "POST, GET, HEAD, OPTIONS");
}

TEST_F(http_lead_pages, TheFollowUpsOfATaskArePaged) {
  add_leads(4);
  const auto task = add_task(operator_a);
  const auto path = "/api/task_followup_records/" + std::to_string(value(task.id));
  const auto none = get(path);
  EXPECT_EQ(none.json().number("/code"), 200);
  EXPECT_EQ(none.json().size("/data/items"), 0);
  EXPECT_EQ(none.json().number("/data/pagination/total"), 0);
  const auto rows = dispatch(task);
  for (const auto i : {0, 1, 3}) {
    settle(task, rows[static_cast<std::size_t>(i)], call_status::succeeded, R"([{"Timestamp":1}])");
    follow(task, rows[static_cast<std::size_t>(i)], interest::not_interested);
  }
  const auto j = get(path + "?page=1&page_size=2").json();
  EXPECT_EQ(j.text("/message"), "查询成功");
  EXPECT_EQ(j.number("/data/task_id"), value(task.id));
  EXPECT_EQ(j.number("/data/pagination/total"), 3);
  EXPECT_EQ(j.number("/data/pagination/total_pages"), 2);
  ASSERT_EQ(j.size("/data/items"), 2);
  EXPECT_EQ(j.text("/data/items/0/leads_id"), "L1001");
  EXPECT_EQ(j.text("/data/items/0/leads_name"), "客户1");
  EXPECT_EQ(j.text("/data/items/0/leads_phone"), "13800000001");
  EXPECT_EQ(j.text("/data/items/0/leads_remark"), "客户有意向");
  EXPECT_EQ(j.text("/data/items/0/call_job_id"), "job-" + std::to_string(value(rows[0])));
  EXPECT_EQ(j.text("/data/items/0/call_status"), "Succeeded");
  EXPECT_EQ(j.number("/data/items/0/is_interested"), 2);
  EXPECT_TRUE(j.is_null("/data/items/0/next_follow_time"));
  EXPECT_EQ(get(path + "?page=2&page_size=2").json().text("/data/items/0/leads_id"), "L1004");
  EXPECT_EQ(get("/api/task_followup_records/abc").status, 422);
  EXPECT_EQ(get(path + "?page_size=0").status, 422);
  const auto missing = get("/api/task_followup_records/987654");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.json().number("/code"), 4004);
  EXPECT_EQ(missing.json().text("/message"), "任务不存在或无权限访问");
}

}  // namespace
}  // namespace waihu::test
