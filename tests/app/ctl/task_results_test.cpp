#include "app/ctl/task_results.hpp"

#include <gtest/gtest.h>

#include "tests/app/ctl/one_shot_server.hpp"

namespace waihu::ctl {
namespace {

rapidjson::Document parse(const std::string& text) {
  rapidjson::Document d;
  d.Parse(text.data(), text.size());
  EXPECT_FALSE(d.HasParseError());
  return d;
}

const std::string finished_row = R"({"JobId":"j","Status":"Succeeded","StatusText":"已完成","LeadsName":"王小明",
  "LeadsPhone":"13812345678","is_interested":1,"Outcome":"connected","OutcomeText":"已接通",
  "DispositionText":"已接通-用户挂机","Tasks":[{"TaskId":"t","Conversation":CONVERSATION}],
  "follow_data":{"leads_remark":"约周六","next_follow_time":"2026-11-28 15:00:00"}})";

std::string row_with(const std::string& conversation) {
  auto text = finished_row;
  return text.replace(text.find("CONVERSATION"), 12, conversation);
}

TEST(TaskResults, ShowACallAsARow) {
  const auto row = parse(row_with("\"\""));
  EXPECT_EQ(result_cells(3, row),
            (std::vector<std::string>{"3", "王小明", "13812345678", "已完成", "connected 已接通", "已接通-用户挂机",
                                      "interested", "约周六", "2026-11-28 15:00:00"}));
  EXPECT_EQ(result_cells(3, row).size(), result_headings().size());
}

TEST(TaskResults, ShowACallThatIsNotOverWithEmptyCells) {
  const auto row = parse(R"({"JobId":"","Status":"","Tasks":[],"is_interested":null,"follow_data":null})");
  EXPECT_EQ(result_cells(1, row).size(), result_headings().size());
  EXPECT_EQ(interest_cell(row), "");
  EXPECT_EQ(outcome_cell(row), "");
  EXPECT_NE(format_transcript(1, row).find("none yet"), std::string::npos);
}

TEST(Transcript, ReadsTheConversationAsArrayAndAsText) {
  const std::string array = R"([{"Timestamp":1000,"Speaker":"Robot","Script":"您好"},)"
                            R"({"Timestamp":66000,"Speaker":"Contact","Script":"你好\u001b"}])";
  std::string as_text;
  for (const char c : array) as_text += c == '"' ? "\\\"" : c == '\\' ? "\\\\" : std::string(1, c);
  for (const auto& told : {array, "\"" + as_text + "\""}) {
    const auto text = format_transcript(2, parse(row_with(told)));
    EXPECT_NE(text.find("[00:00] 机器人  您好"), std::string::npos) << text;
    EXPECT_NE(text.find("[01:05] 客户　  你好 \n"), std::string::npos) << text;
    EXPECT_NE(text.find("follow-up: 约周六"), std::string::npos);
    EXPECT_NE(text.find("interest:  interested"), std::string::npos);
    EXPECT_NE(text.find("next call: 2026-11-28 15:00:00"), std::string::npos);
  }
}

TEST(Transcript, SurvivesAConversationThatIsNone) {
  for (const auto* told : {"null", "\"\"", "\"[\"", "[]", "5", "\"{}\""})
    EXPECT_NE(format_transcript(1, parse(row_with(told))).find("(no conversation)"), std::string::npos) << told;
}

TEST(TaskResults, TakesATaskWithoutRowsForEmptyAndARefusalForARefusal) {
  const auto reply = [](int code) {
    const auto body = R"({"status":"error","code":)" + std::to_string(code) + R"(,"message":"x","data":{}})";
    return "HTTP/1.1 400 Bad Request\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  int rows = 0;
  const auto count = [&](const rapidjson::Value&) { return ++rows > 0; };
  {
    one_shot_server server(reply(4008));
    api_client api(*server_address::parse(server.url()), {}, seconds{5});
    EXPECT_TRUE(for_each_result(api, 1, count));
  }
  {
    one_shot_server server(reply(4004));
    api_client api(*server_address::parse(server.url()), {}, seconds{5});
    EXPECT_EQ(for_each_result(api, 1, count).error().code, errc::rejected);
  }
  EXPECT_EQ(rows, 0);
}

}  // namespace
}  // namespace waihu::ctl
