// The simulator's HTTP/1.1 server. Knows sockets and HTTP, and hands every request to the stand-in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "messages/model/failure.hpp"
#include "provider/simulator/stand_in.hpp"

namespace waihu::simulator {

/// Bounds of the server.
struct server_limits {
  std::uint32_t header_bytes{256 * 1024};              ///< Request line and header together.
  std::uint64_t body_bytes{8UL * 1024 * 1024};         ///< Body of one request.
  std::chrono::seconds idle{std::chrono::minutes{5}};  ///< A connection that says nothing for so long is closed.
};

/// Serves until SIGTERM or SIGINT. `listen` is HOST:PORT, port 0 takes any free one; `ready` gets the address that was
/// bound. Failures: errc::invalid_argument for an address that cannot be read, errc::unavailable where it cannot be
/// bound.
result<void> serve(stand_in_options options, const std::string& listen,
                   const std::function<void(const std::string& address)>& ready, server_limits limits = {});

}  // namespace waihu::simulator
