#include "http/head_rules.hpp"

#include <strings.h>

#include <algorithm>

namespace waihu::http {

namespace {

bool is_digits(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What never stands in a host and port, though readers might take it for an end.
bool ends_host(char c) noexcept {
  switch (c) {
    case ' ':
    case '\t':
    case ',':
    case '/':
    case '\\':
    case '?':
    case '#':
    case '@':
    case '"':
    case '<':
    case '>': return true;
    default: return false;
  }
}

bool is_chunked(std::string_view coding) noexcept {
  constexpr std::string_view word = "chunked";
  return coding.size() == word.size() && strncasecmp(coding.data(), word.data(), word.size()) == 0;
}

}  // namespace

bool has_folded_line(std::string_view head) noexcept {
  for (auto at = head.find('\n'); at != std::string_view::npos && at + 1 < head.size(); at = head.find('\n', at + 1))
    if (head[at + 1] == ' ' || head[at + 1] == '\t') return true;
  return false;
}

bool is_unambiguous(const request& head, unsigned version) noexcept {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  for (const auto& [name, value] : head.headers) {
    if (name == "host") {
      ++hosts;
      if (std::any_of(value.begin(), value.end(), ends_host)) return false;
    } else if (name == "content-length") {
      ++lengths;
      if (!is_digits(value)) return false;
    } else if (name == "transfer-encoding") {
      ++codings;
      if (!is_chunked(value)) return false;
    }
  }
  if (hosts > 1 || (hosts == 0 && version >= 11)) return false;
  return lengths + codings <= 1 && (codings == 0 || version >= 11);
}

}  // namespace waihu::http
