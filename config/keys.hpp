// The one table of configuration keys: name with unit, where it is kept, bounds, allowed words, one sentence. Loading,
// checking, the commented example and the reference page all come from it. It knows no file format.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/options.hpp"

namespace waihu::config {

/// Where a key's value is kept. The alternative is the key's type.
using key_target = std::variant<std::string& (*)(options&), bool& (*)(options&), int& (*)(options&),
                                std::int64_t& (*)(options&), std::uint16_t& (*)(options&), double& (*)(options&),
                                milliseconds& (*)(options&), std::vector<std::string>& (*)(options&)>;

/// One configuration key.
struct key_spec {
  std::string_view name;  ///< "section.key"; a duration's ends in its unit: _ms or _s.
  key_target target;
  double least{};          ///< Least value in the key's unit, inclusive; of a text: bytes, where it is not empty.
  double most{};           ///< Greatest value, inclusive; of a text: bytes; of a list: entries.
  std::string_view doc;    ///< What it is for, one sentence.
  std::string_view words;  ///< Allowed words of a text, "a|b"; "" = any text.
  bool required{};         ///< An empty text is a fault.
  bool secret{};           ///< Never shown; may come from a file named by WAIHU_..._FILE.
};

/// One section, in the order of the example file.
struct section_spec {
  std::string_view name;
  std::string_view doc;
};

std::span<const section_spec> all_sections() noexcept;
/// Every key, grouped by section.
std::span<const key_spec> all_keys() noexcept;
/// The key of that full name, or nullptr.
const key_spec* find_key(std::string_view name) noexcept;

/// "http" of "http.port".
std::string_view section_of(std::string_view key) noexcept;
/// "port" of "http.port".
std::string_view short_name(std::string_view key) noexcept;
/// "ms", "s", "bytes", "per second", "per minute", or "" where the key has none.
std::string_view unit_of(const key_spec& key) noexcept;
/// "text", "integer", "number", "true or false", "list of texts".
std::string_view type_name(const key_spec& key) noexcept;
/// WAIHU_HTTP_PORT for "http.port".
std::string environment_name(std::string_view key);

/// A value on its way into an option.
using raw_value = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>>;

/// What is wrong with a value, and the cure. Never repeats a secret.
struct value_fault {
  std::string what;
  std::string cure;
};

/// Checks type, bounds and words and stores the value. Returns the fault, if any; then nothing was stored.
std::variant<std::monostate, value_fault> assign(const key_spec& key, const raw_value& value, options& into);
/// Reads `text` (from the environment or a flag; lists are comma-separated) as the key's type, then `assign`s it.
std::variant<std::monostate, value_fault> assign_text(const key_spec& key, std::string_view text, options& into);

/// The key's value in TOML notation; a secret that is set reads "***".
std::string toml_value(const key_spec& key, const options& from);

}  // namespace waihu::config
