// Proxies in front of the server, over sockets. The address that counts is seen by the limit of failed logins.
#include "tests/http/own_certificate.hpp"
#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

using namespace std::string_literals;

class http_proxies : public server_test {
 public:
  http_proxies() { options.auth.login_failures = 1; }

  static std::string wrong_login(const std::string& forwarded_for = {}) {
    std::vector<std::pair<std::string, std::string>> headers;
    if (!forwarded_for.empty()) headers.emplace_back("X-Forwarded-For", forwarded_for);
    return make_request("POST", "/api/login", headers, R"({"username":"li","password":"wrong-password"})");
  }
  /// Status of a wrong login on a connection of its own that begins with these bytes; 0 when it is closed.
  int after(const std::string& first_bytes, bool over_tls = false) {
    raw_client c(port());
    if (!first_bytes.empty() && !c.send(first_bytes)) return 0;
    if (over_tls && !c.start_tls()) return 0;
    if (!c.send(wrong_login())) return 0;
    return c.read().status;
  }
  static std::string v1(const std::string& client) { return "PROXY TCP4 " + client + " 192.0.2.1 40000 443\r\n"; }
};

TEST_F(http_proxies, WithoutTrustedProxiesNobodyChangesHisAddress) {
  EXPECT_EQ(call(wrong_login("203.0.113.1")).status, 200);
  EXPECT_EQ(call(wrong_login("203.0.113.2")).status, 429);
}

TEST_F(http_proxies, ATrustedProxySaysForWhomItAsks) {
  options.http.trusted_proxies = {"127.0.0.0/8"};
  EXPECT_EQ(call(wrong_login("203.0.113.1")).status, 200);
  EXPECT_EQ(call(wrong_login("203.0.113.1")).status, 429);
  EXPECT_EQ(call(wrong_login("198.51.100.9, 203.0.113.1")).status, 429) << "the client cannot put an address in front";
  EXPECT_EQ(call(wrong_login("203.0.113.2")).status, 200);
  EXPECT_EQ(call(wrong_login()).status, 200) << "without the header the proxy itself asks";
  EXPECT_EQ(call(wrong_login()).status, 429);
}

TEST_F(http_proxies, AnUntrustedPeerIsNotBelieved) {
  options.http.trusted_proxies = {"10.0.0.0/8"};
  EXPECT_EQ(call(wrong_login("203.0.113.1")).status, 200);
  EXPECT_EQ(call(wrong_login("203.0.113.2")).status, 429);
}

TEST_F(http_proxies, AProxyHeaderOfATrustedPeerNamesTheClientOfTheWholeConnection) {
  options.http.trusted_proxies = {"127.0.0.1"};
  options.http.proxy_header = "proxy_protocol";
  EXPECT_EQ(after(v1("203.0.113.1")), 200);
  EXPECT_EQ(after(v1("203.0.113.1")), 429);
  EXPECT_EQ(after(v1("203.0.113.2")), 200);
  const auto v2 =
      std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 16) + "\xcb\x00\x71\x01\xc0\x00\x02\x01\x12\x34\x01\xbb"s;
  EXPECT_EQ(after(v2), 429) << "the same client by version 2";
  raw_client c(port());
  ASSERT_TRUE(c.send(v1("203.0.113.3") + wrong_login("203.0.113.4") + wrong_login("203.0.113.5")));
  EXPECT_EQ(c.read().status, 200);
  EXPECT_EQ(c.read().status, 429) << "X-Forwarded-For does not count beside it";
}

TEST_F(http_proxies, ATrustedPeerWithoutAProperHeaderIsClosed) {
  options.http.trusted_proxies = {"127.0.0.1"};
  options.http.proxy_header = "proxy_protocol";
  for (const auto& bytes : {""s, "PROXY TCP4 nonsense\r\n"s, "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n"s,
                            std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", 16)})
    EXPECT_EQ(after(bytes), 0) << bytes;
}

TEST_F(http_proxies, AProxyHeaderThatDoesNotComeIsNotWaitedForLongerThanAHead) {
  options.http.trusted_proxies = {"127.0.0.1"};
  options.http.proxy_header = "proxy_protocol";
  options.http.header_timeout = milliseconds{300};
  raw_client c(port());
  ASSERT_TRUE(c.send("PROXY TCP4 203.0"));
  EXPECT_TRUE(c.is_closed_by_server());
}

TEST_F(http_proxies, OfAnUntrustedPeerNoHeaderIsReadAndItsOwnAddressCounts) {
  options.http.trusted_proxies = {"10.0.0.0/8"};
  options.http.proxy_header = "proxy_protocol";
  EXPECT_EQ(after(v1("203.0.113.1")), 400);
  EXPECT_EQ(after(""), 200);
  EXPECT_EQ(after(""), 429);
}

TEST_F(http_proxies, TheProxyHeaderComesBeforeTls) {
  const own_certificate identity;
  options.http.tls_certificate = identity.certificate();
  options.http.tls_key = identity.key();
  options.http.trusted_proxies = {"127.0.0.1"};
  options.http.proxy_header = "proxy_protocol";
  EXPECT_EQ(after(v1("203.0.113.1"), true), 200);
  EXPECT_EQ(after(v1("203.0.113.1"), true), 429);
  EXPECT_EQ(after(v1("203.0.113.2"), true), 200);
  EXPECT_EQ(after("", true), 0) << "a handshake without it is closed";
  EXPECT_EQ(after(v1("203.0.113.3"), false), 400) << "plain HTTP behind it is told that this port speaks HTTPS";
}

}  // namespace
}  // namespace waihu::test
