// Files that are compiled into the program and how they are answered. Built from http/openapi/ by
// cmake/embed_files.cmake.
#pragma once

#include <string_view>

#include "http/exchange.hpp"

namespace waihu::http {

/// The content of an embedded file, by its name without folder ("openapi.json"); empty when there is none. Lives as
/// long as the program; thread-safe.
std::string_view embedded_file(std::string_view name) noexcept;

/// An unchanging file as it is served.
struct static_file {
  std::string_view content;  ///< Outlives the program's last answer.
  std::string_view content_type;
  std::string_view policy;  ///< Content-Security-Policy; empty = none sent.
  std::string etag;         ///< Made by `static_file_of`.
  bool never_changes{};     ///< May be kept for good.
};

/// Makes the ETag of a file: weak, for the compressed and the plain answer carry the same.
static_file static_file_of(std::string_view content, std::string_view content_type, std::string_view policy);

/// The file, or 304 when If-None-Match names it (http-api.md section 1).
response file_answer(const request& req, const static_file& file);

}  // namespace waihu::http
