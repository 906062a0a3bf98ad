// An HTTP answer as plain values, so that what answers need not know the HTTP library.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace waihu::simulator {

/// Status, body and extra headers of one answer.
struct http_answer {
  int status{200};
  std::string content_type{"application/json;charset=utf-8"};
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

}  // namespace waihu::simulator
