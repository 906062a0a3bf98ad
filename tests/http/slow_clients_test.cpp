// Clients that take their time: each is cut when its time is over, and nobody else waits for it. Security headers are
// here too: they are on whatever is answered.
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

using std::chrono::steady_clock;

class http_slow_clients : public server_test {
 public:
  /// Polls until so few connections are left; false after 10 s.
  bool wait_for_connections(std::size_t n) {
    const auto until = steady_clock::now() + std::chrono::seconds{10};
    while (server().connections() > n && steady_clock::now() < until) std::this_thread::sleep_for(milliseconds{5});
    return server().connections() <= n;
  }
  /// Longest time that one of 20 ordinary requests takes now.
  milliseconds slowest_answer() {
    raw_client c(port());
    steady_clock::duration slowest{};
    for (int i = 0; i < 20; ++i) {
      const auto begin = steady_clock::now();
      EXPECT_TRUE(c.send(make_request("GET", "/api/health")));
      EXPECT_EQ(c.read().status, 200);
      slowest = std::max(slowest, steady_clock::now() - begin);
    }
    return std::chrono::duration_cast<milliseconds>(slowest);
  }
};

TEST_F(http_slow_clients, ADrippingBodyIsCutAtTheBodyTimeoutHoweverSteadyItIs) {
  options.http.body_timeout = milliseconds{300};
  raw_client c(port());
  const auto begin = steady_clock::now();
  ASSERT_TRUE(c.send("POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"));
  std::thread drip([&] {
    for (int i = 0; i < 400 && c.send(" "); ++i) std::this_thread::sleep_for(milliseconds{20});
  });
  EXPECT_TRUE(c.is_closed_by_server());
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{4});
  drip.join();
}

TEST_F(http_slow_clients, ADrippingChunkedBodyIsCutTheSameWay) {
  options.http.body_timeout = milliseconds{300};
  raw_client c(port());
  const auto begin = steady_clock::now();
  ASSERT_TRUE(c.send("POST /api/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
  std::thread drip([&] {
    for (int i = 0; i < 400 && c.send("1\r\n \r\n"); ++i) std::this_thread::sleep_for(milliseconds{20});
  });
  EXPECT_TRUE(c.is_closed_by_server());
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{4});
  drip.join();
}

TEST_F(http_slow_clients, WhoDoesNotReadHisAnswersIsCutAtTheWriteTimeout) {
  options.http.body_timeout = milliseconds{300};
  raw_client c(port());
  const int small = 4096;
  ::setsockopt(c.handle(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  // Far more than the buffers of both sockets hold.
  std::string many;
  for (int i = 0; i < 300; ++i) many += make_request("GET", "/openapi.json");
  ASSERT_TRUE(c.send(many));
  EXPECT_TRUE(wait_for_connections(0));
}

TEST_F(http_slow_clients, AHundredOfThemHoldNobodyUp) {
  options.http.header_timeout = options.http.body_timeout = options.http.idle_timeout = milliseconds{1'500};
  const auto where = port();
  std::vector<std::unique_ptr<raw_client>> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(std::make_unique<raw_client>(where));
    switch (i % 4) {
      case 0: break;  // says nothing at all
      case 1: slow.back()->send("GET /api/health HTTP/1.1\r\nX-"); break;
      case 2: slow.back()->send("POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"); break;
      default: slow.back()->send(make_request("GET", "/api/health")); break;  // idle after its answer
    }
  }
  EXPECT_LT(slowest_answer(), milliseconds{1'000});
  EXPECT_TRUE(wait_for_connections(0)) << "all of them are cut on time";
}

class http_security_headers : public server_test {
 public:
  static void expect_common(const reply& r, const std::string& what) {
    EXPECT_NE(r.status, 0) << what;
    EXPECT_EQ(r.header("x-content-type-options"), "nosniff") << what;
    EXPECT_EQ(r.header("referrer-policy"), "no-referrer") << what;
    EXPECT_EQ(r.header("strict-transport-security"), "") << what << ": not without TLS";
    EXPECT_EQ(r.header("cache-control"), r.header("etag").empty() ? "no-store" : "no-cache") << what;
  }
};

TEST_F(http_security_headers, AreOnEveryKindOfAnswer) {
  options.http.max_connections = 3;
  options.http.body_limit_bytes = 1000;
  const auto token = token_of(operator_a);
  const std::vector<std::pair<int, std::string>> kinds{
      {200, make_request("GET", "/api/health")},
      {200, make_request("HEAD", "/api/health")},
      {200, make_request("GET", "/api/scenes", {{"access-token", token}})},
      {204, make_request("OPTIONS", "/api/scenes")},
      {400, "nonsense\r\n\r\n"},
      {401, make_request("GET", "/api/scenes")},
      {403, make_request("GET", "/api/config/check", {{"access-token", token}})},
      {404, make_request("GET", "/nowhere")},
      {405, make_request("DELETE", "/api/login")},
      {413, make_request("POST", "/api/login", {}, std::string(2000, ' '))},
      {415, make_request("POST", "/api/login", {{"Content-Type", "text/plain"}}, "x")},
      {422, make_request("POST", "/api/login", {}, "{")},
      {431, "GET / HTTP/1.1\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n"},
      {200, make_request("GET", "/openapi.json")},
      {200, make_request("GET", "/docs")},
      {200, make_request("GET", "/")},
      {304, make_request("GET", "/", {{"If-None-Match", "*"}})}};
  for (const auto& [status, request] : kinds) {
    raw_client c(port());
    ASSERT_TRUE(c.send(request));
    const auto r = c.read(request.starts_with("HEAD"));
    EXPECT_EQ(r.status, status) << request.substr(0, 60);
    expect_common(r, request.substr(0, 60));
  }
  raw_client stream(port());
  ASSERT_TRUE(stream.send(make_request("GET", "/api/events", {{"access-token", token}})));
  expect_common(stream.read_head(), "a stream");
  inside->on_query = [](const store_query&) -> std::optional<failure> { return failure{errc::internal, {}, {}, 0}; };
  expect_common(get("/api/scenes"), "500");
  // Those of the calls before may count a moment longer, so that it is not known which of these is the first above.
  std::vector<std::unique_ptr<raw_client>> idle;
  for (int i = 0; i < 5; ++i) idle.push_back(std::make_unique<raw_client>(port()));
  raw_client above(port());
  expect_common(above.read(), "503 above the limit");
}

TEST_F(http_security_headers, PagesMayNotBeFramedAndTakeNothingFromElsewhere) {
  for (const auto* path : {"/", "/docs"}) {
    const auto r = call(make_request("GET", path));
    const auto policy = r.header("content-security-policy");
    for (const auto* part : {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"})
      EXPECT_NE(policy.find(part), std::string::npos) << path << ": " << policy;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(r.header("x-frame-options"), "DENY") << path;
  }
}

}  // namespace
}  // namespace waihu::test
