// Reads the header of the PROXY protocol, versions 1 and 2 (haproxy.org/download/2.9/doc/proxy-protocol.txt), with
// which a proxy says for whom it has connected. Knows no sockets, nor who may send it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "config/ip_network.hpp"

namespace waihu::http {

/// Longest header taken; the protocol's own limit for version 1 is 107 bytes, version 2 carries extensions.
inline constexpr std::size_t proxy_header_limit = 4096;

/// What the first bytes of a connection are.
struct proxy_header {
  enum class verdict : std::uint8_t {
    incomplete,  ///< A header begins; more bytes are needed. Never with proxy_header_limit bytes.
    complete,    ///< The first `length` bytes are a header.
    malformed,   ///< No header; the connection is of no use.
  };
  verdict is{verdict::malformed};
  std::size_t length{};
  /// For whom the proxy speaks. Empty: for itself (health checks), or it does not know.
  std::optional<config::ip_address> client;
};

/// Reads a header at the front of `bytes`. Addresses of other families than IPv4 and IPv6 count as not known,
/// extensions are skipped.
proxy_header read_proxy_header(std::string_view bytes) noexcept;

}  // namespace waihu::http
