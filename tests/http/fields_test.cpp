// Validation of members and lead filters without a server.
#include <gtest/gtest.h>

#include "http/application.hpp"
#include "http/body_fields.hpp"
#include "http/lead_filter_codec.hpp"

namespace waihu::http {
namespace {

TEST(BodyFields, NumericStringsAreIntegersAndNullIsAbsent) {
  body_fields b(R"({"a":"12","b":null,"c":7,"d":3.0,"e":" -5 ","f":""})");
  EXPECT_EQ(b.integer("a"), 12);
  EXPECT_FALSE(b.integer("b"));
  EXPECT_EQ(b.required_integer("c"), 7);
  EXPECT_EQ(b.integer("d"), 3);
  EXPECT_EQ(b.integer("e"), -5);
  EXPECT_FALSE(b.integer("f"));
  EXPECT_TRUE(b.ok());
}

TEST(BodyFields, WhatIsNoIntegerIsAnError) {
  for (const auto* v :
       {"true", "1.5", "\"1x\"", "[1]", "{}", "99999999999999999999", "\"99999999999999999999\"", "1e300"}) {
    body_fields b(std::string(R"({"a":)") + v + "}");
    EXPECT_FALSE(b.integer("a")) << v;
    EXPECT_FALSE(b.ok()) << v;
  }
}

TEST(BodyFields, DepthIsLimitedAndTheLimitIsExact) {
  const auto nested = [](int n) {
    return R"({"a":)" + std::string(static_cast<std::size_t>(n - 1), '[') +
           std::string(static_cast<std::size_t>(n - 1), ']') + "}";
  };
  EXPECT_TRUE(body_fields(nested(body_fields::depth_limit)).ok());
  EXPECT_FALSE(body_fields(nested(body_fields::depth_limit + 1)).ok());
  EXPECT_TRUE(body_fields(R"({"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[[["})").ok());
}

TEST(BodyFields, NoMoreThanAHundredErrorsAreToldAndTheRestIsCounted) {
  const auto with_bad_ranges = [](std::size_t n) {
    std::string list;
    for (std::size_t i = 0; i < n; ++i) list += (i == 0 ? "1" : ",1");
    return R"({"a":[)" + list + "]}";
  };
  body_fields full(with_bad_ranges(body_fields::error_limit));
  full.text_pairs("a");
  EXPECT_EQ(full.errors().size(), body_fields::error_limit);
  EXPECT_EQ(full.errors().back().field, "a");
  body_fields over(with_bad_ranges(300'000));
  over.text_pairs("a");
  over.required_text("missing");
  over.object("a");
  ASSERT_EQ(over.errors().size(), body_fields::error_limit + 1);
  EXPECT_EQ(over.errors().back().field, "body");
  EXPECT_EQ(over.errors().back().reason, "另有 299902 处错误未列出");
}

TEST(BodyFields, ListsComeAsArraysOrCommaText) {
  body_fields b(R"({"a":" x , ,y","b":["x",null,"y"],"c":[1,"2"],"d":"1,2","e":5,"bad":[1]})");
  EXPECT_EQ(b.texts("a"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(b.texts("b"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(b.integers("c"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(b.integers("d"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(b.integers("e"), (std::vector<std::int64_t>{5}));
  EXPECT_TRUE(b.ok());
  b.texts("bad");
  EXPECT_FALSE(b.ok());
}

TEST(BodyFields, HalfACharacterIsRefusedHoweverItIsWritten) {
  for (const auto* bad : {R"({"a":"\udc00"})", R"({"a":["x\uDfFf"]})", R"({"\udc00":1})", "{\"a\":\"\xED\xB0\x80\"}"}) {
    const body_fields b(bad);
    ASSERT_EQ(b.errors().size(), 1U) << bad;
    EXPECT_EQ(b.errors().front().field, "body") << bad;
  }
  body_fields good(R"({"a":"\ud83d\ude00\u0041"})");
  EXPECT_EQ(good.text("a"), "😀A");
}

TEST(BodyFields, ANumberAsTextKeepsItsLimit) {
  body_fields b(R"({"a":123456,"b":1234567})");
  EXPECT_EQ(b.text_or_number("a", 6), "123456");
  EXPECT_FALSE(b.text_or_number("b", 6));
  EXPECT_FALSE(b.ok());
}

TEST(BodyFields, ARequiredIdIsThereAndNotEmpty) {
  body_fields ids(R"({"n":202601281644031088,"empty":"","nothing":null,"list":[]})");
  EXPECT_EQ(ids.required_text_or_number("n", 64), "202601281644031088");
  EXPECT_TRUE(ids.ok());
  for (const auto* name : {"empty", "nothing", "list"}) EXPECT_EQ(ids.required_text_or_number(name, 64), "") << name;
  ASSERT_EQ(ids.errors().size(), 3U);
  EXPECT_EQ(ids.errors()[1].reason, "缺少必填字段");
}

TEST(BodyFields, NumbersAreGivenBackAsTheyCame) {
  // The last digits that a double tells apart, the ends of the integers, and what RapidJSON's readings get wrong.
  for (const std::string number : {"0.1", "1.7976931348623157e308", "5e-324", "123456789.12345679", "9007199254740993",
                                   "-9223372036854775808", "18446744073709551615", "2.2250738585072014e-308"})
    EXPECT_EQ(body_fields("{\"n\":" + number + "}").json(), "{\"n\":" + number + "}");
  // 2^64 is a double; RapidJSON writes the shortest digits that lead back to it.
  EXPECT_EQ(body_fields(R"({"n":18446744073709551616})").json(), R"({"n":18446744073709553000.0})");
  const std::string many(400, '0');
  EXPECT_EQ(body_fields("{\"n\":0." + many + "}").json(), R"({"n":0.0})");
}

TEST(BodyFields, ANumberBeyondDoublesIsRefused) {
  for (const auto& number : {std::string("1844670e302"), std::string("-1e309"), "1" + std::string(310, '0')}) {
    const body_fields fields("{\"n\":" + number + "}");
    ASSERT_EQ(fields.errors().size(), 1U) << number;
    EXPECT_EQ(fields.errors()[0].reason, "数字超出范围") << number;
  }
}

TEST(BodyFields, LengthCountsCharactersNotBytes) {
  body_fields b(R"({"a":"外呼任务"})");
  EXPECT_TRUE(b.text("a", 4));
  EXPECT_FALSE(b.text("a", 3));
}

TEST(StorableText, RefusesEveryBrokenSequence) {
  for (const auto* good : {"", "a", "外呼", "\xF0\x9F\x98\x80"}) EXPECT_TRUE(is_storable_text(good)) << good;
  for (const auto* bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF8\x88\x80\x80\x80", "\xE5\xA4", "a\xFF"})
    EXPECT_FALSE(is_storable_text(bad)) << bad;
  EXPECT_FALSE(is_storable_text(std::string_view("a\0b", 3)));
}

TEST(ZoneClock, KnowsTheOffsetOfEachInstantAndZoneInAnyOrder) {
  const auto shanghai = zone_clock::in("Asia/Shanghai").value();
  const auto new_york = zone_clock::in("America/New_York").value();
  // The clocks of New York were put back at 06:00 UTC on 2026-11-01 and on at 07:00 UTC on 2026-03-08.
  const wall_time back{seconds{1'793'512'800}};
  const wall_time on{seconds{1'772'953'200}};
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(new_york.format(back - milliseconds{1}), "2026-11-01 01:59:59");
    EXPECT_EQ(shanghai.format(back), "2026-11-01 14:00:00");
    EXPECT_EQ(new_york.format(back), "2026-11-01 01:00:00");
    EXPECT_EQ(new_york.format(on), "2026-03-08 03:00:00");
    EXPECT_EQ(new_york.format(on - seconds{1}), "2026-03-08 01:59:59");
    EXPECT_EQ(shanghai.format(wall_time{}), "1970-01-01 08:00:00");
  }
}

TEST(LeadFilter, RangesPairByPosition) {
  const auto zone = zone_clock::in("Asia/Shanghai").value();
  body_fields b(
      R"({"first_follow_start":"2024-01-01;2024-03-01,2024-03-02;2024-05-01","first_follow_end":"2024-01-31;2024-03-02",
    "next_follow_end":"2024-06-01;2024-07-01,2024-07-02","latest_follow_ranges":[["2024-01-01","2024-01-02"],{"start":"2024-02-01"},"2024-03-01,2024-03-03"]})");
  const auto f = read_lead_filter(b, zone);
  ASSERT_TRUE(b.ok()) << b.errors().front().field;
  ASSERT_EQ(f.first_follow.size(), 3U);
  EXPECT_EQ(zone.format(*f.first_follow[0].until), "2024-01-31 23:59:59");
  EXPECT_EQ(zone.format(*f.first_follow[1].from), "2024-03-01 00:00:00");
  EXPECT_EQ(zone.format(*f.first_follow[1].until), "2024-03-02 23:59:59");
  EXPECT_FALSE(f.first_follow[2].until);
  ASSERT_EQ(f.next_follow.size(), 2U);
  EXPECT_FALSE(f.next_follow[0].from);
  EXPECT_EQ(zone.format(*f.next_follow[1].from), "2024-07-01 00:00:00");
  ASSERT_EQ(f.latest_follow.size(), 3U);
  EXPECT_FALSE(f.latest_follow[1].until);
}

TEST(LeadFilter, ReversedAndBrokenRangesAreErrorsOfTheirField) {
  const auto zone = zone_clock::in("Asia/Shanghai").value();
  body_fields b(
      R"({"first_arrive_start":"2024-02-01","first_arrive_end":"2024-01-01","next_follow_end":"soon","latest_follow_start":"a,b,c"})");
  read_lead_filter(b, zone);
  ASSERT_EQ(b.errors().size(), 3U);
  EXPECT_EQ(b.errors()[0].field, "latest_follow_start");
  EXPECT_EQ(b.errors()[1].field, "next_follow_end");
  EXPECT_EQ(b.errors()[2].field, "first_arrive_start");
}

TEST(Target, IsDecodedAndBounded) {
  request r;
  EXPECT_TRUE(read_target("/a%20b?x=1+2&y=%E5%A4%96&flag&x=3", r));
  EXPECT_EQ(r.path, "/a b");
  EXPECT_EQ(*r.parameter("x"), "1 2");
  EXPECT_EQ(*r.parameter("y"), "外");
  EXPECT_EQ(*r.parameter("flag"), "");
  for (const auto* bad : {"", "x", "/%", "/%4", "/%gg", "/%00", "/%ff"}) {
    request other;
    EXPECT_FALSE(read_target(bad, other)) << bad;
  }
  std::string too_many;
  for (int i = 0; i < 101; ++i) too_many += "&a=1";
  request many;
  EXPECT_FALSE(read_target("/?" + too_many, many));
}

}  // namespace
}  // namespace waihu::http
