// Bodies and answers of chat completions.
#include "provider/openai_codec.hpp"

#include <algorithm>
#include <charconv>

#include "provider/analysis_prompt.hpp"
#include "provider/json_reading.hpp"
#include "provider/outboundbot_answer.hpp"

namespace waihu::provider::openai {
namespace {

using rapidjson::Document;
using rapidjson::Value;

bool contains_one(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

/// RFC 7396.
void merge(Value& into, const Value& patch, Document::AllocatorType& memory, int depth = 0) {
  for (const auto& field : patch.GetObject()) {
    const auto found = into.FindMember(field.name);
    const bool is_there = into.HasMember(field.name);
    if (field.value.IsNull()) {
      if (is_there) into.RemoveMember(found);
    } else if (is_there && found->value.IsObject() && field.value.IsObject() && depth < json::max_depth) {
      merge(found->value, field.value, memory, depth + 1);
    } else if (is_there) {
      found->value.CopyFrom(field.value, memory);
    } else {
      into.AddMember(Value(field.name, memory), Value(field.value, memory), memory);
    }
  }
}

void switch_thinking_off(Document& body, std::string_view dialect) {
  auto& memory = body.GetAllocator();
  if (dialect == "dashscope") {
    body.AddMember("enable_thinking", false, memory);
  } else if (dialect == "vllm") {
    Value arguments(rapidjson::kObjectType);
    arguments.AddMember("enable_thinking", false, memory);
    body.AddMember("chat_template_kwargs", arguments, memory);
  } else if (dialect == "ollama") {
    body.AddMember("reasoning_effort", "none", memory);
  }
}

void ask_for_form(Document& body, answer_form form) {
  if (form == answer_form::none) return;
  auto& memory = body.GetAllocator();
  Value format(rapidjson::kObjectType);
  if (form == answer_form::object) {
    format.AddMember("type", "json_object", memory);
  } else {
    Document schema;
    json::parse(answer_schema(), schema);
    Value inner(rapidjson::kObjectType);
    inner.AddMember("name", "conversation_analysis", memory);
    inner.AddMember("strict", true, memory);
    inner.AddMember("schema", Value(schema, memory), memory);
    format.AddMember("type", "json_schema", memory);
    format.AddMember("json_schema", inner, memory);
  }
  body.AddMember("response_format", format, memory);
}

struct stated_error {
  std::string code, type, message;
};

/// `{"error":{...}}`, `{"error":"text"}`, and the same fields at top level (native DashScope, old vLLM, proxies).
stated_error read_error(const std::string& body) {
  Document doc;
  if (!json::parse(body, doc) || !doc.IsObject()) return {};
  const auto* error = json::member(doc, "error");
  if (error != nullptr && error->IsString()) return {{}, {}, json::text_member(doc, "error")};
  const Value& from = error != nullptr && error->IsObject() ? *error : static_cast<const Value&>(doc);
  stated_error out{json::text_member(from, "code"), json::text_member(from, "type"),
                   json::text_member(from, "message")};
  if (out.message.empty()) out.message = json::text_member(from, "detail");
  return out;
}

std::int64_t retry_after_ms(const header_list& headers) {
  const auto text = signing::find_header(headers, "retry-after");
  if (!text) return 0;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  const bool is_number = error == std::errc{} && end == text->data() + text->size() && value > 0;
  return is_number ? std::min<std::int64_t>(value, 3600) * 1000 : 0;
}

errc classify(int status, const stated_error& error) {
  const auto words = error.code + " " + error.type;
  if (status == 429 || contains_one(words, {"Throttling", "rate_limit", "limit_requests", "insufficient_quota"}))
    return errc::throttled;
  // Somebody has to pay or to mend the key; the request itself was fine.
  if (status == 401 || status == 403 || contains_one(words, {"Arrearage", "invalid_api_key", "InvalidApiKey"}))
    return errc::unauthorized;
  if (status >= 500 || status == 408 || status < 400) return errc::lost;
  return errc::rejected;
}

}  // namespace

result<answer_form> parse_answer_form(std::string_view word) {
  if (word == "json_schema") return answer_form::schema;
  if (word == "json_object") return answer_form::object;
  if (word == "none") return answer_form::none;
  return fail(errc::invalid_argument, "analyst: response_format is json_schema, json_object or none");
}

bool is_known_dialect(std::string_view dialect) noexcept {
  return dialect == "dashscope" || dialect == "vllm" || dialect == "ollama" || dialect == "openai";
}

std::string request_body(const config::analyst_options& options, answer_form form, const messages& said) {
  Document body(rapidjson::kObjectType);
  auto& memory = body.GetAllocator();
  body.AddMember("model", Value(options.model, memory), memory);
  Value list(rapidjson::kArrayType);
  for (const auto& [role, content] : said) {
    Value one(rapidjson::kObjectType);
    one.AddMember("role", Value(role, memory), memory);
    one.AddMember("content", Value(content, memory), memory);
    list.PushBack(one, memory);
  }
  body.AddMember("messages", list, memory);
  body.AddMember("temperature", 0, memory);
  body.AddMember("max_tokens", options.max_tokens, memory);
  body.AddMember("stream", false, memory);
  switch_thinking_off(body, options.dialect);
  ask_for_form(body, form);
  Document extra;
  if (!options.extra_body_json.empty() && json::parse(options.extra_body_json, extra) && extra.IsObject())
    merge(body, extra, memory);
  return json::to_text(body);
}

result<std::string> read_answer(const http_answer& answer, const std::string& api_key) {
  const text_cleaner cleaner({api_key});
  const auto prefix = "model: HTTP " + std::to_string(answer.status);
  if (answer.status < 200 || answer.status >= 300) {
    const auto error = read_error(answer.body);
    failure out{classify(answer.status, error), prefix, cleaner.clean(error.code.empty() ? error.type : error.code), 0};
    // A wrong key is quoted, in part, by those who refuse it.
    if (!error.message.empty() && out.code != errc::unauthorized) out.message += ": " + cleaner.clean(error.message);
    if (out.code == errc::throttled) out.retry_after_ms = retry_after_ms(answer.headers);
    return tl::unexpected<failure>(std::move(out));
  }
  Document doc;
  if (!json::parse(answer.body, doc) || !doc.IsObject()) return fail(errc::lost, prefix + ", not JSON");
  if (const auto* error = json::member(doc, "error"); error != nullptr && !error->IsNull())
    return fail(errc::rejected, prefix + ": " + cleaner.clean(read_error(answer.body).message),
                cleaner.clean(read_error(answer.body).code));
  const auto* choices = json::array_member(doc, "choices");
  if (choices == nullptr || choices->Empty()) return fail(errc::lost, prefix + " without choices");
  const auto& choice = (*choices)[0];
  const auto reason = json::text_member(choice, "finish_reason");
  if (reason == "length") return fail(errc::rejected, "model: answer cut off at max_tokens", reason);
  if (reason == "content_filter") return fail(errc::rejected, "model: content refused", reason);
  const auto* message = json::member(choice, "message");
  const auto* content = message != nullptr ? json::member(*message, "content") : nullptr;
  if (content == nullptr || !content->IsString()) return fail(errc::lost, prefix + " without content");
  return std::string{content->GetString(), content->GetStringLength()};
}

bool may_be_about_form(const http_answer& answer) {
  if (answer.status != 400 && answer.status != 422) return false;
  const auto error = read_error(answer.body);
  const auto words = error.code + " " + error.type + " " + error.message;
  return !contains_one(words, {"Arrearage", "inspection", "Throttling", "quota", "context length", "context_length",
                               "maximum context", "input length", "invalid_api_key"});
}

}  // namespace waihu::provider::openai
