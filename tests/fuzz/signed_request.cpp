// The server's side of both signature styles, and query strings. An input is an HTTP request: request line, header
// lines, an empty line, the body (line feeds alone).
#include <algorithm>

#include "provider/signing.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu::signing;
using waihu::fuzz::cut_at;
using waihu::fuzz::promise;

constexpr std::int64_t now_s = 1'767'225'600;
// The id of the captured requests with another secret: they reach the last comparison and fail there.
const credentials who{"dummyAccessKeyId", "secret-of-nobody", ""};

std::optional<known_key> find_key(const std::string& id) {
  return id == who.access_key_id ? std::optional{known_key{who.access_key_secret, ""}} : std::nullopt;
}

received_request read_request(std::string_view input) {
  received_request out;
  const auto [head, body] = cut_at(input, "\n\n");
  out.body = std::string(body);
  auto [first, rest] = cut_at(head, "\n");
  const auto [method, target] = cut_at(first, " ");
  out.method = std::string(method);
  out.target = std::string(target);
  while (!rest.empty()) {
    const auto [line, behind] = cut_at(rest, "\n");
    const auto [name, value] = cut_at(line, ":");
    out.headers.emplace_back(std::string(name), std::string(value));
    rest = behind;
  }
  return out;
}

void check_coding(std::string_view text) {
  const auto encoded = waihu::percent_encode(text);
  promise(waihu::percent_decode(encoded, waihu::plus_sign::is_space) == text,
          "what is percent-encoded decodes to itself");
  promise(encoded.find_first_of(" +&=?#/\r\n") == std::string::npos, "what is encoded holds no delimiter");
  const auto decoded = waihu::percent_decode(text, waihu::plus_sign::is_space);
  promise(!decoded || decoded->size() <= text.size(), "decoding makes nothing longer");
  if (const auto at = parse_timestamp(text)) promise(format_timestamp(*at) == text, "a time is written as it was read");
}

std::optional<parameters> check_query(std::string_view text) {
  auto pairs = parse_query(text);
  if (!pairs) return pairs;
  promise(pairs->size() <= max_parameters, "a query has a bounded number of pairs");
  promise(parse_query(encode_query(*pairs)) == pairs, "a query that is written again reads the same");
  auto turned = *pairs;
  std::reverse(turned.begin(), turned.end());
  promise(canonical_query(*pairs) == canonical_query(turned), "the canonical query does not depend on the order");
  return pairs;
}

received_request received(const signed_call& call) { return {"POST", call.target, call.headers, call.body}; }

/// What our client signs, the server's side takes, and not when a byte of it has changed.
void check_signing(const parameters& business, std::string_view pick) {
  api_call call;
  call.host = "example.test";
  call.action = "AssignJobs";
  call.epoch_seconds = now_s;
  call.nonce = "0123456789abcdef0123456789abcdef";
  call.query = business;
  for (const bool is_v3 : {true, false}) {
    auto request = received(is_v3 ? sign_v3(call, who) : sign_v1(call, who));
    // V1 puts its own parameters beside the caller's: the names must not clash.
    const auto is_public = [](const auto& p) {
      constexpr std::string_view names[] = {"Action",           "Format",         "Version",       "Timestamp",
                                            "SignatureNonce",   "AccessKeyId",    "SecurityToken", "Signature",
                                            "SignatureVersion", "SignatureMethod"};
      return std::find(std::begin(names), std::end(names), p.first) != std::end(names);
    };
    if (!is_v3 && std::any_of(business.begin(), business.end(), is_public)) continue;
    const auto good = check_request(request, find_key, now_s);
    promise(good.code.empty(), "what we sign is taken");
    promise(good.is_v3 == is_v3 && good.action == call.action && good.nonce == call.nonce, "style and call are known");
    auto expected = business;
    auto seen = good.business;
    std::sort(expected.begin(), expected.end());
    std::sort(seen.begin(), seen.end());
    promise(seen == expected, "the business parameters arrive as they were given");
    promise(!check_request(request, find_key, now_s + 901).code.empty(), "an old request is refused");
    if (pick.size() < 2) continue;
    const auto at = static_cast<unsigned char>(pick[0]) % request.target.size();
    auto changed = request;
    changed.target[at] = pick[1];
    const auto before = parse_query(split_target(request.target).query);
    const auto after = parse_query(split_target(changed.target).query);
    // An empty path is signed as "/".
    const auto path = split_target(changed.target).path;
    if ((path.empty() || path == "/") && before == after) continue;
    promise(!check_request(changed, find_key, now_s).code.empty(), "a changed request is refused");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = waihu::fuzz::as_text(data, size);
  const auto request = read_request(input);
  const auto checked = check_request(request, find_key, now_s);
  promise(!checked.code.empty(), "nobody without the secret signs");
  promise(checked.http_status >= 400 && !checked.message.empty(), "a refusal says why");
  promise(checked.message.find(who.access_key_secret) == std::string::npos, "a refusal tells no secret");
  const auto texts = canonicalize_received(request);
  promise(texts.canonical_request == canonicalize_received(request).canonical_request, "canonical texts are stable");
  for (const auto& [name, value] : request.headers) check_coding(value);
  check_coding(input);
  check_query(request.body);
  const auto pairs = check_query(split_target(request.target).query);
  if (pairs) check_signing(*pairs, request.body);
  return 0;
}
