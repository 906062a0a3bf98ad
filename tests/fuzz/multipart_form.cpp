// The multipart form of leads/import. An input is a Content-Type value, a line feed, and the body.
#include "http/body_fields.hpp"
#include "http/multipart.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu::http;
using waihu::fuzz::promise;

std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// The same parts as a browser would send them, with a boundary that stands in none of them.
std::string written(const std::vector<form_part>& parts, const std::string& boundary) {
  std::string out = "preamble";
  for (const auto& part : parts) {
    out += "\r\n--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + quoted(part.name) + "\"";
    if (!part.filename.empty()) out += "; filename=\"" + quoted(part.filename) + "\"";
    out += "\r\nContent-Type: text/plain\r\n\r\n" + std::string(part.content);
  }
  return out + "\r\n--" + boundary + "--\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [content_type, body] = waihu::fuzz::cut_at(waihu::fuzz::as_text(data, size), "\n");
  const auto parts = read_form(content_type, body);
  if (!parts) return 0;
  promise(parts->size() <= 20, "a form has at most 20 parts");
  for (const auto& part : *parts) {
    const auto* begin = part.content.data();
    promise(part.content.empty() || (begin >= body.data() && begin + part.content.size() <= body.data() + body.size()),
            "a part's content lies in the body");
    promise(part.name.size() <= 8 * 1024 && part.filename.size() <= 8 * 1024, "names are not longer than the header");
  }
  std::string boundary;
  bool is_free = false;
  for (int number = 0; !is_free; ++number) {
    boundary = "b" + std::to_string(number);
    is_free = true;
    for (const auto& part : *parts) is_free = is_free && part.content.find("--" + boundary) == std::string_view::npos;
  }
  // Names near the limit of a part's header grow beyond it when they are quoted.
  for (const auto& part : *parts)
    if (quoted(part.name).size() + quoted(part.filename).size() > 8'000) return 0;
  const auto text = written(*parts, boundary);
  const auto again = read_form("multipart/form-data; boundary=" + boundary, text);
  promise(again.has_value() && again->size() == parts->size(), "a form that is written again has the same parts");
  for (std::size_t i = 0; i < parts->size(); ++i) {
    promise((*again)[i].name == (*parts)[i].name, "a part keeps its name");
    promise((*again)[i].filename == (*parts)[i].filename, "a part keeps its file name");
    promise((*again)[i].content == (*parts)[i].content, "a part keeps its content");
  }
  return 0;
}
