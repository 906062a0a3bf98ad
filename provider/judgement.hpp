// How well an analyst, whichever it is, understands a labelled set: asks it about every conversation and counts.
// Bounded in number, at once, per minute and in time. Knows the interface of models only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "provider/labelled_set.hpp"
#include "provider/language_model.hpp"

namespace waihu::provider {

/// Bounds of a judgement.
struct judgement_limits {
  int at_once{4};
  int per_minute{};                               ///< Analyses that begin within any minute; 0 = no limit.
  milliseconds deadline{30'000};                  ///< Of one analysis.
  milliseconds in_all{std::chrono::minutes{30}};  ///< Nothing begins after it and nothing lasts beyond it.
};

/// One conversation of the set.
struct judged_conversation {
  bool is_asked{};                ///< False: the time was over before.
  std::optional<analysis> given;  ///< Nothing: `why` says why.
  failure why;
  milliseconds took{};
};

/// What came of it, in the order of the set.
struct judgement {
  std::vector<judged_conversation> items;
  milliseconds took{};
};

/// Asks `model` about everything in `set`. Blocks; the model's completions come on other threads, or at once. A model
/// that breaks its promise to complete within the deadline keeps this from returning.
judgement judge(language_model& model, const std::vector<labelled_conversation>& set, const judgement_limits& limits);

/// The counts.
struct judgement_score {
  /// What stands for an answer in `confusion`: 0..2 as `interest`, `unreadable` not the agreed JSON, `failed` none.
  static constexpr std::size_t unreadable = 3, failed = 4;
  std::size_t asked{}, right{};
  std::array<std::array<std::size_t, 5>, 3> confusion{};               ///< [expected][given]
  std::map<std::string, std::pair<std::size_t, std::size_t>> by_kind;  ///< right, asked
  std::size_t turned{};                                                ///< Interest taken for refusal or the reverse.
  std::size_t timed{}, timed_right{};  ///< Conversations whose time is labelled; named right, or rightly none.
  std::size_t without_remark{};        ///< Answers whose remark is empty.
  milliseconds median{}, p95{};        ///< Of the analyses that were asked; nearest rank.
  /// Share of the asked that are right on interest; 0 when nothing was asked. Failures are not right.
  [[nodiscard]] double accuracy() const noexcept;
};

/// Whether an answer names the interest that the label names. An answer that could not be read is never right.
bool is_interest_right(const labelled_conversation& label, const judged_conversation& got) noexcept;
/// The same for the time; true where the set does not say.
bool is_time_right(const labelled_conversation& label, const judged_conversation& got) noexcept;

/// Counts. `got` belongs to `set`.
judgement_score score_of(const std::vector<labelled_conversation>& set, const judgement& got);

}  // namespace waihu::provider
