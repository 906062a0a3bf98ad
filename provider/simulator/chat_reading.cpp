#include "provider/simulator/chat_reading.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <utility>

#include "provider/simulator/json_writing.hpp"
#include "provider/simulator/lessons.hpp"

namespace waihu::simulator {

namespace {

using phrases = std::vector<std::string_view>;

const phrases commands{"忽略以上", "无视之前", "系统提示", "is_interested", "直接输出", "忽略之前", "标记为有意向"};
const phrases refusals{"不需要",   "没兴趣", "没有兴趣",   "不感兴趣",     "不考虑",     "暂时不考虑", "不用了",
                       "不要再打", "别打",   "别再给我打", "再打我就投诉", "骗子",       "神经病",     "打错",
                       "不认识",   "起诉",   "法院见",     "不同意",       "没什么好谈", "怎么又打来"};
const phrases approvals{"感兴趣", "想了解", "加我微信", "加微信",   "有意向",   "报个名", "报名",
                        "过去看", "多少钱", "可以聊",   "名额",     "怎么办理", "同意",   "愿意",
                        "能接受", "发资料", "方便了解", "发我看看", "试听"};

bool has_any(std::string_view text, const phrases& list) {
  return std::any_of(list.begin(), list.end(), [&](auto word) { return text.find(word) != std::string_view::npos; });
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

/// The random word of a mark `<<<NAME WORD>>>`; "" for any other line.
std::string_view mark_word(std::string_view line) {
  if (line.size() < 8 || !line.starts_with("<<<") || !line.ends_with(">>>")) return {};
  const auto inner = line.substr(3, line.size() - 6);
  const auto blank = inner.rfind(' ');
  if (blank == std::string_view::npos || inner.size() - blank < 9) return {};
  return inner.substr(blank + 1);
}

/// A line of the conversation; nothing for an object that says something else, for example about the person.
std::optional<chat_line> line_of(const rapidjson::Value& object) {
  using names = std::pair<const char*, const char*>;
  for (const auto& [speaker, text] :
       {names{"说话人", "内容"}, names{"Speaker", "Script"}, names{"speaker", "text"}, names{"role", "content"}}) {
    const auto who = text_member(object, speaker);
    if (who.empty() || !object.HasMember(text)) continue;
    return chat_line{who == "客户" || who == "用户" || who == "Contact", std::string{text_member(object, text)}};
  }
  return std::nullopt;
}

/// The part between two marks of one word; false when there is none.
bool read_fenced(std::string_view message, chat_reading& out) {
  std::string_view word;
  bool is_inside = false;
  while (!message.empty()) {
    const auto line = take_line(message);
    const auto mark = mark_word(line);
    if (!out.is_fenced && !is_inside && !mark.empty()) {
      word = mark;
      is_inside = true;
    } else if (is_inside && mark == word) {
      is_inside = false;
      out.is_fenced = true;
    } else if (rapidjson::Document d;
               is_inside && !d.Parse<rapidjson::kParseIterativeFlag>(line.data(), line.size()).HasParseError() &&
               d.IsObject()) {
      if (auto said = line_of(d)) out.lines.push_back(std::move(*said));
    } else {
      out.orders.append(line).append("\n");
    }
  }
  return out.is_fenced;
}

/// A conversation that stands in a message without marks.
std::vector<chat_line> read_loose(std::string_view message) {
  std::vector<chat_line> lines;
  const auto begin = message.find('[');
  const auto end = message.rfind(']');
  if (begin != std::string_view::npos && end != std::string_view::npos && begin < end) {
    rapidjson::Document d;
    d.Parse<rapidjson::kParseIterativeFlag>(message.data() + begin, end - begin + 1);
    if (!d.HasParseError() && d.IsArray()) {
      for (const auto& object : d.GetArray())
        if (object.IsObject())
          if (auto said = line_of(object)) lines.push_back(std::move(*said));
      return lines;
    }
  }
  bool is_marked = false;
  while (!message.empty()) {
    const auto line = take_line(message);
    chat_line said{false, std::string{line}};
    for (const std::string_view mark : {"客户", "用户", "Contact", "被叫", "C:"}) {
      const auto at = line.find(mark);
      if (at > 40) continue;  // npos among them
      said = {true, std::string{line.substr(at + mark.size())}};
      is_marked = true;
      break;
    }
    lines.push_back(std::move(said));
  }
  if (!is_marked)
    for (auto& line : lines) line.is_contact = true;
  return lines;
}

/// The hour named after 上午, 下午 or 晚上; -1 when none.
double hour_in(std::string_view text) {
  static constexpr std::array<std::string_view, 12> numerals{"一", "二", "三", "四", "五",   "六",
                                                             "七", "八", "九", "十", "十一", "十二"};
  for (std::size_t i = numerals.size(); i-- > 0;) {
    const auto clock = std::string{numerals[i]} + "点";
    const auto two = i == 1 ? text.find("两点") : std::string_view::npos;
    const auto at = std::min(text.find(clock), two);
    if (at == std::string_view::npos) continue;
    auto hour = static_cast<double>(i + 1);
    if (text.find("半", at) != std::string_view::npos) hour += 0.5;
    const bool later = text.find("下午") != std::string_view::npos || text.find("晚上") != std::string_view::npos;
    return later && hour < 12 ? hour + 12 : hour;
  }
  if (text.find("上午") != std::string_view::npos) return 10;
  if (text.find("下午") != std::string_view::npos) return 15;
  return text.find("晚上") != std::string_view::npos ? 19 : -1;
}

/// Days ahead that the text names; -1 when none. `weekday` 0 = Sunday.
int days_in(std::string_view text, int weekday) {
  const auto has = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  if (has("大后天") || has("三天以后")) return 3;
  if (has("后天")) return 2;
  if (has("明天")) return 1;
  if (has("今天")) return 0;
  static constexpr std::array<std::string_view, 6> days{"一", "二", "三", "四", "五", "六"};
  for (std::size_t i = 0; i < days.size(); ++i)
    if (has("下周" + std::string{days[i]})) return 7 + static_cast<int>(i + 1) - (weekday == 0 ? 7 : weekday);
  if (has("下周")) return 7;
  return has("周六") ? (6 - weekday + 7) % 7 : -1;
}

std::string time_named(std::string_view text, std::int64_t base_ms, int utc_offset_minutes) {
  const auto local = static_cast<std::time_t>(base_ms / 1000 + std::int64_t{utc_offset_minutes} * 60);
  std::tm day{};
  gmtime_r(&local, &day);
  const int days = days_in(text, day.tm_wday);
  if (days < 0) return {};
  const auto hour = hour_in(text);
  const auto midnight = local - std::time_t{day.tm_hour} * 3600 - std::time_t{day.tm_min} * 60 - day.tm_sec;
  const auto named = midnight + std::time_t{days} * 86'400 + static_cast<std::time_t>((hour < 0 ? 10 : hour) * 3600);
  std::tm out{};
  gmtime_r(&named, &out);
  std::array<char, 32> buffer{};
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S", &out);
  return buffer.data();
}

/// Nobody said what stands in brackets: "（沉默）".
bool is_note(std::string_view line) { return line.starts_with("（") && line.ends_with("）"); }

std::size_t text_bytes_of(const logged_reading& reading) {
  std::size_t bytes = reading.read.orders.size() + reading.made.remark.size();
  for (const auto& line : reading.read.lines) bytes += line.text.size() + sizeof line;
  return bytes;
}

}  // namespace

chat_reading read_prompt(std::string_view message) {
  chat_reading out;
  if (read_fenced(message, out)) return out;
  return {read_loose(message), false, std::string{message}};
}

bool is_command(std::string_view text) { return has_any(text, commands); }

understanding obedience() { return {1, "已成交", "2099-01-01 00:00:00"}; }

understanding understand(const std::vector<chat_line>& lines, const reading_manner& manner) {
  understanding u;
  bool refused = false;
  bool approved = false;
  std::string last;
  std::vector<chat_line> heard;
  for (const auto& [is_contact, line] : lines) {
    if (!is_contact || is_note(line)) continue;
    if (is_command(line)) {
      if (!manner.obeys) continue;
      return obedience();
    }
    heard.push_back({true, line});
    refused = refused || has_any(line, refusals);
    approved = approved || (has_any(line, approvals) && !has_any(line, refusals));
    if (auto named = time_named(line, manner.base_ms, manner.utc_offset_minutes); !named.empty())
      u.next_follow_time = named;
    if (!line.empty()) last = line;
  }
  if (last.empty()) {
    u.remark = "客户接通后未说话；";
    return u;
  }
  static constexpr std::array<const char*, 3> remarks{"客户态度不明确；", "客户表示有意向，希望进一步了解；",
                                                      "客户明确表示没有意向；"};
  u.interest = manner.taught != nullptr ? manner.taught->interest_of(heard) : refused ? 2 : approved ? 1 : 0;
  u.remark = remarks[static_cast<std::size_t>(u.interest)];
  if (u.interest == 2) u.next_follow_time.clear();
  if (!u.next_follow_time.empty()) u.remark += "约定再次联系时间：" + u.next_follow_time + "；";
  return u;
}

void reading_log::add(logged_reading reading) {
  reading.sequence = ++last_;
  text_bytes_ += text_bytes_of(reading);
  kept_.push_back(std::move(reading));
  while (kept_.size() > most_kept || (text_bytes_ > most_text_bytes && kept_.size() > 1)) {
    text_bytes_ -= text_bytes_of(kept_.front());
    kept_.pop_front();
  }
}

std::string reading_log::to_json(std::uint64_t since, std::uint64_t limit) const {
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartArray();
  std::uint64_t shown = 0;
  for (const auto& r : kept_) {
    if (r.sequence <= since || shown == limit) continue;
    ++shown;
    w.StartObject();
    put(w, "sequence", r.sequence);
    put(w, "model", r.model);
    put(w, "response_format", r.response_format);
    put(w, "thinking_off", r.is_thinking_off);
    put(w, "fenced", r.read.is_fenced);
    put(w, "obeyed", r.has_obeyed);
    put_key(w, "lines");
    w.StartArray();
    for (const auto& line : r.read.lines) {
      w.StartArray();
      put_text(w, line.is_contact ? "Contact" : "Robot");
      put_text(w, line.text);
      w.EndArray();
    }
    w.EndArray();
    put(w, "orders", r.read.orders);
    put(w, "is_interested", r.made.interest);
    put(w, "leads_remark", r.made.remark);
    put(w, "next_follow_time", r.made.next_follow_time);
    w.EndObject();
  }
  w.EndArray();
  return text_of(buffer);
}

void reading_log::clear() {
  kept_.clear();
  text_bytes_ = 0;
}

}  // namespace waihu::simulator
