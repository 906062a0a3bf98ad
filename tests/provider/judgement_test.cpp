// The measure itself: what a labelled set must look like, how a judgement keeps its bounds, how it counts.
#include "provider/judgement.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "provider/rules_analyst.hpp"
#include "tests/provider/capture_files.hpp"

namespace waihu::provider {
namespace {

using namespace std::chrono_literals;

constexpr int shanghai = 480;

std::string line(const std::string& more) {
  return R"({"id":"a","interest":1,"call_time":"2026-03-04 10:30:00","lines":[["Contact","好"]])" + more + "}\n";
}

std::vector<labelled_conversation> set_of(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += line("");
  return read_labelled_set(text, shanghai).value();
}

TEST(LabelledSet, IsReadWithEverythingThatIsSaidAboutAConversation) {
  const auto set =
      read_labelled_set(line(R"(,"kind":"call_back","name":"张三","next_follow_time":"2026-03-05 15:00:00")") +
                            "\n \r\n" + line(R"(,"next_follow_time":null)") + line(""),
                        shanghai);
  ASSERT_TRUE(set);
  ASSERT_EQ(set->size(), 3U);
  const auto& first = set->front();
  EXPECT_EQ(first.id, "a");
  EXPECT_EQ(first.kind, "call_back");
  EXPECT_EQ(first.request.leads_name, "张三");
  EXPECT_EQ(first.expected, interest::interested);
  EXPECT_EQ(first.request.conversation_json, R"([{"Speaker":"Contact","Script":"好"}])");
  EXPECT_EQ(*first.next_follow_time - first.request.call_time, 28h + 30min);
  EXPECT_TRUE((*set)[1].is_time_labelled);
  EXPECT_FALSE((*set)[1].next_follow_time);
  EXPECT_FALSE((*set)[2].is_time_labelled);
}

TEST(LabelledSet, NamesTheFirstLineThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no conversation"},
      {"\n\n", "no conversation"},
      {line("") + "x\n", "line 2 is not a JSON object"},
      {line("") + "\n[]", "line 3 is not a JSON object"},
      {R"({"interest":1})", "line 1 has no id"},
      {R"({"id":"a","interest":3})", "no interest"},
      {R"({"id":"a","interest":1,"call_time":"today"})", "no call_time"},
      {line(R"(,"next_follow_time":"soon")"), "next_follow_time"},
      {R"({"id":"a","interest":1,"call_time":"2026-03-04 10:30:00"})", "no lines"},
      {R"({"id":"a","interest":1,"call_time":"2026-03-04 10:30:00","lines":[["Dog","woof"]]})", "no lines"},
      {R"({"id":"a","interest":1,"call_time":"2026-03-04 10:30:00","lines":[["Contact"]]})", "no lines"}};
  for (const auto& [text, what] : cases) {
    const auto set = read_labelled_set(text, shanghai);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().code, errc::invalid_argument) << text;
    EXPECT_NE(set.error().message.find(what), std::string::npos) << set.error().message;
  }
}

/// A model whose answers somebody else gives, on a thread that is not the asker's.
class slow_model final : public language_model {
 public:
  ~slow_model() override {
    for (auto& one : threads_) one.join();
  }
  void analyze(analysis_request, milliseconds deadline, completion<analysis> done) override {
    const std::lock_guard lock(mutex_);
    ++asked;
    longest_deadline = std::max(longest_deadline, deadline);
    most_at_once = std::max(most_at_once, ++under_way_);
    threads_.emplace_back([this, done = std::move(done)] {
      {
        std::unique_lock wait(mutex_);
        // Long enough that others come in between if they may.
        full_.wait_for(wait, 20ms, [this] { return under_way_ > expected_at_once; });
        --under_way_;
      }
      done(analysis{"好", interest::interested, {}, true});
    });
  }
  int asked{}, most_at_once{}, expected_at_once{1'000};
  milliseconds longest_deadline{};

 private:
  std::mutex mutex_;
  std::condition_variable full_;
  int under_way_{};
  std::vector<std::thread> threads_;
};

TEST(Judgement, HasNoMoreUnderWayThanItMay) {
  slow_model model;
  const auto got = judge(model, set_of(12), {3, 0, 1s, 60s});
  EXPECT_EQ(model.asked, 12);
  EXPECT_EQ(model.most_at_once, 3);
  for (const auto& item : got.items) EXPECT_TRUE(item.given && item.took >= 10ms);
}

TEST(Judgement, BeginsNoMoreInAMinuteThanItMay) {
  slow_model model;
  const auto got = judge(model, set_of(5), {5, 1'200, 1s, 60s});
  EXPECT_GE(got.took, 200ms);  // The fifth begins four gaps of 50 ms after the first.
  EXPECT_EQ(model.asked, 5);
}

TEST(Judgement, EndsInTimeAndSaysWhatItDidNotAsk) {
  slow_model model;
  const auto set = set_of(1'000);
  const auto got = judge(model, set, {1, 0, 30s, 150ms});
  EXPECT_LT(got.took, 10s);
  EXPECT_LE(model.longest_deadline, 150ms);
  const auto score = score_of(set, got);
  EXPECT_GT(score.asked, 0U);
  EXPECT_LT(score.asked, 1'000U);
  EXPECT_EQ(score.asked, static_cast<std::size_t>(model.asked));
  EXPECT_FALSE(got.items.back().is_asked);
}

TEST(JudgementScore, CountsEveryKindOfAnswerWhereItBelongs) {
  auto set = set_of(7);
  set[1].expected = interest::not_interested;
  set[2].expected = interest::undecided;
  set[5].expected = interest::undecided;
  set[6].kind = "silent";
  set[0].is_time_labelled = set[1].is_time_labelled = set[4].is_time_labelled = true;
  set[0].next_follow_time = wall_time{1h};
  judgement got;
  got.items.resize(7);
  for (std::size_t i = 0; i < 6; ++i) {
    got.items[i].is_asked = true;
    got.items[i].took = milliseconds{static_cast<int>(i + 1) * 10};
    got.items[i].given = analysis{"好", interest::interested, {}, true};
  }
  got.items[0].given->next_follow_time = wall_time{1h};
  got.items[3].given->remark.clear();
  got.items[4].given.reset();          // failed
  got.items[5].given->parsed = false;  // not JSON: never right, though it is written as undecided
  got.items[5].given->is_interested = interest::undecided;
  const auto score = score_of(set, got);
  EXPECT_EQ(score.asked, 6U);
  EXPECT_EQ(score.right, 2U);
  EXPECT_DOUBLE_EQ(score.accuracy(), 2.0 / 6.0);
  EXPECT_EQ(score.turned, 1U);
  EXPECT_EQ(score.timed, 3U);
  EXPECT_EQ(score.timed_right, 2U);
  EXPECT_EQ(score.without_remark, 1U);
  EXPECT_EQ(score.median, 30ms);
  EXPECT_EQ(score.p95, 60ms);
  const decltype(score.confusion) expected{{{{0, 1, 0, 1, 0}}, {{0, 2, 0, 0, 1}}, {{0, 1, 0, 0, 0}}}};
  EXPECT_EQ(score.confusion, expected);
  EXPECT_EQ(score.by_kind.count("silent"), 0U);
  EXPECT_EQ(score_of({}, {}).accuracy(), 0.0);
}

TEST(Judgement, OfTheRulesAgreesWithTheirOwnTest) {
  const auto text = testing::read_whole_file(testing::provider_test_folder() + "transcripts/held_out.jsonl");
  const auto set = read_labelled_set(text, shanghai).value();
  const auto score = score_of(set, judge(*make_rules_analyst(), set, {}));
  EXPECT_EQ(score.asked, 45U);
  EXPECT_GE(score.right, 41U);
  EXPECT_EQ(score.turned, 0U);
  EXPECT_EQ(score.without_remark, 0U);
}

}  // namespace
}  // namespace waihu::provider
