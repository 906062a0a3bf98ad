#include "config/case_scripts.hpp"

namespace waihu::config {

namespace {

struct script_entry {
  case_scripts::place where;
  std::string script_id;
};

/// "stage.party=script id".
std::optional<script_entry> parse_script(std::string_view entry) {
  const auto eq = entry.find('=');
  const auto dot = entry.substr(0, eq).find('.');
  if (eq == std::string_view::npos || dot == std::string_view::npos || eq + 1 == entry.size()) return std::nullopt;
  const auto stage = parse_mediation_stage(entry.substr(0, dot));
  const auto side = parse_party_side(entry.substr(dot + 1, eq - dot - 1));
  if (!stage || !side) return std::nullopt;
  return script_entry{{*stage, *side}, std::string(entry.substr(eq + 1))};
}

/// "stage=party".
std::optional<case_scripts::place> parse_called_party(std::string_view entry) {
  const auto eq = entry.find('=');
  if (eq == std::string_view::npos) return std::nullopt;
  const auto stage = parse_mediation_stage(entry.substr(0, eq));
  const auto side = parse_party_side(entry.substr(eq + 1));
  if (!stage || !side) return std::nullopt;
  return case_scripts::place{*stage, *side};
}

std::string quoted(std::string_view entry) { return "\"" + std::string(entry.substr(0, 100)) + "\""; }

}  // namespace

std::optional<std::string> case_scripts::fault_of_script(std::string_view entry) {
  if (parse_script(entry)) return std::nullopt;
  return quoted(entry) + " does not say which stage and party has which script";
}

std::optional<std::string> case_scripts::fault_of_called_party(std::string_view entry) {
  if (parse_called_party(entry)) return std::nullopt;
  return quoted(entry) + " does not say which stage calls which party";
}

case_scripts::case_scripts(const cases_options& from) {
  for (const auto& entry : from.scripts)
    if (auto parsed = parse_script(entry)) scripts_[parsed->where] = std::move(parsed->script_id);
  for (const auto& entry : from.called_parties) {
    const auto parsed = parse_called_party(entry);
    if (!parsed) continue;
    chosen_.insert(parsed->first);
    called_.insert(*parsed);
  }
}

std::string_view case_scripts::script_of(mediation_stage stage, party_side side) const {
  const auto found = scripts_.find({stage, side});
  return found == scripts_.end() ? std::string_view{} : std::string_view{found->second};
}

bool case_scripts::calls(mediation_stage stage, party_side side) const {
  return !chosen_.contains(stage) || called_.contains({stage, side});
}

}  // namespace waihu::config
