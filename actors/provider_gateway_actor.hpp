// The one door to the provider (state-machines.md section 5): a token bucket per operation, a bound on calls in flight,
// retries only where safe, the circuit breaker, and the coalescing of single looks into ListJobs calls.
#pragma once

#include <memory>

#include "actors/engine.hpp"
#include "provider/voice_provider.hpp"

namespace waihu {

/// Spawns the gateway over a provider client. `seed` decides the jitter of its back-off. `may_write` is asked before
/// every write: false while this node cannot be sure that its claim still holds; such a write is answered unavailable
/// (surely not sent). `now`: UTC, for the counts that tell when the breaker lets a probe through.
provider_gateway spawn_provider_gateway(
    caf::actor_system& system, std::shared_ptr<voice_provider> provider, config::provider_options options,
    std::uint64_t seed, std::shared_ptr<engine_counts> counts, std::function<bool()> may_write = [] { return true; },
    std::function<wall_time()> now = wall_now);

}  // namespace waihu
