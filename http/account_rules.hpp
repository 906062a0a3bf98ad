// What holds for users and organisations whoever makes them: the API or `waihuctl setup`. Knows no request and no
// store.
#pragma once

#include <cstddef>
#include <string>

namespace waihu::http {

/// Characters (code points) that a password has at least.
inline constexpr std::size_t least_password_length = 8;

/// A new organisation's id: eight characters of [A-Z0-9] by chance (http-api.md section 2). Whoever stores it tries
/// another when it is taken.
std::string fresh_organization_id();

}  // namespace waihu::http
