#include "messages/model/failure.hpp"

#include <gtest/gtest.h>

#include <set>

namespace waihu {
namespace {

constexpr int first = static_cast<int>(errc::invalid_argument);
constexpr int last = static_cast<int>(errc::internal);

TEST(Failure, HasADistinctNameForEveryCode) {
  std::set<std::string_view> names;
  for (int i = first; i <= last; ++i) {
    const auto name = to_string(static_cast<errc>(i));
    EXPECT_NE(name, "unknown") << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(to_string(static_cast<errc>(last + 1)), "unknown") << "the walk above ended at the last code";
}

TEST(Failure, NeverClaimsThatALostOrLateAnswerProvesNothingHappened) {
  const std::set<errc> may{errc::timed_out, errc::lost, errc::malformed, errc::internal};
  for (int i = first; i <= last; ++i) {
    const auto code = static_cast<errc>(i);
    EXPECT_EQ(may_have_happened(code), may.contains(code)) << to_string(code);
  }
}

TEST(Failure, IsTransientOnlyWhereAskingAgainCanHelp) {
  const std::set<errc> transient{errc::throttled, errc::unavailable, errc::timed_out, errc::lost, errc::overloaded};
  for (int i = first; i <= last; ++i) {
    const auto code = static_cast<errc>(i);
    EXPECT_EQ(is_transient(code), transient.contains(code)) << to_string(code);
  }
}

TEST(Failure, TravelsInAResult) {
  const result<int> r = fail(errc::throttled, "slow down", "Throttling.User");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error(), (failure{errc::throttled, "slow down", "Throttling.User", 0}));
}

}  // namespace
}  // namespace waihu
