#include "telemetry/line_format.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "messages/model/ids.hpp"

namespace waihu::telemetry {
namespace {

const wall_time at = from_epoch_ms(1'795'352'400'123);  // 2026-11-22T13:00:00.123Z

std::string text_of(std::initializer_list<field> fields, std::string_view text = {}) {
  return format_text({at, log_level::info, "dispatch", "dispatch.sent", {fields.begin(), fields.size()}, text});
}
std::string json_of(std::initializer_list<field> fields, std::string_view text = {}) {
  return format_json({at, log_level::warn, "dispatch", "dispatch.sent", {fields.begin(), fields.size()}, text});
}

TEST(LogText, HoldsTimeLevelComponentEventAndFields) {
  EXPECT_EQ(text_of({{"task", task_id{12}}, {"ok", true}, {"rate", 0.5}, {"name", "a"}}),
            "2026-11-22T13:00:00.123Z INFO  dispatch dispatch.sent task=12 ok=true rate=0.5 name=a");
}

TEST(LogText, QuotesWhatCouldBeTakenForAnotherField) {
  EXPECT_EQ(text_of({{"name", "a b=c \"q\" \\"}}).substr(54), R"(name="a b=c \"q\" \\")");
  EXPECT_EQ(text_of({{"name", ""}}).substr(54), R"(name="")");
}

TEST(LogText, PutsASentenceAtTheEnd) { EXPECT_EQ(text_of({{"n", 1}}, "went well").substr(54), "n=1 -- went well"); }

TEST(LogLine, CannotBeForgedByAnOutsideNewline) {
  for (const auto& line : {text_of({{"name", "x\n2026 ERROR forged\r\t\x01"}}, "a\nb"),
                           json_of({{"name", "x\n\",\"level\":\"error\r\t\x01"}}, "a\nb")}) {
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  }
  EXPECT_NE(json_of({{"name", "a\",\"b"}}).find(R"("name":"a\",\"b")"), std::string::npos);
}

TEST(LogLine, AlwaysMasksPhonesAndHidesSecrets) {
  for (const auto& line : {text_of({{"phone", phone{"13812345678"}}, {"key", secret_string("hunter2")}}),
                           json_of({{"phone", phone{"13812345678"}}, {"key", secret_string("hunter2")}})}) {
    EXPECT_EQ(line.find("13812345678"), std::string::npos);
    EXPECT_NE(line.find("138****5678"), std::string::npos);
    EXPECT_EQ(line.find("hunter2"), std::string::npos);
    EXPECT_NE(line.find("***"), std::string::npos);
  }
}

TEST(LogJson, WritesEachTypeAsItsOwn) {
  EXPECT_EQ(json_of({{"task", 12},
                     {"big", std::numeric_limits<std::uint64_t>::max()},
                     {"ok", false},
                     {"rate", 1.5},
                     {"nan", std::numeric_limits<double>::quiet_NaN()},
                     {"name", "外呼"}},
                    "done"),
            R"({"ts":"2026-11-22T13:00:00.123Z","level":"warn","component":"dispatch","event":"dispatch.sent",)"
            R"("task":12,"big":18446744073709551615,"ok":false,"rate":1.5,"nan":null,"name":"外呼","text":"done"})");
}

TEST(LogJson, ReplacesBrokenUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_NE(json_of({{"x", "a\xFFz"}}).find("\"a" + replacement + "z\""), std::string::npos);
  EXPECT_NE(json_of({{"x", "\xC0\xAF"}}).find("\"" + replacement + replacement + "\""), std::string::npos)
      << "overlong forms are broken too";
  EXPECT_NE(json_of({{"x", "\xED\xA0\x80"}}).find(replacement), std::string::npos) << "so are surrogates";
  EXPECT_NE(json_of({{"x", "外\xE5\x91"}}).find("\"外" + replacement), std::string::npos);
  EXPECT_NE(json_of({{"x", "\xF0\x9F\x98\x80"}}).find("\xF0\x9F\x98\x80"), std::string::npos);
}

TEST(LogLine, CutsLongValuesAndStaysWellFormed) {
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "呼";
  const auto line = json_of({{"x", many}});
  EXPECT_LT(line.size(), max_field_bytes + 300);
  EXPECT_NE(line.find("…\"}"), std::string::npos);
  EXPECT_EQ(line.find("\xEF\xBF\xBD"), std::string::npos)
      << "the cut falls inside a character, which must vanish whole";
}

}  // namespace
}  // namespace waihu::telemetry
