#include "app/ctl/table.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "app/ctl/display_text.hpp"

namespace waihu::ctl {
namespace {

TEST(Table, AlignsColumnsWhateverTheScript) {
  EXPECT_EQ(format_table({{"row", "name", "x"}, {{"1", "王小明", "a"}, {"22", "Li", "b"}}}),
            "row  name    x\n"
            "---  ------  -\n"
            "1    王小明  a\n"
            "22   Li      b\n");
}

TEST(Table, KeepsEveryRowOnOneLineOfBoundedWidth) {
  const auto text =
      format_table({{"a", "b"}, {{"line\nbreak", std::string(500, 'x')}, {"呼呼呼呼呼呼呼呼呼呼呼呼", ""}}}, 20);
  std::istringstream lines(text);
  int n = 0;
  for (std::string line; std::getline(lines, line); ++n) EXPECT_LE(display_width(line), 42) << line;
  EXPECT_EQ(n, 4);
}

TEST(Table, OfNothingIsItsHeadings) { EXPECT_EQ(format_table({{"a", "bc"}, {}}), "a  bc\n-  --\n"); }

TEST(Csv, QuotesWhatNeedsItAndCutsNothing) {
  const std::string longer(500, 'x');
  EXPECT_EQ(format_csv({{"a", "b"}, {{"王,小明", "say \"hi\""}, {"two\nlines", longer}}}),
            "a,b\r\n\"王,小明\",\"say \"\"hi\"\"\"\r\n\"two\nlines\"," + longer + "\r\n");
}

}  // namespace
}  // namespace waihu::ctl
