#include "http/proxy_protocol.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace waihu::http {

namespace {

using verdict = proxy_header::verdict;

constexpr std::string_view v1_mark = "PROXY ";
constexpr std::size_t v1_longest = 107;
constexpr std::string_view v2_mark{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t v2_head = 16;

/// Whether one of the two begins with the other.
bool begins_alike(std::string_view a, std::string_view b) noexcept {
  const auto n = std::min(a.size(), b.size());
  return a.substr(0, n) == b.substr(0, n);
}

proxy_header malformed() noexcept { return {}; }
proxy_header incomplete() noexcept { return {verdict::incomplete, 0, std::nullopt}; }

bool is_port(std::string_view text) noexcept {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool has_lead = text.size() > 1 && text.front() == '0';
  return error == std::errc{} && end == text.data() + text.size() && !has_lead && port <= 65'535;
}

/// The next word and the blank behind it, taken off the front.
std::string_view take_word(std::string_view& line) noexcept {
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

proxy_header read_v1(std::string_view bytes) noexcept {
  const auto end = bytes.substr(0, v1_longest).find("\r\n");
  if (end == std::string_view::npos) return bytes.size() < v1_longest ? incomplete() : malformed();
  auto line = bytes.substr(v1_mark.size(), end - v1_mark.size());
  proxy_header header{verdict::complete, end + 2, std::nullopt};
  if (std::count(line.begin(), line.end(), ' ') > 4 && !line.starts_with("UNKNOWN ")) return malformed();
  const auto family = take_word(line);
  if (family == "UNKNOWN") return header;  // what stands behind it is to be ignored
  const auto source = take_word(line);
  const auto target = take_word(line);
  const auto source_port = take_word(line);
  if ((family != "TCP4" && family != "TCP6") || !is_port(source_port) || !is_port(line)) return malformed();
  const bool wants_colon = family == "TCP6";
  for (const auto address : {source, target})
    if ((address.find(':') != std::string_view::npos) != wants_colon) return malformed();
  header.client = config::ip_address::parse(source);
  if (!header.client || !config::ip_address::parse(target)) return malformed();
  return header;
}

std::size_t two_bytes(std::string_view at) noexcept {
  return static_cast<std::size_t>(static_cast<unsigned char>(at[0])) << 8U | static_cast<unsigned char>(at[1]);
}

/// The address of so many bytes at the front.
template <std::size_t Size>
config::ip_address address_at(std::string_view bytes) noexcept {
  std::array<std::uint8_t, Size> raw{};
  std::copy_n(bytes.begin(), Size, raw.begin());
  return config::ip_address(raw);
}

proxy_header read_v2(std::string_view bytes) noexcept {
  if (bytes.size() < v2_head) return incomplete();
  const auto version_and_command = static_cast<unsigned char>(bytes[12]);
  const auto family = static_cast<unsigned char>(bytes[13]) >> 4U;
  const auto transport = static_cast<unsigned char>(bytes[13]) & 15U;
  const auto body_size = two_bytes(bytes.substr(14));
  const bool is_local = version_and_command == 0x20;
  if (!is_local && version_and_command != 0x21) return malformed();
  if (family > 3 || transport > 2 || v2_head + body_size > proxy_header_limit) return malformed();
  if (bytes.size() < v2_head + body_size) return incomplete();
  proxy_header header{verdict::complete, v2_head + body_size, std::nullopt};
  if (is_local) return header;
  const auto body = bytes.substr(v2_head, body_size);
  // Two addresses and two ports; more are extensions. Datagrams do not come over our sockets.
  if (transport == 2) return malformed();
  if (transport == 1 && family == 1) {
    if (body.size() < 12) return malformed();
    header.client = address_at<4>(body);
  } else if (transport == 1 && family == 2) {
    if (body.size() < 36) return malformed();
    header.client = address_at<16>(body);
  }
  return header;
}

}  // namespace

proxy_header read_proxy_header(std::string_view bytes) noexcept {
  if (begins_alike(bytes, v1_mark)) return bytes.size() < v1_mark.size() ? incomplete() : read_v1(bytes);
  if (begins_alike(bytes, v2_mark)) return read_v2(bytes);
  return malformed();
}

}  // namespace waihu::http
