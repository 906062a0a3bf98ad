// Where CAF's middleman is set up for links between nodes: mutual TLS, signs on silent links, the one port that is
// published, and how another node's port is reached. Everything here that blocks says so.
#pragma once

#include <caf/all.hpp>
#include <cstdint>
#include <string>

#include "config/options.hpp"
#include "messages/interfaces.hpp"

namespace waihu::cluster {

/// What one node says to another. The only thing that is published.
using peer_door = caf::typed_actor<
    // A question as bytes (wire.hpp), answered with an answer as bytes.
    caf::replies_to<call_atom, std::string>::with<std::string>,
    // The node of this name has made the link; this is its own door. Between two nodes there is one connection, since
    // CAF takes a second one for a reason to close both.
    caf::replies_to<join_atom, std::string, caf::strong_actor_ptr>::with<bool>>;

/// Loads the middleman with TLS into a configuration, before its actor system is made. The files must have been checked
/// (certificates.hpp): without them CAF would speak to anybody.
void set_up_links(caf::actor_system_config& system, const config::cluster_options& options);

/// Publishes the door at the configured address and port and answers the port. unavailable: it cannot be bound. Blocks.
result<std::uint16_t> open_door(const peer_door& door, const config::cluster_options& options);

/// "host:port" that other nodes are told.
std::string peer_address(const config::cluster_options& options, std::uint16_t port);

/// The door behind "host:port". unavailable, within about twice `patience`: nobody listens there or answers, or what
/// answers is no node of this cluster. Blocks: for a thread of its own.
result<peer_door> reach_door(caf::actor_system& system, const std::string& address, milliseconds patience);

}  // namespace waihu::cluster
