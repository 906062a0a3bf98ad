#include "app/ctl/table.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "app/ctl/display_text.hpp"

namespace waihu::ctl {

std::string format_table(const table& t, int max_cell) {
  std::vector<std::vector<std::string>> lines{t.headings};
  lines.insert(lines.end(), t.rows.begin(), t.rows.end());
  std::vector<int> widths(t.headings.size());
  for (auto& line : lines) {
    line.resize(widths.size());
    for (std::size_t i = 0; i < line.size(); ++i) {
      line[i] = cut_to_width(printable(line[i]), max_cell);
      widths[i] = std::max(widths[i], display_width(line[i]));
    }
  }
  std::string out;
  const auto append = [&](std::string line) { out.append(line.erase(line.find_last_not_of(' ') + 1)) += '\n'; };
  for (std::size_t n = 0; n < lines.size(); ++n) {
    std::string line;
    std::string rule;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      line += pad_to_width(lines[n][i], widths[i]) + "  ";
      rule += std::string(static_cast<std::size_t>(widths[i]), '-') + "  ";
    }
    append(std::move(line));
    if (n == 0) append(std::move(rule));
  }
  return out;
}

std::string format_json(const table& t) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> w(out);
  w.StartArray();
  for (const auto& row : t.rows) {
    w.StartObject();
    for (std::size_t i = 0; i < row.size(); ++i) {
      w.Key(t.headings[i].data(), static_cast<rapidjson::SizeType>(t.headings[i].size()));
      w.String(row[i].data(), static_cast<rapidjson::SizeType>(row[i].size()));
    }
    w.EndObject();
  }
  w.EndArray();
  return std::string(out.GetString(), out.GetSize()) + '\n';
}

std::string format_csv(const table& t) {
  std::string out;
  const auto append_row = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      if (row[i].find_first_of(",\"\r\n") == std::string::npos) {
        out += row[i];
        continue;
      }
      out += '"';
      for (const char c : row[i]) {
        if (c == '"') out += '"';
        out += c;
      }
      out += '"';
    }
    out += "\r\n";
  };
  append_row(t.headings);
  for (const auto& row : t.rows) append_row(row);
  return out;
}

}  // namespace waihu::ctl
