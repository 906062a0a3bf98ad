#include "actors/analyst_actor.hpp"

#include <deque>
#include <unordered_map>

#include "actors/exceptions.hpp"
#include "actors/token_bucket.hpp"

namespace waihu {

namespace {

struct analyst_state {
  analyst_state() = default;  // not an aggregate: CAF would try to build it from `self`
  using promise = caf::typed_response_promise<result<analysis>>;
  struct waiting {
    std::shared_ptr<const analysis_request> request;
    promise answer;
  };
  std::shared_ptr<language_model> model;
  config::analyst_options options;
  std::unique_ptr<token_bucket> rate;
  std::deque<waiting> queue;
  struct asked {
    promise answer;
    steady_time since{};
  };
  std::unordered_map<std::uint64_t, asked> under_way;
  std::uint64_t next_id{1};
  bool flush_armed{};  ///< One timer at a time.
  std::shared_ptr<engine_counts> counts;
  static inline const char* name = "analyst";
};

using analyst_pointer = analyst::stateful_pointer<analyst_state>;

void show(const analyst_state& state) {
  state.counts->analyst_waiting = static_cast<std::int64_t>(state.queue.size());
  state.counts->analyst_in_flight = static_cast<std::int64_t>(state.under_way.size());
}

void pump(analyst_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  while (!state.queue.empty() && state.under_way.size() < static_cast<std::size_t>(state.options.max_in_flight)) {
    if (state.rate->take(1, now) == 0) {
      if (!std::exchange(state.flush_armed, true))
        self->delayed_send(self, state.rate->next_in(now) + milliseconds{1}, flush_atom::value);
      break;
    }
    auto next = std::move(state.queue.front());
    state.queue.pop_front();
    const auto id = state.next_id++;
    state.under_way.emplace(id, analyst_state::asked{next.answer, now});
    auto me = caf::actor_cast<analyst>(self);
    state.model->analyze(*next.request, state.options.deadline, [me, id](result<analysis> answer) {
      caf::anon_send(me, done_atom::value, id, std::make_shared<result<analysis>>(std::move(answer)));
    });
  }
  show(state);
}

void finish(analyst_pointer self, std::uint64_t id, result<analysis> answer) {
  auto& state = self->state;
  auto entry = state.under_way.extract(id);
  if (entry.empty()) return;
  state.counts->analyses.add(answer);
  state.counts->analysis_seconds.observe(self->clock().now() - entry.mapped().since);
  entry.mapped().answer.deliver(std::move(answer));
}

analyst::behavior_type analyst_behavior(analyst_pointer self, std::shared_ptr<language_model> model,
                                        config::analyst_options options, std::shared_ptr<engine_counts> counts) {
  log_exceptions(self);
  auto& state = self->state;
  state.counts = std::move(counts);
  state.model = std::move(model);
  const auto per_second = std::max(options.per_minute, 1) / 60.0;
  state.rate = std::make_unique<token_bucket>(per_second, std::max(per_second, 1.0));
  state.options = std::move(options);
  return {
      [self](analyse_atom, const std::shared_ptr<const analysis_request>& request) -> caf::result<result<analysis>> {
        auto promise = self->make_response_promise<result<analysis>>();
        if (self->state.queue.size() >= static_cast<std::size_t>(self->state.options.queue_limit)) {
          promise.deliver(result<analysis>(fail(errc::overloaded, "too many conversations wait to be analysed")));
          return promise;
        }
        self->state.queue.push_back({request, promise});
        pump(self);
        return promise;
      },
      [self](done_atom, std::uint64_t id, const std::shared_ptr<result<analysis>>& answer) {
        finish(self, id, std::move(*answer));
        pump(self);
      },
      [self](flush_atom) {
        self->state.flush_armed = false;
        pump(self);
      },
  };
}

}  // namespace

analyst spawn_analyst(caf::actor_system& system, std::shared_ptr<language_model> model, config::analyst_options options,
                      std::shared_ptr<engine_counts> counts) {
  return system.spawn(analyst_behavior, std::move(model), std::move(options), std::move(counts));
}

}  // namespace waihu
