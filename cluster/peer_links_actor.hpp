// This node's links to the others: which stand, and what is asked over them. A link is an actor handle of another
// process, and dies with it; it is made anew until its node is gone from the cluster.
#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <functional>
#include <memory>
#include <string>

#include "cluster/peer_transport.hpp"
#include "config/options.hpp"
#include "messages/interfaces.hpp"
#include "messages/model/cluster.hpp"
#include "telemetry/instruments.hpp"

namespace waihu::cluster {

/// What the links show to those who watch. Thread-safe by its members.
struct peer_counts {
  std::atomic<std::int64_t> links{};  ///< That stand now.
  std::atomic<std::int64_t> open{};   ///< Questions that other nodes have not answered yet.
  telemetry::result_counts asks;      ///< Questions to other nodes that are over.
};

/// The links, with what this node's door tells them: the node of this name has made the link, and this is its door.
using greeted_links = peer_links::extend<caf::reacts_to<join_atom, std::string, caf::strong_actor_ptr>>;

struct peer_links_options {
  std::string node;  ///< This node's name: it is not linked to.
  peer_door door;    ///< This node's own, for the others.
  config::cluster_options cluster;
  milliseconds lease_time{10'000};  ///< A member not heard of for so long is gone.
  /// What is known of the cluster now; may answer nullptr. Any thread.
  std::function<std::shared_ptr<const cluster_view>()> members;
  std::shared_ptr<peer_counts> counts{std::make_shared<peer_counts>()};
  std::size_t most_open{1'000};  ///< Questions to one node at once; further ones fail as `overloaded`.
};

/// Whether a question changes something where it is asked: one that may have been asked is not asked again.
bool changes_something(const remote_question& question) noexcept;

/// Longest wait for the answer.
milliseconds patience_for(const remote_question& question, milliseconds ask_timeout) noexcept;

/// The middleman must have been set up (peer_transport.hpp).
greeted_links spawn_peer_links(caf::actor_system& system, peer_links_options options);

}  // namespace waihu::cluster
