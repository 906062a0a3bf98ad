#include "messages/model/records.hpp"

#include <array>

namespace waihu {

namespace {
constexpr std::array<std::string_view, 5> batch_states{"intent", "sent", "acked", "failed", "unknown"};
constexpr std::array<std::string_view, 4> run_states{"pending", "running", "done", "failed"};
constexpr std::array<std::string_view, 3> roles{"admin", "operator", "viewer"};
}  // namespace

std::string_view to_string(user_role role) noexcept { return roles[static_cast<std::size_t>(role) - 1]; }

std::optional<user_role> parse_user_role(std::string_view word) noexcept {
  for (std::size_t i = 0; i < roles.size(); ++i)
    if (roles[i] == word) return static_cast<user_role>(i + 1);
  return std::nullopt;
}

std::string_view to_string(batch_state state) noexcept { return batch_states[static_cast<std::size_t>(state)]; }

std::optional<batch_state> parse_batch_state(std::string_view word) noexcept {
  for (std::size_t i = 0; i < batch_states.size(); ++i)
    if (batch_states[i] == word) return static_cast<batch_state>(i);
  return std::nullopt;
}

task_counters& task_counters::operator+=(const task_counters& other) noexcept {
  using counter = std::int64_t task_counters::*;
  using t = task_counters;
  constexpr counter all[] = {&t::total,      &t::scheduling, &t::executing,      &t::completed, &t::failed,
                             &t::has_job_id, &t::has_status, &t::has_follow,     &t::connected, &t::not_connected,
                             &t::follow_due, &t::interested, &t::not_interested, &t::unable,    &t::pending,
                             &t::parked,     &t::queued,     &t::dispatching,    &t::tracking};
  static_assert(sizeof(task_counters) == sizeof all / sizeof all[0] * sizeof(std::int64_t));
  for (const auto each : all) this->*each += other.*each;
  return *this;
}

std::string_view to_string(run_status status) noexcept { return run_states[static_cast<std::size_t>(status)]; }

std::optional<run_status> parse_run_status(std::string_view word) noexcept {
  for (std::size_t i = 0; i < run_states.size(); ++i)
    if (run_states[i] == word) return static_cast<run_status>(i);
  return std::nullopt;
}

}  // namespace waihu
