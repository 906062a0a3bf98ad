#include "config/rules.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "config/case_scripts.hpp"
#include "config/ip_network.hpp"
#include "tests/config/scratch_folder.hpp"

namespace waihu::config {
namespace {

using namespace std::chrono_literals;

/// Keys reported after a change to otherwise sound options.
std::set<std::string> broken_by(const std::function<void(options&)>& change) {
  options o;
  change(o);
  std::set<std::string> keys;
  check_rules(o, [&](std::string_view key, const std::string& what, const std::string& cure) {
    EXPECT_FALSE(what.empty());
    EXPECT_FALSE(cure.empty());
    keys.emplace(key);
  });
  return keys;
}

using keys = std::set<std::string>;

TEST(ConfigRules, AcceptTheDefaults) {
  EXPECT_EQ(broken_by([](options&) {}), keys{});
}

TEST(ConfigRules, RefuseAStarAsOrigin) {
  EXPECT_EQ(broken_by([](options& o) { o.http.cors_origins = {"*"}; }), keys{"http.cors_origins"});
}

TEST(ConfigRules, RefuseWhatIsNotAnOrigin) {
  for (const auto* origin : {"example.com", "ftp://example.com", "https://example.com/", "https://u@example.com",
                             "https://", "https://exa mple.com", "https://example.com:", "https://example.com:port"})
    EXPECT_EQ(broken_by([&](options& o) { o.http.cors_origins = {origin}; }), keys{"http.cors_origins"}) << origin;
  EXPECT_EQ(broken_by([](options& o) { o.http.cors_origins = {"https://example.com", "http://[::1]:3000"}; }), keys{});
}

TEST(ConfigRules, RefuseProxiesThatAreNeitherAddressNorNetwork) {
  for (const auto* entry :
       {"", "proxy.example.com", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/8 ", "0.0.0.0/0", "::/0",
        "2001:db8::/129", "2001:db8::1/32", "fe80::1%eth0", "10.1", "10.0.0.0/-8", "[::1]"})
    EXPECT_EQ(broken_by([&](options& o) {
                o.http.trusted_proxies = {"127.0.0.1", entry};
              }),
              keys{"http.trusted_proxies"})
        << entry;
  EXPECT_EQ(broken_by([](options& o) {
              o.http.trusted_proxies = {"127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "::ffff:192.0.2.0/120"};
              o.http.proxy_header = "proxy_protocol";
            }),
            keys{});
}

TEST(ConfigRules, RefuseTheProxyProtocolWithoutAnybodyWhoMaySpeakIt) {
  EXPECT_EQ(broken_by([](options& o) { o.http.proxy_header = "proxy_protocol"; }), keys{"http.proxy_header"});
}

TEST(ConfigRules, RefuseHalfACertificateAndFilesThatCannotBeRead) {
  EXPECT_EQ(broken_by([](options& o) { o.http.tls_key = "/dev/null"; }), keys{"http.tls_certificate"});
  EXPECT_EQ(broken_by([](options& o) { o.http.tls_certificate = "/dev/null"; }), keys{"http.tls_key"});
  EXPECT_EQ(broken_by([](options& o) { o.http.tls_certificate = o.http.tls_key = "/nonexistent/x.pem"; }),
            (keys{"http.tls_certificate", "http.tls_key"}));
}

TEST(IpNetwork, HoldsWhatBeginsWithItsBitsInEitherFamily) {
  const auto is_in = [](const char* network, const char* address) {
    return ip_network::parse(network).value().contains(ip_address::parse(address).value());
  };
  EXPECT_TRUE(is_in("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(is_in("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(is_in("192.0.2.64/26", "192.0.2.127"));
  EXPECT_FALSE(is_in("192.0.2.64/26", "192.0.2.128"));
  EXPECT_TRUE(is_in("2001:db8:8000::/33", "2001:db8:ffff::1"));
  EXPECT_FALSE(is_in("2001:db8:8000::/33", "2001:db8:7fff::1"));
  EXPECT_TRUE(is_in("192.0.2.1", "::ffff:192.0.2.1")) << "the same address on a socket of both families";
  EXPECT_TRUE(is_in("128.0.0.0/1", "200.1.1.1"));
  EXPECT_FALSE(is_in("128.0.0.0/1", "100.1.1.1"));
  EXPECT_FALSE(is_in("128.0.0.0/1", "8000::1")) << "an IPv4 network holds no IPv6 address";
}

TEST(IpNetwork, AddressesAreWrittenTheSameHoweverTheyWereGiven) {
  for (const auto& [given, written] : {std::pair{"::ffff:192.0.2.1", "192.0.2.1"},
                                       {"192.0.2.1", "192.0.2.1"},
                                       {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"}})
    EXPECT_EQ(ip_address::parse(given).value().text(), written);
  for (const auto* bad : {"", "1", "192.0.2", "192.0.2.1 ", "192.0.2.01", "[::1]", "::1%1", "::1/128"})
    EXPECT_FALSE(ip_address::parse(bad)) << bad;
}

TEST(ConfigRules, RefuseAProviderEndpointThatIsNotAHost) {
  for (const auto* url : {"", "outboundbot.example.com", "ftp://x", "https://x/path", "https://key@x", "https://x:1:2"})
    EXPECT_EQ(broken_by([&](options& o) { o.provider.endpoint = url; }), keys{"provider.endpoint"}) << url;
  for (const auto* url : {"http://127.0.0.1:9090", "https://x", "https://x/", "http://[::1]:80"})
    EXPECT_EQ(broken_by([&](options& o) { o.provider.endpoint = url; }), keys{}) << url;
}

TEST(ConfigRules, RefuseALeaseThatOneLateSignWouldLose) {
  EXPECT_EQ(broken_by([](options& o) { o.node.lease_renew = 5001ms; }), keys{"node.lease_renew_ms"});
  EXPECT_EQ(broken_by([](options& o) { o.node.lease_renew = 5000ms; }), keys{});
}

TEST(ConfigRules, RefuseBackOffsThatEndBeforeTheyBegin) {
  EXPECT_EQ(broken_by([](options& o) { o.store.reconnect_min = 6s; }), keys{"store.reconnect_min_ms"});
  EXPECT_EQ(broken_by([](options& o) { o.provider.retry_min = 11s; }), keys{"provider.retry_min_ms"});
  EXPECT_EQ(broken_by([](options& o) { o.provider.breaker_open_min = 61s; }), keys{"provider.breaker_open_min_ms"});
  EXPECT_EQ(broken_by([](options& o) { o.supervisor.restart_min = 61s; }), keys{"supervisor.restart_min_ms"});
}

TEST(ConfigRules, RefuseLimitsThatContradictEachOther) {
  EXPECT_EQ(broken_by([](options& o) { o.http.body_limit_bytes = 64 << 20; }), keys{"http.import_limit_bytes"});
  EXPECT_EQ(broken_by([](options& o) { o.http.start_budget = 10s; }), keys{"http.start_budget_ms"});
  EXPECT_EQ(broken_by([](options& o) { o.http.refresh_budget = 10s; }), keys{"http.refresh_budget_ms"});
  EXPECT_EQ(broken_by([](options& o) { o.dispatch.organization_concurrency = 20'001; }),
            keys{"dispatch.organization_concurrency"});
  EXPECT_EQ(broken_by([](options& o) { o.dispatch.organization_calls_per_s = 401; }),
            keys{"dispatch.organization_calls_per_s"});
  EXPECT_EQ(broken_by([](options& o) { o.job.look_interval = 61s; }), keys{"job.look_interval_ms"});
  EXPECT_EQ(broken_by([](options& o) { o.store.lock_timeout = 31s; }), keys{"store.lock_timeout_ms"});
  EXPECT_EQ(broken_by([](options& o) { o.provider.connect_timeout = 6s; }), keys{"provider.connect_timeout_ms"});
}

TEST(ConfigRules, RefuseAStoreUrlThatIsNone) {
  EXPECT_EQ(broken_by([](options& o) { o.store.url = "localhost"; }), keys{"store.url"});
  EXPECT_EQ(broken_by([](options& o) { o.store.url = "postgres://localhost/x"; }), keys{});
  EXPECT_EQ(broken_by([](options& o) { o.store.url = "host=/tmp"; }), keys{});
}

TEST(ConfigRules, WantBothHalvesOfAClientCertificateAndReadableFiles) {
  const scratch_folder folder;
  const auto file = folder.write("cert", "x");
  EXPECT_EQ(broken_by([&](options& o) { o.store.sslcert = file; }), keys{"store.sslkey"});
  EXPECT_EQ(broken_by([&](options& o) { o.store.sslcert = o.store.sslkey = file; }), keys{});
  EXPECT_EQ(broken_by([](options& o) { o.provider.ca_file = "/no/such/ca"; }), keys{"provider.ca_file"});
  EXPECT_EQ(broken_by([](options& o) { o.store.sslrootcert = "/no/such/ca"; }), keys{"store.sslrootcert"});
}

TEST(ConfigRules, WantAKeyForALanguageModelThatAsksForOne) {
  EXPECT_EQ(broken_by([](options& o) { o.analyst.kind = "openai"; }), keys{"analyst.api_key"});
  EXPECT_EQ(broken_by([](options& o) {
              o.analyst.kind = "openai";
              o.analyst.dialect = "ollama";
            }),
            keys{});
  EXPECT_EQ(broken_by([](options& o) {
              o.analyst.kind = "openai";
              o.analyst.api_key = "k";
              o.analyst.base_url = "dashscope";
              o.analyst.model = "";
              o.analyst.extra_body_json = "[1]";
            }),
            (keys{"analyst.base_url", "analyst.model", "analyst.extra_body_json"}));
}

TEST(ConfigRules, RefuseATimeZoneThatDoesNotExist) {
  for (const auto* zone : {"", "../../etc/passwd", "/etc/localtime", "Asia/Shang hai"})
    EXPECT_EQ(broken_by([&](options& o) { o.node.time_zone = zone; }), keys{"node.time_zone"}) << zone;
  EXPECT_EQ(broken_by([](options& o) { o.node.time_zone = "UTC"; }), keys{});
}

TEST(ConfigRules, RefuseALogComponentWithoutALevel) {
  for (const auto* entry : {"store", "store=", "=debug", "store=loud"})
    EXPECT_EQ(broken_by([&](options& o) { o.log.components = {entry}; }), keys{"log.components"}) << entry;
}

TEST(ConfigRules, ScriptsOfCasesNameStageAndParty) {
  for (const auto* entry :
       {"", "follow_up", "follow_up.applicant", "follow_up.applicant=", "履约回访.applicant=x", "follow_up=x"})
    EXPECT_EQ(broken_by([&](options& o) {
                o.cases.scripts = {"agreement.respondent=a=b", entry};
              }),
              keys{"cases.scripts"})
        << entry;
  for (const auto* entry : {"", "follow_up", "follow_up=both", "=applicant"})
    EXPECT_EQ(broken_by([&](options& o) { o.cases.called_parties = {entry}; }), keys{"cases.called_parties"}) << entry;
  EXPECT_EQ(broken_by([](options& o) { o.cases.deadline = o.cases.look_interval / 2; }),
            keys{"cases.look_interval_ms"});
}

TEST(CaseScripts, AreFoundByStageAndPartyAndWhoIsNotNamedIsCalled) {
  cases_options o;
  o.scripts = {"follow_up.applicant=one", "follow_up.respondent=two=2", "agreement.applicant=one"};
  o.called_parties = {"agreement=applicant"};
  const case_scripts scripts(o);
  EXPECT_EQ(scripts.script_of(mediation_stage::follow_up, party_side::respondent), "two=2");
  EXPECT_EQ(scripts.script_of(mediation_stage::agreement, party_side::respondent), "");
  EXPECT_TRUE(scripts.calls(mediation_stage::agreement, party_side::applicant));
  EXPECT_FALSE(scripts.calls(mediation_stage::agreement, party_side::respondent));
  EXPECT_TRUE(scripts.calls(mediation_stage::follow_up, party_side::respondent));
  EXPECT_EQ(scripts.all().size(), 3U);
}

}  // namespace
}  // namespace waihu::config
