// When a recording's link ends, by its own words.
#include "messages/model/voice.hpp"

#include <gtest/gtest.h>

namespace waihu {
namespace {

TEST(RecordingExpiry, IsTheExpiresOfTheQuery) {
  EXPECT_EQ(recording_expiry("https://a/b?x=1&Expires=77&s=2"), from_epoch_ms(77'000));
  EXPECT_EQ(recording_expiry("https://a/b?Expires=1767229200"), from_epoch_ms(1'767'229'200'000));
  EXPECT_EQ(recording_expiry("?Expires=77#Expires=99"), from_epoch_ms(77'000));
}

TEST(RecordingExpiry, IsUnknownWhereTheLinkDoesNotSay) {
  for (const auto* url :
       {"", "https://a/b", "https://a/NoExpires=77", "https://a/b?NoExpires=77", "https://a/Expires=77",
        "https://a/b?x=1#&Expires=77", "https://a/b?Expires=", "https://a/b?Expires", "?Expires=7x", "?Expires=-5",
        "?Expires=0", "?Expires= 77", "?Expires=253402300800", "?Expires=99999999999999999999999"})
    EXPECT_FALSE(recording_expiry(url)) << url;
}

TEST(RecordingExpiry, PassesOverAnExpiresThatIsNoNumber) {
  EXPECT_EQ(recording_expiry("https://a/b?Expires=soon&Expires=77"), from_epoch_ms(77'000));
}

}  // namespace
}  // namespace waihu
