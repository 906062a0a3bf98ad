// What the actors of a node count and time while they work; tests and metrics read it. Atomics only: who counts never
// waits. Names and meanings for operators: docs/operations/metrics.md.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "messages/model/call_status.hpp"
#include "messages/model/time.hpp"
#include "telemetry/instruments.hpp"

namespace waihu {

/// The provider's operations that are counted by name; the last takes whatever is not among them.
inline constexpr std::array<std::string_view, 10> provider_operations{
    "AssignJobs", "CreateJobGroup",  "DeleteJobGroup", "DownloadRecording", "ListJobGroups",
    "ListJobs",   "ListJobsByGroup", "ResumeJobs",     "SuspendJobs",       "other"};
/// The place of an operation in that list.
constexpr std::size_t place_of_operation(std::string_view operation) noexcept {
  std::size_t i = 0;
  while (i + 1 < provider_operations.size() && provider_operations[i] != operation) ++i;
  return i;
}

/// One operation at the provider.
struct operation_counts {
  telemetry::result_counts results;  ///< Of every call that was sent and is over; a repeated one counts each time.
  telemetry::histogram seconds{telemetry::call_bounds};
};

/// Why a call was answered without having been sent.
enum class unsent : std::uint8_t {
  breaker_open,
  queue_full,
  waited_too_long,
  withdrawn,
  claim_unconfirmed,
  over_the_rate
};
inline constexpr std::array<std::string_view, 6> unsent_words{"breaker_open", "queue_full",        "waited_too_long",
                                                              "withdrawn",    "claim_unconfirmed", "over_the_rate"};

/// When somebody last heard from the store and when he last found it away; ms of the monotonic clock, 0 = never.
struct store_evidence {
  std::atomic<std::int64_t> answered_ms{0};
  std::atomic<std::int64_t> away_ms{0};

  /// An answer came: `away` when it was that the store could not be reached.
  void note(bool away, steady_time now) noexcept {
    const auto ms = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
    (away ? away_ms : answered_ms).store(ms, std::memory_order_relaxed);
  }
};

/// Live things, counted; a finished job must take every one of its counts with it. And what became of the others.
struct engine_counts {
  std::atomic<std::int64_t> jobs{};           ///< Live call_job actors.
  std::atomic<std::int64_t> follow_ups{};     ///< Live follow_up actors.
  std::atomic<std::int64_t> tasks{};          ///< Live call_task actors.
  std::atomic<std::int64_t> wheel_entries{};  ///< Armed wheel entries of all tasks.
  std::atomic<std::uint64_t> late_reports{};  ///< Terminal reports after the terminal state, dropped.
  std::atomic<std::int64_t> pulse_ms{};       ///< When the actor system last turned over (monotonic ms).

  // Calls
  std::array<std::atomic<std::uint64_t>, 8> calls_ended{};         ///< By job_outcome, once it is durable.
  std::array<std::atomic<std::uint64_t>, 3> calls_parked{};        ///< By parked_reason, once it is durable.
  std::array<std::atomic<std::uint64_t>, 3> follow_ups_written{};  ///< By interest.
  std::atomic<std::uint64_t> job_crashes{};
  std::atomic<std::uint64_t> task_crashes{};
  std::atomic<std::uint64_t> task_quarantines{};

  // Looks
  std::atomic<std::uint64_t> looks{};     ///< Looks asked for.
  telemetry::result_counts look_answers;  ///< What became of them, one a look.
  telemetry::histogram look_lateness{
      telemetry::lateness_bounds};  ///< From when it was due until it left for the provider.
  /// When the oldest look was due that has not been answered; monotonic ms, 0 = none waits.
  std::atomic<std::int64_t> oldest_look_due_ms{};
  /// Since when, by its due time, no look has been answered by the provider, and when the last one was given up so;
  /// monotonic ms, 0 = the last one was answered.
  std::atomic<std::int64_t> unserved_since_ms{}, unserved_last_ms{};

  // Dispatch
  std::array<std::atomic<std::uint64_t>, 4> gate_answers{};  ///< By gate_reason; `none`: all was granted.
  std::atomic<std::uint64_t> gate_grants{};                  ///< Calls that were let go.
  std::atomic<std::int64_t> at_provider{};                   ///< Calls that the gate knows to be there.
  std::atomic<std::uint64_t> reconciliations{};              ///< Readings of a group because a batch was in doubt.

  // Provider
  std::array<operation_counts, provider_operations.size()> provider{};
  std::array<std::atomic<std::uint64_t>, unsent_words.size()> provider_unsent{};
  std::atomic<std::int64_t> provider_waiting{};    ///< Calls in the gateway's queue.
  std::atomic<std::int64_t> provider_in_flight{};  ///< Calls on their way.
  std::atomic<int> breaker{0};                     ///< 0 closed, 1 half-open, 2 open
  std::atomic<std::int64_t> breaker_retry_ms{0};   ///< epoch ms of the next probe, 0 when closed
  std::atomic<std::uint64_t> breaker_openings{};

  // Analyst
  telemetry::result_counts analyses;
  telemetry::histogram analysis_seconds{telemetry::analysis_bounds};
  std::atomic<std::int64_t> analyst_waiting{};
  std::atomic<std::int64_t> analyst_in_flight{};

  // Store
  telemetry::result_counts changes;                               ///< One a change; stale_epoch: refused as not ours.
  telemetry::histogram commit_seconds{telemetry::commit_bounds};  ///< One a commit.
  telemetry::histogram commit_changes{telemetry::pack_size_bounds};
  telemetry::result_counts reads;
  telemetry::histogram read_seconds{telemetry::commit_bounds};
  std::atomic<std::int64_t> changes_waiting{};  ///< For the writer; those of the commit under way are not among them.
  std::atomic<std::int64_t> reads_waiting{};
  store_evidence writer_heard, reader_heard, claim_heard;

  // Events
  std::atomic<std::int64_t> subscribers{};
  std::atomic<std::uint64_t> events_published{};
  std::atomic<std::uint64_t> subscribers_dropped{};  ///< Because they were too slow.
};

}  // namespace waihu
