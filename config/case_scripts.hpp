// Which script calls whom at which stage of a mediation, and whom a stage calls by itself: what [cases] says, read
// once.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "config/options.hpp"
#include "messages/model/cases.hpp"

namespace waihu::config {

class case_scripts {
 public:
  using place = std::pair<mediation_stage, party_side>;

  /// What is wrong with one entry of `cases.scripts` or `cases.called_parties`; nothing when it is well.
  static std::optional<std::string> fault_of_script(std::string_view entry);
  static std::optional<std::string> fault_of_called_party(std::string_view entry);

  case_scripts() = default;
  /// Entries with a fault are left out: `check_rules` has refused them before.
  explicit case_scripts(const cases_options& from);

  /// The script's id; empty when none is configured.
  [[nodiscard]] std::string_view script_of(mediation_stage stage, party_side side) const;
  /// Whether the stage calls this side by itself.
  [[nodiscard]] bool calls(mediation_stage stage, party_side side) const;
  /// Every configured script, by stage and side.
  [[nodiscard]] const std::map<place, std::string>& all() const noexcept { return scripts_; }

 private:
  std::map<place, std::string> scripts_;
  std::set<mediation_stage> chosen_;  ///< Stages that name whom they call.
  std::set<place> called_;
};

}  // namespace waihu::config
