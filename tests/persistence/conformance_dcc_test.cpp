// What every store promises of DCC accounts: unique, verified before they are bound, by whom and for how long.
#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

class StoreDccUsers : public on_every_store {
 protected:
  user_id user(const std::string& name) {
    const auto made = session->run(query::create_user{name, "h", "", "", "", "", user_role::operator_});
    EXPECT_TRUE(made);
    return made ? made->id : user_id{};
  }
  std::int64_t account(const std::string& name, const std::string& organization) {
    const auto made = session->run(query::create_dcc_user{name, "hash-" + name, organization});
    EXPECT_TRUE(made);
    return made ? made->id : 0;
  }
};
ON_EVERY_STORE(StoreDccUsers);

TEST_P(StoreDccUsers, AccountsAreUniqueByNameAndOrganisation) {
  const auto made = session->run(query::create_dcc_user{"dcc1", "hash", "ORG001"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->user_status, 1);
  const auto found = session->run(query::dcc_user_by_name{"dcc1"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made->id);
  EXPECT_EQ(found->password_hash, "hash");
  EXPECT_EQ(found->user_org_id, "ORG001");
  EXPECT_EQ(code_of(session->run(query::dcc_user_by_name{"DCC1"})), errc::not_found);
  const auto same_name = session->run(query::create_dcc_user{"dcc1", "h", "ORG002"});
  ASSERT_FALSE(same_name);
  EXPECT_EQ(same_name.error().code, errc::conflict);
  EXPECT_EQ(same_name.error().vendor_code, "user_name");
  const auto same_organization = session->run(query::create_dcc_user{"dcc2", "h", "ORG001"});
  ASSERT_FALSE(same_organization);
  EXPECT_EQ(same_organization.error().vendor_code, "user_org_id");
  EXPECT_EQ(code_of(session->run(query::create_dcc_user{"", "h", "ORG003"})), errc::invalid_argument);
}

TEST_P(StoreDccUsers, APasswordIsReplacedOnlyFromTheOldOne) {
  const auto id = account("dcc1", "ORG001");
  EXPECT_TRUE(*session->run(query::replace_dcc_password{id, "hash-dcc1", "new"}));
  EXPECT_FALSE(*session->run(query::replace_dcc_password{id, "hash-dcc1", "newer"}));
  EXPECT_EQ(session->run(query::dcc_user_by_name{"dcc1"})->password_hash, "new");
}

TEST_P(StoreDccUsers, OnlyWhoHasVerifiedAnAccountATimeAgoIsBoundToIt) {
  const auto li = user("li");
  const auto wang = user("wang");
  const auto id = account("dcc1", "ORG001");
  account("dcc2", "ORG002");
  const auto bind = [&](user_id who, const std::string& name, const std::string& organization, std::int64_t second) {
    return session->run(query::associate_dcc{who, name, organization, at(second)});
  };
  EXPECT_EQ(code_of(bind(li, "dcc1", "ORG001", 0)), errc::rejected) << "nobody has verified it";
  ASSERT_TRUE(session->run(query::note_dcc_verified{li, id, at(0)}));
  EXPECT_EQ(code_of(bind(wang, "dcc1", "ORG001", 1)), errc::rejected) << "another user has";
  EXPECT_EQ(code_of(bind(li, "dcc2", "ORG002", 1)), errc::rejected) << "another account was";
  EXPECT_EQ(code_of(bind(li, "dcc1", "ORG002", 1)), errc::rejected) << "with another organisation";
  EXPECT_EQ(code_of(bind(li, "dcc1", "ORG001", 601)), errc::rejected) << "too long ago";
  session = world.sessions();  // as after a restart
  const auto bound = bind(li, "dcc1", "ORG001", 600);
  ASSERT_TRUE(bound) << bound.error().message;
  EXPECT_EQ(bound->id, li);
  EXPECT_EQ(bound->dcc_user, "dcc1");
  EXPECT_EQ(bound->dcc_user_org_id, "ORG001");
  EXPECT_EQ(session->run(query::user_by_id{li})->dcc_user_org_id, "ORG001");
  EXPECT_EQ(session->run(query::user_by_id{wang})->dcc_user_org_id, "");
  const auto freed = session->run(query::disassociate_dcc{li});
  ASSERT_TRUE(freed);
  EXPECT_EQ(freed->dcc_user, "");
  EXPECT_EQ(session->run(query::user_by_id{li})->dcc_user_org_id, "");
  EXPECT_TRUE(session->run(query::disassociate_dcc{li})) << "nothing to take away is no failure";
  EXPECT_EQ(code_of(session->run(query::disassociate_dcc{user_id{987654}})), errc::not_found);
  EXPECT_EQ(code_of(bind(user_id{987654}, "dcc1", "ORG001", 1)), errc::not_found);
}

TEST_P(StoreDccUsers, ASecondVerificationCountsFromAnew) {
  const auto li = user("li");
  const auto id = account("dcc1", "ORG001");
  ASSERT_TRUE(session->run(query::note_dcc_verified{li, id, at(0)}));
  ASSERT_TRUE(session->run(query::note_dcc_verified{li, id, at(500)}));
  EXPECT_TRUE(session->run(query::associate_dcc{li, "dcc1", "ORG001", at(1000)}));
  EXPECT_EQ(code_of(session->run(query::note_dcc_verified{li, 987654, at(0)})), errc::conflict);
}

TEST_P(StoreDccUsers, VerificationsThatHaveRunOutAreForgotten) {
  if (world.kind == "memory") return;  // counted where an operator would see them grow
  const auto li = user("li");
  const auto first = account("dcc1", "ORG001");
  const auto second = account("dcc2", "ORG002");
  ASSERT_TRUE(session->run(query::note_dcc_verified{li, first, at(0)}));
  ASSERT_TRUE(session->run(query::note_dcc_verified{li, second, at(601)}));
  EXPECT_EQ(ask_sql(*world.database, "select dcc_user_id from dcc_verifications"),
            (std::vector<std::string>{std::to_string(second)}));
}

TEST_P(StoreDccUsers, ADisabledAccountIsNotBoundUntilItIsEnabled) {
  const auto li = user("li");
  const auto id = account("dcc1", "ORG001");
  ASSERT_TRUE(session->run(query::note_dcc_verified{li, id, at(0)}));
  const auto disabled = session->run(query::set_dcc_status{id, 0});
  ASSERT_TRUE(disabled);
  EXPECT_EQ(disabled->user_status, 0);
  EXPECT_EQ(code_of(session->run(query::associate_dcc{li, "dcc1", "ORG001", at(1)})), errc::rejected);
  ASSERT_TRUE(session->run(query::set_dcc_status{id, 1}));
  EXPECT_TRUE(session->run(query::associate_dcc{li, "dcc1", "ORG001", at(1)}));
  EXPECT_EQ(code_of(session->run(query::set_dcc_status{987654, 1})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::set_dcc_status{id, 2})), errc::invalid_argument);
}

TEST_P(StoreDccUsers, TheListIsPagedInOrderOfMaking) {
  for (int i = 1; i <= 3; ++i) account("dcc" + std::to_string(i), "ORG00" + std::to_string(i));
  const auto page = session->run(query::list_dcc_users{{2, 2}});
  ASSERT_TRUE(page && page->items.size() == 1);
  EXPECT_EQ(page->total, 3);
  EXPECT_EQ(page->items[0].user_name, "dcc3");
}

}  // namespace
}  // namespace waihu::testing
