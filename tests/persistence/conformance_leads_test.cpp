// What every store promises of leads one by one: pages in a fixed order, the latest follow-up, the history, tenancy.
#include <algorithm>

#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

class StoreLeads : public on_every_store {
 protected:
  std::vector<std::string> ids(query::list_leads q) {
    q.organization_id = q.organization_id.empty() ? "ORG001" : q.organization_id;
    const auto page = session->run(q);
    EXPECT_TRUE(page) << (page ? "" : page.error().message);
    std::vector<std::string> out;
    if (page)
      for (const auto& l : page->items) out.push_back(l.lead.leads_id);
    return out;
  }
  /// Ends the lead's call in a new task and writes its follow-up.
  task_id call_and_follow(const std::string& lead, wall_time when, const std::string& remark) {
    const auto id = make_task();
    for (const auto row : rows_of(id)) {
      if (job(row).job.leads_id != lead) continue;
      settle(id, row);
      must(change::record_follow_up{own(id), row, lead, remark, interest::interested, {}, when, false});
    }
    return id;
  }
};
ON_EVERY_STORE(StoreLeads);
using id_list = std::vector<std::string>;

TEST_P(StoreLeads, APageShowsTheLastImportedFirstAndOnlyTheOwn) {
  import_leads(5);
  import_leads(2, "ORG002");
  EXPECT_EQ(ids({.page = {1, 2}}), (id_list{"l0005", "l0004"}));
  EXPECT_EQ(ids({.page = {3, 2}}), (id_list{"l0001"}));
  EXPECT_EQ(ids({.page = {9, 2}}), (id_list{"l0001"})) << "past the end is the last page";
  EXPECT_EQ(ids({.organization_id = "ORG002"}), (id_list{"l0002", "l0001"}));
  const auto nobody = session->run(query::list_leads{"ORG009", {}, "", {}});
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->total, 0);
  EXPECT_EQ(nobody->page, 1);
  const auto page = session->run(query::list_leads{"ORG001", {}, "", {2, 2}});
  ASSERT_TRUE(page && page->items.size() == 2);
  EXPECT_EQ(page->total, 5);
  const auto& one = page->items[0];
  EXPECT_EQ(one.lead.leads_user_name, "客户3");
  EXPECT_EQ(one.lead.leads_user_phone, "13800010003");
  EXPECT_EQ(one.lead.leads_product, "P1");
  EXPECT_EQ(one.lead.leads_type, "A");
  EXPECT_EQ(one.lead.leads_create_time, at(3));
  EXPECT_FALSE(one.latest_follow);
  EXPECT_FALSE(one.has_arrived);
  EXPECT_GT(one.id, page->items[1].id);
}

TEST_P(StoreLeads, ASearchedTextIsHeldByIdNameOrPhone) {
  ASSERT_TRUE(session->run(query::import_leads{"ORG001",
                                               {{"Abc-1", "张三", "13800000001", "P1", "A", {}},
                                                {"b-2", "李四", "13900000002", "P1", "B", {}},
                                                {"c_3", "50%", "0571-88001", "P2", "A", {}}}}));
  EXPECT_EQ(ids({.holding = "aBC"}), id_list{"Abc-1"}) << "ASCII letters in either case";
  EXPECT_EQ(ids({.holding = "三"}), id_list{"Abc-1"});
  EXPECT_EQ(ids({.holding = "000002"}), id_list{"b-2"});
  EXPECT_EQ(ids({.holding = "%"}), id_list{"c_3"}) << "no sign is special";
  EXPECT_EQ(ids({.holding = "_"}), id_list{"c_3"});
  EXPECT_EQ(ids({.holding = "\\"}), id_list{});
  EXPECT_EQ(ids({.holding = "' or '1'='1"}), id_list{});
  EXPECT_EQ(ids({.filter = {.types = {"A"}}, .holding = "-"}), (id_list{"c_3", "Abc-1"}));
  EXPECT_EQ(ids({.organization_id = "ORG002", .holding = "-"}), id_list{});
}

TEST_P(StoreLeads, AnImportThatSkipsALeadDoesNotMoveIt) {
  import_leads(2);
  ASSERT_TRUE(session->run(
      query::import_leads{"ORG001", {{"l0001", "again", "1", "", "", {}}, {"l0009", "", "13900000009", "", "", {}}}}));
  EXPECT_EQ(ids({}), (id_list{"l0009", "l0002", "l0001"}));
}

TEST_P(StoreLeads, TheLatestFollowUpIsShownAndFiltersCountALeadOnce) {
  import_leads(3);
  call_and_follow("l0002", at(200), "late");
  call_and_follow("l0002", at(100), "written later, of an earlier time");
  const auto page = session->run(query::list_leads{"ORG001", {.first_follow = {{at(0), {}}}}, "", {}});
  ASSERT_TRUE(page && page->items.size() == 1) << "one lead, though two of its follow-ups match";
  EXPECT_EQ(page->total, 1);
  ASSERT_TRUE(page->items[0].latest_follow);
  EXPECT_EQ(page->items[0].latest_follow->leads_remark, "late");
  EXPECT_EQ(page->items[0].latest_follow->follow_time, at(200));
}

TEST_P(StoreLeads, OneLeadIsToldWithAllFollowUpsAndCalls) {
  import_leads(2);
  import_leads(1, "ORG002");
  make_task("ORG002");
  const auto first = call_and_follow("l0001", at(100), "one");
  const auto second = call_and_follow("l0001", at(300), "two");
  const auto third = make_task();
  const auto told_of = session->run(query::lead_by_id{"ORG001", "l0001"});
  ASSERT_TRUE(told_of) << told_of.error().message;
  EXPECT_EQ(told_of->lead.lead.leads_user_name, "客户1");
  ASSERT_TRUE(told_of->lead.latest_follow);
  EXPECT_EQ(told_of->lead.latest_follow->leads_remark, "two");
  EXPECT_EQ(told_of->follow_count, 2);
  ASSERT_EQ(told_of->follows.size(), 2U);
  EXPECT_EQ(told_of->follows[0].leads_remark, "two");
  EXPECT_EQ(told_of->follows[1].leads_remark, "one");
  EXPECT_EQ(told_of->call_count, 3) << "not the call of the other organisation's lead with this id";
  ASSERT_EQ(told_of->calls.size(), 3U);
  EXPECT_EQ(told_of->calls[0].task, third);
  EXPECT_EQ(told_of->calls[0].task_name, "回访");
  EXPECT_EQ(told_of->calls[0].job.job.status, call_status::none);
  EXPECT_FALSE(told_of->calls[0].job.follow);
  EXPECT_EQ(told_of->calls[1].task, second);
  EXPECT_EQ(told_of->calls[2].task, first);
  EXPECT_EQ(told_of->calls[2].job.job.status, call_status::succeeded);
  ASSERT_TRUE(told_of->calls[2].job.follow);
  EXPECT_EQ(told_of->calls[2].job.follow->leads_remark, "one");

  const auto cut = session->run(query::lead_by_id{"ORG001", "l0001", 1});
  ASSERT_TRUE(cut && cut->calls.size() == 1 && cut->follows.size() == 1);
  EXPECT_EQ(cut->call_count, 3);
  EXPECT_EQ(cut->follow_count, 2);
  EXPECT_EQ(cut->calls[0].task, third);
  EXPECT_EQ(cut->follows[0].leads_remark, "two");
}

TEST_P(StoreLeads, AForeignLeadIsLikeAMissingOne) {
  import_leads(1, "ORG001");
  EXPECT_TRUE(session->run(query::lead_by_id{"ORG001", "l0001"}));
  EXPECT_EQ(code_of(session->run(query::lead_by_id{"ORG002", "l0001"})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::lead_by_id{"ORG001", "L0001"})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::lead_by_id{"ORG001", ""})), errc::not_found);
}

}  // namespace
}  // namespace waihu::testing
