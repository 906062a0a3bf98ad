// What a deployment's language model does when it does not do well, each fault played by a real waihu-sim to the real
// client over HTTP, and what is then written about the call (state-machines.md section 3), by the follow-up's own
// rules.
#include <string>
#include <vector>

#include "actors/follow_up_machine.hpp"
#include "provider/follow_time.hpp"
#include "provider/json_reading.hpp"
#include "provider/transcript.hpp"
#include "tests/provider/analyst_scene.hpp"

namespace waihu {
namespace {

using testing::analyst_scene;

constexpr const char* unreadable = "AI分析结果解析失败，需要人工跟进";

analysis_request refusing_lead() {
  analysis_request out;
  out.conversation_json =
      R"([{"Speaker":"Robot","Script":"您好，想看车吗？"},{"Speaker":"Contact","Script":"不需要"}])";
  out.call_time = provider::parse_local_time("2026-03-04 10:30:00", 480).value();
  return out;
}

std::string rule(const std::string& effect) { return R"([{"action":"ChatCompletions",)" + effect + "}]"; }

/// What is written when the model answers like this every time: the follow-up's tries, an hour of patience between.
struct written {
  follow_up_text text;
  int tries{};
};

written follow_up(const std::function<result<analysis>()>& analyse) {
  written out;
  const follow_up_policy policy;
  follow_up_position at;
  auto now = steady_time{} + std::chrono::hours{1};
  const auto tell = [&](const follow_up_fact& fact) {
    const auto decided = decide(at, fact, policy, now);
    if (decided) at = decided->next;
    return decided.has_value();
  };
  tell(follow_fact::begun{call_status::succeeded, job_outcome::connected, "", true});
  while (at.step == follow_up_step::analysing && out.tries < 10) {
    ++out.tries;
    auto got = analyse();
    if (got) tell(follow_fact::analysed{std::move(*got)});
    else tell(follow_fact::analysis_failed{got.error().code, got.error().message});
    now += policy.analysis_retry;
    if (at.step == follow_up_step::backing_off) tell(follow_fact::woken{});
  }
  EXPECT_EQ(at.step, follow_up_step::committing);
  out.text = at.text;
  return out;
}

struct fault_case {
  const char* name;
  std::string effect;  ///< Of the simulator.
  errc code;           ///< Of each try.
  std::string remark;  ///< That the lead gets in the end.
};

std::string failed(const std::string& reason) { return "AI分析失败: " + reason + "，需要人工跟进"; }

TEST(ModelFaults, ThatLastAreWrittenAsFailedAfterThreeTries) {
  const std::vector<fault_case> cases = {
      {"rate limit", R"("effect":"throttle","status":429,"code":"limit_requests","message":"slow down")",
       errc::throttled, failed("model: HTTP 429: slow down")},
      {"quota as 400", R"("effect":"error","status":400,"code":"Throttling.RateQuota","message":"quota")",
       errc::throttled, failed("model: HTTP 400: quota")},
      {"key refused", R"("effect":"error","status":401,"code":"invalid_api_key","message":"Incorrect key sk-judge")",
       errc::unauthorized, failed("model: HTTP 401")},
      {"internal error", R"("effect":"error","status":500,"code":"internal_error","message":"oops")", errc::lost,
       failed("model: HTTP 500: oops")},
      {"content refused before", R"("effect":"error","status":400,"code":"data_inspection_failed","message":"no")",
       errc::rejected, failed("model: HTTP 400: no")},
      {"gateway's HTML page", R"("effect":"html_503")", errc::lost, failed("model: HTTP 503")},
      {"HTML page as a success", R"("effect":"not_json_200","message":"<html><body>portal</body></html>")", errc::lost,
       failed("model: HTTP 200, not JSON")},
      {"half an answer", R"("effect":"half_answer")", errc::lost, ""},
      {"connection closed", R"("effect":"lose_answer_after_accept")", errc::lost, ""},
      {"connection reset", R"("effect":"reset")", errc::lost, ""},
      {"no choices", R"("effect":"llm_empty_choices")", errc::lost, failed("model: HTTP 200 without choices")},
      {"no content", R"("effect":"llm_null_content")", errc::lost, failed("model: HTTP 200 without content")},
      {"cut off at max_tokens", R"("effect":"llm_truncated")", errc::rejected,
       failed("model: answer cut off at max_tokens")},
      {"content refused while speaking", R"("effect":"llm_content_filter")", errc::rejected,
       failed("model: content refused")},
  };
  analyst_scene scene("dashscope");
  for (const auto& c : cases) {
    scene.behave();
    scene.misbehave(rule(c.effect));
    const auto end = follow_up([&] {
      auto got = scene.ask(refusing_lead());
      EXPECT_FALSE(got) << c.name;
      EXPECT_EQ(got ? errc::internal : got.error().code, c.code) << c.name;
      return got;
    });
    EXPECT_EQ(end.tries, 3) << c.name;
    EXPECT_EQ(end.text.is_interested, interest::undecided) << c.name;
    EXPECT_FALSE(end.text.next_follow_time) << c.name;
    const auto& remark = end.text.remark;
    EXPECT_TRUE(remark.starts_with("AI分析失败: ") && remark.ends_with("，需要人工跟进")) << c.name << remark;
    if (!c.remark.empty()) {
      EXPECT_EQ(remark, c.remark) << c.name;
    }
    EXPECT_EQ(remark.find("sk-judge"), std::string::npos) << c.name;
    EXPECT_EQ(remark.find('<'), std::string::npos) << c.name;
  }
}

TEST(ModelFaults, ThatEndAreForgotten) {
  analyst_scene scene("vllm");
  scene.misbehave(R"([{"action":"ChatCompletions","when":{"count":2},"effect":"error","status":500}])");
  const auto end = follow_up([&] { return scene.ask(refusing_lead()); });
  EXPECT_EQ(end.tries, 3);
  EXPECT_EQ(end.text.is_interested, interest::not_interested);
  EXPECT_EQ(end.text.remark, "客户明确表示没有意向；");
}

TEST(ModelFaults, CarryTheTimeThatAServerAsksFor) {
  for (const auto* dialect : {"dashscope", "vllm", "ollama", "openai"}) {
    analyst_scene scene(dialect);
    scene.misbehave(rule(R"("effect":"throttle","status":429,"code":"limit_requests","retry_after_ms":7000)"));
    const auto got = scene.ask(refusing_lead());
    ASSERT_FALSE(got) << dialect;
    EXPECT_EQ(got.error().code, errc::throttled) << dialect;
    EXPECT_EQ(got.error().retry_after_ms, 7'000) << dialect;
  }
}

TEST(ModelFaults, InTheShapeOfEveryDialectAreUnderstood) {
  struct shape {
    const char* dialect;
    const char* vendor_code;
  };
  for (const auto& [dialect, vendor_code] : {shape{"dashscope", "model_not_found"}, shape{"vllm", "404"},
                                             shape{"ollama", "model_not_found"}, shape{"openai", "model_not_found"}}) {
    analyst_scene scene(dialect);
    scene.misbehave(rule(R"("effect":"error","status":404,"code":"model_not_found","message":"no such model")"));
    const auto got = scene.ask(refusing_lead());
    ASSERT_FALSE(got) << dialect;
    EXPECT_EQ(got.error().code, errc::rejected) << dialect;
    EXPECT_EQ(got.error().vendor_code, vendor_code) << dialect;
    EXPECT_EQ(got.error().message, "model: HTTP 404: no such model") << dialect;
  }
}

TEST(ModelFaults, OfSlownessEndAtTheDeadline) {
  analyst_scene scene("dashscope");
  scene.misbehave(rule(R"("effect":"hold")"));
  const auto begun = std::chrono::steady_clock::now();
  const auto got = scene.ask(refusing_lead(), milliseconds{300});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds{5});
  scene.behave();
  scene.sim.post("/sim/release", "");
  // The connection that was given up is not used for what follows.
  const auto next = scene.ask(refusing_lead());
  ASSERT_TRUE(next);
  EXPECT_EQ(next->is_interested, interest::not_interested);
}

TEST(ModelFaults, OfSlownessWithinTheDeadlineAreWaitedFor) {
  analyst_scene scene("dashscope");
  scene.misbehave(rule(R"("effect":"delay","ms":250)"));
  const auto got = scene.ask(refusing_lead());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->is_interested, interest::not_interested);
}

/// The content of a completion as a JSON text inside a rule.
std::string says(const std::string& content) {
  rapidjson::Document doc;
  doc.SetString(content, doc.GetAllocator());
  return rule(R"("effect":"llm_content","message":)" + provider::json::to_text(doc));
}

TEST(ModelFaults, ThatAreNotTheAgreedJsonAreAskedForOnceMoreAndThenLeftToPeople) {
  const std::vector<std::string> contents = {
      "我不知道",
      "",
      "{\"leads_remark\": \"没有说完",
      R"({"leads_remark":5,"is_interested":1})",
      R"({"leads_remark":["a"],"is_interested":1})",
      R"({"leads_remark":"x","is_interested":{"value":1}})",
      R"({"leads_remark":"x"})",
      R"([{"remark":"x"}])",
      R"(有意向：{"leads_remark":"x","is_interested":1} 或者：{"leads_remark":"x","is_interested":2})",
      "<html><body>502 Bad Gateway</body></html>"};
  analyst_scene scene("dashscope");
  std::int64_t asked = 0;
  for (const auto& content : contents) {
    scene.behave();
    scene.misbehave(says(content));
    const auto end = follow_up([&] { return scene.ask(refusing_lead()); });
    EXPECT_EQ(end.tries, 1) << content;
    EXPECT_EQ(end.text.remark, unreadable) << content;
    EXPECT_EQ(end.text.is_interested, interest::undecided) << content;
    EXPECT_FALSE(end.text.next_follow_time) << content;
    // Each was asked for twice, and the second time the model still saw the conversation as data.
    const auto ledger = scene.readings(asked);
    ASSERT_EQ(simulator_tests::count_at(ledger, {}), 2U) << content;
    EXPECT_TRUE(simulator_tests::flag_at(ledger[1], {"fenced"}));
    EXPECT_EQ(simulator_tests::text_at(ledger[1], {"lines", "1", "1"}), "不需要");
    asked += 2;
  }
}

TEST(ModelFaults, OfFormThatLeaveTheMeaningClearAreRead) {
  const std::string agreed = R"({"leads_remark":"客户想看车","is_interested":1,"next_follow_time":null})";
  const std::vector<std::string> contents = {
      agreed + "\n以上 {判断} 仅供参考。",
      "客户 {张三} 的分析如下：\n" + agreed,
      "```json\n" + agreed + "\n```\n说明：{is_interested} 取 1。",
      "<think>也许 {\"is_interested\":2,\"leads_remark\":\"\"}</think>" + agreed,
      R"({"result":)" + agreed + "}",
      agreed + "\n" + agreed,
      R"({"leads_remark":"客户想看车","is_interested":"有意向","next_follow_time":"null","confidence":0.9})",
      R"({"leads_remark":"客户想看车","is_interested":true,"next_follow_time":""})"};
  analyst_scene scene("ollama");
  for (const auto& content : contents) {
    scene.behave();
    scene.misbehave(says(content));
    const auto end = follow_up([&] { return scene.ask(refusing_lead()); });
    EXPECT_EQ(end.text.remark, "客户想看车") << content;
    EXPECT_EQ(end.text.is_interested, interest::interested) << content;
    EXPECT_FALSE(end.text.next_follow_time) << content;
  }
  EXPECT_EQ(simulator_tests::count_at(scene.readings(), {}), contents.size());
}

TEST(ModelFaults, OfVerbosityAreCutToAThousandCharacters) {
  std::string remark;
  for (int i = 0; i < 60'000; ++i) remark += "字";
  analyst_scene scene("vllm");
  scene.misbehave(says(R"({"leads_remark":")" + remark + R"(","is_interested":2,"next_follow_time":null})"));
  const auto got = scene.ask(refusing_lead());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->is_interested, interest::not_interested);
  EXPECT_EQ(got->remark, provider::cut_characters(remark, 1000));
}

TEST(ModelFaults, OfWordingOfTheTimeBecomeNow) {
  analyst_scene scene("dashscope");
  for (const auto* time : {R"("下周吧")", R"("2026-02-30 10:00:00")", "17", R"(["2026-03-05 10:00:00"])"}) {
    scene.behave();
    scene.misbehave(says(R"({"leads_remark":"x","is_interested":1,"next_follow_time":)" + std::string{time} + "}"));
    const auto got = scene.ask(refusing_lead());
    ASSERT_TRUE(got) << time;
    EXPECT_EQ(got->next_follow_time, analyst_scene::fixed_now()) << time;
  }
}

}  // namespace
}  // namespace waihu
