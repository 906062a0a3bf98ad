#include "http/conversation.hpp"

#include <rapidjson/reader.h>

#include <algorithm>

#include "http/body_fields.hpp"

namespace waihu::http {

namespace {

/// Collects the timestamps of the objects directly inside the outermost array.
struct timestamp_reader : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, timestamp_reader> {
  int depth{0};
  bool is_array{false};
  bool is_at_timestamp{false};
  std::int64_t count{0};
  std::optional<std::int64_t> first, last;

  bool note(std::int64_t n) {
    if (std::exchange(is_at_timestamp, false)) {
      ++count;
      if (!first) first = n;
      last = n;
    }
    return true;
  }
  bool Default() {
    is_at_timestamp = false;
    return true;
  }
  bool Int(int n) { return note(n); }
  bool Uint(unsigned n) { return note(n); }
  bool Int64(std::int64_t n) { return note(n); }
  bool Uint64(std::uint64_t n) { return note(static_cast<std::int64_t>(n)); }
  bool Double(double n) { return n > -9.0e15 && n < 9.0e15 ? note(static_cast<std::int64_t>(n)) : Default(); }
  bool String(const char* s, rapidjson::SizeType n, bool) {
    if (!is_at_timestamp) return true;
    const auto number = parse_integer({s, n});
    return number ? note(*number) : Default();
  }
  bool Key(const char* s, rapidjson::SizeType n, bool) {
    const std::string_view name(s, n);
    is_at_timestamp = depth == 2 && (name == "Timestamp" || name == "timestamp");
    return true;
  }
  bool StartObject() {
    ++depth;
    return Default();
  }
  bool EndObject(rapidjson::SizeType) {
    --depth;
    return true;
  }
  bool StartArray() {
    if (depth == 0) is_array = true;
    ++depth;
    return Default();
  }
  bool EndArray(rapidjson::SizeType) {
    --depth;
    return true;
  }
};

}  // namespace

std::optional<conversation_span> conversation_span_of(std::string_view json) {
  if (json.empty()) return std::nullopt;
  rapidjson::MemoryStream in(json.data(), json.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> decoded(in);
  timestamp_reader lines;
  rapidjson::Reader reader;
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  if (reader.Parse<flags>(decoded, lines).IsError() || !lines.is_array) return std::nullopt;
  if (!lines.first) return conversation_span{};
  // Nonsense may lie further apart than a number can say.
  std::int64_t length = 0;
  if (__builtin_sub_overflow(*lines.last, *lines.first, &length)) length = 0;
  return conversation_span{lines.count, std::max<std::int64_t>(0, length)};
}

std::optional<std::int64_t> conversation_duration_ms(std::string_view json) {
  const auto span = conversation_span_of(json);
  return span ? std::optional(span->length_ms) : std::nullopt;
}

}  // namespace waihu::http
