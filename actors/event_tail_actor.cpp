#include "actors/event_tail_actor.hpp"

#include "actors/exceptions.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

/// Between two readings while somebody listens, and while nobody does.
constexpr milliseconds busy_interval{100}, idle_interval{1'000};
constexpr int page = 1'000;

struct tail_state {
  tail_state() = default;  // not an aggregate: CAF would try to build it from `self`
  engine_ptr eng;
  /// Everything up to it was told. Kept up while nobody listens, too: whoever subscribes reads what the store has and
  /// must be told everything behind that, so the tail begins no later than he does.
  std::optional<event_id> told;
  static inline const char* name = "event_tail";
};

using tail_pointer = event_tail::stateful_pointer<tail_state>;

void again_in(tail_pointer self, milliseconds delay) {
  self->scheduled_send(self, self->clock().now() + delay, tick_atom::value);
}

void failed(tail_pointer self, const failure& why) {
  telemetry::log_repeated(telemetry::log_level::warn, "events", "events.tail_failed", to_string(why.code),
                          {{"reason", why.message}}, "subscribers are told late; tried again");
  again_in(self, idle_interval);
}

void skip(tail_pointer self) {
  read_store(self, *self->state.eng, query::last_event{}, [self](const result<event_id>& last) {
    if (!last) return failed(self, last.error());
    self->state.told = *last;
    again_in(self, idle_interval);
  });
}

void tell(tail_pointer self) {
  query::events_behind question{*self->state.told, page};
  read_store(self, *self->state.eng, question, [self](result<std::vector<event_record>> found) {
    if (!found) return failed(self, found.error());
    const bool is_full = found->size() >= static_cast<std::size_t>(page);
    if (!found->empty()) {
      self->state.told = found->back().id;
      self->send(self->state.eng->hub, publish_atom::value,
                 event_pack(std::make_shared<const std::vector<event_record>>(std::move(*found))));
    }
    again_in(self, is_full ? milliseconds{1} : busy_interval);
  });
}

void look(tail_pointer self) {
  if (!self->state.told || self->state.eng->counts->subscribers == 0) return skip(self);
  tell(self);
}

event_tail::behavior_type tail_behavior(tail_pointer self, engine_ptr eng) {
  log_exceptions(self);
  self->state.eng = std::move(eng);
  self->send(self, tick_atom::value);
  return {[self](tick_atom) { look(self); }};
}

}  // namespace

event_tail spawn_event_tail(caf::actor_system& system, engine_ptr eng) {
  return system.spawn(tail_behavior, std::move(eng));
}

}  // namespace waihu
