#include "actors/dispatch_gate_machine.hpp"

#include <algorithm>

namespace waihu {

std::string_view to_string(gate_reason reason) noexcept {
  switch (reason) {
    case gate_reason::none: return "";
    case gate_reason::organization_concurrency_full: return "concurrency_full";
    case gate_reason::account_concurrency_full: return "account_concurrency_full";
    case gate_reason::rate_limited: return "rate_limited";
  }
  return "";
}

dispatch_gate_machine::dispatch_gate_machine(dispatch_gate_policy policy)
    : policy_(policy), account_calls_(policy.account_calls_per_s) {}

dispatch_gate_machine::organization& dispatch_gate_machine::organization_of(const std::string& organization_id) {
  const sliding_rate calls{policy_.organization_calls_per_s};
  return organizations_.try_emplace(organization_id, organization{calls, {}, 0}).first->second;
}

void dispatch_gate_machine::set(organization& org, task_id task, std::size_t count) {
  auto& held = org.tasks[task];
  org.total = org.total - held + count;
  account_total_ = account_total_ - held + count;
  held = count;
}

void dispatch_gate_machine::report(const std::string& organization_id, task_id task, std::size_t at_provider) {
  owners_.try_emplace(task, organization_id);
  set(organization_of(organization_id), task, at_provider);
}

void dispatch_gate_machine::forget(task_id task) {
  const auto owner = owners_.find(task);
  if (owner == owners_.end()) return;
  auto& org = organization_of(owner->second);
  set(org, task, 0);
  org.tasks.erase(task);
  owners_.erase(owner);
}

gate_answer dispatch_gate_machine::ask(const gate_request& request, steady_time now) {
  report(request.organization_id, request.task, request.at_provider);
  auto& org = organization_of(request.organization_id);
  const auto room = [](std::size_t limit, std::size_t used) { return limit > used ? limit - used : 0; };

  gate_answer answer;
  answer.granted = request.wanted;
  if (const auto free = room(policy_.organization_concurrency, org.total); free < answer.granted)
    answer = {free, gate_reason::organization_concurrency_full, policy_.recheck};
  if (const auto free = room(policy_.account_concurrency, account_total_); free < answer.granted)
    answer = {free, gate_reason::account_concurrency_full, policy_.recheck};

  const auto by_rate = std::min(org.calls.room(now), account_calls_.room(now));
  if (by_rate < answer.granted) answer = {by_rate, gate_reason::rate_limited, {}};
  org.calls.take(answer.granted, now);
  account_calls_.take(answer.granted, now);
  if (answer.reason == gate_reason::rate_limited)
    answer.retry_in = std::max({org.calls.next_in(now), account_calls_.next_in(now), milliseconds{10}});
  set(org, request.task, request.at_provider + answer.granted);
  return answer;
}

std::size_t dispatch_gate_machine::at_provider(const std::string& organization_id) const {
  const auto it = organizations_.find(organization_id);
  return it == organizations_.end() ? 0 : it->second.total;
}

}  // namespace waihu
