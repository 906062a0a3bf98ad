#include "config/rules.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

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

}  // namespace
}  // namespace waihu::config
