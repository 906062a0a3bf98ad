// Wall time as people of the configured time zone read and write it. The only place of http/ that knows time zones.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "messages/model/failure.hpp"
#include "messages/model/time.hpp"

namespace waihu::http {

/// A local date, with or without a time of day, and the instant where it begins.
struct local_moment {
  wall_time at{};    ///< Of a date alone: its first instant.
  wall_time last{};  ///< Last millisecond that the text covers: of the day, of the minute, or of the second.
  bool is_date_only{};
};

/// Formats and parses in one time zone. Thread-safe after construction.
class zone_clock {
 public:
  /// invalid_argument when the system's time zone database has no such name.
  static result<zone_clock> in(const std::string& zone_name);

  /// `YYYY-MM-DD HH:MM:SS`.
  std::string format(wall_time t) const;
  /// `YYYY-MM-DD`, also with `/`, optionally followed by a blank or T and HH:MM[:SS[.fff]]. nullopt for anything else.
  std::optional<local_moment> parse(std::string_view text) const;

 private:
  explicit zone_clock(const void* zone) : zone_(zone) {}
  const void* zone_;  ///< date::time_zone of the process-wide database; never freed.
};

}  // namespace waihu::http
