#include "app/ctl/api_client.hpp"

#include <gtest/gtest.h>

#include "tests/app/ctl/one_shot_server.hpp"

namespace waihu::ctl {
namespace {

using namespace std::chrono_literals;

api_client client_of(const one_shot_server& server, const char* token = "the-token") {
  return {*server_address::parse(server.url()), telemetry::secret_string(token), 5s};
}

std::string reply(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status +
         "\r\nContent-Type: application/json\r\nDate: Sun, 22 Nov 2026 13:00:00 GMT\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(ServerAddress, TakesHttpAndHttpsWithOrWithoutAPort) {
  const auto plain = server_address::parse("http://127.0.0.1:8080/");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, "8080");
  EXPECT_FALSE(plain->tls);
  const auto secure = server_address::parse("https://waihu.example");
  ASSERT_TRUE(secure);
  EXPECT_EQ(secure->port, "443");
  EXPECT_TRUE(secure->tls);
  EXPECT_EQ(server_address::parse("http://[::1]:80")->host, "::1");
  for (const auto* url :
       {"", "waihu.example", "ftp://x", "http://", "http://x/path", "http://x:", "http://x:y", "http://a b"})
    EXPECT_EQ(server_address::parse(url).error().code, errc::invalid_argument) << url;
}

TEST(ApiClient, SendsTheTokenAndReadsTheEnvelope) {
  one_shot_server server(
      reply("200 OK", R"({"status":"success","code":1000,"message":"好","data":{"n":"12","name":"外呼"}})"));
  auto api = client_of(server);
  const auto answer = api.post("/api/x", R"({"task_id":1})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->is_success());
  EXPECT_EQ(answer->code(), 1000);
  EXPECT_EQ(answer->message(), "好");
  EXPECT_EQ(number_of(answer->data(), "n"), 12) << "numbers may come as text";
  EXPECT_EQ(text_of(answer->data(), "name"), "外呼");
  EXPECT_EQ(answer->date, from_epoch_ms(1'795'352'400'000));
  const auto request = server.request();
  EXPECT_NE(request.find("POST /api/x HTTP/1.1\r\n"), std::string::npos);
  EXPECT_NE(request.find("Authorization: Bearer the-token\r\n"), std::string::npos);
  EXPECT_TRUE(request.ends_with(R"({"task_id":1})"));
}

TEST(ApiClient, TakesAnErrorEnvelopeForAnAnswer) {
  one_shot_server server(
      reply("404 Not Found", R"({"status":"error","code":4004,"message":"任务不存在或无权限访问","data":{}})"));
  auto api = client_of(server);
  const auto answer = api.get("/api/x");
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->is_success());
  EXPECT_EQ(answer->code(), 4004);
}

TEST(ApiClient, KnowsAnErrorThatComesWithHttp200) {
  one_shot_server server(reply("200 OK", R"({"status":"error","code":1004,"message":"用户名或密码错误","data":{}})"));
  auto api = client_of(server);
  EXPECT_FALSE(api.get("/api/x")->is_success());
}

TEST(ApiClient, TellsFailuresApart) {
  {
    one_shot_server server(reply("401 Unauthorized", R"({"status":"error","code":1005,"message":"x"})"));
    auto api = client_of(server);
    EXPECT_EQ(api.get("/").error().code, errc::unauthorized);
  }
  {
    one_shot_server server(reply("200 OK", "<html>"));
    auto api = client_of(server);
    EXPECT_EQ(api.get("/").error().code, errc::malformed);
  }
  {
    one_shot_server server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    auto api = client_of(server);
    EXPECT_EQ(api.get("/").error().code, errc::lost);
  }
  api_client nobody(server_address{false, "127.0.0.1", "1"}, {}, 2s);
  EXPECT_EQ(nobody.get("/").error().code, errc::unavailable);
}

TEST(ApiClient, GivesUpWhenNoAnswerComes) {
  one_shot_server server("");
  api_client api(*server_address::parse(server.url()), {}, 200ms);
  EXPECT_EQ(api.get("/").error().code, errc::timed_out);
}

TEST(ApiClient, UploadsAFileAsAForm) {
  one_shot_server server(reply("200 OK", "{}"));
  auto api = client_of(server);
  ASSERT_TRUE(api.upload("/api/leads/import", "a\"b.csv", "leads_id\r\n1\r\n"));
  const auto request = server.request();
  EXPECT_NE(request.find("Content-Disposition: form-data; name=\"file\"; filename=\"a_b.csv\"\r\n"), std::string::npos);
  EXPECT_NE(request.find("\r\n\r\nleads_id\r\n1\r\n\r\n--waihu-"), std::string::npos);
}

TEST(JsonObject, EscapesAndKeepsChinese) {
  json_object inner;
  inner.add("list", std::vector<std::string>{"a\"b", "外"});
  json_object body;
  body.add("n", std::int64_t{5}).add("text", "外呼\n").add_flag("yes", true).add_object("inner", inner);
  EXPECT_EQ(body.text(), R"({"n":5,"text":"外呼\n","yes":true,"inner":{"list":["a\"b","外"]}})");
}

}  // namespace
}  // namespace waihu::ctl
