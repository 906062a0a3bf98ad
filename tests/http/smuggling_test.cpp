// Bytes in which a proxy in front and the server could see different requests. Each attempt is followed on its
// connection by a request that would change the store: it must never be executed.
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

using namespace std::string_literals;

class http_smuggling : public server_test {
 public:
  /// What an attacker wants to get in behind a request that a proxy let pass.
  std::string hidden() {
    return make_request("POST", "/api/create_scene",
                        {{"access-token", token_of(operator_a)}, {"Content-Type", "application/json"}},
                        R"({"scene_name":"hidden","scene_type":2,"bot_name":"b"})");
  }
  /// Statuses of all answers on a connection that sends these bytes and the hidden request.
  std::vector<int> answers_to(const std::string& bytes) {
    raw_client c(port());
    EXPECT_TRUE(c.send(bytes + hidden()));
    std::vector<int> statuses;
    for (;;) {
      const auto r = c.read();
      if (r.status == 0) return statuses;
      statuses.push_back(r.status);
      if (r.header("connection") == "close") {
        EXPECT_TRUE(c.is_closed_by_server());
        return statuses;
      }
    }
  }
  int scenes() { return get("/api/scenes").json().size("/data"); }

  void expect_refused(const std::string& what, const std::string& bytes) {
    EXPECT_EQ(answers_to(bytes), std::vector<int>{400}) << what;
    EXPECT_EQ(scenes(), 0) << what << ": the hidden request was executed";
  }
  static std::string login(const std::string& headers, const std::string& rest) {
    return "POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers + "\r\n" + rest;
  }
};

TEST_F(http_smuggling, TheHiddenRequestIsExecutedBehindAProperOne) {
  raw_client c(port());
  ASSERT_TRUE(c.send(login("Content-Length: 2\r\n", "{}") + hidden()));
  EXPECT_EQ(c.read().status, 422);
  EXPECT_EQ(c.read().status, 200);
  EXPECT_EQ(scenes(), 1) << "so that the other tests can see it";
}

TEST_F(http_smuggling, LengthsThatContradictOrRepeatAreRefused) {
  const std::string body = "0\r\n\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  expect_refused("length, then chunks", login("Content-Length: 5\r\n" + chunked, body));
  expect_refused("chunks, then length", login(chunked + "Content-Length: 5\r\n", body));
  expect_refused("two lengths", login("Content-Length: 5\r\nContent-Length: 6\r\n", body));
  expect_refused("the same length twice", login("Content-Length: 5\r\nContent-Length: 5\r\n", body));
  expect_refused("a list of lengths", login("Content-Length: 5, 5\r\n", body));
  for (const auto* length : {"+5", "-5", "5 5", "0x5", "5a", "", "99999999999999999999"})
    expect_refused("length "s + length, login("Content-Length: "s + length + "\r\n", body));
}

TEST_F(http_smuggling, CodingsOtherThanChunkedAreRefused) {
  const std::string body = "0\r\n\r\n";
  for (const auto* coding : {"gzip", "identity", "xchunked", "chunked, gzip", "gzip, chunked", "chunked, chunked",
                             "chunked;x=1", "\"chunked\"", "chunked\v", ""})
    expect_refused("coding "s + coding, login("Transfer-Encoding: "s + coding + "\r\n", body));
  expect_refused("twice", login("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", body));
  expect_refused("HTTP/1.0", "POST /api/login HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
}

TEST_F(http_smuggling, LinesThatReadersEndOrJoinDifferentlyAreRefused) {
  expect_refused("a folded coding", login("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"));
  expect_refused("a folded line", login("X-A: 1\r\n\tContent-Length: 5\r\nContent-Length: 2\r\n", "{}"));
  expect_refused("blank before the colon", login("Content-Length : 2\r\n", "{}"));
  expect_refused("tab before the colon", login("Content-Length\t: 2\r\n", "{}"));
  expect_refused("no name", login(": 2\r\n", "{}"));
  expect_refused("no colon", login("Content-Length\r\n", "{}"));
  expect_refused("bare line feeds", "POST /api/login HTTP/1.1\nHost: x\nContent-Length: 2\n\n{}");
  expect_refused("one bare line feed", login("X-A: 1\nContent-Length: 5\r\n", "{}"));
  expect_refused("bare carriage return", login("X-A: 1\rContent-Length: 5\r\n", "{}"));
  expect_refused("NUL in a value", login("X-A: a\0b\r\n"s, "{}"));
  expect_refused("NUL in a name", login("X\0A: ab\r\n"s, "{}"));
  expect_refused("NUL in the target", "GET /api/\0health HTTP/1.1\r\nHost: x\r\n\r\n"s);
  expect_refused("a blank in the target", "GET /api/health /x HTTP/1.1\r\nHost: x\r\n\r\n");
  expect_refused("empty line first", "\r\n" + login("Content-Length: 2\r\n", "{}"));
  expect_refused("another version", "GET /api/health HTTP/2.0\r\nHost: x\r\n\r\n");
}

TEST_F(http_smuggling, ExactlyOneHostIsAsked) {
  expect_refused("no host", "GET /api/health HTTP/1.1\r\n\r\n");
  expect_refused("two hosts", "GET /api/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  expect_refused("the same twice", "GET /api/health HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n");
  for (const auto* host : {"a b", "a, b", "a/b", "u@a"})
    expect_refused("host "s + host, "GET /api/health HTTP/1.1\r\nHost: "s + host + "\r\n\r\n");
}

TEST_F(http_smuggling, ChunksThatAreNoneAreRefused) {
  const auto chunks = [](const std::string& text) { return login("Transfer-Encoding: chunked\r\n", text); };
  for (const auto* size : {"-1", "0x2", "+2", "g", "", "FFFFFFFFFFFFFFFFF", "1 2", " 2"})
    expect_refused("chunk size "s + size, chunks(size + "\r\n{}\r\n0\r\n\r\n"s));
  expect_refused("data longer than told", chunks("2\r\n{}XX\r\n0\r\n\r\n"));
  expect_refused("bare line feed behind a size", chunks("2\n{}\r\n0\r\n\r\n"));
  expect_refused("a length behind the chunks", chunks("2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n"));
  EXPECT_EQ(answers_to(chunks("FFFFFFFF\r\n{}")), std::vector<int>{413});
  EXPECT_EQ(answers_to(chunks("2;" + std::string(200'000, 'e') + "\r\n{}\r\n0\r\n\r\n")), std::vector<int>{400});
  EXPECT_EQ(scenes(), 0);
}

TEST_F(http_smuggling, ChunkExtensionsTrailersAndAbsoluteTargetsAreReadAsTheyShould) {
  raw_client c(port());
  ASSERT_TRUE(c.send(login("Transfer-Encoding: chunked\r\n", "2;name=\"v;\";x\r\n{}\r\n0\r\nX-Sum: 9\r\n\r\n") +
                     "GET http://elsewhere.example/api/health?x HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n" +
                     "GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(c.read().status, 422) << "an empty login";
  EXPECT_EQ(c.read().status, 200) << "absolute form";
  EXPECT_EQ(c.read().status, 200);
}

TEST_F(http_smuggling, NothingBehindARefusedRequestIsExecuted) {
  const auto token = token_of(operator_a);
  options.http.body_limit_bytes = 1000;
  EXPECT_EQ(answers_to(login("Content-Length: 1001\r\n", "")), std::vector<int>{413});
  std::string many = "GET /api/health HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(answers_to(many + "\r\n"), std::vector<int>{431});
  EXPECT_EQ(answers_to("GET /api/health HTTP/1.1\r\nHost: x\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n"),
            std::vector<int>{431});
  EXPECT_EQ(answers_to("CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"), std::vector<int>{400});
  EXPECT_EQ(answers_to("POST /api/leads/import HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"),
            std::vector<int>{401});
  EXPECT_EQ(answers_to("GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), std::vector<int>{200});
  EXPECT_EQ(scenes(), 0);
}

}  // namespace
}  // namespace waihu::test
