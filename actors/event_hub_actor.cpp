#include "actors/event_hub_actor.hpp"

#include <algorithm>
#include <map>

#include "actors/exceptions.hpp"

namespace waihu {

namespace {

struct hub_state {
  hub_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::map<std::uint64_t, subscription_ptr> subscribers;
  std::uint64_t next_token{1};
  static inline const char* name = "event_hub";
};

using hub_pointer = event_hub::stateful_pointer<hub_state>;

bool matches(const event_subscription& wish, const event_record& event) {
  return event.organization_id == wish.organization_id && (!wish.task || *wish.task == event.task);
}

event_hub::behavior_type hub_behavior(hub_pointer self) {
  log_exceptions(self);
  return {
      [self](publish_atom, const event_pack& pack) {
        std::erase_if(self->state.subscribers, [&](const auto& subscriber) {
          const auto& wish = *subscriber.second;
          return std::any_of(pack->begin(), pack->end(),
                             [&](const event_record& event) { return matches(wish, event) && !wish.deliver(event); });
        });
      },
      [self](join_atom, const subscription_ptr& wish) -> result<std::uint64_t> {
        const auto token = self->state.next_token++;
        self->state.subscribers.emplace(token, wish);
        return token;
      },
      [self](leave_atom, std::uint64_t token) { self->state.subscribers.erase(token); },
  };
}

}  // namespace

event_hub spawn_event_hub(caf::actor_system& system) { return system.spawn(hub_behavior); }

}  // namespace waihu
