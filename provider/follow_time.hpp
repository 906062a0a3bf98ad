// Finds the time that a Chinese sentence names ("明天下午三点", "周五上午", "半小时以后", "下个月"), counted from the
// moment of the call. Pure; knows nothing of conversations.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "messages/model/time.hpp"

namespace waihu::provider {

/// The last time named in `text` that lies after `call_time`, as UTC. Times of day are local at `utc_offset_minutes`.
/// Conventions where people are vague: a day alone is 10:00; 早上 9:00, 上午 10:00, 中午 12:00, 下午 15:00, 傍晚 18:00,
/// 晚上 20:00, 下班 18:30; an hour from 1 to 6 without more is in the afternoon; 过两天 is 2 days, 过几天 3 days,
/// 一会儿 1 hour; 下周 is Monday, 周末 Saturday, 下个月 and 月初 the 1st, 月中 the 15th, 月底 the 28th.
std::optional<wall_time> find_follow_time(std::string_view text, wall_time call_time, int utc_offset_minutes);

/// "2026-01-05 15:00:00" to UTC; also with 'T' and without seconds. Nothing for any other form or impossible dates.
std::optional<wall_time> parse_local_time(std::string_view text, int utc_offset_minutes);

/// The reverse: "2026-01-05 15:00:00". Sorts as the times do.
std::string local_time_text(wall_time at, int utc_offset_minutes);

/// "1月5日15:00" in local time, for people.
std::string chinese_time(wall_time at, int utc_offset_minutes);

}  // namespace waihu::provider
