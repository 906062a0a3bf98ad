// Lead statistics and scenes.
#include "http/zone_clock.hpp"
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

using http_leads = server_test;

TEST_F(http_leads, StatisticsCountAndGroup) {
  add_leads(6);
  const auto all = get("/api/leads/statistics");
  EXPECT_EQ(all.json().number("/code"), 1000);
  EXPECT_EQ(all.json().text("/message"), "线索统计获取成功");
  EXPECT_EQ(all.json().number("/data/total_count"), 6);
  EXPECT_EQ(all.json().size("/data/leads_ids"), 6);
  const auto product = get("/api/leads/statistics?filter_by=product");
  EXPECT_EQ(product.json().size("/data"), 2);
  EXPECT_EQ(product.json().number("/data/0/count"), 3);
  const auto type = get("/api/leads/statistics?filter_by=type");
  EXPECT_NE(type.body.find("未知等级"), std::string::npos);
  const auto arrive = get("/api/leads/statistics?filter_by=arrive");
  EXPECT_EQ(arrive.json().text("/data/0/category"), "未到店");
  const auto both = get("/api/leads/statistics?filter_by=both");
  EXPECT_EQ(both.json().size("/data/by_product"), 2);
  EXPECT_EQ(both.json().size("/data/by_type"), 2);
  const auto other = get("/api/leads/statistics?filter_by=colour");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.json().number("/code"), 1003);
}

TEST_F(http_leads, FiltersNarrowByValueFromQueryAndBody) {
  add_leads(6);
  EXPECT_EQ(get("/api/leads/count?leads_product=SUV").json().number("/data/total_count"), 3);
  EXPECT_EQ(
      get("/api/leads/count?leads_product=SUV,%E8%BD%BF%E8%BD%A6&leads_type=A").json().number("/data/total_count"), 4);
  EXPECT_EQ(get("/api/leads/count?is_arrive=1").json().number("/data/total_count"), 0);
  const auto body =
      post("/api/leads/statistics/filtered?filter_by=product", R"({"leads_product":["轿车"],"leads_type":null})");
  EXPECT_EQ(body.json().size("/data"), 1);
  EXPECT_EQ(body.json().text("/data/0/category"), "轿车");
  EXPECT_EQ(post("/api/leads/statistics/filtered", R"({"leads_product":"SUV"})").json().number("/data/total_count"), 3);
}

TEST_F(http_leads, AnEndDateIncludesItsWholeDayAndRangesAreUnited) {
  add_leads(4);
  const auto task = add_task(operator_a);
  const auto rows = dispatch(task);
  settle(task, rows[0], call_status::succeeded, R"([{"Timestamp":1}])");
  follow(task, rows[0], interest::interested);
  const auto today = http::zone_clock::in("Asia/Shanghai")->format(wall_now()).substr(0, 10);
  const auto count = [&](const std::string& query) {
    return get("/api/leads/count?" + query).json().number("/data/total_count");
  };
  EXPECT_EQ(count("latest_follow_start=" + today + "&latest_follow_end=" + today), 1);
  EXPECT_EQ(count("latest_follow_start=" + today), 1);
  EXPECT_EQ(count("latest_follow_end=2001-01-01"), 0);
  EXPECT_EQ(count("latest_follow_start=2001-01-01;" + today + "&latest_follow_end=2001-01-02;" + today), 1);
  EXPECT_EQ(count("latest_follow_start=2001-01-01,2001-01-02;" + today + "," + today), 1);
  EXPECT_EQ(count("latest_follow_start=2001-01-01,2001-01-02"), 0);
  const auto bad = get("/api/leads/count?latest_follow_start=yesterday&is_arrive=7");
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.json().size("/data/errors"), 2);
}

TEST_F(http_leads, ScenesAreCreatedCheckedAndShown) {
  const auto made = post("/api/create_scene",
                         R"({"scene_name":"回访","scene_detail":"d","scene_type":"2","bot_name":"小美","bot_age":25,)"
                         R"("scene_tags":[{"tag_name":"n","tag_detail":"d","tags":"t"}]})");
  ASSERT_EQ(made.json().number("/code"), 200) << made.body;
  EXPECT_EQ(made.json().text("/message"), "场景创建成功");
  const auto script = made.json().text("/data/script_id");
  EXPECT_EQ(script.substr(0, 7), "script_");
  EXPECT_EQ(script.size(), 15U);
  EXPECT_EQ(made.json().number("/data/scene_type"), 2);
  const auto list = get("/api/scenes");
  EXPECT_EQ(list.json().text("/message"), "查询成功");
  EXPECT_EQ(list.json().size("/data"), 1);
  const auto one = get("/api/scenes/" + script);
  EXPECT_EQ(one.json().text("/data/bot_age"), "25");
  EXPECT_EQ(one.json().text("/data/scene_tags/0/tags"), "t");
  const auto none = get("/api/scenes/script_00000000");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.json().number("/code"), 4004);
  EXPECT_EQ(post("/api/create_scene", R"({"scene_name":" ","scene_type":2,"bot_name":"b"})").json().number("/code"),
            4001);
  EXPECT_EQ(post("/api/create_scene", R"({"scene_name":"a","scene_type":3,"bot_name":"b"})").json().number("/code"),
            4003);
  EXPECT_EQ(post("/api/create_scene", R"({"scene_name":"a","scene_type":2,"bot_name":""})").json().number("/code"),
            4004);
}

}  // namespace
}  // namespace waihu::test
