// Access tokens made by hand, so that tests can present what our own mint would never issue.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>
#include <string>

#include "messages/model/records.hpp"

namespace waihu::test {

inline std::string base64url(const std::string& in) {
  std::string out(4 * ((in.size() + 2) / 3) + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(in.data()), static_cast<int>(in.size()));
  out.resize(static_cast<std::size_t>(n));
  while (!out.empty() && out.back() == '=') out.pop_back();
  for (auto& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

/// A token signed with `hash` and `key`, whatever `header` says.
inline std::string hand_made(const std::string& header, const std::string& claims, const EVP_MD* hash,
                             const std::string& key) {
  const auto text = base64url(header) + "." + base64url(claims);
  unsigned char mac[64];
  unsigned size = 0;
  HMAC(hash, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       mac, &size);
  return text + "." + base64url(std::string(reinterpret_cast<char*>(mac), size));
}

/// Claims as our mint writes them; `more` is put in front ("\"nbf\":5,").
inline std::string claims_of(const user_record& u, std::int64_t exp, const std::string& type = "access_token",
                             const std::string& more = "\"iat\":1,") {
  return "{" + more + R"("user_id":)" + std::to_string(value(u.id)) +
         R"(,"username":"x","phone":"1","organization_id":"o",)" + R"("type":")" + type + R"(","exp":)" +
         std::to_string(exp) + "}";
}

}  // namespace waihu::test
