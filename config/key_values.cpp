// Values on their way into the options and out of them: types, bounds, words, TOML notation.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "config/keys.hpp"

namespace waihu::config {

namespace {

using outcome = std::variant<std::monostate, value_fault>;

template <class T>
using stored = std::remove_reference_t<std::invoke_result_t<T, options&>>;

std::string print(double n) {
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), n, std::chars_format::fixed).ptr;
  return {buffer.data(), end};
}

std::string shown(const key_spec& key, std::string_view text) {
  if (key.secret) return "the value";
  std::string quoted = "\"";
  quoted += text.substr(0, 80);
  quoted += text.size() > 80 ? "...\"" : "\"";
  return quoted;
}

std::string range_text(const key_spec& key) {
  std::string text = print(key.least) + " to " + print(key.most);
  if (const auto unit = unit_of(key); !unit.empty()) text.append(" ").append(unit);
  return text;
}

value_fault wrong_type(const key_spec& key) {
  const std::string wanted(type_name(key));
  return {"is not of the type " + wanted, "give " + (wanted == "true or false" ? wanted : "a value of type " + wanted)};
}

std::optional<value_fault> check_range(const key_spec& key, double n) {
  if (n >= key.least && n <= key.most) return std::nullopt;
  return value_fault{print(n) + " is out of range", "choose from " + range_text(key)};
}

bool is_listed(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto bar = words.find('|');
    if (words.substr(0, bar) == word) return true;
    words = bar == std::string_view::npos ? std::string_view{} : words.substr(bar + 1);
  }
  return false;
}

std::optional<value_fault> check_text(const key_spec& key, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return value_fault{"holds a zero byte", "remove it"};
  if (text.empty()) {
    if (key.words.empty() || key.name == "store.sslmode") return std::nullopt;  // required is checked at the end
  } else if (static_cast<double>(text.size()) < key.least) {
    return value_fault{"is shorter than " + print(key.least) + " bytes",
                       key.secret ? "make one with: openssl rand -hex 32" : "give a longer text"};
  }
  if (static_cast<double>(text.size()) > key.most)
    return value_fault{"is longer than " + print(key.most) + " bytes", "give a shorter text"};
  if (!key.words.empty() && !is_listed(key.words, text))
    return value_fault{shown(key, text) + " is not known", "choose one of " + std::string(key.words)};
  return std::nullopt;
}

/// Units of one in milliseconds.
double milliseconds_per_unit(const key_spec& key) noexcept { return unit_of(key) == "s" ? 1000.0 : 1.0; }

template <class Stored>
outcome assign_number(const key_spec& key, double n, bool whole, Stored& into) {
  if (!std::isfinite(n)) return wrong_type(key);
  if constexpr (std::is_integral_v<Stored>) {
    if (!whole) return wrong_type(key);
  }
  if (auto fault = check_range(key, n)) return *fault;
  if constexpr (std::is_same_v<Stored, milliseconds>) {
    into = milliseconds{std::llround(n * milliseconds_per_unit(key))};
  } else {
    into = static_cast<Stored>(n);
  }
  return {};
}

std::string quote_toml(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      constexpr std::string_view digits = "0123456789ABCDEF";
      quoted += "\\u00";
      quoted += digits[static_cast<unsigned char>(c) >> 4U];
      quoted += digits[static_cast<unsigned char>(c) & 15U];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto part = text.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return parts;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number n{};
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, n);
  if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return n;
}

}  // namespace

outcome assign(const key_spec& key, const raw_value& value, options& into) {
  return std::visit(
      [&]<class Target>(Target target) -> outcome {
        using kept = stored<Target>;
        if constexpr (std::is_same_v<kept, std::string>) {
          const auto* text = std::get_if<std::string>(&value);
          if (text == nullptr) return wrong_type(key);
          if (auto fault = check_text(key, *text)) return *fault;
          target(into) = *text;
        } else if constexpr (std::is_same_v<kept, bool>) {
          const auto* flag = std::get_if<bool>(&value);
          if (flag == nullptr) return wrong_type(key);
          target(into) = *flag;
        } else if constexpr (std::is_same_v<kept, std::vector<std::string>>) {
          const auto* list = std::get_if<std::vector<std::string>>(&value);
          if (list == nullptr) return wrong_type(key);
          if (static_cast<double>(list->size()) > key.most)
            return value_fault{"has more than " + print(key.most) + " entries", "shorten the list"};
          for (const auto& entry : *list)
            if (entry.empty() || static_cast<double>(entry.size()) > 4096)
              return value_fault{"has an entry that is empty or too long", "correct that entry"};
          target(into) = *list;
        } else if (const auto* whole = std::get_if<std::int64_t>(&value); whole != nullptr) {
          return assign_number(key, static_cast<double>(*whole), true, target(into));
        } else if (const auto* real = std::get_if<double>(&value); real != nullptr) {
          return assign_number(key, *real, false, target(into));
        } else {
          return wrong_type(key);
        }
        return {};
      },
      key.target);
}

outcome assign_text(const key_spec& key, std::string_view text, options& into) {
  return std::visit(
      [&]<class Target>(Target) -> outcome {
        using kept = stored<Target>;
        if constexpr (std::is_same_v<kept, std::string>) {
          return assign(key, raw_value{std::string(text)}, into);
        } else if constexpr (std::is_same_v<kept, bool>) {
          if (text == "true" || text == "1") return assign(key, raw_value{true}, into);
          if (text == "false" || text == "0") return assign(key, raw_value{false}, into);
          return wrong_type(key);
        } else if constexpr (std::is_same_v<kept, std::vector<std::string>>) {
          return assign(key, raw_value{split_list(text)}, into);
        } else {
          if (const auto whole = parse_number<std::int64_t>(text)) return assign(key, raw_value{*whole}, into);
          if (const auto real = parse_number<double>(text)) return assign(key, raw_value{*real}, into);
          return wrong_type(key);
        }
      },
      key.target);
}

std::string toml_value(const key_spec& key, const options& from) {
  // targets are written for assignment; reading through them changes nothing
  auto& source = const_cast<options&>(from);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  return std::visit(
      [&]<class Target>(Target target) -> std::string {
        using kept = stored<Target>;
        const auto& value = target(source);
        if constexpr (std::is_same_v<kept, std::string>) {
          return key.secret && !value.empty() ? quote_toml("***") : quote_toml(value);
        } else if constexpr (std::is_same_v<kept, bool>) {
          return value ? "true" : "false";
        } else if constexpr (std::is_same_v<kept, std::vector<std::string>>) {
          std::string out = "[";
          for (const auto& entry : value) out += (out.size() > 1 ? ", " : "") + quote_toml(entry);
          return out + "]";
        } else if constexpr (std::is_same_v<kept, milliseconds>) {
          return print(static_cast<double>(value.count()) / milliseconds_per_unit(key));
        } else if constexpr (std::is_same_v<kept, double>) {
          auto out = print(value);
          return out.find('.') == std::string::npos ? out + ".0" : out;
        } else {
          return std::to_string(value);
        }
      },
      key.target);
}

}  // namespace waihu::config
