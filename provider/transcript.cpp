// Reading of conversations and detection of instructions in them.
#include "provider/transcript.hpp"

#include <algorithm>
#include <array>

#include "provider/json_reading.hpp"

namespace waihu::provider {
namespace {

constexpr std::array<std::string_view, 21> separators = {"。", "！", "？", "；", "，", "、", "：",
                                                         "…",  "“",  "”",  "「", "」", "\n", "\r",
                                                         "!",  "?",  ";",  ",",  "（", "）", "～"};

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t.");
  if (first == std::string_view::npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(" \t.") - first + 1)};
}

std::string lower_ascii(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

transcript read_transcript(std::string_view conversation_json) {
  transcript out;
  if (conversation_json.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    out.is_readable = true;
    return out;
  }
  rapidjson::Document doc;
  if (conversation_json.size() > max_transcript_bytes || !json::parse(conversation_json, doc) || !doc.IsArray())
    return out;
  out.is_readable = true;
  for (const auto& row : doc.GetArray()) {
    transcript_line line;
    line.is_contact = json::text_member(row, "Speaker") == "Contact";
    line.text = json::text_member(row, "Script");
    if (line.text.size() > max_line_bytes) line.text = cut_characters(line.text, max_line_bytes / 4);
    if (!trimmed(line.text).empty()) out.lines.push_back(std::move(line));
  }
  return out;
}

std::vector<std::string> split_clauses(std::string_view text) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  const auto add = [&](std::size_t end) {
    auto clause = trimmed(text.substr(begin, end - begin));
    if (!clause.empty()) out.push_back(std::move(clause));
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::find_if(separators.begin(), separators.end(),
                                    [&](std::string_view mark) { return text.substr(at).starts_with(mark); });
    if (found == separators.end()) {
      ++at;
      continue;
    }
    add(at);
    at += found->size();
    begin = at;
  }
  add(text.size());
  return out;
}

bool is_instruction(std::string_view clause) {
  const auto text = lower_ascii(clause);
  const bool overrides =
      contains_any(text, {"忽略", "无视", "忘掉", "忘记", "不要理会", "不用理会", "推翻", "覆盖", "绕过"}) &&
      contains_any(text, {"指令", "指示", "提示", "规则", "设定", "以上", "上面", "上述", "之前的", "前面的"});
  const bool labels =
      contains_any(text, {"标记", "标注", "标成", "判定", "判断为", "判为", "归类",   "评为",   "设置为", "设为",
                          "改成", "改为", "填成", "填写", "输出",   "返回", "登记为", "记录为", "记为",   "定为"}) &&
      contains_any(text, {"意向", "感兴趣", "有意", "无意", "客户等级", "a类", "跟进时间", "成交", "结果"});
  const bool names_machine = contains_any(
      text, {"系统提示", "系统指令", "提示词", "作为ai", "作为一个ai", "作为人工智能", "大模型", "语言模型", "分析系统",
             "分析程序", "你现在扮演", "你现在是一个", "开发者模式", "管理员指令", "新的指令", "最新指令"});
  const bool speaks_code = contains_any(
      text, {"is_interested", "next_follow", "leads_remark", "json", "{\"", "ignore previous", "ignore all",
             "ignore the", "system prompt", "system:", "assistant:", "instruction", "</", "<|", "[inst", "```"});
  return overrides || labels || names_machine || speaks_code;
}

std::vector<std::string> honest_clauses(std::string_view text, bool* has_instruction) {
  // Nobody speaks brackets: from the first one on it is code.
  const auto code = text.find_first_of("{}[]<>`");
  auto clauses = split_clauses(text.substr(0, code));
  const auto first = std::find_if(clauses.begin(), clauses.end(), [](const auto& one) { return is_instruction(one); });
  if (has_instruction != nullptr && (first != clauses.end() || code != std::string_view::npos)) *has_instruction = true;
  clauses.erase(first, clauses.end());
  return clauses;
}

std::string cut_characters(std::string_view text, std::size_t max_characters) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (starts && count++ == max_characters) return std::string{text.substr(0, at)};
  }
  return std::string{text};
}

}  // namespace waihu::provider
