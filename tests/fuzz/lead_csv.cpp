// CSV lead files in UTF-8 and GB18030. An input is a file.
#include <iconv.h>

#include "tests/fuzz/lead_table.hpp"

namespace {

using namespace waihu;
using fuzz::promise;

fuzz::whole_table read_csv(std::string text) {
  const auto source = http::make_csv_source(std::make_shared<const std::string>(std::move(text)));
  return fuzz::read_table(*source);
}

bool has_same_cells(const fuzz::whole_table& a, const fuzz::whole_table& b, std::size_t skipped_in_b = 0) {
  if (a.rows.size() + skipped_in_b != b.rows.size()) return false;
  for (std::size_t i = 0; i < a.rows.size(); ++i)
    if (a.rows[i].cells != b.rows[i + skipped_in_b].cells) return false;
  return true;
}

/// UTF-8 as GB18030, which has a place for every code point; nothing for what is no UTF-8.
std::optional<std::string> as_gb18030(std::string_view text) {
  static const auto handle = iconv_open("GB18030", "UTF-8");
  std::string out(text.size() * 4 + 4, '\0');
  auto* from = const_cast<char*>(text.data());
  auto* to = out.data();
  std::size_t left = text.size();
  std::size_t space = out.size();
  iconv(handle, nullptr, nullptr, nullptr, nullptr);
  if (iconv(handle, &from, &left, &to, &space) == static_cast<std::size_t>(-1)) return std::nullopt;
  out.resize(out.size() - space);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::as_text(data, size));
  const auto table = read_csv(text);
  fuzz::check_table(table);
  promise(table.rows.size() <= text.size() + 1, "a file has no more rows than bytes");
  for (const auto& row : table.rows)
    for (const auto& cell : row.cells)
      promise(http::is_storable_text(cell), "cells are valid UTF-8 without zero bytes");
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    promise(table.rows[i].number == static_cast<std::int64_t>(i) + 1, "rows are counted from 1");

  const bool is_utf8 = http::is_storable_text(text);
  if (is_utf8 && !table.broken) {
    const bool has_mark = text.starts_with("\xEF\xBB\xBF");
    if (!has_mark) promise(has_same_cells(table, read_csv("\xEF\xBB\xBF" + text)), "a byte order mark changes nothing");
    // GB18030 text may begin with the very bytes of UTF-8's mark (锘 and half of a sign), and is taken for marked then.
    const auto gb = as_gb18030(text);
    const bool is_told_apart = gb && !http::is_storable_text(*gb) && !gb->starts_with("\xEF\xBB\xBF");
    if (is_told_apart && !has_mark) {
      const auto other = read_csv(*gb);
      promise(!other.broken && has_same_cells(table, other), "the same text in GB18030 gives the same cells");
    }
  }
  // Files are read 64 KiB at a time. A first row of almost that length puts the border into the input.
  // Costly, so with every eighth length only.
  if (text.size() % 8 != 0 || text.starts_with("\xEF\xBB\xBF")) return 0;
  constexpr std::size_t piece = 64UL * 1024;
  const auto border = text.empty() ? 0 : static_cast<unsigned char>(text.back()) % text.size();
  const auto shifted = read_csv(std::string(piece - 1 - border, 'x') + "\n" + text);
  promise(shifted.broken.has_value() == table.broken.has_value(),
          "where a piece ends does not decide what is readable");
  if (!table.broken) promise(has_same_cells(table, shifted, 1), "where a piece ends does not change the cells");
  return 0;
}
