#include "config/ip_network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace waihu::config {

namespace {

constexpr std::array<std::uint8_t, 12> v4_lead{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int bits_before_v4 = 96;

bool is_zero_behind(const ip_address::bytes_type& bytes, int prefix) noexcept {
  for (int bit = prefix; bit < 128; ++bit)
    if ((bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0) return false;
  return true;
}

}  // namespace

ip_address::ip_address(const std::array<std::uint8_t, 4>& v4) noexcept {
  std::copy(v4_lead.begin(), v4_lead.end(), bytes_.begin());
  std::copy(v4.begin(), v4.end(), bytes_.begin() + v4_lead.size());
}

std::optional<ip_address> ip_address::parse(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, terminated.data(), v4.data()) == 1) return ip_address(v4);
  bytes_type v6{};
  if (inet_pton(AF_INET6, terminated.data(), v6.data()) == 1) return ip_address(v6);
  return std::nullopt;
}

bool ip_address::is_v4() const noexcept { return std::equal(v4_lead.begin(), v4_lead.end(), bytes_.begin()); }

std::string ip_address::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const bool v4 = is_v4();
  const auto* from = v4 ? bytes_.data() + v4_lead.size() : bytes_.data();
  const char* written = inet_ntop(v4 ? AF_INET : AF_INET6, from, out.data(), out.size());
  return written != nullptr ? written : "unknown";
}

std::optional<ip_network> ip_network::parse(std::string_view text) noexcept {
  const auto slash = text.find('/');
  const auto first = ip_address::parse(text.substr(0, slash));
  if (!first) return std::nullopt;
  if (slash == std::string_view::npos) return ip_network(*first, 128);
  const auto bits = text.substr(slash + 1);
  int prefix = 0;
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), prefix);
  const bool is_dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  const int most = is_dotted ? 32 : 128;
  if (error != std::errc{} || end != bits.data() + bits.size() || prefix < 1 || prefix > most) return std::nullopt;
  if (is_dotted) prefix += bits_before_v4;
  if (!is_zero_behind(first->bytes(), prefix)) return std::nullopt;
  return ip_network(*first, prefix);
}

bool ip_network::contains(const ip_address& address) const noexcept {
  const auto whole = static_cast<std::size_t>(prefix_ / 8);
  if (std::memcmp(first_.bytes().data(), address.bytes().data(), whole) != 0) return false;
  const int rest = prefix_ % 8;
  if (rest == 0) return true;
  const int mask = 0xff << (8 - rest);
  return ((first_.bytes()[whole] ^ address.bytes()[whole]) & mask) == 0;
}

}  // namespace waihu::config
