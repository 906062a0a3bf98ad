// The PROXY header at the front of a connection, both versions, and the addresses of X-Forwarded-For. An input is a
// header, two line feeds, and a header line's value.
#include "http/client_address.hpp"
#include "http/proxy_protocol.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu::http;
using verdict = proxy_header::verdict;
using waihu::config::ip_address;
using waihu::fuzz::promise;

bool is_same(const proxy_header& a, const proxy_header& b) {
  return a.is == b.is && a.length == b.length && a.client == b.client;
}

void read_as_header(std::string_view bytes) {
  const auto whole = read_proxy_header(bytes);
  if (whole.is == verdict::incomplete) promise(bytes.size() < proxy_header_limit, "a header ends within its limit");
  if (whole.is != verdict::complete) promise(!whole.client, "only a whole header names a client");
  if (whole.is != verdict::complete) return;
  promise(whole.length <= bytes.size() && whole.length <= proxy_header_limit, "a header's length is within its bytes");
  promise(is_same(read_proxy_header(bytes.substr(0, whole.length)), whole), "what follows a header changes nothing");
  for (std::size_t n = 0; n < whole.length; ++n)
    promise(read_proxy_header(bytes.substr(0, n)).is == verdict::incomplete, "a cut header is incomplete, never other");
  if (whole.client)
    promise(ip_address::parse(whole.client->text()) == whole.client, "an address that is written reads the same");
}

void read_as_way(std::string_view value) {
  static const auto rules = [] {
    waihu::config::http_options options;
    options.trusted_proxies = {"10.0.0.0/8", "2001:db8::/32"};
    return proxy_rules::of(options).value();
  }();
  const auto proxy = ip_address::parse("10.0.0.1").value();
  request head;
  head.headers.emplace_back("x-forwarded-for", value);
  const auto client = rules.client_of(head, proxy);
  promise(ip_address::parse(client.text()).has_value(), "a client has an address");
  // Whatever a client sends itself stands in front of what the trusted proxy adds.
  head.headers.front().second += ", 203.0.113.7";
  promise(rules.client_of(head, proxy).text() == "203.0.113.7", "nobody forges what the nearest proxy saw");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [header, value] = waihu::fuzz::cut_at(waihu::fuzz::as_text(data, size), "\n\n");
  read_as_header(header);
  read_as_way(value);
  return 0;
}
