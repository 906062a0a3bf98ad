#include "app/ctl/display_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace waihu::ctl {

namespace {

struct code_point {
  char32_t value{};
  std::size_t length{};  ///< Bytes taken; 1 for a broken byte.
  bool is_valid{};
};

code_point first_code_point(std::string_view s) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || s.size() < length) return {0xFFFD, 1, false};
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {0xFFFD, 1, false};
    value = (value << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (value < least.at(length) || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {0xFFFD, 1, false};
  return {value, length, true};
}

using range = std::pair<char32_t, char32_t>;

// Unicode's East Asian Width W and F, and emoji, in ranges coarse enough to read
constexpr std::array<range, 17> wide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},
                                      {0x4E00, 0x9FFF},
                                      {0xA000, 0xA4CF},
                                      {0xA960, 0xA97C},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE10, 0xFE19},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1F64F},
                                      {0x1F680, 0x1F6FF},
                                      {0x1F900, 0x1F9FF},
                                      {0x20000, 0x3FFFD}}};
constexpr std::array<range, 6> combining{
    {{0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};

template <std::size_t N>
bool is_in(const std::array<range, N>& ranges, char32_t c) noexcept {
  return std::any_of(ranges.begin(), ranges.end(), [&](const range& r) { return c >= r.first && c <= r.second; });
}

int width_of(char32_t c) noexcept { return is_in(combining, c) ? 0 : is_in(wide, c) ? 2 : 1; }

}  // namespace

int display_width(std::string_view text) noexcept {
  int width = 0;
  while (!text.empty()) {
    const auto c = first_code_point(text);
    width += width_of(c.value);
    text.remove_prefix(c.length);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto c = first_code_point(text);
    const bool steers = c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0) ||
                        (c.value >= 0x202A && c.value <= 0x202E) || (c.value >= 0x2066 && c.value <= 0x2069) ||
                        c.value == 0x2028 || c.value == 0x2029;
    if (!c.is_valid) out += "\xEF\xBF\xBD";
    else if (steers) out += ' ';
    else out.append(text.substr(0, c.length));
    text.remove_prefix(c.length);
  }
  return out;
}

std::string cut_to_width(std::string_view text, int width) {
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  int used = 0;
  while (!text.empty()) {
    const auto c = first_code_point(text);
    if (used + width_of(c.value) > width - 1) break;
    used += width_of(c.value);
    out.append(text.substr(0, c.length));
    text.remove_prefix(c.length);
  }
  return out + "\xE2\x80\xA6";
}

std::string pad_to_width(std::string text, int width) {
  const int missing = width - display_width(text);
  if (missing > 0) text.append(static_cast<std::size_t>(missing), ' ');
  return text;
}

}  // namespace waihu::ctl
