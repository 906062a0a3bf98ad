// Signing and checking against captured requests of the vendor's own clients and the published vectors.
#include "provider/signing.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/provider/capture_files.hpp"

namespace waihu::signing {
namespace {

using waihu::testing::capture;
using waihu::testing::load_captures;

/// When the capture was signed, so that its time is never the reason for a refusal.
std::int64_t signed_at(const capture& c) {
  if (c.is_v3) return parse_timestamp(find_header(c.request.headers, "x-acs-date").value()).value();
  auto all = parse_query(split_target(c.request.target).query).value();
  const auto form = parse_query(c.request.body).value();
  all.insert(all.end(), form.begin(), form.end());
  return parse_timestamp(find_parameter(all, "Timestamp").value()).value();
}

key_lookup only_key(const credentials& who) {
  return [who](const std::string& id) -> std::optional<known_key> {
    if (id != who.access_key_id) return std::nullopt;
    return known_key{who.access_key_secret, who.security_token};
  };
}

check_result check(const capture& c, const received_request& request) {
  return check_request(request, only_key(c.who), signed_at(c));
}

/// The same text with one character changed to another of its kind, so that formats stay plausible.
std::string with_changed_character(std::string text, std::size_t at) {
  char& c = text[at];
  if (c == '9') {
    c = '8';
  } else if (c >= '0' && c < '9') {
    ++c;
  } else if (c == 'z' || c == 'Z') {
    --c;
  } else {
    c = c == 'a' ? 'b' : 'a';
  }
  return text;
}

TEST(Signing, FindsEveryCaptureAndBothPublishedVectors) { EXPECT_EQ(load_captures().size(), 55U); }

TEST(Signing, RecomputesTheCanonicalTextsOfEveryCaptureByteForByte) {
  for (const auto& c : load_captures()) {
    const auto texts = canonicalize_received(c.request);
    EXPECT_EQ(texts.canonical_request, c.canonical_request) << c.name;
    EXPECT_EQ(texts.string_to_sign, c.string_to_sign) << c.name;
  }
}

TEST(Signing, AcceptsEveryCapturedRequest) {
  for (const auto& c : load_captures()) {
    const auto verdict = check(c, c.request);
    EXPECT_EQ(verdict.code, "") << c.name << ": " << verdict.message;
    EXPECT_EQ(verdict.access_key_id, c.who.access_key_id);
    EXPECT_EQ(verdict.is_v3, c.is_v3);
    if (c.has_logical_request) {
      EXPECT_EQ(verdict.action, c.action) << c.name;
    }
  }
}

TEST(Signing, SignsEveryCapturedV3CallAsTheVendorsClientDid) {
  int reproduced = 0;
  for (const auto& c : load_captures()) {
    if (!c.is_v3) continue;
    const auto [path, query] = split_target(c.request.target);
    const auto header = [&c](const char* name) { return find_header(c.request.headers, name).value_or(""); };
    api_call call;
    call.method = c.request.method;
    call.host = header("host");
    call.path = path;
    call.action = header("x-acs-action");
    call.version = header("x-acs-version");
    call.query = parse_query(query).value();
    call.form = parse_query(c.request.body).value();
    call.epoch_seconds = signed_at(c);
    call.nonce = header("x-acs-signature-nonce");
    if (find_header(c.request.headers, "x-acs-credentials-provider"))
      call.extra_headers.emplace_back("x-acs-credentials-provider", header("x-acs-credentials-provider"));
    auto made = sign_v3(call, c.who);
    // The vendor's form leaves ' ( ) ! * raw in a body, ours escapes them; then hash and signature differ lawfully.
    if (made.body != c.request.body) {
      EXPECT_EQ(parse_query(made.body), parse_query(c.request.body)) << c.name;
      received_request ours{call.method, made.target, made.headers, made.body};
      EXPECT_EQ(check(c, ours).code, "") << c.name;
      continue;
    }
    EXPECT_EQ(made.canonical_request, c.canonical_request) << c.name;
    EXPECT_EQ(made.string_to_sign, c.string_to_sign) << c.name;
    EXPECT_EQ(made.signature, c.signature) << c.name;
    EXPECT_EQ(find_header(made.headers, "authorization"), find_header(c.request.headers, "authorization")) << c.name;
    ++reproduced;
  }
  EXPECT_EQ(reproduced, 20);
}

TEST(Signing, SignsEveryCapturedV1CallAsTheVendorsClientDid) {
  int reproduced = 0;
  const std::set<std::string> public_names = {"Action",           "Format",         "Version",
                                              "Timestamp",        "SignatureNonce", "SignatureMethod",
                                              "SignatureVersion", "AccessKeyId",    "Signature"};
  for (const auto& c : load_captures()) {
    if (c.is_v3) continue;
    auto all = parse_query(split_target(c.request.target).query).value();
    const auto form = parse_query(c.request.body).value();
    all.insert(all.end(), form.begin(), form.end());
    api_call call;
    call.method = c.request.method;
    call.action = find_parameter(all, "Action").value();
    call.version = find_parameter(all, "Version").value();
    call.nonce = find_parameter(all, "SignatureNonce").value();
    call.format = find_parameter(all, "Format").value();
    call.epoch_seconds = signed_at(c);
    for (const auto& pair : all)
      if (!public_names.contains(pair.first)) call.query.push_back(pair);
    const auto made = sign_v1(call, c.who);
    EXPECT_EQ(made.canonical_request, c.canonical_request) << c.name;
    EXPECT_EQ(made.string_to_sign, c.string_to_sign) << c.name;
    EXPECT_EQ(made.signature, c.signature) << c.name;
    ++reproduced;
  }
  EXPECT_EQ(reproduced, 34);
}

TEST(Signing, RefusesEveryChangeOfASignedHeader) {
  int mutations = 0;
  for (const auto& c : load_captures()) {
    if (!c.is_v3) continue;
    for (std::size_t i = 0; i < c.request.headers.size(); ++i) {
      const auto& [name, value] = c.request.headers[i];
      if (name != "host" && name != "content-type" && !name.starts_with("x-acs-")) continue;
      auto changed = c.request;
      changed.headers[i].second = with_changed_character(value, value.size() / 2);
      EXPECT_NE(check(c, changed).code, "") << c.name << " " << name;
      auto dropped = c.request;
      dropped.headers.erase(dropped.headers.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_NE(check(c, dropped).code, "") << c.name << " without " << name;
      auto doubled = c.request;
      doubled.headers.push_back(doubled.headers[i]);
      EXPECT_NE(check(c, doubled).code, "") << c.name << " twice " << name;
      mutations += 3;
    }
    auto smuggled = c.request;
    smuggled.headers.emplace_back("x-acs-smuggled", "1");
    EXPECT_EQ(check(c, smuggled).code, "SignatureDoesNotMatch") << c.name;
  }
  EXPECT_GT(mutations, 400);
}

TEST(Signing, RefusesAListOfSignedHeadersThatLeavesOneOut) {
  for (const auto& c : load_captures()) {
    if (!c.is_v3) continue;
    for (const auto* dropped : {"host;", "x-acs-action;", ";x-acs-version"}) {
      auto request = c.request;
      for (auto& [name, value] : request.headers)
        if (name == "authorization") value.erase(value.find(dropped), std::string_view{dropped}.size());
      EXPECT_EQ(check(c, request).code, "SignatureDoesNotMatch") << c.name << " " << dropped;
    }
  }
}

TEST(Signing, RefusesEveryChangeOfAParameter) {
  int mutations = 0;
  for (const auto& c : load_captures()) {
    const bool in_body = !c.request.body.empty();
    const auto [path, raw] = split_target(c.request.target);
    const auto pairs = parse_query(in_body ? c.request.body : std::string{raw}).value();
    const auto rebuild = [&](const parameters& changed) {
      auto request = c.request;
      if (in_body) {
        request.body = encode_query(changed);
      } else {
        request.target = std::string{path} + "?" + encode_query(changed);
      }
      return request;
    };
    if (!c.is_v3 || !in_body) {
      EXPECT_EQ(check(c, rebuild(pairs)).code, "") << c.name;
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      auto changed = pairs;
      if (changed[i].second.empty()) {
        changed[i].second = "x";
      } else {
        changed[i].second = with_changed_character(changed[i].second, changed[i].second.size() / 2);
      }
      EXPECT_NE(check(c, rebuild(changed)).code, "") << c.name << " " << pairs[i].first;
      auto renamed = pairs;
      renamed[i].first += "x";
      EXPECT_NE(check(c, rebuild(renamed)).code, "") << c.name << " " << pairs[i].first;
      auto dropped = pairs;
      dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_NE(check(c, rebuild(dropped)).code, "") << c.name << " without " << pairs[i].first;
      mutations += 3;
    }
    auto added = pairs;
    added.emplace_back("Smuggled", "1");
    EXPECT_NE(check(c, rebuild(added)).code, "") << c.name;
  }
  EXPECT_GT(mutations, 1000);
}

TEST(Signing, RefusesAnotherMethodBodyOrSecret) {
  for (const auto& c : load_captures()) {
    auto method = c.request;
    method.method = c.request.method == "POST" ? "GET" : "POST";
    EXPECT_EQ(check(c, method).code, "SignatureDoesNotMatch") << c.name;
    auto path = c.request;
    path.target.insert(0, "/x");
    EXPECT_EQ(check(c, path).code, "SignatureDoesNotMatch") << c.name;
    auto body = c.request;
    body.body += "&A=1";
    EXPECT_EQ(check(c, body).code, "SignatureDoesNotMatch") << c.name;
    auto other = c;
    other.who.access_key_secret += "x";
    EXPECT_EQ(check(other, c.request).code, "SignatureDoesNotMatch") << c.name;
    other = c;
    other.who.access_key_id = "somebody";
    EXPECT_EQ(check(other, c.request).code, "InvalidAccessKeyId.NotFound") << c.name;
    EXPECT_EQ(check(other, c.request).http_status, 404);
  }
}

TEST(Signing, RefusesEveryChangeOfASignatureCharacter) {
  for (const auto& c : load_captures()) {
    for (std::size_t i = 0; i < c.signature.size(); ++i) {
      // Of base64's last digit before '=' two bits carry nothing; the text is compared, so this is refused as well.
      const auto bad = with_changed_character(c.signature, i);
      auto request = c.request;
      const auto replace = [&](std::string& text, const std::string& from, const std::string& to) {
        const auto at = text.find(from);
        if (at == std::string::npos) return false;
        text.replace(at, from.size(), to);
        return true;
      };
      bool replaced = false;
      for (auto& [name, value] : request.headers)
        if (name == "authorization") replaced = replace(value, c.signature, bad);
      const auto from = "Signature=" + percent_encode(c.signature);
      const auto to = "Signature=" + percent_encode(bad);
      replaced = replaced || replace(request.target, from, to) || replace(request.body, from, to);
      ASSERT_TRUE(replaced) << c.name;
      EXPECT_EQ(check(c, request).code, "SignatureDoesNotMatch") << c.name << " at " << i;
    }
  }
}

TEST(Signing, RefusesTimesOutsideTheWindowOrMalformed) {
  for (const auto& c : load_captures()) {
    const auto now = signed_at(c);
    const auto keys = only_key(c.who);
    EXPECT_EQ(check_request(c.request, keys, now + 900).code, "") << c.name;
    EXPECT_EQ(check_request(c.request, keys, now - 900).code, "") << c.name;
    EXPECT_EQ(check_request(c.request, keys, now + 901).code, "InvalidTimeStamp.Expired") << c.name;
    EXPECT_EQ(check_request(c.request, keys, now - 901).code, "InvalidTimeStamp.Expired") << c.name;
    if (!c.is_v3) continue;
    auto request = c.request;
    for (auto& [name, value] : request.headers)
      if (name == "x-acs-date") value = "2026-01-01 00:00:00";
    EXPECT_EQ(check(c, request).code, "InvalidTimeStamp.Format") << c.name;
  }
}

TEST(Signing, RefusesAMissingOrForeignSecurityToken) {
  api_call call;
  call.host = "h";
  call.action = "ListJobs";
  call.epoch_seconds = 1'767'225'600;
  call.nonce = "n1";
  const credentials who{"id", "secret", "token"};
  for (const bool v3 : {true, false}) {
    const auto made = v3 ? sign_v3(call, who) : sign_v1(call, who);
    const received_request request{"POST", made.target, made.headers, made.body};
    const auto verdict = [&](const credentials& expected) {
      return check_request(request, only_key(expected), call.epoch_seconds).code;
    };
    EXPECT_EQ(verdict(who), "");
    EXPECT_EQ(verdict({"id", "secret", "other"}), "InvalidSecurityToken.MismatchWithAccessKey");
    const auto plain = v3 ? sign_v3(call, {"id", "secret", ""}) : sign_v1(call, {"id", "secret", ""});
    const received_request without{"POST", plain.target, plain.headers, plain.body};
    EXPECT_EQ(check_request(without, only_key(who), call.epoch_seconds).code, "MissingSecurityToken");
  }
}

TEST(Signing, NamesWhatIsMissingInAnUnsignedRequest) {
  const received_request bare{"POST", "/?Action=ListJobs", {{"host", "h"}}, ""};
  const auto verdict = check_request(
      bare, [](const auto&) { return known_key{}; }, 0);
  EXPECT_EQ(verdict.code, "MissingParameter");
  EXPECT_NE(verdict.message.find("AccessKeyId"), std::string::npos);
  const received_request odd{"POST", "/", {{"host", "h"}, {"authorization", "Bearer x"}}, ""};
  EXPECT_EQ(check_request(
                odd, [](const auto&) { return known_key{}; }, 0)
                .code,
            "InvalidSignatureMethod");
}

TEST(Signing, HandsTheBusinessParametersBackDecoded) {
  api_call call;
  call.host = "h:1";
  call.action = "AssignJobs";
  call.query = {{"JobGroupId", "g 1+*~'()!"}, {"JobsJson.1", R"({"name":"张三 😀"})"}, {"JobsJson.10", ""}};
  call.form = {{"Extra", "a=b&c"}};
  call.epoch_seconds = 1'767'225'600;
  call.nonce = make_nonce();
  EXPECT_EQ(call.nonce.size(), 32U);
  auto expected = call.query;
  expected.insert(expected.end(), call.form.begin(), call.form.end());
  for (const bool v3 : {true, false}) {
    const auto made = v3 ? sign_v3(call, {"id", "secret", ""}) : sign_v1(call, {"id", "secret", ""});
    const received_request request{"POST", made.target, made.headers, made.body};
    const auto verdict = check_request(request, only_key({"id", "secret", ""}), call.epoch_seconds);
    EXPECT_EQ(verdict.code, "");
    EXPECT_EQ(verdict.business, expected);
    EXPECT_EQ(verdict.action, "AssignJobs");
    EXPECT_EQ(verdict.nonce, call.nonce);
  }
}

TEST(QueryStrings, RefuseBrokenEscapesAndFloods) {
  EXPECT_EQ(parse_query("a=1&b=%2"), std::nullopt);
  EXPECT_EQ(parse_query("%zz=1"), std::nullopt);
  EXPECT_EQ(parse_query("a=%E5%bc%A0+x"), (parameters{{"a", "张 x"}}));
  std::string flood;
  for (std::size_t i = 0; i <= max_parameters; ++i) flood += "a=1&";
  EXPECT_EQ(parse_query(flood), std::nullopt);
  EXPECT_EQ(parse_query("&&a&b=&=c"), (parameters{{"a", ""}, {"b", ""}, {"", "c"}}));
}

TEST(PercentCoding, SortsByBytesSoThatTenComesBeforeTwo) {
  EXPECT_EQ(canonical_query({{"J.2", "b"}, {"J.10", "c"}, {"J.1", "a"}}), "J.1=a&J.10=c&J.2=b");
}

TEST(SigningTime, RoundTripsAndRefusesOtherForms) {
  EXPECT_EQ(format_timestamp(1'767'225'600), "2026-01-01T00:00:00Z");
  EXPECT_EQ(parse_timestamp("2026-01-01T00:00:00Z"), 1'767'225'600);
  for (const auto* bad : {"2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-1-1T00:00:00Z ",
                          "-026-01-01T00:00:00Z", "2026-01-01t00:00:00Z", ""})
    EXPECT_EQ(parse_timestamp(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace waihu::signing
