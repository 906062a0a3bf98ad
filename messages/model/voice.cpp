#include "messages/model/voice.hpp"

#include <charconv>

namespace waihu {

std::optional<wall_time> recording_expiry(std::string_view url) noexcept {
  constexpr std::string_view key = "Expires=";
  constexpr std::int64_t year_9999 = 253'402'300'800;
  const auto mark = url.find('?');
  if (mark == std::string_view::npos) return std::nullopt;
  auto query = url.substr(mark + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size() < query.size() ? pair.size() + 1 : query.size());
    if (!pair.starts_with(key)) continue;
    pair.remove_prefix(key.size());
    std::int64_t at = 0;
    const auto [end, error] = std::from_chars(pair.data(), pair.data() + pair.size(), at);
    const bool is_number = error == std::errc{} && end == pair.data() + pair.size();
    if (is_number && at > 0 && at < year_9999) return from_epoch_ms(at * 1'000);
  }
  return std::nullopt;
}

}  // namespace waihu
