#include "provider/simulator/lessons.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "provider/simulator/json_writing.hpp"

namespace waihu::simulator {

namespace {

constexpr std::size_t most_bytes = 16 << 20;
constexpr double unseen = 0.5;  ///< What a pair counts that a label has never shown.

/// The characters that carry meaning, one a piece: Chinese ones, letters and digits.
std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const auto one = text.substr(at, size);
    at += size;
    const bool is_plain = (lead >= '0' && lead <= '9') || (lead >= 'A' && lead <= 'Z') || (lead >= 'a' && lead <= 'z');
    // U+4E00 to U+9FFF are E4 B8 80 to E9 BF BF.
    if (is_plain || (one.size() == 3 && lead >= 0xE4 && lead <= 0xE9)) out.push_back(one);
  }
  return out;
}

/// Runs of `length` characters, the line's borders among them, each with `mark` before it.
void add_runs(std::set<std::string>& into, std::string_view text, std::size_t length, std::string_view mark) {
  auto line = characters_of(text);
  line.insert(line.begin(), "^");
  line.emplace_back("$");
  for (std::size_t i = 0; i + length <= line.size(); ++i) {
    std::string run{mark};
    for (std::size_t k = 0; k < length; ++k) run += line[i + k];
    into.insert(std::move(run));
  }
}

/// What is looked at: pairs of everything that was said; of the last words, which decide, pairs and triples once more.
std::set<std::string> features_of(const std::vector<chat_line>& lines) {
  std::set<std::string> out;
  const chat_line* last = nullptr;
  for (const auto& line : lines) {
    if (!line.is_contact) continue;
    last = &line;
    add_runs(out, line.text, 2, "");
  }
  if (last == nullptr) return {"silence"};
  add_runs(out, last->text, 2, "<");
  add_runs(out, last->text, 3, "<");
  return out;
}

}  // namespace

result<taught_model> taught_model::learn(std::string_view json_lines) {
  if (json_lines.size() > most_bytes) return fail(errc::invalid_argument, "the lessons are larger than 16 MiB");
  taught_model out;
  while (!json_lines.empty()) {
    const auto row = json_lines.substr(0, json_lines.find('\n'));
    json_lines.remove_prefix(std::min(json_lines.size(), row.size() + 1));
    if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    rapidjson::Document d;
    d.Parse<rapidjson::kParseIterativeFlag>(row.data(), row.size());
    const auto label = d.HasParseError() || !d.IsObject() ? -1 : number_member(d, "interest", -1);
    if (label < 0 || label > 2 || !d.HasMember("lines") || !d["lines"].IsArray())
      return fail(errc::invalid_argument, "a lesson has no interest of 0 to 2 or no lines");
    std::vector<chat_line> lines;
    for (const auto& pair : d["lines"].GetArray()) {
      if (!pair.IsArray() || pair.Size() != 2 || !pair[0].IsString() || !pair[1].IsString())
        return fail(errc::invalid_argument, "a lesson's lines are pairs of speaker and text");
      lines.push_back({std::string_view{pair[0].GetString()} == "Contact", pair[1].GetString()});
    }
    const auto index = static_cast<std::size_t>(label);
    ++out.conversations_[index];
    for (const auto& feature : features_of(lines)) {
      ++out.seen_[feature][index];
      ++out.total_[index];
    }
  }
  if (out.seen_.empty()) return fail(errc::invalid_argument, "there are no lessons");
  return out;
}

int taught_model::interest_of(const std::vector<chat_line>& lines) const {
  const auto kinds = static_cast<double>(seen_.size());
  counts score{};
  for (std::size_t k = 0; k < score.size(); ++k) score[k] = std::log(conversations_[k] + unseen);
  for (const auto& feature : features_of(lines)) {
    const auto known = seen_.find(feature);
    if (known == seen_.end()) continue;
    for (std::size_t k = 0; k < score.size(); ++k)
      score[k] += std::log((known->second[k] + unseen) / (total_[k] + unseen * kinds));
  }
  return static_cast<int>(std::max_element(score.begin(), score.end()) - score.begin());
}

}  // namespace waihu::simulator
