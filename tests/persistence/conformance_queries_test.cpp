// What every store promises of its answers: tenancy, paging, filters, counting, loading, events.
#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

class StoreQueries : public on_every_store {};
ON_EVERY_STORE(StoreQueries);

TEST_P(StoreQueries, AccountsAreFoundAndUniqueByNameAndPhone) {
  const auto made =
      session->run(query::create_user{"li", "hash-1", "13800000001", "ORG001", "dcc", "ORG001", user_role::admin});
  ASSERT_TRUE(made) << made.error().message;
  const auto by_name = session->run(query::user_by_name{"li"});
  ASSERT_TRUE(by_name);
  EXPECT_EQ(by_name->id, made->id);
  EXPECT_EQ(by_name->password_hash, "hash-1");
  EXPECT_EQ(by_name->phone, "13800000001");
  EXPECT_EQ(by_name->dcc_user, "dcc");
  EXPECT_EQ(by_name->dcc_user_org_id, "ORG001");
  EXPECT_EQ(by_name->role, user_role::admin);
  EXPECT_EQ(session->run(query::user_by_id{made->id})->username, "li");
  EXPECT_EQ(code_of(session->run(query::user_by_name{"LI"})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::user_by_id{user_id{12345}})), errc::not_found);
  const auto same_name = session->run(query::create_user{"li", "h", "13800000002", "", "", "", user_role::viewer});
  ASSERT_FALSE(same_name);
  EXPECT_EQ(same_name.error().code, errc::conflict);
  EXPECT_EQ(same_name.error().vendor_code, "username");
  const auto same_phone = session->run(query::create_user{"wang", "h", "13800000001", "", "", "", user_role::viewer});
  ASSERT_FALSE(same_phone);
  EXPECT_EQ(same_phone.error().vendor_code, "phone");
  EXPECT_TRUE(session->run(query::create_user{"a", "h", "", "", "", "", user_role::viewer}));
  EXPECT_TRUE(session->run(query::create_user{"b", "h", "", "", "", "", user_role::viewer})) << "no phone is no clash";
}

TEST_P(StoreQueries, APasswordIsReplacedOnlyFromTheOldOne) {
  const auto u = session->run(query::create_user{"li", "old", "", "", "", "", user_role::viewer});
  ASSERT_TRUE(u);
  EXPECT_TRUE(*session->run(query::replace_password{u->id, "old", "new"}));
  EXPECT_FALSE(*session->run(query::replace_password{u->id, "old", "newer"}));
  EXPECT_EQ(session->run(query::user_by_id{u->id})->password_hash, "new");
}

TEST_P(StoreQueries, OrganisationsAreUniqueByNameAndId) {
  const auto made = session->run(query::create_organization{"一公司", "AAAAAA", 1, 10});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->organization_type, 1);
  ASSERT_TRUE(made->end_time);
  EXPECT_EQ(*made->end_time - made->create_time, std::chrono::days{10});
  EXPECT_EQ(session->run(query::organization_by_id{"AAAAAA"})->name, "一公司");
  EXPECT_EQ(code_of(session->run(query::organization_by_id{"ZZZZZZ"})), errc::not_found);
  const auto same_name = session->run(query::create_organization{"一公司", "BBBBBB", 2, 365});
  ASSERT_FALSE(same_name);
  EXPECT_EQ(same_name.error().vendor_code, "name");
  const auto same_id = session->run(query::create_organization{"二公司", "AAAAAA", 2, 365});
  ASSERT_FALSE(same_id);
  EXPECT_EQ(same_id.error().vendor_code, "organization_id");
}

TEST_P(StoreQueries, OrganisationsAreListedTheFirstMadeFirst) {
  const auto before = session->run(query::list_organizations{})->total;
  for (const auto* name : {"A", "B", "C"})
    ASSERT_TRUE(session->run(query::create_organization{name, std::string(6, *name), 2, 10}));
  const auto whole = *session->run(query::list_organizations{{1, 500}});
  ASSERT_EQ(whole.total, before + 3);
  EXPECT_EQ(whole.items.back().organization_id, "CCCCCC");
  EXPECT_EQ(whole.items[whole.items.size() - 3].name, "A");
  const auto past = *session->run(query::list_organizations{{99, 1}});
  ASSERT_EQ(past.items.size(), 1U) << "past the end is the last page";
  EXPECT_EQ(past.items[0].name, "C");
}

TEST_P(StoreQueries, UsersAreFoundByWhatTheirNamePhoneOrOrganisationHolds) {
  ASSERT_TRUE(session->run(query::create_user{"Li.Wei", "h", "13800000001", "ORG001", "", "", user_role::admin}));
  ASSERT_TRUE(session->run(query::create_user{"wang", "h", "13900000002", "", "d", "ORG002", user_role::operator_}));
  ASSERT_TRUE(session->run(query::create_user{"100%_zhao", "h", "", "", "", "", user_role::viewer}));
  const auto names = [&](const std::string& holding, query::page_request page = {1, 500}) {
    const auto found = session->run(query::list_users{holding, page}).value();
    std::string out;
    for (const auto& u : found.items) out += u.username + " ";
    return out;
  };
  EXPECT_EQ(names(""), "Li.Wei wang 100%_zhao ");
  EXPECT_EQ(names("li.w"), "Li.Wei ");
  EXPECT_EQ(names("1390"), "wang ");
  EXPECT_EQ(names("org00"), "Li.Wei wang ");
  EXPECT_EQ(names("%_"), "100%_zhao ") << "a text, no pattern";
  EXPECT_EQ(names("nobody"), "");
  EXPECT_EQ(names("", {2, 2}), "100%_zhao ");
  EXPECT_EQ(session->run(query::list_users{"org00", {1, 1}})->total, 2);
}

TEST_P(StoreQueries, ARoleIsGivenButSomebodyStaysAnAdministrator) {
  const auto make = [&](const std::string& name, user_role role) {
    return session->run(query::create_user{name, "h", "", "", "", "", role})->id;
  };
  const auto first = make("first", user_role::admin), other = make("other", user_role::viewer);
  const auto give = [&](user_id id, user_role role) { return session->run(query::set_user_role{id, role}); };
  EXPECT_EQ(code_of(give(first, user_role::viewer)), errc::rejected);
  EXPECT_EQ(session->run(query::user_by_id{first})->role, user_role::admin);
  EXPECT_EQ(give(first, user_role::admin)->role, user_role::admin) << "what he is already takes nothing away";
  EXPECT_EQ(give(other, user_role::admin)->username, "other");
  EXPECT_EQ(give(first, user_role::operator_)->role, user_role::operator_);
  EXPECT_EQ(session->run(query::user_by_id{first})->role, user_role::operator_);
  EXPECT_EQ(code_of(give(other, user_role::operator_)), errc::rejected);
  EXPECT_EQ(code_of(give(user_id{987654}, user_role::viewer)), errc::not_found);
}

TEST_P(StoreQueries, TwoWhoTakeTheRoleFromOneAnotherLeaveOneAdministrator) {
  const auto one = session->run(query::create_user{"one", "h", "", "", "", "", user_role::admin})->id;
  const auto two = session->run(query::create_user{"two", "h", "", "", "", "", user_role::admin})->id;
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> rejected{0};
    const auto demote = [&](user_id whom) {
      const auto own_session = world.sessions();
      const auto done = own_session->run(query::set_user_role{whom, user_role::viewer});
      if (!done && done.error().code == errc::rejected) ++rejected;
    };
    std::thread left(demote, one), right(demote, two);
    left.join();
    right.join();
    EXPECT_EQ(rejected, 1) << "round " << round;
    const auto is_admin = [&](user_id id) { return session->run(query::user_by_id{id})->role == user_role::admin; };
    ASSERT_NE(is_admin(one), is_admin(two)) << "round " << round;
    for (const auto id : {one, two}) ASSERT_TRUE(session->run(query::set_user_role{id, user_role::admin}));
  }
}

TEST_P(StoreQueries, ImportedLeadsAreKeptOncePerOrganisation) {
  query::import_leads q{
      "ORG001", {{"a", "甲", "1", "P", "A", {}}, {"a", "again", "2", "P", "A", {}}, {"b", "", "", "", "", at(1)}}};
  EXPECT_EQ(*session->run(q), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(*session->run(q), (std::vector<bool>{false, false, false}));
  q.organization_id = "ORG002";
  EXPECT_EQ(*session->run(q), (std::vector<bool>{true, false, true}));
  q.leads.assign(1001, {"x", "", "", "", "", {}});
  EXPECT_EQ(code_of(session->run(q)), errc::invalid_argument);
  q.leads = {{"", "", "", "", "", {}}};
  EXPECT_EQ(code_of(session->run(q)), errc::invalid_argument);
}

TEST_P(StoreQueries, StatisticsCountEachLeadOnceAndOnlyTheOwn) {
  import_leads(3, "ORG001");
  import_leads(2, "ORG002");
  ASSERT_TRUE(session->run(query::import_leads{"ORG001", {{"z1", "", "13900000001", "", "B", {}}}}));
  using grouping = query::lead_statistics::grouping;
  const auto whole = session->run(query::lead_statistics{"ORG001", {}, grouping::none});
  ASSERT_TRUE(whole && whole->size() == 1);
  EXPECT_EQ((*whole)[0].count, 4);
  EXPECT_EQ((*whole)[0].leads_ids, (std::vector<std::string>{"l0001", "l0002", "l0003", "z1"}));
  const auto by_product = session->run(query::lead_statistics{"ORG001", {}, grouping::product});
  ASSERT_TRUE(by_product && by_product->size() == 2);
  EXPECT_EQ((*by_product)[0].category, "");
  EXPECT_EQ((*by_product)[0].count, 1);
  EXPECT_EQ((*by_product)[1].category, "P1");
  EXPECT_EQ((*by_product)[1].count, 3);
  const auto by_type = session->run(query::lead_statistics{"ORG001", {}, grouping::type});
  ASSERT_TRUE(by_type && by_type->size() == 2);
  const auto by_arrive = session->run(query::lead_statistics{"ORG001", {}, grouping::arrive});
  ASSERT_TRUE(by_arrive && by_arrive->size() == 1);
  EXPECT_EQ((*by_arrive)[0].category, "0");
  EXPECT_EQ((*by_arrive)[0].count, 4);
  const auto nobody = session->run(query::lead_statistics{"ORG009", {}, grouping::none});
  ASSERT_TRUE(nobody && nobody->size() == 1);
  EXPECT_EQ((*nobody)[0].count, 0);
}

TEST_P(StoreQueries, LeadFiltersAreOrWithinAKindAndAndBetweenKinds) {
  ASSERT_TRUE(session->run(query::import_leads{"ORG001",
                                               {{"a", "", "13800000001", "P1", "A", {}},
                                                {"b", "", "13800000002", "P1", "B", {}},
                                                {"c", "", "13800000003", "P2", "A", {}},
                                                {"d", "", "13800000004", "P3", "C", {}}}}));
  const auto ids = [&](lead_filter f) {
    const auto r = session->run(query::lead_statistics{"ORG001", std::move(f), query::lead_statistics::grouping::none});
    return r ? r->at(0).leads_ids : std::vector<std::string>{"?"};
  };
  using list = std::vector<std::string>;
  EXPECT_EQ(ids({.products = {"P1", "P2"}}), (list{"a", "b", "c"}));
  EXPECT_EQ(ids({.products = {"P1", "P2"}, .types = {"A"}}), (list{"a", "c"}));
  EXPECT_EQ(ids({.types = {"x'; drop table users; --"}}), list{});
  EXPECT_EQ(ids({.is_arrive = {1}}), list{});
  EXPECT_EQ(ids({.is_arrive = {0}}), (list{"a", "b", "c", "d"}));
  EXPECT_EQ(ids({.is_arrive = {0, 1}, .first_arrive = {{at(0), {}}}}), list{});

  // Follow-ups at 100 (a, next 1000), 200 (b, no next) and 300 (a again, next 2000).
  const auto task1 = make_task();
  for (const auto row : rows_of(task1)) {
    const auto lead = job(row).job.leads_id;
    if (lead != "a" && lead != "b") continue;
    settle(task1, row);
    must(change::record_follow_up{own(task1), row, lead, "r", interest::undecided,
                                  lead == "a" ? std::optional{at(1000)} : std::nullopt, at(lead == "a" ? 100 : 200),
                                  false});
  }
  const auto task2 = make_task();
  const auto row = rows_of(task2)[0];
  settle(task2, row);
  must(change::record_follow_up{own(task2), row, "a", "r", interest::undecided, at(2000), at(300), false});

  EXPECT_EQ(ids({.first_follow = {{at(100), at(100)}}}), list{"a"}) << "both ends belong to the range, a counts once";
  EXPECT_EQ(ids({.first_follow = {{at(101), at(199)}}}), list{});
  EXPECT_EQ(ids({.first_follow = {{{}, at(150)}, {at(150), {}}}}), (list{"a", "b"}));
  EXPECT_EQ(ids({.latest_follow = {{at(250), {}}}}), list{"a"});
  EXPECT_EQ(ids({.latest_follow = {{at(150), at(250)}}}), list{"b"});
  EXPECT_EQ(ids({.next_follow = {{{}, at(5000)}}}), list{"a"}) << "no next time matches no range";
  EXPECT_EQ(ids({.latest_follow = {{at(90), at(110)}}, .next_follow = {{at(1900), {}}}}), list{})
      << "one follow-up has to satisfy both";
  EXPECT_EQ(ids({.products = {"P2"}, .first_follow = {{at(0), {}}}}), list{});
}

TEST_P(StoreQueries, ScenesAreOwnOrOfficialAndOnline) {
  scene_record s;
  s.organization_id = "ORG001";
  s.script_id = "s1";
  s.scene_name = "回访";
  s.bot_name = "小美";
  s.dialogue_flow = "flow";
  s.scene_tags = {{"t1", "d1", "x"}, {"t2", "d2", "y"}};
  const auto made = session->run(query::create_scene{s});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GT(value(made->id), 0);
  const auto taken = session->run(query::create_scene{s});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, errc::conflict);
  s.script_id = "s2";
  s.organization_id = "ORG002";
  ASSERT_TRUE(session->run(query::create_scene{s}));
  s.script_id = "s3";
  s.scene_type = 1;
  ASSERT_TRUE(session->run(query::create_scene{s}));
  s.script_id = "s4";
  s.scene_status = 0;
  ASSERT_TRUE(session->run(query::create_scene{s}));
  const auto all = session->run(query::list_scenes{"ORG001", {}});
  ASSERT_TRUE(all && all->size() == 2);
  EXPECT_EQ((*all)[0].script_id, "s1");
  EXPECT_EQ((*all)[0].bot_name, "小美");
  EXPECT_EQ((*all)[0].dialogue_flow, "flow");
  ASSERT_EQ((*all)[0].scene_tags.size(), 2U);
  EXPECT_EQ((*all)[0].scene_tags[1].tag_detail, "d2");
  EXPECT_EQ((*all)[1].script_id, "s3");
  EXPECT_EQ(session->run(query::list_scenes{"ORG001", "s3"})->size(), 1U);
  EXPECT_TRUE(session->run(query::list_scenes{"ORG001", "s2"})->empty());
  EXPECT_TRUE(session->run(query::list_scenes{"ORG001", ""})->empty());
}

TEST_P(StoreQueries, CreatingATaskTakesEachCallableNumberOnce) {
  ASSERT_TRUE(session->run(query::import_leads{"ORG001",
                                               {{"b", "乙", "+86 138-0000-0001", "P", "A", {}},
                                                {"a", "甲", "13800000001", "P", "A", {}},
                                                {"c", "丙", "12345", "P", "A", {}},
                                                {"d", "丁", "", "P", "A", {}},
                                                {"e", "戊", "010-65529988", "P", "A", {}},
                                                {"f", "己", "13900000002", "Q", "A", {}}}}));
  query::create_task q{"ORG001", user_id{3}, "admin", "任务一", "script", R"({"b":1,"a":[2]})", {.products = {"P"}}};
  const auto made = session->run(q);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->skipped_duplicate_phone, 1);
  EXPECT_EQ(made->skipped_invalid_phone, 2);
  EXPECT_EQ(made->skipped_do_not_call, 0);
  const auto& t = made->task;
  EXPECT_EQ(t.leads_count, 2);
  EXPECT_EQ(t.type, task_type::created);
  EXPECT_EQ(t.size_desc_json, R"({"b":1,"a":[2]})") << "as the client sent it";
  EXPECT_EQ(t.create_name_id, user_id{3});
  const auto page = session->run(query::list_jobs{"ORG001", t.id, false, {}, {}});
  ASSERT_TRUE(page && page->items.size() == 2);
  const auto& first = page->items[0].job;
  EXPECT_EQ(first.leads_id, "a");
  EXPECT_EQ(first.leads_name, "甲");
  EXPECT_EQ(first.leads_phone, "13800000001");
  EXPECT_EQ(first.reference_id, std::to_string(value(t.id)) + "ORG001" + "a");
  EXPECT_EQ(first.phase, job_phase::queued);
  EXPECT_EQ(page->items[1].job.leads_phone, "01065529988");
  q.filter.products = {"nothing"};
  const auto nobody = session->run(q);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, errc::not_found);
  EXPECT_EQ(nobody.error().message, "未找到符合条件的线索数据");
  EXPECT_EQ(session->run(query::list_tasks{"ORG001", {}, {}})->total, 1) << "nothing half-made is left behind";
}

TEST_P(StoreQueries, TasksArePagedNewestFirstAndAPagePastTheEndIsTheLast) {
  import_leads(1);
  import_leads(1, "ORG002");
  std::vector<task_id> made;
  for (int i = 0; i < 5; ++i) made.push_back(make_task());
  make_task("ORG002");
  must(change::move_task{own(made[0]), task_type::created, task_type::calling, "g", {}, at(1)});
  const auto page = [&](int n, std::vector<task_type> types = {}) {
    return *session->run(query::list_tasks{"ORG001", std::move(types), {n, 2}});
  };
  EXPECT_EQ(page(1).total, 5);
  EXPECT_EQ(page(1).items[0].id, made[4]);
  EXPECT_EQ(page(1).items[1].id, made[3]);
  for (const int past : {3, 4, 1000000}) {
    const auto last = page(past);
    EXPECT_EQ(last.page, 3);
    ASSERT_EQ(last.items.size(), 1U);
    EXPECT_EQ(last.items[0].id, made[0]);
  }
  EXPECT_EQ(page(0).page, 1);
  const auto calling = page(1, {task_type::calling, task_type::suspended});
  ASSERT_EQ(calling.items.size(), 1U);
  EXPECT_EQ(calling.items[0].id, made[0]);
  const auto none = page(7, {task_type::follow_up_complete});
  EXPECT_EQ(none.total, 0);
  EXPECT_EQ(none.page, 1);
  EXPECT_TRUE(none.items.empty());
}

TEST_P(StoreQueries, AllTasksAreReadPieceByPieceNewestFirstWithoutGapOrDouble) {
  import_leads(1);
  import_leads(1, "ORG002");
  std::vector<task_id> made;
  for (int i = 0; i < 7; ++i) made.insert(made.begin(), make_task());
  const auto foreign = make_task("ORG002");
  std::vector<task_id> read;
  query::tasks_behind q{"ORG001", {}, 3};
  for (std::size_t n = 3; n == 3;) {
    const auto some = session->run(q);
    ASSERT_TRUE(some) << some.error().message;
    n = some->size();
    for (const auto& t : *some) read.push_back(t.id);
    q.behind = read.back();
  }
  EXPECT_EQ(read, made);
  EXPECT_TRUE(session->run(query::tasks_behind{"ORG001", made.back(), 3})->empty());
  EXPECT_TRUE(session->run(query::tasks_behind{"ORG001", foreign, 3})->empty()) << "another organisation's place";
  EXPECT_TRUE(session->run(query::tasks_behind{"ORG001", task_id{7777777}, 3})->empty());
}

TEST_P(StoreQueries, TasksAreCountedByType) {
  EXPECT_TRUE(session->run(query::count_tasks_by_type{"ORG001"})->empty());
  import_leads(3);
  import_leads(1, "ORG002");
  const auto called = make_task();
  make_task();
  make_task();
  make_task("ORG002");
  must(change::move_task{own(called), task_type::created, task_type::calling, "g", {}, at(1)});
  const auto counted = session->run(query::count_tasks_by_type{"ORG001"});
  ASSERT_TRUE(counted && counted->size() == 2);
  EXPECT_EQ((*counted)[0].type, task_type::created);
  EXPECT_EQ((*counted)[0].tasks, 2);
  EXPECT_EQ((*counted)[0].leads, 6);
  EXPECT_EQ((*counted)[1].type, task_type::calling);
  EXPECT_EQ((*counted)[1].tasks, 1);
  EXPECT_EQ((*counted)[1].leads, 3);
}

TEST_P(StoreQueries, AllJobsOfATaskAreReadPieceByPieceInRowOrder) {
  const auto id = calling_task(7);
  const auto rows = rows_of(id);
  std::vector<job_row_id> read;
  query::jobs_behind q{"ORG001", id, {}, 3};
  for (std::size_t n = 3; n == 3;) {
    const auto some = session->run(q);
    ASSERT_TRUE(some) << some.error().message;
    n = some->size();
    for (const auto& j : *some) read.push_back(j.job.row);
    q.behind = read.back();
  }
  EXPECT_EQ(read, rows);
  EXPECT_EQ(session->run(query::jobs_behind{"ORG001", id, {}, 0})->size(), 1U) << "a limit is within 1..500";
}

TEST_P(StoreQueries, AForeignOrganisationsRowsAnswerLikeMissingOnes) {
  const auto id = calling_task(2);
  const auto rows = rows_of(id);
  track(id, rows);
  const auto call = job(rows[0]).job.call_job_id;
  const std::string foreign = "ORG002";
  EXPECT_EQ(code_of(session->run(query::find_task{foreign, id, {}})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::find_task{foreign, {}, "group-ORG001"})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::set_script{foreign, id, "x"})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::list_jobs{foreign, id, false, {}, {}})), errc::not_found);
  EXPECT_TRUE(session->run(query::list_jobs{foreign, id, false, {}, {}, 2})->items.empty());
  EXPECT_EQ(code_of(session->run(query::find_standing{foreign, id, {}})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::jobs_behind{foreign, id, {}, 9})), errc::not_found);
  EXPECT_TRUE(session->run(query::tasks_behind{foreign, {}, 9})->empty());
  EXPECT_TRUE(session->run(query::count_tasks_by_type{foreign})->empty());
  EXPECT_TRUE(session->run(query::jobs_by_row{foreign, rows})->empty());
  EXPECT_EQ(code_of(session->run(query::job_by_call_job_id{foreign, call})), errc::not_found);
  EXPECT_TRUE(session->run(query::events_after{foreign, {}, {}, 100})->empty());
  EXPECT_TRUE(session->run(query::events_after{foreign, {}, id, 100})->empty());
  EXPECT_EQ(session->run(query::list_tasks{foreign, {}, {}})->total, 0);
  const auto own_call = session->run(query::job_by_call_job_id{"ORG001", call});
  ASSERT_TRUE(own_call);
  EXPECT_EQ(own_call->job.job.row, rows[0]);
  EXPECT_EQ(own_call->task.id, id);
  EXPECT_EQ(own_call->task.job_group_id, "group-ORG001");
  EXPECT_EQ(session->run(query::find_task{"ORG001", {}, "group-ORG001"})->id, id);
  EXPECT_EQ(code_of(session->run(query::find_task{"ORG001", {}, {}})), errc::invalid_argument);
  EXPECT_EQ(code_of(session->run(query::find_task{"ORG001", id, "group-ORG001"})), errc::invalid_argument);
}

TEST_P(StoreQueries, TheScriptIsFixedOnceAStartIsRequested) {
  import_leads(1);
  const auto id = make_task();
  EXPECT_EQ(session->run(query::set_script{"ORG001", id, "other"})->script_id, "other");
  must(change::request_group{own(id), at(1)});
  EXPECT_EQ(code_of(session->run(query::set_script{"ORG001", id, "third"})), errc::illegal_transition);
  must(change::note_task{own(id), "refused"});
  EXPECT_TRUE(session->run(query::set_script{"ORG001", id, "third"}));
  must(change::move_task{own(id), task_type::created, task_type::calling, "g", {}, at(2)});
  EXPECT_EQ(code_of(session->run(query::set_script{"ORG001", id, "fourth"})), errc::illegal_transition);
}

TEST_P(StoreQueries, JobsAreFilteredAndPagedInRowOrder) {
  const auto id = calling_task(5);
  const auto rows = rows_of(id);
  for (int i = 0; i < 3; ++i) {
    settle(id, rows[static_cast<std::size_t>(i)]);
    must(change::record_follow_up{own(id),
                                  rows[static_cast<std::size_t>(i)],
                                  "l",
                                  "r",
                                  i == 0 ? interest::interested : interest::undecided,
                                  {},
                                  at(100),
                                  false});
  }
  const auto list = [&](bool followed, std::optional<interest> wanted, int page = 1, int size = 2) {
    return *session->run(query::list_jobs{"ORG001", id, followed, wanted, {page, size}});
  };
  EXPECT_EQ(list(false, {}).total, 5);
  EXPECT_EQ(list(false, {}, 9).items.size(), 1U);
  EXPECT_EQ(list(false, {}, 9).items[0].job.row, rows[4]);
  EXPECT_EQ(list(true, {}).total, 3);
  EXPECT_EQ(list(true, interest::interested).items.at(0).job.row, rows[0]);
  EXPECT_EQ(list(false, interest::undecided).total, 2);
  const auto some = session->run(query::jobs_by_row{"ORG001", {rows[3], rows[1], rows[3], job_row_id{99999999}}});
  ASSERT_TRUE(some && some->size() == 2);
  EXPECT_EQ((*some)[0].job.row, rows[1]);
  EXPECT_EQ((*some)[1].job.row, rows[3]);
  EXPECT_EQ(code_of(session->run(query::jobs_by_row{"ORG001", std::vector<job_row_id>(501)})), errc::invalid_argument);
}

TEST_P(StoreQueries, JobsAreFilteredByWhatBecameOfThem) {
  const auto id = calling_task(5);
  const auto rows = rows_of(id);
  const auto end = [&](std::size_t i, call_status status, job_outcome outcome) {
    must(change::settle_job{own(id), rows[i], status, outcome, {}, at(20)});
  };
  end(0, call_status::succeeded, job_outcome::connected);
  end(1, call_status::failed, job_outcome::not_reached);
  end(3, call_status::failed, job_outcome::not_reached);
  const auto with = [&](job_outcome outcome, int page = 1, int size = 20) {
    query::list_jobs q{"ORG001", id, false, {}, {page, size}};
    q.with_outcome = outcome;
    return *session->run(q);
  };
  EXPECT_EQ(with(job_outcome::not_reached).total, 2);
  EXPECT_EQ(with(job_outcome::not_reached, 2, 1).items.at(0).job.row, rows[3]);
  EXPECT_EQ(with(job_outcome::connected).items.at(0).job.row, rows[0]);
  EXPECT_EQ(with(job_outcome::none).total, 2) << "those that have not ended";
  EXPECT_EQ(with(job_outcome::none).items.at(1).job.row, rows[4]);
  EXPECT_EQ(with(job_outcome::machine).total, 0);
}

TEST_P(StoreQueries, OutcomesAreCountedByTheDayOfTheCall) {
  const auto id = calling_task(6);
  const auto rows = rows_of(id);
  const auto end = [&](std::size_t i, job_outcome outcome, std::int64_t dialled_s, std::int64_t ended_s) {
    attempt last;
    if (dialled_s != 0) last.actual_ms = to_epoch_ms(at(dialled_s));
    const auto status = outcome == job_outcome::connected ? call_status::succeeded : call_status::failed;
    must(change::settle_job{own(id), rows[i], status, outcome, last, at(ended_s)});
  };
  end(0, job_outcome::connected, 100, 300);
  end(1, job_outcome::connected, 199, 300);
  end(2, job_outcome::not_reached, 99, 150);
  end(3, job_outcome::not_reached, 200, 201);
  end(4, job_outcome::unplaced, 0, 150);
  const auto count = [&](std::int64_t from, std::int64_t until, const std::string& organization = "ORG001") {
    const auto counts = session->run(query::count_outcomes{organization, at(from), at(until)}).value();
    std::string out;
    for (const auto& one : counts) out += std::string{to_string(one.outcome)} + "=" + std::to_string(one.calls) + " ";
    return out;
  };
  EXPECT_EQ(count(100, 200), "connected=2 unplaced=1 ") << "the day of the call, of one never dialled that of its end";
  EXPECT_EQ(count(99, 201), "connected=2 not_reached=2 unplaced=1 ");
  EXPECT_EQ(count(200, 100'000), "not_reached=1 ");
  EXPECT_EQ(count(0, 2), "") << "before it was started";
  EXPECT_EQ(count(99, 201, "ORG002"), "");
  must(change::settle_job{own(id), rows[5], call_status::cancelled, job_outcome::cancelled, {}, at(400)});
  must(change::move_task{own(id), task_type::calling, task_type::calls_complete, {}, {}, at(401)});
  EXPECT_EQ(count(400, 500), "cancelled=1 ");
  EXPECT_EQ(count(402, 500), "");
}

TEST_P(StoreQueries, TasksWithWorkLeftAreCountedByShard) {
  const auto sum = [&] {
    const auto tasks = session->run(query::count_tasks_by_shard{}).value();
    return std::accumulate(tasks.begin(), tasks.end(), std::int64_t{0});
  };
  EXPECT_EQ(sum(), 0);
  const auto id = calling_task(1);
  const auto second = make_task();
  EXPECT_EQ(sum(), 1) << "one that was not started has nobody to work for it";
  EXPECT_EQ(session->run(query::count_tasks_by_shard{})->at(index_of(shard_of(id))), 1);
  must(change::move_task{own(second), task_type::created, task_type::calling, "g", {}, at(1)});
  must(change::move_task{own(second), task_type::calling, task_type::suspended, {}, {}, at(2)});
  EXPECT_EQ(sum(), 2);
  settle(id, rows_of(id)[0]);
  must(change::move_task{own(id), task_type::calling, task_type::calls_complete, {}, {}, at(3)});
  EXPECT_EQ(sum(), 2);
  must(change::move_task{own(id), task_type::calls_complete, task_type::follow_up_complete, {}, {}, at(4)});
  EXPECT_EQ(sum(), 1);
}

TEST_P(StoreQueries, CountersAreExact) {
  const auto id = calling_task(8);
  const auto rows = rows_of(id);
  track(id, {rows[0], rows[1], rows[2], rows[3], rows[4]});
  must(change::intend_batch{own(id), 2, {rows[5]}, at(1)});
  settle(id, rows[0], call_status::succeeded);
  settle(id, rows[1], call_status::failed);
  settle(id, rows[2], call_status::cancelled);
  settle(id, rows[3], call_status::succeeded);
  must(change::record_follow_up{own(id), rows[0], "l", "r", interest::not_interested, {}, at(1), false});
  must(change::record_follow_up{own(id), rows[1], "l", "r", interest::undecided, {}, at(1), false});
  must(change::close_job{own(id), rows[2]});
  must(change::park_job{own(id), rows[4], parked_reason::timeout, 0, {}, {}, at(1)});
  const auto standing = session->run(query::find_standing{"ORG001", id, {}});
  ASSERT_TRUE(standing);
  EXPECT_EQ(standing->task.id, id);
  EXPECT_FALSE(standing->until) << "it is not finished";
  const auto* c = &standing->counters;
  EXPECT_EQ(c->total, 8);
  EXPECT_EQ(c->scheduling, 4);
  EXPECT_EQ(c->executing, 0);
  EXPECT_EQ(c->completed, 2);
  EXPECT_EQ(c->failed, 2);
  EXPECT_EQ(c->scheduling + c->executing + c->completed + c->failed, c->total);
  EXPECT_EQ(c->has_job_id, 5);
  EXPECT_EQ(c->has_status, 4);
  EXPECT_EQ(c->has_follow, 2);
  EXPECT_EQ(c->connected, 2);
  EXPECT_EQ(c->not_connected, 2);
  EXPECT_EQ(c->follow_due, 1);
  EXPECT_EQ(c->interested, 0);
  EXPECT_EQ(c->not_interested, 1);
  EXPECT_EQ(c->unable, 1);
  EXPECT_EQ(c->pending, 6);
  EXPECT_EQ(c->interested + c->not_interested + c->unable + c->pending, c->total);
  EXPECT_EQ(c->parked, 1);
  EXPECT_EQ(c->queued, 2);
  EXPECT_EQ(c->dispatching, 1);
  EXPECT_EQ(c->tracking, 0);
  EXPECT_EQ(code_of(session->run(query::find_standing{"ORG001", task_id{7777777}, {}})), errc::not_found);
  const auto loaded = session->run(query::load_task{id});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->jobs.size(), 5U) << "closed ones only in the counters";
  EXPECT_TRUE(std::is_sorted(loaded->jobs.begin(), loaded->jobs.end(),
                             [](const auto& a, const auto& b) { return a.row < b.row; }));
  EXPECT_EQ(loaded->counters.total, 8);
  EXPECT_EQ(loaded->counters.follow_due, 1);
  ASSERT_EQ(loaded->open_batches.size(), 1U);
  EXPECT_EQ(loaded->open_batches[0].seq, 2);
  EXPECT_EQ(loaded->last_batch_seq, 2);
  EXPECT_EQ(loaded->task.id, id);
  EXPECT_EQ(code_of(session->run(query::load_task{task_id{7777777}})), errc::not_found);
}

TEST_P(StoreQueries, UnfinishedTasksAreThoseThatWantAnActor) {
  import_leads(2);
  const auto created = make_task(), calling = make_task(), suspended = make_task(), complete = make_task(),
             finished = make_task(), owing = make_task(), cancelled = make_task();
  const auto ids_of = [](const auto& found) {
    std::vector<task_id> ids;
    for (const auto& each : *found) ids.push_back(each.id);
    return ids;
  };
  const auto unfinished = [&](int limit = 100) { return ids_of(session->run(query::unfinished_tasks{limit})); };
  EXPECT_TRUE(unfinished().empty());
  const auto move = [&](task_id id, task_type from, task_type to) {
    must(change::move_task{own(id), from, to, {}, {}, at(1)});
  };
  for (const auto id : {calling, suspended, complete, finished, owing, cancelled})
    move(id, task_type::created, task_type::calling);
  move(suspended, task_type::calling, task_type::suspended);
  for (const auto id : {finished, cancelled, owing, complete}) {
    for (const auto row : rows_of(id)) {
      settle(id, row, id == cancelled ? call_status::cancelled : call_status::succeeded);
      if (id == finished) must(change::record_follow_up{own(id), row, "l", "r", interest::undecided, {}, at(1), false});
    }
    move(id, task_type::calling, task_type::calls_complete);
    if (id != complete) move(id, task_type::calls_complete, task_type::follow_up_complete);
  }
  EXPECT_EQ(unfinished(), (std::vector{calling, suspended, complete, owing}));
  EXPECT_EQ(unfinished(2), (std::vector{calling, suspended}));
  using query::unfinished_task;
  EXPECT_EQ(*session->run(query::unfinished_tasks{100, {suspended, owing}}),
            (std::vector{unfinished_task{suspended, task_type::suspended},
                         unfinished_task{owing, task_type::follow_up_complete}}));
  const auto among = [&](std::vector<task_id> ids) {
    return ids_of(session->run(query::unfinished_tasks{100, std::move(ids)}));
  };
  EXPECT_EQ(among({owing, finished, created, calling, cancelled, task_id{7777777}}), (std::vector{calling, owing}));
  EXPECT_TRUE(among({created, finished, cancelled}).empty());
  EXPECT_EQ(task(created).type, task_type::created);
}

TEST_P(StoreQueries, EventsAreOrderedCompleteAndResumable) {
  const auto id = calling_task(3);
  const auto other = calling_task(1, "ORG002");
  const auto rows = rows_of(id);
  const auto start = *session->run(query::last_event{});
  EXPECT_GT(value(start), 0);
  told.clear();
  std::vector<store_change> changes;
  for (const auto row : rows)
    changes.push_back(change::settle_job{own(id), row, call_status::failed, job_outcome::none, {}, at(1)});
  changes.push_back(
      change::settle_job{own(other), rows_of(other, "ORG002")[0], call_status::failed, job_outcome::none, {}, at(1)});
  changes.push_back(change::record_follow_up{own(id), rows[0], "l\"1\n", "r", interest::undecided, {}, at(2), false});
  const auto report = session->commit(changes);
  ASSERT_EQ(report.events.size(), 5U);
  EXPECT_EQ(*session->run(query::last_event{}), report.events.back().id);
  for (std::size_t i = 1; i < report.events.size(); ++i) EXPECT_LT(report.events[i - 1].id, report.events[i].id);
  EXPECT_EQ(report.events[0].job, rows[0]);
  EXPECT_EQ(report.events[2].job, rows[2]);
  EXPECT_EQ(report.events[4].kind, "follow");
  const auto read = [&](event_id after, std::optional<task_id> only, int limit) {
    return *session->run(query::events_after{"ORG001", after, only, limit});
  };
  const auto all = read(start, {}, 100);
  ASSERT_EQ(all.size(), 4U);
  std::vector<event_record> live;
  for (const auto& e : report.events)
    if (e.organization_id == "ORG001") live.push_back(e);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].id, live[i].id);
    EXPECT_EQ(all[i].task, id);
    EXPECT_EQ(all[i].job, live[i].job);
    EXPECT_EQ(all[i].kind, live[i].kind);
    EXPECT_EQ(all[i].from, live[i].from);
    EXPECT_EQ(all[i].to, live[i].to);
    EXPECT_EQ(all[i].at, live[i].at);
    EXPECT_EQ(all[i].data_json, live[i].data_json) << "read again it is the same text as told live";
  }
  EXPECT_EQ(read(start, {}, 2).size(), 2U);
  EXPECT_EQ(read(read(start, {}, 2).back().id, {}, 100).size(), 2U);
  EXPECT_EQ(read({}, id, 1000).size(), 5U) << "with the task's own move";
  EXPECT_TRUE(read(all.back().id, {}, 100).empty());
}

TEST_P(StoreQueries, AReaderThatFollowsTheOutboxMissesNothingWhileWritersRace) {
  const auto id = calling_task(120);
  const auto rows = rows_of(id);
  const auto start = *session->run(query::last_event{});
  std::atomic<int> writing{3};
  std::vector<std::thread> writers;
  for (std::size_t w = 0; w < 3; ++w)
    writers.emplace_back([&, w] {
      const auto mine = world.sessions();
      for (std::size_t i = w; i < rows.size(); i += 3) {
        const store_change c = change::settle_job{own(id), rows[i], call_status::failed, job_outcome::none, {}, at(1)};
        EXPECT_TRUE(mine->commit({&c, 1}).receipts[0]);
      }
      --writing;
    });
  std::vector<event_id> seen;
  auto position = start;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (seen.size() < rows.size() && std::chrono::steady_clock::now() < deadline) {
    const bool last_round = writing == 0;
    const auto page = session->run(query::events_after{"ORG001", position, {}, 50});
    if (!page) {
      ADD_FAILURE() << page.error().message;
      break;
    }
    for (const auto& e : *page) {
      EXPECT_GT(e.id, position);
      position = e.id;
      seen.push_back(e.id);
    }
    if (last_round && seen.size() < rows.size() &&
        session->run(query::events_after{"ORG001", position, {}, 50})->empty())
      break;
  }
  for (auto& w : writers) w.join();
  EXPECT_EQ(seen.size(), rows.size());
}

}  // namespace
}  // namespace waihu::testing
