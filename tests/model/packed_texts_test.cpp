#include "messages/model/packed_texts.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace waihu {
namespace {

using pack = packed_texts<5>;

TEST(PackedTexts, AreEmptyAndFreeUntilSomethingIsKept) {
  const pack none;
  const pack blank(pack::texts{});
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(none[i], "");
    EXPECT_EQ(blank[i], "");
  }
  EXPECT_EQ(sizeof(pack), sizeof(void*));
}

TEST(PackedTexts, GiveBackWhatWasKeptByteByByte) {
  using namespace std::string_view_literals;
  const pack kept(pack::texts{"王小明"sv, ""sv, "a\0b"sv, "13800138000"sv, ""sv});
  EXPECT_EQ(kept.all(), (pack::texts{"王小明"sv, ""sv, "a\0b"sv, "13800138000"sv, ""sv}));
}

TEST(PackedTexts, MayBeMadeOfTheirOwnTexts) {
  std::mt19937 random(7);
  pack kept;
  std::array<std::string, 5> model;
  for (int round = 0; round < 2'000; ++round) {
    const auto which = random() % 5;
    model[which] = std::string(random() % 40, static_cast<char>('a' + random() % 26));
    auto all = kept.all();
    all[which] = model[which];
    kept = pack(all);
    for (std::size_t i = 0; i < 5; ++i) ASSERT_EQ(kept[i], model[i]) << "round " << round;
  }
}

}  // namespace
}  // namespace waihu
