// What requests about cases have in common: ids of the client's own system, numbers to dial, which page.
#pragma once

#include "http/body_fields.hpp"
#include "messages/model/cases.hpp"
#include "messages/model/queries.hpp"

namespace waihu::http {

/// The most characters of an id of a case or person.
inline constexpr std::size_t case_id_limit = 64;
/// The same of the provider's id of a call.
inline constexpr std::size_t job_id_limit = 255;

/// Whether a text can be the id of a case or person: 1 to 64 of [A-Za-z0-9_-].
bool is_case_id(std::string_view text) noexcept;

/// An id of a case or person; older clients send it as a number too. "" when absent or empty.
std::string read_case_id(body_fields& fields, std::string_view name);
/// The same; an error when absent.
std::string required_case_id(body_fields& fields, std::string_view name);
/// A number to dial as people write it; "" when absent or empty. What can be dialled the store judges.
std::string read_phone(body_fields& fields, std::string_view name);
/// `mediationStage` or the like; an error, and any stage, when absent.
mediation_stage required_stage(body_fields& fields, std::string_view name);

/// `page` and `size`: from 1, and 20 items of at most `most` unless it says otherwise.
query::page_request read_case_page(body_fields& parameters, int most = 500, int usual = 20);

}  // namespace waihu::http
