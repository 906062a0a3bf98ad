// What comes out of an answer is text that can be stored and shown, whatever the answer's bytes were.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "messages/model/text.hpp"
#include "provider/analysis_prompt.hpp"
#include "provider/json_reading.hpp"
#include "provider/outboundbot_answer.hpp"
#include "provider/outboundbot_codec.hpp"

namespace waihu::provider {
namespace {

TEST(AnswerText, AFailureNeverQuotesBytesThatAreNoText) {
  http_answer answer;
  answer.status = 400;
  answer.body = "<Error><Code>In\xA4\x93valid</Code><Message>wr\xFFong</Message></Error>";
  rapidjson::Document doc;
  const auto read = read_answer("AssignJobs", answer, text_cleaner({}), doc);
  ASSERT_FALSE(read);
  EXPECT_TRUE(is_storable_text(read.error().message)) << read.error().message;
  EXPECT_TRUE(is_storable_text(read.error().vendor_code));
}

TEST(AnswerText, ACutInsideACharacterLeavesNoHalf) {
  // The text is cut before the digits in it vanish, so that the cut ends up inside of what is kept.
  const auto text = std::string(3198, '7') + "客户";
  EXPECT_TRUE(is_storable_text(text_cleaner({}).clean(text)));
}

TEST(AnswerText, HalfACharacterOfAJobIsMended) {
  const std::string body =
      R"({"Jobs":[{"JobId":"j\udc00","Status":"Succeeded","Tasks":[{"TaskId":"\u0000","\u0043onversation":["\udc00"]}]}]})";
  rapidjson::Document doc;
  ASSERT_TRUE(json::parse(body, doc));
  const auto jobs = outboundbot::read_jobs(doc, body);
  ASSERT_TRUE(jobs);
  ASSERT_EQ(jobs->size(), 1U);
  EXPECT_EQ(jobs->front().call_job_id, "j\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(jobs->front().last.call_task_id, "\uFFFD");
  EXPECT_TRUE(is_storable_text(jobs->front().last.conversation_json));
  EXPECT_EQ(jobs->front().status, call_status::succeeded);
}

TEST(AnswerText, HalfACharacterOfARemarkIsMended) {
  const auto read = read_analysis(R"({"leads_remark":"忙\udc00","is_interested":2})", 480, wall_time{});
  ASSERT_TRUE(read);
  EXPECT_TRUE(is_storable_text(read->remark));
  EXPECT_EQ(read->is_interested, interest::not_interested);
}

TEST(AnswerText, ATimeThatNoCallCanHaveIsReadAsNone) {
  for (const auto* time : {"17672256203000", "-1", "9223372036854775807", "\"soon\""}) {
    const auto body =
        R"({"Jobs":{"List":[{"Id":"j","Status":"Succeeded","LatestTask":{"CallTime":)" + std::string(time) + "}}]}}";
    rapidjson::Document doc;
    ASSERT_TRUE(json::parse(body, doc));
    const auto page = outboundbot::read_job_results(doc, "g");
    ASSERT_TRUE(page);
    EXPECT_EQ(page->items.at(0).last.actual_ms, 0) << time;
  }
}

}  // namespace
}  // namespace waihu::provider
