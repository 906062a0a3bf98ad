// Reads the configuration: defaults, then a TOML file, then WAIHU_SECTION_KEY variables, then --set flags, each
// overriding the one before. Reports every fault at once, each with its place and its cure. Starts nothing.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/options.hpp"

namespace waihu::config {

/// One thing that is wrong.
struct config_fault {
  std::string source;  ///< File name, "environment", "--set", or "defaults" for what nobody set.
  int line{};          ///< Line in the file from 1; 0 where there is none.
  std::string key;     ///< "section.key"; empty where the fault belongs to the whole source.
  std::string what;    ///< What is wrong. Never holds a secret.
  std::string cure;    ///< What to do about it.
};

/// `waihu.toml:12: job.look_jitter: 0.9 is out of range. Cure: choose from 0 to 0.5`
std::string to_string(const config_fault& fault);

/// What to read.
struct load_request {
  std::string file;                                ///< Path of the TOML file; "" = none. At most 1 MiB.
  std::map<std::string, std::string> environment;  ///< Variables; only names beginning WAIHU_<SECTION>_ matter.
  std::vector<std::string> sets;                   ///< "section.key=value", in order; the last of a key counts.
  /// Sections whose required keys must be there and whose keys are checked against each other; empty = all. A tool
  /// that needs only the store asks for {"store"}.
  std::vector<std::string> sections;
};

/// The options, and everything that is wrong with them. With faults `value` must not be used.
struct load_outcome {
  options value;
  std::vector<config_fault> faults;
  [[nodiscard]] bool ok() const noexcept { return faults.empty(); }
};

/// Reads and checks. Blocking; reads files only.
load_outcome load(const load_request& request);

/// This process's environment, for `load_request::environment`.
std::map<std::string, std::string> process_environment();

}  // namespace waihu::config
