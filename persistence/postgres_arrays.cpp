#include "persistence/postgres_arrays.hpp"

#include <charconv>

#include "messages/model/text.hpp"

namespace waihu {

void array_literal::separate() {
  if (text_.size() > 1) text_ += ',';
}

array_literal& array_literal::add(std::int64_t number) {
  separate();
  text_ += std::to_string(number);
  return *this;
}

array_literal& array_literal::add_null() {
  separate();
  text_ += "NULL";
  return *this;
}

array_literal& array_literal::add(std::string_view text) {
  separate();
  std::string clean;
  if (!is_storable_text(text)) {
    clean = storable_text(text);
    text = clean;
  }
  text_.reserve(text_.size() + text.size() + 8);
  text_ += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
  return *this;
}

std::string array_of(const std::vector<std::string>& texts) {
  array_literal a;
  for (const auto& t : texts) a.add(std::string_view{t});
  return a.text();
}

std::string array_of(const std::vector<std::int64_t>& numbers) {
  array_literal a;
  for (const auto n : numbers) a.add(n);
  return a.text();
}

std::string array_of(const std::set<std::int64_t>& numbers) {
  array_literal a;
  for (const auto n : numbers) a.add(n);
  return a.text();
}

std::vector<std::int64_t> split_numbers(std::string_view list) {
  std::vector<std::int64_t> out;
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at < end) {
    std::int64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) break;
    out.push_back(number);
    at = next + 1;
  }
  return out;
}

}  // namespace waihu
