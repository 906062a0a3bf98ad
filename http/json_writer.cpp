#include "http/json_writer.hpp"

#include <rapidjson/reader.h>

#include "http/body_fields.hpp"

namespace waihu::http {

namespace {

bool is_one_json_value(std::string_view json) {
  rapidjson::MemoryStream in(json.data(), json.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> decoded(in);
  rapidjson::BaseReaderHandler<> nothing;
  rapidjson::Reader reader;
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  return !reader.Parse<flags>(decoded, nothing).IsError();
}

}  // namespace

void field_json(json_writer& w, std::string_view name, std::string_view json, std::string_view fallback) {
  key(w, name);
  const auto shown = !json.empty() && is_one_json_value(json) ? json : fallback;
  w.RawValue(shown.data(), shown.size(), rapidjson::kObjectType);
}

envelope::envelope(std::string_view status, int code, std::string_view message)
    : status_(status), code_(code), message_(message), sink_{&body_}, writer_(sink_) {
  body_.reserve(512);
  writer_.StartObject();
  field(writer_, "status", status_);
  field(writer_, "code", code_);
  field(writer_, "message", message_);
  key(writer_, "data");
}

response envelope::done(int http_status) {
  writer_.EndObject();
  response r;
  r.status = http_status;
  r.body = std::move(body_);
  return r;
}

response envelope::done_as_error(int http_status, std::string_view request_id) {
  key(writer_, "detail");
  writer_.StartObject();
  field(writer_, "status", status_);
  field(writer_, "code", code_);
  field(writer_, "message", message_);
  writer_.EndObject();
  field(writer_, "request_id", request_id);
  return done(http_status);
}

response error_answer(const request& req, int http_status, int code, std::string_view message) {
  envelope e("error", code, message);
  e.data().StartObject();
  e.data().EndObject();
  return e.done_as_error(http_status, req.request_id);
}

response busy_answer(const request& req, int http_status, int code, std::string_view message, std::int64_t seconds) {
  auto r = error_answer(req, http_status, code, message);
  r.headers.emplace_back("Retry-After", std::to_string(seconds < 1 ? 1 : seconds));
  return r;
}

response duplicate_answer(const request& req, int code, std::string_view said, std::string_view name,
                          std::string_view value) {
  envelope e("duplicate", code, said);
  auto& w = e.data();
  w.StartObject();
  field(w, "field", name);
  field(w, "value", value);
  w.EndObject();
  return e.done_as_error(200, req.request_id);
}

response failure_answer(const request& req, const failure& why) {
  const auto wait_s = (why.retry_after_ms + 999) / 1000;
  switch (why.code) {
    case errc::unavailable:
    case errc::timed_out:
    case errc::lost:
    case errc::overloaded:
    case errc::throttled:
    case errc::cancelled:
    case errc::stale_epoch: return busy_answer(req, 503, code_unavailable, "服务暂时不可用，请稍后重试", wait_s);
    case errc::invalid_argument: return invalid_answer(req, {field_error{"body", "含有无法处理的值"}});
    case errc::not_found: return error_answer(req, 404, code_not_found, "资源不存在");
    case errc::conflict:
    case errc::illegal_transition: return error_answer(req, 409, 1001, "操作与当前状态冲突");
    case errc::unauthorized:
    case errc::rejected:
    case errc::malformed:
    case errc::internal: break;
  }
  return error_answer(req, 500, code_operation_failed, "服务内部错误");
}

}  // namespace waihu::http
