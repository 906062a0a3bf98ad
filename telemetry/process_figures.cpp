#include "telemetry/process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace waihu::telemetry {

namespace {

/// The fields of /proc/self/stat from the third on (proc(5) numbers them from 1); the second, the program's name, may
/// hold anything.
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto name_ends = line.rfind(')');
  if (name_ends == std::string::npos) return {};
  std::istringstream rest(line.substr(name_ends + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

/// When the system started, seconds since 1970.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double seconds{};
    if (words >> name >> seconds && name == "btime") return seconds;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> count_open_files() {
  std::error_code failed;
  std::uint64_t n = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", failed), end; !failed && it != end; it.increment(failed))
    ++n;
  if (failed || n == 0) return std::nullopt;
  return n - 1;  // one of them is the listing itself
}

}  // namespace

process_figures read_process_figures() {
  constexpr std::size_t user_time = 14, system_time = 15, threads = 20, started = 22, virtual_size = 23, resident = 24;
  process_figures now;
  const auto fields = stat_fields();
  const auto field = [&fields](std::size_t number) { return std::strtoull(fields[number - 3].c_str(), nullptr, 10); };
  const auto ticks_per_s = static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (fields.size() > resident - 3 && ticks_per_s > 0) {
    now.cpu_seconds = static_cast<double>(field(user_time) + field(system_time)) / ticks_per_s;
    now.threads = field(threads);
    now.virtual_bytes = field(virtual_size);
    now.resident_bytes = field(resident) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (const auto boot = boot_time())
      now.start_time_seconds = *boot + static_cast<double>(field(started)) / ticks_per_s;
  }
  now.open_files = count_open_files();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) now.open_files_limit = limit.rlim_cur;
  return now;
}

}  // namespace waihu::telemetry
