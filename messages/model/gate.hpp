// What is asked of the dispatch gate and what it answers. The rules are in actors/dispatch_gate_machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "messages/model/ids.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// Why fewer jobs may go than wanted. Words are of the closed list of section 8.
enum class gate_reason : std::uint8_t { none, organization_concurrency_full, account_concurrency_full, rate_limited };
/// The word of the closed list of reasons; "" for none.
std::string_view to_string(gate_reason reason) noexcept;

/// Vendor code of the failure of a batch that was not sent because the limits of calls per second had no room for it.
inline constexpr const char* over_the_rate_code = "over_the_rate";

struct gate_request {
  std::string organization_id;
  task_id task{};
  std::size_t at_provider{};  ///< Jobs of this task in dispatching or tracking, now.
  std::size_t wanted{};
};

struct gate_answer {
  std::size_t granted{};
  gate_reason reason{gate_reason::none};  ///< Why not more; none when all was granted.
  milliseconds retry_in{};                ///< When to ask again; 0 when all was granted.
};

}  // namespace waihu
