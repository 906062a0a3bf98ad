// Which of the settings that the service depends on are set: what config/check tells an administrator. Never a value.
#pragma once

#include <string_view>
#include <vector>

#include "config/options.hpp"

namespace waihu::config {

/// One setting.
struct setting_presence {
  std::string_view key;  ///< As in the file, "provider.instance_id".
  bool is_set{};
  bool is_needed{};  ///< With the other settings as they are, something does not work without it.
};

/// All of them, in the order of the reference.
std::vector<setting_presence> presence_of(const options& o);

}  // namespace waihu::config
