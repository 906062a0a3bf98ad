#include "config/describe.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/keys.hpp"
#include "config/load.hpp"
#include "tests/config/complete_options.hpp"
#include "tests/config/scratch_folder.hpp"

namespace waihu::config {
namespace {

std::string file_text(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(ConfigDescribe, ShowsEveryKeyAndNoSecret) {
  const auto outcome = load(complete_request());
  ASSERT_TRUE(outcome.ok());
  const auto text = describe(outcome.value);
  for (const auto& key : all_keys()) EXPECT_NE(text.find(std::string(key.name) + " = "), std::string::npos) << key.name;
  EXPECT_EQ(text.find("top-secret-value"), std::string::npos);
  EXPECT_EQ(text.find("0123456789abcdef"), std::string::npos);
  EXPECT_NE(text.find("provider.access_key_secret = \"***\"\n"), std::string::npos);
  EXPECT_NE(text.find("store.url = \"***\"\n"), std::string::npos);
  EXPECT_NE(text.find("analyst.api_key = \"\"\n"), std::string::npos) << "one that is not set is seen to be so";
}

TEST(ConfigExample, IsTheOneInTheRepository) {
  EXPECT_EQ(file_text("config/waihu.example.toml"), example_toml()) << "run `make generated`";
}

TEST(ConfigReference, IsTheOneInTheRepository) {
  EXPECT_EQ(file_text("docs/configuration.md"), reference_markdown()) << "run `make generated`";
}

TEST(ConfigExample, LoadsWithEveryLineUncommentedAndGivesTheDefaults) {
  auto text = example_toml();
  for (auto at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1))
    if (text[at + 2] != ' ') text.erase(at + 1, 1);
  const scratch_folder folder;
  auto request = complete_request();
  request.file = folder.write("waihu.toml", text);
  const auto outcome = load(request);
  for (const auto& f : outcome.faults) ADD_FAILURE() << to_string(f);
  EXPECT_EQ(describe(outcome.value), describe(load(complete_request()).value));
}

}  // namespace
}  // namespace waihu::config
