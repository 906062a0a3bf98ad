// Leads one by one in the memory store: pages of them, and one with its history.
#include <algorithm>

#include "messages/model/text.hpp"
#include "persistence/memory_session.hpp"
#include "persistence/page_rule.hpp"

namespace waihu {

namespace {

/// The follow-ups of a lead, newest first.
std::vector<follow_up_record> follows_of(const memory_state& state, const memory_state::lead_key& key) {
  std::vector<follow_up_record> out;
  if (const auto found = state.follows_of_lead.find(key); found != state.follows_of_lead.end())
    for (const auto id : found->second) out.push_back(state.follows.at(id).record);
  std::sort(out.begin(), out.end(), [](const follow_up_record& a, const follow_up_record& b) {
    return a.follow_time != b.follow_time ? a.follow_time > b.follow_time : a.id > b.id;
  });
  return out;
}

query::listed_lead listed(const memory_state& state, const memory_state::lead_key& key,
                          const memory_state::stored_lead& lead) {
  query::listed_lead out;
  out.id = lead.id;
  out.lead = static_cast<const lead_record&>(lead);
  out.has_arrived = has_arrived(state, key);
  if (auto follows = follows_of(state, key); !follows.empty()) out.latest_follow = std::move(follows.front());
  return out;
}

bool holds(const lead_record& lead, const std::string& wanted) {
  for (const auto* text : {&lead.leads_id, &lead.leads_user_name, &lead.leads_user_phone})
    if (lower_ascii(*text).find(wanted) != std::string::npos) return true;
  return false;
}

}  // namespace

result<query::page_of<query::listed_lead>> memory_session::run(const query::list_leads& q) {
  const std::lock_guard lock{state_->mutex};
  const auto organization = storable_text(q.organization_id);
  const auto wanted = lower_ascii(storable_text(q.holding));
  std::vector<query::listed_lead> all;
  for (auto i = state_->leads.lower_bound({organization, ""});
       i != state_->leads.end() && i->first.first == organization; ++i)
    if (is_under_filter(*state_, i->first, i->second, q.filter) && holds(i->second, wanted))
      all.push_back(listed(*state_, i->first, i->second));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id > b.id; });
  return cut_page(std::move(all), q.page);
}

result<query::lead_history> memory_session::run(const query::lead_by_id& q) {
  const std::lock_guard lock{state_->mutex};
  const memory_state::lead_key key{storable_text(q.organization_id), storable_text(q.leads_id)};
  const auto found = state_->leads.find(key);
  if (found == state_->leads.end()) return fail(errc::not_found, "no such lead");
  const auto limit = static_cast<std::size_t>(std::clamp(q.limit, 1, 500));
  query::lead_history out;
  out.lead = listed(*state_, key, found->second);
  out.follows = follows_of(*state_, key);
  out.follow_count = static_cast<std::int64_t>(out.follows.size());
  out.follows.resize(std::min(out.follows.size(), limit));
  for (auto j = state_->jobs.rbegin(); j != state_->jobs.rend(); ++j) {
    const auto& task = state_->tasks.at(value(j->second.task));
    if (j->second.case_call || j->second.view.job.leads_id != key.second || task.organization_id != key.first) continue;
    ++out.call_count;
    if (out.calls.size() < limit)
      out.calls.push_back({state_->view_of(j->second), task.id, task.task_name, task.job_group_id});
  }
  return out;
}

}  // namespace waihu
