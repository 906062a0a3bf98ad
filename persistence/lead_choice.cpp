#include "persistence/lead_choice.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "persistence/phone_rule.hpp"

namespace waihu {

lead_choice choose_leads(std::vector<lead_candidate> candidates) {
  std::sort(candidates.begin(), candidates.end(),
            [](const lead_candidate& a, const lead_candidate& b) { return a.leads_id < b.leads_id; });
  lead_choice out;
  out.kept.reserve(candidates.size());
  std::unordered_set<std::string> phones;
  phones.reserve(candidates.size());
  for (auto& c : candidates) {
    c.leads_phone = normalise_phone(c.leads_phone);
    if (!is_plausible_phone(c.leads_phone)) ++out.invalid_phone;
    else if (!phones.insert(c.leads_phone).second) ++out.duplicate_phone;
    else out.kept.push_back(std::move(c));
  }
  return out;
}

std::string make_reference_id(task_id task, const std::string& organization_id, const std::string& leads_id) {
  return std::to_string(value(task)) + organization_id + leads_id;
}

}  // namespace waihu
