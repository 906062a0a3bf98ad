// Signing of calls, and the primitives shared with checking.
#include "provider/signing.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "provider/signing_primitives.hpp"

namespace waihu::signing {
namespace detail {
namespace {

const unsigned char* as_bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string to_hex(const unsigned char* bytes, std::size_t count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(count * 2);
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(digits[bytes[i] >> 4U]);
    out.push_back(digits[bytes[i] & 0x0FU]);
  }
  return out;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(text), text.size(), out.data(), &size);
  return to_hex(out.data(), size);
}

std::string hmac_sha1_base64(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), as_bytes(text), text.size(), digest.data(), &size);
  std::array<unsigned char, 2UL * EVP_MAX_MD_SIZE> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(std::max(length, 0))};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_signed_header(std::string_view name) noexcept {
  return name == "host" || name == "content-type" || name.starts_with("x-acs-");
}

std::string v3_canonical_request(std::string_view method, std::string_view path, const parameters& query,
                                 const header_list& headers, std::string_view payload_hash) {
  std::string out{method};
  out.append("\n").append(path.empty() ? "/" : path).append("\n").append(canonical_query(query)).append("\n");
  for (const auto& [name, value] : headers) out.append(name).append(":").append(value).append("\n");
  out.append("\n").append(v3_signed_names(headers)).append("\n").append(payload_hash);
  return out;
}

std::string v3_string_to_sign(std::string_view canonical_request) {
  return std::string{v3_algorithm} + "\n" + sha256_hex(canonical_request);
}

std::string v3_signed_names(const header_list& headers) {
  std::string out;
  for (const auto& header : headers) {
    if (!out.empty()) out.push_back(';');
    out.append(header.first);
  }
  return out;
}

std::string v1_string_to_sign(std::string_view method, std::string_view path, std::string_view canonical) {
  return std::string{method} + "&" + percent_encode(path.empty() ? "/" : path) + "&" + percent_encode(canonical);
}

std::string v1_signature(std::string_view secret, std::string_view string_to_sign) {
  return hmac_sha1_base64(std::string{secret} + "&", string_to_sign);
}

}  // namespace detail

namespace {

bool read_digits(std::string_view text, std::size_t at, std::size_t count, int& out) noexcept {
  const char* first = text.data() + at;
  const auto [end, error] = std::from_chars(first, first + count, out);
  return error == std::errc{} && end == first + count && *first != '-';
}

}  // namespace

std::optional<std::string> find_header(const header_list& headers, std::string_view name) {
  const auto wanted = detail::lower(name);
  for (const auto& [key, value] : headers)
    if (detail::lower(key) == wanted) return value;
  return std::nullopt;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr);
  return detail::to_hex(out.data(), size);
}

std::string make_nonce() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return {};
  return detail::to_hex(bytes.data(), bytes.size());
}

std::string format_timestamp(std::int64_t epoch_seconds) {
  const std::chrono::sys_seconds at{std::chrono::seconds{epoch_seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  std::array<char, 64> out{};
  const int size = std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                                 static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {out.data(), static_cast<std::size_t>(std::max(size, 0))};
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool shaped = text.size() == 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' &&
                      text[16] == ':' && text[19] == 'Z' && read_digits(text, 0, 4, year) &&
                      read_digits(text, 5, 2, month) && read_digits(text, 8, 2, day) &&
                      read_digits(text, 11, 2, hour) && read_digits(text, 14, 2, minute) &&
                      read_digits(text, 17, 2, second);
  if (!shaped || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const std::chrono::seconds since = std::chrono::sys_days{date}.time_since_epoch();
  return since.count() + hour * 3600L + minute * 60L + second;
}

signed_call sign_v3(const api_call& call, const credentials& who) {
  signed_call out;
  out.body = encode_query(call.form);
  out.target = call.path;
  if (!call.query.empty()) out.target += "?" + encode_query(call.query);
  const auto payload_hash = sha256_hex(out.body);
  out.headers = {{"host", call.host},
                 {"x-acs-action", call.action},
                 {"x-acs-version", call.version},
                 {"x-acs-date", format_timestamp(call.epoch_seconds)},
                 {"x-acs-signature-nonce", call.nonce},
                 {"x-acs-content-sha256", payload_hash},
                 {"accept", "application/json"}};
  if (!call.form.empty()) out.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  if (!who.security_token.empty()) {
    out.headers.emplace_back("x-acs-accesskey-id", who.access_key_id);
    out.headers.emplace_back("x-acs-security-token", who.security_token);
  }
  for (const auto& header : call.extra_headers) out.headers.push_back(header);

  header_list covered;
  for (const auto& [name, value] : out.headers) {
    auto lowered = detail::lower(name);
    if (detail::is_signed_header(lowered)) covered.emplace_back(std::move(lowered), detail::trim(value));
  }
  std::sort(covered.begin(), covered.end());
  out.canonical_request = detail::v3_canonical_request(call.method, call.path, call.query, covered, payload_hash);
  out.string_to_sign = detail::v3_string_to_sign(out.canonical_request);
  out.signature = detail::hmac_sha256_hex(who.access_key_secret, out.string_to_sign);
  out.headers.emplace_back("authorization", std::string{detail::v3_algorithm} + " Credential=" + who.access_key_id +
                                                ",SignedHeaders=" + detail::v3_signed_names(covered) +
                                                ",Signature=" + out.signature);
  return out;
}

signed_call sign_v1(const api_call& call, const credentials& who) {
  parameters query = {{"Action", call.action},        {"Format", call.format},
                      {"Version", call.version},      {"Timestamp", format_timestamp(call.epoch_seconds)},
                      {"SignatureNonce", call.nonce}, {"SignatureMethod", "HMAC-SHA1"},
                      {"SignatureVersion", "1.0"},    {"AccessKeyId", who.access_key_id}};
  if (!who.security_token.empty()) query.emplace_back("SecurityToken", who.security_token);
  query.insert(query.end(), call.query.begin(), call.query.end());

  signed_call out;
  out.body = encode_query(call.form);
  parameters covered = query;
  covered.insert(covered.end(), call.form.begin(), call.form.end());
  out.canonical_request = canonical_query(std::move(covered));
  out.string_to_sign = detail::v1_string_to_sign(call.method, call.path, out.canonical_request);
  out.signature = detail::v1_signature(who.access_key_secret, out.string_to_sign);
  query.emplace_back("Signature", out.signature);
  out.target = call.path + "?" + encode_query(query);
  out.headers = {{"host", call.host}, {"accept", "application/json"}};
  if (!call.form.empty()) out.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  for (const auto& header : call.extra_headers) out.headers.push_back(header);
  return out;
}

}  // namespace waihu::signing
