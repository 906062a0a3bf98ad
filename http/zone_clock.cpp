#include "http/zone_clock.hpp"

#include <date/tz.h>

#include <algorithm>
#include <exception>

namespace waihu::http {

namespace {

const date::time_zone& as_zone(const void* p) { return *static_cast<const date::time_zone*>(p); }

/// Reads exactly the digits asked for; -1 when there are none.
int take_number(std::string_view& text, std::size_t least, std::size_t most) {
  int n = 0;
  std::size_t digits = 0;
  while (digits < most && digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
    n = n * 10 + (text[digits++] - '0');
  if (digits < least) return -1;
  text.remove_prefix(digits);
  return n;
}

bool take_one_of(std::string_view& text, std::string_view wanted) {
  if (text.empty() || wanted.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

result<zone_clock> zone_clock::in(const std::string& zone_name) {
  try {
    return zone_clock(date::locate_zone(zone_name));
  } catch (const std::exception&) {
    return fail(errc::invalid_argument, "unknown time zone " + zone_name);
  }
}

namespace {

/// The offset that a zone had last, and between which instants it has it: years, as a rule, while the database is asked
/// by searching its whole history.
struct known_offset {
  const void* zone{};
  date::sys_seconds begin{}, end{};
  std::chrono::seconds offset{};
};
thread_local known_offset last_offset;

}  // namespace

std::string zone_clock::format(wall_time t) const {
  const auto second = std::chrono::floor<std::chrono::seconds>(t);
  auto& known = last_offset;
  if (known.zone != zone_ || second < known.begin || second >= known.end) {
    const auto info = as_zone(zone_).get_info(second);
    known = {zone_, info.begin, info.end, info.offset};
  }
  const date::local_seconds local{second.time_since_epoch() + known.offset};
  const auto day = date::floor<date::days>(local);
  const date::year_month_day ymd{day};
  const date::hh_mm_ss<std::chrono::seconds> tod{local - day};
  std::string out("0000-00-00 00:00:00");
  const auto put = [&out](std::size_t at, std::size_t digits, long n) {
    for (; digits > 0; n /= 10) out[at + --digits] = static_cast<char>('0' + n % 10);
  };
  put(0, 4, static_cast<int>(ymd.year()));
  put(5, 2, static_cast<unsigned>(ymd.month()));
  put(8, 2, static_cast<unsigned>(ymd.day()));
  put(11, 2, tod.hours().count());
  put(14, 2, tod.minutes().count());
  put(17, 2, tod.seconds().count());
  return out;
}

std::optional<local_moment> zone_clock::parse(std::string_view text) const {
  const int year = take_number(text, 4, 4);
  if (year < 1900 || !take_one_of(text, "-/")) return std::nullopt;
  const int month = take_number(text, 1, 2);
  if (month < 1 || !take_one_of(text, "-/")) return std::nullopt;
  const int day = take_number(text, 1, 2);
  const date::year_month_day ymd{date::year{year}, date::month{static_cast<unsigned>(month)},
                                 date::day{static_cast<unsigned>(day < 0 ? 0 : day)}};
  if (!ymd.ok()) return std::nullopt;
  milliseconds in_day{0};
  milliseconds covers{std::chrono::hours{24}};
  const bool is_date_only = text.empty();
  if (!is_date_only) {
    if (!take_one_of(text, " T")) return std::nullopt;
    const int h = take_number(text, 1, 2);
    if (h < 0 || h > 23 || !take_one_of(text, ":")) return std::nullopt;
    const int m = take_number(text, 2, 2);
    if (m < 0 || m > 59) return std::nullopt;
    in_day = std::chrono::hours{h} + minutes{m};
    covers = minutes{1};
    if (take_one_of(text, ":")) {
      const int s = take_number(text, 2, 2);
      if (s < 0 || s > 59) return std::nullopt;
      in_day += seconds{s};
      covers = seconds{1};
      if (take_one_of(text, ".") && take_number(text, 1, 6) < 0) return std::nullopt;
    }
    if (!text.empty()) return std::nullopt;
  }
  const auto& zone = as_zone(zone_);
  const auto local_begin = date::local_time<milliseconds>{date::local_days{ymd}.time_since_epoch() + in_day};
  const auto local_end =
      is_date_only ? date::local_time<milliseconds>{(date::local_days{ymd} + date::days{1}).time_since_epoch()}
                   : local_begin + covers;
  local_moment out;
  out.is_date_only = is_date_only;
  out.at = zone.to_sys(local_begin, date::choose::earliest);
  // A time that the clocks skipped covers nothing: it stands for the instant of the jump.
  out.last = std::max(out.at, wall_time{zone.to_sys(local_end, date::choose::earliest)} - milliseconds{1});
  return out;
}

}  // namespace waihu::http
