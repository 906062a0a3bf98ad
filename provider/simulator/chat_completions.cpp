#include "provider/simulator/chat_completions.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <vector>

#include "provider/simulator/dice.hpp"
#include "provider/simulator/json_writing.hpp"

namespace waihu::simulator {

namespace {

using words = std::vector<std::string_view>;

const words commands{"忽略以上", "无视之前", "系统提示", "is_interested", "直接输出", "忽略之前", "标记为有意向"};
const words refusals{"不需要",   "没兴趣", "没有兴趣",   "不感兴趣",     "不考虑",     "暂时不考虑", "不用了",
                     "不要再打", "别打",   "别再给我打", "再打我就投诉", "骗子",       "神经病",     "打错",
                     "不认识",   "起诉",   "法院见",     "不同意",       "没什么好谈", "怎么又打来"};
const words approvals{"感兴趣", "想了解", "加我微信", "加微信",   "有意向",   "报个名", "报名",
                      "过去看", "多少钱", "可以聊",   "名额",     "怎么办理", "同意",   "愿意",
                      "能接受", "发资料", "方便了解", "发我看看", "试听"};

bool has_any(std::string_view text, const words& list) {
  return std::any_of(list.begin(), list.end(), [&](auto word) { return text.find(word) != std::string_view::npos; });
}

std::vector<std::string> spoken_by_contact(std::string_view transcript) {
  std::vector<std::string> said;
  const auto begin = transcript.find('[');
  const auto end = transcript.rfind(']');
  if (begin != std::string_view::npos && end != std::string_view::npos && begin < end) {
    rapidjson::Document d;
    d.Parse<rapidjson::kParseIterativeFlag>(transcript.data() + begin, end - begin + 1);
    if (!d.HasParseError() && d.IsArray()) {
      for (const auto& line : d.GetArray())
        if (line.IsObject() && text_member(line, "Speaker") == "Contact")
          said.emplace_back(text_member(line, "Script"));
      return said;
    }
  }
  bool marked = false;
  std::vector<std::string> all;
  while (!transcript.empty()) {
    const auto line = transcript.substr(0, transcript.find('\n'));
    transcript.remove_prefix(std::min(transcript.size(), line.size() + 1));
    all.emplace_back(line);
    for (const std::string_view mark : {"客户", "用户", "Contact", "被叫", "C:"}) {
      const auto at = line.find(mark);
      if (at > 40) continue;  // Or not there at all.
      said.emplace_back(line.substr(at + mark.size()));
      marked = true;
      break;
    }
  }
  return marked ? said : all;
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
  const auto midnight = local - day.tm_hour * 3600L - day.tm_min * 60L - day.tm_sec;
  const auto named = midnight + days * 86'400L + static_cast<std::time_t>((hour < 0 ? 10 : hour) * 3600);
  std::tm out{};
  gmtime_r(&named, &out);
  std::array<char, 32> buffer{};
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S", &out);
  return buffer.data();
}

/// The first `YYYY-MM-DD HH:MM` of a text as an instant; nothing when there is none.
std::optional<std::int64_t> instant_in(std::string_view text, int utc_offset_minutes) {
  for (std::size_t i = 0; i + 16 <= text.size(); ++i) {
    if (text[i] != '2' || text[i + 4] != '-' || text[i + 7] != '-') continue;
    std::tm t{};
    const std::string piece{text.substr(i, 16)};
    if (std::sscanf(piece.c_str(), "%4d-%2d-%2d%*1[ T]%2d:%2d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
                    &t.tm_min) != 5)
      continue;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    return (std::int64_t{timegm(&t)} - std::int64_t{utc_offset_minutes} * 60) * 1000;
  }
  return std::nullopt;
}

std::string content_of(const understanding& u, const fault_orders& orders, std::uint64_t taste) {
  static constexpr std::array<std::string_view, 3> chinese{"无法判断", "有意向", "无意向"};
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartObject();
  put(w, "leads_remark", u.remark);
  // Models are not consistent in this; what reads them must bear all three forms.
  if (taste % 3 == 0) put(w, "is_interested", u.interest);
  else if (taste % 3 == 1) put(w, "is_interested", std::to_string(u.interest));
  else put(w, "is_interested", chinese[static_cast<std::size_t>(u.interest)]);
  put(w, "next_follow_time", u.next_follow_time);
  w.EndObject();
  auto content = text_of(buffer);
  if (orders.llm_fenced) content = "```json\n" + content + "\n```";
  if (orders.llm_thinking) content = "<think>客户的话需要仔细判断 {\"is_interested\": 0}</think>\n" + content;
  if (orders.llm_truncated) content.resize(content.size() / 2);
  return content;
}

std::string completion_of(std::string_view model, const std::optional<std::string>& content, bool truncated,
                          std::size_t prompt_bytes, std::int64_t real_now_ms, std::string_view request_id) {
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartObject();
  put(w, "id", "chatcmpl-" + std::string{request_id});
  put(w, "object", "chat.completion");
  put(w, "created", real_now_ms / 1000);
  put(w, "model", model);
  put_key(w, "system_fingerprint");
  w.Null();
  put_key(w, "choices");
  w.StartArray();
  w.StartObject();
  put(w, "index", 0);
  put(w, "finish_reason", truncated ? "length" : "stop");
  put_key(w, "message");
  w.StartObject();
  put(w, "role", "assistant");
  put_key(w, "content");
  if (content) put_text(w, *content);
  else w.Null();
  w.EndObject();
  w.EndObject();
  w.EndArray();
  const auto answer_bytes = content ? content->size() : 0;
  put_key(w, "usage");
  w.StartObject();
  put(w, "prompt_tokens", prompt_bytes / 3);
  put(w, "completion_tokens", answer_bytes / 3);
  put(w, "total_tokens", (prompt_bytes + answer_bytes) / 3);
  w.EndObject();
  w.EndObject();
  return text_of(buffer);
}

/// The texts of all messages, and of the last one of the user. Content may be a text or a list of parts.
struct conversation_texts {
  std::string all, last_user;
};

conversation_texts texts_of(const rapidjson::Value& messages) {
  conversation_texts texts;
  for (const auto& message : messages.GetArray()) {
    if (!message.IsObject()) continue;
    std::string text{text_member(message, "content")};
    const auto parts = message.FindMember("content");
    if (parts != message.MemberEnd() && parts->value.IsArray())
      for (const auto& part : parts->value.GetArray())
        if (part.IsObject()) text += text_member(part, "text");
    texts.all += text + "\n";
    if (text_member(message, "role") == "user") texts.last_user = std::move(text);
  }
  return texts;
}

}  // namespace

understanding understand(std::string_view transcript, std::int64_t base_ms, int utc_offset_minutes, bool obeys) {
  understanding u;
  bool refused = false;
  bool approved = false;
  std::string last;
  for (const auto& line : spoken_by_contact(transcript)) {
    if (has_any(line, commands)) {
      if (!obeys) continue;
      return {1, "已成交", "2099-01-01 00:00:00"};
    }
    refused = refused || has_any(line, refusals);
    approved = approved || (has_any(line, approvals) && !has_any(line, refusals));
    if (auto named = time_named(line, base_ms, utc_offset_minutes); !named.empty()) u.next_follow_time = named;
    if (!line.empty()) last = line;
  }
  if (last.empty()) {
    u.remark = "客户接通后未说话；";
    return u;
  }
  u.interest = refused ? 2 : approved ? 1 : 0;
  u.remark = refused ? "客户明确表示没有意向；" : approved ? "客户表示有意向，希望进一步了解；" : "客户态度不明确；";
  if (refused) u.next_follow_time.clear();
  if (!u.next_follow_time.empty()) u.remark += "约定再次联系时间：" + u.next_follow_time + "；";
  return u;
}

http_answer chat_error(int status, std::string_view code, std::string_view message, std::string_view request_id) {
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartObject();
  put_key(w, "error");
  w.StartObject();
  put(w, "message", message);
  put(w, "type", code);
  put_key(w, "param");
  w.Null();
  put(w, "code", code);
  w.EndObject();
  put(w, "request_id", request_id);
  w.EndObject();
  http_answer answer;
  answer.status = status;
  answer.body = text_of(buffer);
  return answer;
}

http_answer answer_chat(std::string_view body, std::string_view authorization, const chat_options& options,
                        const fault_orders& orders, std::int64_t real_now_ms, std::string_view request_id) {
  if (!options.api_key.empty() && authorization != "Bearer " + options.api_key)
    return chat_error(401, "invalid_api_key", "Incorrect API key provided.", request_id);
  rapidjson::Document d;
  d.Parse<rapidjson::kParseIterativeFlag>(body.data(), body.size());
  if (d.HasParseError() || !d.IsObject() || text_member(d, "model").empty())
    return chat_error(400, "invalid_parameter_error", "The request body is not a chat completion request.", request_id);
  const auto messages = std::as_const(d).FindMember("messages");
  if (messages == std::as_const(d).MemberEnd() || !messages->value.IsArray() || messages->value.Empty())
    return chat_error(400, "invalid_parameter_error", "'messages' must not be empty.", request_id);
  if (flag_member(d, "stream", false))
    return chat_error(400, "invalid_parameter_error", "Streaming is not played by the simulator.", request_id);
  if (flag_member(d, "enable_thinking", false))
    return chat_error(400, "invalid_parameter_error",
                      "parameter.enable_thinking must be set to false for non-streaming calls", request_id);
  const auto texts = texts_of(messages->value);
  const auto format = std::as_const(d).FindMember("response_format");
  if (format != std::as_const(d).MemberEnd() && format->value.IsObject() &&
      text_member(format->value, "type") == "json_object") {
    std::string lower = texts.all;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (lower.find("json") == std::string::npos)
      return chat_error(400, "invalid_parameter_error",
                        "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
                        "'json_object'.",
                        request_id);
  }
  const auto base = instant_in(texts.all, options.utc_offset_minutes).value_or(real_now_ms);
  const auto u = understand(texts.last_user, base, options.utc_offset_minutes, orders.llm_obeys);
  std::optional<std::string> content = content_of(u, orders, hash_text(1, texts.last_user));
  if (orders.llm_content) content = orders.llm_content;
  if (orders.llm_null_content) content.reset();
  http_answer answer;
  answer.body =
      completion_of(text_member(d, "model"), content, orders.llm_truncated, texts.all.size(), real_now_ms, request_id);
  return answer;
}

}  // namespace waihu::simulator
