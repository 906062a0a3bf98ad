// Reads the members of a JSON request body, or the parameters of a query, and collects everything that is wrong with
// them, so that one answer lists all (http-api.md section 1, Validation).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.hpp"
#include "messages/model/text.hpp"

namespace waihu::http {

/// One thing wrong with a request.
struct field_error {
  std::string field;   ///< Path of the member ("size_desc.is_arrive"); "body" for the whole.
  std::string reason;  ///< Chinese, for people.
};

/// A JSON object under validation. Copies are views of the same object and share the list of errors. `null` counts as
/// absent, unknown members are ignored, integers may come as numeric strings.
class body_fields {
 public:
  /// The deepest nesting of arrays and objects taken.
  static constexpr int depth_limit = 32;
  /// The most errors that are told one by one: an answer must not grow with what is wrong with the request.
  static constexpr std::size_t error_limit = 100;

  /// Parses a body; an empty one counts as `{}`. Malformed JSON, invalid UTF-8, too deep nesting or another value than
  /// an object become errors of the field "body".
  explicit body_fields(std::string_view json);
  /// The parameters of a query, as string members; of several with one name the first counts.
  explicit body_fields(const std::vector<name_value>& query);
  ~body_fields();
  body_fields(const body_fields&);
  body_fields& operator=(const body_fields&);

  bool has(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min = INT64_MIN,
                                      std::int64_t max = INT64_MAX);
  /// 0 and an error when absent.
  std::int64_t required_integer(std::string_view name, std::int64_t min = INT64_MIN, std::int64_t max = INT64_MAX);
  /// Lengths are in characters (code points). U+0000 is refused everywhere.
  std::optional<std::string> text(std::string_view name, std::size_t max_length = 1000);
  std::string required_text(std::string_view name, std::size_t max_length = 1000, std::size_t min_length = 1);
  /// A string, or a number as text: one of up to 64 bits as it was sent, others as the nearest double.
  std::optional<std::string> text_or_number(std::string_view name, std::size_t max_length);
  /// The same; an error, and "", when it is absent or empty.
  std::string required_text_or_number(std::string_view name, std::size_t max_length);
  /// A string, or an array of strings joined by commas.
  std::optional<std::string> text_or_list(std::string_view name, std::size_t max_length);
  /// true/false, 0/1, or these as strings.
  std::optional<bool> boolean(std::string_view name);
  /// A list of strings; a single string counts as a comma list. Empty parts are dropped, blanks trimmed.
  std::vector<std::string> texts(std::string_view name, std::size_t max_items = 500, std::size_t max_length = 200);
  /// A list of integers; a single string counts as a comma list, a single integer as a list of one.
  std::vector<std::int64_t> integers(std::string_view name, std::size_t max_items = 500);
  /// A member object; nullopt when absent (an error when it is something else).
  std::optional<body_fields> object(std::string_view name);
  /// The items of a member array that are objects; others are errors.
  std::vector<body_fields> objects(std::string_view name, std::size_t max_items = 500);
  /// Ranges `a,b;c,d` of a member that is a string, or an array of strings, pairs or {start,end} objects: as text.
  std::vector<std::pair<std::string, std::string>> text_pairs(std::string_view name, std::size_t max_items = 100);
  /// This object again as JSON text (UTF-8, not escaped).
  std::string json() const;

  void add_error(std::string_view name, std::string_view reason);
  /// In the order in which they were found; after `error_limit` of them one more, of "body", says how many there are
  /// beside.
  const std::vector<field_error>& errors() const noexcept;
  bool ok() const noexcept { return errors().empty(); }

 private:
  struct tree;
  body_fields(std::shared_ptr<tree> shared, const void* object, std::string prefix);
  std::shared_ptr<tree> tree_;
  const void* object_{};  ///< rapidjson::Value inside the tree; nullptr = nothing there.
  std::string prefix_;
};

/// The 422 answer that lists all errors; the message names the first bad field.
response invalid_answer(const request& req, const std::vector<field_error>& errors);

/// Number of code points of valid UTF-8 text.
std::size_t length_in_characters(std::string_view text) noexcept;
using waihu::is_storable_text;
/// Without leading and trailing ASCII blanks.
std::string_view trimmed(std::string_view text) noexcept;
/// Splits at `separator`, trims the parts; keeps empty ones.
std::vector<std::string> split(std::string_view text, char separator);
/// A whole decimal number with optional sign; nullopt for anything else, also for one that does not fit.
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

}  // namespace waihu::http
