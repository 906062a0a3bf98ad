// multipart/form-data (RFC 7578) in memory: finds the parts of a body that has arrived whole.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "messages/model/failure.hpp"

namespace waihu::http {

/// One part; `content` is a view into the body.
struct form_part {
  std::string name;
  std::string filename;  ///< Empty when the part is no file. Only its ending is ever used.
  std::string_view content;
};

/// The parts of `body`. malformed when the boundary is missing or the grammar is broken, also for more than 20 parts.
result<std::vector<form_part>> read_form(std::string_view content_type, std::string_view body);

}  // namespace waihu::http
