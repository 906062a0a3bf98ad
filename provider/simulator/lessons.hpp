// A small model that is taught: the pairs of characters that people use (naive Bayes), learnt from labelled
// conversations. It shares nothing with the rules analyst. Knows neither prompts nor HTTP.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "messages/model/failure.hpp"
#include "provider/simulator/chat_reading.hpp"

namespace waihu::simulator {

/// Interest from the words of the person called. Reading is thread-safe.
class taught_model {
 public:
  /// From a JSON object a line, with `interest` (0..2) and `lines` (`[["Robot"|"Contact", "text"], ...]`); at most
  /// 16 MiB. invalid_argument when there is nothing to learn.
  static result<taught_model> learn(std::string_view json_lines);

  /// 0 undecided, 1 interested, 2 not interested.
  int interest_of(const std::vector<chat_line>& lines) const;

 private:
  using counts = std::array<double, 3>;
  std::unordered_map<std::string, counts> seen_;  ///< In how many conversations of each label.
  counts conversations_{}, total_{};
};

}  // namespace waihu::simulator
