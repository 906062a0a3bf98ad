#include "cluster/peer_transport.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>
#include <charconv>
#include <optional>
#include <utility>

namespace waihu::cluster {

namespace {

/// IPv6 addresses stand in brackets before their port.
std::optional<std::pair<std::string, std::uint16_t>> split(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  std::uint16_t port = 0;
  const auto* end = address.data() + address.size();
  const auto read = std::from_chars(address.data() + colon + 1, end, port);
  if (read.ec != std::errc{} || read.ptr != end || port == 0) return std::nullopt;
  auto host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return std::pair{std::move(host), port};
}

/// Whether somebody takes connections there, and by which of the host's addresses. The middleman connects in its one
/// actor and waits for minutes where packets are swallowed, so it is sent only where somebody has just answered.
std::optional<std::string> probe(const std::string& host, std::uint16_t port, milliseconds patience) {
  namespace asio = boost::asio;
  asio::io_context io;
  asio::ip::tcp::resolver resolver(io);
  asio::ip::tcp::socket socket(io);
  std::optional<std::string> found;
  resolver.async_resolve(host, std::to_string(port), [&](const boost::system::error_code& failed, auto endpoints) {
    if (failed) return;
    asio::async_connect(socket, endpoints, [&](const boost::system::error_code& refused, const auto& endpoint) {
      if (!refused) found = endpoint.address().to_string();
    });
  });
  io.run_for(patience);
  boost::system::error_code ignored;
  socket.close(ignored);
  return found;
}

}  // namespace

void set_up_links(caf::actor_system_config& system, const config::cluster_options& options) {
  system.openssl_certificate = options.certificate;
  system.openssl_key = options.key;
  system.openssl_cafile = options.ca;
  system.set("middleman.heartbeat-interval", caf::timespan{options.heartbeat});
  system.set("middleman.connection-timeout", caf::timespan{options.link_timeout});
  system.load<caf::io::middleman>();
  system.load<caf::openssl::manager>();
}

result<std::uint16_t> open_door(const peer_door& door, const config::cluster_options& options) {
  // A former process of this node may have left connections that are closing.
  const auto bound = caf::openssl::publish(door, options.port, options.listen_address.c_str(), true);
  if (bound) return *bound;
  return fail(errc::unavailable, "cluster.listen_address " + options.listen_address + " and cluster.port " +
                                     std::to_string(options.port) + " cannot be bound");
}

std::string peer_address(const config::cluster_options& options, std::uint16_t port) {
  const auto& host = options.advertise_address.empty() ? options.listen_address : options.advertise_address;
  const bool is_bare_v6 = host.find(':') != std::string::npos && host.front() != '[';
  return (is_bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

result<peer_door> reach_door(caf::actor_system& system, const std::string& address, milliseconds patience) {
  const auto place = split(address);
  if (!place) return fail(errc::invalid_argument, "an address of a node is no host:port");
  const auto host = probe(place->first, place->second, patience);
  if (!host) return fail(errc::unavailable, "nobody takes connections there");
  auto door = caf::openssl::remote_actor<peer_door>(system, *host, place->second);
  if (!door) return fail(errc::unavailable, "the link is refused: " + system.render(door.error()));
  return std::move(*door);
}

}  // namespace waihu::cluster
