// Reading of captured requests.
#include "tests/provider/capture_files.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace waihu::testing {
namespace {

std::string text(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  if (found == object.MemberEnd() || !found->value.IsString()) return {};
  return {found->value.GetString(), found->value.GetStringLength()};
}

void read_headers(const rapidjson::Value& request, capture& out) {
  for (const auto& header : request["headers"].GetObject())
    out.request.headers.emplace_back(header.name.GetString(), header.value.GetString());
}

void read_expected(const rapidjson::Value& expected, capture& out) {
  out.is_v3 = text(expected, "style") == "V3";
  out.canonical_request = text(expected, out.is_v3 ? "canonical_request" : "canonical_query");
  out.string_to_sign = text(expected, "string_to_sign");
  out.signature = text(expected, "signature_on_wire");
  EXPECT_EQ(out.signature, text(expected, "signature_recomputed")) << out.name;
}

}  // namespace

std::string provider_test_folder() { return WAIHU_PROVIDER_TESTS; }

std::string read_whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<capture> load_captures() {
  std::vector<capture> out;
  for (const auto& entry : std::filesystem::directory_iterator(provider_test_folder() + "captures")) {
    const auto file = entry.path().filename().string();
    if (!file.starts_with("v1-") && !file.starts_with("v3-")) continue;
    rapidjson::Document doc;
    doc.Parse(read_whole_file(entry.path().string()));
    EXPECT_FALSE(doc.HasParseError()) << file;
    capture one;
    one.name = file;
    one.has_logical_request = true;
    one.action = text(doc, "action");
    one.who.access_key_id = text(doc["credentials"], "access_key_id");
    one.who.access_key_secret = text(doc["credentials"], "access_key_secret");
    one.request.method = text(doc["request"], "method");
    one.request.target = text(doc["request"], "target");
    one.request.body = text(doc["request"], "body");
    read_headers(doc["request"], one);
    read_expected(doc["expected"], one);
    one.who.security_token = signing::find_header(one.request.headers, "x-acs-security-token").value_or("");
    out.push_back(std::move(one));
  }
  rapidjson::Document vectors;
  vectors.Parse(read_whole_file(provider_test_folder() + "captures/known-answer-vectors.json"));
  for (const auto& vector : vectors.GetArray()) {
    capture one;
    one.name = text(vector, "name");
    one.request.method = text(vector, "method");
    one.request.target = text(vector, "target");
    one.request.body = text(vector, "body");
    read_headers(vector, one);
    read_expected(vector["expected"], one);
    one.who.access_key_id = text(vector["expected"], "access_key_id");
    one.who.access_key_secret = text(vector, "secret");
    out.push_back(std::move(one));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

}  // namespace waihu::testing
