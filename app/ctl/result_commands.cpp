// results, transcript.
#include <iostream>
#include <map>

#include "app/ctl/command_support.hpp"
#include "app/ctl/task_results.hpp"

namespace waihu::ctl {

namespace {

/// Refusals are the daemon's word, not a reason to log in.
int report_reading(const failure& why) {
  if (why.code != errc::rejected) return report(why);
  std::cerr << "waihuctl: refused (code " << why.vendor_code << "): " << why.message << '\n';
  return refused;
}

table counted_by_outcome(const std::map<std::vector<std::string>, std::int64_t>& counts) {
  table t{{"outcome", "dial", "interest", "calls"}, {}};
  for (const auto& [cells, n] : counts) {
    t.rows.push_back(cells);
    t.rows.back().push_back(std::to_string(n));
  }
  return t;
}

}  // namespace

int run_results(const global_options& g, std::int64_t task, bool by_outcome) {
  auto api = open_api(g);
  if (!api) return report(api.error());
  table t{result_headings(), {}};
  std::map<std::vector<std::string>, std::int64_t> counts;
  std::int64_t number = 0;
  if (wants(g, "json")) std::cout << '[';
  const auto read = for_each_result(*api, task, [&](const rapidjson::Value& row) {
    ++number;
    if (wants(g, "json")) std::cout << (number > 1 ? ",\n" : "") << to_json(row);
    else if (by_outcome) ++counts[{outcome_cell(row), text_of(row, "DispositionText"), interest_cell(row)}];
    else t.rows.push_back(result_cells(number, row));
    return true;
  });
  if (wants(g, "json")) std::cout << "]\n";
  if (!read) return report_reading(read.error());
  if (by_outcome) t = counted_by_outcome(counts);
  if (!wants(g, "json")) std::cout << (wants(g, "csv") ? format_csv(t) : format_table(t));
  return done;
}

int run_transcript(const global_options& g, std::int64_t task, std::int64_t row_wanted) {
  auto api = open_api(g);
  if (!api) return report(api.error());
  std::int64_t number = 0;
  bool found = false;
  const auto read = for_each_result(*api, task, [&](const rapidjson::Value& row) {
    ++number;
    found = row_wanted > 0 ? number == row_wanted : interest_cell(row) == "interested";
    if (found) std::cout << (wants(g, "json") ? to_json(row) + "\n" : format_transcript(number, row));
    return !found;
  });
  if (!read) return report_reading(read.error());
  if (found) return done;
  std::cerr << "waihuctl: " << (row_wanted > 0 ? "there is no such row" : "nobody is interested yet") << '\n';
  return refused;
}

}  // namespace waihu::ctl
