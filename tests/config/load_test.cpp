#include "config/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/config/complete_options.hpp"
#include "tests/config/scratch_folder.hpp"

namespace waihu::config {
namespace {

using namespace std::chrono_literals;

std::string all_faults(const load_outcome& outcome) {
  std::string text;
  for (const auto& f : outcome.faults) text += to_string(f) + "\n";
  return text;
}

const config_fault* fault_of(const load_outcome& outcome, const std::string& key) {
  const auto found = std::find_if(outcome.faults.begin(), outcome.faults.end(), [&](auto& f) { return f.key == key; });
  return found == outcome.faults.end() ? nullptr : &*found;
}

TEST(ConfigLoad, NeedsNothingButTheRequiredKeys) {
  const auto outcome = load(complete_request());
  EXPECT_TRUE(outcome.ok()) << all_faults(outcome);
  EXPECT_EQ(outcome.value.http.port, 8080);
  EXPECT_EQ(outcome.value.provider.access_key_secret, "top-secret-value");
}

TEST(ConfigLoad, NamesEveryRequiredKeyThatIsMissingAtOnce) {
  const auto outcome = load({});
  EXPECT_EQ(outcome.faults.size(), 5U) << all_faults(outcome);
  for (const auto* key : {"auth.jwt_secret", "store.url", "provider.instance_id", "provider.access_key_id",
                          "provider.access_key_secret"}) {
    const auto* fault = fault_of(outcome, key);
    ASSERT_NE(fault, nullptr) << key;
    EXPECT_EQ(fault->what, "is required and not set");
    EXPECT_NE(fault->cure.find("WAIHU_"), std::string::npos);
  }
}

TEST(ConfigLoad, ReadsEveryTypeFromAFile) {
  const scratch_folder folder;
  auto request = complete_request();
  request.file = folder.write("waihu.toml", R"(
[http]
listen_address = "0.0.0.0"
port = 9000
cors_origins = ["https://a.example", "http://b.example:8000"]
[auth]
allow_register = true
token_life_s = 7200
[job]
look_interval_ms = 2500
look_jitter = 0.25
deadline_s = 1.5
[provider]
read_rate_per_s = 7
answer_limit_bytes = 70000
)");
  request.sets = {"job.look_interval_ms=1000"};
  const auto outcome = load(request);
  ASSERT_TRUE(outcome.ok()) << all_faults(outcome);
  const auto& o = outcome.value;
  EXPECT_EQ(o.http.listen_address, "0.0.0.0");
  EXPECT_EQ(o.http.port, 9000);
  EXPECT_EQ(o.http.cors_origins, (std::vector<std::string>{"https://a.example", "http://b.example:8000"}));
  EXPECT_TRUE(o.auth.allow_register);
  EXPECT_EQ(o.auth.token_life, 2h);
  EXPECT_DOUBLE_EQ(o.job.look_jitter, 0.25);
  EXPECT_EQ(o.job.deadline, 1500ms) << "a duration may have a fraction";
  EXPECT_DOUBLE_EQ(o.provider.read_rate_per_s, 7);
  EXPECT_EQ(o.provider.answer_limit_bytes, 70'000);
}

TEST(ConfigLoad, LetsFlagsOverrideTheEnvironmentAndThatTheFile) {
  const scratch_folder folder;
  auto request = complete_request();
  request.file = folder.write("waihu.toml", "[http]\nport = 1001\nio_threads = 3\nmax_connections = 77\n");
  request.environment["WAIHU_HTTP_PORT"] = "1002";
  request.environment["WAIHU_HTTP_IO_THREADS"] = "4";
  request.sets = {"http.port=1003", "http.port=1004"};
  const auto outcome = load(request);
  ASSERT_TRUE(outcome.ok()) << all_faults(outcome);
  EXPECT_EQ(outcome.value.http.port, 1004);
  EXPECT_EQ(outcome.value.http.io_threads, 4);
  EXPECT_EQ(outcome.value.http.max_connections, 77);
}

TEST(ConfigLoad, ReportsAllFaultsOfAFileEachWithItsLineInOrder) {
  const scratch_folder folder;
  auto request = complete_request();
  request.file = folder.write("waihu.toml",
                              "[http]\n"
                              "port = 70000\n"
                              "io_threads = \"two\"\n"
                              "listen_adress = \"::\"\n"
                              "[job]\n"
                              "look_jitter = 0.9\n"
                              "[storage]\n"
                              "url = \"x=y\"\n"
                              "[log]\n"
                              "format = \"xml\"\n");
  const auto outcome = load(request);
  ASSERT_EQ(outcome.faults.size(), 6U) << all_faults(outcome);
  const std::vector<std::pair<int, std::string>> expected{
      {2, "http.port"},       {3, "http.io_threads"}, {4, "http.listen_adress"},
      {6, "job.look_jitter"}, {7, "storage"},         {10, "log.format"}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(outcome.faults[i].line, expected[i].first) << all_faults(outcome);
    EXPECT_EQ(outcome.faults[i].key, expected[i].second);
    EXPECT_EQ(outcome.faults[i].source, request.file);
    EXPECT_FALSE(outcome.faults[i].cure.empty());
  }
  EXPECT_EQ(fault_of(outcome, "http.port")->cure, "choose from 0 to 65535");
  EXPECT_EQ(fault_of(outcome, "http.listen_adress")->cure, "did you mean http.listen_address?");
  EXPECT_EQ(fault_of(outcome, "storage")->cure, "did you mean [store]?");
  EXPECT_EQ(fault_of(outcome, "log.format")->cure, "choose one of text|json");
}

TEST(ConfigLoad, ReportsWhereASyntaxErrorStandsAndDoesNotCallItsKeysMissing) {
  const scratch_folder folder;
  load_request request;
  request.file = folder.write("waihu.toml", "[http]\nport = 1\nlisten_address = nowhere\n");
  const auto outcome = load(request);
  ASSERT_EQ(outcome.faults.size(), 1U) << all_faults(outcome);
  EXPECT_EQ(outcome.faults[0].line, 3);
}

TEST(ConfigLoad, ReportsAHeaderThatTheLibraryStumblesOver) {
  scratch_folder folder;
  load_request request;
  request.file = folder.write("waihu.toml", "[\n[[a]\n");
  const auto outcome = load(request);
  ASSERT_EQ(outcome.faults.size(), 1U) << all_faults(outcome);
  EXPECT_TRUE(outcome.faults.front().what.starts_with("is not TOML"));
}

TEST(ConfigLoad, TakesChineseInTextsAndCommentsAndNowhereElse) {
  const scratch_folder folder;
  auto request = complete_request();
  const std::string good =
      "\xEF\xBB\xBF# 注释 \"\n[node]\nname = \"上海 \\\" é\" # 又 '\n[log]\nfile = '''é'''\ncomponents = "
      "[\"\"\"é\\\"\n\"\"\"]\n";
  request.file = folder.write("good.toml", good);
  const auto taken = load(request);
  for (const auto& fault : taken.faults) EXPECT_EQ(fault.what.find("is not TOML"), std::string::npos) << fault.what;
  EXPECT_EQ(taken.value.node.name, "上海 \" é");
  request.file = folder.write("bad.toml", good + "file = é\n");
  const auto outcome = load(request);
  ASSERT_EQ(outcome.faults.size(), 1U) << all_faults(outcome);
  EXPECT_EQ(outcome.faults.front().line, 8);
}

TEST(ConfigLoad, ReportsAFileThatIsNotThere) {
  auto request = complete_request();
  request.file = "/no/such/waihu.toml";
  const auto outcome = load(request);
  ASSERT_EQ(outcome.faults.size(), 1U);
  EXPECT_EQ(outcome.faults[0].source, "/no/such/waihu.toml");
}

TEST(ConfigLoad, RefusesAFileThatIsTooLong) {
  const scratch_folder folder;
  auto request = complete_request();
  request.file = folder.write("waihu.toml", std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(load(request).faults.size(), 1U);
}

TEST(ConfigLoad, ReadsASecretFromAFile) {
  const scratch_folder folder;
  auto request = complete_request();
  request.environment.erase("WAIHU_PROVIDER_ACCESS_KEY_SECRET");
  request.environment["WAIHU_PROVIDER_ACCESS_KEY_SECRET_FILE"] = folder.write("key", "from-a-file\n");
  const auto outcome = load(request);
  ASSERT_TRUE(outcome.ok()) << all_faults(outcome);
  EXPECT_EQ(outcome.value.provider.access_key_secret, "from-a-file");
}

TEST(ConfigLoad, RefusesASecretGivenTwice) {
  const scratch_folder folder;
  auto request = complete_request();
  request.environment["WAIHU_PROVIDER_ACCESS_KEY_SECRET_FILE"] = folder.write("key", "other\n");
  EXPECT_NE(fault_of(load(request), "provider.access_key_secret"), nullptr);
}

TEST(ConfigLoad, TakesFileVariablesForSecretsOnly) {
  const scratch_folder folder;
  auto request = complete_request();
  request.environment["WAIHU_HTTP_PORT_FILE"] = folder.write("port", "1\n");
  const auto outcome = load(request);
  ASSERT_EQ(outcome.faults.size(), 1U) << all_faults(outcome);
  EXPECT_EQ(outcome.faults[0].source, "environment WAIHU_HTTP_PORT_FILE");
}

TEST(ConfigLoad, ReportsAMistypedVariableOfAKnownSectionAndIgnoresOthers) {
  auto request = complete_request();
  request.environment["WAIHU_HTTP_PROT"] = "1";
  request.environment["WAIHU_TOKEN"] = "not ours";
  request.environment["HTTP_PORT"] = "not ours";
  const auto outcome = load(request);
  ASSERT_EQ(outcome.faults.size(), 1U) << all_faults(outcome);
  EXPECT_EQ(outcome.faults[0].cure, "did you mean WAIHU_HTTP_PORT?");
}

TEST(ConfigLoad, ReportsFaultyFlags) {
  auto request = complete_request();
  request.sets = {"http.port", "http.prot=1", "http.port=many", "auth.allow_register=perhaps", "job.look_jitter=nan"};
  const auto outcome = load(request);
  EXPECT_EQ(outcome.faults.size(), 5U) << all_faults(outcome);
}

TEST(ConfigLoad, ReadsListsFromTheEnvironmentSeparatedByCommas) {
  auto request = complete_request();
  request.environment["WAIHU_LOG_COMPONENTS"] = "store=debug, http=warn";
  const auto outcome = load(request);
  ASSERT_TRUE(outcome.ok()) << all_faults(outcome);
  EXPECT_EQ(outcome.value.log.components, (std::vector<std::string>{"store=debug", "http=warn"}));
}

TEST(ConfigLoad, AsksAToolThatNeedsOneSectionForThatOnly) {
  load_request request;
  request.sections = {"store"};
  request.sets = {"store.url=host=/tmp dbname=w"};
  EXPECT_TRUE(load(request).ok()) << all_faults(load(request));
  request.sets.clear();
  EXPECT_EQ(load(request).faults.size(), 1U);
}

TEST(ConfigLoad, NeverShowsASecretInAFault) {
  const scratch_folder folder;
  const std::string marker = "s3cr3t";
  load_request request;
  request.file = folder.write("waihu.toml", "[auth]\njwt_secret = \"" + marker + "\"\n[store]\nurl = \"" + marker +
                                                "\"\n[provider]\naccess_key_secret = [\"" + marker + "\"]\n");
  request.environment = {{"WAIHU_ANALYST_API_KEY", std::string(5000, 'x') + marker}};
  request.sets = {"provider.security_token=" + marker + std::string(5000, 'y')};
  const auto outcome = load(request);
  for (const auto* key :
       {"auth.jwt_secret", "store.url", "provider.access_key_secret", "analyst.api_key", "provider.security_token"})
    EXPECT_NE(fault_of(outcome, key), nullptr) << key;
  EXPECT_EQ(all_faults(outcome).find(marker), std::string::npos) << all_faults(outcome);
}

TEST(ConfigLoad, SaysWhereAValueCameFromThatBreaksARuleBetweenKeys) {
  const scratch_folder folder;
  auto request = complete_request();
  request.file = folder.write("waihu.toml", "[node]\n\nlease_renew_ms = 6000\n");
  const auto outcome = load(request);
  ASSERT_EQ(outcome.faults.size(), 1U) << all_faults(outcome);
  EXPECT_EQ(outcome.faults[0].line, 3);
  EXPECT_EQ(outcome.faults[0].key, "node.lease_renew_ms");
}

}  // namespace
}  // namespace waihu::config
