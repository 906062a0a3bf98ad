// What the operating system says of this process, for metrics. Linux only (/proc).
#pragma once

#include <cstdint>
#include <optional>

namespace waihu::telemetry {

/// A figure is empty where the system does not tell it.
struct process_figures {
  std::optional<double> cpu_seconds;         ///< User and system time since the start.
  std::optional<double> start_time_seconds;  ///< When it started, seconds since 1970 UTC.
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> threads;
  std::optional<std::uint64_t> open_files;
  std::optional<std::uint64_t> open_files_limit;  ///< The soft limit; empty where there is none.
};

/// Reads them now; some 50 µs. Any thread.
process_figures read_process_figures();

}  // namespace waihu::telemetry
