#include "app/ctl/display_text.hpp"

#include <gtest/gtest.h>

namespace waihu::ctl {
namespace {

TEST(DisplayText, CountsChineseAsTwoColumns) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("外呼"), 4);
  EXPECT_EQ(display_width("外a呼"), 5);
  EXPECT_EQ(display_width("（，）"), 6) << "full-width signs";
  EXPECT_EQ(display_width("e\xCC\x81"), 1) << "a combining accent takes no column";
  EXPECT_EQ(display_width("\xF0\x9F\x98\x80"), 2) << "an emoji";
  EXPECT_EQ(display_width("é"), 1);
  EXPECT_EQ(display_width(""), 0);
}

TEST(DisplayText, NeverLetsOutsideTextSteerTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc\td\x7f"), "a [2Jb c d ");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            " 31m")
      << "the one-byte form of ESC [";
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "abc"),
            " abc")
      << "right-to-left override";
  EXPECT_EQ(printable("a\xFFz\xE5\xA4"), "a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(printable("外呼 ok"), "外呼 ok");
}

TEST(DisplayText, CutsWithoutSplittingACharacter) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdefg", 6), "abcde…");
  EXPECT_EQ(cut_to_width("外呼外呼", 6), "外呼…");
  for (int width = 2; width < 12; ++width) EXPECT_LE(display_width(cut_to_width("外a呼b任c务d完e成", width)), width);
}

TEST(DisplayText, PadsByColumns) {
  EXPECT_EQ(pad_to_width("外", 4), "外  ");
  EXPECT_EQ(pad_to_width("abcde", 3), "abcde");
}

}  // namespace
}  // namespace waihu::ctl
