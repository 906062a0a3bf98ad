// What both table targets promise of rows and leads, whatever the file was.
#pragma once

#include <optional>
#include <vector>

#include "http/body_fields.hpp"
#include "http/lead_rows.hpp"
#include "http/row_source.hpp"
#include "tests/fuzz/promise.hpp"

namespace waihu::fuzz {

/// A table read to its end.
struct whole_table {
  std::vector<http::table_row> rows;
  std::optional<failure> broken;  ///< Set: reading ended with it.
};

inline whole_table read_table(http::row_source& source) {
  whole_table out;
  for (;;) {
    const auto more = source.read(out.rows);
    if (!more) {
      promise(more.error().code == errc::malformed || more.error().code == errc::rejected,
              "a file is refused as malformed or as too much");
      out.broken = more.error();
      return out;
    }
    if (!*more) return out;
  }
}

/// Rows and the leads read from them keep every limit that the store relies on.
inline void check_table(const whole_table& table) {
  static const auto zone = http::zone_clock::in("Asia/Shanghai");
  for (const auto& row : table.rows) {
    promise(row.cells.size() <= http::column_limit, "a row has at most column_limit cells");
    for (const auto& cell : row.cells) promise(cell.size() <= http::cell_limit, "a cell has at most cell_limit bytes");
  }
  if (table.rows.empty()) return;
  const auto columns = http::lead_columns::from_header(table.rows.front());
  if (!columns) return;
  const auto fits = [](const std::string& text, std::size_t limit) {
    return http::is_storable_text(text) && http::length_in_characters(text) <= limit;
  };
  for (const auto& row : table.rows) {
    const auto lead = columns->read(row, *zone);
    if (!lead) {
      const auto& why = lead.error();
      promise(fits(why.leads_id, 64) && fits(why.reason, 100) && !why.field.empty(), "a refusal can be shown");
      continue;
    }
    const auto& l = lead->lead;
    promise(!l.leads_id.empty() && fits(l.leads_id, 64), "a lead has an id of at most 64 characters");
    promise(fits(l.leads_user_phone, 32), "a phone has at most 32 characters");
    promise(l.leads_user_phone.find_first_not_of("0123456789+-() ") == std::string::npos, "a phone looks like one");
    promise(fits(l.leads_user_name, 100) && fits(l.leads_product, 100) && fits(l.leads_type, 100),
            "a lead's texts have at most 100 characters");
    promise(fits(lead->organization_id, 64), "an organisation's id has at most 64 characters");
  }
}

}  // namespace waihu::fuzz
