// Which of the leads under a filter become jobs of a task, and how their numbers are written. Knows no store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "messages/model/ids.hpp"
#include "messages/model/queries.hpp"

namespace waihu {

/// A lead under consideration.
struct lead_candidate {
  std::string leads_id, leads_name;
  std::string leads_phone;  ///< As imported on the way in, normalised in `kept`.
};

/// What became of the candidates.
struct lead_choice {
  std::vector<lead_candidate> kept;                                 ///< In order of leads_id, as the others.
  std::vector<std::string> invalid_phone;                           ///< Left out: no plausible number.
  std::vector<query::previewed_task::second_lead> duplicate_phone;  ///< Left out: another lead has the number.
};

/// Leaves out leads without a plausible number and second leads with one number (the lower leads_id, compared byte by
/// byte, stays). Candidates in any order.
lead_choice choose_leads(std::vector<lead_candidate> candidates);

/// The choice as a preview tells it.
query::previewed_task preview_of(lead_choice chosen);

/// What the provider echoes: task id, organisation and lead, concatenated (state-machines.md section 1).
std::string make_reference_id(task_id task, const std::string& organization_id, const std::string& leads_id);

}  // namespace waihu
