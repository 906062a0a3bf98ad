#include "app/ctl/api_client.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <random>

namespace waihu::ctl {

namespace {

const rapidjson::Value null_value;

rapidjson::SizeType length_of(std::string_view text) { return static_cast<rapidjson::SizeType>(text.size()); }

/// 32 hex digits that no uploaded file holds by accident.
std::string random_boundary() {
  std::random_device device;
  std::string text = "waihu-";
  for (int i = 0; i < 32; ++i) text += "0123456789abcdef"[device() & 15U];
  return text;
}

}  // namespace

const rapidjson::Value& member(const rapidjson::Value& value, const char* name) {
  if (!value.IsObject()) return null_value;
  const auto found = value.FindMember(name);
  return found == value.MemberEnd() ? null_value : found->value;
}

std::string text_of(const rapidjson::Value& value) {
  if (value.IsString()) return {value.GetString(), value.GetStringLength()};
  return value.IsNull() ? "" : to_json(value);
}

std::string text_of(const rapidjson::Value& value, const char* name) { return text_of(member(value, name)); }

std::int64_t number_of(const rapidjson::Value& value, const char* name) {
  const auto& v = member(value, name);
  if (v.IsInt64()) return v.GetInt64();
  if (v.IsDouble()) return static_cast<std::int64_t>(v.GetDouble());
  if (v.IsString()) return std::strtoll(v.GetString(), nullptr, 10);
  return 0;
}

std::string to_json(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

json_object& json_object::add(const char* name, std::string_view text) {
  auto& a = document_.GetAllocator();
  document_.AddMember(rapidjson::Value(name, a), rapidjson::Value(text.data(), length_of(text), a), a);
  return *this;
}

json_object& json_object::add(const char* name, std::int64_t number) {
  auto& a = document_.GetAllocator();
  document_.AddMember(rapidjson::Value(name, a), rapidjson::Value(number), a);
  return *this;
}

json_object& json_object::add(const char* name, const std::vector<std::string>& list) {
  auto& a = document_.GetAllocator();
  rapidjson::Value array(rapidjson::kArrayType);
  for (const auto& entry : list) array.PushBack(rapidjson::Value(entry.data(), length_of(entry), a), a);
  document_.AddMember(rapidjson::Value(name, a), array, a);
  return *this;
}

json_object& json_object::add_flag(const char* name, bool flag) {
  auto& a = document_.GetAllocator();
  document_.AddMember(rapidjson::Value(name, a), rapidjson::Value(flag), a);
  return *this;
}

json_object& json_object::add_object(const char* name, const json_object& inner) {
  auto& a = document_.GetAllocator();
  document_.AddMember(rapidjson::Value(name, a), rapidjson::Value(inner.document_, a), a);
  return *this;
}

const rapidjson::Value& api_answer::data() const { return member(*document, "data"); }
std::int64_t api_answer::code() const { return number_of(*document, "code"); }
std::string api_answer::message() const { return text_of(*document, "message"); }

bool api_answer::is_success() const {
  const auto status = text_of(*document, "status");
  return http_status / 100 == 2 && status != "error" && status != "duplicate";
}

result<api_answer> api_client::get(const std::string& target) { return call({"GET", target, {}, ""}); }

result<api_answer> api_client::post(const std::string& target, const std::string& json) {
  return call({"POST", target, {{"Content-Type", "application/json"}}, json});
}

result<api_answer> api_client::upload(const std::string& target, const std::string& file_name,
                                      const std::string& content) {
  const auto boundary = random_boundary();
  std::string name;
  for (const char c : file_name) name += c == '"' || c == '\\' || c == '\r' || c == '\n' ? '_' : c;
  std::string body = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name +
                     "\"\r\nContent-Type: application/octet-stream\r\n\r\n";
  body.append(content).append("\r\n--").append(boundary).append("--\r\n");
  return call({"POST", target, {{"Content-Type", "multipart/form-data; boundary=" + boundary}}, std::move(body)});
}

result<api_answer> api_client::call(http_request request) {
  request.headers.emplace_back("Accept", "application/json");
  if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_.reveal());
  auto reply = connection_.send(request, deadline_);
  if (!reply) return tl::unexpected<failure>(std::move(reply.error()));
  api_answer answer;
  answer.http_status = reply->status;
  answer.date = reply->date;
  answer.document = std::make_shared<rapidjson::Document>();
  answer.document->Parse<rapidjson::kParseIterativeFlag>(reply->body.data(), reply->body.size());
  if (answer.document->HasParseError() || !answer.document->IsObject())
    return fail(errc::malformed,
                "the answer (HTTP " + std::to_string(reply->status) + ") is not JSON: is this waihud?");
  if (reply->status == 401) return fail(errc::unauthorized, answer.message());
  return answer;
}

}  // namespace waihu::ctl
