// Internet addresses and networks as an operator writes them: IPv4 and IPv6 alike, compared as 16 bytes. Knows no
// sockets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waihu::config {

/// An address without port. An IPv4 address and its IPv6 form (::ffff:192.0.2.1, RFC 4291 section 2.5.5.2) are the
/// same.
class ip_address {
 public:
  using bytes_type = std::array<std::uint8_t, 16>;

  /// The address at these bytes, in network order.
  explicit ip_address(const bytes_type& v6) noexcept : bytes_(v6) {}
  explicit ip_address(const std::array<std::uint8_t, 4>& v4) noexcept;

  /// Reads "192.0.2.1" or "2001:db8::1"; nothing around it, no zone, no shortened IPv4.
  static std::optional<ip_address> parse(std::string_view text) noexcept;

  [[nodiscard]] bool is_v4() const noexcept;
  [[nodiscard]] const bytes_type& bytes() const noexcept { return bytes_; }
  /// The canonical text (RFC 5952); IPv4 in dots.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const ip_address&, const ip_address&) = default;

 private:
  bytes_type bytes_{};
};

/// All addresses that begin with the same bits.
class ip_network {
 public:
  /// Reads "10.0.0.0/8", "2001:db8::/32" or one address. Nothing for anything else, for bits behind the prefix that are
  /// not zero ("10.1.0.0/8" means something else than it says), and for a prefix of no bits (everybody).
  static std::optional<ip_network> parse(std::string_view text) noexcept;

  [[nodiscard]] bool contains(const ip_address& address) const noexcept;

 private:
  ip_network(const ip_address& first, int prefix) noexcept : first_(first), prefix_(prefix) {}

  ip_address first_;
  int prefix_;  ///< Bits of the 16 bytes, 1..128.
};

}  // namespace waihu::config
