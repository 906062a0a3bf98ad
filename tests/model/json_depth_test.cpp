// Nesting is counted exactly, and what stands in strings does not count.
#include "messages/model/json_depth.hpp"

#include <gtest/gtest.h>

#include <string>

namespace waihu {
namespace {

TEST(JsonDepth, TheLimitItselfIsTakenAndOneMoreIsNot) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_FALSE(is_nested_deeper_than(nested(5), 5));
  EXPECT_TRUE(is_nested_deeper_than(nested(6), 5));
  EXPECT_FALSE(is_nested_deeper_than("[{},{},{},[],[]]", 2)) << "neighbours do not add up";
  EXPECT_TRUE(is_nested_deeper_than(std::string(1000, '{'), 5)) << "it need not be closed";
  EXPECT_FALSE(is_nested_deeper_than("", 0));
}

TEST(JsonDepth, BracketsInStringsDoNotCountAlsoBehindEscapedQuotes) {
  EXPECT_FALSE(is_nested_deeper_than(R"(["[[[[\"[[[[\\"])", 1));
  EXPECT_TRUE(is_nested_deeper_than(R"(["\\",[]])", 1)) << "the string ended before";
}

}  // namespace
}  // namespace waihu
