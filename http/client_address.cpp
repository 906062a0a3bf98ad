#include "http/client_address.hpp"

#include <algorithm>

#include "http/body_fields.hpp"

namespace waihu::http {

namespace {

constexpr int most_hops = 32;

/// An entry: an address, maybe with a port, which some proxies add.
std::optional<config::ip_address> address_of(std::string_view entry) noexcept {
  entry = trimmed(entry);
  if (entry.starts_with('[')) {
    const auto end = entry.find(']');
    if (end == std::string_view::npos || (end + 1 < entry.size() && entry[end + 1] != ':')) return std::nullopt;
    return config::ip_address::parse(entry.substr(1, end - 1));
  }
  const auto colon = entry.find(':');
  const bool has_port = colon != std::string_view::npos && entry.find(':', colon + 1) == std::string_view::npos;
  return config::ip_address::parse(has_port ? entry.substr(0, colon) : entry);
}

}  // namespace

result<proxy_rules> proxy_rules::of(const config::http_options& options) {
  proxy_rules rules;
  for (const auto& entry : options.trusted_proxies) {
    const auto network = config::ip_network::parse(entry);
    if (!network) return fail(errc::invalid_argument, "http.trusted_proxies: neither address nor network: " + entry);
    rules.trusted_.push_back(*network);
  }
  rules.speaks_proxy_protocol_ = options.proxy_header == "proxy_protocol";
  return rules;
}

bool proxy_rules::trusts(const config::ip_address& peer) const noexcept {
  return std::any_of(trusted_.begin(), trusted_.end(), [&](const auto& network) { return network.contains(peer); });
}

config::ip_address proxy_rules::client_of(const request& head, config::ip_address proxy) const noexcept {
  // Several lines of this name are one list (RFC 9110 section 5.3).
  auto hop = proxy;
  int hops = 0;
  for (auto line = head.headers.rbegin(); line != head.headers.rend(); ++line) {
    if (line->first != "x-forwarded-for") continue;
    std::string_view rest = line->second;
    while (trusts(hop)) {
      const auto comma = rest.rfind(',');
      const auto told = address_of(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      if (!told || ++hops > most_hops) return hop;
      hop = *told;
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
    if (!trusts(hop)) return hop;
  }
  return hop;
}

}  // namespace waihu::http
