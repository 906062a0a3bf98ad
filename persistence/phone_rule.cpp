#include "persistence/phone_rule.hpp"

#include <algorithm>
#include <array>

namespace waihu {

namespace {

bool all_digits(std::string_view s) noexcept {
  return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Separators people and spreadsheets put into numbers; the wide ones are UTF-8.
constexpr std::array<std::string_view, 13> separators{
    " ",           "-", "\t", "\r", "\n", "(", ")", ".", "\xe3\x80\x80", "\xc2\xa0", "\xef\xbc\x8d", "\xe2\x80\x93",
    "\xe2\x80\x94"};

}  // namespace

bool is_plausible_phone(std::string_view n) noexcept {
  if (!all_digits(n)) return false;
  if (n.size() == 11 && n[0] == '1' && n[1] >= '3') return true;
  if (n.size() >= 10 && n.size() <= 12 && n[0] == '0' && n[1] != '0') return true;
  return n.size() == 10 && (n.starts_with("400") || n.starts_with("800"));
}

std::string normalise_phone(std::string_view written) {
  std::string out;
  out.reserve(written.size());
  while (!written.empty()) {
    const auto* found =
        std::find_if(separators.begin(), separators.end(), [&](std::string_view s) { return written.starts_with(s); });
    if (found != separators.end()) {
      written.remove_prefix(found->size());
      continue;
    }
    out.push_back(written.front());
    written.remove_prefix(1);
  }
  for (const std::string_view prefix : {"+86", "0086", "86"}) {
    if (!out.starts_with(prefix)) continue;
    auto rest = out.substr(prefix.size());
    if (is_plausible_phone(rest)) return rest;
    // "+86 10 6552 9988": abroad the area code is written without its 0.
    if (auto land = "0" + rest; prefix != "86" && is_plausible_phone(land)) return land;
  }
  return out;
}

}  // namespace waihu
