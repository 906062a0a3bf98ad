// The few primitives that signing and checking share. Private to waihu_signing.
#pragma once

#include <string>
#include <string_view>

#include "provider/signing.hpp"

namespace waihu::signing::detail {

inline constexpr std::string_view v3_algorithm = "ACS3-HMAC-SHA256";

std::string lower(std::string_view text);
std::string_view trim(std::string_view text) noexcept;
std::string hmac_sha256_hex(std::string_view key, std::string_view text);
std::string hmac_sha1_base64(std::string_view key, std::string_view text);
/// Takes time that depends on the lengths only.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;
/// x-acs-*, host and content-type are what V3 signs. `name` in lower case.
bool is_signed_header(std::string_view name) noexcept;

/// V3's canonical request. `headers` are the signed ones: lower-case names, trimmed values, sorted, no repeats.
std::string v3_canonical_request(std::string_view method, std::string_view path, const parameters& query,
                                 const header_list& headers, std::string_view payload_hash);
std::string v3_string_to_sign(std::string_view canonical_request);
std::string v3_signed_names(const header_list& headers);

/// V1's string to sign over an already canonical query.
std::string v1_string_to_sign(std::string_view method, std::string_view path, std::string_view canonical);
std::string v1_signature(std::string_view secret, std::string_view string_to_sign);

}  // namespace waihu::signing::detail
