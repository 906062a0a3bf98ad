#include "app/ctl/judgement_report.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <cstdio>

#include "app/ctl/display_text.hpp"
#include "app/ctl/table.hpp"
#include "provider/follow_time.hpp"

namespace waihu::ctl {

namespace {

using provider::judged_conversation;
using provider::judgement;
using provider::judgement_score;
using provider::labelled_conversation;
using labelled_set = std::vector<labelled_conversation>;
using json_writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr std::array<const char*, 5> words{"undecided", "interested", "not interested", "not JSON", "failed"};
constexpr std::size_t most_wrong = 100;

std::string given_word(const judged_conversation& item) {
  if (!item.given) return words[judgement_score::failed];
  return words[item.given->parsed ? static_cast<std::size_t>(item.given->is_interested) : judgement_score::unreadable];
}

std::string time_text(const std::optional<wall_time>& at, int utc_offset_minutes) {
  return at ? provider::local_time_text(*at, utc_offset_minutes) : "";
}

std::string given_time(const labelled_conversation& label, const judged_conversation& item) {
  return item.given ? time_text(item.given->next_follow_time, label.request.utc_offset_minutes) : "";
}

std::string share(std::size_t right, std::size_t of) {
  std::array<char, 64> text{};
  const auto percent = of == 0 ? 0.0 : 100.0 * static_cast<double>(right) / static_cast<double>(of);
  std::snprintf(text.data(), text.size(), "%zu of %zu right (%.1f %%)", right, of, percent);
  return text.data();
}

std::size_t count_of(const judgement_score& score, std::size_t given) {
  std::size_t sum = 0;
  for (const auto& row : score.confusion) sum += row[given];
  return sum;
}

bool is_wrong(const labelled_conversation& label, const judged_conversation& item) {
  return item.is_asked && !(is_interest_right(label, item) && is_time_right(label, item));
}

std::string figures(const judgement_heading& heading, std::size_t in_set, const judgement& got,
                    const judgement_score& score) {
  const auto number = [](auto value) { return std::to_string(value); };
  std::string out = "set       " + printable(heading.set) + ", " + number(in_set) + " conversations\n";
  out += "analyst   " + printable(heading.analyst) + '\n';
  out += "asked     " + number(score.asked) + ", failed " + number(count_of(score, judgement_score::failed)) +
         ", not JSON " + number(count_of(score, judgement_score::unreadable)) + ", without a remark " +
         number(score.without_remark) + '\n';
  out += "interest  " + share(score.right, score.asked) + ", turned round " + number(score.turned) + '\n';
  out += "time      " + share(score.timed_right, score.timed) + '\n';
  out += "latency   median " + number(score.median.count()) + " ms, p95 " + number(score.p95.count()) + " ms, " +
         number(got.took.count()) + " ms in all\n";
  return out;
}

std::string confusion(const judgement_score& score) {
  table t{{"expected \\ given", words[0], words[1], words[2], words[3], words[4]}, {}};
  for (std::size_t expected = 0; expected < score.confusion.size(); ++expected) {
    t.rows.push_back({words[expected]});
    for (const auto count : score.confusion[expected]) t.rows.back().push_back(std::to_string(count));
  }
  return format_table(t);
}

std::string kinds(const judgement_score& score) {
  table t{{"kind", "right", "asked"}, {}};
  for (const auto& [kind, pair] : score.by_kind)
    t.rows.push_back({kind.empty() ? "-" : kind, std::to_string(pair.first), std::to_string(pair.second)});
  return format_table(t);
}

std::string wrong_ones(const labelled_set& set, const judgement& got) {
  table t{{"wrong", "kind", "expected", "given", "expected time", "given time", "remark or error"}, {}};
  std::size_t more = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto& item = got.items[i];
    if (!is_wrong(set[i], item)) continue;
    if (t.rows.size() == most_wrong) {
      ++more;
      continue;
    }
    t.rows.push_back({set[i].id, set[i].kind, words[static_cast<std::size_t>(set[i].expected)], given_word(item),
                      time_text(set[i].next_follow_time, set[i].request.utc_offset_minutes), given_time(set[i], item),
                      item.given ? item.given->remark : item.why.message});
  }
  if (t.rows.empty()) return "";
  return "\n" + format_table(t) + (more > 0 ? "and " + std::to_string(more) + " more\n" : "");
}

void put(json_writer& w, const char* name, const std::string& text) {
  w.Key(name);
  w.String(text);
}

void put(json_writer& w, const char* name, std::size_t number) {
  w.Key(name);
  w.Uint64(number);
}

void put_wrong(json_writer& w, const labelled_set& set, const judgement& got) {
  w.Key("wrong");
  w.StartArray();
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto& item = got.items[i];
    if (!is_wrong(set[i], item)) continue;
    w.StartObject();
    put(w, "id", set[i].id);
    put(w, "kind", set[i].kind);
    put(w, "expected", words[static_cast<std::size_t>(set[i].expected)]);
    put(w, "given", given_word(item));
    put(w, "expected_time", time_text(set[i].next_follow_time, set[i].request.utc_offset_minutes));
    put(w, "given_time", given_time(set[i], item));
    put(w, "remark", item.given ? item.given->remark : "");
    put(w, "error", item.why.message);
    w.EndObject();
  }
  w.EndArray();
}

}  // namespace

std::string judgement_as_text(const judgement_heading& heading, const labelled_set& set, const judgement& got) {
  const auto score = score_of(set, got);
  return figures(heading, set.size(), got, score) + '\n' + confusion(score) + '\n' + kinds(score) +
         wrong_ones(set, got);
}

std::string judgement_as_csv(const labelled_set& set, const judgement& got) {
  table t{{"id", "kind", "expected", "given", "expected_time", "given_time", "remark", "error", "ms"}, {}};
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto& item = got.items[i];
    if (!item.is_asked) continue;
    t.rows.push_back({set[i].id, set[i].kind, words[static_cast<std::size_t>(set[i].expected)], given_word(item),
                      time_text(set[i].next_follow_time, set[i].request.utc_offset_minutes), given_time(set[i], item),
                      item.given ? item.given->remark : "", item.why.message, std::to_string(item.took.count())});
  }
  return format_csv(t);
}

std::string judgement_as_json(const judgement_heading& heading, const labelled_set& set, const judgement& got) {
  const auto score = score_of(set, got);
  rapidjson::StringBuffer buffer;
  json_writer w{buffer};
  w.StartObject();
  put(w, "set", heading.set);
  put(w, "analyst", heading.analyst);
  put(w, "conversations", set.size());
  put(w, "asked", score.asked);
  put(w, "right", score.right);
  w.Key("accuracy");
  w.Double(score.accuracy());
  put(w, "turned_round", score.turned);
  put(w, "failed", count_of(score, judgement_score::failed));
  put(w, "not_json", count_of(score, judgement_score::unreadable));
  put(w, "without_remark", score.without_remark);
  put(w, "timed", score.timed);
  put(w, "timed_right", score.timed_right);
  put(w, "median_ms", static_cast<std::size_t>(score.median.count()));
  put(w, "p95_ms", static_cast<std::size_t>(score.p95.count()));
  put(w, "took_ms", static_cast<std::size_t>(got.took.count()));
  w.Key("confusion");
  w.StartArray();
  for (const auto& row : score.confusion) {
    w.StartArray();
    for (const auto count : row) w.Uint64(count);
    w.EndArray();
  }
  w.EndArray();
  put_wrong(w, set, got);
  w.EndObject();
  return std::string{buffer.GetString(), buffer.GetSize()} + '\n';
}

}  // namespace waihu::ctl
