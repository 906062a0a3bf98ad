// Whose address counts: PROXY headers as bytes, and the way back along X-Forwarded-For.
#include "http/client_address.hpp"

#include <gtest/gtest.h>

#include "http/head_rules.hpp"
#include "http/proxy_protocol.hpp"

namespace waihu::http {
namespace {

using verdict = proxy_header::verdict;
using namespace std::string_literals;

std::string client_of(std::string_view bytes) {
  const auto header = read_proxy_header(bytes);
  if (header.is == verdict::incomplete) return "incomplete";
  if (header.is == verdict::malformed) return "malformed";
  return (header.client ? header.client->text() : "itself") + " " + std::to_string(header.length);
}

/// A header of version 2: command and family, and what follows the length.
std::string v2(unsigned char command, unsigned char family, const std::string& body) {
  std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
  out += static_cast<char>(command);
  out += static_cast<char>(family);
  out += static_cast<char>(body.size() >> 8U);
  out += static_cast<char>(body.size() & 0xffU);
  return out + body;
}
const std::string v4_body = "\xcb\x00\x71\x07\xc0\x00\x02\x01\x12\x34\x01\xbb"s;
const std::string v6_body =
    "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07" + std::string(16, '\1') + "\x12\x34\x01\xbb"s;

TEST(ProxyProtocol, Version1NamesTheClientAndEndsAtItsLine) {
  EXPECT_EQ(client_of("PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\nGET / HTTP/1.1\r\n"), "203.0.113.7 44");
  EXPECT_EQ(client_of("PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n"), "2001:db8::7 40");
  EXPECT_EQ(client_of("PROXY UNKNOWN\r\n"), "itself 15");
  EXPECT_EQ(client_of("PROXY UNKNOWN ffff::1 x y z more words here\r\n"), "itself 45");
}

TEST(ProxyProtocol, Version2NamesTheClientAndSkipsWhatFollowsIt) {
  EXPECT_EQ(client_of(v2(0x21, 0x11, v4_body) + "GET /"), "203.0.113.7 28");
  EXPECT_EQ(client_of(v2(0x21, 0x11, v4_body + "\x01\x00\x02h2"s)), "203.0.113.7 33");
  EXPECT_EQ(client_of(v2(0x21, 0x21, v6_body)), "2001:db8::7 52");
  EXPECT_EQ(client_of(v2(0x20, 0x00, "")), "itself 16");
  EXPECT_EQ(client_of(v2(0x20, 0x11, v4_body)), "itself 28") << "a health check of the proxy's own";
  EXPECT_EQ(client_of(v2(0x21, 0x00, "any")), "itself 19");
  EXPECT_EQ(client_of(v2(0x21, 0x31, std::string(216, 'u'))), "itself 232");
}

TEST(ProxyProtocol, EveryHeaderIsIncompleteUntilItsLastByte) {
  for (const auto& whole : {"PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n"s, "PROXY UNKNOWN\r\n"s,
                            v2(0x21, 0x11, v4_body), v2(0x21, 0x21, v6_body)})
    for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_EQ(client_of(whole.substr(0, n)), "incomplete") << n;
}

TEST(ProxyProtocol, WhatIsNoHeaderIsMalformed) {
  for (const auto& bytes : {"GET / HTTP/1.1\r\n\r\n"s,
                            "proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n"s,
                            "PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n"s,
                            "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n"s,
                            "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n"s,
                            "PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n"s,
                            "PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n"s,
                            "PROXY TCP4 1.1.1.1 2.2.2.2 -1 2\r\n"s,
                            "PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n"s,
                            "PROXY TCP4 ::1 ::1 1 2\r\n"s,
                            "PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n"s,
                            "PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n"s,
                            "PROXY TCP4 1.1.1.1\0 2.2.2.2 1 2\r\n"s,
                            "PROXY "s + std::string(200, 'x'),
                            "\x16\x03\x01"s,
                            v2(0x22, 0x11, v4_body),
                            v2(0x31, 0x11, v4_body),
                            v2(0x21, 0x12, v4_body),
                            v2(0x21, 0x41, v4_body),
                            v2(0x21, 0x11, v4_body.substr(1)),
                            v2(0x21, 0x21, v4_body),
                            v2(0x21, 0x11, std::string(5000, 'x'))})
    EXPECT_EQ(client_of(bytes), "malformed") << bytes.substr(0, 60);
}

proxy_rules trusting(std::vector<std::string> proxies, const std::string& header = "forwarded_for") {
  config::http_options options;
  options.trusted_proxies = std::move(proxies);
  options.proxy_header = header;
  return proxy_rules::of(options).value();
}

config::ip_address address(const char* text) { return config::ip_address::parse(text).value(); }

std::string forwarded(const std::vector<std::string>& lines) {
  request head;
  for (const auto& line : lines) head.headers.emplace_back("x-forwarded-for", line);
  return trusting({"10.0.0.0/8", "2001:db8::/32"}).client_of(head, address("10.0.0.1")).text();
}

TEST(ForwardedFor, IsFollowedFromTheRightOverTrustedProxiesOnly) {
  EXPECT_EQ(forwarded({"203.0.113.7"}), "203.0.113.7");
  EXPECT_EQ(forwarded({"1.1.1.1, 203.0.113.7"}), "203.0.113.7") << "what the client itself claims does not count";
  EXPECT_EQ(forwarded({"1.1.1.1, 203.0.113.7, 10.2.3.4"}), "203.0.113.7");
  EXPECT_EQ(forwarded({"1.1.1.1", "203.0.113.7, 10.2.3.4", "10.9.9.9"}), "203.0.113.7") << "several lines are one list";
  EXPECT_EQ(forwarded({"203.0.113.7:51000,10.2.3.4:80"}), "203.0.113.7");
  EXPECT_EQ(forwarded({"2001:db9::7, [2001:db8::1]:443"}), "2001:db9::7");
  EXPECT_EQ(forwarded({"10.1.1.1, 10.2.2.2"}), "10.1.1.1") << "all of them proxies: the first one asks";
}

TEST(ForwardedFor, WhatIsNoAddressEndsTheWayAtTheProxyThatToldIt) {
  EXPECT_EQ(forwarded({}), "10.0.0.1");
  for (const auto* garbage : {"", "unknown", "_hidden", "203.0.113.7.1", "203.0.113.7,", "\"203.0.113.7\"", "[::1"})
    EXPECT_EQ(forwarded({garbage}), "10.0.0.1") << garbage;
  EXPECT_EQ(forwarded({"203.0.113.7, nonsense, 10.2.3.4"}), "10.2.3.4");
  std::string endless = "203.0.113.7";
  for (int i = 0; i < 500; ++i) endless += ", 10.2.3.4";
  EXPECT_EQ(forwarded({endless}), "10.2.3.4");
}

TEST(ProxyRules, OnlyTrustedPeersAreBelievedAndOnlyInTheConfiguredWay) {
  const auto by_header = trusting({"10.0.0.0/8"});
  EXPECT_TRUE(by_header.believes_forwarded_for_of(address("10.0.0.1")));
  EXPECT_FALSE(by_header.believes_forwarded_for_of(address("11.0.0.1")));
  EXPECT_FALSE(by_header.expects_header_of(address("10.0.0.1")));
  const auto by_protocol = trusting({"10.0.0.0/8"}, "proxy_protocol");
  EXPECT_TRUE(by_protocol.expects_header_of(address("::ffff:10.0.0.1")));
  EXPECT_FALSE(by_protocol.expects_header_of(address("11.0.0.1")));
  EXPECT_FALSE(by_protocol.believes_forwarded_for_of(address("10.0.0.1")));
  EXPECT_FALSE(proxy_rules{}.trusts(address("127.0.0.1")));
}

request head_of(const std::vector<name_value>& headers) {
  request r;
  r.headers = headers;
  return r;
}

TEST(HeadRules, OnlyOneWayToReadARequestIsAccepted) {
  EXPECT_TRUE(is_unambiguous(head_of({{"host", "api.example.com:8080"}}), 11));
  EXPECT_TRUE(is_unambiguous(head_of({{"host", "[::1]:80"}, {"content-length", "10"}}), 11));
  EXPECT_TRUE(is_unambiguous(head_of({{"host", ""}, {"transfer-encoding", "Chunked"}}), 11));
  EXPECT_TRUE(is_unambiguous(head_of({}), 10));
  EXPECT_FALSE(is_unambiguous(head_of({}), 11));
  EXPECT_FALSE(is_unambiguous(head_of({{"host", "a"}, {"host", "a"}}), 11));
  EXPECT_FALSE(is_unambiguous(head_of({{"host", "a"}, {"host", "b"}}), 10));
  for (const auto* host : {"a b", "a/b", "u@a", "a,b", "a?x", "a#x", "a\\b"})
    EXPECT_FALSE(is_unambiguous(head_of({{"host", host}}), 11)) << host;
  const auto with = [](std::vector<name_value> more, unsigned version = 11) {
    more.emplace_back("host", "x");
    return is_unambiguous(head_of(more), version);
  };
  for (const auto* length : {"", "+5", "-1", "5, 5", "0x5", "5 ", "５"})
    EXPECT_FALSE(with({{"content-length", length}})) << length;
  EXPECT_FALSE(with({{"content-length", "5"}, {"content-length", "5"}}));
  EXPECT_FALSE(with({{"content-length", "5"}, {"transfer-encoding", "chunked"}}));
  for (const auto* coding :
       {"", "gzip", "gzip, chunked", "chunked, chunked", "chunked, identity", "xchunked", "identity", "chunked;q=1"})
    EXPECT_FALSE(with({{"transfer-encoding", coding}})) << coding;
  EXPECT_FALSE(with({{"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}}));
  EXPECT_FALSE(with({{"transfer-encoding", "chunked"}}, 10));
}

TEST(HeadRules, AFoldedLineIsSeenWhereverItStands) {
  EXPECT_FALSE(has_folded_line("GET / HTTP/1.1\r\nHost: x\r\nA: b c\r\n"));
  EXPECT_TRUE(has_folded_line("GET / HTTP/1.1\r\nHost: x\r\n y: 1\r\n"));
  EXPECT_TRUE(has_folded_line("GET / HTTP/1.1\r\n Host: x\r\n"));
  EXPECT_TRUE(has_folded_line("GET / HTTP/1.1\r\nHost: x\r\n\tz\r\n"));
}

}  // namespace
}  // namespace waihu::http
