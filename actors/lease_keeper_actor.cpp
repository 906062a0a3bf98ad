#include "actors/lease_keeper_actor.hpp"

#include "actors/exceptions.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

struct keeper_state {
  keeper_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::unique_ptr<store> session;
  lease_keeper_options options;
  bool lost{};
  static inline const char* name = "lease_keeper";
};

using keeper_pointer = lease_keeper::stateful_pointer<keeper_state>;

void renew(keeper_pointer self) {
  auto& state = self->state;
  const auto began = std::chrono::steady_clock::now();
  const auto kept = state.session->run(query::renew_claim{state.options.node, state.options.epoch});
  state.options.counts->claim_heard.note(!kept && kept.error().code != errc::stale_epoch,
                                         std::chrono::steady_clock::now());
  if (kept && state.options.good_until_ms)
    state.options.good_until_ms->store(
        std::chrono::duration_cast<milliseconds>(began.time_since_epoch() + state.options.lease_time).count());
  if (kept || state.lost) return;
  if (kept.error().code != errc::stale_epoch) {
    // The store is away. Changes are fenced by their epoch, and once the lease is over the gateway sends nothing more.
    telemetry::log_repeated(telemetry::log_level::warn, "lease", "lease.renew_failed", to_string(kept.error().code),
                            {{"node", state.options.node}, {"reason", kept.error().message}});
    return;
  }
  state.lost = true;
  telemetry::log_event(telemetry::log_level::error, "lease", "lease.lost",
                       {{"node", state.options.node}, {"reason", kept.error().message}});
  if (state.options.on_lost) state.options.on_lost(kept.error().message);
}

lease_keeper::behavior_type keeper_behavior(keeper_pointer self, const std::shared_ptr<std::unique_ptr<store>>& session,
                                            lease_keeper_options options) {
  log_exceptions(self);
  self->state.session = std::move(*session);
  self->state.options = std::move(options);
  self->delayed_send(self, self->state.options.renew_every, tick_atom::value);
  return {
      [self](tick_atom) {
        renew(self);
        self->delayed_send(self, self->state.options.renew_every, tick_atom::value);
      },
      [self](drain_atom) {
        auto& state = self->state;
        const auto released = state.session->run(query::release_claim{state.options.node, state.options.epoch});
        state.session.reset();
        self->quit();
        return released.has_value();
      },
  };
}

}  // namespace

lease_keeper spawn_lease_keeper(caf::actor_system& system, std::unique_ptr<store> session,
                                lease_keeper_options options) {
  return system.spawn<caf::detached>(keeper_behavior, std::make_shared<std::unique_ptr<store>>(std::move(session)),
                                     std::move(options));
}

}  // namespace waihu
