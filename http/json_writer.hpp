// JSON written straight into the answer's body, and the envelope around every answer of http-api.md section 1.
#pragma once

#include <rapidjson/writer.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/codes.hpp"
#include "http/exchange.hpp"

namespace waihu::http {

/// RapidJSON output stream that appends to a std::string, piece by piece; complete when the writer has closed its root.
/// The names are RapidJSON's.
class string_sink {
 public:
  using Ch = char;
  explicit string_sink(std::string* out) : out_(out) {}
  // NOLINTBEGIN(readability-identifier-naming)
  void Put(char c) {
    if (used_ == piece_.size()) Flush();
    piece_[used_++] = c;
  }
  void Flush() {
    out_->append(piece_.data(), used_);
    used_ = 0;
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  std::string* out_;
  std::size_t used_{};
  std::array<char, 256> piece_;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
};

using json_writer = rapidjson::Writer<string_sink>;

/// Writes a string value.
inline void text_value(json_writer& w, std::string_view v) {
  w.String(v.data(), static_cast<rapidjson::SizeType>(v.size()));
}
inline void key(json_writer& w, std::string_view name) {
  w.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
}
/// Writes one member of the open object.
inline void field(json_writer& w, std::string_view name, std::string_view v) {
  key(w, name);
  text_value(w, v);
}
inline void field(json_writer& w, std::string_view name, const char* v) { field(w, name, std::string_view{v}); }
inline void field(json_writer& w, std::string_view name, const std::string& v) { field(w, name, std::string_view{v}); }
inline void field(json_writer& w, std::string_view name, bool v) {
  key(w, name);
  w.Bool(v);
}
inline void field(json_writer& w, std::string_view name, std::int64_t v) {
  key(w, name);
  w.Int64(v);
}
inline void field(json_writer& w, std::string_view name, int v) { field(w, name, static_cast<std::int64_t>(v)); }
inline void field_null(json_writer& w, std::string_view name) {
  key(w, name);
  w.Null();
}
/// Writes a member whose value is JSON text already; `fallback` where `json` is not one well-formed value.
void field_json(json_writer& w, std::string_view name, std::string_view json, std::string_view fallback);

/// The answer under construction: `{"status","code","message","data":` is written, the caller writes exactly one value
/// through `data()`, then `done` closes it.
class envelope {
 public:
  envelope(std::string_view status, int code, std::string_view message);
  /// A success.
  envelope(int code, std::string_view message) : envelope("success", code, message) {}
  envelope(const envelope&) = delete;
  envelope& operator=(const envelope&) = delete;

  json_writer& data() noexcept { return writer_; }
  /// Closes the envelope.
  response done(int http_status = 200);
  /// Closes an error's envelope: adds `detail` (older clients read errors from there) and `request_id`.
  response done_as_error(int http_status, std::string_view request_id);

 private:
  std::string status_;
  int code_;
  std::string message_;
  std::string body_;
  string_sink sink_;
  json_writer writer_;
};

/// An error with `data: {}`.
response error_answer(const request& req, int http_status, int code, std::string_view message);
/// The same with Retry-After.
response busy_answer(const request& req, int http_status, int code, std::string_view message, std::int64_t seconds);
/// HTTP 200, status "duplicate": the value of that field is taken.
response duplicate_answer(const request& req, int code, std::string_view said, std::string_view name,
                          std::string_view value);
/// What a failure from inside means over HTTP where no endpoint says otherwise: 503 for what may pass by itself, 404
/// for not_found, 409 for conflicts, 500 else. Its own text is never shown.
response failure_answer(const request& req, const failure& why);

}  // namespace waihu::http
