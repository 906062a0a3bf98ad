// Classification of the provider's answers.
#include "provider/outboundbot_answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "messages/model/text.hpp"
#include "provider/json_reading.hpp"

namespace waihu::provider {
namespace {

constexpr std::size_t max_message_bytes = 200;
constexpr std::size_t min_telephone_digits = 7;

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) noexcept {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](auto prefix) { return text.starts_with(prefix); });
}

/// Content of the first `<name>...</name>`; enough for the gateway's flat error documents.
std::string xml_text(std::string_view body, std::string_view name) {
  const std::string open = "<" + std::string{name} + ">";
  const auto from = body.find(open);
  if (from == std::string_view::npos) return {};
  const auto start = from + open.size();
  const auto end = body.find("</", start);
  return end == std::string_view::npos ? std::string{} : std::string{body.substr(start, end - start)};
}

/// What an error body says about itself.
struct stated_error {
  bool is_understood{};
  std::string code, message, request_id;
};

stated_error read_error_body(const std::string& body) {
  stated_error out;
  rapidjson::Document doc;
  if (json::parse(body, doc) && doc.IsObject()) {
    out.code = json::text_member(doc, "Code");
    out.message = json::text_member(doc, "Message");
    out.request_id = json::text_member(doc, "RequestId");
  } else if (body.find("<Error>") != std::string::npos || body.find("<Code>") != std::string::npos) {
    out.code = xml_text(body, "Code");
    out.message = xml_text(body, "Message");
    out.request_id = xml_text(body, "RequestId");
  }
  out.is_understood = !out.code.empty();
  return out;
}

std::int64_t retry_after_ms(const header_list& headers) {
  const auto number = [](const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value > 0 ? value : 0;
  };
  constexpr std::int64_t longest = 3'600'000;
  if (const auto vendor = signing::find_header(headers, "x-acs-retry-after")) return std::min(number(*vendor), longest);
  // RFC 9110 counts in seconds; 0 also for its date form, which says nothing without a trusted clock.
  if (const auto plain = signing::find_header(headers, "retry-after"))
    return std::min(std::min(number(*plain), longest) * 1000, longest);
  return 0;
}

tl::unexpected<failure> refuse(std::string_view operation, const http_answer& answer, errc code,
                               const stated_error& stated, const text_cleaner& cleaner) {
  failure out{code, std::string{operation} + ": HTTP " + std::to_string(answer.status), cleaner.clean(stated.code), 0};
  if (!stated.is_understood) {
    out.message += ", an answer that is not the service's";
  } else {
    out.message += " " + out.vendor_code;
    // A signature error quotes the string to sign, and with it everybody's telephone numbers.
    if (!stated.message.empty() && code != errc::unauthorized) out.message += ": " + cleaner.clean(stated.message);
    if (!stated.request_id.empty()) out.message += " (request " + cleaner.clean(stated.request_id) + ")";
  }
  if (code == errc::throttled) out.retry_after_ms = retry_after_ms(answer.headers);
  return tl::unexpected<failure>(std::move(out));
}

bool is_success(const rapidjson::Document& doc) {
  const auto code = json::text_member(doc, "Code");
  if (!code.empty() && code != "OK") return false;
  return json::member(doc, "Success") != nullptr ? json::is_true_member(doc, "Success") : code == "OK";
}

}  // namespace

text_cleaner::text_cleaner(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
  std::erase_if(secrets_, [](const auto& secret) { return secret.empty(); });
}

std::string text_cleaner::clean(std::string_view text) const {
  // Bodies that are no JSON were checked by nobody.
  std::string whole = storable_text(text.substr(0, 16 * max_message_bytes));
  for (const auto& secret : secrets_)
    for (auto at = whole.find(secret); at != std::string::npos; at = whole.find(secret, at + 3))
      whole.replace(at, secret.size(), "***");
  std::string out;
  std::size_t digits = 0;
  for (const char c : whole) {
    const bool is_digit = c >= '0' && c <= '9';
    digits = is_digit ? digits + 1 : 0;
    if (digits == min_telephone_digits) out.replace(out.size() - 3, 3, "***");
    if (digits >= min_telephone_digits) {
      continue;
    }
    out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c);
  }
  for (auto at = out.find('?'); at != std::string::npos; at = out.find('?', at + 1)) {
    // Only what looks like a URL's query: a '?' with a '=' before the next blank.
    const auto end = out.find_first_of(" \"'", at);
    const auto equals = out.find('=', at);
    if (equals < end) out.erase(at + 1, end == std::string::npos ? end : end - at - 1);
  }
  if (out.size() > max_message_bytes) {
    auto cut = max_message_bytes;
    while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0U) == 0x80U) --cut;
    out.resize(cut);
  }
  return out;
}

errc classify(int http_status, std::string_view vendor_code) noexcept {
  if (vendor_code.find("Throttling") != std::string_view::npos || http_status == 429) return errc::throttled;
  // The first request with this nonce arrived; what became of it is unknown.
  if (vendor_code == nonce_used_code) return errc::lost;
  if (http_status == 401 || http_status == 403 ||
      starts_with_any(vendor_code,
                      {"InvalidAccessKeyId", "MissingAccessKeyId", "SignatureDoesNotMatch", "IncompleteSignature",
                       "InvalidSignatureMethod", "InvalidTimeStamp", "InvalidSecurityToken", "MissingSecurityToken",
                       "NoPermission", "Forbidden", "Permission"}))
    return errc::unauthorized;
  if (http_status >= 500 || http_status == 408 ||
      starts_with_any(vendor_code, {"InternalError", "ServiceUnavailable", "SystemError", "UnknownError"}))
    return errc::lost;
  if (vendor_code.starts_with("NotExist")) return errc::not_found;
  return http_status < 300 || http_status >= 400 ? errc::rejected : errc::lost;
}

result<bool> read_answer(std::string_view operation, const http_answer& answer, const text_cleaner& cleaner,
                         rapidjson::Document& out) {
  if (answer.status >= 200 && answer.status < 300) {
    if (!json::parse(answer.body, out) || !out.IsObject())
      return refuse(operation, answer, errc::lost, stated_error{}, cleaner);
    if (is_success(out)) return true;
    const auto stated = read_error_body(answer.body);
    // HTTP says fine, the envelope does not: its own HttpStatusCode is the better witness.
    const auto inner = static_cast<int>(std::clamp<std::int64_t>(json::integer_member(out, "HttpStatusCode"), 0, 999));
    if (!stated.is_understood || stated.code == "OK")
      return refuse(operation, answer, inner >= 500 ? errc::lost : errc::rejected, stated, cleaner);
    return refuse(operation, answer, classify(inner, stated.code), stated, cleaner);
  }
  const auto stated = read_error_body(answer.body);
  if (stated.is_understood) return refuse(operation, answer, classify(answer.status, stated.code), stated, cleaner);
  // Not the service's own words, perhaps a proxy's. These statuses say by themselves that nothing was carried out.
  constexpr std::array surely_refused = {401, 403, 413, 414, 429, 431};
  const bool is_sure = std::find(surely_refused.begin(), surely_refused.end(), answer.status) != surely_refused.end();
  return refuse(operation, answer, is_sure ? classify(answer.status, {}) : errc::lost, stated, cleaner);
}

}  // namespace waihu::provider
