#include "messages/model/voice.hpp"

#include <charconv>
#include <string_view>

namespace waihu {

wall_time recording_expiry(std::string_view url) noexcept {
  constexpr std::string_view key = "Expires=";
  for (auto at = url.find(key); at != std::string_view::npos; at = url.find(key, at + 1)) {
    if (at == 0 || (url[at - 1] != '?' && url[at - 1] != '&')) continue;
    const auto* begin = url.data() + at + key.size();
    std::int64_t expires = 0;
    const auto [end, error] = std::from_chars(begin, url.data() + url.size(), expires);
    constexpr std::int64_t year_9999 = 253'402'300'800;
    if (error == std::errc{} && end != begin && expires < year_9999) return from_epoch_ms(expires * 1'000);
  }
  return wall_time{};
}

}  // namespace waihu
