// TLS on the public listener: what is spoken, what is refused, renewing the certificate, streams.
#include <openssl/ssl.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <thread>

#include "tests/http/own_certificate.hpp"
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

using std::chrono::steady_clock;
using namespace std::string_literals;

class http_tls : public server_test {
 public:
  http_tls() {
    options.http.tls_certificate = identity.certificate();
    options.http.tls_key = identity.key();
  }
  bool shakes_hands(const tls_wish& wish) {
    raw_client c(port());
    return c.start_tls(wish);
  }
  /// Why a server with these files does not start.
  std::string refusal(const std::string& certificate, const std::string& key) {
    boost::asio::io_context io;
    auto with_files = options;
    with_files.http.port = 0;
    with_files.http.tls_certificate = certificate;
    with_files.http.tls_key = key;
    http::http_server other(io, with_files, inside);
    const auto started = other.start();
    EXPECT_FALSE(started);
    if (started) return {};
    EXPECT_EQ(started.error().code, errc::invalid_argument);
    return started.error().message;
  }
  own_certificate identity;
};

TEST_F(http_tls, RequestsAreServedOverTls13WithTheConfiguredCertificateAsHttp11) {
  raw_client c(port());
  tls_wish wish;
  wish.trusted = identity.certificate();
  wish.protocols = "\x02h2\x08http/1.1"s;
  ASSERT_TRUE(c.start_tls(wish));
  EXPECT_EQ(c.tls_version(), "TLSv1.3");
  EXPECT_EQ(c.tls_protocol(), "http/1.1");
  ASSERT_TRUE(c.send(make_request("GET", "/api/health") + make_request("GET", "/nowhere")));
  EXPECT_EQ(c.read().status, 200);
  EXPECT_EQ(c.read().status, 404);
}

TEST_F(http_tls, Tls12IsServedOnlyWithForwardSecrecyAndAuthenticatedCiphers) {
  for (const auto* good : {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"})
    EXPECT_TRUE(shakes_hands({TLS1_2_VERSION, TLS1_2_VERSION, {}, good, {}})) << good;
  for (const auto* weak : {"AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256", "AES256-SHA"})
    EXPECT_FALSE(shakes_hands({TLS1_2_VERSION, TLS1_2_VERSION, {}, weak, {}})) << weak;
}

TEST_F(http_tls, OlderVersionsAreRefused) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION})
    EXPECT_FALSE(shakes_hands({version, version, {}, "ALL:@SECLEVEL=0", {}})) << version;
}

TEST_F(http_tls, WhoOffersOnlyOtherProtocolsIsRefusedAndWhoOffersNoneIsServed) {
  EXPECT_FALSE(shakes_hands({0, 0, "\x02h2"s, {}, {}}));
  EXPECT_TRUE(shakes_hands({}));
}

TEST_F(http_tls, ARenewedCertificateIsShownToNewConnectionsWhileOldOnesGoOn) {
  raw_client old(port());
  ASSERT_TRUE(old.start_tls());
  EXPECT_EQ(old.tls_serial(), "1");
  identity.make(2);
  ASSERT_TRUE(server().reload_identity());
  raw_client fresh(port());
  ASSERT_TRUE(fresh.start_tls());
  EXPECT_EQ(fresh.tls_serial(), "2");
  for (auto* c : {&old, &fresh}) {
    ASSERT_TRUE(c->send(make_request("GET", "/api/health")));
    EXPECT_EQ(c->read().status, 200);
  }
}

TEST_F(http_tls, APairThatDoesNotFitIsRefusedOnReloadAndTheOldOneStays) {
  ASSERT_TRUE(shakes_hands({}));
  const own_certificate other(7);
  std::filesystem::copy_file(other.certificate(), identity.certificate(),
                             std::filesystem::copy_options::overwrite_existing);
  const auto read = server().reload_identity();
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find(identity.key()), std::string::npos) << read.error().message;
  raw_client c(port());
  ASSERT_TRUE(c.start_tls());
  EXPECT_EQ(c.tls_serial(), "1");
}

TEST_F(http_tls, AnUnusablePairKeepsTheServerFromStartingAndIsNamedWithItsCure) {
  const own_certificate other(7);
  const auto junk = identity.certificate() + ".junk";
  std::ofstream(junk) << "-----BEGIN CERTIFICATE-----\nnone\n";
  const auto expect = [&](const std::string& certificate, const std::string& key, const std::string& file,
                          const std::string& what) {
    const auto said = refusal(certificate, key);
    for (const auto& part : {file, what, "Cure: "s}) EXPECT_NE(said.find(part), std::string::npos) << said;
  };
  expect("/nonexistent.pem", identity.key(), "http.tls_certificate: /nonexistent.pem", "cannot be read");
  expect(junk, identity.key(), junk, "no usable certificate");
  expect(identity.certificate(), "/nonexistent.key", "http.tls_key: /nonexistent.key", "cannot be read");
  expect(identity.certificate(), junk, junk, "no usable private key");
  expect(identity.certificate(), other.key(), other.key(), "does not belong to");
  expect(identity.certificate(), identity.locked_key(), "locked.key", "passphrase");
}

TEST_F(http_tls, PlainHttpIsToldThatThisPortSpeaksHttpsOnly) {
  raw_client c(port());
  ASSERT_TRUE(c.send(make_request("GET", "/api/health")));
  EXPECT_EQ(c.read_head().status, 400);
  EXPECT_TRUE(c.is_closed_by_server());
}

TEST_F(http_tls, NonsenseInsteadOfAHandshakeIsClosedWithoutAnAnswer) {
  raw_client c(port());
  ASSERT_TRUE(c.send("\x16\x03\x01\xff\xffnonsense that is no hello at all"));
  EXPECT_TRUE(c.is_closed_by_server() || c.read_head().status == 0);
}

TEST_F(http_tls, ASlowHandshakeIsClosedAtTheHeaderTimeoutAndHoldsNobodyUp) {
  options.http.header_timeout = milliseconds{400};
  const auto where = port();
  const auto begin = steady_clock::now();
  raw_client silent(where);
  raw_client slow(where);
  std::thread drip([&] {
    // The beginning of a hello that never ends, byte by byte.
    slow.send("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s);
    for (int i = 0; i < 200 && slow.send("a"); ++i) std::this_thread::sleep_for(milliseconds{20});
  });
  for (int i = 0; i < 3; ++i) {
    raw_client other(where);
    ASSERT_TRUE(other.start_tls());
    ASSERT_TRUE(other.send(make_request("GET", "/api/health")));
    EXPECT_EQ(other.read().status, 200);
  }
  EXPECT_TRUE(silent.is_closed_by_server());
  EXPECT_TRUE(slow.is_closed_by_server());
  drip.join();
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{4});
}

TEST_F(http_tls, AnIdleTlsConnectionIsClosed) {
  options.http.idle_timeout = milliseconds{300};
  raw_client c(port());
  ASSERT_TRUE(c.start_tls());
  ASSERT_TRUE(c.send(make_request("GET", "/api/health")));
  EXPECT_EQ(c.read().status, 200);
  EXPECT_TRUE(c.is_closed_by_server());
}

TEST_F(http_tls, ARefusedBodyStillGetsItsAnswerAndThenTheEndOfTls) {
  options.http.body_limit_bytes = 1000;
  raw_client c(port());
  ASSERT_TRUE(c.start_tls());
  ASSERT_TRUE(c.send(make_request("POST", "/api/login", {}, std::string(200'000, ' '))));
  EXPECT_EQ(c.read().status, 413);
  EXPECT_TRUE(c.is_closed_by_server());
}

TEST_F(http_tls, ConnectionsAboveTheLimitAreTold503InsideTls) {
  options.http.max_connections = 1;
  raw_client first(port());
  ASSERT_TRUE(first.start_tls());
  ASSERT_TRUE(first.send(make_request("GET", "/api/health")));
  EXPECT_EQ(first.read().status, 200);
  raw_client second(port());
  ASSERT_TRUE(second.start_tls());
  EXPECT_EQ(second.read().status, 503);
}

TEST_F(http_tls, StrictTransportSecurityIsSaidOverTlsAndOnlyThere) {
  raw_client c(port());
  ASSERT_TRUE(c.start_tls());
  for (const auto* path : {"/api/health", "/nowhere", "/", "/api/scenes"}) {
    ASSERT_TRUE(c.send(make_request("GET", path)));
    EXPECT_EQ(c.read().header("strict-transport-security"), "max-age=31536000") << path;
  }
  restart_server();
  options.http.tls_certificate = options.http.tls_key = "";
  EXPECT_EQ(call(make_request("GET", "/api/health")).header("strict-transport-security"), "");
}

TEST_F(http_tls, EventsTravelOverTlsAndAClientThatLeavesIsUnsubscribedAtOnce) {
  add_leads(2);
  const auto task = add_task(operator_a);
  raw_client c(port());
  ASSERT_TRUE(c.start_tls());
  ASSERT_TRUE(c.send(make_request("GET", "/api/events", {{"access-token", token_of(operator_a)}})));
  EXPECT_EQ(c.read_head().status, 200);
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  dispatch(task);
  ASSERT_TRUE(c.read_until("id: " + std::to_string(value(inside->run(query::last_event{}).value())) + "\n"));
  c.close();
  EXPECT_TRUE(inside->wait_for_subscribers(0));
}

TEST_F(http_tls, StoppingEndsStreamsOverTlsAndSaysSo) {
  raw_client c(port());
  ASSERT_TRUE(c.start_tls());
  ASSERT_TRUE(c.send(make_request("GET", "/api/events", {{"access-token", token_of(operator_a)}})));
  c.read_head();
  ASSERT_TRUE(inside->wait_for_subscribers(1));
  std::thread stopper([this] { stop_server(milliseconds{5'000}); });
  EXPECT_TRUE(c.read_until("going_away"));
  EXPECT_TRUE(c.is_closed_by_server());
  stopper.join();
}

TEST_F(http_tls, ManyTlsClientsAtOnceAreAllAnswered) {
  add_leads(10);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  const auto token = token_of(operator_a);
  const auto where = port();
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      raw_client c(where);
      if (!c.start_tls()) return;
      for (int i = 0; i < 20; ++i) {
        c.send(make_request("GET", "/api/leads/count", {{"access-token", token}}));
        if (c.read().json().number("/data/total_count") == 10) ++good;
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 80);
}

}  // namespace
}  // namespace waihu::test
