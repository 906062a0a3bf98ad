// Rows of an uploaded table, read piece by piece so that a big file needs little memory. One reader for CSV and one
// for .xlsx; neither knows what the columns mean.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/failure.hpp"

namespace waihu::http {

/// One row as it stands in the file.
struct table_row {
  std::int64_t number{};           ///< As a spreadsheet counts: the first row of the file is 1.
  std::vector<std::string> cells;  ///< Valid UTF-8, untrimmed. Cells that are too long are cut (see `cell_limit`).
};

/// Longest cell kept, bytes; longer ones are cut there, which the length checks of the caller then refuse.
inline constexpr std::size_t cell_limit = 8UL * 1024;
/// Cells of a row beyond it are dropped.
inline constexpr std::size_t column_limit = 256;

/// Not thread-safe; one call at a time, from any thread.
class row_source {
 public:
  virtual ~row_source() = default;
  /// Appends the next rows, some hundred at a time; false when there are no more. malformed: the file cannot be read
  /// as what it claims to be; rejected: a limit against hostile files was reached. `message` is Chinese, for people.
  virtual result<bool> read(std::vector<table_row>& out) = 0;
};

/// The bytes of a file; a source shares them, since a worker may still be reading when the request is given up.
using file_bytes = std::shared_ptr<const std::string>;

/// CSV in UTF-8 (with or without BOM) or GB18030, told apart by its bytes.
std::unique_ptr<row_source> make_csv_source(file_bytes content);

/// The first sheet of an .xlsx.
std::unique_ptr<row_source> make_xlsx_source(file_bytes content);

}  // namespace waihu::http
