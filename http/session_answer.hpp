// What the endpoints around accounts share: the answer that hands out an access token, the one that refuses further
// guesses, and how a user is shown.
#pragma once

#include "http/application.hpp"
#include "http/json_writer.hpp"

namespace waihu::http {

/// A success of code 1000 with a new token for the user.
response session_answer(call& c, const user_record& user, std::string_view said);

/// 429: this account may be tried again after `wait`.
response too_many_failures(const request& req, milliseconds wait);

/// Members that say who a user is; never the password.
void write_user_fields(json_writer& w, const zone_clock& zone, const user_record& user);

/// Members of an organisation.
void write_organization_fields(json_writer& w, const zone_clock& zone, const organization_record& organization);

/// Member `user_info` with what a user may see of himself.
void write_user(json_writer& w, const zone_clock& zone, const user_record& user);

}  // namespace waihu::http
