// Rows of text as an aligned table or as CSV. Knows no API.
#pragma once

#include <string>
#include <vector>

namespace waihu::ctl {

/// Rows under headings. Every row has as many cells as there are headings.
struct table {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
};

/// Columns aligned by display width, two spaces apart, a rule under the headings; cells are made printable and cut to
/// `max_cell` columns. Ends with a newline.
std::string format_table(const table& t, int max_cell = 40);

/// One object a row with the headings as its keys, every value a text; a line of its own.
std::string format_json(const table& t);

/// RFC 4180 with CRLF, headings first, nothing cut.
std::string format_csv(const table& t);

}  // namespace waihu::ctl
