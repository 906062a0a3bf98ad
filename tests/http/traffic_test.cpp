// What the public listener counts, over real sockets: each answer once, under its route's pattern.
#include "http/traffic.hpp"

#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class Traffic : public server_test {
 protected:
  std::uint64_t answers(std::string_view method, std::string_view pattern, int code) {
    std::uint64_t n = 0;
    options.counts->each([&](const auto& route) {
      if (route.method != method || route.pattern != pattern) return;
      for (std::size_t i = 0; i < http::counted_codes.size(); ++i)
        if (http::counted_codes[i] == code) n += route.answers[i];
    });
    return n;
  }
  std::uint64_t timed(std::string_view pattern) {
    std::uint64_t n = 0;
    options.counts->each([&](const auto& route) {
      if (route.pattern != pattern) return;
      for (const auto count : route.seconds.read().counts) n += count;
    });
    return n;
  }
  std::uint64_t all() {
    std::uint64_t n = 0;
    options.counts->each([&](const auto& route) {
      for (const auto& count : route.answers) n += count;
    });
    return n;
  }
};

TEST_F(Traffic, CountsEachAnswerUnderItsPatternAndNotUnderItsPath) {
  add_leads(2);
  EXPECT_EQ(get("/api/leads/L1001").status, 200);
  EXPECT_EQ(get("/api/leads/L1002").status, 200);
  EXPECT_EQ(get("/api/leads/L9999").status, 404);
  EXPECT_EQ(call(make_request("GET", "/api/leads/L1001")).status, 401);
  raw_client head(port());
  ASSERT_TRUE(head.send(make_request("HEAD", "/api/health")));
  EXPECT_EQ(head.read(true).status, 200);
  EXPECT_EQ(answers("GET", "/api/leads/{leads_id}", 200), 2U);
  EXPECT_EQ(answers("GET", "/api/leads/{leads_id}", 404), 1U);
  EXPECT_EQ(answers("GET", "/api/leads/{leads_id}", 401), 1U);
  EXPECT_EQ(timed("/api/leads/{leads_id}"), 4U);
  EXPECT_EQ(answers("GET", "/api/health", 200), 1U);
  EXPECT_EQ(all(), 5U);
}

TEST_F(Traffic, CountsWhatFitsNoRouteTogether) {
  EXPECT_EQ(call(make_request("GET", "/somewhere/13812345678")).status, 404);
  EXPECT_EQ(call(make_request("DELETE", "/api/login")).status, 405);
  EXPECT_EQ(call("NONSENSE\r\n\r\n").status, 400);
  EXPECT_EQ(answers("any", "none", 404), 1U);
  EXPECT_EQ(answers("any", "none", 405), 1U);
  EXPECT_EQ(answers("any", "none", 400), 1U);
  EXPECT_EQ(all(), 3U);
}

TEST_F(Traffic, CountsAlsoWhatWasRefusedBeforeItsBodyWasRead) {
  const auto r = call("POST /api/leads/import HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(r.status, 401);
  EXPECT_EQ(answers("POST", "/api/leads/import", 401), 1U);
  const auto big = call("POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(big.status, 413);
  EXPECT_EQ(answers("POST", "/api/login", 413), 1U);
}

TEST_F(Traffic, CountsConnectionsAndStreamsWhileTheyAreOpen) {
  raw_client c(port());
  ASSERT_TRUE(c.send(make_request("GET", "/api/events", {{"access-token", token_of(operator_a)}})));
  EXPECT_EQ(c.read_head().status, 200);
  EXPECT_EQ(options.counts->connections, 1);
  EXPECT_EQ(options.counts->event_streams, 1);
  EXPECT_EQ(answers("GET", "/api/events", 200), 1U);
  stop_server(milliseconds{5'000});
  EXPECT_EQ(options.counts->connections, 0);
  EXPECT_EQ(options.counts->event_streams, 0);
}

TEST_F(Traffic, CountsRefusedConnections) {
  options.http.max_connections = 1;
  raw_client first(port());
  ASSERT_TRUE(first.send(make_request("GET", "/api/health")));
  EXPECT_EQ(first.read().status, 200);
  raw_client second(port());
  EXPECT_EQ(second.read().status, 503);
  EXPECT_EQ(options.counts->refused_connections, 1U);
}

}  // namespace
}  // namespace waihu::test
