// Spoken clauses brought to one form, and patterns of word groups that are looked for in them. Knows words, not what
// they are worth.
#pragma once

#include <bitset>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace waihu::provider {

/// First letters of many words: most places of a text are ruled out by one look instead of a comparison with each word.
class letter_set {
 public:
  void add(std::string_view word) { hashes_.set(hash(word)); }
  /// False: no word of the set begins with the letter that `text` begins with.
  [[nodiscard]] bool may_begin(std::string_view text) const { return hashes_.test(hash(text)); }

 private:
  static std::size_t hash(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    // A letter of three bytes differs from others in its last two; a shorter one is its first byte.
    return byte(0) < 0xE0U ? byte(0) : (byte(1) * 37U + byte(2)) & 0xFFU;
  }
  std::bitset<256> hashes_;
};

bool contains_any(std::string_view text, std::span<const std::string_view> words);
bool contains_one(std::string_view text, std::initializer_list<std::string_view> words);

/// A clause in one form: regional words and idioms replaced ("冇", "没得" by "没", "不错" by "好"), "能不能" by "能",
/// so that a 不 or 没 that is left denies something.
struct plain_clause {
  std::string text;
  bool asks_either{};  ///< It held "能不能", "有没有", "是不是" and the like.
  bool takes_back{};   ///< It held "不是不", "不是没": a refusal taken back.
};
plain_clause make_plain(std::string_view clause);

/// True when a negation stands at most two characters before byte `at` of a plain clause.
bool is_negated(std::string_view text, std::size_t at);

/// Groups of alternative words that must follow one another with at most `max_gap` characters between them.
/// Written "发/传/寄 资料/图 $": groups apart by a blank, words by a stroke; a group that begins with '+' follows at
/// once, "^" is the beginning and "$" the end of the clause but for particles, "@deal" stands for the verbs of buying,
/// doing and learning. The text must outlive the pattern.
class clause_pattern {
 public:
  static constexpr std::size_t max_gap = 4;
  explicit clause_pattern(std::string_view written);

  /// Where it begins in `text`, in bytes. `allows_denial`: whether 不, 没, 别 may stand between the groups.
  std::optional<std::size_t> find(std::string_view text, bool allows_denial) const;

 private:
  struct group {
    std::vector<std::string_view> words;
    letter_set beginnings;
    bool is_adjacent{};
  };
  bool follows(std::string_view text, std::size_t at, std::size_t next, bool allows_denial) const;

  std::vector<group> groups_;
  bool is_at_beginning_{};
  bool is_at_end_{};
};

/// A pattern and what it weighs.
struct weighed_pattern {
  clause_pattern pattern;
  double weight;
};

/// Cuts particles (吧, 啊, 了 ...) from the end.
std::string_view without_particles(std::string_view text);

}  // namespace waihu::provider
