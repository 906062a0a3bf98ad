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
  std::shared_ptr<engine_counts> counts;
  static inline const char* name = "event_hub";
};

using hub_pointer = event_hub::stateful_pointer<hub_state>;

bool matches(const event_subscription& wish, const event_record& event) {
  return event.organization_id == wish.organization_id && (!wish.task || *wish.task == event.task);
}

void show(const hub_state& state) { state.counts->subscribers = static_cast<std::int64_t>(state.subscribers.size()); }

event_hub::behavior_type hub_behavior(hub_pointer self, std::shared_ptr<engine_counts> counts) {
  log_exceptions(self);
  self->state.counts = std::move(counts);
  return {
      [self](publish_atom, const event_pack& pack) {
        auto& state = self->state;
        state.counts->events_published += pack->size();
        state.counts->subscribers_dropped += std::erase_if(state.subscribers, [&](const auto& subscriber) {
          const auto& wish = *subscriber.second;
          return std::any_of(pack->begin(), pack->end(),
                             [&](const event_record& event) { return matches(wish, event) && !wish.deliver(event); });
        });
        show(state);
      },
      [self](join_atom, const subscription_ptr& wish) -> result<std::uint64_t> {
        const auto token = self->state.next_token++;
        self->state.subscribers.emplace(token, wish);
        show(self->state);
        return token;
      },
      [self](leave_atom, std::uint64_t token) {
        self->state.subscribers.erase(token);
        show(self->state);
      },
  };
}

}  // namespace

event_hub spawn_event_hub(caf::actor_system& system, std::shared_ptr<engine_counts> counts) {
  return system.spawn(hub_behavior, std::move(counts));
}

}  // namespace waihu
