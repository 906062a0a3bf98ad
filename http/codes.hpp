// Numeric codes of the envelope that no single endpoint owns; clients of the API read them too.
#pragma once

namespace waihu::http {

inline constexpr int code_operation_failed = 1002;
inline constexpr int code_bad_parameter = 1003;
inline constexpr int code_not_found = 1004;
inline constexpr int code_unauthorized = 1005;
inline constexpr int code_too_many_requests = 1007;
inline constexpr int code_unavailable = 1008;  ///< Store or actors are down or overloaded; ask again.

}  // namespace waihu::http
