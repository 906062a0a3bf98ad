// Percent-encoding both ways.
#include "messages/model/percent_coding.hpp"

#include <gtest/gtest.h>

namespace waihu {
namespace {

TEST(PercentCoding, EscapesEverythingThatIsNotUnreserved) {
  EXPECT_EQ(percent_encode("a b&外~"), "a%20b%26%E5%A4%96~");
  EXPECT_EQ(percent_encode("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(percent_encode("*+/\xFF"), "%2A%2B%2F%FF");
}

TEST(PercentCoding, GivesBackEveryByteThatItEscaped) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(percent_decode(percent_encode(all), plus_sign::kept), all);
  EXPECT_EQ(percent_decode(percent_encode(all), plus_sign::is_space), all);
}

TEST(PercentCoding, TakesAPlusForASpaceOnlyWhereTold) {
  EXPECT_EQ(percent_decode("%E5%bc%A0+x", plus_sign::is_space), "张 x");
  EXPECT_EQ(percent_decode("%E5%bc%A0+x", plus_sign::kept), "张+x");
}

TEST(PercentCoding, RefusesBrokenEscapes) {
  for (const auto* broken : {"%", "a%2", "a%zz", "%2g", "%g2", "%%20"})
    EXPECT_EQ(percent_decode(broken, plus_sign::kept), std::nullopt) << broken;
}

TEST(PercentCoding, AQueryIsReadInItsOrderUpToALimitOrNotAtAll) {
  using pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(parse_query("a=1+2&&b&a=%E5%A4%96&c=x=y", 4), (pairs{{"a", "1 2"}, {"b", ""}, {"a", "外"}, {"c", "x=y"}}));
  EXPECT_EQ(parse_query("a&b&c", 3)->size(), 3U);
  EXPECT_FALSE(parse_query("a&b&c&d", 3));
  EXPECT_FALSE(parse_query("a=1&b=%g0", 3));
  EXPECT_EQ(parse_query("", 0), pairs{});
}

}  // namespace
}  // namespace waihu
