#include "provider/simulator/call_plan.hpp"

#include <algorithm>
#include <charconv>

#include "provider/simulator/dialogues.hpp"
#include "provider/simulator/dice.hpp"

namespace waihu::simulator {

namespace {

struct ending_row {
  std::string_view status;  // Attempt status; empty where the dialogue decides.
  std::string_view reason;  // Job failure reason.
  bool rings;
  bool redialled;
  bool rings_long;  // Rings until the ringing duration is over.
};

constexpr std::array<ending_row, ending_count> rows{{
    {"", "", true, false, false},
    {"", "", true, false, false},
    {"NoAnswer", "NoAnswer", true, true, true},
    {"Busy", "CallFailed", true, true, false},
    {"PoweredOff", "CallFailed", true, true, false},
    {"NotConnected", "CallFailed", true, true, false},
    {"NotExist", "EmptyNumber", true, false, false},
    {"OutOfService", "OutOfService", true, false, false},
    {"InArrears", "InArrears", true, false, false},
    {"ContactBlockList", "ContactBlockList", false, false, false},
    {"PerDayCallCountLimit", "PerDayCallCountLimit", false, false, false},
    {"Failed", "CallFailed", true, false, false},
}};

ending draw_ending(const outcome_mix& mix, double share) {
  double total = 0;
  for (const double w : mix) total += w;
  double left = share * total;
  for (std::size_t i = 0; i < ending_count; ++i) {
    if (left < mix[i]) return static_cast<ending>(i);
    left -= mix[i];
  }
  return ending::no_answer;
}

planned_attempt miss(const call_policy& policy, const ending_row& row, dice& d) {
  const auto ring = row.rings_long ? policy.no_answer_ring_ms : d.between(policy.ring_min_ms, policy.ring_max_ms) / 2;
  return {row.status, row.rings, false, row.rings ? ring : 0, 0};
}

}  // namespace

const std::array<std::string_view, ending_count> ending_names{
    "connected", "machine",        "no_answer",  "busy",       "powered_off", "not_connected",
    "not_exist", "out_of_service", "in_arrears", "block_list", "day_limit",   "failed"};

std::optional<ending> parse_ending(std::string_view name) noexcept {
  const auto found = std::find(ending_names.begin(), ending_names.end(), name);
  if (found == ending_names.end()) return std::nullopt;
  return static_cast<ending>(found - ending_names.begin());
}

outcome_mix everyday_mix() noexcept { return {52, 4, 20, 6, 5, 3, 3, 1, 1, 2, 1, 2}; }

result<outcome_mix> parse_mix(std::string_view text) {
  outcome_mix mix{};
  double total = 0;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const auto equals = part.find('=');
    const auto how = parse_ending(part.substr(0, equals));
    if (!how || equals == std::string_view::npos) return fail(errc::invalid_argument, "unknown part of a mix");
    const auto number = part.substr(equals + 1);
    double weight = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), weight);
    if (error != std::errc{} || end != number.data() + number.size() || !(weight >= 0) || weight > 1e9)
      return fail(errc::invalid_argument, "a weight of a mix is not a number from 0 up");
    mix[static_cast<std::size_t>(*how)] = weight;
    total += weight;
  }
  if (total <= 0) return fail(errc::invalid_argument, "a mix needs at least one weight above 0");
  return mix;
}

call_plan plan_call(const call_policy& policy, std::string_view reference_id, const plan_wish& wish) {
  dice d{hash_text(policy.seed, reference_id)};
  // Every draw is made in every case, in one order: a wish or another mix then leaves the other draws alone.
  const auto drawn = draw_ending(policy.mix, d.share());
  const auto person = draw_dialogue(dialogue_kind::person, d.next());
  const auto machine = draw_dialogue(dialogue_kind::machine, d.next());
  const bool late_answer = d.chance(policy.late_answer_share);
  const auto misses_before = static_cast<int>(d.between(1, std::max(1, policy.max_attempts - 1)));
  const bool late_conversation = d.chance(policy.late_conversation_share);
  const auto conversation_delay = d.between(1, std::max<std::int64_t>(1, policy.late_conversation_ms));
  const bool busy_before = d.chance(0.3);

  call_plan plan;
  plan.voice_seed = d.next();
  plan.scheduling_ms = d.between(policy.scheduling_min_ms, policy.scheduling_max_ms);
  plan.redial_gap_ms = policy.redial_gap_ms;
  const auto talk = wish.talk_ms.value_or(d.between(policy.talk_min_ms, policy.talk_max_ms));
  const auto how = wish.how.value_or(drawn);
  const auto& row = rows[static_cast<std::size_t>(how)];

  if (how == ending::connected || how == ending::machine) {
    plan.succeeds = true;
    plan.dialogue = wish.dialogue >= 0 ? wish.dialogue : how == ending::connected ? person : machine;
    int before = late_answer && policy.max_attempts > 1 ? misses_before : 0;
    if (wish.attempt_count) before = std::clamp(*wish.attempt_count, 1, 9) - 1;
    const auto& missed = rows[static_cast<std::size_t>(busy_before ? ending::busy : ending::no_answer)];
    for (int i = 0; i < before; ++i) plan.attempts.push_back(miss(policy, missed, d));
    const auto& spoken = dialogues()[static_cast<std::size_t>(plan.dialogue)];
    plan.attempts.push_back({spoken.status, true, true, d.between(policy.ring_min_ms, policy.ring_max_ms), talk});
    plan.conversation_delay_ms = late_conversation ? conversation_delay : 0;
    return plan;
  }
  plan.failure_reason = row.reason;
  const int dials = wish.attempt_count.value_or(row.redialled ? policy.max_attempts : 1);
  for (int i = 0; i < std::clamp(dials, 1, 9); ++i) plan.attempts.push_back(miss(policy, row, d));
  return plan;
}

}  // namespace waihu::simulator
