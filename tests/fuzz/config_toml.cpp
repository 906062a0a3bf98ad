// The configuration file. An input is a TOML text.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "config/keys.hpp"
#include "config/load.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu::config;
using waihu::fuzz::promise;

/// A file in memory with this text.
class memory_file {
 public:
  explicit memory_file(std::string_view text) : descriptor_(memfd_create("waihu", 0)) {
    promise(write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "memory takes the file");
  }
  ~memory_file() { close(descriptor_); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

load_outcome load_text(std::string_view text) {
  const memory_file file(text);
  load_request request;
  request.file = file.path();
  return load(request);
}

/// Every key that is not secret, as TOML.
std::string written(const options& from) {
  std::string out;
  std::string_view section;
  for (const auto& key : all_keys()) {
    if (key.secret) continue;
    if (section_of(key.name) != section) {
      section = section_of(key.name);
      out += "[" + std::string(section) + "]\n";
    }
    out += std::string(short_name(key.name)) + " = " + toml_value(key, from) + "\n";
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = waihu::fuzz::as_text(data, size);
  const auto outcome = load_text(text);
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  for (const auto& fault : outcome.faults) {
    promise(!fault.what.empty() && !fault.cure.empty(), "a fault says what is wrong and what cures it");
    promise(fault.line >= 0 && fault.line <= lines, "a fault stands on a line of the file");
    promise(to_string(fault).size() <= text.size() + 1000, "a fault is told in few words");
  }
  // Keys that were refused keep their defaults, so this holds with faults, too.
  const auto first = written(outcome.value);
  const auto again = load_text(first);
  for (const auto& fault : again.faults) {
    const bool is_about_form =
        fault.what.find("TOML") != std::string::npos || fault.what.find("type") != std::string::npos;
    promise(!is_about_form, "options that are written are a configuration file");
  }
  promise(written(again.value) == first, "options that are written and read again are the same");
  return 0;
}
