// Shows that the actor system turns over: once a second a message comes due, is taken up by a worker, and the time of
// it is noted. Who looks (readiness, metrics) sees a system whose workers are stuck or drowned in work.
#pragma once

#include "actors/engine.hpp"

namespace waihu {

/// Between two beats.
inline constexpr milliseconds pulse_interval{1'000};

using pulse = caf::typed_actor<caf::reacts_to<tick_atom>>;

/// Notes each beat in `counts->pulse_ms` (monotonic ms), the first at once. Lives until it is told to exit.
pulse spawn_pulse(caf::actor_system& system, std::shared_ptr<engine_counts> counts);

}  // namespace waihu
