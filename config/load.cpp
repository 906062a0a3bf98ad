#include "config/load.hpp"

// Not every file keeps what toml++ 3.3 asserts of itself ("[\n[[" does not), and with NDEBUG it promises all of it to
// the optimiser. Here a broken assertion ends the parse instead.
#include <stdexcept>
namespace waihu::config {
[[noreturn]] static void end_parse() { throw std::logic_error("toml++"); }
}  // namespace waihu::config
#undef NDEBUG
#define TOML_ASSERT(condition) ((condition) ? static_cast<void>(0) : waihu::config::end_parse())
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "config/keys.hpp"
#include "config/rules.hpp"
#include "config/suggest.hpp"

namespace waihu::config {

namespace {

constexpr std::size_t max_file_bytes = 1 << 20;
constexpr std::size_t max_secret_bytes = 64 << 10;

/// Where a value came from.
struct origin {
  std::string source;
  int line{};
};

/// Reads at most `limit` bytes; nullopt when the file cannot be read or is longer.
std::optional<std::string> read_file(const std::string& path, std::size_t limit) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(limit + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > limit) return std::nullopt;
  return text;
}

/// The line (from 1) of the first character beyond ASCII that stands neither in a text nor in a comment; 0 when there
/// is none. Such a character is no TOML, and toml++ 3.3 cannot judge those up to U+0499.
int line_of_stray_character(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  int line = 1;
  std::string_view inside;  // What ends the text or comment we are in; empty outside.
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const bool is_one_line = inside.size() == 1;
    if (!inside.empty() && text.substr(at).starts_with(inside)) {
      at += inside.size();
      if (inside == "\n") ++line;
      // A text of several lines may end in quotes of its own.
      for (int own = 0; own < 2 && inside.size() == 3 && text.substr(at).starts_with(inside.front()); ++own) ++at;
      inside = {};
      continue;
    }
    if (c == '\n') {
      ++line;
      if (is_one_line) inside = {};  // Broken anyway: the parser says how.
    } else if (c == '\\' && inside.starts_with('"')) {
      ++at;
      if (at < text.size() && text[at] == '\n') ++line;
    } else if (inside.empty()) {
      if (static_cast<unsigned char>(c) >= 0x80U) return line;
      if (c == '#') inside = "\n";
      for (const std::string_view mark : {"\"\"\"", "'''", "\"", "'"}) {
        if (!text.substr(at).starts_with(mark)) continue;
        inside = mark;
        at += mark.size() - 1;
        break;
      }
    }
    ++at;
  }
  return 0;
}

/// One run of `load`.
class loader {
 public:
  explicit loader(const load_request& request) : request_(request) {}

  load_outcome run() {
    if (!request_.file.empty()) read_toml();
    read_environment();
    read_sets();
    if (file_readable_) check_required();
    check_rules(outcome_.value, [this](std::string_view key, std::string what, std::string cure) {
      if (!wants(key) || faulty(key)) return;
      add(origin_of(key), std::string(key), std::move(what), std::move(cure));
    });
    const auto place = [this](const config_fault& f) { return std::pair(f.source != request_.file, f.line); };
    std::stable_sort(outcome_.faults.begin(), outcome_.faults.end(),
                     [&](const auto& a, const auto& b) { return place(a) < place(b); });
    return std::move(outcome_);
  }

 private:
  void add(const origin& from, std::string key, std::string what, std::string cure) {
    outcome_.faults.push_back({from.source, from.line, std::move(key), std::move(what), std::move(cure)});
  }

  [[nodiscard]] bool wants(std::string_view key) const {
    const auto& s = request_.sections;
    return s.empty() || std::find(s.begin(), s.end(), section_of(key)) != s.end();
  }

  [[nodiscard]] bool faulty(std::string_view key) const {
    return std::any_of(outcome_.faults.begin(), outcome_.faults.end(),
                       [&](const config_fault& f) { return f.key == key; });
  }

  [[nodiscard]] origin origin_of(std::string_view key) const {
    const auto found = origins_.find(key);
    return found == origins_.end() ? origin{"defaults", 0} : found->second;
  }

  void keep(const key_spec& key, const origin& from, const std::variant<std::monostate, value_fault>& done) {
    if (const auto* fault = std::get_if<value_fault>(&done)) {
      add(from, std::string(key.name), fault->what, fault->cure);
      return;
    }
    origins_.insert_or_assign(std::string(key.name), from);
    // a later source that is right replaces what an earlier one got wrong, but its fault stays: it would come back
    // as soon as the later source went away
  }

  void unknown_key(const origin& from, const std::string& key) {
    const auto meant = nearest_key(key);
    add(from, key, "is not a known key",
        meant.empty() ? "remove it; docs/configuration.md lists all keys" : "did you mean " + meant + "?");
  }

  void read_toml() {
    const auto text = read_file(request_.file, max_file_bytes);
    if (!text) {
      file_readable_ = false;
      add({request_.file, 0}, "", "cannot be read, or is longer than 1 MiB",
          "check the path and its permissions; config/waihu.example.toml is a start");
      return;
    }
    if (const int line = line_of_stray_character(*text); line > 0) {
      file_readable_ = false;
      add({request_.file, line}, "", "is not TOML: a character beyond ASCII stands outside of texts and comments",
          "put double quotes around it");
      return;
    }
    try {
      read_sections(toml::parse(*text, request_.file));
    } catch (const toml::parse_error& e) {
      file_readable_ = false;
      add({request_.file, static_cast<int>(e.source().begin.line)}, "", "is not TOML: " + std::string(e.description()),
          "correct that line; texts stand in double quotes");
    } catch (const std::logic_error&) {
      file_readable_ = false;
      add({request_.file, 0}, "", "is not TOML", "compare its headers with config/waihu.example.toml");
    }
  }

  void read_sections(const toml::table& table) {
    for (const auto& [name, node] : table) {
      const std::string section(name.str());
      const origin from{request_.file, static_cast<int>(node.source().begin.line)};
      const auto sections = all_sections();
      const bool known = std::any_of(sections.begin(), sections.end(), [&](auto& s) { return s.name == section; });
      if (known && node.is_table()) {
        read_keys(section, *node.as_table());
      } else if (known) {
        add(from, section, "is a section, not a key", "write [" + section + "] on a line of its own");
      } else {
        const auto meant = nearest_section(section);
        add(from, section, node.is_table() ? "is not a known section" : "stands outside of any section",
            meant.empty() ? "remove it; docs/configuration.md lists all sections" : "did you mean [" + meant + "]?");
      }
    }
  }

  void read_keys(const std::string& section, const toml::table& table) {
    for (const auto& [name, node] : table) {
      const auto full_name = section + "." + std::string(name.str());
      const origin from{request_.file, static_cast<int>(node.source().begin.line)};
      const auto* key = find_key(full_name);
      if (key == nullptr) {
        unknown_key(from, full_name);
        continue;
      }
      const auto value = raw(node);
      if (!value) {
        add(from, full_name, "is not of the type " + std::string(type_name(*key)), "give a plain value");
        continue;
      }
      keep(*key, from, assign(*key, *value, outcome_.value));
    }
  }

  static std::optional<raw_value> raw(const toml::node& node) {
    if (const auto* s = node.as_string()) return raw_value{s->get()};
    if (const auto* i = node.as_integer()) return raw_value{i->get()};
    if (const auto* f = node.as_floating_point()) return raw_value{f->get()};
    if (const auto* b = node.as_boolean()) return raw_value{b->get()};
    const auto* array = node.as_array();
    if (array == nullptr) return std::nullopt;
    std::vector<std::string> list;
    for (const auto& entry : *array) {
      const auto* s = entry.as_string();
      if (s == nullptr) return std::nullopt;
      list.push_back(s->get());
    }
    return raw_value{std::move(list)};
  }

  void read_environment() {
    for (const auto& [name, value] : request_.environment) {
      const auto* section = section_of_variable(name);
      if (section == nullptr) continue;
      const origin from{"environment " + name, 0};
      if (const auto* key = find_variable(name)) {
        keep(*key, from, assign_text(*key, value, outcome_.value));
      } else if (const auto* file_key = find_file_variable(name)) {
        read_secret_file(*file_key, from, value);
      } else {
        std::string lower;
        for (const char c : name.substr(std::string("WAIHU_").size() + section->name.size() + 1))
          lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        const auto meant = nearest_key(std::string(section->name) + "." + lower);
        add(from, "", "is not a known variable",
            meant.empty() ? "unset it; docs/configuration.md lists all keys"
                          : "did you mean " + environment_name(meant) + "?");
      }
    }
  }

  static const section_spec* section_of_variable(std::string_view name) {
    for (const auto& section : all_sections())
      if (name.starts_with(environment_name(section.name) + "_")) return &section;
    return nullptr;
  }

  static const key_spec* find_variable(std::string_view name) {
    for (const auto& key : all_keys())
      if (environment_name(key.name) == name) return &key;
    return nullptr;
  }

  static const key_spec* find_file_variable(std::string_view name) {
    constexpr std::string_view suffix = "_FILE";
    if (!name.ends_with(suffix)) return nullptr;
    const auto* key = find_variable(name.substr(0, name.size() - suffix.size()));
    return key != nullptr && key->secret ? key : nullptr;
  }

  void read_secret_file(const key_spec& key, const origin& from, const std::string& path) {
    if (request_.environment.contains(environment_name(key.name))) {
      add(from, std::string(key.name), "is given twice, as a value and as a file", "unset one of the two variables");
      return;
    }
    auto text = read_file(path, max_secret_bytes);
    if (!text) {
      add(from, std::string(key.name), "the file " + path + " cannot be read, or is longer than 64 KiB",
          "check the path and its permissions");
      return;
    }
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    keep(key, from, assign_text(key, *text, outcome_.value));
  }

  void read_sets() {
    for (const auto& entry : request_.sets) {
      const origin from{"--set", 0};
      const auto eq = entry.find('=');
      const auto name = entry.substr(0, eq);
      if (eq == std::string::npos) {
        add(from, name, "has no value", "write --set section.key=value");
      } else if (const auto* key = find_key(name)) {
        keep(*key, from, assign_text(*key, std::string_view(entry).substr(eq + 1), outcome_.value));
      } else {
        unknown_key(from, name);
      }
    }
  }

  void check_required() {
    for (const auto& key : all_keys()) {
      if (!key.required || !wants(key.name) || faulty(key.name)) continue;
      const auto* text = std::get_if<std::string& (*)(options&)>(&key.target);
      if (text == nullptr || !(*text)(outcome_.value).empty()) continue;
      auto cure = "set " + std::string(key.name) + " in the file or " + environment_name(key.name);
      if (key.secret) cure += " (or " + environment_name(key.name) + "_FILE) in the environment";
      else cure += " in the environment";
      add(origin_of(key.name), std::string(key.name), "is required and not set", std::move(cure));
    }
  }

  const load_request& request_;
  load_outcome outcome_;
  bool file_readable_{true};  ///< Else what is missing says nothing: it may stand in the part that was not read.
  std::map<std::string, origin, std::less<>> origins_;
};

}  // namespace

std::string to_string(const config_fault& fault) {
  std::string text = fault.source;
  if (fault.line > 0) text += ":" + std::to_string(fault.line);
  if (!fault.key.empty()) text += ": " + fault.key;
  return text + ": " + fault.what + ". Cure: " + fault.cure;
}

load_outcome load(const load_request& request) { return loader(request).run(); }

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    if (const auto eq = pair.find('='); eq != std::string_view::npos)
      all.insert_or_assign(std::string(pair.substr(0, eq)), std::string(pair.substr(eq + 1)));
  }
  return all;
}

}  // namespace waihu::config
