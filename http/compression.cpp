#include "http/compression.hpp"

#include <zlib.h>

#include "http/body_fields.hpp"

namespace waihu::http {

bool accepts_gzip(std::string_view accept_encoding) noexcept {
  bool any_allowed = false;
  while (!accept_encoding.empty()) {
    const auto item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(item.size() < accept_encoding.size() ? item.size() + 1 : item.size());
    const auto coding = trimmed(item.substr(0, item.find(';')));
    bool is_allowed = true;
    if (const auto q = item.find("q="); q != std::string_view::npos) {
      const auto quality = trimmed(item.substr(q + 2));
      is_allowed = quality.find_first_of("123456789") != std::string_view::npos;
    }
    if (coding == "gzip" || coding == "x-gzip") return is_allowed;
    if (coding == "*") any_allowed = is_allowed;
  }
  return any_allowed;
}

namespace {
constexpr int gzip_window = 15 + 16;
}

std::optional<std::string> gzip(std::string_view text) {
  z_stream z{};
  constexpr int quick = 4;
  if (deflateInit2(&z, quick, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) return std::nullopt;
  std::string out(deflateBound(&z, static_cast<uLong>(text.size())), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  if (done != Z_STREAM_END || out.size() >= text.size()) return std::nullopt;
  return out;
}

std::optional<std::string> gunzip(std::string_view packed, std::size_t limit) {
  z_stream z{};
  if (inflateInit2(&z, gzip_window) != Z_OK) return std::nullopt;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  int done = Z_OK;
  while (done == Z_OK && out.size() <= limit) {
    constexpr std::size_t piece = 64U << 10U;
    const auto have = out.size();
    out.resize(have + piece);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    z.avail_out = static_cast<uInt>(piece);
    done = inflate(&z, Z_NO_FLUSH);
    out.resize(have + piece - z.avail_out);
  }
  inflateEnd(&z);
  if (done != Z_STREAM_END || z.avail_in > 0 || out.size() > limit) return std::nullopt;
  return out;
}

}  // namespace waihu::http
