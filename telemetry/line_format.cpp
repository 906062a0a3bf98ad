#include "telemetry/line_format.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace waihu::telemetry {

namespace {

std::string_view level_column(log_level level) noexcept {
  constexpr std::array<std::string_view, 6> names{"TRACE", "DEBUG", "INFO ", "WARN ", "ERROR", "OFF  "};
  return names[static_cast<std::size_t>(level)];
}

void append_timestamp(std::string& out, wall_time at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  std::array<char, 64> buffer{};
  const int n =
      std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  out.append(buffer.data(), static_cast<std::size_t>(n));
}

/// Length of the well-formed UTF-8 sequence at the start of `s`, 0 when it is broken (overlong forms and surrogates
/// count as broken).
std::size_t utf8_length(std::string_view s) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if ((lead & 0xF0U) == 0xE0) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (s.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  return length;
}

/// Appends `s` as the inside of a JSON string; also fit between the quotes of a text line.
void append_escaped(std::string& out, std::string_view s) {
  const bool cut = s.size() > max_field_bytes;
  if (cut) s = s.substr(0, max_field_bytes);
  while (!s.empty()) {
    const auto c = static_cast<unsigned char>(s.front());
    std::size_t used = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += s.front();
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F) {
      std::array<char, 8> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "\\u%04x", c);
      out += buffer.data();
    } else if (const auto length = utf8_length(s); length > 0) {
      out.append(s.substr(0, length));
      used = length;
    } else if (!cut || s.size() >= 4) {  // a sequence torn by the cut simply ends there
      out += "\xEF\xBF\xBD";
    }
    s.remove_prefix(used);
  }
  if (cut) out += "\xE2\x80\xA6";
}

template <class Number>
void append_number(std::string& out, Number n) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), n).ptr;
  out.append(buffer.data(), end);
}

void append_json_value(std::string& out, const field::value_type& value) {
  std::visit(
      [&]<class T>(const T& v) {
        if constexpr (std::is_same_v<T, std::string_view>) {
          out += '"';
          append_escaped(out, v);
          out += '"';
        } else if constexpr (std::is_same_v<T, phone>) {
          out += '"';
          append_escaped(out, mask_phone(v.number));
          out += '"';
        } else if constexpr (std::is_same_v<T, bool>) {
          out += v ? "true" : "false";
        } else if constexpr (std::is_same_v<T, double>) {
          if (std::isfinite(v)) append_number(out, v);
          else out += "null";
        } else {
          append_number(out, v);
        }
      },
      value);
}

bool needs_quotes(std::string_view s) noexcept {
  if (s.empty() || s.size() > max_field_bytes) return true;
  for (const char ch : s) {
    const auto c = static_cast<unsigned char>(ch);
    if (c <= 0x20 || c >= 0x7F || c == '"' || c == '=' || c == '\\') return true;
  }
  return false;
}

void append_text_value(std::string& out, const field::value_type& value) {
  if (const auto* s = std::get_if<std::string_view>(&value); s != nullptr && !needs_quotes(*s)) {
    out += *s;
  } else if (const auto* p = std::get_if<phone>(&value); p != nullptr) {
    append_text_value(out, field::value_type{std::string_view(mask_phone(p->number))});
  } else if (const auto* d = std::get_if<double>(&value); d != nullptr && !std::isfinite(*d)) {
    out += "nan";
  } else {
    append_json_value(out, value);
  }
}

}  // namespace

std::string format_text(const log_line& line) {
  std::string out;
  out.reserve(160);
  append_timestamp(out, line.at);
  out += ' ';
  out += level_column(line.level);
  out += ' ';
  out += line.component;
  out += ' ';
  out += line.event_id;
  for (const auto& f : line.fields) {
    out += ' ';
    out += f.name;
    out += '=';
    append_text_value(out, f.value);
  }
  if (!line.text.empty()) {
    out += " -- ";
    append_escaped(out, line.text);
  }
  return out;
}

std::string format_json(const log_line& line) {
  std::string out;
  out.reserve(200);
  out += R"({"ts":")";
  append_timestamp(out, line.at);
  out += R"(","level":")";
  out += to_string(line.level);
  out += R"(","component":")";
  append_escaped(out, line.component);
  out += R"(","event":")";
  append_escaped(out, line.event_id);
  out += '"';
  for (const auto& f : line.fields) {
    out += ",\"";
    append_escaped(out, f.name);
    out += "\":";
    append_json_value(out, f.value);
  }
  if (!line.text.empty()) {
    out += R"(,"text":")";
    append_escaped(out, line.text);
    out += '"';
  }
  out += '}';
  return out;
}

}  // namespace waihu::telemetry
