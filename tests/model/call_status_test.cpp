#include "messages/model/call_status.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "messages/model/records.hpp"
#include "messages/model/voice.hpp"

namespace waihu {
namespace {

constexpr std::array all_statuses{call_status::none,   call_status::scheduling, call_status::executing,
                                  call_status::paused, call_status::drafted,    call_status::succeeded,
                                  call_status::failed, call_status::cancelled,  call_status::other};

struct word_row {
  const char* word;
  const char* text;
  bool terminal;
  progress_bucket bucket;
};

// state-machines.md sections 1 and 9; http-api.md section 5 for the buckets
constexpr std::array<word_row, 8> job_statuses{{
    {"", "未开始", false, progress_bucket::scheduling},
    {"Scheduling", "拨号中", false, progress_bucket::executing},
    {"Executing", "通话中", false, progress_bucket::executing},
    {"Paused", "已暂停", false, progress_bucket::scheduling},
    {"Drafted", "草稿", false, progress_bucket::scheduling},
    {"Succeeded", "已完成", true, progress_bucket::completed},
    {"Failed", "失败", true, progress_bucket::failed},
    {"Cancelled", "已取消", true, progress_bucket::failed},
}};

TEST(CallStatus, ReadsAndWritesEveryWordOfTheProvider) {
  std::set<call_status> seen;
  for (const auto& row : job_statuses) {
    const auto status = parse_call_status(row.word);
    EXPECT_TRUE(seen.insert(status).second) << row.word;
    EXPECT_NE(status, call_status::other) << row.word;
    EXPECT_EQ(to_string(status), row.word);
    EXPECT_EQ(chinese_text(status), row.text);
    EXPECT_EQ(is_terminal(status), row.terminal) << row.word;
    EXPECT_EQ(bucket_of(status), row.bucket) << row.word;
  }
}

TEST(CallStatus, TakesAnUnknownWordForActive) {
  for (const auto* word : {"Unknown", "succeeded", "Succeeded ", "SucceededFinish", "Sleeping"}) {
    EXPECT_EQ(parse_call_status(word), call_status::other) << word;
    EXPECT_FALSE(is_terminal(parse_call_status(word))) << word;
    EXPECT_EQ(bucket_of(parse_call_status(word)), progress_bucket::executing) << word;
  }
}

struct attempt_row {
  const char* code;
  disposition meaning;
  const char* text;
  bool worth_another_round;
};

// every row of state-machines.md section 9
constexpr std::array<attempt_row, 32> attempt_rows{{
    {"SucceededFinish", disposition::connected, "已接通-正常完结", true},
    {"SucceededClientHangUp", disposition::connected, "已接通-用户挂机", true},
    {"SucceededClientHangUpAfterNoAnswer", disposition::connected, "已接通-未应答后用户挂机", true},
    {"SucceededChatbotHangUpAfterNoAnswer", disposition::connected, "已接通-未应答后机器人挂机", true},
    {"SucceededChatbotHangUpAfterSilence", disposition::connected, "已接通-静默后机器人挂机", true},
    {"SucceededTransferByIntent", disposition::connected, "已接通-转人工", true},
    {"SucceededTransferAfterNoAnswer", disposition::connected, "已接通-未应答后转人工", true},
    {"SucceededInoInterAction", disposition::connected, "已接通-用户无交互", true},
    {"SucceededError", disposition::connected, "已接通-系统异常", true},
    {"SucceededSpecialInterceptVoiceAssistant", disposition::machine, "已接通-语音助手", true},
    {"SucceededSpecialInterceptExtensionNumberTransfer", disposition::machine, "已接通-分机", true},
    {"SucceededSpecialInterceptCustomSpecialIntercept", disposition::machine, "已接通-拦截", true},
    {"NoAnswer", disposition::not_reached, "无人接听", true},
    {"Busy", disposition::not_reached, "占线", true},
    {"NotConnected", disposition::not_reached, "无法接通", true},
    {"PoweredOff", disposition::not_reached, "关机", true},
    {"OutOfService", disposition::not_reached, "停机", false},
    {"InArrears", disposition::not_reached, "欠费", false},
    {"NotExist", disposition::not_reached, "空号", false},
    {"EmptyNumber", disposition::not_dialled, "空号不外呼", false},
    {"PerDayCallCountLimit", disposition::not_dialled, "超出每日上限", true},
    {"ContactBlockList", disposition::not_dialled, "黑名单", false},
    {"CallerNotRegistered", disposition::not_dialled, "主叫未注册", true},
    {"CallingNumberNotExist", disposition::not_dialled, "主叫不存在", true},
    {"VerificationCancelled", disposition::not_dialled, "呼叫前验证取消", true},
    {"OutOfServiceNoCall", disposition::not_dialled, "停机不外呼", false},
    {"InArrearsNoCall", disposition::not_dialled, "欠费不外呼", false},
    {"Terminated", disposition::not_dialled, "被终止", true},
    {"Cancelled", disposition::not_dialled, "任务停止", true},
    {"HighRiskSipCode", disposition::not_dialled, "高风险拦截", true},
    {"Failed", disposition::failed, "呼叫失败", true},
    {"Executing", disposition::in_progress, "通话中", true},
}};

TEST(AttemptWords, ClassifyEveryCodeOfTheTable) {
  for (const auto& row : attempt_rows) {
    const auto word = classify_attempt(row.code);
    EXPECT_EQ(word.meaning, row.meaning) << row.code;
    EXPECT_EQ(word.text, row.text) << row.code;
    EXPECT_EQ(word.worth_another_round, row.worth_another_round) << row.code;
    EXPECT_EQ(word.word, row.code);
  }
}

TEST(AttemptWords, CountAnUnknownSuccessAsConnectedAndKeepOtherUnknownCodesAsUnknown) {
  EXPECT_EQ(classify_attempt("SucceededInSomeNewWay").meaning, disposition::connected);
  for (const auto* code : {"", "noanswer", "Exploded"}) {
    EXPECT_EQ(classify_attempt(code).meaning, disposition::unknown) << code;
    EXPECT_EQ(classify_attempt(code).text, "") << code;
  }
}

TEST(JobOutcome, FollowsFromTheTerminalStatusAndTheLastAttempt) {
  for (const auto status : all_statuses) {
    for (const auto& row : attempt_rows) {
      const auto outcome = outcome_of(status, row.code);
      if (!is_terminal(status)) EXPECT_EQ(outcome, job_outcome::none);
      else if (status == call_status::cancelled) EXPECT_EQ(outcome, job_outcome::cancelled);
      else EXPECT_TRUE(outcome != job_outcome::none && outcome != job_outcome::unplaced) << row.code;
    }
  }
  EXPECT_EQ(outcome_of(call_status::succeeded, "SucceededFinish"), job_outcome::connected);
  EXPECT_EQ(outcome_of(call_status::failed, "NoAnswer"), job_outcome::not_reached);
  EXPECT_EQ(outcome_of(call_status::failed, "ContactBlockList"), job_outcome::not_dialled);
  EXPECT_EQ(outcome_of(call_status::succeeded, "SucceededSpecialInterceptVoiceAssistant"), job_outcome::machine);
  EXPECT_EQ(outcome_of(call_status::failed, "Failed"), job_outcome::failed);
  EXPECT_EQ(outcome_of(call_status::succeeded, ""), job_outcome::connected) << "no attempt told: the job decides";
  EXPECT_EQ(outcome_of(call_status::failed, ""), job_outcome::failed);
}

TEST(TaskType, MovesExactlyAsListed) {
  using enum task_type;
  const std::set<std::pair<int, int>> legal{{1, 2}, {2, 1}, {2, 5}, {5, 2}, {2, 3}, {3, 4}, {4, 3}};
  for (int from = 1; from <= 5; ++from)
    for (int to = 1; to <= 5; ++to)
      EXPECT_EQ(is_legal_move(static_cast<task_type>(from), static_cast<task_type>(to)), legal.contains({from, to}))
          << from << " to " << to;
}

TEST(Interest, ReadsTheWordsOfTheTableAndNothingElse) {
  for (const auto* word : {"1", "true", "有意", "有意向"})
    EXPECT_EQ(parse_interest(word), interest::interested) << word;
  for (const auto* word : {"2", "false", "无意", "无意向", "没意向", "没有意向"})
    EXPECT_EQ(parse_interest(word), interest::not_interested) << word;
  for (const auto* word : {"0", "未知", "不确定", "无法判断", "", "3", "-1", "yes", "有意向吗", "很有意向", "非有意向"})
    EXPECT_EQ(parse_interest(word), interest::undecided) << word;
}

template <class T, class Parse>
void round_trip(std::initializer_list<T> values, Parse parse) {
  std::set<std::string_view> words;
  for (const auto v : values) {
    EXPECT_TRUE(words.insert(to_string(v)).second) << to_string(v);
    EXPECT_EQ(parse(to_string(v)), v) << to_string(v);
  }
}

TEST(StoredWords, AreReadBackAsWhatWasWritten) {
  round_trip({job_phase::queued, job_phase::dispatching, job_phase::tracking, job_phase::settled, job_phase::closed,
              job_phase::parked},
             [](auto w) { return parse_job_phase(w).value(); });
  round_trip({parked_reason::none, parked_reason::timeout, parked_reason::unreachable},
             [](auto w) { return parse_parked_reason(w); });
  round_trip({job_outcome::none, job_outcome::connected, job_outcome::machine, job_outcome::not_reached,
              job_outcome::not_dialled, job_outcome::failed, job_outcome::cancelled, job_outcome::unplaced},
             [](auto w) { return parse_job_outcome(w); });
  round_trip({batch_state::intent, batch_state::sent, batch_state::acked, batch_state::failed, batch_state::unknown},
             [](auto w) { return parse_batch_state(w).value(); });
  EXPECT_FALSE(parse_job_phase("Queued"));
  EXPECT_FALSE(parse_batch_state(""));
}

TEST(StoredWords, OfAnOutcomeHaveAChineseText) {
  for (const auto o : {job_outcome::connected, job_outcome::machine, job_outcome::not_reached, job_outcome::not_dialled,
                       job_outcome::failed, job_outcome::cancelled, job_outcome::unplaced})
    EXPECT_FALSE(chinese_text(o).empty()) << to_string(o);
  EXPECT_EQ(chinese_text(job_outcome::unplaced), "未执行外呼");
}

TEST(Conversation, IsThereOnlyWithALine) {
  EXPECT_FALSE(has_conversation(""));
  EXPECT_FALSE(has_conversation("[]"));
  EXPECT_FALSE(has_conversation("null"));
  EXPECT_TRUE(has_conversation(R"([{"Speaker":"Robot"}])"));
}

}  // namespace
}  // namespace waihu
