// Logging in, tokens and roles.
#include "http/password.hpp"
#include "http/token.hpp"
#include "tests/http/hand_made_token.hpp"
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

using http_accounts = server_test;

std::string hand_made(const std::string& header, const std::string& claims, const EVP_MD* hash) {
  return test::hand_made(header, claims, hash, secret);
}

TEST_F(http_accounts, LoginHandsOutATokenThatWorks) {
  const auto r = post("/api/login", R"({"username":"li","password":"secret-password"})");
  ASSERT_EQ(r.status, 200) << r.body;
  const auto j = r.json();
  EXPECT_EQ(j.number("/code"), 1000);
  EXPECT_EQ(j.text("/status"), "success");
  EXPECT_EQ(j.text("/message"), "登录成功");
  EXPECT_EQ(j.text("/data/user_info/username"), "li");
  EXPECT_EQ(j.text("/data/user_info/phone"), "13900000002");
  EXPECT_EQ(j.text("/data/user_info/dcc_user_org_id"), org_a);
  EXPECT_EQ(j.text("/data/org_id"), org_a);
  EXPECT_EQ(j.text("/data/token_type"), "Bearer");
  EXPECT_EQ(j.number("/data/expires_in"), 86'400);
  EXPECT_EQ(j.text("/data/expires_at").size(), 19U);
  EXPECT_TRUE(j.has("/data/token_usage"));
  EXPECT_EQ(r.body.find("password_hash"), std::string::npos);
  EXPECT_EQ(r.body.find("\\u"), std::string::npos);
  for (const auto& [name, prefix] :
       {std::pair{"access-token", ""}, {"access-token", "Bearer "}, {"Authorization", "Bearer "}}) {
    const auto v = call(make_request("GET", "/api/auth/verify", {{name, prefix + j.text("/data/access_token")}}));
    EXPECT_EQ(v.json().text("/message"), "访问令牌有效") << name << prefix;
    EXPECT_TRUE(v.json().flag("/data/valid"));
    EXPECT_EQ(v.json().text("/data/user_info/username"), "li");
    EXPECT_EQ(v.json().text("/data/org_id"), org_a);
  }
}

TEST_F(http_accounts, AnOldDigestIsReplacedAtTheFirstLoginAndTheNewHashWorks) {
  ASSERT_EQ(post("/api/login", R"({"username":"li","password":"secret-password"})").json().number("/code"), 1000);
  query::user_by_name q;
  q.username = "li";
  const auto stored = inside->run(q).value().password_hash;
  EXPECT_EQ(stored.substr(0, 10), "$argon2id$");
  EXPECT_EQ(post("/api/login", R"({"username":"li","password":"secret-password"})").json().number("/code"), 1000);
  EXPECT_EQ(inside->run(q).value().password_hash, stored);
  EXPECT_EQ(post("/api/login", R"({"username":"li","password":"wrong"})").json().number("/code"), 1004);
}

TEST_F(http_accounts, AWrongPasswordAndAnUnknownNameLookTheSame) {
  const auto wrong = post("/api/login", R"({"username":"li","password":"x"})");
  const auto unknown = post("/api/login", R"({"username":"nobody","password":"x"})");
  for (const auto* r : {&wrong, &unknown}) {
    EXPECT_EQ(r->status, 200);
    EXPECT_EQ(r->json().text("/status"), "error");
    EXPECT_EQ(r->json().number("/code"), 1004);
    EXPECT_EQ(r->json().text("/message"), "用户名或密码错误");
    EXPECT_TRUE(r->json().keys("/data").empty());
  }
}

TEST_F(http_accounts, TheSixthTryAfterFiveFailuresIs429EvenWithTheRightPassword) {
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(post("/api/login", R"({"username":"li","password":"x"})").json().number("/code"), 1004);
  const auto blocked = post("/api/login", R"({"username":"li","password":"secret-password"})");
  EXPECT_EQ(blocked.status, 429);
  const auto wait = std::stoi(blocked.header("retry-after"));
  EXPECT_GT(wait, 200);
  EXPECT_LE(wait, 300);
  EXPECT_EQ(post("/api/login", R"({"username":"wang","password":"secret-password"})").status, 200);
}

TEST_F(http_accounts, MissingBadAndExpiredTokensAre401) {
  const auto missing = call(make_request("GET", "/api/auth/verify"));
  EXPECT_EQ(missing.status, 401);
  EXPECT_EQ(missing.json().number("/code"), 1005);
  EXPECT_EQ(missing.json().text("/message"), "缺少访问令牌，请在请求头中添加 access-token");
  EXPECT_EQ(missing.json().number("/detail/code"), 1005);
  const auto good = token_of(operator_a);
  auto tampered = good;
  tampered[good.find('.') + 5] = tampered[good.find('.') + 5] == 'A' ? 'B' : 'A';
  const std::string hs256 = R"({"alg":"HS256","typ":"JWT"})";
  const auto later = to_epoch_ms(wall_now()) / 1000 + 3600;
  const auto fine = claims_of(operator_a, later);
  const auto none = base64url(R"({"alg":"none","typ":"JWT"})") + "." + base64url(fine) + ".";
  const auto in_two_minutes = [&](const std::string& claim) {
    return "\"" + claim + "\":" + std::to_string(later - 3600 + 120) + ",";
  };
  // The control: the same hand makes a token that is taken.
  EXPECT_EQ(
      call(make_request("GET", "/api/auth/verify", {{"access-token", hand_made(hs256, fine, EVP_sha256())}})).status,
      200);
  const std::vector<std::pair<std::string, std::string>> refused{
      {"garbage", "garbage"},
      {"tampered", tampered},
      {"cut", good.substr(0, good.size() - 3)},
      {"none", none},
      {"hs384", hand_made(R"({"alg":"HS384","typ":"JWT"})", fine, EVP_sha384())},
      {"hs512", hand_made(R"({"alg":"HS512","typ":"JWT"})", fine, EVP_sha512())},
      {"expired", hand_made(hs256, claims_of(operator_a, to_epoch_ms(wall_now()) / 1000 - 61), EVP_sha256())},
      {"from the future",
       hand_made(hs256, claims_of(operator_a, later, "access_token", in_two_minutes("iat")), EVP_sha256())},
      {"not yet", hand_made(hs256, claims_of(operator_a, later, "access_token", in_two_minutes("nbf")), EVP_sha256())},
      {"no exp", hand_made(hs256, R"({"user_id":1,"type":"access_token"})", EVP_sha256())},
      {"refresh type", hand_made(hs256, claims_of(operator_a, later, "refresh_token"), EVP_sha256())},
      {"other secret",
       http::token_mint(std::string(32, 'x'), std::chrono::hours{1}).issue(operator_a, wall_now()).value()},
      {"nobody", http::token_mint(secret, std::chrono::hours{1})
                     .issue(user_record{user_id{999}, "x", "", "", "", "", "", {}, {}}, wall_now())
                     .value()},
      {"long", std::string(5000, 'a')}};
  for (const auto& [what, token] : refused) {
    const auto r = call(make_request("GET", "/api/auth/verify", {{"access-token", token}}));
    EXPECT_EQ(r.status, 401) << what;
    EXPECT_EQ(r.json().number("/code"), 1005) << what;
    EXPECT_EQ(r.json().text("/message"), "访问令牌无效或已过期，请重新登录获取新令牌") << what;
  }
}

TEST_F(http_accounts, AUserBoundToNoOrganisationIsToldSo) {
  const auto r = get("/api/task_list", unbound);
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(r.json().number("/code"), 1003);
  EXPECT_EQ(r.json().text("/message"), "用户未绑定组织或组织ID无效");
  EXPECT_EQ(get("/api/auth/verify", unbound).status, 200);
}

TEST_F(http_accounts, AViewerReadsButChangesNothing) {
  add_leads(3);
  const auto task = add_task(operator_a);
  const auto id = std::to_string(value(task.id));
  EXPECT_EQ(get("/api/task_list", viewer_a).status, 200);
  EXPECT_EQ(post("/api/query-task-execution", R"({"task_id":)" + id + "}", viewer_a).status, 200);
  for (const auto& [path, body] : {std::pair<std::string, std::string>{"/api/create_scene", "{}"},
                                   {"/api/create-autoCall-tasks", "{}"},
                                   {"/api/update-script-id", "{}"},
                                   {"/api/start-call-task", R"({"task_id":)" + id + "}"},
                                   {"/api/suspend-resume-task", "{}"},
                                   {"/api/get-leads-follow", "{}"},
                                   {"/api/query-task-execution", R"({"apply_update":true,"task_id":)" + id + "}"}}) {
    const auto r = post(path, body, viewer_a);
    EXPECT_EQ(r.status, 403) << path;
    EXPECT_EQ(r.json().number("/code"), 1005) << path;
  }
}

TEST_F(http_accounts, RegistrationIsOffUnlessConfigured) {
  EXPECT_EQ(post("/api/register", R"({"username":"n","password":"12345678","phone":"13900000009"})").status, 404);
}

TEST_F(http_accounts, RegistrationRefusesTakenNamesAndPhones) {
  options.auth.allow_register = true;
  EXPECT_EQ(post("/api/register", R"({"username":"neu","password":"1234567","phone":"13900000009"})").status, 422);
  EXPECT_EQ(post("/api/register", R"({"username":"neu","password":"密码密码","phone":"13900000009"})").status, 422)
      << "four characters, though twelve bytes";
  const auto made = post("/api/register", R"({"username":"neu","password":"12345678","phone":"13900000009"})");
  EXPECT_EQ(made.json().number("/code"), 1000) << made.body;
  EXPECT_EQ(made.json().text("/message"), "注册成功");
  const auto name = post("/api/register", R"({"username":"neu","password":"12345678","phone":"13900000010"})");
  EXPECT_EQ(name.json().text("/status"), "duplicate");
  EXPECT_EQ(name.json().number("/code"), 1001);
  EXPECT_EQ(name.json().text("/message"), "用户名已存在");
  EXPECT_EQ(name.json().text("/data/field"), "username");
  const auto phone = post("/api/register", R"({"username":"neu2","password":"12345678","phone":"13900000009"})");
  EXPECT_EQ(phone.json().text("/message"), "手机号已被注册");
}

TEST_F(http_accounts, ExpiredTokensAreRefreshedForSevenDays) {
  const auto mint = http::token_mint(secret, std::chrono::hours{1});
  const auto day = std::chrono::hours{24};
  const auto old = mint.issue(operator_a, wall_now() - 6 * day).value();
  const auto r = call(make_request("POST", "/api/token/refresh", {{"access-token", old}}));
  EXPECT_EQ(r.json().text("/message"), "令牌刷新成功");
  EXPECT_EQ(
      call(make_request("GET", "/api/auth/verify", {{"access-token", r.json().text("/data/access_token")}})).status,
      200);
  const auto too_old = mint.issue(operator_a, wall_now() - 8 * day).value();
  const auto refused = call(make_request("POST", "/api/token/refresh", {{"access-token", too_old}}));
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(refused.json().number("/code"), 1005);
  const auto seen = call(make_request("GET", "/api/token/verify", {{"access-token", old}}));
  EXPECT_FALSE(seen.json().flag("/data/valid"));
  EXPECT_EQ(seen.json().number("/code"), 1005);
  const auto fresh = get("/api/token/verify");
  EXPECT_TRUE(fresh.json().flag("/data/valid"));
  EXPECT_GT(fresh.json().number("/data/expiry_info/remaining_seconds"), 3500);
}

TEST_F(http_accounts, ATokenOfThePreviousSecretIsTakenAndRefreshedUnderTheNewOne) {
  const std::string before(32, 'p');
  options.auth.jwt_previous_secret = before;
  const auto old = http::token_mint(before, std::chrono::hours{1}).issue(operator_a, wall_now()).value();
  EXPECT_EQ(call(make_request("GET", "/api/auth/verify", {{"access-token", old}})).status, 200);
  const auto r = call(make_request("POST", "/api/token/refresh", {{"access-token", old}}));
  const auto fresh = r.json().text("/data/access_token");
  EXPECT_TRUE(http::token_mint(secret, std::chrono::hours{1}).check(fresh, wall_now())) << "signed by the new secret";
  EXPECT_FALSE(http::token_mint(before, std::chrono::hours{1}).check(fresh, wall_now()));
  restart_server();
  options.auth.jwt_previous_secret.clear();
  EXPECT_EQ(call(make_request("GET", "/api/auth/verify", {{"access-token", old}})).status, 401);
  EXPECT_EQ(call(make_request("GET", "/api/auth/verify", {{"access-token", fresh}})).status, 200);
}

TEST_F(http_accounts, ATokenJustOverIsTakenWithinTheClockSkewAndSaysThatNothingIsLeft) {
  const auto over = http::token_mint(secret, std::chrono::hours{1})
                        .issue(operator_a, wall_now() - std::chrono::hours{1} - std::chrono::seconds{20})
                        .value();
  const auto r = call(make_request("GET", "/api/token/verify", {{"access-token", over}}));
  EXPECT_TRUE(r.json().flag("/data/valid")) << r.body;
  EXPECT_EQ(r.json().number("/data/expiry_info/remaining_seconds"), 0);
  restart_server();
  options.auth.clock_skew = milliseconds{0};
  EXPECT_EQ(call(make_request("GET", "/api/auth/verify", {{"access-token", over}})).status, 401);
}

TEST_F(http_accounts, OnlyAdministratorsMakeOrganisations) {
  EXPECT_EQ(post("/api/create_organization", R"({"name":"新"})", operator_a).status, 403);
  const auto made = post("/api/create_organization", R"({"name":"新"})", admin);
  EXPECT_EQ(made.json().number("/code"), 2000) << made.body;
  EXPECT_EQ(made.json().text("/data/organization_id").size(), 8U);
  EXPECT_EQ(post("/api/create_organization", R"({"name":"新"})", admin).json().number("/code"), 2003);
  EXPECT_EQ(post("/api/create_organization", R"({"name":" "})", admin).json().number("/code"), 2001);
  EXPECT_EQ(post("/api/create_organization", R"({"name":"x","organization_type":3})", admin).json().number("/code"),
            2002);
}

}  // namespace
}  // namespace waihu::test
