#include "http/static_files.hpp"

#include <sodium.h>

#include "http/body_fields.hpp"

namespace waihu::http {

namespace {

/// Whether an If-None-Match header names the tag, compared weakly.
bool names_tag(std::string_view header, std::string_view etag) {
  return trimmed(header) == "*" || header.find(etag.substr(2)) != std::string_view::npos;
}

}  // namespace

static_file static_file_of(std::string_view content, std::string_view content_type, std::string_view policy) {
  unsigned char hash[16];
  crypto_generichash(hash, sizeof hash, reinterpret_cast<const unsigned char*>(content.data()), content.size(), nullptr,
                     0);
  char hex[2 * sizeof hash + 1];
  sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
  return {content, content_type, policy, "W/\"" + std::string(hex) + '"', false};
}

response file_answer(const request& req, const static_file& file) {
  response r;
  r.headers.emplace_back("ETag", file.etag);
  r.headers.emplace_back("Cache-Control", file.never_changes ? "public, max-age=31536000, immutable" : "no-cache");
  if (!file.policy.empty()) r.headers.emplace_back("Content-Security-Policy", file.policy);
  const auto* known = req.header("if-none-match");
  if (known != nullptr && names_tag(*known, file.etag)) {
    r.status = 304;
    r.content_type.clear();
    return r;
  }
  r.content_type = file.content_type;
  r.body = file.content;
  return r;
}

}  // namespace waihu::http
