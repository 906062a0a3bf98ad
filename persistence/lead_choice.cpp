#include "persistence/lead_choice.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "persistence/phone_rule.hpp"

namespace waihu {

lead_choice choose_leads(std::vector<lead_candidate> candidates) {
  std::sort(candidates.begin(), candidates.end(),
            [](const lead_candidate& a, const lead_candidate& b) { return a.leads_id < b.leads_id; });
  lead_choice out;
  out.kept.reserve(candidates.size());
  std::unordered_map<std::string, std::string> called;  // who is called at a number
  called.reserve(candidates.size());
  for (auto& c : candidates) {
    c.leads_phone = normalise_phone(c.leads_phone);
    if (!is_plausible_phone(c.leads_phone)) {
      out.invalid_phone.push_back(std::move(c.leads_id));
    } else if (const auto [place, is_first] = called.try_emplace(c.leads_phone, c.leads_id); is_first) {
      out.kept.push_back(std::move(c));
    } else {
      out.duplicate_phone.push_back({std::move(c.leads_id), place->second});
    }
  }
  return out;
}

query::previewed_task preview_of(lead_choice chosen) {
  query::previewed_task out;
  out.leads_ids.reserve(chosen.kept.size());
  for (auto& lead : chosen.kept) out.leads_ids.push_back(std::move(lead.leads_id));
  out.invalid_phone = std::move(chosen.invalid_phone);
  out.duplicate_phone = std::move(chosen.duplicate_phone);
  return out;
}

std::string make_reference_id(task_id task, const std::string& organization_id, const std::string& leads_id) {
  return std::to_string(value(task)) + organization_id + leads_id;
}

}  // namespace waihu
