// Events over WebSocket: signing in, resuming without gap or double, limits, closing.
#include <sys/socket.h>

#include <thread>

#include "http/token.hpp"
#include "tests/http/own_certificate.hpp"
#include "tests/http/server_fixture.hpp"
#include "tests/http/socket_client.hpp"

namespace waihu::test {
namespace {

class http_sockets : public server_test {
 public:
  socket_client::header_list with_token() { return {{"access-token", token_of(operator_a)}}; }
  std::string token_message(const std::string& token) { return R"({"access_token":")" + token + R"("})"; }
  std::int64_t newest() { return value(inside->run(query::last_event{}).value()); }
  /// A message with this id.
  static std::string of_id(std::int64_t id) { return "{\"id\":" + std::to_string(id) + ","; }
  /// Ids of the messages that are events.
  static std::vector<std::int64_t> event_ids(const std::vector<std::string>& messages) {
    std::vector<std::int64_t> ids;
    for (const auto& text : messages) {
      const json_view m(text);
      EXPECT_EQ(m.keys(""), (std::vector<std::string>{"id", "event", "data"})) << text;
      if (m.text("/event") != "ready" && !m.is_null("/id")) ids.push_back(m.number("/id"));
    }
    return ids;
  }
  void publish_progress(const std::string& details) {
    event_record e;
    e.organization_id = org_a;
    e.task = task_id{1};
    e.kind = "progress";
    e.data_json = details;
    inside->publish(e);
  }
};

TEST_F(http_sockets, AHandshakeWithATokenIsAcceptedByTheRules) {
  socket_client c(port());
  const auto r = c.open("/api/ws", with_token());
  ASSERT_EQ(r.status, 101);
  EXPECT_EQ(r.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") << "the sample of RFC 6455 section 1.3";
  EXPECT_EQ(r.header("upgrade"), "websocket");
  EXPECT_FALSE(r.header("x-request-id").empty());
  const json_view ready(c.next().payload);
  EXPECT_EQ(ready.text("/event"), "ready");
  EXPECT_EQ(ready.number("/id"), newest());
}

TEST_F(http_sockets, EventsArriveWithTheSameContentAsInTheStream) {
  add_leads(2);
  const auto task = add_task(operator_a);
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws", with_token()).status, 101);
  raw_client stream(port());
  ASSERT_TRUE(stream.send(make_request("GET", "/api/events", with_token())));
  stream.read_head();
  ASSERT_TRUE(inside->wait_for_subscribers(2));
  const auto rows = dispatch(task);
  settle(task, rows[0], call_status::failed);
  publish_progress(R"({"total_completed":1})");
  ASSERT_TRUE(c.read_until("total_completed"));
  ASSERT_TRUE(stream.read_until("total_completed"));
  int events = 0;
  for (const auto& text : c.messages()) {
    if (json_view(text).text("/event") == "ready") continue;
    ++events;
    const auto data = text.substr(text.find("\"data\":") + 7);
    EXPECT_NE(stream.stream().find("data: " + data.substr(0, data.size() - 1) + "\n"), std::string::npos) << text;
  }
  EXPECT_GE(events, 3);
  EXPECT_TRUE(json_view(c.messages().back()).is_null("/id")) << "progress is not kept and moves no position";
}

TEST_F(http_sockets, ResumingGivesEveryEventOnceAlsoThoseCommittedMeanwhile) {
  add_leads(300);
  const auto task = add_task(operator_a);
  const auto before = newest();
  const auto rows = dispatch(task);
  for (std::size_t i = 0; i < 150; ++i) settle(task, rows[i], call_status::failed);
  socket_client c(port());
  std::thread writer([&] {
    for (std::size_t i = 150; i < rows.size(); ++i) settle(task, rows[i], call_status::failed);
  });
  ASSERT_EQ(c.open("/api/ws?last_event_id=" + std::to_string(before), with_token()).status, 101);
  writer.join();
  ASSERT_TRUE(c.read_until(of_id(newest())));
  query::events_after q;
  q.organization_id = org_a;
  q.after = event_id{before};
  q.limit = 1000;
  std::vector<std::int64_t> wanted;
  const auto kept = inside->run(q).value();
  for (const auto& e : kept) wanted.push_back(value(e.id));
  ASSERT_GT(wanted.size(), 300U);
  EXPECT_EQ(event_ids(c.messages()), wanted);
}

TEST_F(http_sockets, OtherTasksAndOtherOrganisationsAreLeftOut) {
  add_leads(1);
  add_leads(1, org_b);
  const auto mine = add_task(operator_a, "a");
  const auto other = add_task(operator_a, "b");
  const auto foreign = add_task(operator_b, "c");
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws?task_id=" + std::to_string(value(mine.id)), with_token()).status, 101);
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  for (const auto& task : {foreign, other, mine}) dispatch(task);
  ASSERT_TRUE(c.read_until(of_id(newest())));
  for (const auto& text : c.messages())
    EXPECT_TRUE(json_view(text).text("/event") == "ready" || json_view(text).number("/data/task_id") == value(mine.id))
        << text;
}

TEST_F(http_sockets, TheFirstMessageMayBringTheToken) {
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws").status, 101);
  c.say(token_message("Bearer " + token_of(operator_a)));
  EXPECT_EQ(json_view(c.next().payload).text("/event"), "ready");
  EXPECT_TRUE(inside->wait_for_subscribers(1));
  c.say("whatever is said later is of no use");
  publish_progress(R"({"total_completed":1})");
  EXPECT_TRUE(c.read_until("total_completed"));
}

TEST_F(http_sockets, AFirstMessageWithoutAGoodTokenClosesWith4401) {
  const auto expired =
      http::token_mint(secret, std::chrono::hours{1}).issue(operator_a, wall_now() - std::chrono::hours{2});
  for (const auto& text :
       {std::string("hello"), std::string("{}"), token_message("garbage"), token_message(*expired)}) {
    socket_client c(port());
    ASSERT_EQ(c.open("/api/ws").status, 101);
    c.say(text);
    const auto end = c.next();
    EXPECT_EQ(end.close_code(), 4401) << text;
    EXPECT_EQ(end.close_word(), "token_refused") << text;
  }
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws").status, 101);
  c.say(token_message(token_of(unbound)));
  EXPECT_EQ(c.next().close_code(), 4400);
  EXPECT_EQ(inside->subscribers(), 0U);
}

TEST_F(http_sockets, WhoSaysNothingIsClosedAfterFiveSeconds) {
  socket_client c(port());
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(c.open("/api/ws").status, 101);
  const auto end = c.next();
  EXPECT_EQ(end.close_code(), 4401);
  EXPECT_EQ(end.close_word(), "token_missing");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{9});
}

TEST_F(http_sockets, AForeignTaskIsAnsweredLikeAMissingOneBothWaysOfSigningIn) {
  add_leads(1, org_b);
  const auto foreign = std::to_string(value(add_task(operator_b).id));
  for (const auto& id : {foreign, std::string("987654")}) {
    socket_client by_header(port());
    EXPECT_EQ(by_header.open("/api/ws?task_id=" + id, with_token()).status, 404) << id;
    socket_client by_message(port());
    ASSERT_EQ(by_message.open("/api/ws?task_id=" + id).status, 101);
    by_message.say(token_message(token_of(operator_a)));
    EXPECT_EQ(by_message.next().close_code(), 4404) << id;
  }
}

TEST_F(http_sockets, WhatIsNoProperHandshakeIsRefusedInTheEnvelope) {
  const auto status = [&](const socket_client::header_list& more, const std::string& target = "/api/ws") {
    socket_client c(port());
    return c.open(target, more).status;
  };
  const auto token = token_of(operator_a);
  EXPECT_EQ(status({{"Upgrade", ""}}), 401) << "an ordinary request without a token";
  EXPECT_EQ(status({{"Upgrade", ""}, {"access-token", token}}), 426);
  EXPECT_EQ(status({{"Sec-WebSocket-Version", "8"}, {"access-token", token}}), 426);
  EXPECT_EQ(status({{"Sec-WebSocket-Key", "short"}, {"access-token", token}}), 426);
  EXPECT_EQ(status({{"access-token", "garbage"}}), 401) << "a bad token in the header is told at once";
  EXPECT_EQ(status({{"access-token", token}}, "/api/ws?task_id=x"), 422);
  EXPECT_EQ(status({}, "/api/ws?last_event_id=-1"), 422);
  EXPECT_EQ(status({{"access-token", token}}, "/api/health"), 200) << "other paths are no sockets";
}

TEST_F(http_sockets, ATokenInTheUrlIsNotLookedAt) {
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws?access_token=" + token_of(operator_a)).status, 101);
  c.say("{}");
  EXPECT_EQ(c.next().close_code(), 4401);
}

TEST_F(http_sockets, PagesOfOtherOriginsAreRefused) {
  options.http.cors_origins = {"https://console.example.com"};
  const auto status = [&](const std::string& origin) {
    socket_client c(port());
    return c
        .open("/api/ws", {{"access-token", token_of(operator_a)}, {"Origin", origin}, {"Host", "api.example.com:8080"}})
        .status;
  };
  EXPECT_EQ(status("https://console.example.com"), 101);
  EXPECT_EQ(status("https://API.example.com:8080"), 101) << "the page that the server itself gave out";
  for (const auto* other : {"https://evil.example", "null", "https://api.example.com", "http://console.example.com",
                            "https://api.example.com:8080.evil.example"})
    EXPECT_EQ(status(other), 403) << other;
}

TEST_F(http_sockets, MessagesOfAClientAreLimitedTo64KiB) {
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws", with_token()).status, 101);
  c.say(std::string(64UL * 1024, 'x'));
  publish_progress(R"({"total_completed":1})");
  ASSERT_TRUE(c.read_until("total_completed"));
  c.say(std::string(64UL * 1024 + 1, 'x'));
  EXPECT_EQ(c.closing().close_code(), 1009);
  EXPECT_TRUE(inside->wait_for_subscribers(0));
  // In pieces it is the same.
  socket_client pieces(port());
  ASSERT_EQ(pieces.open("/api/ws", with_token()).status, 101);
  pieces.send_frame(1, std::string(40'000, 'x'), false);
  pieces.send_frame(0, std::string(40'000, 'x'));
  EXPECT_EQ(pieces.closing().close_code(), 1009);
}

TEST_F(http_sockets, FramesThatBreakTheProtocolCloseWith1002OrBadTextWith1007) {
  const auto closed_by = [&](int opcode, const std::string& payload, bool is_last = true, bool is_masked = true) {
    socket_client c(port());
    EXPECT_EQ(c.open("/api/ws", with_token()).status, 101);
    c.send_frame(opcode, payload, is_last, is_masked);
    return c.closing().close_code();
  };
  EXPECT_EQ(closed_by(1, "not masked", true, false), 1002);
  EXPECT_EQ(closed_by(3, "reserved opcode"), 1002);
  EXPECT_EQ(closed_by(9, std::string(126, 'x')), 1002) << "a control frame too long";
  EXPECT_EQ(closed_by(0, "goes on with nothing"), 1002);
  EXPECT_EQ(closed_by(1, "\xff\xfe"), 1007);
}

TEST_F(http_sockets, PingsAreAnsweredAndTheServerPingsAnIdleClient) {
  options.http.event_heartbeat = milliseconds{200};
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws", with_token()).status, 101);
  EXPECT_EQ(c.next_frame().opcode, 1) << "ready";
  c.send_frame(9, "are you there");
  const auto pong = c.next_frame();
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "are you there");
  EXPECT_EQ(c.next_frame().opcode, 9);
}

TEST_F(http_sockets, AClientThatAnswersNoPingIsGivenUp) {
  options.http.event_heartbeat = milliseconds{200};
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws", with_token()).status, 101);
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  EXPECT_TRUE(inside->wait_for_subscribers(0));
}

TEST_F(http_sockets, AClientThatLeavesIsUnsubscribedAtOnceAndItsFarewellIsAnswered) {
  socket_client polite(port());
  ASSERT_EQ(polite.open("/api/ws", with_token()).status, 101);
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  polite.send_frame(8, "\x03\xe8");
  EXPECT_EQ(polite.closing().close_code(), 1000);
  EXPECT_TRUE(inside->wait_for_subscribers(0));
  socket_client abrupt(port());
  ASSERT_EQ(abrupt.open("/api/ws", with_token()).status, 101);
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  abrupt.connection().close();
  EXPECT_TRUE(inside->wait_for_subscribers(0));
}

TEST_F(http_sockets, ASlowSubscriberIsDroppedResumablyAndKeepsNothing) {
  options.http.event_queue_limit = 10;
  socket_client c(port());
  const int small = 4096;
  ::setsockopt(c.connection().handle(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  ASSERT_EQ(c.open("/api/ws", with_token()).status, 101);
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  const auto details = R"({"last_error":")" + std::string(60'000, 'x') + R"("})";
  // Far more than the kernel and the queue hold together.
  for (int n = 0; n < 1000 && inside->subscribers() == 1; ++n) publish_progress(details);
  ASSERT_EQ(inside->subscribers(), 0U);
  const auto end = c.closing();
  EXPECT_EQ(end.close_code(), 1013);
  EXPECT_EQ(end.close_word(), "too_slow");
  const json_view last(c.messages().back());
  EXPECT_EQ(last.text("/event"), "error");
  EXPECT_EQ(last.text("/data/reason"), "too_slow");
}

TEST_F(http_sockets, ASubscriberThatReadsNothingAtAllIsCut) {
  options.http.event_queue_limit = 10;
  options.http.event_heartbeat = milliseconds{300};
  socket_client c(port());
  const int small = 4096;
  ::setsockopt(c.connection().handle(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  ASSERT_EQ(c.open("/api/ws", with_token()).status, 101);
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  const auto details = R"({"last_error":")" + std::string(60'000, 'x') + R"("})";
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  for (int n = 0; n < 1000 && inside->subscribers() == 1; ++n) publish_progress(details);
  while (server().connections() > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds{5});
  EXPECT_EQ(server().connections(), 0U);
}

TEST_F(http_sockets, TheEndOfTheTokenClosesWith4401) {
  options.auth.clock_skew = milliseconds{0};
  const auto short_lived = http::token_mint(secret, std::chrono::seconds{2}).issue(operator_a, wall_now()).value();
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws", {{"access-token", short_lived}}).status, 101);
  const auto end = c.closing();
  EXPECT_EQ(end.close_code(), 4401);
  EXPECT_EQ(end.close_word(), "token_expired");
}

TEST_F(http_sockets, StoppingClosesWithGoingAwayAlsoThoseNotSignedIn) {
  socket_client signed_in(port()), waiting(port());
  ASSERT_EQ(signed_in.open("/api/ws", with_token()).status, 101);
  ASSERT_EQ(waiting.open("/api/ws").status, 101);
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  std::thread stopper([this] { stop_server(milliseconds{5'000}); });
  EXPECT_EQ(signed_in.closing().close_code(), 1001);
  EXPECT_EQ(waiting.closing().close_code(), 1001);
  signed_in.connection().close();
  waiting.connection().close();
  stopper.join();
  EXPECT_EQ(inside->subscribers(), 0U);
}

TEST_F(http_sockets, AStoreThatFailsClosesResumably) {
  socket_client c(port());
  ASSERT_EQ(c.open("/api/ws").status, 101);
  inside->on_query = [](const store_query& q) -> std::optional<failure> {
    if (std::holds_alternative<query::last_event>(q)) return failure{errc::unavailable, {}, {}, 0};
    return std::nullopt;
  };
  c.say(token_message(token_of(operator_a)));
  const auto end = c.next();
  EXPECT_EQ(end.close_code(), 1013);
  EXPECT_EQ(end.close_word(), "unavailable");
}

TEST_F(http_sockets, SocketsWorkOverTls) {
  const own_certificate identity;
  options.http.tls_certificate = identity.certificate();
  options.http.tls_key = identity.key();
  socket_client c(port());
  ASSERT_TRUE(c.connection().start_tls());
  ASSERT_EQ(c.open("/api/ws", with_token()).status, 101);
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  for (int i = 0; i < 50; ++i) publish_progress(R"({"total_completed":)" + std::to_string(i) + "}");
  ASSERT_TRUE(c.read_until(R"("total_completed":49)"));
  c.send_frame(8, "\x03\xe8");
  EXPECT_EQ(c.closing().close_code(), 1000);
  EXPECT_TRUE(inside->wait_for_subscribers(0));
}

}  // namespace
}  // namespace waihu::test
