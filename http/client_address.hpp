// Whose address a request counts for: the peer's, or the one that a trusted proxy tells. What others tell is not
// believed, for logins are counted by address.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/ip_network.hpp"
#include "config/options.hpp"
#include "http/exchange.hpp"
#include "messages/model/failure.hpp"

namespace waihu::http {

/// [http] trusted_proxies and proxy_header, read once. Immutable; thread-safe.
class proxy_rules {
 public:
  /// Nobody is trusted.
  proxy_rules() = default;
  /// invalid_argument: an entry is neither address nor network.
  static result<proxy_rules> of(const config::http_options& options);

  [[nodiscard]] bool trusts(const config::ip_address& peer) const noexcept;
  /// Whether a connection of this peer must begin with a header of the PROXY protocol. Of nobody else is one read.
  [[nodiscard]] bool expects_header_of(const config::ip_address& peer) const noexcept {
    return speaks_proxy_protocol_ && trusts(peer);
  }
  /// Whether X-Forwarded-For counts in requests of this peer.
  [[nodiscard]] bool believes_forwarded_for_of(const config::ip_address& peer) const noexcept {
    return !speaks_proxy_protocol_ && trusts(peer);
  }
  /// The client of a request that came from a trusted proxy: the entries of X-Forwarded-For are followed from the
  /// right, over trusted proxies, to the first address that is none. What is not an address ends the way at the proxy
  /// that told it.
  [[nodiscard]] config::ip_address client_of(const request& head, config::ip_address proxy) const noexcept;

 private:
  std::vector<config::ip_network> trusted_;
  bool speaks_proxy_protocol_{false};
};

}  // namespace waihu::http
