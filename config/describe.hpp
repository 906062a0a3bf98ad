// Shows options to people: the ones in force, the commented example file, the reference page. All from the key table.
#pragma once

#include <string>

#include "config/options.hpp"

namespace waihu::config {

/// Every key with its value in force, one `section.key = value` a line; secrets read "***".
std::string describe(const options& o);

/// The text of config/waihu.example.toml: every key with its default, commented out, and what it means.
std::string example_toml();

/// The text of docs/configuration.md.
std::string reference_markdown();

}  // namespace waihu::config
