// How the server speaks HTTP: framing, limits, time-outs, stopping.
#include <zlib.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

using http_protocol = server_test;
using std::chrono::steady_clock;

TEST_F(http_protocol, HealthHasNeitherCodeNorData) {
  const auto r = call(make_request("GET", "/api/health"));
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, R"({"status":"ok","message":"服务运行正常"})");
  EXPECT_EQ(r.header("content-type"), "application/json; charset=utf-8");
  EXPECT_FALSE(r.header("x-request-id").empty());
  EXPECT_FALSE(r.header("date").empty());
}

TEST_F(http_protocol, PipelinedRequestsAreAnsweredInOrderOnOneConnection) {
  raw_client c(port());
  ASSERT_TRUE(c.send(make_request("GET", "/api/health", {{"X-Request-Id", "one"}}) +
                     make_request("GET", "/nowhere", {{"X-Request-Id", "two"}}) +
                     make_request("POST", "/api/login", {{"X-Request-Id", "three"}}, "{}") +
                     make_request("HEAD", "/api/health", {{"X-Request-Id", "four"}}) +
                     make_request("GET", "/", {{"X-Request-Id", "five"}})));
  EXPECT_EQ(c.read().header("x-request-id"), "one");
  const auto two = c.read();
  EXPECT_EQ(two.header("x-request-id"), "two");
  EXPECT_EQ(two.status, 404);
  EXPECT_EQ(c.read().status, 422);
  const auto four = c.read(true);
  EXPECT_EQ(four.header("x-request-id"), "four");
  EXPECT_NE(four.header("content-length"), "0");
  const auto five = c.read();
  EXPECT_EQ(five.header("x-request-id"), "five");
  EXPECT_NE(five.body.find("Waihu"), std::string::npos);
}

TEST_F(http_protocol, AnInsaneRequestIdIsReplaced) {
  const auto r = call(make_request("GET", "/api/health", {{"X-Request-Id", "a b\"<script>"}}));
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.header("x-request-id").find('<'), std::string::npos);
  const auto bad = call(make_request("GET", "/none", {{"X-Request-Id", "abc-1"}}));
  EXPECT_EQ(bad.json().text("/request_id"), "abc-1");
}

TEST_F(http_protocol, UnknownPathsAndWrongMethodsAreToldApart) {
  const auto unknown = call(make_request("GET", "/api/none"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.json().number("/code"), 1004);
  EXPECT_EQ(unknown.json().number("/detail/code"), 1004);
  EXPECT_EQ(unknown.json().text("/detail/status"), "error");
  const auto wrong = call(make_request("DELETE", "/api/login"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "POST, OPTIONS");
  const auto options_answer = call(make_request("OPTIONS", "/api/scenes"));
  EXPECT_EQ(options_answer.status, 204);
  EXPECT_EQ(options_answer.header("allow"), "GET, HEAD, OPTIONS");
}

TEST_F(http_protocol, OtherContentTypesAreRefused) {
  const auto r = call(make_request("POST", "/api/login", {{"Content-Type", "text/plain"}}, "{}"));
  EXPECT_EQ(r.status, 415);
  EXPECT_EQ(r.json().number("/code"), 1003);
}

TEST_F(http_protocol, OriginsOnTheListMayReadAndOthersMayNot) {
  options.http.cors_origins = {"https://console.example"};
  const auto good = call(make_request("OPTIONS", "/api/login", {{"Origin", "https://console.example"}}));
  EXPECT_EQ(good.header("access-control-allow-origin"), "https://console.example");
  EXPECT_NE(good.header("access-control-allow-headers").find("access-token"), std::string::npos);
  const auto other = call(make_request("GET", "/api/health", {{"Origin", "https://evil.example"}}));
  EXPECT_EQ(other.header("access-control-allow-origin"), "");
}

TEST_F(http_protocol, AStarOriginAShortSecretOrAnUnknownZoneRefuseToStart) {
  boost::asio::io_context io;
  options.http.port = 0;
  for (int i = 0; i < 3; ++i) {
    auto wrong = options;
    if (i == 0) wrong.http.cors_origins = {"*"};
    if (i == 1) wrong.auth.jwt_secret = "short";
    if (i == 2) wrong.time_zone = "Mars/Olympus";
    http::http_server server(io, wrong, inside);
    const auto started = server.start();
    ASSERT_FALSE(started) << i;
    EXPECT_EQ(started.error().code, errc::invalid_argument) << i;
  }
}

TEST_F(http_protocol, LongAnswersAreCompressedWhenAccepted) {
  add_leads(300);
  const auto token = token_of(operator_a);
  const auto plain = call(make_request("GET", "/api/leads/count", {{"access-token", token}}));
  const auto packed =
      call(make_request("GET", "/api/leads/count", {{"access-token", token}, {"Accept-Encoding", "br, gzip;q=0.5"}}));
  EXPECT_EQ(plain.header("content-encoding"), "");
  ASSERT_EQ(packed.header("content-encoding"), "gzip");
  EXPECT_LT(packed.body.size(), plain.body.size());
  std::string out(plain.body.size() + 100, '\0');
  z_stream z{};
  ASSERT_EQ(inflateInit2(&z, 31), Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.body.data()));
  z.avail_in = static_cast<uInt>(packed.body.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  inflateEnd(&z);
  EXPECT_EQ(out, plain.body);
  const auto refused =
      call(make_request("GET", "/api/leads/count", {{"access-token", token}, {"Accept-Encoding", "gzip;q=0"}}));
  EXPECT_EQ(refused.header("content-encoding"), "");
}

TEST_F(http_protocol, BrokenRequestLinesAreAnsweredInTheEnvelopeAndClosed) {
  for (const auto* bytes :
       {"NONSENSE\r\n\r\n", "GET /api/health HTTP/9.9\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n"}) {
    raw_client c(port());
    ASSERT_TRUE(c.send(bytes));
    const auto r = c.read();
    EXPECT_EQ(r.status, 400) << bytes;
    EXPECT_EQ(r.json().number("/code"), 1003) << bytes;
    EXPECT_TRUE(c.is_closed_by_server()) << bytes;
  }
}

TEST_F(http_protocol, TwoLengthsOrLengthWithChunksAreRefused) {
  for (const auto* headers :
       {"Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"}) {
    raw_client c(port());
    ASSERT_TRUE(c.send(std::string("POST /api/login HTTP/1.1\r\nHost: x\r\n") + headers + "\r\n{}"));
    EXPECT_EQ(c.read().status, 400) << headers;
    EXPECT_TRUE(c.is_closed_by_server());
  }
}

TEST_F(http_protocol, TooManyOrTooLongHeadersAreRefused) {
  std::string many = "GET /api/health HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(call(many + "\r\n").status, 431);
  EXPECT_EQ(call("GET /api/health HTTP/1.1\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n").status, 431);
}

TEST_F(http_protocol, BodiesOverTheLimitAre413AnnouncedOrNot) {
  options.http.body_limit_bytes = 1000;
  const auto announced = call(make_request("POST", "/api/login", {}, std::string(1001, ' ')));
  EXPECT_EQ(announced.status, 413);
  EXPECT_EQ(announced.json().number("/code"), 1003);
  raw_client c(port());
  ASSERT_TRUE(c.send("POST /api/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
  for (int i = 0; i < 4; ++i) c.send("190\r\n" + std::string(400, ' ') + "\r\n");
  EXPECT_EQ(c.read().status, 413);
  EXPECT_TRUE(c.is_closed_by_server());
}

TEST_F(http_protocol, AChunkedBodyWithinTheLimitIsRead) {
  raw_client c(port());
  ASSERT_TRUE(
      c.send("POST /api/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
             "6\r\n{\"user\r\n7\r\nname\":1\r\n1\r\n}\r\n0\r\n\r\n"));
  const auto r = c.read();
  EXPECT_EQ(r.status, 422);
  EXPECT_EQ(r.json().text("/data/errors/0/field"), "username");
}

TEST_F(http_protocol, ExpectContinueIsAnsweredBeforeTheBody) {
  raw_client c(port());
  ASSERT_TRUE(c.send("POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(c.read_head().status, 100);
  ASSERT_TRUE(c.send("{}"));
  EXPECT_EQ(c.read().status, 422);
}

TEST_F(http_protocol, AClientThatDripsItsHeaderIsCutAtTheHeaderTimeout) {
  options.http.header_timeout = milliseconds{300};
  raw_client c(port());
  const auto begin = steady_clock::now();
  ASSERT_TRUE(c.send("GET /api/health HTTP/1.1\r\nX-Slow: "));
  std::thread drip([&] {
    // Each byte comes well within any idle limit; only an absolute deadline ends this.
    for (int i = 0; i < 200 && c.send("a"); ++i) std::this_thread::sleep_for(milliseconds{20});
  });
  EXPECT_TRUE(c.is_closed_by_server());
  const auto took = steady_clock::now() - begin;
  drip.join();
  EXPECT_LT(took, milliseconds{3'000});
}

TEST_F(http_protocol, ABodyThatStopsComingIsCutAtTheBodyTimeout) {
  options.http.body_timeout = milliseconds{300};
  raw_client c(port());
  ASSERT_TRUE(c.send("POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"));
  EXPECT_TRUE(c.is_closed_by_server());
}

TEST_F(http_protocol, AnIdleConnectionIsClosedAndAnActiveOneIsNot) {
  options.http.idle_timeout = milliseconds{300};
  raw_client c(port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(c.send(make_request("GET", "/api/health")));
    EXPECT_EQ(c.read().status, 200);
  }
  EXPECT_TRUE(c.is_closed_by_server());
}

TEST_F(http_protocol, ConnectionsAboveTheLimitAreTold503) {
  options.http.max_connections = 2;
  raw_client a(port()), b(port());
  for (auto* c : {&a, &b}) {
    ASSERT_TRUE(c->send(make_request("GET", "/api/health")));
    EXPECT_EQ(c->read().status, 200);
  }
  raw_client third(port());
  const auto r = third.read();
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(r.header("retry-after"), "1");
  a.close();
  // The place becomes free as soon as the server has seen the close.
  const auto until = steady_clock::now() + std::chrono::seconds{10};
  int status = 0;
  while (status != 200 && steady_clock::now() < until) {
    raw_client again(port());
    again.send(make_request("GET", "/api/health"));
    status = again.read().status;
  }
  EXPECT_EQ(status, 200);
}

TEST_F(http_protocol, RequestsAboveTheOutstandingLimitAre503AndTheRestAreAnswered) {
  options.http.max_outstanding = 1;
  inside->hold(true);
  raw_client first(port());
  const auto request = make_request("GET", "/api/scenes", {{"access-token", token_of(operator_a)}});
  ASSERT_TRUE(first.send(request));
  const auto until = steady_clock::now() + std::chrono::seconds{10};
  while (inside->held() == 0 && steady_clock::now() < until) std::this_thread::yield();
  ASSERT_EQ(inside->held(), 1U);
  const auto refused = call(request);
  EXPECT_EQ(refused.status, 503);
  EXPECT_FALSE(refused.header("retry-after").empty());
  inside->release();
  EXPECT_EQ(first.read().status, 200);
}

TEST_F(http_protocol, AStoreThatDoesNotAnswerIs503AfterTheRequestTimeout) {
  options.http.request_timeout = milliseconds{200};
  inside->hold(true);
  const auto r = get("/api/scenes");
  EXPECT_EQ(r.status, 503);
  EXPECT_FALSE(r.header("retry-after").empty());
  inside->release();
  EXPECT_EQ(get("/api/scenes").status, 200);
}

TEST_F(http_protocol, AFailureInsideShowsNothingOfItself) {
  inside->on_query = [](const store_query&) -> std::optional<failure> {
    return failure{errc::internal, "SELECT secret FROM users", "42P01", 0};
  };
  const auto r = get("/api/scenes");
  EXPECT_EQ(r.status, 500);
  EXPECT_EQ(r.body.find("SELECT"), std::string::npos);
  EXPECT_EQ(r.body.find("42P01"), std::string::npos);
}

TEST_F(http_protocol, FilesAreServedWithAnEtagAndNotAgainToWhoHasThem) {
  for (const auto* path : {"/", "/openapi.json", "/docs", "/docs/reader.js", "/docs/reader.css"}) {
    const auto first = call(make_request("GET", path));
    EXPECT_EQ(first.status, 200) << path;
    EXPECT_FALSE(first.body.empty()) << path;
    ASSERT_FALSE(first.header("etag").empty()) << path;
    for (const auto& known : {first.header("etag"), "\"other\", " + first.header("etag"), std::string("*")}) {
      const auto again = call(make_request("GET", path, {{"If-None-Match", known}}));
      EXPECT_EQ(again.status, 304) << path;
      EXPECT_TRUE(again.body.empty()) << path;
    }
    EXPECT_EQ(call(make_request("GET", path, {{"If-None-Match", "\"other\""}})).status, 200) << path;
  }
}

TEST_F(http_protocol, ThePageOfTheDescriptionTakesNothingFromElsewhereAndRunsNothingInline) {
  const auto page = call(make_request("GET", "/docs"));
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  const auto policy = page.header("content-security-policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("script-src 'self';"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  for (const auto* path : {"/docs", "/docs/reader.js", "/docs/reader.css"}) {
    const auto text = call(make_request("GET", path)).body;
    for (const auto* outside : {"http://", "https://", "//cdn", "<style", "onclick", "innerHTML", "eval("})
      EXPECT_EQ(text.find(outside), std::string::npos) << path << " has " << outside;
  }
}

TEST_F(http_protocol, StoppingFinishesTheRequestInFlightAndClosesIdleConnections) {
  raw_client idle(port());
  ASSERT_TRUE(idle.send(make_request("GET", "/api/health")));
  EXPECT_EQ(idle.read().status, 200);
  inside->hold(true);
  raw_client busy(port());
  ASSERT_TRUE(busy.send(make_request("GET", "/api/scenes", {{"access-token", token_of(operator_a)}})));
  const auto until = steady_clock::now() + std::chrono::seconds{10};
  while (inside->held() == 0 && steady_clock::now() < until) std::this_thread::yield();
  std::thread stopper([this] { stop_server(milliseconds{10'000}); });
  EXPECT_TRUE(idle.is_closed_by_server());
  inside->release();
  const auto r = busy.read();
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.header("connection"), "close");
  stopper.join();
  raw_client late(port());
  EXPECT_FALSE(late.send(make_request("GET", "/api/health")) && late.read().status != 0);
}

TEST_F(http_protocol, StoppingCutsWhatIsNotDoneAtTheDeadline) {
  inside->hold(true);
  raw_client busy(port());
  ASSERT_TRUE(busy.send(make_request("GET", "/api/scenes", {{"access-token", token_of(operator_a)}})));
  const auto until = steady_clock::now() + std::chrono::seconds{10};
  while (inside->held() == 0 && steady_clock::now() < until) std::this_thread::yield();
  const auto begin = steady_clock::now();
  stop_server(milliseconds{100});
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{5});
  EXPECT_TRUE(busy.is_closed_by_server());
  inside->release();
}

TEST_F(http_protocol, ManyClientsAtOnceAreAllAnswered) {
  add_leads(10);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  const auto token = token_of(operator_a);
  const auto where = port();
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      raw_client c(where);
      for (int i = 0; i < 50; ++i) {
        c.send(make_request("GET", "/api/leads/count", {{"access-token", token}}));
        if (c.read().json().number("/data/total_count") == 10) ++good;
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 400);
}

}  // namespace
}  // namespace waihu::test
