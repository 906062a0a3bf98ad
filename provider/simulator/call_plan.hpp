// What will become of one call, drawn from a seed and the job's reference id alone, so that it does not depend on when
// or in which order jobs arrive. Knows nothing of clocks, queues or the wire.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/failure.hpp"

namespace waihu::simulator {

/// How a call ends. The names in `ending_names` are the keys of a mix.
enum class ending : std::uint8_t {
  connected,       ///< A person answers; the dialogue decides the code.
  machine,         ///< A voice assistant, a switchboard or an interception answers.
  no_answer,       ///< NoAnswer, after all redials.
  busy,            ///< Busy, after all redials.
  powered_off,     ///< PoweredOff, after all redials.
  not_connected,   ///< NotConnected, after all redials.
  not_exist,       ///< NotExist, no redial.
  out_of_service,  ///< OutOfService, no redial.
  in_arrears,      ///< InArrears, no redial.
  block_list,      ///< ContactBlockList, never rings.
  day_limit,       ///< PerDayCallCountLimit, never rings.
  failed,          ///< Failed.
};
inline constexpr std::size_t ending_count = 12;
/// The keys of a mix, in the order of the enum: "connected", "no_answer", ...
extern const std::array<std::string_view, ending_count> ending_names;
/// The ending with this name.
std::optional<ending> parse_ending(std::string_view name) noexcept;

/// Weight of every ending; the sum need not be 100.
using outcome_mix = std::array<double, ending_count>;
/// Everyday mix: 52 % connected, 4 % machine, the rest not reached.
outcome_mix everyday_mix() noexcept;
/// Reads `connected=60,no_answer=40`; what is not named has weight 0. errc::invalid_argument for unknown names,
/// negative weights and a sum of 0.
result<outcome_mix> parse_mix(std::string_view text);

/// What the draws are made with. All times in virtual ms.
struct call_policy {
  std::uint64_t seed{1};
  outcome_mix mix{everyday_mix()};
  int max_attempts{3};                  ///< Dials of a job at most, 1..9.
  double late_answer_share{0.25};       ///< Share of the connected jobs that are reached on a later dial only.
  std::int64_t redial_gap_ms{300'000};  ///< From the end of a dial to the next.
  std::int64_t scheduling_min_ms{500};  ///< From acceptance until the job may ring.
  std::int64_t scheduling_max_ms{4'000};
  std::int64_t ring_min_ms{2'000};  ///< Ringing until someone answers.
  std::int64_t ring_max_ms{15'000};
  std::int64_t no_answer_ring_ms{25'000};  ///< Ringing when nobody answers (RingingDuration).
  std::int64_t talk_min_ms{8'000};         ///< Talk of a connected call.
  std::int64_t talk_max_ms{90'000};
  double late_conversation_share{0.2};        ///< Share of the calls whose conversation appears after the status.
  std::int64_t late_conversation_ms{20'000};  ///< By how much at most.
  std::int64_t recording_delay_ms{5'000};     ///< From the end of the call until its recording can be fetched.
};

/// One dial as planned.
struct planned_attempt {
  std::string_view status;  ///< Provider's code at the end, e.g. "NoAnswer".
  bool rings{};             ///< False where the provider refuses to dial (block list, daily cap).
  bool answered{};          ///< Someone or something picked up: there is talk and a recording.
  std::int64_t ring_ms{};   ///< Ringing.
  std::int64_t talk_ms{};   ///< Talking; 0 when not answered.
};

/// The whole life of a job as planned.
struct call_plan {
  std::vector<planned_attempt> attempts;  ///< At least one; the last decides.
  bool succeeds{};                        ///< Job status: true Succeeded, false Failed.
  std::string_view failure_reason;        ///< Job failure reason; empty when it succeeds.
  int dialogue{-1};                       ///< Index of the template, -1 when nobody answers.
  std::uint64_t voice_seed{};             ///< Seed of the variable parts.
  std::int64_t scheduling_ms{};           ///< Wait before the first dial.
  std::int64_t redial_gap_ms{};           ///< Wait before further dials.
  std::int64_t conversation_delay_ms{};   ///< The conversation shows this long after the end.
};

/// Wishes of a test for one phone number or reference id, in place of the draw.
struct plan_wish {
  std::optional<ending> how;
  int dialogue{-1};                  ///< Template for connected or machine; -1 = drawn.
  std::optional<int> attempt_count;  ///< Dials; for connected calls the last one is answered.
  std::optional<std::int64_t> talk_ms;
};

/// Draws the plan of a job. Pure: equal arguments give equal plans.
call_plan plan_call(const call_policy& policy, std::string_view reference_id, const plan_wish& wish = {});

}  // namespace waihu::simulator
