// DCC accounts and config/check.
#include <atomic>

#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_dcc : public server_test {
 protected:
  reply send(const std::string& method, const std::string& target, const user_record& who) {
    return call(make_request(method, target, {{"access-token", token_of(who)}}));
  }
  /// An account with the password "secret-password", as the old system stored it.
  std::int64_t add_account(const std::string& name, const std::string& organization) {
    query::create_dcc_user q;
    q.user_name = name;
    q.user_org_id = organization;
    q.password_hash = "d5adca02c9a46dae33101e9727798d0dd091e155cdfb83a851f9706a7d00eb7d";
    return inside->run(q).value().id;
  }
  static std::string pair(const std::string& name, const std::string& organization,
                          const std::string& password = "secret-password") {
    return R"({"user_name":")" + name + R"(","user_password":")" + password + R"(","user_org_id":")" + organization +
           R"("})";
  }
  static std::string binding(const std::string& name, const std::string& organization) {
    return R"({"dcc_user":")" + name + R"(","dcc_user_org_id":")" + organization + R"("})";
  }
};

TEST_F(http_dcc, AVerifiedAccountIsAssociatedAndGivesItsOrganisation) {
  const auto id = add_account("dcc1", org_b);
  EXPECT_EQ(get("/api/task_list", unbound).status, 400);
  const auto early = post("/api/dcc/associate", binding("dcc1", org_b), unbound);
  EXPECT_EQ(early.status, 400);
  EXPECT_EQ(early.json().number("/code"), 1006);
  const auto verified = post("/api/dcc/user/verify", pair("dcc1", org_b), unbound);
  EXPECT_EQ(verified.json().number("/code"), 200) << verified.body;
  EXPECT_EQ(verified.json().text("/message"), "用户校验成功");
  EXPECT_EQ(verified.json().number("/data/user_info/id"), id);
  EXPECT_EQ(verified.json().text("/data/user_info/user_name"), "dcc1");
  EXPECT_EQ(verified.json().number("/data/user_info/user_status"), 1);
  EXPECT_EQ(verified.json().text("/data/user_info/user_org_id"), org_b);
  EXPECT_EQ(post("/api/dcc/associate", binding("dcc1", org_b), operator_a).json().number("/code"), 1006)
      << "another user has verified it";
  EXPECT_EQ(post("/api/dcc/associate", binding("dcc1", org_a), unbound).json().number("/code"), 1006);
  const auto bound = post("/api/dcc/associate", binding("dcc1", org_b), unbound);
  EXPECT_EQ(bound.json().number("/code"), 1000) << bound.body;
  EXPECT_EQ(bound.json().text("/message"), "DCC账号关联成功");
  EXPECT_EQ(bound.json().text("/data/user_info/dcc_user"), "dcc1");
  EXPECT_EQ(bound.json().text("/data/user_info/dcc_user_org_id"), org_b);
  EXPECT_EQ(bound.body.find("password"), std::string::npos);
  add_leads(2, org_b);
  EXPECT_EQ(get("/api/leads", unbound).json().number("/data/pagination/total"), 2) << "the binding holds at once";
  const auto freed = send("DELETE", "/api/dcc/disassociate", unbound);
  EXPECT_EQ(freed.json().number("/code"), 1000) << freed.body;
  EXPECT_EQ(freed.json().text("/message"), "DCC账号解除关联成功");
  EXPECT_EQ(freed.json().text("/data/user_info/dcc_user_org_id"), "");
  EXPECT_EQ(get("/api/leads", unbound).status, 400) << "taken away at once";
}

TEST_F(http_dcc, AVerificationRunsOutAfterTenMinutesAndOutlivesTheServer) {
  add_account("dcc1", org_b);
  const auto now = std::make_shared<std::atomic<std::int64_t>>(to_epoch_ms(wall_now()));
  clock = [now] { return from_epoch_ms(*now); };
  ASSERT_EQ(post("/api/dcc/user/verify", pair("dcc1", org_b), unbound).status, 200);
  *now += 10 * 60 * 1000 + 1;
  EXPECT_EQ(post("/api/dcc/associate", binding("dcc1", org_b), unbound).json().number("/code"), 1006);
  ASSERT_EQ(post("/api/dcc/user/verify", pair("dcc1", org_b), unbound).status, 200);
  restart_server();
  *now += 10 * 60 * 1000 - 1;
  EXPECT_EQ(post("/api/dcc/associate", binding("dcc1", org_b), unbound).json().number("/code"), 1000);
}

TEST_F(http_dcc, EveryWrongPartOfAVerificationLooksTheSame) {
  add_account("dcc1", org_a);
  const auto off = add_account("dcc2", org_b);
  ASSERT_TRUE(inside->run(query::set_dcc_status{off, 0}));
  for (const auto& body :
       {pair("dcc1", org_a, "wrong"), pair("dcc1", org_b), pair("nobody", org_a), pair("dcc2", org_b)}) {
    const auto r = post("/api/dcc/user/verify", body, unbound);
    EXPECT_EQ(r.status, 400) << body;
    EXPECT_EQ(r.json().number("/code"), 1003) << body;
    EXPECT_EQ(r.json().text("/message"), "用户名、密码或组织ID不正确") << body;
    EXPECT_TRUE(r.json().keys("/data").empty()) << body;
  }
  EXPECT_EQ(post("/api/dcc/user/verify", R"({"user_name":"dcc1"})", unbound).status, 422);
}

TEST_F(http_dcc, TheSixthGuessIs429AndAnOldDigestIsReplaced) {
  add_account("dcc1", org_a);
  add_account("dcc2", org_b);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(post("/api/dcc/user/verify", pair("dcc1", org_a, "guess"), unbound).status, 400);
  const auto blocked = post("/api/dcc/user/verify", pair("dcc1", org_a), unbound);
  EXPECT_EQ(blocked.status, 429);
  EXPECT_GT(std::stoi(blocked.header("retry-after")), 200);
  EXPECT_EQ(post("/api/dcc/user/verify", pair("dcc2", org_b), unbound).status, 200) << "another account";
  EXPECT_EQ(post("/api/login", R"({"username":"dcc1","password":"x"})").status, 200) << "logins are counted apart";
  const auto stored = inside->run(query::dcc_user_by_name{"dcc2"});
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->password_hash.substr(0, 10), "$argon2id$");
  EXPECT_EQ(post("/api/dcc/user/verify", pair("dcc2", org_b), unbound).status, 200) << "with the new hash too";
}

TEST_F(http_dcc, OnlyAdministratorsMakeListAndDisableAccounts) {
  for (const auto& who : {operator_a, viewer_a, unbound}) {
    EXPECT_EQ(post("/api/dcc/user/create", pair("dcc1", org_a), who).status, 403);
    EXPECT_EQ(get("/api/dcc/user/list", who).status, 403);
    EXPECT_EQ(send("PUT", "/api/dcc/user/1/status?user_status=0", who).status, 403);
    EXPECT_EQ(get("/api/config/check", who).status, 403);
  }
  EXPECT_EQ(call(make_request("GET", "/api/dcc/user/list")).status, 401);
  const auto made = post("/api/dcc/user/create", pair("dcc1", org_a), admin);
  EXPECT_EQ(made.json().number("/code"), 200) << made.body;
  EXPECT_EQ(made.json().text("/data/user_name"), "dcc1");
  EXPECT_EQ(made.json().number("/data/user_status"), 1);
  EXPECT_EQ(made.body.find("argon2"), std::string::npos);
  EXPECT_EQ(inside->run(query::dcc_user_by_name{"dcc1"})->password_hash.substr(0, 10), "$argon2id$");
  const auto name = post("/api/dcc/user/create", pair("dcc1", org_b), admin);
  EXPECT_EQ(name.json().text("/status"), "duplicate");
  EXPECT_EQ(name.json().number("/code"), 1001);
  EXPECT_EQ(name.json().text("/data/field"), "user_name");
  EXPECT_EQ(post("/api/dcc/user/create", pair("dcc2", org_a), admin).json().text("/data/field"), "user_org_id");
  EXPECT_EQ(post("/api/dcc/user/create", pair("dcc3", org_b, "short"), admin).status, 422);
  const auto list = get("/api/dcc/user/list?page=1&page_size=1", admin);
  EXPECT_EQ(list.json().number("/data/pagination/total"), 1);
  EXPECT_EQ(list.json().text("/data/items/0/user_name"), "dcc1");
  EXPECT_EQ(list.body.find("argon2"), std::string::npos);

  const auto id = std::to_string(made.json().number("/data/id"));
  const auto off = send("PUT", "/api/dcc/user/" + id + "/status?user_status=0", admin);
  EXPECT_EQ(off.json().number("/code"), 200) << off.body;
  EXPECT_EQ(off.json().number("/data/user_status"), 0);
  EXPECT_EQ(post("/api/dcc/user/verify", pair("dcc1", org_a), unbound).status, 400);
  EXPECT_EQ(send("PUT", "/api/dcc/user/" + id + "/status?user_status=1", admin).status, 200);
  EXPECT_EQ(post("/api/dcc/user/verify", pair("dcc1", org_a), unbound).status, 200);
  const auto missing = send("PUT", "/api/dcc/user/987654/status?user_status=1", admin);
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.json().number("/code"), 1004);
  for (const auto* bad : {"/status?user_status=2", "/status", "/status?user_status=x"})
    EXPECT_EQ(send("PUT", "/api/dcc/user/" + id + bad, admin).status, 422) << bad;
  EXPECT_EQ(send("PUT", "/api/dcc/user/x/status?user_status=1", admin).status, 422);
}

TEST_F(http_dcc, ConfigCheckTellsWhatIsSetAndNeverAValue) {
  config::options all;
  all.auth.jwt_secret = "the-secret-of-the-tokens";
  all.store.url = "postgresql://u:hidden@h/db";
  all.provider.instance_id = "instance-7";
  all.provider.access_key_id = "key-id-8";
  all.analyst.kind = "openai";
  options.settings = config::presence_of(all);
  const auto r = get("/api/config/check", admin);
  ASSERT_EQ(r.status, 200) << r.body;
  const auto j = r.json();
  EXPECT_EQ(j.number("/code"), 200);
  EXPECT_FALSE(j.flag("/data/is_configured"));
  ASSERT_EQ(j.size("/data/missing_configs"), 2) << r.body;
  EXPECT_EQ(j.text("/data/missing_configs/0"), "provider.access_key_secret");
  EXPECT_EQ(j.text("/data/missing_configs/1"), "analyst.api_key");
  EXPECT_TRUE(j.flag("/data/configs/auth.jwt_secret"));
  EXPECT_FALSE(j.flag("/data/configs/provider.access_key_secret"));
  for (const auto* secret_part : {"the-secret", "hidden", "instance-7", "key-id-8"})
    EXPECT_EQ(r.body.find(secret_part), std::string::npos) << secret_part;
  all.provider.access_key_secret = "s";
  all.analyst.kind = "rules";
  for (const auto& one : config::presence_of(all)) EXPECT_TRUE(one.is_set || !one.is_needed) << one.key;
}

}  // namespace
}  // namespace waihu::test
