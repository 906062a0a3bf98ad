// The two signature styles of the provider's RPC gateway: ACS3-HMAC-SHA256 ("V3") in headers and HMAC-SHA1 ("V1") in
// parameters, both as the client makes them and as a server checks them. Knows OpenSSL and the standard library, no
// HTTP library, so that a stand-in for the service can use the same rules.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "provider/percent_coding.hpp"

namespace waihu::signing {

/// Who signs. `secret` and `security_token` are never to be logged.
struct credentials {
  std::string access_key_id;
  std::string access_key_secret;
  std::string security_token;  ///< Only with temporary (STS) credentials, else empty.
};

/// Header fields in their order; names in any case.
using header_list = std::vector<std::pair<std::string, std::string>>;

/// Value of the first header of that name, compared without case; nothing when there is none.
std::optional<std::string> find_header(const header_list& headers, std::string_view name);

/// Lower-case hex of SHA-256.
std::string sha256_hex(std::string_view bytes);

/// A fresh nonce of 32 hex digits from the system's random source; empty when that source fails.
std::string make_nonce();

/// `2026-01-01T00:00:00Z`, UTC, whole seconds.
std::string format_timestamp(std::int64_t epoch_seconds);

/// Seconds since 1970 of exactly the form above; nothing for any other form or an impossible date.
std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept;

/// One call of the provider's API before it is signed.
struct api_call {
  std::string method{"POST"};
  std::string host;  ///< As in the Host header: with the port where it is not the scheme's own.
  std::string path{"/"};
  std::string action;  ///< "AssignJobs".
  std::string version{"2019-12-26"};
  parameters query;              ///< Business parameters of the query string.
  parameters form;               ///< Business parameters of a form body; empty: empty body.
  header_list extra_headers;     ///< Sent as they are; signed too where V3's rule says so (x-acs-*).
  std::int64_t epoch_seconds{};  ///< Time of signing.
  std::string format{"JSON"};    ///< V1 only: form of the answer.
  std::string nonce;             ///< Never used twice: a repeated call needs a new one.
};

/// A signed call: what goes on the wire, and the intermediate texts for tests and diagnosis (they hold no secret).
struct signed_call {
  std::string target;             ///< Path and encoded query.
  header_list headers;            ///< Host first; without Content-Length and Connection, which the sender adds.
  std::string body;               ///< Encoded form, or empty.
  std::string canonical_request;  ///< V3: the canonical request. V1: the canonical query.
  std::string string_to_sign;
  std::string signature;
};

/// Signs in the V3 style: headers only, query as given.
signed_call sign_v3(const api_call& call, const credentials& who);

/// Signs in the V1 style: public parameters and the signature join the query string.
signed_call sign_v1(const api_call& call, const credentials& who);

/// A request as a server received it.
struct received_request {
  std::string method;
  std::string target;  ///< As on the request line.
  header_list headers;
  std::string body;  ///< After de-chunking.
};

/// What a server knows of an access key.
struct known_key {
  std::string secret;
  std::string security_token;  ///< The token that must come with it; empty: none expected.
};

/// Finds a key by its id; nothing when there is no such key.
using key_lookup = std::function<std::optional<known_key>(const std::string& access_key_id)>;

/// Outcome of checking a request. With an empty `code` the signature holds; then the caller still has to refuse a
/// (access_key_id, nonce) pair it has seen before, with 400 SignatureNonceUsed.
struct check_result {
  int http_status{200};
  std::string code;     ///< The service's error code, e.g. "SignatureDoesNotMatch"; empty = good.
  std::string message;  ///< For the error body; holds no secret.
  bool is_v3{};         ///< Which style it was.
  std::string access_key_id;
  std::string nonce;
  std::string action;
  std::string version;
  std::string format{"JSON"};    ///< V1's `Format` as given (XML when it was left out).
  std::int64_t epoch_seconds{};  ///< Time of signing as stated.
  parameters business;           ///< Query and form parameters without V1's public ones, in their order.
};

/// Checks a received request at time `now_seconds`. Order of refusals: missing parameter (MissingParameter), method or
/// time format (InvalidSignatureMethod, InvalidTimeStamp.Format), more than `window_seconds` off
/// (InvalidTimeStamp.Expired), key (404 InvalidAccessKeyId.NotFound), token (InvalidSecurityToken.*), signature
/// (SignatureDoesNotMatch). All others are HTTP 400. The query is decoded and encoded anew, because clients leave some
/// characters raw that the canonical form escapes.
check_result check_request(const received_request& request, const key_lookup& find_key, std::int64_t now_seconds,
                           std::int64_t window_seconds = 900);

/// Texts that a server recomputes, for tests: canonical request (V1: canonical query) and string to sign. Empty strings
/// when the request carries no signature of that style.
struct canonical_texts {
  std::string canonical_request;
  std::string string_to_sign;
};
canonical_texts canonicalize_received(const received_request& request);

}  // namespace waihu::signing
