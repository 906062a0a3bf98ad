#include "config/describe.hpp"

#include "config/keys.hpp"

namespace waihu::config {

namespace {

std::string plain_number(double n) {
  auto text = std::to_string(n);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

bool is_number(const key_spec& key) noexcept {
  const auto type = type_name(key);
  return type == "integer" || type == "number";
}

/// "1 to 64", "one of text|json", "" where there is nothing to say.
std::string bounds_text(const key_spec& key) {
  if (is_number(key)) return plain_number(key.least) + " to " + plain_number(key.most);
  if (!key.words.empty()) return "one of " + std::string(key.words);
  return "";
}

}  // namespace

std::string describe(const options& o) {
  std::string text;
  for (const auto& key : all_keys()) text.append(key.name).append(" = ").append(toml_value(key, o)).append("\n");
  return text;
}

std::string example_toml() {
  const options defaults;
  std::string text =
      "# Every key of Waihu with its default. Uncomment what you change; keys marked REQUIRED have no default.\n"
      "# Generated from config/keys.cpp by `make generated`; do not edit here. Durations may have a fraction.\n"
      "# WAIHU_SECTION_KEY in the environment overrides this file, `--set section.key=value` overrides both. For a\n"
      "# secret, WAIHU_SECTION_KEY_FILE names a file that holds it.\n";
  for (const auto& section : all_sections()) {
    text.append("\n# ").append(section.doc).append("\n[").append(section.name).append("]\n");
    for (const auto& key : all_keys()) {
      if (section_of(key.name) != section.name) continue;
      text.append("# ").append(key.doc);
      if (key.required) text += " REQUIRED.";
      if (key.secret) text += " Secret.";
      if (const auto bounds = bounds_text(key); !bounds.empty()) text.append(" (").append(bounds).append(")");
      text.append("\n#").append(short_name(key.name)).append(" = ").append(toml_value(key, defaults)).append("\n");
    }
  }
  return text;
}

std::string reference_markdown() {
  const options defaults;
  std::string text =
      "# Configuration\n\n"
      "Generated from `config/keys.cpp` by `make generated`; a test compares. Sources, later ones override earlier "
      "ones:\n"
      "defaults, the TOML file (`--config FILE`), the environment (`WAIHU_SECTION_KEY`), flags (`--set "
      "section.key=value`).\n"
      "A secret may come from a file: `WAIHU_SECTION_KEY_FILE=/path`. In the environment and in flags a list is\n"
      "comma-separated. All faults are reported together, each with its place and its cure; unknown keys are faults.\n";
  for (const auto& section : all_sections()) {
    text.append("\n## [").append(section.name).append("]\n\n").append(section.doc);
    text += "\n\n| key | type | unit | range | default | meaning |\n| --- | --- | --- | --- | --- | --- |\n";
    for (const auto& key : all_keys()) {
      if (section_of(key.name) != section.name) continue;
      std::string bounds = bounds_text(key);
      for (auto bar = bounds.find('|'); bar != std::string::npos; bar = bounds.find('|', bar + 3))
        bounds.replace(bar, 1, " / ");
      text.append("| `").append(short_name(key.name)).append("` | ").append(type_name(key)).append(" | ");
      text.append(unit_of(key)).append(" | ").append(bounds).append(" | ");
      text.append(key.required ? "required" : "`" + toml_value(key, defaults) + "`").append(" | ").append(key.doc);
      if (key.secret) text += " Secret.";
      text += " |\n";
    }
  }
  return text;
}

}  // namespace waihu::config
