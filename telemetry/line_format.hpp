// Turns a log event into one line, as text or as JSON. Pure: the time is an argument, nothing is written.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "messages/model/time.hpp"
#include "telemetry/log.hpp"

namespace waihu::telemetry {

/// Everything a line shows.
struct log_line {
  wall_time at{};
  log_level level{};
  std::string_view component;
  std::string_view event_id;
  std::span<const field> fields;
  std::string_view text;  ///< "" = none.
};

/// Longest text value of a field, bytes; the rest is cut and marked with an ellipsis.
inline constexpr std::size_t max_field_bytes = 2048;

/// `2026-11-22T13:00:00.123Z INFO  dispatch dispatch.batch_sent task=12 name="a b" -- text`
std::string format_text(const log_line& line);
/// `{"ts":"2026-11-22T13:00:00.123Z","level":"info","component":"dispatch","event":"dispatch.batch_sent","task":12}`
std::string format_json(const log_line& line);

}  // namespace waihu::telemetry
