// Multipart, CSV and number texts without a server.
#include <gtest/gtest.h>

#include <fstream>

#include "http/body_fields.hpp"
#include "http/lead_rows.hpp"
#include "http/multipart.hpp"
#include "http/row_source.hpp"

namespace waihu::http {
namespace {

std::vector<table_row> all_rows(row_source& source) {
  std::vector<table_row> rows;
  for (;;) {
    const auto more = source.read(rows);
    EXPECT_TRUE(more);
    if (!more || !*more) return rows;
  }
}

std::vector<table_row> csv_rows(const std::string& text) {
  auto source = make_csv_source(std::make_shared<const std::string>(text));
  return all_rows(*source);
}

TEST(Multipart, FindsPartsAndEmptyContents) {
  const std::string body =
      "preamble\r\n--b\r\ncontent-disposition: form-data; name=\"a\"; "
      "filename=\"x;y=\\\"1\\\".csv\"\r\n\r\n1\r\n2\r\n--b\r\n"
      "Content-Disposition: form-data; name=e\r\n\r\n\r\n--b--\r\n";
  const auto parts = read_form("multipart/form-data; charset=x; boundary=\"b\"", body);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[0].name, "a");
  EXPECT_EQ((*parts)[0].filename, "x;y=\"1\".csv");
  EXPECT_EQ((*parts)[0].content, "1\r\n2");
  EXPECT_EQ((*parts)[1].name, "e");
  EXPECT_EQ((*parts)[1].content, "");
}

TEST(Multipart, EveryCutOfABodyIsRefusedOrShorterButNeverRead) {
  const std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhello\r\n--b\r\nContent-Disposition: form-data; "
      "name=\"c\"\r\n\r\nx\r\n--b--";
  for (std::size_t n = 0; n < body.size(); ++n) {
    const std::string cut = body.substr(0, n);
    EXPECT_FALSE(read_form("multipart/form-data; boundary=b", cut)) << n;
  }
  EXPECT_TRUE(read_form("multipart/form-data; boundary=b", body));
}

TEST(Csv, GbTextSplitAnywhereBetweenPiecesIsReadWhole) {
  // 64 KiB pieces: rows of odd lengths put a piece's end inside characters.
  std::string gb = "leads_id,name\n";
  std::string utf8;
  for (int i = 0; i < 20'000; ++i) {
    gb += std::to_string(i) + ",\xCD\xF5\xD0\xA1\xC3\xF7\n";
  }
  const auto rows = csv_rows(gb);
  ASSERT_EQ(rows.size(), 20'001U);
  for (std::size_t i = 1; i < rows.size(); ++i) ASSERT_EQ(rows[i].cells[1], "王小明") << i;
}

TEST(Csv, QuotesLineBreaksAndALastLineWithoutEnd) {
  const auto rows = csv_rows("a,\"b\nc\",\"d\"\"e\"\r\n1,,3");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].cells[1], "b\nc");
  EXPECT_EQ(rows[0].cells[2], "d\"e");
  EXPECT_EQ(rows[1].cells, (std::vector<std::string>{"1", "", "3"}));
}

TEST(Csv, EndlessCellsAndColumnsAreCut) {
  const auto rows = csv_rows(std::string(100'000, 'x') + "\n" + std::string(100'000, ',') + "\n");
  EXPECT_EQ(rows[0].cells[0].size(), cell_limit);
  EXPECT_EQ(rows[1].cells.size(), column_limit);
}

std::string xlsx_fixture(const char* name) {
  std::ifstream in(std::string(WAIHU_HTTP_FIXTURES) + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Xlsx, ACellThatIsTooLongIsCutAndNeverTakenForAnEmptyOne) {
  auto source = make_xlsx_source(std::make_shared<const std::string>(xlsx_fixture("long_cell.xlsx")));
  const auto rows = all_rows(*source);
  ASSERT_EQ(rows.size(), 2U);
  ASSERT_EQ(rows[1].cells.size(), 2U);
  for (const auto& cell : rows[1].cells) {
    EXPECT_LE(cell.size(), cell_limit);
    EXPECT_GT(cell.size(), cell_limit - 4);
    EXPECT_TRUE(is_storable_text(cell));
  }
  const auto columns = lead_columns::from_header(rows[0]);
  ASSERT_TRUE(columns);
  EXPECT_FALSE(columns->read(rows[1], zone_clock::in("UTC").value()));
}

TEST(Xlsx, AnEndlessTagIsRefusedBeforeItCostsTime) {
  auto source = make_xlsx_source(std::make_shared<const std::string>(xlsx_fixture("long_token.xlsx")));
  std::vector<table_row> rows;
  for (;;) {
    const auto more = source->read(rows);
    if (more) {
      ASSERT_TRUE(*more) << "the whole tag was read";
      continue;
    }
    EXPECT_EQ(more.error().code, errc::rejected);
    return;
  }
}

TEST(LeadRows, ColumnsAreFoundByNameInAnyOrderAndRowsMayBeShort) {
  const auto columns = lead_columns::from_header({1, {" Leads_User_Phone ", "x", "LEADS_ID"}});
  ASSERT_TRUE(columns);
  const auto zone = zone_clock::in("Asia/Shanghai").value();
  const auto good = columns->read({2, {"+86 138-0000-0000", "", " a "}}, zone);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->lead.leads_id, "a");
  EXPECT_EQ(good->lead.leads_user_phone, "+86 138-0000-0000");
  EXPECT_FALSE(columns->read({3, {"138"}}, zone));
  EXPECT_FALSE(lead_columns::from_header({1, {"id"}}));
}

}  // namespace
}  // namespace waihu::http
