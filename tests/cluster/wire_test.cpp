// Questions and answers come out of their bytes as they went in, and no other bytes do harm.
#include "cluster/wire.hpp"

#include <gtest/gtest.h>

#include <random>
#include <tuple>

#include "messages/model/cluster.hpp"

namespace waihu {

namespace {

// Every field by name: a field that is added to a record does not compile here until it travels, too.
auto all_of(const start_call_task& x) {
  const auto& [a, b, c] = x;
  return std::tie(a, b, c);
}
auto all_of(const started_call_task& x) {
  const auto& [a, b, c, d, e, f] = x;
  return std::tie(a, b, c, d, e, f);
}
auto all_of(const suspend_resume_task& x) {
  const auto& [a, b, c] = x;
  return std::tie(a, b, c);
}
auto all_of(const suspended_resumed_task& x) {
  const auto& [a, b, c] = x;
  return std::tie(a, b, c);
}
auto all_of(const describe_task& x) {
  const auto& [a, b] = x;
  return std::tie(a, b);
}
auto all_of(const task_counters& x) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
}
auto all_of(const live_job& x) {
  const auto& [a, b, c, d, e, f, g, h, i, j] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j);
}
auto all_of(const wait_reason& x) {
  const auto& [a, b, c] = x;
  return std::tie(a, b, c);
}

}  // namespace

bool operator==(const task_counters& l, const task_counters& r) { return all_of(l) == all_of(r); }
bool operator==(const live_job& l, const live_job& r) { return all_of(l) == all_of(r); }
bool operator==(const wait_reason& l, const wait_reason& r) { return all_of(l) == all_of(r); }

namespace {

auto all_of(const described_task& x) {
  const auto& [a, b, c, d, e, f] = x;
  return std::tie(a, b, c, d, e, f);
}
auto all_of(const refresh_jobs& x) {
  const auto& [a, b, c, d] = x;
  return std::tie(a, b, c, d);
}
auto all_of(const refreshed_jobs& x) {
  const auto& [a, b, c, d, e] = x;
  return std::tie(a, b, c, d, e);
}
auto all_of(const make_follow_up& x) {
  const auto& [a, b, c, d, e] = x;
  return std::tie(a, b, c, d, e);
}
auto all_of(const made_follow_up& x) {
  const auto& [a, b, c, d, e, f, g, h] = x;
  return std::tie(a, b, c, d, e, f, g, h);
}
auto all_of(const fetch_recording& x) {
  const auto& [a, b, c] = x;
  return std::tie(a, b, c);
}
auto all_of(const diagnose_task& x) {
  const auto& [a, b] = x;
  return std::tie(a, b);
}
auto all_of(const diagnosed_task& x) {
  const auto& [a, b, c, d, e, f, g, h, i] = x;
  return std::tie(a, b, c, d, e, f, g, h, i);
}
auto all_of(const explain_job& x) {
  const auto& [a, b, c] = x;
  return std::tie(a, b, c);
}
auto all_of(const explained_job& x) {
  const auto& [a, b, c, d] = x;
  return std::tie(a, b, c, d);
}
auto all_of(const switch_automation& x) {
  const auto& [a, b, c] = x;
  return std::tie(a, b, c);
}
auto all_of(const automation_view& x) {
  const auto& [a] = x;
  return std::tie(a);
}
auto all_of(const automation_state& x) {
  // The rest stays with the node that was asked.
  return std::tie(x.running, x.node, x.live_jobs, x.polling_jobs, x.waiting_jobs, x.last_sweep, x.next_sweep);
}
auto all_of(const sweep_now&) { return std::tuple<>{}; }
auto all_of(const tell_progress_elsewhere& x) {
  const auto& [a, b, c, d, e, f, g, h, i] = x.event;
  return std::tie(a, b, c, d, e, f, g, h, i);
}
auto all_of(const start_run& x) {
  const auto& [a, b, c, d, e] = x;
  return std::tie(a, b, c, d, e);
}
auto all_of(const await_case_calls& x) {
  const auto& [a, b, c, d] = x;
  return std::tie(a, b, c, d);
}
auto all_of(const run_record& x) {
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
}
auto all_of(const std::string& x) { return std::tie(x); }
auto all_of(const bool& x) { return std::tie(x); }

using std::string_literals::operator""s;

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
const wall_time some_day = from_epoch_ms(1'795'000'000'123);

std::vector<wait_reason> some_reasons() {
  return {{wait_kind::parked_unreachable, 7, some_day}, {wait_kind::not_started, 0, std::nullopt}};
}

task_counters some_counters() {
  task_counters n;
  std::int64_t next = 1'000'000'000'000;
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t] = n;
  for (auto* each : {&a, &b, &c, &d, &e, &f, &g, &h, &i, &j, &k, &l, &m, &o, &p, &q, &r, &s, &t}) *each = next++;
  return n;
}

/// A question with every field set, and its answer with every field set.
struct exchange {
  remote_question question;
  std::any answer;
};

std::vector<exchange> every_exchange() {
  const auto id = task_id{-42};
  const auto row = job_row_id{most};
  return {
      {start_call_task{"E2E00001", id, milliseconds{1'234}},
       started_call_task{id, "任务", "group", {"a", "", "长的"}, most, some_day}},
      {suspend_resume_task{"ORG", id, true}, suspended_resumed_task{id, "group", task_type::suspended}},
      {refresh_jobs{id, {row, job_row_id{1}}, milliseconds{0}, milliseconds{9}},
       refreshed_jobs{
           {live_job{row, call_status::other, "Odd\0word"s, "job", "task", "NoAnswer", "010", "138", 5, least},
            live_job{}},
           {row},
           true,
           "error",
           -3}},
      {make_follow_up{"ORG", id, row, false, true},
       made_follow_up{follow_id{9}, "L1", "客户", "138", "remark", interest::not_interested, some_day, some_day}},
      {diagnose_task{"ORG", id},
       diagnosed_task{true, true, "node-b", epoch_t{12}, 1, 2, 3, some_reasons(), "last error"}},
      {fetch_recording{"ORG", id, row}, "https://recordings.example/1"s},
      {explain_job{"ORG", id, row}, explained_job{job_phase::parked, call_status::cancelled, some_reasons(), some_day}},
      {describe_task{"ORG", id},
       described_task{task_type::follow_up_complete, "group", some_counters(), some_day, "error", "任务"}},
      {start_run{"ORG", id, 500, milliseconds{60'000}, false},
       run_record{"0123", "ORG", id, 500, milliseconds{1}, false, run_status::failed, 10, 9, row, "why", some_day,
                  some_day}},
      {await_case_calls{"ORG", id, {row, row}, milliseconds{8'000}}, true},
      {switch_automation{"ORG", true, user_id{77}},
       automation_state{false, "node-a", 1, 2, 3, some_day, {}, {}, {}, {}}},
      {automation_view{"ORG"}, automation_state{true, "node-b", 4, 5, 6, {}, some_day, {}, {}, {}}},
      {sweep_now{}, true},
      {tell_progress_elsewhere{
           event_record{event_id{3}, "ORG", id, row, "progress", "from", "to", some_day, R"({"failed":1})"}},
       true},
  };
}

template <class T>
void expect_same(const T& before, const T& after) {
  EXPECT_TRUE(all_of(before) == all_of(after));
}

TEST(cluster_wire, EveryKindOfQuestionAndAnswerIsTried) {
  std::size_t next = 0;
  for (const auto& [question, answer] : every_exchange()) EXPECT_EQ(question.index(), next++);
  EXPECT_EQ(next, std::variant_size_v<remote_question>);
}

TEST(cluster_wire, AQuestionComesOutAsItWentIn) {
  for (const auto& [question, answer] : every_exchange()) {
    const auto bytes = cluster::encode_question(question);
    ASSERT_TRUE(bytes);
    const auto read = cluster::decode_question(*bytes);
    ASSERT_TRUE(read) << question.index();
    ASSERT_EQ(read->index(), question.index());
    std::visit([&]<class Q>(const Q& before) { expect_same(before, std::get<Q>(*read)); }, question);
  }
}

TEST(cluster_wire, AnAnswerComesOutAsItWentIn) {
  for (const auto& [question, answer] : every_exchange()) {
    const auto read = cluster::decode_answer(question, cluster::encode_answer(question, answer));
    ASSERT_TRUE(read) << question.index();
    std::visit(
        [&, &before = answer]<class Q>(const Q&) {
          using value = cluster::answer_of_t<Q>;
          expect_same(std::any_cast<const value&>(before), std::any_cast<const value&>(*read));
        },
        question);
  }
}

TEST(cluster_wire, ARefusalComesOutAsItWentIn) {
  const failure why{errc::rejected, "任务已暂停", "4005", 1'500};
  for (const auto& [question, answer] : every_exchange()) {
    const auto read = cluster::decode_answer(question, cluster::encode_answer(question, tl::unexpected<failure>(why)));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error(), why);
  }
}

TEST(cluster_wire, AMessageThatIsCutAnywhereIsMalformed) {
  for (const auto& [question, answer] : every_exchange()) {
    const auto asked = *cluster::encode_question(question);
    for (std::size_t n = 0; n < asked.size(); ++n) {
      // A copy of just that length, so that reading beyond it is seen.
      const std::vector<char> cut(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(n));
      const auto read = cluster::decode_question({cut.data(), cut.size()});
      ASSERT_FALSE(read) << question.index() << " at " << n;
      EXPECT_EQ(read.error().code, errc::malformed);
    }
    for (const auto& answered :
         {cluster::encode_answer(question, answer), cluster::encode_failure({errc::lost, "lost", "elsewhere", 1})}) {
      for (std::size_t n = 0; n < answered.size(); ++n) {
        const std::vector<char> cut(answered.begin(), answered.begin() + static_cast<std::ptrdiff_t>(n));
        const auto read = cluster::decode_answer(question, {cut.data(), cut.size()});
        ASSERT_FALSE(read) << question.index() << " at " << n;
        EXPECT_EQ(read.error().code, errc::malformed);
      }
    }
  }
}

TEST(cluster_wire, AMessageWithSomethingBehindItIsMalformed) {
  for (const auto& [question, answer] : every_exchange()) {
    EXPECT_FALSE(cluster::decode_question(*cluster::encode_question(question) + '\0'));
    EXPECT_FALSE(cluster::decode_answer(question, cluster::encode_answer(question, answer) + '\0'));
  }
}

TEST(cluster_wire, AnyByteMayBeWrongWithoutHarm) {
  // Whatever still reads is within bounds: its words are words, and it can be sent again.
  for (const auto& [question, answer] : every_exchange()) {
    const auto asked = *cluster::encode_question(question);
    const auto answered = cluster::encode_answer(question, answer);
    for (const int wrong : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
      for (std::size_t n = 0; n < asked.size(); ++n) {
        auto bytes = asked;
        bytes[n] = static_cast<char>(wrong);
        if (const auto read = cluster::decode_question(bytes)) {
          EXPECT_TRUE(cluster::encode_question(*read));
        }
      }
      for (std::size_t n = 0; n < answered.size(); ++n) {
        auto bytes = answered;
        bytes[n] = static_cast<char>(wrong);
        const auto read = cluster::decode_answer(question, bytes);
        if (read) {
          EXPECT_FALSE(cluster::encode_answer(question, *read).empty());
        }
      }
    }
  }
}

TEST(cluster_wire, RandomBytesAreMalformedOrHarmless) {
  std::mt19937 source(7);
  const auto exchanges = every_exchange();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(source() % 64, '\0');
    for (auto& each : bytes) each = static_cast<char>(source());
    // Half of them with a good beginning, so that what follows is read.
    if (round % 2 == 0 && bytes.size() > 3) {
      bytes[0] = static_cast<char>(cluster_protocol);
      bytes[1] = 0;
      bytes[2] = static_cast<char>(source() % std::variant_size_v<remote_question>);
    }
    (void)cluster::decode_question(bytes);
    if (round % 2 == 0 && bytes.size() > 3) bytes[2] = static_cast<char>(source() % 2);
    (void)cluster::decode_answer(exchanges[source() % exchanges.size()].question, bytes);
  }
}

TEST(cluster_wire, AnotherProtocolIsMalformed) {
  auto bytes = *cluster::encode_question(sweep_now{});
  bytes[0] = static_cast<char>(cluster_protocol + 1);
  EXPECT_FALSE(cluster::decode_question(bytes));
  auto answered = cluster::encode_failure({errc::lost, "", "", 0});
  answered[0] = static_cast<char>(cluster_protocol + 1);
  EXPECT_EQ(cluster::decode_answer(sweep_now{}, answered).error().code, errc::malformed);
}

TEST(cluster_wire, AnAnswerToAnotherQuestionIsMalformed) {
  const auto bytes = cluster::encode_answer(sweep_now{}, std::any(true));
  const auto read = cluster::decode_answer(await_case_calls{}, bytes);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::malformed);
}

TEST(cluster_wire, ALengthThatPromisesTooMuchTakesNoMemory) {
  auto bytes = *cluster::encode_question(refresh_jobs{task_id{1}, {}, {}, {}});
  const std::size_t at = 2 + 1 + 8;  // protocol, kind, task
  for (std::size_t n = 0; n < 4; ++n) bytes[at + n] = '\xFF';
  EXPECT_FALSE(cluster::decode_question(bytes));
}

TEST(cluster_wire, WhatIsTooLongIsRefusedBeforeItIsSent) {
  const std::string much(cluster::largest_message, 'x');
  const auto asked = cluster::encode_question(automation_view{much});
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, errc::invalid_argument);
  const auto answered =
      cluster::decode_answer(fetch_recording{}, cluster::encode_answer(fetch_recording{}, std::any(much)));
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error().code, errc::lost);
  EXPECT_LT(cluster::encode_failure({errc::lost, much, "", 0}).size(), 1'000U);
  EXPECT_FALSE(cluster::decode_question(much + much));
}

TEST(cluster_wire, DurationsAndInstantsThatNobodyMeansAreMalformed) {
  auto bytes = *cluster::encode_question(start_call_task{"", task_id{1}, milliseconds{1}});
  bytes.replace(bytes.size() - 8, 8, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"s);
  EXPECT_FALSE(cluster::decode_question(bytes));
  const made_follow_up made{};
  auto answered = cluster::encode_answer(make_follow_up{}, std::any(made));
  answered.replace(answered.size() - 8, 8, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"s);
  EXPECT_FALSE(cluster::decode_answer(make_follow_up{}, answered));
}

TEST(cluster_wire, AnAnswerOfTheWrongTypeIsToldAsADefect) {
  const auto read =
      cluster::decode_answer(sweep_now{}, cluster::encode_answer(sweep_now{}, std::any(std::string("no"))));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::internal);
}

}  // namespace
}  // namespace waihu
