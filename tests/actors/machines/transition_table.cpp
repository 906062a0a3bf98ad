#include "tests/actors/machines/transition_table.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace waihu::testing {

namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(std::string{WAIHU_SOURCE_FOLDER} + path);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" `");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" `") - begin + 1);
}

std::vector<std::string> split(const std::string& text, const std::string& by) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (auto at = text.find(by); at != std::string::npos; at = text.find(by, from)) {
    parts.push_back(trimmed(text.substr(from, at - from)));
    from = at + by.size();
  }
  parts.push_back(trimmed(text.substr(from)));
  return parts;
}

/// The positions that a cell names.
std::vector<std::string> positions_of(const std::string& cell, const std::set<std::string>& all) {
  const std::string but = "everywhere but ";
  if (!cell.starts_with(but)) return split(cell, " / ");
  auto left = all;
  for (const auto& out : split(cell.substr(but.size()), " / "))
    if (left.erase(out) == 0) throw std::runtime_error("no such position: " + out);
  return {left.begin(), left.end()};
}

}  // namespace

bool transition_table::note(const std::string& position, const std::string& fact, const std::string& result) {
  const auto [it, fresh] = rows_.try_emplace({position, fact}, result);
  return fresh || it->second == result;
}

std::set<std::string> transition_table::positions() const {
  std::set<std::string> out;
  for (const auto& [pair, result] : rows_) out.insert(pair.first);
  return out;
}

std::set<std::string> transition_table::facts() const {
  std::set<std::string> out;
  for (const auto& [pair, result] : rows_) out.insert(pair.second);
  return out;
}

std::string transition_table::markdown() const {
  // Positions at which a fact does the same share a row.
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> grouped;
  for (const auto& [pair, result] : rows_)
    if (result != ignored) {
      const auto next = result.substr(0, result.find("; "));
      const bool stays = next == pair.first;
      grouped[{pair.second, (stays ? "(same)" : next) + result.substr(result.find("; "))}].push_back(pair.first);
    }
  std::ostringstream out;
  out << "| fact | at | next | orders |\n| --- | --- | --- | --- |\n";
  for (const auto& [key, at] : grouped) {
    const auto cut = key.second.find("; ");
    const auto all = positions();
    std::vector<std::string> others;
    std::set_difference(all.begin(), all.end(), at.begin(), at.end(), std::back_inserter(others));
    const bool by_exception = others.size() < at.size() && !others.empty();
    out << "| " << key.first << " | " << (by_exception ? "everywhere but " : "");
    const auto& named = by_exception ? others : at;
    for (std::size_t i = 0; i < named.size(); ++i) out << (i == 0 ? "" : " / ") << named[i];
    out << " | " << key.second.substr(0, cut) << " | " << key.second.substr(cut + 2) << " |\n";
  }
  return out.str();
}

transition_table documented_table(const std::string& name, const std::set<std::string>& positions) {
  transition_table table;
  bool inside = false;
  for (const auto& line : lines_of("docs/state-machines.md")) {
    if (line.find("<!-- table: " + name + " -->") != std::string::npos) inside = true;
    else if (line.find("<!-- end -->") != std::string::npos) inside = false;
    if (!inside || !line.starts_with("| ") || line.starts_with("| fact ") || line.starts_with("| ---")) continue;
    const auto cells = split(line, "|");  // the line begins and ends with a bar
    if (cells.size() != 6) throw std::runtime_error("not four cells: " + line);
    for (const auto& at : positions_of(cells[2], positions))
      if (!table.note(at, cells[1], (cells[3] == "(same)" ? at : cells[3]) + "; " + cells[4]))
        throw std::runtime_error("two rows for " + at + " / " + cells[1]);
  }
  return table;
}

std::string differences(const transition_table& seen, const transition_table& documented) {
  std::ostringstream out;
  for (const auto& [pair, result] : seen.rows()) {
    const auto it = documented.rows().find(pair);
    const auto said = it == documented.rows().end() ? std::string{transition_table::ignored} : it->second;
    if (said != result)
      out << "at '" << pair.first << "' on '" << pair.second << "': the machine does '" << result
          << "', the document says '" << said << "'\n";
  }
  for (const auto& [pair, result] : documented.rows())
    if (!seen.rows().contains(pair))
      out << "documented but never seen: at '" << pair.first << "' on '" << pair.second << "'\n";
  return out.str();
}

std::map<std::string, std::set<std::string>> header_table(const std::string& header,
                                                          const std::set<std::string>& facts) {
  std::map<std::string, std::set<std::string>> table;
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  bool inside = false;
  std::string label;
  for (const auto& line : lines_of(header)) {
    if (line.starts_with("// Transition table")) inside = true;
    else if (line.starts_with("#pragma once")) break;
    if (!inside || !line.starts_with("//   ")) continue;
    // A row begins three blanks in with its label; lines further in go on with it.
    auto text = line.substr(5);
    if (is_word(text.front())) {
      const auto colon = text.find(':');
      if (colon == std::string::npos) throw std::runtime_error("a row without a label: " + line);
      label = text.substr(0, colon);
      table[label];
      text.erase(0, colon);
    }
    std::string word;
    for (const char c : text + " ") {
      if (is_word(c)) {
        word += c;
        continue;
      }
      if (facts.contains(word)) table[label].insert(word);
      word.clear();
    }
  }
  return table;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace waihu::testing
