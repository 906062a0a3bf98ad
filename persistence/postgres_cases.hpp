// Calls of cases as postgres_cases.cpp reads them, for those who make some. Internal to persistence/.
#pragma once

#include <map>
#include <set>
#include <string>

#include "messages/model/queries.hpp"
#include "persistence/postgres_session.hpp"

namespace waihu {

/// The organisation's calls of these numbers; unknown ones are left out.
std::map<case_call_id, query::case_call_view> read_case_calls(postgres_work& work, const std::string& organization_id,
                                                              const std::set<case_call_id>& ids);

}  // namespace waihu
