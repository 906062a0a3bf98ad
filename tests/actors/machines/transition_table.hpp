// What a machine was seen to do, as a table of (position, fact) → (next position, orders), and the same table as
// written in docs/state-machines.md and in the machine's header. Tests fill the first by probing the machine at every
// position that walks reach and compare it with the other two, so that neither document can drift from the code.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace waihu::testing {

/// (position, fact) → "next position; orders". Pairs that the machine ignores are kept with `ignored`.
class transition_table {
 public:
  static constexpr const char* ignored = "-";

  /// Notes one decision. Returns false when the same pair was seen to do something else before: then the position's
  /// class is too coarse, or the machine depends on something that the table does not show.
  bool note(const std::string& position, const std::string& fact, const std::string& result);

  [[nodiscard]] std::set<std::string> positions() const;
  [[nodiscard]] std::set<std::string> facts() const;
  /// The rows that do something, as markdown.
  [[nodiscard]] std::string markdown() const;
  [[nodiscard]] const std::map<std::pair<std::string, std::string>, std::string>& rows() const { return rows_; }

 private:
  std::map<std::pair<std::string, std::string>, std::string> rows_;
};

/// Reads the table between `<!-- table: NAME -->` and `<!-- end -->` of docs/state-machines.md. A cell of positions may
/// name several, separated by " / ", or say "everywhere but" and name those of `positions` that it leaves out.
transition_table documented_table(const std::string& name, const std::set<std::string>& positions);

/// Compares what was seen with what is documented; returns the differences, one a line, empty when they agree.
std::string differences(const transition_table& seen, const transition_table& documented);

/// Reads the "Transition table" of a machine's header: label → names of facts that mean something there. Only the words
/// of `facts` count.
std::map<std::string, std::set<std::string>> header_table(const std::string& header,
                                                          const std::set<std::string>& facts);

/// Words joined by ", ".
std::string joined(const std::vector<std::string>& words);

}  // namespace waihu::testing
