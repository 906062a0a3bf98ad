#include "actors/directory_actors.hpp"

#include <unordered_map>

#include "actors/exceptions.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

struct gate_state {
  gate_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::unique_ptr<dispatch_gate_machine> rules;
  std::shared_ptr<engine_counts> counts;
  gate_sharing sharing;
  bool is_asking{};
  steady_time asked_at{};
  static inline const char* name = "dispatch_gate";
};

using gate_pointer = dispatch_gate::stateful_pointer<gate_state>;

/// Between two questions for shares, and where somebody waits for one.
constexpr milliseconds between_wishes{1'000}, between_urgent_wishes{200};

/// Gate and departures hold the same shares of the calls per second.
void take_shares(gate_state& state, const std::vector<share_wish>& wishes, const std::vector<double>& amounts,
                 steady_time asked) {
  state.rules->granted(wishes, amounts, asked);
  for (std::size_t i = 0; i < wishes.size() && i < amounts.size(); ++i)
    if (const auto whose = whose_rate(wishes[i]))
      state.sharing.eng->leaving->set_share(*whose, amounts[i], asked + wishes[i].kept_for);
}

/// Asks the store for this node's shares of the limits.
void ask_for_shares(gate_pointer self) {
  auto& state = self->state;
  if (!state.sharing.eng || state.is_asking) return;
  state.is_asking = true;
  const auto asked = self->clock().now();
  state.asked_at = asked;
  query::lease_shares question{state.sharing.eng->node, state.sharing.incarnation, state.rules->wishes(asked)};
  state.sharing.eng->leaving->end_shares_by(asked + share_answer_wait);
  auto wishes = std::make_shared<const std::vector<share_wish>>(question.wishes);
  read_store(self, *state.sharing.eng, std::move(question),
             [self, wishes, asked](const result<std::vector<double>>& got) {
               self->state.is_asking = false;
               if (got) return take_shares(self->state, *wishes, *got, asked);
               telemetry::log_repeated(telemetry::log_level::warn, "dispatch", "dispatch.no_shares",
                                       to_string(got.error().code), {{"reason", got.error().message}},
                                       "nothing more is dispatched once the last ones have ended");
             });
}

void tick(gate_pointer self) {
  ask_for_shares(self);
  self->scheduled_send(self, self->clock().now() + between_wishes, tick_atom::value);
}

/// Somebody was granted less than he wanted: soon more may be free.
void ask_soon(gate_pointer self) {
  auto& state = self->state;
  if (state.sharing.eng && state.rules->is_short() && self->clock().now() - state.asked_at >= between_urgent_wishes)
    ask_for_shares(self);
}

dispatch_gate::behavior_type gate_behavior(gate_pointer self, const dispatch_gate_policy& policy,
                                           std::shared_ptr<engine_counts> counts, gate_sharing sharing) {
  log_exceptions(self);
  self->state.rules = std::make_unique<dispatch_gate_machine>(policy);
  self->state.counts = std::move(counts);
  self->state.sharing = std::move(sharing);
  if (self->state.sharing.eng) tick(self);
  const auto show = [self] {
    self->state.counts->at_provider = static_cast<std::int64_t>(self->state.rules->at_provider());
  };
  return {
      [self, show](ask_atom, const gate_request& request) {
        auto answer = self->state.rules->ask(request, self->clock().now());
        ++self->state.counts->gate_answers[static_cast<std::size_t>(answer.reason)];
        self->state.counts->gate_grants += answer.granted;
        show();
        ask_soon(self);
        return answer;
      },
      [self, show](report_atom, const std::string& organization_id, task_id task, std::uint64_t at_provider) {
        self->state.rules->report(organization_id, task, static_cast<std::size_t>(at_provider));
        show();
      },
      [self, show](forget_atom, task_id task) {
        self->state.rules->forget(task);
        show();
      },
      [self](tick_atom) { tick(self); },
  };
}

struct registry_state {
  registry_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::unordered_map<task_id, call_task> tasks;
  static inline const char* name = "registry";
};

registry::behavior_type registry_behavior(registry::stateful_pointer<registry_state> self) {
  log_exceptions(self);
  return {
      [self](publish_atom, task_id task, const call_task& actor) { self->state.tasks[task] = actor; },
      [self](forget_atom, task_id task) { self->state.tasks.erase(task); },
      [self](find_atom, task_id task) -> result<call_task> {
        const auto found = self->state.tasks.find(task);
        if (found == self->state.tasks.end()) return fail(errc::not_found, "the task has no live actor here");
        return found->second;
      },
  };
}

}  // namespace

dispatch_gate spawn_dispatch_gate(caf::actor_system& system, const config::dispatch_options& options,
                                  std::shared_ptr<engine_counts> counts, gate_sharing sharing) {
  dispatch_gate_policy policy;
  policy.is_shared = static_cast<bool>(sharing.eng);
  if (sharing.eng) policy.slots_kept = sharing.eng->options.node.lease_time + milliseconds{5'000};
  policy.organization_concurrency = static_cast<std::size_t>(options.organization_concurrency);
  policy.account_concurrency = static_cast<std::size_t>(options.account_concurrency);
  policy.organization_calls_per_s = options.organization_calls_per_s;
  policy.account_calls_per_s = options.account_calls_per_s;
  return system.spawn(gate_behavior, policy, std::move(counts), std::move(sharing));
}

registry spawn_registry(caf::actor_system& system) { return system.spawn(registry_behavior); }

}  // namespace waihu
