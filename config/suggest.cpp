#include "config/suggest.hpp"

#include <algorithm>
#include <vector>

#include "config/keys.hpp"

namespace waihu::config {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  constexpr std::size_t longest = 128;  // names are short; an outside text must not make this expensive
  a = a.substr(0, longest);
  b = b.substr(0, longest);
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

namespace {

/// A name without the unit at its end: people forget it, or choose another one.
std::string_view without_unit(std::string_view name) noexcept {
  for (const std::string_view unit : {"_per_s", "_bytes", "_ms", "_s", "_min", "_h", "_seconds", "_minutes", "_hours"})
    if (name.ends_with(unit)) return name.substr(0, name.size() - unit.size());
  return name;
}

}  // namespace

std::string nearest_key(std::string_view unknown) {
  const auto section = section_of(unknown);
  const auto name = short_name(unknown);
  std::string best;
  std::size_t least = 1 + std::max<std::size_t>(2, name.size() / 3);
  for (const auto& key : all_keys()) {
    const bool same_section = section_of(key.name) == section;
    const auto known = short_name(key.name);
    auto distance = edit_distance(name, known);
    if (without_unit(name) == without_unit(known)) distance = std::min<std::size_t>(distance, 1);
    if (!same_section) distance += edit_distance(section, section_of(key.name)) <= 2 ? 1 : 2;
    if (distance < least) {
      least = distance;
      best = key.name;
    }
  }
  return best;
}

std::string nearest_section(std::string_view unknown) {
  std::string best;
  std::size_t least = 4;
  for (const auto& section : all_sections())
    if (const auto distance = edit_distance(unknown, section.name); distance < least) {
      least = distance;
      best = section.name;
    }
  return best;
}

}  // namespace waihu::config
