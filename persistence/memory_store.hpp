// A store in memory with the semantics of the PostgreSQL one: guards, epochs, events, uniqueness. For tests and for
// trying things out; nothing survives the process.
#pragma once

#include <chrono>
#include <memory>

#include "persistence/store.hpp"

namespace waihu {

/// The rows that the sessions of one memory store share. Opaque.
class memory_state;

/// An empty store. `lease_time`: how long a claim lasts without renewal (state-machines.md section 6).
std::shared_ptr<memory_state> make_memory_state(std::chrono::milliseconds lease_time = std::chrono::seconds{10});

/// One session. A claim belongs to the session that made it and is free again when the session is destroyed, as a
/// PostgreSQL session's advisory lock is.
std::unique_ptr<store> make_memory_store(std::shared_ptr<memory_state> state);

/// Sessions on `state`; any number of factories may share one.
store_factory make_memory_store_factory(std::shared_ptr<memory_state> state);
/// Sessions on a new, empty store that lives as long as the factory and its sessions.
store_factory make_memory_store_factory();

}  // namespace waihu
