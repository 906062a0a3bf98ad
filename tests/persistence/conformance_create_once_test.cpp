// What every store promises of Idempotency-Key and of previews: created once, answered again, nothing kept of failures;
// a preview chooses as creating would and stores nothing.
#include <atomic>
#include <thread>

#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

class StoreCreateOnce : public on_every_store {
 protected:
  query::create_once wanted(const std::string& key, const std::string& digest = "d", const std::string& name = "回访") {
    query::create_task task;
    task.organization_id = "ORG001";
    task.task_name = name;
    query::create_once q{"ORG001", "POST /api/x", key, digest, at(0), {}};
    q.what = query::creation<query::create_task>{
        task, [](const query::created_task& made) { return "task " + std::to_string(value(made.task.id)); }};
    return q;
  }
  std::int64_t tasks() {
    const auto page = session->run(query::list_tasks{"ORG001", {}, {}});
    return page ? page->total : -1;
  }
};
ON_EVERY_STORE(StoreCreateOnce);

TEST_P(StoreCreateOnce, TheSameKeyAndBodyGetTheFirstAnswerAlsoFromANewSession) {
  import_leads(2);
  const auto first = session->run(wanted("k"));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->substr(0, 5), "task ");
  EXPECT_EQ(*session->run(wanted("k")), *first);
  session.reset();
  session = world.sessions();
  EXPECT_EQ(*session->run(wanted("k")), *first);
  EXPECT_EQ(tasks(), 1);
}

TEST_P(StoreCreateOnce, AnotherBodyIsRefusedAndAnotherOwnerRouteOrKeyIsAnother) {
  import_leads(2);
  const auto first = session->run(wanted("k"));
  ASSERT_TRUE(first);
  const auto other = session->run(wanted("k", "e"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, errc::conflict);
  EXPECT_EQ(other.error().vendor_code, "idempotency_key");
  EXPECT_NE(*session->run(wanted("k2")), *first);
  auto route = wanted("k");
  route.route = "POST /api/y";
  EXPECT_NE(*session->run(route), *first);
  auto owner = wanted("k");
  owner.owner = "ORG002";
  EXPECT_NE(*session->run(owner), *first);
  EXPECT_EQ(tasks(), 4);
}

TEST_P(StoreCreateOnce, AFailureKeepsNothing) {
  EXPECT_EQ(code_of(session->run(wanted("k"))), errc::not_found) << "no leads yet";
  import_leads(1);
  EXPECT_TRUE(session->run(wanted("k", "another body")));
  EXPECT_EQ(tasks(), 1);
}

TEST_P(StoreCreateOnce, AKeyIsForgottenAfterADay) {
  import_leads(1);
  const auto first = session->run(wanted("k"));
  ASSERT_TRUE(first);
  auto later = wanted("k", "another body");
  later.at = at(24 * 3600);
  EXPECT_EQ(code_of(session->run(later)), errc::conflict) << "to the last millisecond";
  later.at += milliseconds{1};
  const auto second = session->run(later);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_NE(*second, *first);
  later.at += std::chrono::hours{23};
  EXPECT_EQ(*session->run(later), *second) << "the day began anew";
  EXPECT_EQ(tasks(), 2);
}

TEST_P(StoreCreateOnce, EveryKindOfCreationMayHaveAKey) {
  query::create_once q{"user 1", "POST /api/o", "k", "d", at(0), {}};
  q.what = query::creation<query::create_organization>{{"一公司", "AAAAAA", 2, 10},
                                                       [](const organization_record& o) { return o.organization_id; }};
  EXPECT_EQ(*session->run(q), "AAAAAA");
  EXPECT_EQ(*session->run(q), "AAAAAA");
  q.key = "k2";
  const auto taken = session->run(q);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().vendor_code, "name") << "the creation's own refusal";
  query::create_scene scene;
  scene.scene.script_id = "script_1";
  scene.scene.organization_id = "ORG001";
  scene.scene.scene_name = "回访";
  scene.scene.scene_tags = {{"n", "d", "t"}};
  q.what = query::creation<query::create_scene>{scene, [](const scene_record& s) { return s.scene_name + "\xff"; }};
  EXPECT_EQ(*session->run(q), "回访\xef\xbf\xbd") << "an answer is text, as kept as sent";
  EXPECT_EQ(*session->run(q), "回访\xef\xbf\xbd");
  EXPECT_EQ(session->run(query::list_scenes{"ORG001", {}})->size(), 1U);
  q.key = "k3";
  q.what = query::creation<query::create_dcc_user>{{"dcc", "h", "ORG001"},
                                                   [](const dcc_user_record& d) { return std::to_string(d.id); }};
  const auto dcc = session->run(q);
  ASSERT_TRUE(dcc);
  EXPECT_EQ(*session->run(q), *dcc);
}

TEST_P(StoreCreateOnce, APreviewChoosesAsCreatingWouldAndStoresNothing) {
  ASSERT_TRUE(session->run(query::import_leads{"ORG001",
                                               {{"d", "", "138-0000-0001", "P1", "A", {}},
                                                {"b", "", "13800000001", "P1", "A", {}},
                                                {"c", "", "12", "P1", "A", {}},
                                                {"a", "", "13800000002", "P1", "A", {}},
                                                {"e", "", "", "P1", "A", {}},
                                                {"x", "", "13800000003", "P2", "A", {}}}}));
  const auto seen = session->run(query::preview_task{"ORG001", {.products = {"P1"}}});
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->leads_ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(seen->invalid_phone, (std::vector<std::string>{"c", "e"}));
  ASSERT_EQ(seen->duplicate_phone.size(), 1U);
  EXPECT_EQ(seen->duplicate_phone[0].leads_id, "d");
  EXPECT_EQ(seen->duplicate_phone[0].called_lead, "b");
  EXPECT_TRUE(seen->do_not_call.empty());
  EXPECT_EQ(tasks(), 0);
  query::create_task task;
  task.organization_id = "ORG001";
  task.task_name = "回访";
  task.filter.products = {"P1"};
  const auto made = session->run(task);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->task.leads_count, 2);
  EXPECT_EQ(made->skipped_invalid_phone, 2);
  EXPECT_EQ(made->skipped_duplicate_phone, 1);
  std::vector<std::string> called;
  for (const auto row : rows_of(made->task.id)) called.push_back(job(row).job.leads_id);
  EXPECT_EQ(called, seen->leads_ids);
  const auto nobody = session->run(query::preview_task{"ORG002", {}});
  ASSERT_TRUE(nobody);
  EXPECT_TRUE(nobody->leads_ids.empty() && nobody->invalid_phone.empty());
}

// What needs two sessions, or a connection that breaks.
class PostgresCreateOnce : public StoreCreateOnce {};
INSTANTIATE_TEST_SUITE_P(Stores, PostgresCreateOnce, ::testing::Values("postgres"));

TEST_P(PostgresCreateOnce, ASecondRequestAtOnceIsToldThatTheFirstIsUnderWay) {
  import_leads(1);
  auto first = wanted("k");
  std::optional<result<std::string>> meanwhile;
  auto& creation = std::get<query::creation<query::create_task>>(first.what);
  // Within the first request's transaction the second one comes.
  creation.text = [&](const query::created_task& made) {
    meanwhile = world.sessions()->run(wanted("k"));
    return "task " + std::to_string(value(made.task.id));
  };
  const auto done = session->run(first);
  ASSERT_TRUE(done);
  ASSERT_TRUE(meanwhile);
  ASSERT_FALSE(*meanwhile);
  EXPECT_EQ(meanwhile->error().code, errc::conflict);
  EXPECT_EQ(meanwhile->error().vendor_code, "idempotency_busy");
  EXPECT_EQ(*world.sessions()->run(wanted("k")), *done);
  EXPECT_EQ(tasks(), 1);
}

TEST_P(PostgresCreateOnce, AConnectionThatBreaksBeforeTheCommitCreatesOneTask) {
  import_leads(1);
  auto first = wanted("k");
  int calls = 0;
  std::get<query::creation<query::create_task>>(first.what).text = [&](const query::created_task& made) {
    if (++calls == 1) end_sessions(*world.database);
    return "task " + std::to_string(value(made.task.id));
  };
  const auto done = session->run(first);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(*session->run(wanted("k")), *done);
  EXPECT_EQ(tasks(), 1);
}

TEST_P(PostgresCreateOnce, OldKeysAreRemoved) {
  import_leads(1);
  ASSERT_EQ(run_sql(*world.database,
                    "insert into idempotency_keys select 'ORG009', 'r', n::text, 'd', 't', waihu_at(0) + n * interval "
                    "'1 second' from generate_series(1, 250) n"),
            "");
  ASSERT_TRUE(session->run(wanted("k1")));
  ASSERT_TRUE(session->run(wanted("k2")));
  EXPECT_EQ(ask_sql(*world.database, "select count(*) from idempotency_keys"), std::vector<std::string>{"52"});
  ASSERT_TRUE(session->run(wanted("k3")));
  EXPECT_EQ(ask_sql(*world.database, "select count(*) from idempotency_keys where organization_id = 'ORG009'"),
            std::vector<std::string>{"0"});
  EXPECT_EQ(ask_sql(*world.database, "select count(*) from idempotency_keys"), std::vector<std::string>{"3"});
}

}  // namespace
}  // namespace waihu::testing
