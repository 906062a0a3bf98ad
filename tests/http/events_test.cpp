// Server-Sent Events: resume without gap or double, slow subscribers, stopping.
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_events : public server_test {
 public:
  std::string subscribe_request(const std::string& last_id = {}, const std::string& query = {}) {
    std::vector<std::pair<std::string, std::string>> headers{{"access-token", token_of(operator_a)}};
    if (!last_id.empty()) headers.emplace_back("Last-Event-ID", last_id);
    return make_request("GET", "/api/events" + query, headers);
  }
  std::int64_t newest() { return value(inside->run(query::last_event{}).value()); }
  /// Tells an ephemeral event and reads up to it: whatever was queued before it has been seen then.
  bool read_to_marker(raw_client& c) {
    event_record e;
    e.organization_id = org_a;
    e.kind = "progress";
    e.data_json = R"({"reason":"marker"})";
    inside->publish(e);
    return c.read_until("\"reason\":\"marker\"");
  }
  static std::vector<std::int64_t> ids_with_data(const std::string& stream) {
    std::vector<std::int64_t> ids;
    for (std::size_t at = 0; (at = stream.find("id: ", at)) != std::string::npos; ++at) {
      const auto block = stream.substr(at, stream.find("\n\n", at) - at);
      if (block.find("\ndata: ") != std::string::npos) ids.push_back(std::stoll(block.substr(4)));
    }
    return ids;
  }
};

TEST_F(http_events, EventsArriveLiveWithIdsAndTheRightShape) {
  add_leads(2);
  const auto task = add_task(operator_a);
  raw_client c(port());
  ASSERT_TRUE(c.send(subscribe_request()));
  const auto head = c.read_head();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-type"), "text/event-stream; charset=utf-8");
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  const auto rows = dispatch(task);
  settle(task, rows[0], call_status::failed);
  ASSERT_TRUE(c.read_until("id: " + std::to_string(newest()) + "\n"));
  EXPECT_NE(c.stream().find("event: task\n"), std::string::npos);
  EXPECT_NE(c.stream().find("event: job\n"), std::string::npos);
  EXPECT_NE(c.stream().find("\"task_id\":" + std::to_string(value(task.id))), std::string::npos);
}

TEST_F(http_events, ResumingGivesEveryEventOnceAlsoThoseCommittedMeanwhile) {
  add_leads(400);
  const auto task = add_task(operator_a);
  const auto before = newest();
  const auto rows = dispatch(task);
  for (std::size_t i = 0; i < 200; ++i) settle(task, rows[i], call_status::failed);
  raw_client c(port());
  // The rest is committed while the stream catches up: the seam between store and hub is where gaps and doubles live.
  std::thread writer([&] {
    for (std::size_t i = 200; i < rows.size(); ++i) settle(task, rows[i], call_status::failed);
  });
  ASSERT_TRUE(c.send(subscribe_request(std::to_string(before))));
  EXPECT_EQ(c.read_head().status, 200);
  writer.join();
  ASSERT_TRUE(c.read_until("id: " + std::to_string(newest()) + "\n"));
  ASSERT_TRUE(read_to_marker(c));
  query::events_after q;
  q.organization_id = org_a;
  q.after = event_id{before};
  q.limit = 1000;
  std::vector<std::int64_t> wanted;
  const auto kept = inside->run(q).value();
  for (const auto& e : kept) wanted.push_back(value(e.id));
  ASSERT_GT(wanted.size(), 400U);
  EXPECT_EQ(ids_with_data(c.stream() + "\n\n"), wanted);
}

TEST_F(http_events, WhatAlsoCameLiveIsNotSentTwice) {
  add_leads(2);
  const auto task = add_task(operator_a);
  const auto before = newest();
  const auto rows = dispatch(task);
  query::events_after q;
  q.organization_id = org_a;
  q.after = event_id{before};
  const auto stored = inside->run(q).value();
  ASSERT_FALSE(stored.empty());
  // Held between subscription and catch-up: the hub tells the same events that the store will show.
  std::atomic<bool> told{false};
  inside->on_query = [&](const store_query& one) -> std::optional<failure> {
    if (std::holds_alternative<query::events_after>(one) && !told.exchange(true))
      for (const auto& e : stored) inside->publish(e);
    return std::nullopt;
  };
  raw_client c(port());
  ASSERT_TRUE(c.send(subscribe_request({}, "?last_event_id=" + std::to_string(before))));
  EXPECT_EQ(c.read_head().status, 200);
  ASSERT_TRUE(c.read_until("id: " + std::to_string(value(stored.back().id)) + "\n"));
  settle(task, rows[0], call_status::failed);
  ASSERT_TRUE(c.read_until("id: " + std::to_string(newest()) + "\n"));
  ASSERT_TRUE(read_to_marker(c));
  EXPECT_EQ(ids_with_data(c.stream() + "\n\n").size(), stored.size() + 1);
}

TEST_F(http_events, AReconnectAfterNothingWasSentStillHasNoGap) {
  add_leads(1);
  const auto task = add_task(operator_a);
  raw_client c(port());
  ASSERT_TRUE(c.send(subscribe_request()));
  c.read_head();
  ASSERT_TRUE(c.read_until("id: " + std::to_string(newest()) + "\n\n"));
}

TEST_F(http_events, OtherTasksAndOtherOrganisationsAreLeftOut) {
  add_leads(1);
  add_leads(1, org_b);
  const auto mine = add_task(operator_a, "a");
  const auto other = add_task(operator_a, "b");
  const auto foreign = add_task(operator_b, "c");
  raw_client c(port());
  ASSERT_TRUE(c.send(subscribe_request({}, "?task_id=" + std::to_string(value(mine.id)))));
  c.read_head();
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  dispatch(foreign);
  dispatch(other);
  dispatch(mine);
  ASSERT_TRUE(c.read_until("id: " + std::to_string(newest()) + "\n"));
  EXPECT_EQ(c.stream().find("\"task_id\":" + std::to_string(value(other.id)) + ","), std::string::npos);
  EXPECT_EQ(c.stream().find("\"task_id\":" + std::to_string(value(foreign.id)) + ","), std::string::npos);
}

TEST_F(http_events, ProgressCarriesNoIdAndAnIdleStreamBeats) {
  options.http.event_heartbeat = milliseconds{100};
  raw_client c(port());
  ASSERT_TRUE(c.send(subscribe_request("0")));
  c.read_head();
  ASSERT_TRUE(c.read_until(": heartbeat\n\n"));
  event_record e;
  e.organization_id = org_a;
  e.task = task_id{1};
  e.kind = "progress";
  e.data_json = R"({"total_completed":1})";
  inside->publish(e);
  ASSERT_TRUE(c.read_until("event: progress\n"));
  ASSERT_TRUE(c.read_until("\"total_completed\":1"));
  EXPECT_TRUE(ids_with_data(c.stream()).empty());
}

TEST_F(http_events, ASlowSubscriberIsDroppedResumablyAndKeepsNothing) {
  options.http.event_queue_limit = 10;
  raw_client c(port());
  const int small = 4096;
  ::setsockopt(c.handle(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  ASSERT_TRUE(c.send(subscribe_request("0")));
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  event_record e;
  e.organization_id = org_a;
  e.task = task_id{1};
  e.kind = "progress";
  e.data_json = R"({"last_error":")" + std::string(60'000, 'x') + R"("})";
  // Far more than the kernel and the queue hold together.
  for (int n = 0; n < 1000 && inside->subscribers() == 1; ++n) inside->publish(e);
  ASSERT_EQ(inside->subscribers(), 0U);
  c.read_head();
  ASSERT_TRUE(c.read_until("event: error\n"));
  ASSERT_TRUE(c.read_until("too_slow"));
  EXPECT_TRUE(c.is_closed_by_server());
}

// A matter of chance: without the look it fails once in 50 runs on busy cores, each with 300 streams.
TEST_F(http_events, AStreamIsNotTakenForLeftWhenItsRequestCameInPieces) {
  constexpr std::size_t streams = 300;
  std::vector<std::unique_ptr<raw_client>> all;
  for (std::size_t i = 0; i < streams; ++i) {
    const auto request = subscribe_request();
    all.push_back(std::make_unique<raw_client>(port()));
    for (const auto& part : {request.substr(0, 10), request.substr(10, 20), request.substr(30)})
      ASSERT_TRUE(all.back()->send(part));
  }
  for (const auto& c : all) EXPECT_EQ(c->read_head().status, 200);
  ASSERT_TRUE(inside->wait_for_subscribers(streams));
  std::size_t cut = 0;
  for (const auto& c : all) cut += read_to_marker(*c) ? 0U : 1U;
  EXPECT_EQ(cut, 0U);
}

TEST_F(http_events, AClientThatLeavesIsUnsubscribedAtOnce) {
  raw_client c(port());
  ASSERT_TRUE(c.send(subscribe_request()));
  c.read_head();
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  c.close();
  EXPECT_TRUE(inside->wait_for_subscribers(0));
}

TEST_F(http_events, StoppingEndsStreamsAndSaysSo) {
  raw_client c(port());
  ASSERT_TRUE(c.send(subscribe_request()));
  c.read_head();
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  stop_server(milliseconds{5'000});
  EXPECT_TRUE(c.read_until("going_away"));
  EXPECT_TRUE(c.is_closed_by_server());
  EXPECT_EQ(inside->subscribers(), 0U);
}

TEST_F(http_events, WithoutATokenThereIsNoStream) { EXPECT_EQ(call(make_request("GET", "/api/events")).status, 401); }

}  // namespace
}  // namespace waihu::test
