#include "persistence/case_plan.hpp"

#include <algorithm>
#include <utility>

#include "messages/model/text.hpp"
#include "persistence/phone_rule.hpp"

namespace waihu {

namespace {

constexpr std::size_t most_calls_wished = 100;

query::case_placement placement_of(round_verdict verdict) noexcept {
  switch (verdict) {
    case round_verdict::must_wait: return query::case_placement::must_wait;
    case round_verdict::limit_reached: return query::case_placement::limit_reached;
    case round_verdict::number_unfit: return query::case_placement::number_unfit;
    case round_verdict::may_call: break;
  }
  return query::case_placement::placed;
}

}  // namespace

result<case_record> storable_case(const case_record& what) {
  auto out = what;
  out.organization_id = storable_text(what.organization_id);
  out.case_id = storable_text(what.case_id);
  if (out.organization_id.empty() || out.case_id.empty())
    return fail(errc::invalid_argument, "a case needs an organisation and an id");
  std::set<std::string> persons;
  for (auto& party : out.parties) {
    for (auto* text : {&party.person_id, &party.name, &party.phone}) *text = storable_text(*text);
    if (party.person_id.empty()) return fail(errc::invalid_argument, "a party of a case needs an id");
    if (!persons.insert(party.person_id).second)
      return fail(errc::invalid_argument, "two parties of a case have the same id");
  }
  return out;
}

result<query::place_case_calls> storable_wishes(const query::place_case_calls& q) {
  if (q.wanted.size() > most_calls_wished) return fail(errc::invalid_argument, "too many calls at once");
  auto out = q;
  for (auto* text : {&out.organization_id, &out.case_id, &out.creator}) *text = storable_text(*text);
  for (auto& wish : out.wanted) {
    for (auto* text : {&wish.person_id, &wish.script_id, &wish.phone}) *text = storable_text(*text);
    if (wish.person_id.empty() || wish.script_id.empty())
      return fail(errc::invalid_argument, "a call of a case needs a person and a script");
  }
  return out;
}

tl::unexpected<failure> refused_as_stopped() {
  return fail(errc::rejected, "自动外呼已停止，请先启动自动外呼", "stopped");
}

case_plan plan_case_calls(const query::place_case_calls& q, const std::map<std::string, callee>& callees) {
  case_plan plan;
  std::map<std::string, std::size_t> planned;  // by person
  for (const auto& wish : q.wanted) {
    auto& out = plan.wishes.emplace_back();
    const auto found = callees.find(wish.person_id);
    if (found == callees.end() || !found->second.party) {
      out.what = query::case_placement::unknown_person;
      continue;
    }
    const auto& [party, active, earlier] = found->second;
    if (const auto twice = planned.find(wish.person_id); active || twice != planned.end()) {
      out.what = query::case_placement::active;
      out.active = active;
      if (!active) out.call = twice->second;
      continue;
    }
    const auto decision = decide_round(earlier, q.rules, q.at);
    out.what = placement_of(decision.verdict);
    out.next_round = decision.next;
    if (out.what != query::case_placement::placed) continue;
    auto phone = normalise_phone(wish.phone.empty() ? party->phone : wish.phone);
    if (!is_plausible_phone(phone)) {
      out.what = query::case_placement::invalid_phone;
      continue;
    }
    out.call = plan.calls.size();
    planned.emplace(wish.person_id, plan.calls.size());
    plan.calls.push_back({*party, wish.script_id, std::move(phone), decision.round});
  }
  return plan;
}

std::vector<std::vector<std::size_t>> share_tasks(const std::vector<planned_call>& calls, int calls_a_task) {
  const auto most = static_cast<std::size_t>(std::max(calls_a_task, 1));
  std::map<std::string, std::vector<std::size_t>> by_script;
  for (std::size_t i = 0; i < calls.size(); ++i) by_script[calls[i].script_id].push_back(i);
  std::vector<std::vector<std::size_t>> shares;
  for (const auto& [script, those] : by_script)
    for (std::size_t i = 0; i < those.size(); ++i) {
      if (i % most == 0) shares.emplace_back();
      shares.back().push_back(those[i]);
    }
  return shares;
}

std::set<case_call_id> calls_of(const case_plan& plan, const std::vector<case_call_id>& made) {
  std::set<case_call_id> out{made.begin(), made.end()};
  for (const auto& wish : plan.wishes)
    if (wish.active) out.insert(*wish.active);
  return out;
}

std::vector<query::placed_case_call> answer_wishes(const query::place_case_calls& q, const case_plan& plan,
                                                   const std::vector<case_call_id>& made,
                                                   const std::map<case_call_id, query::case_call_view>& views) {
  std::vector<query::placed_case_call> out;
  out.reserve(plan.wishes.size());
  for (std::size_t i = 0; i < plan.wishes.size(); ++i) {
    const auto& wish = plan.wishes[i];
    auto& answer = out.emplace_back();
    answer.person_id = q.wanted[i].person_id;
    answer.what = wish.what;
    answer.next_round = wish.next_round;
    auto id = wish.active;
    if (wish.call) id = made.at(*wish.call);
    if (id) answer.call = views.at(*id);
  }
  return out;
}

}  // namespace waihu
