// The daemon's API as the commands use it: token, envelope, numbers and texts out of JSON. Knows no terminal.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "app/ctl/http_connection.hpp"
#include "telemetry/secret.hpp"

namespace waihu::ctl {

/// An answer in the API's envelope. The document lives here; values are views into it.
struct api_answer {
  int http_status{};
  std::optional<wall_time> date;  ///< The server's clock.
  std::shared_ptr<rapidjson::Document> document;

  /// `data`, or a null value.
  [[nodiscard]] const rapidjson::Value& data() const;
  /// The API's numeric code; 0 when there is none.
  [[nodiscard]] std::int64_t code() const;
  [[nodiscard]] std::string message() const;
  /// HTTP 2xx, and the envelope does not say error or duplicate.
  [[nodiscard]] bool is_success() const;
};

/// A member of an object, or a null value; `value` may be anything.
const rapidjson::Value& member(const rapidjson::Value& value, const char* name);
/// A text; numbers and booleans in their usual form; "" for null and what is missing.
std::string text_of(const rapidjson::Value& value);
std::string text_of(const rapidjson::Value& value, const char* name);
/// A number, also one written as text; 0 for what is missing.
std::int64_t number_of(const rapidjson::Value& value, const char* name);
/// Any value as JSON text, Chinese as it is.
std::string to_json(const rapidjson::Value& value);

/// Builds a JSON object member by member.
class json_object {
 public:
  json_object() { document_.SetObject(); }
  json_object& add(const char* name, std::string_view text);
  json_object& add(const char* name, std::int64_t number);
  json_object& add(const char* name, const std::vector<std::string>& list);
  json_object& add_flag(const char* name, bool flag);
  json_object& add_object(const char* name, const json_object& inner);
  [[nodiscard]] std::string text() const { return to_json(document_); }

 private:
  rapidjson::Document document_;
};

/// Calls the API with the token. One thread at a time.
class api_client {
 public:
  api_client(server_address server, telemetry::secret_string token, milliseconds deadline)
      : connection_(std::move(server)), token_(std::move(token)), deadline_(deadline) {}

  /// Failures: what the connection says; malformed when the answer is not JSON; unauthorized for HTTP 401. An error in
  /// the envelope is an answer, not a failure.
  result<api_answer> get(const std::string& target);
  result<api_answer> post(const std::string& target, const std::string& json);
  /// A file as multipart form field `file`.
  result<api_answer> upload(const std::string& target, const std::string& file_name, const std::string& content);

 private:
  result<api_answer> call(http_request request);

  http_connection connection_;
  telemetry::secret_string token_;
  milliseconds deadline_;
};

}  // namespace waihu::ctl
