// Registering cases and showing them.
#include "tests/http/case_fixture.hpp"

namespace waihu::test {
namespace {

class http_cases : public case_test {};

std::string body_of(const std::string& parties) {
  return R"({"mediationId":7,"mediationType":2,"stage":11,"parties":[)" + parties + "]}";
}

TEST_F(http_cases, ACaseIsAnsweredAsItIsStored) {
  const auto made = put("/cases/C9", body_of(R"({"personId":"A-1","name":"王","phoneNumber":"13800000001",
      "personType":0},{"personId":"B_1","name":null,"personType":1})"));
  expect(made, 200, 200, "案件保存成功");
  const auto j = made.json();
  EXPECT_EQ(j.text("/data/caseId"), "C9");
  EXPECT_EQ(j.number("/data/mediationId"), 7);
  EXPECT_EQ(j.number("/data/mediationType"), 2);
  EXPECT_EQ(j.number("/data/stage"), 11);
  EXPECT_EQ(j.number("/data/nodeId"), 2);
  EXPECT_EQ(j.text("/data/callType"), "fact_finding");
  EXPECT_EQ(j.text("/data/taskName"), "事实调查");
  EXPECT_EQ(j.text("/data/parties/0/phoneNumber"), "13800000001");
  EXPECT_EQ(j.text("/data/parties/1/name"), "");
  EXPECT_EQ(j.number("/data/parties/1/personType"), 1);
  const auto shown = ask("/cases/C9");
  expect(shown, 200, 200, "查询成功");
  EXPECT_EQ(shown.json().number("/data/callCount"), 0);
  EXPECT_EQ(shown.json().size("/data/calls"), 0);
}

TEST_F(http_cases, NumbersAndTextsAreTakenAlike) {
  const auto made = put("/cases/202601281644031088", R"({"mediationId":"20","mediationType":"1","stage":"14",
      "parties":[{"personId":2303190000000001,"phoneNumber":13800000001,"personType":"1"}]})");
  EXPECT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.json().number("/data/mediationId"), 20);
  EXPECT_EQ(made.json().text("/data/parties/0/personId"), "2303190000000001");
  EXPECT_EQ(made.json().text("/data/parties/0/phoneNumber"), "13800000001");
  EXPECT_EQ(made.json().number("/data/parties/0/personType"), 1);
}

TEST_F(http_cases, RegisteringAgainReplacesThePartiesAndKeepsTheCalls) {
  ASSERT_EQ(call_one("P1").status, 201);
  const auto before = ask("/cases/C1").json();
  EXPECT_EQ(put("/cases/C1", body_of(R"({"personId":"P4","personType":0})")).status, 200);
  const auto j = ask("/cases/C1").json();
  EXPECT_EQ(j.size("/data/parties"), 1);
  EXPECT_EQ(j.text("/data/parties/0/personId"), "P4");
  EXPECT_EQ(j.text("/data/createTime"), before.text("/data/createTime"));
  EXPECT_EQ(j.number("/data/callCount"), 1);
  EXPECT_EQ(j.text("/data/calls/0/personId"), "P1");
}

TEST_F(http_cases, CallsOfACaseAreShownNewestFirst) {
  ASSERT_EQ(call_one("P1").status, 201);
  ASSERT_EQ(call_one("P2").status, 201);
  const auto j = ask("/cases/C1").json();
  EXPECT_EQ(j.number("/data/callCount"), 2);
  EXPECT_EQ(j.text("/data/calls/0/personId"), "P2");
  EXPECT_EQ(j.text("/data/calls/0/phoneNumber"), "13800000002");
  EXPECT_EQ(j.text("/data/calls/1/personId"), "P1");
  EXPECT_EQ(j.text("/data/calls/1/personName"), "王女士");
}

TEST_F(http_cases, EveryFaultIsTold) {
  const auto empty = put("/cases/C9", "{}");
  EXPECT_EQ(empty.status, 422);
  EXPECT_EQ(empty.json().size("/data/errors"), 3) << empty.body;
  EXPECT_EQ(put("/cases/C9", body_of("")).json().text("/data/errors/0/field"), "parties");
  const auto bad = put("/cases/C%209", R"({"mediationId":"x","mediationType":-1,"stage":15,"parties":[
      {"personId":"a b","personType":2,"phoneNumber":"call me"},{"name":")" +
                                           std::string(101, 'n') + R"(","personType":0},
      {"personId":"P","personType":0},{"personId":"P","personType":0},7]})");
  EXPECT_EQ(bad.status, 422);
  std::string fields;
  for (int i = 0; i < bad.json().size("/data/errors"); ++i)
    fields += bad.json().text("/data/errors/" + std::to_string(i) + "/field") + " ";
  for (const auto* name : {"mediationId ", "mediationType ", "stage ", "parties[0].personId ", "parties[0].personType ",
                           "parties[0].phoneNumber ", "parties[1].personId ", "parties[1].name ",
                           "parties[3].personId ", "parties[4] ", "caseId "})
    EXPECT_NE(fields.find(name), std::string::npos) << name << "is not in " << fields;
  std::string many;
  for (int i = 0; i < 51; ++i)
    many += (i == 0 ? "" : ",") + (R"({"personType":0,"personId":)" + std::to_string(i)) + "}";
  EXPECT_EQ(put("/cases/C9", body_of(many)).json().text("/data/errors/0/field"), "parties");
  EXPECT_EQ(put("/cases/" + std::string(65, 'c'), body_of(R"({"personId":"P","personType":0})")).status, 422);
  EXPECT_EQ(put("/cases/C9", "{").json().text("/data/errors/0/field"), "body");
  EXPECT_EQ(ask("/cases/C9").status, 404);
}

TEST_F(http_cases, MissingAndForeignCasesAnswerAlikeAndViewersOnlyRead) {
  expect(ask("/cases/C404"), 404, 4004, "案件不存在");
  expect(ask("/cases/a%20b"), 404, 4004, "案件不存在");
  expect(get(std::string(bot) + "/cases/C1", operator_b), 404, 4004, "案件不存在");
  EXPECT_EQ(get(std::string(bot) + "/cases/C1", viewer_a).status, 200);
  EXPECT_EQ(put("/cases/C1", body_of(R"({"personId":"P4","personType":0})"), viewer_a).status, 403);
}

}  // namespace
}  // namespace waihu::test
