// .xlsx lead files as XML: an input is up to four XML parts between zero bytes (sheet, shared strings, workbook,
// relations; an empty or missing one is what a spreadsheet writes), packed into an archive here, since no fuzzer finds
// its way through a checksum.
#include <zip.h>

#include <array>

#include "tests/fuzz/lead_table.hpp"

namespace {

using namespace waihu;
using fuzz::promise;

constexpr std::string_view usual_workbook =
    R"(<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>)";
constexpr std::string_view usual_relations =
    R"(<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>)";

struct named_part {
  const char* name;
  std::string_view text;
};

/// The parts as a stored (not deflated) archive.
std::string pack(const std::array<named_part, 4>& parts) {
  zip_error_t error;
  zip_error_init(&error);
  auto* whole = zip_source_buffer_create(nullptr, 0, 0, &error);
  auto* archive = zip_open_from_source(whole, ZIP_TRUNCATE, &error);
  zip_source_keep(whole);
  for (const auto& part : parts) {
    if (part.text.empty()) continue;
    auto* source = zip_source_buffer(archive, part.text.data(), part.text.size(), 0);
    const auto index = zip_file_add(archive, part.name, source, ZIP_FL_OVERWRITE);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  promise(zip_close(archive) == 0, "the harness can pack an archive");
  zip_stat_t about;
  zip_stat_init(&about);
  zip_source_stat(whole, &about);
  std::string bytes(about.size, '\0');
  zip_source_open(whole);
  zip_source_read(whole, bytes.data(), bytes.size());
  zip_source_close(whole);
  zip_source_free(whole);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view zero("\0", 1);
  const auto [sheet, behind_sheet] = fuzz::cut_at(fuzz::as_text(data, size), zero);
  const auto [strings, behind_strings] = fuzz::cut_at(behind_sheet, zero);
  const auto [workbook, relations] = fuzz::cut_at(behind_strings, zero);
  const auto file = pack({{{"xl/workbook.xml", workbook.empty() ? usual_workbook : workbook},
                           {"xl/_rels/workbook.xml.rels", relations.empty() ? usual_relations : relations},
                           {"xl/sharedStrings.xml", strings},
                           {"xl/worksheets/sheet1.xml", sheet}}});
  const auto source = http::make_xlsx_source(std::make_shared<const std::string>(file));
  const auto table = fuzz::read_table(*source);
  fuzz::check_table(table);
  promise(table.rows.size() <= sheet.size() / 6 + 1, "every row stands in the sheet");
  for (const auto& row : table.rows) {
    promise(row.number > 0 && row.number <= 1 << 20, "a row's number is one that a spreadsheet can show");
    for (const auto& cell : row.cells)
      promise(http::length_in_characters(cell) <= http::cell_limit, "a cell's characters are counted");
  }
  return 0;
}
