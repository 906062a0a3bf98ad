#include "actors/event_hub_actor.hpp"

#include <deque>
#include <map>

#include "actors/exceptions.hpp"

namespace waihu {

namespace {

constexpr int catch_up_page = 500;
/// Live events kept for one subscriber while it catches up; beyond it the catch-up reads on from the store instead.
constexpr std::size_t catch_up_buffer = 10'000;

struct subscriber {
  subscription_ptr wish;
  event_id last{};  ///< Last event delivered.
  bool catching_up{};
  bool buffer_overflowed{};
  std::deque<event_record> buffer;  ///< Live events that came while it caught up.
  caf::typed_response_promise<result<std::uint64_t>> joined;
};

struct hub_state {
  hub_state() = default;  // not an aggregate: CAF would try to build it from `self`
  store_reader reader;
  std::map<std::uint64_t, subscriber> subscribers;
  std::uint64_t next_token{1};
  static inline const char* name = "event_hub";
};

using hub_pointer = event_hub::stateful_pointer<hub_state>;

bool matches(const event_subscription& wish, const event_record& event) {
  return event.organization_id == wish.organization_id && (!wish.task || *wish.task == event.task);
}

/// Delivers one event unless the subscriber has it already. False: the subscriber is to be dropped.
bool deliver(subscriber& to, const event_record& event) {
  const bool durable = event.id != event_id{};
  if (durable && value(event.id) <= value(to.last)) return true;
  if (!to.wish->deliver(event)) return false;
  if (durable) to.last = event.id;
  return true;
}

void catch_up(hub_pointer self, std::uint64_t token);

/// The store has no more: what came meanwhile is delivered and the subscriber joins the live stream.
void go_live(hub_pointer self, std::uint64_t token) {
  const auto found = self->state.subscribers.find(token);
  if (found == self->state.subscribers.end()) return;
  auto& sub = found->second;
  if (std::exchange(sub.buffer_overflowed, false)) return catch_up(self, token);
  auto buffer = std::move(sub.buffer);
  sub.buffer.clear();
  sub.catching_up = false;
  if (sub.joined.pending()) sub.joined.deliver(result<std::uint64_t>(token));
  for (const auto& event : buffer)
    if (!deliver(sub, event)) {
      self->state.subscribers.erase(found);
      return;
    }
}

void catch_up(hub_pointer self, std::uint64_t token) {
  const auto& sub = self->state.subscribers.at(token);
  query::events_after query;
  query.organization_id = sub.wish->organization_id;
  query.after = sub.last;
  query.task = sub.wish->task;
  query.limit = catch_up_page;
  const auto page_taken = [self, token](result<std::any> answer) {
    const auto found = self->state.subscribers.find(token);
    if (found == self->state.subscribers.end()) return;
    auto& to = found->second;
    if (!answer) {
      to.joined.deliver(result<std::uint64_t>(tl::unexpected<failure>(answer.error())));
      self->state.subscribers.erase(found);
      return;
    }
    const auto page = std::any_cast<std::vector<event_record>>(std::move(*answer));
    for (const auto& event : page)
      if (!deliver(to, event)) {
        if (to.joined.pending()) to.joined.deliver(result<std::uint64_t>(fail(errc::cancelled, "subscriber left")));
        self->state.subscribers.erase(found);
        return;
      }
    if (page.size() == static_cast<std::size_t>(catch_up_page)) return catch_up(self, token);
    go_live(self, token);
  };
  ask<std::any>(self, self->state.reader, actor_timeout, page_taken, query_atom::value,
                std::make_shared<const store_query>(std::move(query)));
}

event_hub::behavior_type hub_behavior(hub_pointer self, store_reader reader) {
  log_exceptions(self);
  self->state.reader = std::move(reader);
  return {
      [self](publish_atom, const event_pack& pack) {
        auto& subscribers = self->state.subscribers;
        for (auto it = subscribers.begin(); it != subscribers.end();) {
          auto& sub = it->second;
          bool stays = true;
          for (const auto& event : *pack) {
            if (!matches(*sub.wish, event)) continue;
            if (!sub.catching_up) {
              stays = deliver(sub, event);
            } else if (sub.buffer.size() < catch_up_buffer) {
              sub.buffer.push_back(event);
            } else {
              // The store has what is dropped here; read on from there.
              sub.buffer.clear();
              sub.buffer_overflowed = true;
            }
            if (!stays) break;
          }
          it = stays ? std::next(it) : subscribers.erase(it);
        }
      },
      [self](join_atom, const subscription_ptr& wish) -> caf::result<result<std::uint64_t>> {
        auto promise = self->make_response_promise<result<std::uint64_t>>();
        const auto token = self->state.next_token++;
        subscriber sub;
        sub.wish = wish;
        sub.joined = promise;
        sub.catching_up = wish->after.has_value();
        if (wish->after) sub.last = *wish->after;
        const bool resumes = sub.catching_up;
        self->state.subscribers.emplace(token, std::move(sub));
        if (resumes) catch_up(self, token);
        else promise.deliver(result<std::uint64_t>(token));
        return promise;
      },
      [self](leave_atom, std::uint64_t token) { self->state.subscribers.erase(token); },
  };
}

}  // namespace

event_hub spawn_event_hub(caf::actor_system& system, store_reader reader) {
  return system.spawn(hub_behavior, std::move(reader));
}

}  // namespace waihu
