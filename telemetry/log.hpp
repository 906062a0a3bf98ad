// Structured log events: a level, a component, a stable event id and typed fields, as text or JSON lines. This header
// shows no logging library, and nothing here decides what is worth logging. All functions are thread-safe.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "config/options.hpp"
#include "messages/model/failure.hpp"
#include "telemetry/secret.hpp"

namespace waihu::telemetry {

/// Weight of an event. `off` is only a threshold.
enum class log_level : std::uint8_t { trace, debug, info, warn, error, off };

std::string_view to_string(log_level level) noexcept;
/// Reads trace | debug | info | warn | error | off; nothing else.
std::optional<log_level> parse_log_level(std::string_view word) noexcept;

/// One named value of an event. Holds no copy of texts: it lives as long as the call. Identities (`task_id`, ...) are
/// written as numbers, phones masked, secrets as `***`.
struct field {
  using value_type = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, phone>;

  std::string_view name;  ///< lower_case, unit at its end ("waited_ms").
  value_type value;

  field(std::string_view n, bool v) : name(n), value(v) {}
  field(std::string_view n, phone v) : name(n), value(v) {}
  field(std::string_view n, const secret_string&) : name(n), value(hidden_text) {}
  template <std::floating_point T>
  field(std::string_view n, T v) : name(n), value(static_cast<double>(v)) {}
  template <std::signed_integral T>
  field(std::string_view n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) field(std::string_view n, T v) : name(n), value(static_cast<std::uint64_t>(v)) {}
  template <class T>
  requires std::is_enum_v<T> field(std::string_view n, T v)
      : name(n), value(static_cast<std::int64_t>(static_cast<std::underlying_type_t<T>>(v))) {}
  template <class T>
  requires std::convertible_to<const T&, std::string_view> field(std::string_view n, const T& v)
      : name(n), value(std::string_view(v)) {}
};

/// Starts logging as configured, replacing what was set up before. Lines are written by one background thread through
/// a queue of 8,192 lines (beyond it the oldest are dropped and counted in an event "log.lines_dropped"); error events
/// flush at once, others within a second, everything at exit. Failures: invalid_argument (unknown level or format),
/// unavailable (the file cannot be opened). Without set-up, events of info and above go to standard error as text.
result<void> setup_logging(const config::log_options& options);

/// Writes out what is queued and stops the background thread; events after it go straight to standard error. Called by
/// itself at exit; call it at the end of an orderly stop.
void stop_logging();

/// Takes over the level and the components' levels of `options` while running; components that it does not name go back
/// to the general level. Failure: invalid_argument, and nothing is changed.
result<void> set_log_levels(const config::log_options& options);
/// Changes the level of one component while running; "" = of all that have none of their own.
void set_log_level(std::string_view component, log_level level);

/// Whether an event would be written. For those who must compute something to log it.
bool log_enabled(log_level level, std::string_view component) noexcept;

/// Writes one event. `event_id` is stable ("dispatch.batch_sent"); `text` is an optional sentence for people, without
/// secrets or full phone numbers. When the level is off this costs one or two atomic reads. Text values are cut at
/// 2 KiB, control characters and broken UTF-8 replaced, so that no outside byte can forge a line.
void log_event(log_level level, std::string_view component, std::string_view event_id,
               std::initializer_list<field> fields = {}, std::string_view text = {});

/// As `log_event`, but for failures that may repeat by the thousand: the first one of each (event_id, key) is written,
/// then at most one every 30 s with the field `repeated` telling how many were left out since.
void log_repeated(log_level level, std::string_view component, std::string_view event_id, std::string_view key,
                  std::initializer_list<field> fields = {}, std::string_view text = {});

/// What was logged since the start, for metrics.
struct log_figures {
  std::array<std::uint64_t, 6> lines{};  ///< By level, in the order of `log_level`.
  std::uint64_t dropped{};               ///< Lines lost because more came than could be written.
};
log_figures read_log_figures();

}  // namespace waihu::telemetry
