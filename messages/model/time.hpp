// The two clocks of Waihu. Wall time is what people and the provider speak of; steady time measures durations inside
// one process and never jumps. Machines take `now` as an argument and never read a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace waihu {

using milliseconds = std::chrono::milliseconds;
using seconds = std::chrono::seconds;
using minutes = std::chrono::minutes;

/// UTC instant with millisecond resolution, as stored and shown.
using wall_time = std::chrono::sys_time<milliseconds>;

/// Instant of the monotonic clock (in tests: of the virtual clock). Comparable only within one process.
using steady_time = std::chrono::steady_clock::time_point;

/// Milliseconds since 1970-01-01 UTC, as the provider and the `*_timestamp` fields carry.
constexpr std::int64_t to_epoch_ms(wall_time t) noexcept { return t.time_since_epoch().count(); }

/// Inverse of `to_epoch_ms`.
constexpr wall_time from_epoch_ms(std::int64_t ms) noexcept { return wall_time{milliseconds{ms}}; }

/// Current UTC instant. Only shells and executables call this, machines never.
inline wall_time wall_now() { return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now()); }

}  // namespace waihu
