#include "config/keys.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace waihu::config {
namespace {

bool accepted(const key_spec& key, const raw_value& value, options& into) {
  return std::holds_alternative<std::monostate>(assign(key, value, into));
}

/// Names of "  type a{1};  ///< x" and "  type a, b;"; nothing of a line that only goes on with a comment.
std::vector<std::string> members_declared_in(std::string line) {
  line.resize(std::min(line.size(), line.find("//")));
  line.resize(std::min(line.size(), line.find_first_of("{;")));
  line.erase(line.find_last_not_of(' ') + 1);
  std::vector<std::string> names;
  while (!line.empty()) {
    const auto before = line.find_last_of(" ,");
    if (before == std::string::npos) break;
    names.push_back(line.substr(before + 1));
    line.erase(line.find_last_not_of(' ', before) + 1);
    if (line.empty() || line.back() != ',') break;
    line.pop_back();
  }
  return names;
}

TEST(ConfigKeys, AreUniqueAndBelongToAListedSectionInItsOrder) {
  std::set<std::string_view> names;
  std::size_t at = 0;
  for (const auto& key : all_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    while (at < all_sections().size() && all_sections()[at].name != section_of(key.name)) ++at;
    EXPECT_LT(at, all_sections().size()) << key.name << " stands out of order";
    EXPECT_FALSE(key.doc.empty()) << key.name;
    EXPECT_EQ(find_key(key.name), &key);
  }
  EXPECT_EQ(find_key("http.nonsense"), nullptr);
}

TEST(ConfigKeys, HaveEnvironmentNamesThatCannotBeConfused) {
  std::set<std::string> names;
  for (const auto& key : all_keys()) EXPECT_TRUE(names.insert(environment_name(key.name)).second) << key.name;
  for (const auto& key : all_keys())
    if (key.secret) {
      EXPECT_FALSE(names.contains(environment_name(key.name) + "_FILE")) << key.name;
    }
}

TEST(ConfigKeys, TellTheUnitOfEveryDurationInTheName) {
  for (const auto& key : all_keys())
    if (std::holds_alternative<milliseconds& (*)(options&)>(key.target)) {
      EXPECT_TRUE(unit_of(key) == "ms" || unit_of(key) == "s") << key.name;
    } else {
      EXPECT_NE(unit_of(key), "ms") << key.name;
      EXPECT_NE(unit_of(key), "s") << key.name;
    }
}

TEST(ConfigKeys, CoverEveryMemberOfEveryOptionsStruct) {
  std::ifstream in("config/options.hpp");
  ASSERT_TRUE(in) << "the test runs in the project's root";
  std::set<std::string> known;
  for (const auto& key : all_keys()) {
    std::string name(key.name);
    if (std::holds_alternative<milliseconds& (*)(options&)>(key.target)) name.resize(name.rfind('_'));
    known.insert(name);
  }
  std::size_t members = 0;
  std::string section;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("struct ")) {
      section = line.substr(7, line.find("_options") - 7);
      if (line.find("_options") == std::string::npos) section.clear();  // the struct that holds the sections
    }
    if (section.empty() || !line.starts_with("  ") || line.starts_with("  //")) continue;
    for (const auto& name : members_declared_in(line)) {
      EXPECT_TRUE(known.contains(section + "." + name)) << section << "." << name << " has no key";
      ++members;
    }
  }
  EXPECT_EQ(members, all_keys().size());
}

TEST(ConfigKeys, AcceptTheirOwnDefaults) {
  const options defaults;
  for (const auto& key : all_keys()) {
    options o;
    if (key.required) continue;
    const auto text = toml_value(key, defaults);
    std::string plain = text;
    if (plain.starts_with('"') || plain.starts_with('[')) plain = plain.substr(1, plain.size() - 2);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(assign_text(key, plain, o))) << key.name << " = " << text;
    EXPECT_EQ(toml_value(key, o), text) << key.name;
  }
}

TEST(ConfigKeys, AcceptTheirBoundsAndRefuseWhatLiesBeyond) {
  for (const auto& key : all_keys()) {
    const auto type = type_name(key);
    options o;
    if (type == "integer") {
      EXPECT_TRUE(accepted(key, static_cast<std::int64_t>(key.least), o)) << key.name;
      EXPECT_TRUE(accepted(key, static_cast<std::int64_t>(key.most), o)) << key.name;
      EXPECT_FALSE(accepted(key, static_cast<std::int64_t>(key.least) - 1, o)) << key.name;
      EXPECT_FALSE(accepted(key, static_cast<std::int64_t>(key.most) + 1, o)) << key.name;
      EXPECT_FALSE(accepted(key, 1.5, o)) << key.name;
    } else if (type == "number") {
      EXPECT_TRUE(accepted(key, key.least, o)) << key.name;
      EXPECT_TRUE(accepted(key, key.most, o)) << key.name;
      EXPECT_FALSE(accepted(key, key.least - 0.01, o)) << key.name;
      EXPECT_FALSE(accepted(key, key.most + 1, o)) << key.name;
      EXPECT_FALSE(accepted(key, std::string("1"), o)) << key.name;
    } else if (type == "text") {
      EXPECT_FALSE(accepted(key, std::string(5000, 'x'), o)) << key.name;
      EXPECT_FALSE(accepted(key, std::int64_t{1}, o)) << key.name;
      EXPECT_FALSE(accepted(key, std::string("a\0b", 3), o)) << key.name;
      if (!key.words.empty()) {
        EXPECT_FALSE(accepted(key, std::string("no such word"), o)) << key.name;
      }
    }
  }
}

TEST(ConfigKeys, WriteTomlThatNoValueCanBreakOutOf) {
  options o;
  o.http.listen_address = "a\"\n[store]\\";
  EXPECT_EQ(toml_value(*find_key("http.listen_address"), o), "\"a\\\"\\u000A[store]\\\\\"");
}

}  // namespace
}  // namespace waihu::config
