// Dispatch told as stories: one batch, one misfortune each.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "actors/dispatch_machine.hpp"

namespace waihu::testing {
namespace {

using namespace dispatch_fact;
namespace order = dispatch_orders;
constexpr steady_time day_one{std::chrono::hours{24}};

std::vector<job_row_id> rows(std::initializer_list<int> numbers) {
  std::vector<job_row_id> out;
  for (const auto n : numbers) out.push_back(job_row_id{n});
  return out;
}

/// The machine with the orders of the last fact at hand.
struct dispatch_scene {
  explicit dispatch_scene(std::vector<job_row_id> queued, std::size_t batch_size = 20)
      : dispatch_scene(dispatch_machine::start{std::move(queued), {}, {}, 0, false}, batch_size) {}
  dispatch_scene(dispatch_machine::start found, std::size_t batch_size = 20)
      : machine(make(batch_size), std::move(found), day_one) {}

  static dispatch_policy make(std::size_t batch_size) {
    dispatch_policy policy;
    policy.batch_size = batch_size;
    return policy;
  }

  void tell(const dispatch_fact_t& fact) {
    orders = machine.apply(fact, now);
    spend_marks(orders);
  }
  /// The provider takes every mark that it is asked to, unless a test wants to tell of it.
  void spend_marks(std::vector<dispatch_order>& given) {
    for (std::size_t i = 0; marks_are_spent && i < given.size(); ++i) {
      const auto* spend = std::get_if<order::spend_mark>(&given[i]);
      if (spend == nullptr) continue;
      const auto more = machine.apply(mark_spent{spend->key}, now);
      given.insert(given.end(), more.begin(), more.end());
    }
  }
  /// Lets time pass and ticks at each time the machine named, gathering every order on the way.
  void pass(milliseconds how_long) {
    const auto end = now + how_long;
    std::vector<dispatch_order> all;
    for (auto due = machine.next_due(); due && *due <= end; due = machine.next_due()) {
      now = std::max(now, *due);
      auto more = machine.apply(ticked{}, now);
      spend_marks(more);
      all.insert(all.end(), more.begin(), more.end());
      if (const auto next = machine.next_due(); next && *next <= now) {
        ADD_FAILURE() << "ticked does not do what is due";
        break;
      }
    }
    now = end;
    orders = std::move(all);
  }
  template <class Order>
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(orders, [](const auto& o) { return std::holds_alternative<Order>(o); }));
  }
  template <class Order>
  const Order& the() const {
    for (const auto& o : orders)
      if (const auto* found = std::get_if<Order>(&o)) return *found;
    throw std::runtime_error("the order was not given");
  }
  /// Everything up to the sending of one batch of all that is queued.
  batch_key send() {
    if (count<order::ask_gate>() == 0) tell(opened{});
    tell(gate_answered{the<order::ask_gate>().wanted, {}});
    const auto key = the<order::commit_intent>().key;
    tell(intent_committed{key, batch_id{the<order::commit_intent>().seq}});
    return key;
  }
  /// One reading of the group, which is already asked for.
  void read(std::vector<std::pair<job_row_id, std::string>> found) { tell(group_read{std::move(found)}); }

  dispatch_machine machine;
  bool marks_are_spent{true};
  steady_time now = day_one;
  std::vector<dispatch_order> orders;
};

failure lost() { return {errc::timed_out, "no answer", {}, 0}; }
failure refused(const char* why = "余额不足") { return {errc::rejected, why, {}, 0}; }

TEST(DispatchStory, SendsNothingBeforeTheIntentIsDurable) {
  dispatch_scene scene(rows({1, 2, 3}));
  EXPECT_TRUE(scene.machine.apply(ticked{}, day_one).empty()) << "not opened yet";
  scene.tell(opened{});
  EXPECT_EQ(scene.the<order::ask_gate>().wanted, 3U);
  scene.tell(gate_answered{3, {}});
  EXPECT_EQ(scene.count<order::send_batch>(), 0U);
  const auto intent = scene.the<order::commit_intent>();
  EXPECT_EQ(intent.seq, 1);
  scene.tell(intent_committed{intent.key, batch_id{9}});
  EXPECT_EQ(scene.the<order::send_batch>().rows, rows({1, 2, 3}));
}

TEST(DispatchStory, PutsRowsBackInOrderWhenTheIntentFailed) {
  dispatch_scene scene(rows({1, 2, 3}));
  scene.tell(opened{});
  scene.tell(gate_answered{3, {}});
  scene.tell(intent_failed{scene.the<order::commit_intent>().key});
  EXPECT_EQ(scene.machine.queued(), 3U);
  EXPECT_EQ(scene.count<order::ask_gate>(), 0U) << "rests first";
  scene.pass(seconds{5});
  EXPECT_EQ(scene.count<order::ask_gate>(), 1U);
  scene.tell(gate_answered{3, {}});
  EXPECT_EQ(scene.the<order::commit_intent>().rows, rows({1, 2, 3}));
  EXPECT_EQ(scene.the<order::commit_intent>().seq, 2) << "a number is never used again";
}

TEST(DispatchStory, CutsBatchesToSizeAndKeepsFourOpen) {
  std::vector<job_row_id> many;
  for (int i = 1; i <= 1'000; ++i) many.push_back(job_row_id{i});
  dispatch_scene scene(many);
  scene.tell(opened{});
  EXPECT_EQ(scene.the<order::ask_gate>().wanted, 80U);
  scene.tell(gate_answered{80, {}});
  EXPECT_EQ(scene.count<order::commit_intent>(), 4U);
  EXPECT_EQ(scene.count<order::ask_gate>(), 0U);
  for (const auto& o : scene.orders)
    if (const auto* intent = std::get_if<order::commit_intent>(&o)) {
      EXPECT_EQ(intent->rows.size(), 20U);
    }
}

TEST(DispatchStory, TriesThreeTimesSixtySecondsApartUnderOneIntentAndThenRests) {
  dispatch_scene scene(rows({1, 2}));
  auto key = scene.send();
  for (const int attempt : {1, 2}) {
    scene.tell(assign_failed{key, {errc::unavailable, "connection refused", {}, 0}});
    EXPECT_EQ(scene.count<order::send_batch>(), 0U) << attempt;
    scene.pass(milliseconds{59'999});
    EXPECT_EQ(scene.count<order::send_batch>(), 0U) << attempt;
    scene.pass(milliseconds{1});
    EXPECT_EQ(scene.count<order::send_batch>(), 1U) << attempt;
    EXPECT_EQ(scene.count<order::commit_intent>(), 0U);
  }
  scene.tell(assign_failed{key, {errc::unavailable, "connection refused", {}, 0}});
  EXPECT_EQ(scene.the<order::commit_requeue>().rows, rows({1, 2}));
  EXPECT_FALSE(scene.the<order::commit_requeue>().counts_as_attempt) << "nothing was reconciled";
  scene.tell(requeue_committed{key});
  scene.pass(milliseconds{299'999});
  EXPECT_EQ(scene.count<order::ask_gate>(), 0U);
  scene.pass(milliseconds{1});
  EXPECT_EQ(scene.count<order::ask_gate>(), 1U);
}

TEST(DispatchStory, CountsNoTryWhenTheProviderWasNotAsked) {
  const std::vector<failure> not_asked{{errc::unavailable, "breaker open", {}, 5'000},
                                       {errc::overloaded, "queue full", {}, 0},
                                       {errc::cancelled, "stopping", {}, 0}};
  for (const auto& why : not_asked) {
    dispatch_scene scene(rows({1}));
    const auto key = scene.send();
    for (int i = 0; i < 20; ++i) {
      scene.tell(assign_failed{key, why});
      ASSERT_EQ(scene.count<order::commit_requeue>(), 0U) << why.message;
      scene.pass(milliseconds{4'999});
      ASSERT_EQ(scene.count<order::send_batch>(), 0U) << why.message;
      scene.pass(milliseconds{1});
      ASSERT_EQ(scene.count<order::send_batch>(), 1U) << why.message;
    }
    // The real tries are all still there.
    for (int i = 0; i < 2; ++i) {
      scene.tell(assign_failed{key, {errc::unavailable, "connection refused", {}, 0}});
      scene.pass(seconds{60});
      ASSERT_EQ(scene.count<order::send_batch>(), 1U) << why.message;
    }
  }
}

TEST(DispatchStory, WaitsAsLongAsTheProviderAsked) {
  dispatch_scene scene(rows({1}));
  const auto key = scene.send();
  scene.tell(assign_failed{key, {errc::unavailable, "breaker open", {}, 42'000}});
  scene.pass(milliseconds{41'999});
  EXPECT_EQ(scene.count<order::send_batch>(), 0U);
  scene.pass(milliseconds{1});
  EXPECT_EQ(scene.count<order::send_batch>(), 1U);
}

TEST(DispatchStory, SendsWhatWasThrottledUnderANewIntentForItsMarkMayBeUsedUp) {
  dispatch_scene scene(rows({1, 2}));
  const auto key = scene.send();
  EXPECT_EQ(scene.the<order::send_batch>().batch, batch_id{1});
  scene.tell(assign_failed{key, {errc::throttled, "Throttling.User", {}, 42'000}});
  EXPECT_EQ(scene.the<order::commit_requeue>().rows, rows({1, 2}));
  EXPECT_FALSE(scene.the<order::commit_requeue>().counts_as_attempt);
  scene.tell(requeue_committed{key});
  scene.pass(milliseconds{41'999});
  EXPECT_EQ(scene.count<order::ask_gate>(), 0U);
  scene.pass(milliseconds{1});
  ASSERT_EQ(scene.count<order::ask_gate>(), 1U);
  scene.send();
  EXPECT_EQ(scene.the<order::send_batch>().rows, rows({1, 2}));
  EXPECT_EQ(scene.the<order::send_batch>().batch, batch_id{2});
}

TEST(DispatchStory, ReadsTheGroupOnlyWhenNothingOfTheBatchCanArriveAnyMore) {
  dispatch_scene scene(rows({1, 2}));
  scene.marks_are_spent = false;
  const auto key = scene.send();
  scene.tell(assign_failed{key, lost()});
  ASSERT_EQ(scene.count<order::spend_mark>(), 1U) << "at once: it may still be kept from arriving";
  EXPECT_EQ(scene.the<order::spend_mark>().batch, batch_id{1});
  scene.pass(minutes{10});
  EXPECT_TRUE(scene.orders.empty()) << "one question is under way";
  scene.tell(mark_not_spent{key});
  EXPECT_EQ(scene.count<order::spend_mark>(), 0U);
  scene.pass(milliseconds{4'999});
  EXPECT_EQ(scene.count<order::spend_mark>(), 0U);
  scene.pass(milliseconds{1});
  ASSERT_EQ(scene.count<order::spend_mark>(), 1U);
  scene.tell(mark_spent{key});
  scene.pass(milliseconds{14'999});
  EXPECT_EQ(scene.count<order::read_group>(), 0U) << "what has arrived needs its time to be listed";
  scene.pass(milliseconds{1});
  EXPECT_EQ(scene.count<order::read_group>(), 1U);
}

TEST(DispatchStory, SpendsTheMarksOfWhatARestartFindsOpen) {
  dispatch_machine::start found;
  found.open.push_back({batch_id{4}, rows({5}), false, false});
  found.open.push_back({batch_id{5}, rows({6}), true, true});
  dispatch_scene scene(found);
  scene.marks_are_spent = false;
  scene.tell(opened{});
  ASSERT_EQ(scene.count<order::spend_mark>(), 1U) << "what was accepted has arrived";
  EXPECT_EQ(scene.the<order::spend_mark>().batch, batch_id{4});
}

TEST(DispatchStory, TakesTheStartBackWhenEveryBatchIsRefusedAndNothingWasEverAssigned) {
  dispatch_scene scene(rows({1, 2, 3}));
  const auto key = scene.send();
  scene.tell(assign_failed{key, refused()});
  EXPECT_EQ(scene.the<order::commit_requeue>().rows, rows({1, 2, 3}));
  EXPECT_EQ(scene.count<order::declare_unplaced>(), 0U);
  EXPECT_EQ(scene.count<order::report_nothing_assigned>(), 0U) << "not before the rows are queued again, durably";
  scene.tell(requeue_committed{key});
  EXPECT_EQ(scene.the<order::report_nothing_assigned>().why.message, "余额不足");
  EXPECT_EQ(scene.machine.queued(), 3U);
  scene.pass(minutes{60});
  EXPECT_TRUE(scene.orders.empty()) << "nothing more goes out after the start was given up";
  scene.tell(opened{});
  EXPECT_EQ(scene.count<order::ask_gate>(), 1U) << "a new start begins anew";
}

TEST(DispatchStory, GivesAStartUpAfterThreeRefusedBatchesWhateverIsStillQueued) {
  std::vector<job_row_id> many;
  for (int i = 1; i <= 1'000; ++i) many.push_back(job_row_id{i});
  dispatch_scene scene(many, 1);
  scene.tell(opened{});
  scene.tell(gate_answered{3, {}});
  std::vector<batch_key> keys;
  for (const auto& o : scene.orders)
    if (const auto* intent = std::get_if<order::commit_intent>(&o)) keys.push_back(intent->key);
  ASSERT_EQ(keys.size(), 3U);
  for (const auto key : keys) scene.tell(intent_committed{key, batch_id{key}});
  scene.tell(gate_answered{0, milliseconds{500}});
  for (const auto key : keys) scene.tell(assign_failed{key, refused()});
  EXPECT_EQ(scene.count<order::commit_requeue>(), 3U);
  for (const auto key : keys) scene.tell(requeue_committed{key});
  EXPECT_EQ(scene.count<order::report_nothing_assigned>(), 1U);
  EXPECT_EQ(scene.machine.queued(), 1'000U);
}

TEST(DispatchStory, CallsARefusedBatchUnplacedWhenOthersWereAssigned) {
  dispatch_machine::start found;
  found.queued = rows({7, 8});
  found.anything_assigned = true;
  dispatch_scene scene(found);
  const auto key = scene.send();
  scene.tell(assign_failed{key, refused("号码不支持")});
  EXPECT_EQ(scene.the<order::declare_unplaced>().rows, rows({7, 8}));
  EXPECT_EQ(scene.the<order::declare_unplaced>().reason, "号码不支持");
  EXPECT_EQ(scene.count<order::commit_requeue>(), 0U);
  EXPECT_EQ(scene.machine.open_batches(), 0U);
}

TEST(DispatchStory, BelievesAbsenceOnlyAfterTwoReadsFifteenSecondsApart) {
  dispatch_scene scene(rows({1, 2}));
  const auto key = scene.send();
  scene.tell(assign_failed{key, lost()});
  EXPECT_EQ(scene.count<order::read_group>(), 0U);
  scene.pass(milliseconds{14'999});
  EXPECT_EQ(scene.count<order::read_group>(), 0U) << "the provider has its own delay";
  scene.pass(milliseconds{1});
  EXPECT_EQ(scene.count<order::read_group>(), 1U);
  scene.read({});
  EXPECT_EQ(scene.count<order::commit_requeue>(), 0U) << "one reading proves nothing";
  EXPECT_EQ(scene.count<order::read_group>(), 0U) << "nor does a second one at once";
  scene.pass(milliseconds{14'999});
  EXPECT_EQ(scene.count<order::read_group>(), 0U);
  scene.pass(milliseconds{1});
  scene.read({});
  EXPECT_EQ(scene.the<order::commit_requeue>().rows, rows({1, 2}));
  EXPECT_TRUE(scene.the<order::commit_requeue>().counts_as_attempt);
}

TEST(DispatchStory, DoesNotTakeTwoReadsThatDisagreeForTwoThatAgree) {
  dispatch_scene scene(rows({1, 2}));
  const auto key = scene.send();
  scene.tell(assign_failed{key, lost()});
  scene.pass(seconds{15});
  scene.read({});
  scene.pass(seconds{15});
  scene.read({{job_row_id{1}, "j1"}});  // the list grows: it was not complete before
  EXPECT_EQ(scene.count<order::commit_requeue>(), 0U);
  EXPECT_EQ(scene.the<order::commit_ack>().ids.size(), 1U);
  scene.tell(ack_committed{key});
  scene.pass(seconds{15});
  scene.read({});
  EXPECT_EQ(scene.the<order::commit_requeue>().rows, rows({2}));
}

TEST(DispatchStory, AcknowledgesWhatAReadingFindsAndForgetsTheBatch) {
  dispatch_scene scene(rows({1, 2}));
  const auto key = scene.send();
  scene.tell(assign_failed{key, lost()});
  scene.pass(seconds{15});
  scene.read({{job_row_id{1}, "j1"}, {job_row_id{2}, "j2"}});
  EXPECT_TRUE(scene.the<order::commit_ack>().completes_batch);
  scene.tell(ack_committed{key});
  EXPECT_EQ(scene.machine.open_batches(), 0U);
  EXPECT_FALSE(scene.machine.next_due());
}

TEST(DispatchStory, ReadsAgainFiveSecondsAfterAReadingThatFailed) {
  dispatch_scene scene(rows({1}));
  scene.tell(assign_failed{scene.send(), lost()});
  scene.pass(seconds{15});
  for (int i = 0; i < 30; ++i) {
    scene.tell(group_read_failed{});
    scene.pass(milliseconds{4'999});
    ASSERT_EQ(scene.count<order::read_group>(), 0U);
    scene.pass(milliseconds{1});
    ASSERT_EQ(scene.count<order::read_group>(), 1U);
  }
}

TEST(DispatchStory, NeverSendsAgainWhatTheProviderHadAccepted) {
  dispatch_scene scene(rows({1, 2, 3}));
  const auto key = scene.send();
  scene.tell(assign_accepted{key, {"j3", "j1", "j2"}, "request"});
  EXPECT_EQ(scene.the<order::match_ids>().call_job_ids.size(), 3U);
  scene.tell(ids_matched{key, {}});
  EXPECT_EQ(scene.the<order::note_batch>().state, order::note_batch::what::accepted);
  scene.pass(seconds{15});
  scene.read({});
  scene.pass(seconds{15});
  scene.read({});
  EXPECT_EQ(scene.the<order::declare_unplaced>().rows, rows({1, 2, 3}));
  EXPECT_EQ(scene.count<order::commit_requeue>(), 0U);
}

TEST(DispatchStory, NeverSendsAgainWhatWasAcceptedBeforeARestart) {
  dispatch_machine::start found;
  found.open.push_back({batch_id{4}, rows({5, 6}), true, true});
  dispatch_scene scene(found);
  scene.tell(opened{});
  scene.pass(seconds{15});
  scene.read({});
  scene.pass(seconds{15});
  scene.read({});
  EXPECT_EQ(scene.the<order::declare_unplaced>().rows, rows({5, 6}));
}

TEST(DispatchStory, GivesTheProviderItsDelayAfterARestartToo) {
  dispatch_machine::start found;
  found.open.push_back({batch_id{4}, rows({5, 6}), false, false});
  dispatch_scene scene(found);
  scene.tell(opened{});
  EXPECT_EQ(scene.count<order::read_group>(), 0U);
  scene.pass(milliseconds{14'999});
  EXPECT_EQ(scene.count<order::read_group>(), 0U);
  scene.pass(milliseconds{1});
  EXPECT_EQ(scene.count<order::read_group>(), 1U);
}

TEST(DispatchStory, SendsAgainOnceAndThenCallsItUnplaced) {
  dispatch_scene scene(rows({1}));
  for (const int round : {1, 2}) {
    const auto key = scene.send();
    scene.tell(assign_failed{key, lost()});
    scene.pass(seconds{15});
    scene.read({});
    scene.pass(seconds{15});
    scene.read({});
    if (round == 1) {
      EXPECT_EQ(scene.count<order::declare_unplaced>(), 0U);
      scene.tell(requeue_committed{key});
    }
  }
  EXPECT_EQ(scene.the<order::declare_unplaced>().rows, rows({1}));
  EXPECT_EQ(scene.machine.open_batches(), 0U);
}

TEST(DispatchStory, RemembersTheRoundsOverARestart) {
  dispatch_machine::start found;
  found.queued = rows({1, 2});
  found.rounds = {{job_row_id{1}, 1}};
  dispatch_scene scene(found);
  scene.tell(assign_failed{scene.send(), lost()});
  scene.pass(seconds{15});
  scene.read({});
  scene.pass(seconds{15});
  scene.read({});
  EXPECT_EQ(scene.the<order::declare_unplaced>().rows, rows({1}));
  EXPECT_EQ(scene.the<order::commit_requeue>().rows, rows({2}));
}

TEST(DispatchStory, NeverGivesUpPeopleForAnIntentThatPerhapsWasNeverSent) {
  dispatch_machine::start found;
  found.rounds = {{job_row_id{5}, 1}};
  found.open.push_back({batch_id{4}, rows({5, 6}), false, false});
  dispatch_scene scene(found);
  scene.tell(opened{});
  scene.pass(seconds{15});
  scene.read({});
  scene.pass(seconds{15});
  scene.read({});
  EXPECT_EQ(scene.count<order::declare_unplaced>(), 0U);
  EXPECT_EQ(scene.the<order::commit_requeue>().rows, rows({5, 6}));
  EXPECT_FALSE(scene.the<order::commit_requeue>().counts_as_attempt);
}

TEST(DispatchStory, CountsARoundForABatchWhoseAnswerWasLostBeforeTheRestart) {
  dispatch_machine::start found;
  found.rounds = {{job_row_id{5}, 1}};
  found.open.push_back({batch_id{4}, rows({5, 6}), false, true});
  dispatch_scene scene(found);
  scene.tell(opened{});
  scene.pass(seconds{15});
  scene.read({});
  scene.pass(seconds{15});
  scene.read({});
  EXPECT_EQ(scene.the<order::declare_unplaced>().rows, rows({5}));
  EXPECT_EQ(scene.the<order::commit_requeue>().rows, rows({6}));
  EXPECT_TRUE(scene.the<order::commit_requeue>().counts_as_attempt);
}

TEST(DispatchStory, AcknowledgesPartOfTheIdsAndReconcilesTheRest) {
  dispatch_scene scene(rows({1, 2, 3}));
  const auto key = scene.send();
  scene.tell(assign_accepted{key, {"j1", "j3"}, "request"});
  scene.tell(ids_matched{key, {{job_row_id{3}, "j3"}, {job_row_id{1}, "j1"}}});
  EXPECT_FALSE(scene.the<order::commit_ack>().completes_batch);
  scene.tell(ack_committed{key});
  EXPECT_EQ(scene.machine.unknown_rows(), rows({2}));
  scene.pass(seconds{15});
  scene.read({{job_row_id{2}, "j2"}});
  EXPECT_TRUE(scene.the<order::commit_ack>().completes_batch);
  scene.tell(ack_committed{key});
  EXPECT_EQ(scene.machine.open_batches(), 0U);
}

TEST(DispatchStory, TakesOnlyItsOwnRowsAndEachOnceFromAMatch) {
  dispatch_scene scene(rows({1, 2}));
  const auto key = scene.send();
  scene.tell(assign_accepted{key, {"j1", "j2"}, "request"});
  scene.tell(ids_matched{key, {{job_row_id{1}, "j1"}, {job_row_id{1}, "j1"}, {job_row_id{99}, "j99"}}});
  EXPECT_FALSE(scene.the<order::commit_ack>().completes_batch) << "row 2 was not found";
  EXPECT_EQ(scene.the<order::commit_ack>().ids.size(), 1U);
}

TEST(DispatchStory, RepeatsAnAcknowledgementThatFailedUnchanged) {
  dispatch_scene scene(rows({1}));
  const auto key = scene.send();
  scene.tell(assign_accepted{key, {"j1"}, "request"});
  scene.tell(ids_matched{key, {{job_row_id{1}, "j1"}}});
  for (int i = 0; i < 30; ++i) {
    scene.tell(ack_failed{key});
    scene.pass(milliseconds{999});
    ASSERT_EQ(scene.count<order::commit_ack>(), 0U);
    scene.pass(milliseconds{1});
    ASSERT_EQ(scene.count<order::commit_ack>(), 1U);
    ASSERT_EQ(scene.the<order::commit_ack>().ids.front().second, "j1");
    scene.pass(minutes{1});
    ASSERT_TRUE(scene.orders.empty()) << "one under way is waited for";
  }
  scene.tell(ack_committed{key});
  EXPECT_EQ(scene.machine.open_batches(), 0U);
}

TEST(DispatchStory, HoldsBetweenIntentAndSending) {
  dispatch_scene scene(rows({1}));
  scene.tell(opened{});
  scene.tell(gate_answered{1, {}});
  const auto key = scene.the<order::commit_intent>().key;
  scene.tell(held{});
  scene.tell(intent_committed{key, batch_id{1}});
  EXPECT_EQ(scene.count<order::send_batch>(), 0U);
  EXPECT_EQ(scene.count<order::commit_requeue>(), 1U);
  EXPECT_FALSE(scene.the<order::commit_requeue>().counts_as_attempt);
}

TEST(DispatchStory, DoesNotSendARestingBatchWhileHeld) {
  dispatch_scene scene(rows({1}));
  const auto key = scene.send();
  scene.tell(assign_failed{key, {errc::unavailable, "connection refused", {}, 0}});
  scene.tell(held{});
  scene.pass(minutes{30});
  EXPECT_EQ(scene.count<order::send_batch>(), 0U);
  EXPECT_EQ(scene.count<order::commit_requeue>(), 1U);
}

TEST(DispatchStory, FollowsAnAnswerThatComesWhileHeldToItsEnd) {
  dispatch_scene scene(rows({1}));
  const auto key = scene.send();
  scene.tell(held{});
  scene.tell(assign_accepted{key, {"j1"}, "request"});
  scene.tell(ids_matched{key, {{job_row_id{1}, "j1"}}});
  EXPECT_EQ(scene.count<order::commit_ack>(), 1U);
}

TEST(DispatchStory, TakesARowInOnlyOnce) {
  dispatch_scene scene(rows({1, 2}));
  scene.tell(enqueued{rows({2, 3, 3})});
  EXPECT_EQ(scene.machine.queued(), 3U);
  scene.send();
  EXPECT_EQ(scene.the<order::send_batch>().rows, rows({1, 2, 3}));
  scene.tell(enqueued{rows({1})});
  EXPECT_EQ(scene.machine.queued(), 0U) << "row 1 is on its way";
}

TEST(DispatchStory, ClosesAnOpenBatchThatHasNoRowsLeft) {
  dispatch_machine::start found;
  found.queued = rows({1});
  found.open.push_back({batch_id{1}, {}, false, false});
  dispatch_scene scene(found);
  EXPECT_EQ(scene.machine.open_batches(), 0U);
  EXPECT_FALSE(scene.machine.reconciling());
  ASSERT_TRUE(scene.machine.next_due());
  EXPECT_LE(*scene.machine.next_due(), scene.now);
  scene.tell(ticked{});
  EXPECT_EQ(scene.the<order::note_batch>().batch, batch_id{1});
  EXPECT_EQ(scene.the<order::note_batch>().state, order::note_batch::what::refused);
  scene.tell(ticked{});
  EXPECT_EQ(scene.count<order::note_batch>(), 0U) << "once is enough";
}

TEST(DispatchStory, NamesNoDueTimeWhileAnAcknowledgementHoldsAReadingUp) {
  dispatch_scene scene(rows({1, 2}));
  const auto key = scene.send();
  scene.tell(assign_failed{key, lost()});
  scene.pass(seconds{15});
  scene.read({{job_row_id{1}, "j1"}});
  ASSERT_EQ(scene.count<order::commit_ack>(), 1U);
  scene.pass(minutes{1});  // the store is slow; `pass` fails when a due time is named that ticking does not clear
  EXPECT_TRUE(scene.orders.empty());
  scene.tell(ack_committed{key});
  EXPECT_EQ(scene.count<order::read_group>(), 1U) << "the second reading is overdue";
}

TEST(DispatchStory, IgnoresFactsAboutBatchesThatAreGone) {
  dispatch_scene scene(rows({1}));
  const auto key = scene.send();
  scene.tell(assign_accepted{key, {"j1"}, "request"});
  scene.tell(ids_matched{key, {{job_row_id{1}, "j1"}}});
  scene.tell(ack_committed{key});
  for (const dispatch_fact_t& late : std::vector<dispatch_fact_t>{
           assign_accepted{key, {"j1"}, ""}, assign_failed{key, lost()}, intent_committed{key, batch_id{1}},
           intent_failed{key}, ack_committed{key}, ack_failed{key}, requeue_committed{key}, requeue_failed{key},
           match_failed{key}, ids_matched{key, {}}, group_read{}, group_read_failed{}, ticked{}}) {
    scene.tell(late);
    EXPECT_TRUE(scene.orders.empty());
    EXPECT_EQ(scene.machine.queued(), 0U);
  }
}

/// Calls of cases: each is judged alone.
struct case_scene : dispatch_scene {
  explicit case_scene(std::vector<job_row_id> queued) : dispatch_scene(rows({})) {
    auto policy = make(20);
    policy.judges_each_alone = true;
    machine = dispatch_machine(policy, {std::move(queued), {}, {}, 0, false}, day_one);
  }
  /// The rows of every batch that the last fact wants written ahead.
  [[nodiscard]] std::vector<std::vector<job_row_id>> intended() const {
    std::vector<std::vector<job_row_id>> out;
    for (const auto& o : orders)
      if (const auto* intent = std::get_if<order::commit_intent>(&o)) out.push_back(intent->rows);
    return out;
  }
};

TEST(CaseDispatchStory, WhatIsRefusedTogetherIsSentOneByOne) {
  case_scene scene(rows({1, 2, 3}));
  const auto key = scene.send();
  scene.tell(assign_failed{key, refused()});
  EXPECT_EQ(scene.count<order::declare_unplaced>(), 0U) << "who of them was refused is not known";
  EXPECT_EQ(scene.the<order::commit_requeue>().rows, rows({1, 2, 3}));
  EXPECT_FALSE(scene.the<order::commit_requeue>().counts_as_attempt);
  scene.tell(requeue_committed{key});
  scene.tell(gate_answered{3, {}});
  EXPECT_EQ(scene.intended(), (std::vector<std::vector<job_row_id>>{rows({1}), rows({2}), rows({3})}));
}

TEST(CaseDispatchStory, WhoIsRefusedAloneIsUnplacedWhileOthersAreUnderWay) {
  case_scene scene(rows({1, 2, 3}));
  const auto key = scene.send();
  scene.tell(assign_failed{key, refused()});
  scene.tell(requeue_committed{key});
  scene.tell(gate_answered{3, {}});
  std::vector<batch_key> keys;
  for (const auto& o : scene.orders)
    if (const auto* intent = std::get_if<order::commit_intent>(&o)) keys.push_back(intent->key);
  ASSERT_EQ(keys.size(), 3U);
  for (const auto k : keys) scene.tell(intent_committed{k, batch_id{k}});
  scene.tell(assign_failed{keys[1], refused("号码不支持")});
  EXPECT_EQ(scene.the<order::declare_unplaced>().rows, rows({2}));
  EXPECT_EQ(scene.the<order::declare_unplaced>().reason, "号码不支持");
  EXPECT_EQ(scene.count<order::report_nothing_assigned>(), 0U) << "nobody would start it again";
  scene.tell(assign_accepted{keys[0], {"job-1"}, "r"});
  EXPECT_EQ(scene.count<order::match_ids>(), 1U);
}

TEST(CaseDispatchStory, CallsThatJoinWaitForNothing) {
  case_scene scene(rows({1, 2, 3}));
  const auto key = scene.send();
  scene.tell(enqueued{rows({4, 3})});
  EXPECT_EQ(scene.the<order::ask_gate>().wanted, 1U) << "3 is on its way already";
  scene.tell(gate_answered{1, {}});
  EXPECT_EQ(scene.intended(), (std::vector<std::vector<job_row_id>>{rows({4})}));
  EXPECT_EQ(scene.machine.open_batches(), 2U);
  scene.tell(assign_failed{key, lost()});
  EXPECT_EQ(scene.machine.unknown_rows(), rows({1, 2, 3})) << "a lost answer is reconciled, never repeated";
}

}  // namespace
}  // namespace waihu::testing
