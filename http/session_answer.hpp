// The answer that hands out an access token; shared by login, registration and refresh.
#pragma once

#include "http/application.hpp"

namespace waihu::http {

/// A success of code 1000 with a new token for the user.
response session_answer(call& c, const user_record& user, std::string_view said);

}  // namespace waihu::http
