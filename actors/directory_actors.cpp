#include "actors/directory_actors.hpp"

#include <unordered_map>

#include "actors/exceptions.hpp"

namespace waihu {

namespace {

struct gate_state {
  gate_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::unique_ptr<dispatch_gate_machine> rules;
  std::shared_ptr<engine_counts> counts;
  static inline const char* name = "dispatch_gate";
};

dispatch_gate::behavior_type gate_behavior(dispatch_gate::stateful_pointer<gate_state> self,
                                           const dispatch_gate_policy& policy, std::shared_ptr<engine_counts> counts) {
  log_exceptions(self);
  self->state.rules = std::make_unique<dispatch_gate_machine>(policy);
  self->state.counts = std::move(counts);
  const auto show = [self] {
    self->state.counts->at_provider = static_cast<std::int64_t>(self->state.rules->at_provider());
  };
  return {
      [self, show](ask_atom, const gate_request& request) {
        auto answer = self->state.rules->ask(request, self->clock().now());
        ++self->state.counts->gate_answers[static_cast<std::size_t>(answer.reason)];
        self->state.counts->gate_grants += answer.granted;
        show();
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
                                  std::shared_ptr<engine_counts> counts) {
  dispatch_gate_policy policy;
  policy.organization_concurrency = static_cast<std::size_t>(options.organization_concurrency);
  policy.account_concurrency = static_cast<std::size_t>(options.account_concurrency);
  policy.organization_calls_per_s = options.organization_calls_per_s;
  policy.account_calls_per_s = options.account_calls_per_s;
  return system.spawn(gate_behavior, policy, std::move(counts));
}

registry spawn_registry(caf::actor_system& system) { return system.spawn(registry_behavior); }

}  // namespace waihu
