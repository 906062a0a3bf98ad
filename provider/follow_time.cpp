// Times in Chinese sentences.
#include "provider/follow_time.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <initializer_list>

namespace waihu::provider {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_time;
using std::chrono::year_month_day;
using local_minutes = local_time<minutes>;

/// Decodes UTF-8; broken bytes become U+FFFD.
std::u32string decode(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80U ? 1 : lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : lead >= 0xC0U ? 2 : 0;
    if (size == 0 || at + size > text.size()) {
      out.push_back(U'\uFFFD');
      ++at;
      continue;
    }
    char32_t code = size == 1 ? lead : lead & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) code = (code << 6U) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    if (code >= U'０' && code <= U'９') code = code - U'０' + U'0';
    if (code == U'：') code = U':';
    out.push_back(code);
    at += size;
  }
  return out;
}

/// Reads one expression that starts at a given place of a text.
class time_reader {
 public:
  time_reader(const std::u32string& text, std::size_t at, local_minutes now) : text_(text), at_(at), now_(now) {}

  std::optional<local_minutes> read() {
    if (const auto later = read_delay()) return later;
    if (take(
            {U"昨天", U"昨晚", U"前天", U"前几天", U"上周", U"上个星期", U"上个礼拜", U"上星期", U"上个月", U"去年"})) {
      // What is over is read with its time of day, and left alone.
      if (at_ < text_.size() && std::u32string_view{U"一二三四五六日天"}.find(text_[at_]) != std::u32string_view::npos)
        ++at_;
      read_clock();
      is_past_ = true;
      return std::nullopt;
    }
    const bool has_day = read_day();
    take({U"的", U"吧"});
    const bool has_clock = read_clock();
    if (!has_day && !has_clock) return std::nullopt;
    return place(has_day, has_clock);
  }

  std::size_t end() const noexcept { return at_; }
  bool is_past() const noexcept { return is_past_; }

 private:
  bool take(std::initializer_list<std::u32string_view> words) {
    for (const auto word : words) {
      if (std::u32string_view{text_}.substr(at_).starts_with(word)) {
        at_ += word.size();
        return true;
      }
    }
    return false;
  }

  static int digit_of(char32_t c) noexcept {
    constexpr std::u32string_view digits = U"零一二三四五六七八九";
    if (c >= U'0' && c <= U'9') return static_cast<int>(c - U'0');
    if (c == U'两') return 2;
    const auto found = digits.find(c);
    return found == std::u32string_view::npos ? -1 : static_cast<int>(found);
  }

  /// 0..9999 in digits, or 1..99 in characters.
  std::optional<int> take_number() {
    const auto begin = at_;
    int value = 0;
    bool has_any = false;
    while (at_ < text_.size() && at_ - begin < 4) {
      const char32_t c = text_[at_];
      if (c == U'十') {
        value = has_any ? value * 10 : 10;
        has_any = true;
        ++at_;
        if (at_ < text_.size() && digit_of(text_[at_]) > 0) value += digit_of(text_[at_++]);
        return value;
      }
      const int digit = digit_of(c);
      if (digit < 0) break;
      value = value * 10 + digit;
      has_any = true;
      ++at_;
    }
    if (!has_any) at_ = begin;
    return has_any ? std::optional{value} : std::nullopt;
  }

  bool take_after_word() { return take({U"以后", U"之后", U"过后", U"后"}); }

  /// 半小时以后, 过两天, 三个小时之后, 一会儿: counted from now.
  std::optional<local_minutes> read_delay() {
    const auto begin = at_;
    if (take({U"过一会", U"一会儿", U"一会", U"待会", U"等会", U"等一下再", U"晚点", U"晚一点", U"稍后"}))
      return now_ + hours{1};
    if (take({U"这两天", U"过两天", U"过个两天", U"改天", U"隔两天"})) return at_ten(days{2});
    if (take({U"过几天", U"过些天", U"过阵子", U"这几天"})) return at_ten(days{3});
    const bool has_guo = take({U"过个", U"过", U"再过", U"等个", U"隔"});
    if (take({U"半个小时", U"半小时", U"半个钟"})) return finish_delay(begin, has_guo, now_ + minutes{30});
    if (take({U"一刻钟"})) return finish_delay(begin, has_guo, now_ + minutes{15});
    const auto number = take_number();
    if (number) {
      if (take({U"个半小时", U"个半钟头"})) return finish_delay(begin, has_guo, now_ + hours{*number} + minutes{30});
      if (take({U"分钟"})) return finish_delay(begin, has_guo, now_ + minutes{*number});
      if (take({U"个小时", U"小时", U"个钟头"})) return finish_delay(begin, has_guo, now_ + hours{*number});
      if (take({U"个星期", U"个礼拜", U"周", U"星期", U"礼拜"}))
        return finish_delay(begin, has_guo, at_ten(days{7 * *number}));
      if (take({U"个月"})) return finish_delay(begin, has_guo, month_ahead(*number));
      if (take({U"天"})) return finish_delay(begin, has_guo, at_ten(days{*number}));
    }
    at_ = begin;
    return std::nullopt;
  }

  /// A bare "三天" is a length, not a time.
  std::optional<local_minutes> finish_delay(std::size_t begin, bool has_guo, local_minutes when) {
    if (take_after_word() || has_guo) return when;
    at_ = begin;
    return std::nullopt;
  }

  local_minutes at_ten(days ahead) const { return std::chrono::floor<days>(now_) + ahead + hours{10}; }

  local_minutes month_ahead(int count) const {
    const year_month_day today{std::chrono::floor<days>(now_)};
    year_month_day then = today + std::chrono::months{count};
    if (!then.ok()) then = then.year() / then.month() / std::chrono::last;
    return local_days{then} + hours{10};
  }

  bool read_day() {
    const auto today = std::chrono::floor<days>(now_);
    const auto set = [this](local_days day) {
      day_ = day;
      return true;
    };
    if (take({U"大后天"})) return set(today + days{3});
    if (take({U"后天", U"后儿"})) return set(today + days{2});
    if (take({U"明晚"})) return period_ = U'晚', set(today + days{1});
    if (take({U"明早"})) return period_ = U'早', set(today + days{1});
    if (take({U"今晚"})) return period_ = U'晚', set(today);
    if (take({U"明天", U"明儿", U"明日"})) return set(today + days{1});
    if (take({U"今天", U"今儿", U"今日"})) return set(today);
    return read_weekday(today) || read_month(today);
  }

  bool read_weekday(local_days today) {
    const auto begin = at_;
    int weeks = 0;
    bool is_named = true;
    if (take({U"下下"})) {
      weeks = 2;
    } else if (take({U"下个", U"下"})) {
      weeks = 1;
    } else if (!take({U"这个", U"这", U"本"})) {
      is_named = false;
    }
    const unsigned weekday = std::chrono::weekday{today}.iso_encoding();
    const auto monday = today - days{weekday - 1};
    if (take({U"周末"})) return day_ = monday + days{5 + 7 * weeks}, true;
    if (!take({U"周", U"星期", U"礼拜"})) return at_ = begin, false;
    constexpr std::u32string_view names = U"一二三四五六";
    int index = -1;
    if (at_ < text_.size()) {
      const auto found = names.find(text_[at_]);
      if (found != std::u32string_view::npos) index = static_cast<int>(found);
      if (text_[at_] == U'日' || text_[at_] == U'天') index = 6;
      if (text_[at_] >= U'1' && text_[at_] <= U'7') index = static_cast<int>(text_[at_] - U'1');
    }
    if (index < 0) {
      if (weeks == 0) return at_ = begin, false;
      return day_ = monday + days{7 * weeks}, true;
    }
    ++at_;
    day_ = monday + days{index + 7 * weeks};
    rolls_week_ = !is_named;
    return true;
  }

  bool read_month(local_days today) {
    const auto begin = at_;
    const year_month_day date{today};
    auto month = date.year() / date.month();
    bool is_month = false;
    if (take({U"下个月", U"下月"})) {
      month += std::chrono::months{1};
      is_month = true;
    } else if (take({U"这个月", U"本月"})) {
      is_month = true;
    }
    const auto set = [&](unsigned day) {
      const year_month_day wanted = month / static_cast<int>(day);
      if (!wanted.ok()) return at_ = begin, false;
      day_ = local_days{wanted};
      return true;
    };
    // 月底 alone means the next one.
    const auto set_coming = [&](unsigned day) {
      if (!is_month && day < static_cast<unsigned>(date.day())) month += std::chrono::months{1};
      return set(day);
    };
    if (take({U"月底"}) || (is_month && take({U"底"}))) return set_coming(28);
    if (take({U"月中"}) || (is_month && take({U"中旬"}))) return set_coming(15);
    if (take({U"月初"}) || (is_month && take({U"初"}))) return set_coming(1);
    if (const auto number = take_number()) {
      if (!is_month && take({U"月份", U"月"})) {
        if (*number < 1 || *number > 12) return at_ = begin, false;
        month = date.year() / std::chrono::month{static_cast<unsigned>(*number)};
        const auto day = take_number();
        if (!day || !take({U"号", U"日"})) return at_ = begin, false;
        if (!set(static_cast<unsigned>(*day))) return false;
        if (day_ < today) {
          month += std::chrono::years{1};
          return set(static_cast<unsigned>(*day));
        }
        return true;
      }
      if (*number >= 1 && *number <= 31 && take({U"号", U"日"})) {
        if (!is_month && static_cast<unsigned>(*number) < static_cast<unsigned>(date.day()))
          month += std::chrono::months{1};
        return set(static_cast<unsigned>(*number));
      }
      return at_ = begin, false;
    }
    if (is_month && month != date.year() / date.month()) return set(1);
    return at_ = begin, false;
  }

  bool read_clock() {
    const auto begin = at_;
    if (take({U"下班以后", U"下班之后", U"下班后", U"下了班", U"下班"})) return clock_ = minutes{18 * 60 + 30}, true;
    if (take({U"上午"})) period_ = U'上';
    else if (take({U"早上", U"早晨", U"清晨", U"一早"})) period_ = U'早';
    else if (take({U"中午", U"午休"})) period_ = U'中';
    else if (take({U"下午", U"午后"})) period_ = U'下';
    else if (take({U"傍晚"})) period_ = U'傍';
    else if (take({U"晚上", U"晚间", U"夜里"})) period_ = U'晚';
    take({U"的", U"大概", U"差不多", U"大约", U"，"});
    const auto digits = at_;
    const auto hour = take_number();
    if (hour && *hour <= 24 && take({U"点钟", U"点", U":", U"时"})) {
      int minute = 0;
      if (take({U"半"})) {
        minute = 30;
      } else if (take({U"一刻"})) {
        minute = 15;
      } else if (take({U"三刻"})) {
        minute = 45;
      } else if (const auto stated = take_number(); stated && *stated < 60) {
        minute = *stated;
        take({U"分"});
      }
      clock_ = minutes{*hour * 60 + minute};
      has_hour_ = true;
      take({U"左右", U"多"});
      take_after_word();
      return true;
    }
    at_ = digits;
    if (period_ == 0) return at_ = begin, false;
    take_after_word();
    return true;
  }

  minutes time_of_day() const {
    if (!has_hour_ && clock_ != minutes{-1}) return clock_;
    if (!has_hour_) {
      switch (period_) {
        case U'早': return hours{9};
        case U'中': return hours{12};
        case U'下': return hours{15};
        case U'傍': return hours{18};
        case U'晚': return hours{20};
        default: return hours{10};
      }
    }
    const auto hour = std::chrono::floor<hours>(clock_);
    const bool is_late =
        period_ == U'下' || period_ == U'傍' || period_ == U'晚' || (period_ == U'中' && hour < hours{3});
    if (is_late && hour < hours{12}) return clock_ + hours{12};
    if (is_late && period_ == U'晚' && hour == hours{12}) return hours{24};
    if (period_ == 0 && hour >= hours{1} && hour <= hours{6}) return clock_ + hours{12};
    return clock_;
  }

  std::optional<local_minutes> place(bool has_day, bool has_clock) {
    const auto time = time_of_day();
    if (!has_day) {
      // "三点" alone: the next three o'clock, "八点以后" in the afternoon: this evening.
      const auto today = std::chrono::floor<days>(now_);
      if (today + time > now_) return today + time;
      if (period_ == 0 && has_hour_ && time < hours{12} && today + time + hours{12} > now_)
        return today + time + hours{12};
      return today + days{1} + time;
    }
    auto at = day_ + time;
    if (rolls_week_ && at <= now_) at += days{7};
    if (at > now_) return at;
    // "今天下午" said in the afternoon, or just "今天".
    if (day_ == std::chrono::floor<days>(now_) && (!has_clock || !has_hour_)) return now_ + hours{2};
    return std::nullopt;
  }

  const std::u32string& text_;
  std::size_t at_;
  local_minutes now_;
  local_days day_{};
  bool rolls_week_{};
  char32_t period_{};
  minutes clock_{-1};
  bool has_hour_{};
  bool is_past_{};
};

}  // namespace

std::optional<wall_time> find_follow_time(std::string_view text, wall_time call_time, int utc_offset_minutes) {
  const auto letters = decode(text);
  const minutes offset{utc_offset_minutes};
  const local_minutes now{std::chrono::floor<minutes>(call_time.time_since_epoch()) + offset};
  std::optional<wall_time> found;
  for (std::size_t at = 0; at < letters.size();) {
    time_reader reader(letters, at, now);
    const auto when = reader.read();
    if (when && reader.end() > at) {
      found = wall_time{std::chrono::duration_cast<milliseconds>(when->time_since_epoch() - offset)};
      at = reader.end();
    } else if (reader.is_past()) {
      at = reader.end();
    } else {
      ++at;
    }
  }
  return found;
}

std::optional<wall_time> parse_local_time(std::string_view text, int utc_offset_minutes) {
  if (text.size() != 19 && text.size() != 16) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t count) {
    int value = -1;
    const char* first = text.data() + at;
    const auto [end, error] = std::from_chars(first, first + count, value);
    return error == std::errc{} && end == first + count ? value : -1;
  };
  const bool is_shaped = text[4] == '-' && text[7] == '-' && (text[10] == ' ' || text[10] == 'T') && text[13] == ':' &&
                         (text.size() == 16 || text[16] == ':');
  if (!is_shaped) return std::nullopt;
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2), hour = number(11, 2), minute = number(14, 2);
  const int second = text.size() == 19 ? number(17, 2) : 0;
  if (year < 1970 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59)
    return std::nullopt;
  const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second} - minutes{utc_offset_minutes};
}

std::string local_time_text(wall_time at, int utc_offset_minutes) {
  const auto local = at + minutes{utc_offset_minutes};
  const auto day = std::chrono::floor<days>(local);
  const year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<seconds>(local - day)};
  std::array<char, 64> out{};
  const int size = std::snprintf(out.data(), out.size(), "%04d-%02u-%02u %02d:%02d:%02d", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                                 static_cast<int>(time.seconds().count()));
  return {out.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

std::string chinese_time(wall_time at, int utc_offset_minutes) {
  const auto local = at + minutes{utc_offset_minutes};
  const auto day = std::chrono::floor<days>(local);
  const year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<minutes>(local - day)};
  std::array<char, 64> out{};
  const int size = std::snprintf(out.data(), out.size(), "%u月%u日%02d:%02d", static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                                 static_cast<int>(time.minutes().count()));
  return {out.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

}  // namespace waihu::provider
