// Reading of base URLs.
#include "provider/endpoint.hpp"

#include <algorithm>
#include <charconv>

namespace waihu::provider {

result<endpoint> parse_endpoint(std::string_view url) {
  const auto refuse = [] { return fail(errc::invalid_argument, "not an http or https base URL"); };
  endpoint out;
  if (url.starts_with("https://")) {
    out.is_tls = true;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else {
    return refuse();
  }
  const bool is_plain = std::all_of(url.begin(), url.end(),
                                    [](char c) { return c > ' ' && c < 127 && c != '@' && c != '?' && c != '#'; });
  if (!is_plain) return refuse();
  const auto slash = url.find('/');
  std::string_view authority = url.substr(0, slash);
  if (slash != std::string_view::npos) out.base_path = url.substr(slash);
  while (out.base_path.ends_with('/')) out.base_path.pop_back();

  out.host_header = authority;
  std::string_view port_text;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return refuse();
    out.host = authority.substr(1, close - 1);
    port_text = authority.substr(close + 1);
    if (!port_text.empty() && !port_text.starts_with(':')) return refuse();
  } else {
    const auto colon = authority.find(':');
    out.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port_text = authority.substr(colon);
  }
  out.port = out.is_tls ? 443 : 80;
  if (!port_text.empty()) {
    port_text.remove_prefix(1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (error != std::errc{} || end != port_text.data() + port_text.size() || port == 0) return refuse();
    if (port == out.port) out.host_header.resize(out.host_header.size() - port_text.size() - 1);
    out.port = port;
  }
  if (out.host.empty()) return refuse();
  return out;
}

}  // namespace waihu::provider
