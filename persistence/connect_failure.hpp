// Why a connection to PostgreSQL was not made, in our own words with the cure. libpq tells it in sentences only, and
// these may quote users, databases and addresses: they are recognised here and never passed on. Knows no connection.
#pragma once

#include <string_view>

namespace waihu {

/// Our sentence for what libpq said (English; what is not recognised, as in other languages, gets the general one).
std::string_view connect_failure_text(std::string_view said) noexcept;

}  // namespace waihu
