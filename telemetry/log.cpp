#include "telemetry/log.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/periodic_worker.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "telemetry/line_format.hpp"
#include "telemetry/repeat_limiter.hpp"

namespace waihu::telemetry {

namespace {

constexpr std::size_t queue_lines = 8192;
constexpr std::chrono::seconds flush_interval{1};
constexpr milliseconds repeat_interval{30'000};

/// Levels by component. `least` is the lowest threshold anywhere: most events that are off are turned away by it alone.
class level_table {
 public:
  [[nodiscard]] bool enabled(log_level level, std::string_view component) const noexcept {
    if (level < least_.load(std::memory_order_relaxed)) return false;
    if (!any_override_.load(std::memory_order_acquire)) return true;
    const std::shared_lock lock(mutex_);
    const auto own = overrides_.find(component);
    return level >= (own == overrides_.end() ? general_ : own->second);
  }

  void set(std::string_view component, log_level level) {
    const std::unique_lock lock(mutex_);
    if (component.empty()) general_ = level;
    else overrides_.insert_or_assign(std::string(component), level);
    refresh();
  }

  void replace(log_level general, std::map<std::string, log_level, std::less<>> overrides) {
    const std::unique_lock lock(mutex_);
    general_ = general;
    overrides_ = std::move(overrides);
    refresh();
  }

 private:
  void refresh() {
    auto least = general_;
    for (const auto& [name, level] : overrides_) least = std::min(least, level);
    any_override_.store(!overrides_.empty(), std::memory_order_release);
    least_.store(least, std::memory_order_relaxed);
  }

  std::atomic<log_level> least_{log_level::info};
  std::atomic<bool> any_override_{false};
  mutable std::shared_mutex mutex_;
  log_level general_{log_level::info};
  std::map<std::string, log_level, std::less<>> overrides_;
};

/// Where lines go. Replaced as a whole, so that a writer in another thread keeps the one it took.
struct output {
  bool json{};
  std::shared_ptr<spdlog::details::thread_pool> pool;  ///< Declared before `logger`: the logger only points to it.
  std::shared_ptr<spdlog::logger> logger;
  std::unique_ptr<spdlog::details::periodic_worker> flusher;

  ~output() {
    flusher.reset();  // it uses the logger
    logger.reset();
    pool.reset();  // writes out what is queued, then joins its thread
  }
};

struct log_state {
  level_table levels;
  repeat_limiter repeats{repeat_interval};
  std::mutex mutex;
  std::shared_ptr<output> out;
  std::atomic<std::size_t> dropped_reported{0};
  std::atomic<std::uint64_t> dropped_before{0};  ///< By outputs that were replaced.
  std::array<std::atomic<std::uint64_t>, 6> lines{};

  std::shared_ptr<output> current() {
    const std::lock_guard lock(mutex);
    return out;
  }
  std::shared_ptr<output> exchange(std::shared_ptr<output> next) {
    const std::lock_guard lock(mutex);
    std::swap(out, next);
    if (next != nullptr) dropped_before += next->pool->overrun_counter();
    return next;
  }
};

/// Never destroyed: events may still be written by destructors of statics.
log_state& state() {
  static auto* const s = new log_state;
  return *s;
}

spdlog::level::level_enum to_spdlog(log_level level) noexcept {
  return level == log_level::error ? spdlog::level::err : spdlog::level::info;
}

void write_line(const log_line& line) {
  auto& s = state();
  s.lines[static_cast<std::size_t>(line.level)].fetch_add(1, std::memory_order_relaxed);
  const auto out = s.current();
  if (out == nullptr) {
    const auto text = format_text(line) + '\n';
    std::fwrite(text.data(), 1, text.size(), stderr);
    return;
  }
  if (const auto dropped = out->pool->overrun_counter(); dropped > s.dropped_reported.load(std::memory_order_relaxed)) {
    const auto before = s.dropped_reported.exchange(dropped, std::memory_order_relaxed);
    if (dropped > before) {
      const std::array fields{field{"lines", dropped - before}};
      const log_line lost{wall_now(), log_level::warn, "log", "log.lines_dropped", fields, {}};
      out->logger->log(spdlog::level::info, out->json ? format_json(lost) : format_text(lost));
    }
  }
  out->logger->log(to_spdlog(line.level), out->json ? format_json(line) : format_text(line));
}

struct wanted_levels {
  log_level general{};
  std::map<std::string, log_level, std::less<>> of_components;
};

result<wanted_levels> read_levels(const config::log_options& options) {
  const auto general = parse_log_level(options.level);
  if (!general) return fail(errc::invalid_argument, "unknown log level: " + options.level);
  wanted_levels wanted{*general, {}};
  for (const auto& entry : options.components) {
    const auto eq = entry.find('=');
    const auto level = eq == std::string::npos ? std::nullopt : parse_log_level(entry.substr(eq + 1));
    if (eq == 0 || !level) return fail(errc::invalid_argument, "log component is not \"name=level\": " + entry);
    wanted.of_components.insert_or_assign(entry.substr(0, eq), *level);
  }
  return wanted;
}

}  // namespace

std::string_view to_string(log_level level) noexcept {
  constexpr std::array<std::string_view, 6> names{"trace", "debug", "info", "warn", "error", "off"};
  return names[static_cast<std::size_t>(level)];
}

std::optional<log_level> parse_log_level(std::string_view word) noexcept {
  using enum log_level;
  for (const auto level : {trace, debug, info, warn, error, off})
    if (to_string(level) == word) return level;
  return std::nullopt;
}

result<void> setup_logging(const config::log_options& options) {
  auto levels = read_levels(options);
  if (!levels) return tl::unexpected(levels.error());
  if (options.format != "text" && options.format != "json")
    return fail(errc::invalid_argument, "unknown log format: " + options.format);

  auto next = std::make_shared<output>();
  try {
    spdlog::sink_ptr sink;
    if (options.file.empty()) sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
    sink->set_pattern("%v");
    next->json = options.format == "json";
    next->pool = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
    next->logger = std::make_shared<spdlog::async_logger>("waihu", std::move(sink), next->pool,
                                                          spdlog::async_overflow_policy::overrun_oldest);
    next->logger->set_level(spdlog::level::trace);
    next->logger->flush_on(spdlog::level::err);
    next->flusher = std::make_unique<spdlog::details::periodic_worker>(
        [logger = std::weak_ptr<spdlog::logger>(next->logger)] {
          if (const auto l = logger.lock()) l->flush();
        },
        flush_interval);
  } catch (const std::exception& e) {
    return fail(errc::unavailable, std::string("cannot open the log: ") + e.what());
  }

  auto& s = state();
  s.levels.replace(levels->general, std::move(levels->of_components));
  s.dropped_reported.store(0, std::memory_order_relaxed);
  s.repeats.forget_all();  // the new output has not been told anything yet
  s.exchange(std::move(next));
  static const bool registered = std::atexit([] { stop_logging(); }) == 0;
  (void)registered;
  return {};
}

void stop_logging() { state().exchange(nullptr); }

result<void> set_log_levels(const config::log_options& options) {
  auto levels = read_levels(options);
  if (!levels) return tl::unexpected(levels.error());
  state().levels.replace(levels->general, std::move(levels->of_components));
  return {};
}

void set_log_level(std::string_view component, log_level level) { state().levels.set(component, level); }

bool log_enabled(log_level level, std::string_view component) noexcept {
  return state().levels.enabled(level, component);
}

log_figures read_log_figures() {
  auto& s = state();
  log_figures now;
  for (std::size_t i = 0; i < s.lines.size(); ++i) now.lines[i] = s.lines[i].load(std::memory_order_relaxed);
  const std::lock_guard lock(s.mutex);
  now.dropped = s.dropped_before + (s.out == nullptr ? 0 : s.out->pool->overrun_counter());
  return now;
}

void log_event(log_level level, std::string_view component, std::string_view event_id,
               std::initializer_list<field> fields, std::string_view text) {
  if (!log_enabled(level, component)) return;
  write_line({wall_now(), level, component, event_id, {fields.begin(), fields.size()}, text});
}

void log_repeated(log_level level, std::string_view component, std::string_view event_id, std::string_view key,
                  std::initializer_list<field> fields, std::string_view text) {
  if (!log_enabled(level, component)) return;
  std::string full_key(event_id);
  full_key += '\n';
  full_key += key;
  const auto left_out = state().repeats.admit(full_key, std::chrono::steady_clock::now());
  if (!left_out) return;
  if (*left_out == 0) return log_event(level, component, event_id, fields, text);
  std::vector<field> all(fields);
  all.emplace_back("repeated", *left_out);
  write_line({wall_now(), level, component, event_id, all, text});
}

}  // namespace waihu::telemetry
