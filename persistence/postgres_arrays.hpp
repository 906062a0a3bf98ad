// PostgreSQL array literals, the way many rows travel as one parameter. Every text is made storable here, so that no
// caller can forget it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/time.hpp"

namespace waihu {

/// Builds one array literal element by element.
class array_literal {
 public:
  array_literal& add(std::int64_t number);
  array_literal& add(std::string_view text);
  array_literal& add(const char* text) { return add(std::string_view{text}); }
  array_literal& add(wall_time at) { return add(to_epoch_ms(at)); }
  array_literal& add_null();
  /// NULL when empty.
  array_literal& add(const std::optional<wall_time>& at) { return at ? add(*at) : add_null(); }
  array_literal& add_optional(const std::optional<std::string>& text) {
    return text ? add(std::string_view{*text}) : add_null();
  }
  /// Milliseconds since the epoch; NULL when 0.
  array_literal& add_instant_ms(std::int64_t ms) { return ms != 0 ? add(ms) : add_null(); }

  /// The literal, e.g. `{1,2,NULL}`.
  std::string text() const { return text_ + "}"; }

 private:
  void separate();
  std::string text_{"{"};
};

/// The literal of a whole list.
std::string array_of(const std::vector<std::string>& texts);
std::string array_of(const std::vector<std::int64_t>& numbers);
std::string array_of(const std::set<std::int64_t>& numbers);

/// The numbers of a comma-separated list; stops at what is none.
std::vector<std::int64_t> split_numbers(std::string_view list);

}  // namespace waihu
