#include "actors/pulse_actor.hpp"

namespace waihu {

namespace {

struct pulse_state {
  pulse_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::shared_ptr<engine_counts> counts;
  static inline const char* name = "pulse";
};

pulse::behavior_type pulse_behavior(pulse::stateful_pointer<pulse_state> self, std::shared_ptr<engine_counts> counts) {
  self->state.counts = std::move(counts);
  self->send(self, tick_atom::value);
  return {
      [self](tick_atom) {
        const auto now = self->clock().now();
        self->state.counts->pulse_ms = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
        self->scheduled_send(self, now + pulse_interval, tick_atom::value);
      },
  };
}

}  // namespace

pulse spawn_pulse(caf::actor_system& system, std::shared_ptr<engine_counts> counts) {
  return system.spawn(pulse_behavior, std::move(counts));
}

}  // namespace waihu
