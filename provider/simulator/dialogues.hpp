// The conversations that the simulated people hold with the robot: templates in Chinese with variable parts. Knows
// nothing of jobs, clocks or JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waihu::simulator {

/// One line of a conversation.
struct spoken_line {
  bool by_robot{};         ///< True: the robot speaks; false: the person called.
  std::int64_t offset_ms;  ///< Since the call was answered, ms, rising.
  std::string text;        ///< What was said, UTF-8.
};

/// What kind of call a template is for.
enum class dialogue_kind : std::uint8_t { person, machine };

/// A template. In `script` every line starts with "R:" or "C:" and ends with a newline; `[a|b]` is one of the
/// alternatives, `{name}` the name of the person.
struct dialogue {
  std::string_view key;         ///< Stable name, e.g. "call_back_tomorrow"; used by plans to ask for it.
  dialogue_kind kind;           ///< Person or machine.
  unsigned weight;              ///< How often it is drawn among its kind.
  std::string_view status;      ///< Attempt status that such a call ends with.
  std::string_view end_reason;  ///< EndReason of the provider.
  std::string_view hung_up_by;  ///< HangUpDirection: "Robot" or "Client".
  std::string_view script;      ///< The lines.
};

/// All templates, in a fixed order.
const std::vector<dialogue>& dialogues();

/// Index of the template named `key`, or -1.
int find_dialogue(std::string_view key) noexcept;

/// Draws a template of a kind by weight; `draw` is any random number.
int draw_dialogue(dialogue_kind kind, std::uint64_t draw) noexcept;

/// Fills in a template. The same arguments give the same lines. The offsets are spread over `talk_ms`.
std::vector<spoken_line> render_dialogue(int index, std::uint64_t seed, std::string_view name, std::int64_t talk_ms);

}  // namespace waihu::simulator
