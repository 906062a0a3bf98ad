// The API's description against the table of routes: nothing served is missing in it, nothing described is not served,
// and every operation names the statuses and codes that its route brings with it.
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>

#include <algorithm>
#include <map>
#include <set>

#include "http/application.hpp"
#include "http/static_files.hpp"

namespace waihu::test {
namespace {

using rapidjson::Value;
using operation_key = std::pair<std::string, std::string>;  // method, path
using code_set = std::set<int>;

const rapidjson::Document& description() {
  static const rapidjson::Document document = [] {
    rapidjson::Document d;
    const auto text = http::embedded_file("openapi.json");
    d.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
    return d;
  }();
  return document;
}

const Value* member(const Value& v, const char* name) {
  const auto it = v.FindMember(name);
  return it == v.MemberEnd() ? nullptr : &it->value;
}

/// Follows `$ref`.
const Value& resolved(const Value& v) {
  const auto* ref = v.IsObject() ? member(v, "$ref") : nullptr;
  if (ref == nullptr) return v;
  const auto* target = rapidjson::Pointer(ref->GetString()).Get(description());
  EXPECT_NE(target, nullptr) << ref->GetString();
  return target == nullptr ? v : resolved(*target);
}

std::map<operation_key, const Value*> described() {
  std::map<operation_key, const Value*> out;
  for (const auto& path : description()["paths"].GetObject())
    for (const auto& operation : path.value.GetObject()) {
      std::string method = operation.name.GetString();
      std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::toupper(c); });
      out[{method, path.name.GetString()}] = &operation.value;
    }
  return out;
}

/// The numbers that `code` may have by a schema.
void add_codes(const Value& schema, code_set& codes) {
  const auto& s = resolved(schema);
  for (const char* word : {"allOf", "oneOf"})
    if (const auto* parts = member(s, word))
      for (const auto& part : parts->GetArray()) add_codes(part, codes);
  const auto* properties = member(s, "properties");
  const auto* code = properties == nullptr ? nullptr : member(*properties, "code");
  if (code == nullptr) return;
  if (const auto* one = member(*code, "const")) codes.insert(one->GetInt());
  if (const auto* several = member(*code, "enum"))
    for (const auto& n : several->GetArray()) codes.insert(n.GetInt());
}

/// Codes of an operation's answer with that status; nothing when it has no such answer.
std::optional<code_set> codes_of(const Value& operation, const std::string& status) {
  const auto* given = member(operation["responses"], status.c_str());
  if (given == nullptr) return std::nullopt;
  code_set codes;
  if (const auto* content = member(resolved(*given), "content"))
    for (const auto& media : content->GetObject()) add_codes(media.value["schema"], codes);
  return codes;
}

std::string_view word_of(http::access who) {
  switch (who) {
    case http::access::open: return "open";
    case http::access::token: return "token";
    case http::access::reader: return "reader";
    case http::access::writer: return "writer";
    case http::access::admin: return "admin";
  }
  return "";
}

bool takes_body(const http::route& r) { return r.body == http::body_kind::json || r.body == http::body_kind::form; }

/// What an operation answers because of its route alone.
std::map<std::string, int> codes_by_route(const http::route& r) {
  std::map<std::string, int> wanted{{"400", 1003}, {"413", 1003}, {"431", 1003}, {"500", 1002}, {"503", 1008}};
  if (r.who != http::access::open) wanted["401"] = 1005;
  if (r.who == http::access::writer || r.who == http::access::admin) wanted["403"] = 1005;
  if (takes_body(r)) wanted["415"] = 1003;
  if (r.body == http::body_kind::messages) wanted["426"] = 1003;
  return wanted;
}

TEST(ApiDescription, IsWellFormedAndOfThisVersion) {
  ASSERT_TRUE(description().IsObject());
  EXPECT_STREQ(description()["openapi"].GetString(), "3.1.0");
  EXPECT_STREQ(description()["info"]["version"].GetString(), WAIHU_VERSION);
}

TEST(ApiDescription, DescribesEveryRouteAndNothingElse) {
  std::set<operation_key> served;
  for (const auto& r : http::routes()) served.emplace(r.method, r.pattern);
  std::set<operation_key> told;
  for (const auto& [key, operation] : described()) told.insert(key);
  for (const auto& [method, path] : served)
    EXPECT_TRUE(told.contains({method, path})) << "http/openapi/openapi.json lacks " << method << ' ' << path;
  for (const auto& [method, path] : told)
    EXPECT_TRUE(served.contains({method, path})) << "no route serves the described " << method << ' ' << path;
}

TEST(ApiDescription, TellsWhoMayCallAndWhatBodyIsTaken) {
  auto all = described();
  for (const auto& r : http::routes()) {
    const auto* operation = all[{std::string(r.method), std::string(r.pattern)}];
    ASSERT_NE(operation, nullptr) << r.pattern;
    EXPECT_EQ((*operation)["x-access"].GetString(), word_of(r.who)) << r.pattern;
    const auto* security = member(*operation, "security");
    EXPECT_EQ(security != nullptr, r.who == http::access::open) << r.pattern << ": only open operations override it";
    const auto* body = member(*operation, "requestBody");
    ASSERT_EQ(body != nullptr, takes_body(r)) << r.pattern;
    if (body == nullptr) continue;
    const auto* type = r.body == http::body_kind::json ? "application/json" : "multipart/form-data";
    EXPECT_NE(member((*body)["content"], type), nullptr) << r.pattern;
  }
}

TEST(ApiDescription, NamesEveryCodeThatARouteBringsWithIt) {
  auto all = described();
  for (const auto& r : http::routes()) {
    const auto& operation = *all.at({std::string(r.method), std::string(r.pattern)});
    for (const auto& [status, code] : codes_by_route(r)) {
      const auto codes = codes_of(operation, status);
      ASSERT_TRUE(codes) << r.method << ' ' << r.pattern << " lacks the answer " << status;
      EXPECT_TRUE(codes->contains(code)) << r.method << ' ' << r.pattern << ' ' << status << " lacks code " << code;
    }
  }
}

TEST(ApiDescription, EveryJsonAnswerSaysItsCodesInSchemaAndInWords) {
  for (const auto& [key, operation] : described())
    for (const auto& answer : (*operation)["responses"].GetObject()) {
      const auto& r = resolved(answer.value);
      const auto* content = member(r, "content");
      if (content == nullptr || member(*content, "application/json") == nullptr) continue;
      if (key.second == "/api/health" && answer.name == "200") continue;  // the one without an envelope
      const auto codes = codes_of(*operation, answer.name.GetString());
      EXPECT_FALSE(codes->empty()) << key.second << ' ' << answer.name.GetString();
      const std::string words = r["description"].GetString();
      for (const int code : *codes)
        EXPECT_NE(words.find(std::to_string(code) + " 「"), std::string::npos)
            << key.second << ' ' << answer.name.GetString() << " does not tell the message of code " << code;
    }
}

}  // namespace
}  // namespace waihu::test
