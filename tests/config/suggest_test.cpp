#include "config/suggest.hpp"

#include <gtest/gtest.h>

namespace waihu::config {
namespace {

TEST(Suggestion, CountsEdits) {
  EXPECT_EQ(edit_distance("port", "port"), 0U);
  EXPECT_EQ(edit_distance("port", "prot"), 1U);
  EXPECT_EQ(edit_distance("port", "por"), 1U);
  EXPECT_EQ(edit_distance("port", "ports"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

TEST(Suggestion, FindsMistypedMisplacedAndUnitlessKeys) {
  EXPECT_EQ(nearest_key("http.prot"), "http.port");
  EXPECT_EQ(nearest_key("job.look_interval"), "job.look_interval_ms");
  EXPECT_EQ(nearest_key("job.deadline_ms"), "job.deadline_s");
  EXPECT_EQ(nearest_key("http.jwt_secret"), "auth.jwt_secret");
  EXPECT_EQ(nearest_key("strore.url"), "store.url");
}

TEST(Suggestion, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest_key("http.completely_different_thing"), "");
  EXPECT_EQ(nearest_section("zzzzzzzzzz"), "");
}

}  // namespace
}  // namespace waihu::config
