#include "actors/guardian_actor.hpp"

#include <map>

namespace waihu {

namespace {

struct guardian_state {
  guardian_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::map<caf::actor_addr, std::string> names;
  std::function<void(const std::string&, const std::string&)> on_gone;
  bool told{};
  static inline const char* name = "guardian";
};

caf::behavior guardian_behavior(caf::stateful_actor<guardian_state>* self, const std::vector<guarded_actor>& watched,
                                std::function<void(const std::string&, const std::string&)> on_gone) {
  self->state.on_gone = std::move(on_gone);
  self->set_down_handler([self](caf::down_msg& down) {
    auto& state = self->state;
    const auto found = state.names.find(down.source);
    if (found == state.names.end() || down.reason == caf::exit_reason::user_shutdown) return;
    if (!std::exchange(state.told, true)) state.on_gone(found->second, self->system().render(down.reason));
  });
  for (const auto& [name, actor] : watched) {
    if (!actor) continue;
    const auto address = caf::actor_cast<caf::actor_addr>(actor);
    self->state.names.emplace(address, name);
    self->monitor(address);
  }
  // It serves no message; the handler only keeps it alive.
  return {[](const caf::unit_t&) {}};
}

}  // namespace

caf::actor spawn_guardian(caf::actor_system& system, std::vector<guarded_actor> watched,
                          std::function<void(const std::string& name, const std::string& why)> on_gone) {
  return system.spawn(guardian_behavior, std::move(watched), std::move(on_gone));
}

}  // namespace waihu
