#include "http/case_fields.hpp"

namespace waihu::http {

namespace {

constexpr std::string_view id_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

std::string checked_id(body_fields& fields, std::string_view name, std::string id) {
  if (id.empty() || is_case_id(id)) return id;
  fields.add_error(name, "只能包含字母、数字、下划线和连字符");
  return {};
}

}  // namespace

bool is_case_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= case_id_limit &&
         text.find_first_not_of(id_characters) == std::string_view::npos;
}

std::string read_case_id(body_fields& fields, std::string_view name) {
  return checked_id(fields, name, fields.text_or_number(name, case_id_limit).value_or(""));
}

std::string required_case_id(body_fields& fields, std::string_view name) {
  return checked_id(fields, name, fields.required_text_or_number(name, case_id_limit));
}

std::string read_phone(body_fields& fields, std::string_view name) {
  constexpr std::size_t longest = 32;
  auto text = fields.text_or_number(name, longest).value_or("");
  if (text.find_first_not_of("0123456789+-() ") == std::string::npos) return text;
  fields.add_error(name, "不是有效的电话号码");
  return {};
}

mediation_stage required_stage(body_fields& fields, std::string_view name) {
  return mediation_stage_of(fields.required_integer(name, 10, 14)).value_or(mediation_stage::intent_survey);
}

query::page_request read_case_page(body_fields& parameters, int most, int usual) {
  query::page_request p;
  p.page = static_cast<int>(parameters.integer("page", 1, 1'000'000'000).value_or(1));
  p.page_size = static_cast<int>(parameters.integer("size", 1, most).value_or(usual));
  return p;
}

}  // namespace waihu::http
