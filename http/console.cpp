#include "http/console.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "http/compression.hpp"
#include "http/static_files.hpp"

namespace waihu::http {

namespace {

constexpr std::string_view start_page = "/index.html";
/// Larger files belong to no console.
constexpr std::size_t console_file_limit = 16U << 20U;

/// Everything from here, nothing inline; recordings come from the provider's store, by signed links.
constexpr std::string_view console_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "media-src http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> types{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".json", "application/json; charset=utf-8"},
}};

std::string_view type_of(std::string_view path) {
  for (const auto& [ending, type] : types)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

/// Names of built files hold a sum of their content, so that what a name stands for never changes.
bool never_changes(std::string_view path) { return path.starts_with("/assets/"); }

bool goes_there(const request& req) {
  const auto* accepted = req.header("accept");
  return accepted != nullptr && accepted->find("text/html") != std::string::npos && !req.path.starts_with("/api/") &&
         !req.path.starts_with("/assets/");
}

std::optional<console_file> read_in(const std::filesystem::path& folder, std::string_view path) {
  std::error_code ec;
  const auto file = std::filesystem::canonical(folder / path.substr(1), ec);
  if (ec || !std::filesystem::is_regular_file(file, ec) || std::filesystem::file_size(file, ec) > console_file_limit)
    return {};
  // Neither ".." nor a link leads out of it.
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  if (end != folder.end()) return {};
  std::ifstream in(file, std::ios::binary);
  console_file found;
  found.content.assign(std::istreambuf_iterator<char>(in), {});
  if (!in.good() && !in.eof()) return {};
  found.etag = static_file_of(found.content, {}, {}).etag;
  return found;
}

}  // namespace

console console::of(std::span<const packed_file> files) {
  if (files.empty()) return {};
  return console([files](std::string_view path) -> std::optional<console_file> {
    for (const auto& file : files)
      if (file.path == path) return console_file{std::string(file.gzip), std::string(file.etag), true};
    return std::nullopt;
  });
}

result<console> console::of_folder(const std::string& folder) {
  std::error_code ec;
  const auto root = std::filesystem::canonical(folder, ec);
  if (ec || !read_in(root, start_page))
    return fail(errc::invalid_argument, "http.web_root: " + folder +
                                            " has no index.html that can be read; build the console first (npm run "
                                            "build in web/) and name its dist folder");
  return console([root](std::string_view path) { return read_in(root, path); });
}

std::optional<response> console::answer(const request& req) const {
  if (!files_ || (req.method != "GET" && req.method != "HEAD")) return std::nullopt;
  auto path = req.path == "/" ? start_page : std::string_view(req.path);
  auto found = files_(path);
  if (!found && goes_there(req)) found = files_(path = start_page);
  if (!found) return std::nullopt;
  const auto* accepted = req.header("accept-encoding");
  const bool stays_packed = found->is_packed && accepted != nullptr && accepts_gzip(*accepted);
  if (found->is_packed && !stays_packed) {
    auto plain = gunzip(found->content, console_file_limit);
    if (!plain) return std::nullopt;
    found->content = std::move(*plain);
  }
  static_file file{found->content, type_of(path), path == start_page ? console_policy : std::string_view{},
                   found->etag};
  file.never_changes = never_changes(path);
  auto r = file_answer(req, file);
  if (found->is_packed) r.headers.emplace_back("Vary", "Accept-Encoding");
  if (stays_packed && r.status == 200) r.headers.emplace_back("Content-Encoding", "gzip");
  return r;
}

}  // namespace waihu::http
