#include "telemetry/secret.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <ostream>
#include <sstream>

namespace waihu::telemetry {
namespace {

TEST(PhoneMask, ShowsThreeAndFourOfAMobileNumber) { EXPECT_EQ(mask_phone("13812345678"), "138****5678"); }
TEST(PhoneMask, ShowsTheSameOfALongerNumber) { EXPECT_EQ(mask_phone("+8613812345678"), "+86****5678"); }
TEST(PhoneMask, ShowsTwoDigitsOfAShorterNumber) { EXPECT_EQ(mask_phone("62345678"), "**78"); }
TEST(PhoneMask, ShowsNothingOfAVeryShortNumber) { EXPECT_EQ(mask_phone("10086"), "****"); }
TEST(PhoneMask, LeavesAnEmptyNumberEmpty) { EXPECT_EQ(mask_phone(""), ""); }

TEST(PhoneMask, NeverLetsMoreThanSevenDigitsThrough) {
  for (std::size_t n = 1; n < 40; ++n) {
    const auto masked = mask_phone(std::string(n, '7'));
    EXPECT_LE(std::count(masked.begin(), masked.end(), '7'), 7) << n;
    EXPECT_NE(masked.find('*'), std::string::npos) << n;
  }
}

template <class T>
concept streamable = requires(std::ostream& o, const T& t) {
  o << t;
};
template <class T>
concept turns_into_text = std::convertible_to<const T&, std::string_view> || std::convertible_to<const T&, std::string>;

TEST(Secret, CannotBeStreamedOrTurnedIntoText) {
  static_assert(!streamable<secret_string>);
  static_assert(!turns_into_text<secret_string>);
  static_assert(streamable<std::string>);
  EXPECT_EQ(secret_string("x").reveal(), "x");
}

TEST(Secret, LeavesNothingBehindWhenMovedFrom) {
  secret_string a("a short one");
  const secret_string b = std::move(a);
  EXPECT_EQ(b.reveal(), "a short one");
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is the promise
}

}  // namespace
}  // namespace waihu::telemetry
