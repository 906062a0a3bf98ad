#include "messages/model/records.hpp"

#include <array>

namespace waihu {

namespace {
constexpr std::array<std::string_view, 5> batch_states{"intent", "sent", "acked", "failed", "unknown"};
}

std::string_view to_string(batch_state state) noexcept { return batch_states[static_cast<std::size_t>(state)]; }

std::optional<batch_state> parse_batch_state(std::string_view word) noexcept {
  for (std::size_t i = 0; i < batch_states.size(); ++i)
    if (batch_states[i] == word) return static_cast<batch_state>(i);
  return std::nullopt;
}

}  // namespace waihu
