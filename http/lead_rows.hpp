// What the columns of an imported table mean: header row to columns, row to lead, and what is wrong with a row.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "http/row_source.hpp"
#include "http/zone_clock.hpp"
#include "messages/model/records.hpp"

namespace waihu::http {

/// Why a row was not imported.
struct row_error {
  std::int64_t row{};
  std::string leads_id;  ///< As far as it could be read.
  std::string field;
  std::string reason;  ///< Chinese.
};

/// A lead as read from a row, with the organisation that the row names (empty = none).
struct imported_row {
  std::int64_t row{};
  lead_record lead;
  std::string organization_id;
};

/// Where the known columns stand.
class lead_columns {
 public:
  /// nullopt when there is no leads_id column.
  static std::optional<lead_columns> from_header(const table_row& header);

  /// The row's lead, or why it is none.
  tl::expected<imported_row, row_error> read(const table_row& row, const zone_clock& zone) const;

 private:
  enum column { id, name, phone, product, type, organization, created, count };
  std::string cell(const table_row& row, column c) const;
  std::array<int, count> at_{};
};

}  // namespace waihu::http
