// Calls told as stories: looks, failures, parking, deadlines, and commits that fail.
#include <gtest/gtest.h>

#include "actors/call_job_machine.hpp"

namespace waihu::testing {
namespace {

using namespace job_fact;
constexpr steady_time day_one{std::chrono::hours{24}};
constexpr std::chrono::hours h{1};

/// One job as a shell would run it: time passes, the machine is woken when it asked to be.
struct job_scene {
  call_job_policy policy;
  call_job_position at;
  steady_time now = day_one;
  std::vector<call_job_order> orders;

  void tell(const call_job_fact& fact) {
    orders.clear();
    if (auto decision = decide(at, fact, policy, now)) {
      at = std::move(decision->next);
      orders = std::move(decision->orders);
    }
  }
  template <class Order>
  [[nodiscard]] const Order* order() const {
    for (const auto& o : orders)
      if (const auto* found = std::get_if<Order>(&o)) return found;
    return nullptr;
  }
  template <class Order>
  [[nodiscard]] bool ordered() const {
    return order<Order>() != nullptr;
  }
  [[nodiscard]] milliseconds asked_delay() const {
    const auto* wake = order<job_orders::wake_in>();
    return wake == nullptr ? milliseconds{-1} : wake->delay;
  }
  void see(call_status status, int attempts = 1) { tell(status_seen{status, attempts, "NoAnswer"}); }
  void track() {
    tell(intended{});
    tell(acknowledged{false});
  }
  /// Looks in the asked rhythm, always seeing `status`, for so long or until no look is asked for any more.
  void poll(call_status status, milliseconds how_long) {
    const auto end = now + how_long;
    while (now < end && at.committing == job_commit::none) {
      if (at.look_in_flight) see(status);
      now += asked_delay() < milliseconds{0} ? policy.look_interval : asked_delay();
      tell(woken{});
    }
  }
};

TEST(CallJobStory, LooksAtOnceAfterTheAcknowledgementAndThenEveryTenSeconds) {
  job_scene job;
  job.tell(intended{});
  EXPECT_EQ(job.at.phase, job_phase::dispatching);
  job.tell(acknowledged{false});
  EXPECT_TRUE(job.ordered<job_orders::look_now>());
  job.see(call_status::executing);
  EXPECT_EQ(job.asked_delay(), seconds{10});
  EXPECT_TRUE(job.order<job_orders::wake_in>()->jitter);
}

TEST(CallJobStory, AsksForNoLookWhenTheAcknowledgementBroughtOne) {
  job_scene job;
  job.tell(intended{});
  job.tell(acknowledged{true});
  EXPECT_FALSE(job.ordered<job_orders::look_now>());
  job.see(call_status::scheduling, 0);
  EXPECT_EQ(job.asked_delay(), seconds{10});
}

TEST(CallJobStory, LooksOnceAMinuteWhileTheProviderKeepsItWaitingForLong) {
  job_scene job;
  job.track();
  job.see(call_status::scheduling, 0);
  EXPECT_EQ(job.asked_delay(), seconds{10});
  job.now += minutes{10};
  job.see(call_status::scheduling, 0);
  EXPECT_EQ(job.asked_delay(), seconds{60});
  job.see(call_status::executing);
  EXPECT_EQ(job.asked_delay(), seconds{10});
}

TEST(CallJobStory, ParksAfterTenFailedLooksInARowAndNotBefore) {
  job_scene job;
  job.track();
  job.see(call_status::executing);
  for (int failure = 1; failure <= 9; ++failure) {
    job.tell(woken{});
    job.tell(look_failed{});
    ASSERT_EQ(job.at.committing, job_commit::none) << failure;
  }
  job.tell(woken{});
  job.see(call_status::executing);
  EXPECT_EQ(job.at.failures, 0) << "a look that was answered resets the count";
  for (int failure = 1; failure <= 10; ++failure) {
    ASSERT_EQ(job.at.committing, job_commit::none) << failure;
    job.tell(woken{});
    job.tell(look_failed{});
  }
  ASSERT_TRUE(job.ordered<job_orders::persist_park>());
  EXPECT_EQ(job.order<job_orders::persist_park>()->reason, parked_reason::unreachable);
  EXPECT_TRUE(job.ordered<job_orders::raise_unreachable>());
  EXPECT_TRUE(job.ordered<job_orders::sleep>());
  job.tell(committed{});
  EXPECT_EQ(job.at.phase, job_phase::parked);
}

TEST(CallJobStory, CountsNoFailureWhileTheBreakerIsOpen) {
  job_scene job;
  job.track();
  job.see(call_status::executing);
  for (int i = 0; i < 500; ++i) {
    job.tell(woken{});
    job.tell(look_skipped{});
  }
  EXPECT_EQ(job.at.failures, 0);
  EXPECT_EQ(job.at.phase, job_phase::tracking);
  EXPECT_EQ(job.at.committing, job_commit::none);
}

TEST(CallJobStory, CountsALookThatNobodyAnswersForAMinuteAsFailed) {
  job_scene job;
  job.track();
  job.now += seconds{59};
  job.tell(woken{});
  EXPECT_EQ(job.at.failures, 0);
  job.now += seconds{1};
  job.tell(woken{});
  EXPECT_EQ(job.at.failures, 1);
  EXPECT_FALSE(job.at.look_in_flight);
}

TEST(CallJobStory, ParksTwoHoursAfterTheLastChangeWhileExecuting) {
  job_scene job;
  job.track();
  job.see(call_status::executing);
  const auto began = job.now;
  job.poll(call_status::executing, 3 * h);
  EXPECT_TRUE(job.ordered<job_orders::warn_deadline>());
  ASSERT_TRUE(job.ordered<job_orders::persist_park>());
  EXPECT_EQ(job.order<job_orders::persist_park>()->reason, parked_reason::timeout);
  EXPECT_GE(job.now - began, 2 * h);
  EXPECT_LE(job.now - began, 2 * h + job.policy.look_interval);
  EXPECT_FALSE(job.ordered<job_orders::raise_unreachable>()) << "a deadline is a warning, no error for people";
}

TEST(CallJobStory, GetsAFreshDeadlineWithEachObservedChange) {
  job_scene job;
  job.track();
  job.see(call_status::executing, 1);
  job.now += 2 * h - seconds{1};
  job.see(call_status::executing, 2);  // redialled
  EXPECT_EQ(job.at.deadline_at, job.now + 2 * h);
}

TEST(CallJobStory, MayWaitDaysInTheProvidersQueue) {
  job_scene job;
  job.track();
  job.see(call_status::scheduling, 0);
  job.poll(call_status::scheduling, 72 * h);
  EXPECT_EQ(job.at.phase, job_phase::tracking);
  EXPECT_EQ(job.at.committing, job_commit::none);
}

TEST(CallJobStory, DoesNotCountSuspendedTimeForTheDeadline) {
  job_scene job;
  job.track();
  job.see(call_status::executing);
  job.now += h;
  job.tell(suspended{});
  EXPECT_FALSE(job.at.deadline_at);
  job.see(call_status::executing);
  job.poll(call_status::executing, 50 * h);
  ASSERT_EQ(job.at.committing, job_commit::none) << "parked although the task was suspended";
  job.tell(resumed{});
  EXPECT_EQ(job.at.deadline_at, job.now + h) << "one hour of the two was left";
}

TEST(CallJobStory, StaysPastItsDeadlineWhenTheTaskIsSuspendedJustThen) {
  job_scene job;
  job.track();
  job.see(call_status::executing);
  job.now += 2 * h + seconds{1};  // past the deadline, not yet woken
  job.tell(suspended{});
  job.now += h;
  job.tell(resumed{});
  ASSERT_TRUE(job.at.deadline_at);
  EXPECT_LE(*job.at.deadline_at, job.now + seconds{1}) << "a suspension gave two more hours";
}

TEST(CallJobStory, GoesOnWhereItWasWhenAParkedJobAnswers) {
  job_scene job;
  job.at = restored_position(job_phase::parked, parked_reason::unreachable, call_status::none, job_outcome::none, 10,
                             day_one);
  job.tell(woken{});
  EXPECT_TRUE(job.orders.empty()) << "a parked job does not look by itself";
  job.tell(swept{});
  EXPECT_TRUE(job.ordered<job_orders::look_now>());
  job.see(call_status::executing);
  EXPECT_TRUE(job.ordered<job_orders::persist_unpark>());
  EXPECT_EQ(job.at.phase, job_phase::parked) << "not before it is durable";
  job.tell(committed{});
  EXPECT_EQ(job.at.phase, job_phase::tracking);
  EXPECT_EQ(job.at.parked, parked_reason::none);
  EXPECT_EQ(job.at.deadline_at, job.now + 2 * h);
  EXPECT_EQ(job.asked_delay(), seconds{10});
}

TEST(CallJobStory, GetsItsFollowUpAlthoughItsParkingWasStoredAfterItsEnd) {
  job_scene job;
  job.at = restored_position(job_phase::parked, parked_reason::timeout, call_status::succeeded, job_outcome::connected,
                             0, day_one);
  EXPECT_EQ(job.at.phase, job_phase::settled);
  EXPECT_EQ(job.at.parked, parked_reason::none);
  const auto opening = opening_orders(job.at, call_job_policy{});
  ASSERT_EQ(opening.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<job_orders::start_follow_up>(opening.front()));
  job.tell(follow_up_done{});
  EXPECT_EQ(job.at.phase, job_phase::closed);
}

TEST(CallJobStory, IgnoresASecondTerminalReportAndCountsIt) {
  job_scene job;
  job.track();
  job.tell(status_seen{call_status::succeeded, 1, "SucceededFinish"});
  EXPECT_TRUE(job.ordered<job_orders::persist_outcome>());
  for (const bool durable : {false, true}) {
    if (durable) job.tell(committed{});
    job.see(call_status::failed);
    EXPECT_TRUE(job.ordered<job_orders::count_late_report>());
    EXPECT_EQ(job.at.status, call_status::succeeded);
    EXPECT_EQ(job.at.outcome, job_outcome::connected);
    job.see(call_status::executing);
    EXPECT_TRUE(job.orders.empty());
    EXPECT_EQ(job.at.status, call_status::succeeded);
  }
}

// Found by KeepsItsPromisesOnTenThousandWalks: the parking's confirmation was once taken for the outcome's.
TEST(CallJobStory, WaitsForTheParkingCommitBeforeItCommitsAnOutcomeThatArrivesMeanwhile) {
  for (const bool park_fails : {false, true}) {
    job_scene job;
    job.track();
    job.see(call_status::executing);
    job.now += 2 * h;
    job.tell(woken{});
    ASSERT_EQ(job.at.committing, job_commit::park);
    job.tell(status_seen{call_status::succeeded, 1, "SucceededFinish"});  // a late answer
    EXPECT_FALSE(job.ordered<job_orders::persist_outcome>()) << "two commits at once";
    job.see(call_status::failed);
    EXPECT_TRUE(job.ordered<job_orders::count_late_report>());
    if (park_fails) {
      job.tell(commit_failed{});
      job.now += seconds{1};
      job.tell(woken{});
    } else {
      job.tell(committed{});
    }
    EXPECT_TRUE(job.ordered<job_orders::persist_outcome>());
    EXPECT_FALSE(job.ordered<job_orders::start_follow_up>());
    EXPECT_EQ(job.at.committing, job_commit::outcome);
    EXPECT_EQ(job.at.outcome, job_outcome::connected);
    job.tell(committed{});
    EXPECT_EQ(job.at.phase, job_phase::settled);
    EXPECT_TRUE(job.ordered<job_orders::start_follow_up>());
  }
}

TEST(CallJobStory, RepeatsACommitThatFailedUnchangedUntilItIsDurable) {
  job_scene job;
  job.track();
  job.tell(status_seen{call_status::failed, 1, "Busy"});
  for (int i = 0; i < 20; ++i) {
    job.tell(commit_failed{});
    EXPECT_EQ(job.asked_delay(), seconds{1});
    job.tell(woken{});
    ASSERT_TRUE(job.ordered<job_orders::persist_outcome>());
    job.tell(woken{});
    ASSERT_TRUE(job.orders.empty()) << "a commit under way is waited for";
  }
  job.tell(committed{});
  EXPECT_EQ(job.at.outcome, job_outcome::not_reached);
  EXPECT_TRUE(job.ordered<job_orders::start_follow_up>());
  job.tell(follow_up_done{});
  EXPECT_TRUE(job.ordered<job_orders::retire>());
}

TEST(CallJobStory, ClosesACancelledJobWithoutAFollowUp) {
  job_scene job;
  job.track();
  job.see(call_status::cancelled);
  job.tell(committed{});
  EXPECT_FALSE(job.ordered<job_orders::start_follow_up>());
  EXPECT_TRUE(job.ordered<job_orders::persist_close>());
  job.tell(committed{});
  EXPECT_EQ(job.at.phase, job_phase::closed);
  EXPECT_TRUE(job.ordered<job_orders::retire>());
}

TEST(CallJobStory, SettlesAJobThatWasNeverPlacedAsFailed) {
  job_scene job;
  job.tell(intended{});
  job.tell(unplaced{});
  EXPECT_TRUE(job.ordered<job_orders::persist_outcome>());
  EXPECT_EQ(job.at.status, call_status::failed);
  EXPECT_EQ(job.at.outcome, job_outcome::unplaced);
  job.tell(acknowledged{false});
  EXPECT_TRUE(job.orders.empty());
  job.tell(committed{});
  EXPECT_TRUE(job.ordered<job_orders::start_follow_up>());
}

TEST(CallJobStory, TakesAnUnknownStatusForAnActiveOne) {
  job_scene job;
  job.track();
  job.see(call_status::other);
  EXPECT_EQ(job.at.phase, job_phase::tracking);
  EXPECT_EQ(job.asked_delay(), seconds{10});
  EXPECT_FALSE(job.at.deadline_at);
}

/// A call of a case: other numbers, and the deadline counts from the first look.
job_scene case_call() {
  job_scene job;
  job.policy.queued_look_interval = job.policy.look_interval;
  job.policy.deadline_from_first_look = true;
  return job;
}

TEST(CaseCallStory, IsLookedAtEveryTenSecondsHoweverLongItIsQueued) {
  auto job = case_call();
  job.track();
  job.poll(call_status::scheduling, h);
  job.see(call_status::scheduling);
  EXPECT_EQ(job.asked_delay(), seconds{10});
}

TEST(CaseCallStory, IsGivenUpTwoHoursAfterItsFirstLookWhateverItsStatus) {
  for (const auto status : {call_status::scheduling, call_status::executing, call_status::paused, call_status::other}) {
    auto job = case_call();
    job.track();
    job.poll(status, 2 * h - seconds{20});
    EXPECT_EQ(job.at.committing, job_commit::none) << to_string(status);
    job.poll(status, seconds{40});
    ASSERT_TRUE(job.ordered<job_orders::persist_park>()) << to_string(status);
    EXPECT_EQ(job.order<job_orders::persist_park>()->reason, parked_reason::timeout);
    EXPECT_LE(job.now - day_one, 2 * h + seconds{20});
  }
}

TEST(CaseCallStory, SuspensionDoesNotStopItsDeadline) {
  auto job = case_call();
  job.track();
  job.see(call_status::executing);
  job.tell(suspended{});
  ASSERT_TRUE(job.at.deadline_at);
  EXPECT_EQ(*job.at.deadline_at, day_one + 2 * h);
  job.tell(resumed{});
  EXPECT_EQ(*job.at.deadline_at, day_one + 2 * h);
}

TEST(CaseCallStory, TenFailuresInARowEndIt) {
  auto job = case_call();
  job.track();
  for (int i = 1; i <= 10; ++i) {
    EXPECT_FALSE(job.ordered<job_orders::raise_unreachable>()) << i;
    job.tell(look_failed{});
    job.now += seconds{10};
    if (i < 10) job.tell(woken{});
  }
  EXPECT_TRUE(job.ordered<job_orders::raise_unreachable>());
  EXPECT_EQ(job.at.parked, parked_reason::unreachable);
}

}  // namespace
}  // namespace waihu::testing
