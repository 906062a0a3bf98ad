// Reading of JSON that strangers sent: bounded parsing, lookups that tolerate numbers written as strings, and the exact
// bytes of a part of a text. Private to provider/; the only header here that shows RapidJSON.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace waihu::provider::json {

/// Deepest nesting that is parsed.
inline constexpr int max_depth = 64;

/// Parses a whole text (UTF-8 checked, nothing behind the value). False when it is not JSON or nests deeper than
/// `max_depth`.
bool parse(std::string_view text, rapidjson::Document& out);

/// Member of an object; null when `object` is none or has no such member.
const rapidjson::Value* member(const rapidjson::Value& object, const char* name) noexcept;
/// Member that is an array; null otherwise.
const rapidjson::Value* array_member(const rapidjson::Value& object, const char* name) noexcept;
/// Text of a string, number or boolean member; "" for anything else. Always storable: a lone surrogate ("\udc00"),
/// which the parser takes, and U+0000 become U+FFFD.
std::string text_member(const rapidjson::Value& object, const char* name);
/// Number, also when written as a string of digits; `otherwise` for anything else.
std::int64_t integer_member(const rapidjson::Value& object, const char* name, std::int64_t otherwise = 0) noexcept;
/// true, "true" and 1.
bool is_true_member(const rapidjson::Value& object, const char* name) noexcept;
/// Compact text of a value.
std::string to_text(const rapidjson::Value& value);

/// Bytes of a member's value inside the text of an object, exactly as they stand there; nothing when there is no such
/// member. `text` must be JSON that `parse` accepts.
std::optional<std::string_view> raw_member(std::string_view text, std::string_view name);
/// Calls `each` with the bytes of every element of the array that `text` is; with none when it is no array.
void for_each_raw_element(std::string_view text, const std::function<void(std::string_view)>& each);

}  // namespace waihu::provider::json
