// One line a member: writing JSON objects with RapidJSON's Writer. Knows nothing of what is written.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace waihu::simulator {

using json_out = rapidjson::Writer<rapidjson::StringBuffer>;

inline void put_key(json_out& w, std::string_view key) {
  w.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
}
inline void put_text(json_out& w, std::string_view text) {
  w.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}
inline void put(json_out& w, std::string_view key, std::string_view text) {
  put_key(w, key);
  put_text(w, text);
}
inline void put(json_out& w, std::string_view key, const char* text) { put(w, key, std::string_view{text}); }
inline void put(json_out& w, std::string_view key, const std::string& text) { put(w, key, std::string_view{text}); }
inline void put(json_out& w, std::string_view key, bool value) {
  put_key(w, key);
  w.Bool(value);
}
inline void put(json_out& w, std::string_view key, double value) {
  put_key(w, key);
  w.Double(value);
}
template <std::integral T>
void put(json_out& w, std::string_view key, T value) {
  put_key(w, key);
  if constexpr (std::signed_integral<T>) w.Int64(value);
  else w.Uint64(value);
}
/// A member whose value is JSON already.
inline void put_raw(json_out& w, std::string_view key, std::string_view json, rapidjson::Type type) {
  put_key(w, key);
  w.RawValue(json.data(), json.size(), type);
}
inline std::string text_of(const rapidjson::StringBuffer& buffer) { return {buffer.GetString(), buffer.GetSize()}; }

/// Reads a member that is a text; "" when it is absent or something else.
inline std::string_view text_member(const rapidjson::Value& object, const char* key) {
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd() || !found->value.IsString()) return {};
  return {found->value.GetString(), found->value.GetStringLength()};
}
/// Reads a member that is a whole number, also when written as text, as the service's own examples do.
inline std::int64_t number_member(const rapidjson::Value& object, const char* key, std::int64_t otherwise) {
  const auto found = object.FindMember(key);
  if (found == object.MemberEnd()) return otherwise;
  if (found->value.IsInt64()) return found->value.GetInt64();
  if (found->value.IsDouble()) return static_cast<std::int64_t>(found->value.GetDouble());
  if (!found->value.IsString()) return otherwise;
  std::int64_t value = 0;
  const std::string_view text{found->value.GetString(), found->value.GetStringLength()};
  if (text.empty() || text.size() > 18) return otherwise;
  for (const char c : text) {
    if (c < '0' || c > '9') return otherwise;
    value = value * 10 + (c - '0');
  }
  return value;
}
inline bool flag_member(const rapidjson::Value& object, const char* key, bool otherwise) {
  const auto found = object.FindMember(key);
  return found != object.MemberEnd() && found->value.IsBool() ? found->value.GetBool() : otherwise;
}

}  // namespace waihu::simulator
