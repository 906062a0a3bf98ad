// Every request that a real client was seen to send, sent again over a real socket: accepted as it is and answered in
// the captured shape, refused when anything about it is changed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/simulator/sim_process.hpp"

namespace waihu::simulator_tests {
namespace {

struct recorded {
  std::string name, action, method, target, body;
  bool chunked{};
  std::vector<std::pair<std::string, std::string>> headers;
  rapidjson::Document file;
};

std::vector<recorded> load_recorded() {
  std::vector<recorded> all;
  std::set<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator{WAIHU_CAPTURES}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("v1-") || name.starts_with("v3-")) paths.insert(entry.path());
  }
  for (const auto& path : paths) {
    std::ifstream in{path};
    std::stringstream text;
    text << in.rdbuf();
    recorded r;
    r.file.Parse(text.str().c_str());
    if (r.file.HasParseError()) {
      ADD_FAILURE() << path;
      continue;
    }
    r.name = path.stem().string();
    r.action = text_at(r.file, {"action"});
    r.method = text_at(r.file, {"request", "method"});
    r.target = text_at(r.file, {"request", "target"});
    r.body = text_at(r.file, {"request", "body"});
    for (const auto& header : at(r.file, {"request", "headers"}).GetObject()) {
      const std::string name{header.name.GetString()};
      if (name == "transfer-encoding") r.chunked = true;
      if (name != "transfer-encoding" && name != "content-length")
        r.headers.emplace_back(name, header.value.GetString());
    }
    all.push_back(std::move(r));
  }
  return all;
}

std::string wire_text(const recorded& r) {
  if (!r.chunked) return request_text(r.method, r.target, r.body, r.headers);
  auto text = r.method + " " + r.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : r.headers) text += name + ": " + value + "\r\n";
  text += "transfer-encoding: chunked\r\n\r\n";
  // Two chunks, so that putting them together is shown too.
  for (const auto& part : {r.body.substr(0, r.body.size() / 2), r.body.substr(r.body.size() / 2)}) {
    if (part.empty()) continue;
    std::stringstream size;
    size << std::hex << part.size();
    text += size.str() + "\r\n" + part + "\r\n";
  }
  return text + "0\r\n\r\n";
}

/// Every member of `expected` stands in `actual` with a value of the same kind.
void expect_covers(const rapidjson::Value& expected, const rapidjson::Value& actual, const std::string& where) {
  const auto kind = [](const rapidjson::Value& v) {
    return v.IsBool() ? 'b' : v.IsNumber() ? 'n' : v.IsString() ? 's' : v.IsObject() ? 'o' : v.IsArray() ? 'a' : '0';
  };
  ASSERT_EQ(kind(expected), kind(actual)) << where;
  if (expected.IsObject()) {
    for (const auto& member : expected.GetObject()) {
      const auto path = where + "." + member.name.GetString();
      if (actual.HasMember(member.name)) expect_covers(member.value, actual[member.name], path);
      else ADD_FAILURE() << path << " is missing";
    }
  } else if (expected.IsArray() && !expected.Empty()) {
    ASSERT_FALSE(actual.Empty()) << where;
    expect_covers(expected[0], actual[0], where + "[0]");
  }
}

constexpr auto group_id = "c62e6789-28a8-41db-941e-171a01d3b3b9";

/// A world in which everything exists that the captures name: R1 was reached, R2 waits.
void prepare(const sim_process& sim) {
  sim.post("/sim/reset", "{}");
  sim.post("/sim/plans", R"([{"reference_id":"planted-1","outcome":"connected","dialogue":"interested_price",
                              "attempts":1,"talk_ms":10000},
                             {"reference_id":"planted-2","outcome":"no_answer","attempts":9}])");
  sim.post("/sim/groups", std::string{R"({"name":"g","job_group_id":")"} + group_id + R"(","jobs":[
      {"job_id":"b72425bd-7871-4050-838e-000000000001","reference_id":"planted-1","phone":"13800000001",
       "call_task_id":"ff44709e-39a6-43ba-959b-000000000001"},
      {"job_id":"b72425bd-7871-4050-838e-000000000002","reference_id":"planted-2","phone":"13800000002"}]})");
  sim.advance(std::chrono::minutes{2});
}

const std::vector<std::string> as_captured{"--access-key",
                                           "dummyAccessKeyId",
                                           "--access-secret",
                                           "DummyAccessKeySecret0123456789",
                                           "--any-clock",
                                           "--speed",
                                           "0",
                                           "--late-conversation-share",
                                           "0"};

TEST(SimulatorReplay, EveryCapturedRequestIsAcceptedAndAnsweredInTheCapturedShape) {
  const sim_process sim{as_captured};
  const auto all = load_recorded();
  ASSERT_GE(all.size(), 53U);
  for (const auto& r : all) {
    SCOPED_TRACE(r.name);
    prepare(sim);
    const auto answer = connection{sim.port()}.exchange(wire_text(r));
    ASSERT_EQ(answer.how, reply::end::answered);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto body = answer.json();
    const bool may_be_empty = r.action == "QueryJobsWithResult" || r.action == "ListJobGroups";
    if (!may_be_empty) expect_covers(at(r.file, {"response", "body"}), body, r.action);
  }
}

TEST(SimulatorReplay, PagesThatCapturesShowHaveTheCapturedMembers) {
  const sim_process sim{as_captured};
  for (const auto& r : load_recorded()) {
    if (r.action != "QueryJobsWithResult" && r.action != "ListJobGroups") continue;
    SCOPED_TRACE(r.name);
    prepare(sim);
    // Without the capture's filters, which our planted jobs need not meet.
    api_client client{sim, r.name.starts_with("v1")};
    client.access_key = "dummyAccessKeyId";
    client.secret = "DummyAccessKeySecret0123456789";
    signing::parameters query{{"PageNumber", "1"}, {"PageSize", "10"}};
    if (r.action == "QueryJobsWithResult") query.emplace_back("JobGroupId", group_id);
    const auto answer = client.call(r.action, query);
    ASSERT_EQ(answer.status, 200) << answer.body;
    expect_covers(at(r.file, {"response", "body"}), answer.json(), r.action);
  }
}

TEST(SimulatorReplay, EveryChangedRequestIsRefusedAndChangesNothing) {
  const sim_process sim{as_captured};
  prepare(sim);
  const auto jobs_before = sim.summary({"jobs"});
  const auto change = [](std::string text, std::string_view what, std::string_view with) {
    const auto found = text.find(what);
    return found == std::string::npos ? std::string{} : text.replace(found, what.size(), with);
  };
  int tried = 0;
  for (const auto& r : load_recorded()) {
    const auto text = wire_text(r);
    for (const auto& mutated : {
             change(text, "af81a389", "af81a380"),        // Another instance.
             change(text, "13800000001", "13800000009"),  // Another person to be called.
             change(text, "9c7a6f0e", "9c7a6f0f"),        // Another nonce.
             change(text, "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
             change(text, "2026-01-01T00%3A00%3A00Z", "2026-01-01T00%3A00%3A01Z"),
             change(text, r.name.starts_with("v1") ? "Version=2019-12-26" : "x-acs-version: 2019-12-26",
                    r.name.starts_with("v1") ? "Version=2019-12-27" : "x-acs-version: 2019-12-27"),
             change(text, "Signature=", "Signature=0"),
             change(text, "dummyAccessKeyId", "dummyAccessKeyIe"),
         }) {
      if (mutated.empty()) continue;
      ++tried;
      const auto answer = connection{sim.port()}.exchange(mutated);
      EXPECT_TRUE(answer.status == 400 || answer.status == 404) << r.name << ": " << answer.status << "\n" << mutated;
    }
  }
  EXPECT_GT(tried, 250);
  EXPECT_EQ(sim.summary({"jobs"}), jobs_before);
}

}  // namespace
}  // namespace waihu::simulator_tests
