// Bounded JSON reading and exact extraction of parts.
#include "provider/json_reading.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <charconv>

#include "messages/model/json_depth.hpp"
#include "messages/model/text.hpp"

namespace waihu::provider::json {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::size_t skip_blanks(std::string_view text, std::size_t at) noexcept {
  const auto next = text.find_first_not_of(blanks, at);
  return next == std::string_view::npos ? text.size() : next;
}

/// Position behind the string that starts at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) noexcept {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

/// Position behind the value that starts at `at`. Counts brackets, does not recurse.
std::size_t skip_value(std::string_view text, std::size_t at) noexcept {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || blanks.find(c) != std::string_view::npos)) {
      return at;
    }
    ++at;
  }
  return text.size();
}

/// Calls `each(key, value)` for an object or `each("", value)` for an array, until it returns false.
void walk(std::string_view text, char open, const std::function<bool(std::string_view, std::string_view)>& each) {
  std::size_t at = skip_blanks(text, 0);
  if (at >= text.size() || text[at] != open) return;
  at = skip_blanks(text, at + 1);
  while (at < text.size() && text[at] != '}' && text[at] != ']') {
    std::string_view key;
    if (open == '{') {
      const auto end = skip_string(text, at);
      key = text.substr(at + 1, end - at - 2);
      at = skip_blanks(text, end);
      at = skip_blanks(text, at + 1);  // behind the colon
    }
    const auto end = skip_value(text, at);
    if (end <= at || !each(key, text.substr(at, end - at))) return;
    at = skip_blanks(text, end);
    if (at < text.size() && text[at] == ',') at = skip_blanks(text, at + 1);
  }
}

}  // namespace

bool parse(std::string_view text, rapidjson::Document& out) {
  if (is_nested_deeper_than(text, max_depth)) return false;
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  out.Parse<flags>(text.data(), text.size());
  return !out.HasParseError();
}

const rapidjson::Value* member(const rapidjson::Value& object, const char* name) noexcept {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

const rapidjson::Value* array_member(const rapidjson::Value& object, const char* name) noexcept {
  const auto* value = member(object, name);
  return value != nullptr && value->IsArray() ? value : nullptr;
}

std::string text_member(const rapidjson::Value& object, const char* name) {
  const auto* value = member(object, name);
  if (value == nullptr) return {};
  if (value->IsString()) return storable_text({value->GetString(), value->GetStringLength()});
  if (value->IsNumber() || value->IsBool()) return to_text(*value);
  return {};
}

std::int64_t integer_member(const rapidjson::Value& object, const char* name, std::int64_t otherwise) noexcept {
  const auto* value = member(object, name);
  if (value == nullptr) return otherwise;
  if (value->IsInt64()) return value->GetInt64();
  if (value->IsDouble()) {
    const double number = value->GetDouble();
    return number > -9e15 && number < 9e15 ? static_cast<std::int64_t>(number) : otherwise;
  }
  if (!value->IsString()) return otherwise;
  std::int64_t number = 0;
  const char* first = value->GetString();
  const char* last = first + value->GetStringLength();
  const auto [end, error] = std::from_chars(first, last, number);
  return error == std::errc{} && end == last ? number : otherwise;
}

bool is_true_member(const rapidjson::Value& object, const char* name) noexcept {
  const auto* value = member(object, name);
  if (value == nullptr) return false;
  if (value->IsBool()) return value->GetBool();
  if (value->IsString()) return std::string_view{value->GetString(), value->GetStringLength()} == "true";
  return value->IsInt() && value->GetInt() == 1;
}

std::string to_text(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

std::optional<std::string_view> raw_member(std::string_view text, std::string_view name) {
  std::optional<std::string_view> found;
  walk(text, '{', [&](std::string_view key, std::string_view value) {
    if (key != name) return true;
    found = value;
    return false;
  });
  return found;
}

void for_each_raw_element(std::string_view text, const std::function<void(std::string_view)>& each) {
  walk(text, '[', [&](std::string_view, std::string_view value) {
    each(value);
    return true;
  });
}

}  // namespace waihu::provider::json
