// What a language model sees in a prompt: the conversation line by line, and the words around it that it might take for
// orders. Knows the forms in which conversations are put into prompts, not who wrote this one.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace waihu::simulator {

/// One line of a conversation.
struct chat_line {
  bool is_contact{};  ///< The person called; else the robot or a note.
  std::string text;
};

/// A prompt as it was understood.
struct chat_reading {
  std::vector<chat_line> lines;
  bool is_fenced{};    ///< The lines stood, each a JSON object, between two marks that share one random word.
  std::string orders;  ///< What stood around them; everything where nothing is fenced.
};

/// Reads one message. Fenced lines `{"speaker","text"}` (or role/content, Speaker/Script, 说话人/内容) are the
/// conversation; what stands between the marks but is no JSON object is an order, as are all words outside. Without
/// marks: lines of Speaker "Contact" of a JSON list, else lines that begin with 客户, 用户 or Contact, else everything.
chat_reading read_prompt(std::string_view message);

class taught_model;

/// What the model made of a conversation.
struct understanding {
  int interest{};                ///< 0 undecided, 1 interested, 2 not interested.
  std::string remark;            ///< Chinese.
  std::string next_follow_time;  ///< "YYYY-MM-DD HH:MM:SS" local time, or empty.
};

/// What a reader of conversations goes by.
struct reading_manner {
  std::int64_t base_ms{};        ///< The instant from which 明天 counts.
  int utc_offset_minutes{480};   ///< Local time of the people called.
  bool obeys{};                  ///< Does what a line of the person told it to do.
  const taught_model* taught{};  ///< Tells the interest; null: keywords do.
};
understanding understand(const std::vector<chat_line>& lines, const reading_manner& manner);

/// True for words that command a model ("忽略以上", "标记为有意向").
bool is_command(std::string_view text);
/// What a model answers that did as it was told: interested, and a time in 2099.
understanding obedience();

/// One completion: what was asked and what the model read and made of it.
struct logged_reading {
  std::uint64_t sequence{};  ///< Rising from 1.
  std::string model;
  std::string response_format;  ///< "json_object", "json_schema", or "" for none.
  bool is_thinking_off{};       ///< In the words of the dialect that is played.
  bool has_obeyed{};            ///< A command was found where this model obeys.
  chat_reading read;
  understanding made;
};

/// The last readings, bounded in number and text. Not thread-safe.
class reading_log {
 public:
  static constexpr std::size_t most_kept = 1'000;
  static constexpr std::size_t most_text_bytes = 8 << 20;

  void add(logged_reading reading);
  void clear();
  /// JSON list of at most `limit` readings after `since`, the oldest first.
  std::string to_json(std::uint64_t since, std::uint64_t limit) const;

 private:
  std::uint64_t last_{};
  std::size_t text_bytes_{};
  std::deque<logged_reading> kept_;
};

}  // namespace waihu::simulator
