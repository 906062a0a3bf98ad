#include "actors/dispatch_gate_machine.hpp"

#include <algorithm>
#include <utility>

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

std::optional<std::string> whose_rate(const share_wish& wish) {
  if (!wish.resource.starts_with("rate")) return std::nullopt;
  const auto colon = wish.resource.find(':');
  return colon == std::string::npos ? "" : wish.resource.substr(colon + 1);
}

dispatch_gate_machine::dispatch_gate_machine(dispatch_gate_policy policy)
    : policy_(policy), account_calls_(policy.account_calls_per_s, departure_spread) {}

dispatch_gate_machine::organization& dispatch_gate_machine::organization_of(const std::string& organization_id) {
  const sliding_rate calls{policy_.organization_calls_per_s, departure_spread};
  return organizations_.try_emplace(organization_id, organization{calls, {}, 0, 0, 0, {}, {}, false}).first->second;
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

  auto organization_slots = policy_.organization_concurrency;
  auto account_slots = policy_.account_concurrency;
  if (policy_.is_shared) {
    org.wanted = std::max(org.wanted, request.wanted);
    organization_slots = static_cast<std::size_t>(org.slots.at(now));
    account_slots = static_cast<std::size_t>(account_slots_.at(now));
    org.calls.set_rate(org.rate.at(now));
    account_calls_.set_rate(account_rate_.at(now));
  }

  gate_answer answer;
  answer.granted = request.wanted;
  if (const auto free = room(organization_slots, org.total); free < answer.granted)
    answer = {free, gate_reason::organization_concurrency_full, policy_.recheck};
  if (const auto free = room(account_slots, account_total_); free < answer.granted)
    answer = {free, gate_reason::account_concurrency_full, policy_.recheck};

  const auto by_rate = std::min(org.calls.room(now), account_calls_.room(now));
  if (by_rate < answer.granted) answer = {by_rate, gate_reason::rate_limited, {}};
  org.calls.take(answer.granted, now);
  account_calls_.take(answer.granted, now);
  if (answer.reason == gate_reason::rate_limited)
    answer.retry_in = std::max({org.calls.next_in(now), account_calls_.next_in(now), milliseconds{10}});
  set(org, request.task, request.at_provider + answer.granted);
  if (policy_.is_shared && answer.granted < request.wanted) {
    is_short_ = true;
    answer.retry_in = std::min(answer.retry_in, policy_.recheck);
  }
  return answer;
}

std::vector<share_wish> dispatch_gate_machine::wishes(steady_time now) {
  std::vector<share_wish> out;
  is_short_ = false;
  const auto soon = now + share_answer_wait;
  account_rate_.end_by(soon);
  account_slots_.end_by(soon);
  for (auto& [id, org] : organizations_) {
    org.rate.end_by(soon);
    org.slots.end_by(soon);
  }
  const bool turns = now - wanted_since_ >= policy_.wanted_memory;
  if (turns) wanted_since_ = now;
  std::size_t wanted_in_all = 0;
  const auto part = [](double limit, std::size_t wanted) { return std::min(limit, static_cast<double>(wanted)); };
  for (auto& [id, org] : organizations_) {
    const auto wanted = std::max(org.wanted, org.wanted_before);
    if (turns) org.wanted_before = std::exchange(org.wanted, 0);
    wanted_in_all += wanted;
    // One last time with nothing, which gives back what it had.
    if (wanted == 0 && org.total == 0 && org.calls.used(now) == 0 && !std::exchange(org.has_wished, false)) continue;
    org.has_wished = wanted > 0 || org.total > 0;
    out.push_back({"rate:" + id, policy_.organization_calls_per_s,
                   part(policy_.organization_calls_per_s, wanted + (wanted > 0 ? org.calls.used(now) : 0)),
                   policy_.rate_kept});
    out.push_back({"slots:" + id, static_cast<double>(policy_.organization_concurrency),
                   part(static_cast<double>(policy_.organization_concurrency), org.total + wanted),
                   policy_.slots_kept});
  }
  out.push_back({"rate", policy_.account_calls_per_s,
                 part(policy_.account_calls_per_s, wanted_in_all + (wanted_in_all > 0 ? account_calls_.used(now) : 0)),
                 policy_.rate_kept});
  out.push_back({"slots", static_cast<double>(policy_.account_concurrency),
                 part(static_cast<double>(policy_.account_concurrency), account_total_ + wanted_in_all),
                 policy_.slots_kept});
  return out;
}

void dispatch_gate_machine::granted(const std::vector<share_wish>& wishes, const std::vector<double>& amounts,
                                    steady_time asked) {
  for (std::size_t i = 0; i < wishes.size() && i < amounts.size(); ++i) {
    const auto& wish = wishes[i];
    const share got{amounts[i], asked + wish.kept_for};
    const auto colon = wish.resource.find(':');
    const bool is_rate = wish.resource.starts_with("rate");
    if (colon == std::string::npos) {
      (is_rate ? account_rate_ : account_slots_) = got;
      continue;
    }
    const auto org = organizations_.find(wish.resource.substr(colon + 1));
    if (org != organizations_.end()) (is_rate ? org->second.rate : org->second.slots) = got;
  }
}

std::size_t dispatch_gate_machine::at_provider(const std::string& organization_id) const {
  const auto it = organizations_.find(organization_id);
  return it == organizations_.end() ? 0 : it->second.total;
}

}  // namespace waihu
