// The admin listener over real sockets: its three pages, what it refuses, its bounds.
#include "http/admin_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "tests/http/raw_client.hpp"

namespace waihu::test {
namespace {

class AdminListener : public ::testing::Test {
 protected:
  AdminListener() { options.port = 0; }

  std::uint16_t port() {
    if (!server) {
      http::admin_pages pages;
      pages.metrics = [] { return std::string("# HELP a b\n# TYPE a gauge\na 1\n"); };
      pages.ready = [this] { return http::readiness_page{ready, ready ? R"({"ready":true})" : R"({"ready":false})"}; };
      server = std::make_unique<http::admin_server>(options, times, std::move(pages));
      const auto bound = server->start();
      EXPECT_TRUE(bound) << bound.error().message;
      port_ = bound.value_or(0);
    }
    return port_;
  }
  reply call(const std::string& request, bool is_head = false) {
    raw_client c(port());
    EXPECT_TRUE(c.send(request));
    return c.read(is_head);
  }

  config::admin_options options;
  config::http_options times;
  std::atomic<bool> ready{true};
  std::unique_ptr<http::admin_server> server;

 private:
  std::uint16_t port_{};
};

TEST_F(AdminListener, TellsThatTheProcessIsUp) {
  const auto r = call(make_request("GET", "/healthz"));
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, "ok\n");
}

TEST_F(AdminListener, ServesTheMetricsAsPrometheusText) {
  const auto r = call(make_request("GET", "/metrics?x=1"));
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(r.body, "# HELP a b\n# TYPE a gauge\na 1\n");
}

TEST_F(AdminListener, AnswersReadinessWith200Or503AndSaysWhy) {
  EXPECT_EQ(call(make_request("GET", "/readyz")).status, 200);
  ready = false;
  const auto r = call(make_request("GET", "/readyz"));
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(r.header("content-type"), "application/json; charset=utf-8");
  EXPECT_FALSE(r.json().flag("/ready"));
  EXPECT_EQ(call(make_request("GET", "/healthz")).status, 200) << "alive all the same";
}

TEST_F(AdminListener, HeadTellsTheLengthAndSendsNoBody) {
  for (const auto* path : {"/metrics", "/healthz", "/readyz"}) {
    const auto got = call(make_request("GET", path));
    raw_client c(port());
    ASSERT_TRUE(c.send(make_request("HEAD", path) + make_request("GET", "/healthz")));
    const auto head = c.read(true);
    EXPECT_EQ(head.status, 200) << path;
    EXPECT_EQ(head.header("content-length"), std::to_string(got.body.size())) << path;
    EXPECT_EQ(c.read().body, "ok\n") << "the next answer begins where the head ended";
  }
}

TEST_F(AdminListener, KnowsNoOtherPathAndNoOtherMethod) {
  for (const auto* path : {"/", "/metrics/", "/api/health", "/healthz/x", "*"})
    EXPECT_EQ(call(make_request("GET", path)).status, 404) << path;
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const auto r = call(make_request(method, "/metrics"));
    EXPECT_EQ(r.status, 405) << method;
    EXPECT_EQ(r.header("allow"), "GET, HEAD");
  }
}

TEST_F(AdminListener, ServesManyRequestsOnOneConnection) {
  raw_client c(port());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(c.send(make_request("GET", "/healthz")));
    ASSERT_EQ(c.read().status, 200) << i;
  }
}

TEST_F(AdminListener, RefusesLongHeadsBodiesAndNonsense) {
  EXPECT_EQ(call(make_request("GET", "/healthz", {{"X", std::string(http::admin_header_limit, 'x')}})).status, 431);
  EXPECT_EQ(call("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello").status, 413);
  EXPECT_EQ(call("POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").status, 413);
  for (const auto* bytes : {"NONSENSE\r\n\r\n", "GET /healthz HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n"}) {
    raw_client c(port());
    ASSERT_TRUE(c.send(bytes));
    EXPECT_EQ(c.read().status, 400) << bytes;
    EXPECT_TRUE(c.is_closed_by_server()) << bytes;
  }
}

TEST_F(AdminListener, ClosesWhoSendsNoHeadInTimeAndWhoIsIdle) {
  times.header_timeout = std::chrono::milliseconds{200};
  times.idle_timeout = std::chrono::milliseconds{300};
  raw_client slow(port()), idle(port());
  ASSERT_TRUE(slow.send("GET /heal"));
  ASSERT_TRUE(idle.send(make_request("GET", "/healthz")));
  EXPECT_EQ(idle.read().status, 200);
  EXPECT_TRUE(slow.is_closed_by_server());
  EXPECT_TRUE(idle.is_closed_by_server());
}

TEST_F(AdminListener, TellsThoseAboveTheLimitThatItIsBusy) {
  std::vector<std::unique_ptr<raw_client>> held;
  for (int i = 0; i < http::admin_connection_limit; ++i) {
    held.push_back(std::make_unique<raw_client>(port()));
    ASSERT_TRUE(held.back()->send(make_request("GET", "/healthz")));
    ASSERT_EQ(held.back()->read().status, 200) << i;
  }
  {
    raw_client one_more(port());
    EXPECT_EQ(one_more.read().status, 503);
  }
  held.pop_back();
  // The place is free once the listener has seen the end of that connection.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int status = 0;
  while (status != 200 && std::chrono::steady_clock::now() < deadline) {
    raw_client again(port());
    if (again.send(make_request("GET", "/healthz"))) status = again.read().status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(AdminListener, SaysWhichKeysAreWrongWhenItCannotListen) {
  config::admin_options same = options;
  same.port = port();
  http::admin_server second(same, times, {});
  const auto refused = second.start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_NE(refused.error().message.find("admin.listen_address, admin.port"), std::string::npos);
  same.listen_address = "nowhere";
  http::admin_server third(same, times, {});
  EXPECT_EQ(third.start().error().code, errc::invalid_argument);
}

TEST_F(AdminListener, IsNotThereWithoutAnAddress) {
  options.listen_address.clear();
  EXPECT_EQ(port(), 0);
}

TEST_F(AdminListener, StopsAtOnceWithConnectionsOpen) {
  raw_client c(port());
  ASSERT_TRUE(c.send(make_request("GET", "/healthz")));
  EXPECT_EQ(c.read().status, 200);
  server->stop();
  server.reset();
  EXPECT_TRUE(c.is_closed_by_server());
}

TEST_F(AdminListener, APageThatThrowsClosesOnlyItsConnection) {
  http::admin_pages pages;
  pages.metrics = []() -> std::string { throw std::runtime_error("planted"); };
  http::admin_server throwing(options, times, std::move(pages));
  const auto bound = throwing.start();
  ASSERT_TRUE(bound);
  raw_client first(*bound);
  ASSERT_TRUE(first.send(make_request("GET", "/metrics")));
  EXPECT_TRUE(first.is_closed_by_server());
  raw_client second(*bound);
  ASSERT_TRUE(second.send(make_request("GET", "/healthz")));
  EXPECT_EQ(second.read().status, 200);
}

}  // namespace
}  // namespace waihu::test
