// The rules for numbers and texts that both stores share.
#include <gtest/gtest.h>

#include "messages/model/text.hpp"
#include "persistence/event_text.hpp"
#include "persistence/phone_rule.hpp"
#include "persistence/postgres_arrays.hpp"

namespace waihu {
namespace {

TEST(PhoneRule, WritesEveryCommonFormOfANumberTheSameWay) {
  for (const auto* written : {"13812345678", "138 1234 5678", "138-1234-5678", "+8613812345678", "+86 138 1234 5678",
                              "008613812345678", "8613812345678",
                              " 138\xe3\x80\x80"
                              "12345678\t",
                              "(138)12345678"})
    EXPECT_EQ(normalise_phone(written), "13812345678") << written;
  EXPECT_EQ(normalise_phone("010-65529988"), "01065529988");
  EXPECT_EQ(normalise_phone("+86 10 6552 9988"), "01065529988");
  EXPECT_EQ(normalise_phone("400-820-8820"), "4008208820");
}

TEST(PhoneRule, AcceptsOnlyPlausibleNumbers) {
  for (const auto* good :
       {"13812345678", "19912345678", "01065529988", "075512345678", "0101234567", "4008208820", "8008208820"})
    EXPECT_TRUE(is_plausible_phone(good)) << good;
  for (const auto* bad : {"", "1", "12812345678", "1381234567", "138123456789", "65529988", "0086138", "00861381234",
                          "01234567", "0755123456789", "1380000000a", "+13812345678", "5008208820", "一三八"})
    EXPECT_FALSE(is_plausible_phone(normalise_phone(bad))) << bad;
}

TEST(PhoneRule, LeavesANumberThatStartsWith86AndIsNoPrefixAlone) { EXPECT_EQ(normalise_phone("8612345"), "8612345"); }

TEST(TextRule, ReplacesWhatPostgresqlCannotStoreAndNothingElse) {
  EXPECT_EQ(storable_text("普通 text 😀"), "普通 text 😀");
  EXPECT_EQ(storable_text(std::string_view("a\0b", 3)),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(storable_text("\xff\xfe"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(storable_text("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "a lone surrogate";
  EXPECT_EQ(storable_text("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd") << "an overlong form";
  EXPECT_EQ(storable_text("\xf4\x90\x80\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "past U+10FFFF";
  EXPECT_EQ(storable_text("ok\xe5\xae"), "ok\xef\xbf\xbd\xef\xbf\xbd") << "cut inside a character";
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const std::string two{static_cast<char>(first), static_cast<char>(second)};
      EXPECT_TRUE(is_storable_text(storable_text(two)));
    }
}

TEST(TextRule, CutsBetweenCharacters) {
  EXPECT_EQ(cut_text("客户甲", 2), "客户");
  EXPECT_EQ(cut_text("客户", 2), "客户");
  EXPECT_EQ(cut_text("abc", 0), "");
}

TEST(ArrayLiteral, QuotesWhatHasAMeaningInArrays) {
  array_literal literal;
  literal.add("x,y").add("\"q\" \\").add("").add("NULL").add_null().add(std::int64_t{-5});
  EXPECT_EQ(literal.text(), R"({"x,y","\"q\" \\","","NULL",NULL,-5})");
  EXPECT_EQ(array_literal{}.text(), "{}");
  EXPECT_EQ(split_numbers("1,22,-3"), (std::vector<std::int64_t>{1, 22, -3}));
  EXPECT_TRUE(split_numbers("").empty());
}

TEST(EventText, EscapesJson) { EXPECT_EQ(json_string("a\"b\\c\n客"), "\"a\\\"b\\\\c\\u000a客\""); }

}  // namespace
}  // namespace waihu
