// The store side of the actor system: a writer that commits in groups, readers that answer queries, and the detached
// workers that block on the store for them. Queues are bounded; a worker that dies is replaced.
#pragma once

#include <memory>

#include "actors/engine.hpp"
#include "persistence/store.hpp"

namespace waihu {

/// Numbers of the store actors.
struct store_actor_options {
  std::size_t queue_limit{20'000};
  std::size_t read_queue_limit{2'000};
  std::size_t commit_max_changes{1'000};
  std::size_t readers{2};
};

/// Where committed events go; set once the hub exists.
using event_sink = std::shared_ptr<event_hub>;

/// A detached worker with a session of its own. It notes in `stamps` what its session changed before it tells anybody.
store_worker spawn_store_worker(caf::actor_system& system, store_factory factory,
                                std::shared_ptr<change_stamps> stamps);
/// In tests under virtual time the worker is an ordinary actor.
store_worker spawn_attached_store_worker(caf::actor_system& system, store_factory factory);

/// Makes workers; the writer and the reader ask it again when one died.
using worker_spawner = std::function<store_worker()>;

/// The group-committing writer: what queues while a commit runs is the next commit (docs/adr/0006).
store_writer spawn_store_writer(caf::actor_system& system, store_actor_options options, worker_spawner spawn_worker,
                                event_sink sink, std::shared_ptr<engine_counts> counts);

/// Hands queries to idle workers, first come first served.
store_reader spawn_store_reader(caf::actor_system& system, store_actor_options options, worker_spawner spawn_worker,
                                std::shared_ptr<engine_counts> counts = std::make_shared<engine_counts>());

}  // namespace waihu
