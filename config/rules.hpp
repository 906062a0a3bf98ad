// What must hold between keys, and what a single key's bounds cannot say (addresses, files, time zones).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/options.hpp"

namespace waihu::config {

/// Told for each broken rule: the key it is reported at, what is wrong, the cure.
using rule_report = std::function<void(std::string_view key, std::string what, std::string cure)>;

/// Checks every rule. May look whether named files exist; changes nothing.
void check_rules(const options& o, const rule_report& report);

}  // namespace waihu::config
