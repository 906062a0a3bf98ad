#include "app/ctl/event_bell.hpp"

#include <gtest/gtest.h>

#include "tests/app/ctl/one_shot_server.hpp"

namespace waihu::ctl {
namespace {

using namespace std::chrono_literals;

const std::string stream_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

event_bell bell_on(const one_shot_server& server) {
  return {*server_address::parse(server.url()), telemetry::secret_string("the-token"), 12};
}

TEST(EventBell, RingsForAnEvent) {
  one_shot_server server(stream_head + "id: 5\nevent: job\ndata: {}\n\n");
  auto bell = bell_on(server);
  EXPECT_TRUE(bell.wait(0ms, 10s));
  EXPECT_NE(server.request().find("GET /api/events?task_id=12 HTTP/1.1"), std::string::npos);
  EXPECT_NE(server.request().find("Authorization: Bearer the-token"), std::string::npos);
}

TEST(EventBell, StaysSilentForAHeartbeat) {
  one_shot_server server(stream_head + ": heartbeat\n\n");
  auto bell = bell_on(server);
  EXPECT_FALSE(bell.wait(0ms, 300ms));
}

TEST(EventBell, ComesBackAfterItsIntervalWhenTheStreamCannotBeHad) {
  one_shot_server server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  auto bell = bell_on(server);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(bell.wait(0ms, 200ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms);
}

TEST(EventBell, FollowsAgainAfterTheStreamBroke) {
  one_shot_server server(stream_head + "data: 1\n\n");
  auto bell = bell_on(server);
  EXPECT_TRUE(bell.wait(0ms, 10s));
  EXPECT_TRUE(bell.wait(0ms, 10s));
  EXPECT_GE(server.connections(), 2);
}

TEST(EventBell, EndsAtOnceWhileTheStreamIsOpen) {
  one_shot_server server("");
  const auto start = std::chrono::steady_clock::now();
  {
    auto bell = bell_on(server);
    EXPECT_FALSE(bell.wait(0ms, 50ms));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

}  // namespace
}  // namespace waihu::ctl
