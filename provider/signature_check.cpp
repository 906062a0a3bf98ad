// Checking of received requests: the server's side of both signature styles.
#include <algorithm>
#include <array>

#include "provider/signing.hpp"
#include "provider/signing_primitives.hpp"

namespace waihu::signing {
namespace {

constexpr std::array<std::string_view, 10> v1_public_names = {
    "Action",          "Format",           "Version",     "Timestamp",     "SignatureNonce",
    "SignatureMethod", "SignatureVersion", "AccessKeyId", "SecurityToken", "Signature"};

bool is_v1_public(std::string_view name) noexcept {
  return std::find(v1_public_names.begin(), v1_public_names.end(), name) != v1_public_names.end();
}

check_result& refuse(check_result& out, int http_status, std::string code, std::string message) {
  out.http_status = http_status;
  out.code = std::move(code);
  out.message = std::move(message);
  return out;
}

check_result& refuse_missing(check_result& out, std::string_view name) {
  return refuse(out, 400, "MissingParameter", "The input parameter " + std::string{name} + " is mandatory.");
}

/// What an ACS3 Authorization header states.
struct v3_authorization {
  std::string access_key_id;
  std::string signed_headers;
  std::string signature;
};

std::optional<v3_authorization> parse_authorization(std::string_view value) {
  if (!value.starts_with(detail::v3_algorithm)) return std::nullopt;
  value.remove_prefix(detail::v3_algorithm.size());
  if (!value.starts_with(' ')) return std::nullopt;
  value = detail::trim(value);
  v3_authorization out;
  while (!value.empty()) {
    const auto end = value.find(',');
    const auto piece = detail::trim(value.substr(0, end));
    value = end == std::string_view::npos ? std::string_view{} : value.substr(end + 1);
    const auto equals = piece.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = piece.substr(0, equals);
    const auto text = piece.substr(equals + 1);
    if (name == "Credential") {
      out.access_key_id = text;
    } else if (name == "SignedHeaders") {
      out.signed_headers = text;
    } else if (name == "Signature") {
      out.signature = text;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

/// The headers that V3's rule covers, canonical and sorted; nothing when one of them stands there twice.
std::optional<header_list> covered_headers(const header_list& headers) {
  header_list out;
  for (const auto& [name, value] : headers) {
    auto lowered = detail::lower(name);
    if (detail::is_signed_header(lowered)) out.emplace_back(std::move(lowered), detail::trim(value));
  }
  std::sort(out.begin(), out.end());
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::adjacent_find(out.begin(), out.end(), same_name) != out.end()) return std::nullopt;
  return out;
}

std::string header_or_empty(const header_list& headers, std::string_view name) {
  return std::string{detail::trim(find_header(headers, name).value_or(std::string{}))};
}

bool is_form(const header_list& headers) {
  return detail::lower(header_or_empty(headers, "content-type")).starts_with("application/x-www-form-urlencoded");
}

/// Finds the key and compares the token; false when it has refused.
bool admit_key(check_result& out, const key_lookup& find_key, const std::string& token, known_key& key) {
  const auto found = find_key(out.access_key_id);
  if (!found) {
    refuse(out, 404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
    return false;
  }
  key = *found;
  if (!key.security_token.empty() && token.empty()) {
    refuse(out, 400, "MissingSecurityToken", "SecurityToken is mandatory for this action.");
    return false;
  }
  if (!detail::equal_in_constant_time(key.security_token, token)) {
    refuse(out, 400, "InvalidSecurityToken.MismatchWithAccessKey",
           "Specified SecurityToken mismatch with the AccessKey.");
    return false;
  }
  return true;
}

/// Reads and judges the stated time; false when it has refused.
bool admit_time(check_result& out, const std::string& text, std::int64_t now_seconds, std::int64_t window_seconds) {
  const auto stated = parse_timestamp(text);
  if (!stated) {
    refuse(out, 400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.");
    return false;
  }
  out.epoch_seconds = *stated;
  const auto off = *stated > now_seconds ? *stated - now_seconds : now_seconds - *stated;
  if (off > window_seconds) {
    refuse(out, 400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.");
    return false;
  }
  return true;
}

check_result& refuse_signature(check_result& out) {
  return refuse(out, 400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.");
}

check_result check_v3(const received_request& request, const std::string& authorization, const key_lookup& find_key,
                      std::int64_t now_seconds, std::int64_t window_seconds) {
  check_result out;
  out.is_v3 = true;
  const auto stated = parse_authorization(authorization);
  if (!stated)
    return refuse(out, 400, "InvalidSignatureMethod", "The Authorization header is not of ACS3-HMAC-SHA256.");
  out.access_key_id = stated->access_key_id;
  out.action = header_or_empty(request.headers, "x-acs-action");
  out.version = header_or_empty(request.headers, "x-acs-version");
  out.nonce = header_or_empty(request.headers, "x-acs-signature-nonce");
  if (out.access_key_id.empty()) return refuse_missing(out, "AccessKeyId");
  if (stated->signature.empty()) return refuse_missing(out, "Signature");
  if (stated->signed_headers.empty()) return refuse_missing(out, "SignedHeaders");
  for (const auto* name :
       {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"})
    if (header_or_empty(request.headers, name).empty()) return refuse_missing(out, name);

  const auto [path, raw_query] = split_target(request.target);
  auto query = parse_query(raw_query);
  if (!query) return refuse(out, 400, "InvalidParameter", "The query string is not well formatted.");
  if (!admit_time(out, header_or_empty(request.headers, "x-acs-date"), now_seconds, window_seconds)) return out;
  known_key key;
  if (!admit_key(out, find_key, header_or_empty(request.headers, "x-acs-security-token"), key)) return out;

  const auto covered = covered_headers(request.headers);
  const auto stated_id = find_header(request.headers, "x-acs-accesskey-id");
  if (!covered || detail::v3_signed_names(*covered) != stated->signed_headers ||
      (stated_id && detail::trim(*stated_id) != out.access_key_id))
    return refuse_signature(out);
  const auto payload_hash = sha256_hex(request.body);
  if (!detail::equal_in_constant_time(payload_hash, header_or_empty(request.headers, "x-acs-content-sha256")))
    return refuse_signature(out);
  const auto canonical = detail::v3_canonical_request(request.method, path, *query, *covered, payload_hash);
  const auto expected = detail::hmac_sha256_hex(key.secret, detail::v3_string_to_sign(canonical));
  if (!detail::equal_in_constant_time(expected, stated->signature)) return refuse_signature(out);

  out.business = std::move(*query);
  if (is_form(request.headers)) {
    auto form = parse_query(request.body);
    if (!form) return refuse(out, 400, "InvalidParameter", "The form body is not well formatted.");
    out.business.insert(out.business.end(), form->begin(), form->end());
  }
  return out;
}

/// Query and body parameters together, as V1 signs them. The body counts whatever its content type says: bytes that
/// nobody signed must not get in.
std::optional<parameters> v1_parameters(const received_request& request) {
  auto all = parse_query(split_target(request.target).query);
  auto form = parse_query(request.body);
  if (!all || !form) return std::nullopt;
  all->insert(all->end(), form->begin(), form->end());
  return all;
}

std::string v1_canonical(parameters all) {
  std::erase_if(all, [](const auto& pair) { return pair.first == "Signature"; });
  return canonical_query(std::move(all));
}

check_result check_v1(const received_request& request, const key_lookup& find_key, std::int64_t now_seconds,
                      std::int64_t window_seconds) {
  check_result out;
  auto all = v1_parameters(request);
  if (!all) return refuse(out, 400, "InvalidParameter", "The request's parameters are not well formatted.");
  const auto value_of = [&](std::string_view name) { return find_parameter(*all, name).value_or(std::string{}); };
  out.access_key_id = value_of("AccessKeyId");
  out.action = value_of("Action");
  out.version = value_of("Version");
  out.nonce = value_of("SignatureNonce");
  out.format = find_parameter(*all, "Format").value_or("XML");
  for (const auto* name : {"AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce",
                           "Timestamp", "Action", "Version"})
    if (value_of(name).empty()) return refuse_missing(out, name);
  if (value_of("SignatureMethod") != "HMAC-SHA1" || value_of("SignatureVersion") != "1.0")
    return refuse(out, 400, "InvalidSignatureMethod", "Specified signature method or version is not supported.");
  if (!admit_time(out, value_of("Timestamp"), now_seconds, window_seconds)) return out;
  known_key key;
  if (!admit_key(out, find_key, value_of("SecurityToken"), key)) return out;

  // A second Signature would leave open which one was meant.
  const auto signatures = std::count_if(all->begin(), all->end(), [](const auto& p) { return p.first == "Signature"; });
  const auto text = detail::v1_string_to_sign(request.method, split_target(request.target).path, v1_canonical(*all));
  const auto expected = detail::v1_signature(key.secret, text);
  if (signatures != 1 || !detail::equal_in_constant_time(expected, value_of("Signature"))) return refuse_signature(out);
  std::erase_if(*all, [](const auto& pair) { return is_v1_public(pair.first); });
  out.business = std::move(*all);
  return out;
}

}  // namespace

check_result check_request(const received_request& request, const key_lookup& find_key, std::int64_t now_seconds,
                           std::int64_t window_seconds) {
  if (const auto authorization = find_header(request.headers, "authorization"))
    return check_v3(request, *authorization, find_key, now_seconds, window_seconds);
  return check_v1(request, find_key, now_seconds, window_seconds);
}

canonical_texts canonicalize_received(const received_request& request) {
  canonical_texts out;
  const auto [path, raw_query] = split_target(request.target);
  if (find_header(request.headers, "authorization")) {
    const auto query = parse_query(raw_query);
    const auto covered = covered_headers(request.headers);
    if (!query || !covered) return out;
    out.canonical_request =
        detail::v3_canonical_request(request.method, path, *query, *covered, sha256_hex(request.body));
    out.string_to_sign = detail::v3_string_to_sign(out.canonical_request);
  } else if (auto all = v1_parameters(request)) {
    out.canonical_request = v1_canonical(std::move(*all));
    out.string_to_sign = detail::v1_string_to_sign(request.method, path, out.canonical_request);
  }
  return out;
}

}  // namespace waihu::signing
