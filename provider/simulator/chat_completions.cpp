#include "provider/simulator/chat_completions.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <vector>

#include "provider/simulator/dice.hpp"
#include "provider/simulator/json_writing.hpp"

namespace waihu::simulator {

namespace {

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

/// What a request asks for, as far as it shapes the answer.
struct wishes {
  std::string model;
  std::string response_format;
  bool is_thinking_off{};
};

bool is_thinking_off(const rapidjson::Value& body, chat_dialect dialect) {
  switch (dialect) {
    case chat_dialect::dashscope: return !flag_member(body, "enable_thinking", false);
    case chat_dialect::vllm: {
      const auto arguments = body.FindMember("chat_template_kwargs");
      return arguments != body.MemberEnd() && arguments->value.IsObject() &&
             !flag_member(arguments->value, "enable_thinking", true);
    }
    case chat_dialect::ollama: return text_member(body, "reasoning_effort") == "none";
    case chat_dialect::openai: break;
  }
  return true;
}

wishes wishes_of(const rapidjson::Value& body, chat_dialect dialect) {
  wishes w{std::string{text_member(body, "model")}, {}, is_thinking_off(body, dialect)};
  const auto format = body.FindMember("response_format");
  if (format != body.MemberEnd() && format->value.IsObject()) w.response_format = text_member(format->value, "type");
  return w;
}

/// The JSON that the model gives, before any fault.
std::string verdict_of(const understanding& u, std::uint64_t taste) {
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
  return text_of(buffer);
}

constexpr std::string_view thoughts = "客户的话需要仔细判断 {\"is_interested\": 0}";

std::string content_of(const understanding& u, const fault_orders& orders, const wishes& asked, chat_dialect dialect,
                       std::uint64_t taste) {
  if (orders.llm_content) return *orders.llm_content;
  // A schema leaves a model no choice of the type.
  auto content = verdict_of(u, asked.response_format == "json_schema" ? 0 : taste);
  const bool is_free = asked.response_format.empty() && dialect != chat_dialect::dashscope;
  if (orders.llm_fenced || is_free) content = "```json\n" + content + "\n```";
  if (orders.llm_trailing_text) content += "\n以上 {判断} 仅供参考，如有疑问请人工复核。";
  const bool is_in_content = dialect == chat_dialect::vllm && !asked.is_thinking_off;
  if (orders.llm_thinking || is_in_content) content = "<think>" + std::string{thoughts} + "</think>\n" + content;
  if (orders.llm_truncated) {
    // Servers cut between characters.
    auto size = content.size() / 2;
    while (size > 0 && (static_cast<unsigned char>(content[size]) & 0xC0U) == 0x80U) --size;
    content.resize(size);
  }
  return content;
}

/// What is said around the content differs from server to server.
void put_message(json_out& w, const std::optional<std::string>& content, const wishes& asked, chat_dialect dialect) {
  put_key(w, "message");
  w.StartObject();
  put(w, "role", "assistant");
  put_key(w, "content");
  if (content) put_text(w, *content);
  else w.Null();
  switch (dialect) {
    case chat_dialect::dashscope: put(w, "reasoning_content", ""); break;
    case chat_dialect::vllm:
      put_raw(w, "tool_calls", "[]", rapidjson::kArrayType);
      put_raw(w, "reasoning", "null", rapidjson::kNullType);
      break;
    case chat_dialect::ollama: put(w, "reasoning", asked.is_thinking_off ? std::string_view{} : thoughts); break;
    case chat_dialect::openai:
      put_raw(w, "refusal", "null", rapidjson::kNullType);
      put_raw(w, "annotations", "[]", rapidjson::kArrayType);
      break;
  }
  w.EndObject();
}

void put_usage(json_out& w, std::size_t prompt_bytes, std::size_t answer_bytes, chat_dialect dialect) {
  // Ollama counts nothing where it answered from its cache.
  const bool is_counted = dialect != chat_dialect::ollama;
  put_key(w, "usage");
  w.StartObject();
  put(w, "prompt_tokens", is_counted ? prompt_bytes / 3 : 0);
  put(w, "completion_tokens", is_counted ? answer_bytes / 3 : 0);
  put(w, "total_tokens", is_counted ? (prompt_bytes + answer_bytes) / 3 : 0);
  if (dialect == chat_dialect::dashscope)
    put_raw(w, "prompt_tokens_details", R"({"cached_tokens":0})", rapidjson::kObjectType);
  w.EndObject();
}

struct completion_parts {
  std::optional<std::string> content;
  std::size_t prompt_bytes{};
  std::int64_t real_now_ms{};
  std::string_view request_id;
};

void put_choice(json_out& w, const completion_parts& parts, const wishes& asked, const fault_orders& orders,
                chat_dialect dialect) {
  w.StartObject();
  put(w, "index", 0);
  if (orders.llm_truncated) put(w, "finish_reason", "length");
  else if (orders.llm_content_filter) put(w, "finish_reason", "content_filter");
  else if (dialect == chat_dialect::ollama) put_raw(w, "finish_reason", "null", rapidjson::kNullType);
  else put(w, "finish_reason", "stop");
  if (dialect == chat_dialect::vllm) put_raw(w, "stop_reason", "null", rapidjson::kNullType);
  put_message(w, parts.content, asked, dialect);
  w.EndObject();
}

std::string completion_of(const completion_parts& parts, const wishes& asked, const fault_orders& orders,
                          chat_dialect dialect) {
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartObject();
  put(w, "id", "chatcmpl-" + std::string{parts.request_id});
  put(w, "object", "chat.completion");
  put(w, "created", parts.real_now_ms / 1000);
  put(w, "model", asked.model);
  if (dialect == chat_dialect::dashscope) put_raw(w, "system_fingerprint", "null", rapidjson::kNullType);
  if (dialect == chat_dialect::ollama) put(w, "system_fingerprint", "fp_ollama");
  put_key(w, "choices");
  w.StartArray();
  if (!orders.llm_empty_choices) put_choice(w, parts, asked, orders, dialect);
  w.EndArray();
  put_usage(w, parts.prompt_bytes, parts.content ? parts.content->size() : 0, dialect);
  w.EndObject();
  return text_of(buffer);
}

struct message_text {
  bool is_user{};
  std::string text;
};

/// The texts of all messages. Content may be a text or a list of parts.
std::vector<message_text> texts_of(const rapidjson::Value& messages) {
  std::vector<message_text> texts;
  for (const auto& message : messages.GetArray()) {
    if (!message.IsObject()) continue;
    std::string text{text_member(message, "content")};
    const auto parts = message.FindMember("content");
    if (parts != message.MemberEnd() && parts->value.IsArray())
      for (const auto& part : parts->value.GetArray())
        if (part.IsObject()) text += text_member(part, "text");
    texts.push_back({text_member(message, "role") == "user", std::move(text)});
  }
  return texts;
}

/// The conversation of the last message of the user that has one, with everything that the user said around it.
chat_reading read_messages(const std::vector<message_text>& texts) {
  chat_reading out;
  std::string orders;
  for (const auto& one : texts) {
    if (!one.is_user) continue;
    auto read = read_prompt(one.text);
    orders += read.orders;
    if (read.is_fenced || !out.is_fenced) out = std::move(read);
  }
  out.orders = std::move(orders);
  return out;
}

/// Whether a model that believes what it is told finds a command. `extra` counts in every message outside the fence,
/// the usual commands only in the user's: instructions may quote them as warnings.
bool is_told(const std::vector<message_text>& texts, const chat_reading& read, std::string_view extra) {
  if (is_command(read.orders)) return true;
  if (extra.empty()) return false;
  return read.orders.find(extra) != std::string::npos ||
         std::any_of(texts.begin(), texts.end(), [&](const message_text& one) {
           return !one.is_user && one.text.find(extra) != std::string::npos;
         });
}

/// Why a request is refused; nothing when it is not.
std::optional<std::string> refusal_of(const rapidjson::Document& d, const wishes& asked, chat_dialect dialect) {
  if (flag_member(d, "stream", false)) return "Streaming is not played by the simulator.";
  if (!asked.is_thinking_off && dialect == chat_dialect::dashscope)
    return "parameter.enable_thinking must be set to false for non-streaming calls";
  if (asked.response_format != "json_object" || dialect == chat_dialect::vllm || dialect == chat_dialect::ollama)
    return std::nullopt;
  std::string lower;
  for (const auto& one : texts_of(d["messages"])) lower += one.text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower.find("json") != std::string::npos) return std::nullopt;
  return "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
}

logged_reading read_request(const std::vector<message_text>& texts, const wishes& asked, const reading_manner& manner,
                            const fault_orders& orders) {
  logged_reading out;
  out.model = asked.model;
  out.response_format = asked.response_format;
  out.is_thinking_off = asked.is_thinking_off;
  out.read = read_messages(texts);
  out.made = understand(out.read.lines, manner);
  out.has_obeyed = orders.llm_gullible && is_told(texts, out.read, orders.llm_command);
  if (out.has_obeyed) out.made = obedience();
  return out;
}

}  // namespace

std::optional<chat_dialect> parse_chat_dialect(std::string_view word) noexcept {
  if (word == "dashscope") return chat_dialect::dashscope;
  if (word == "vllm") return chat_dialect::vllm;
  if (word == "ollama") return chat_dialect::ollama;
  if (word == "openai") return chat_dialect::openai;
  return std::nullopt;
}

http_answer chat_error(chat_dialect dialect, int status, std::string_view code, std::string_view message,
                       std::string_view request_id) {
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartObject();
  put_key(w, "error");
  w.StartObject();
  put(w, "message", message);
  put(w, "type", code);
  put_raw(w, "param", "null", rapidjson::kNullType);
  if (dialect == chat_dialect::vllm) put(w, "code", status);
  else if (dialect == chat_dialect::ollama) put_raw(w, "code", "null", rapidjson::kNullType);
  else put(w, "code", code);
  w.EndObject();
  if (dialect == chat_dialect::dashscope) put(w, "request_id", request_id);
  w.EndObject();
  http_answer answer;
  answer.status = status;
  answer.body = text_of(buffer);
  return answer;
}

chat_answer answer_chat(std::string_view body, std::string_view authorization, const chat_options& options,
                        const fault_orders& orders, std::int64_t real_now_ms, std::string_view request_id) {
  const auto refuse = [&](int status, std::string_view code, std::string_view why) {
    return chat_answer{chat_error(options.dialect, status, code, why, request_id), std::nullopt};
  };
  constexpr std::string_view bad = "invalid_parameter_error";
  if (!options.api_key.empty() && authorization != "Bearer " + options.api_key)
    return refuse(401, "invalid_api_key", "Incorrect API key provided.");
  rapidjson::Document d;
  d.Parse<rapidjson::kParseIterativeFlag>(body.data(), body.size());
  if (d.HasParseError() || !d.IsObject() || text_member(d, "model").empty())
    return refuse(400, bad, "The request body is not a chat completion request.");
  const rapidjson::Value& request = d;
  const auto messages = request.FindMember("messages");
  if (messages == request.MemberEnd() || !messages->value.IsArray() || messages->value.Empty())
    return refuse(400, bad, "'messages' must not be empty.");
  const auto asked = wishes_of(d, options.dialect);
  if (const auto why = refusal_of(d, asked, options.dialect)) return refuse(400, bad, *why);

  const auto texts = texts_of(messages->value);
  std::string all;
  for (const auto& one : texts) all += one.text + "\n";
  const reading_manner manner{instant_in(all, options.utc_offset_minutes).value_or(real_now_ms),
                              options.utc_offset_minutes, orders.llm_obeys, options.taught.get()};
  auto reading = read_request(texts, asked, manner, orders);
  completion_parts parts{{}, all.size(), real_now_ms, request_id};
  if (!orders.llm_null_content)
    parts.content = content_of(reading.made, orders, asked, options.dialect, hash_text(1, all));
  chat_answer out;
  out.http.body = completion_of(parts, asked, orders, options.dialect);
  out.reading = std::move(reading);
  return out;
}

}  // namespace waihu::simulator
