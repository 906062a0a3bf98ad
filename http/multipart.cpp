#include "http/multipart.hpp"

#include <strings.h>

#include "http/body_fields.hpp"

namespace waihu::http {

namespace {

constexpr std::size_t part_limit = 20;
constexpr std::size_t part_header_limit = 8UL * 1024;

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && strncasecmp(text.data(), prefix.data(), prefix.size()) == 0;
}

/// The value of `name=value` or `name="value"` among `;`-separated parameters; nothing inside quotes is taken for one.
std::string parameter_of(std::string_view header, std::string_view name) {
  std::size_t at = header.find(';');
  while (at != std::string_view::npos && at < header.size()) {
    ++at;
    while (at < header.size() && (header[at] == ' ' || header[at] == '\t')) ++at;
    const auto equals = header.find_first_of("=;", at);
    if (equals == std::string_view::npos || header[equals] == ';') {
      at = equals;
      continue;
    }
    const auto found = trimmed(header.substr(at, equals - at));
    std::string value;
    std::size_t i = equals + 1;
    if (i < header.size() && header[i] == '"') {
      for (++i; i < header.size() && header[i] != '"'; ++i) {
        const bool is_escape =
            header[i] == '\\' && i + 1 < header.size() && (header[i + 1] == '"' || header[i + 1] == '\\');
        if (is_escape) ++i;
        value.push_back(header[i]);
      }
    } else {
      const auto end = header.find(';', i);
      value = std::string(trimmed(header.substr(i, end == std::string_view::npos ? end : end - i)));
    }
    if (found.size() == name.size() && starts_with_ignoring_case(found, name)) return value;
    at = header.find(';', i);
  }
  return {};
}

}  // namespace

result<std::vector<form_part>> read_form(std::string_view content_type, std::string_view body) {
  const auto broken = [](const char* why) { return fail(errc::malformed, why); };
  const auto boundary = parameter_of(content_type, "boundary");
  if (boundary.empty() || boundary.size() > 200) return broken("no boundary");
  const std::string delimiter = "\r\n--" + boundary;
  const auto opening = std::string_view(delimiter).substr(2);
  std::size_t at = body.substr(0, opening.size()) == opening ? opening.size() : body.find(delimiter);
  if (at == std::string_view::npos) return broken("no first boundary");
  if (at != opening.size()) at += delimiter.size();
  std::vector<form_part> parts;
  for (;;) {
    auto rest = body.substr(at);
    if (rest.substr(0, 2) == "--") return parts;
    const auto line_end = rest.find("\r\n");
    if (line_end == std::string_view::npos || !trimmed(rest.substr(0, line_end)).empty()) return broken("bad boundary");
    rest.remove_prefix(line_end + 2);
    form_part part;
    // Header lines up to the empty one.
    std::size_t header_bytes = 0;
    for (;;) {
      const auto end = rest.find("\r\n");
      if (end == std::string_view::npos || (header_bytes += end) > part_header_limit) return broken("bad part header");
      const auto line = rest.substr(0, end);
      rest.remove_prefix(end + 2);
      if (line.empty()) break;
      if (!starts_with_ignoring_case(line, "content-disposition:")) continue;
      part.name = parameter_of(line, "name");
      part.filename = parameter_of(line, "filename");
    }
    // An empty part's delimiter begins with the line break that ended its header.
    const auto start = static_cast<std::size_t>(rest.data() - body.data());
    const auto end = body.find(delimiter, start - 2);
    if (end == std::string_view::npos) return broken("no last boundary");
    part.content = end < start ? std::string_view{} : body.substr(start, end - start);
    parts.push_back(std::move(part));
    if (parts.size() > part_limit) return broken("too many parts");
    at = end + delimiter.size();
  }
}

}  // namespace waihu::http
