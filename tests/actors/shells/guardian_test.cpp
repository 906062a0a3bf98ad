// The guardian of the single actors, and what a thrown exception does to a job, a task and the actors all rely on.
#include "actors/failpoint.hpp"
#include "actors/guardian_actor.hpp"
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

class Guardian : public EngineFixture {
 protected:
  ~Guardian() override { wish_failpoint(""); }

  void guard() {
    const auto watched = [](const char* name, const auto& handle) {
      return guarded_actor(name, caf::actor_cast<caf::strong_actor_ptr>(handle));
    };
    guardian_ = spawn_guardian(eng_system(), {watched("store writer", eng->writer), watched("event hub", eng->hub)},
                               [this](const std::string& name, const std::string&) { gone.push_back(name); });
    settle();
  }

  std::vector<std::string> gone;
  caf::actor guardian_;
};

TEST_F(Guardian, NamesTheFirstActorThatEndsByItselfAndOnlyThat) {
  start_node();
  guard();
  caf::anon_send_exit(eng->hub, caf::exit_reason::kill);
  settle();
  EXPECT_EQ(gone, std::vector<std::string>{"event hub"});
  caf::anon_send_exit(eng->writer, caf::exit_reason::kill);
  settle();
  EXPECT_EQ(gone.size(), 1U);
  caf::anon_send_exit(guardian_, caf::exit_reason::user_shutdown);
}

TEST_F(Guardian, AnOrderedStopIsNoReasonToSpeak) {
  start_node();
  guard();
  caf::anon_send_exit(eng->hub, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(eng->writer, caf::exit_reason::user_shutdown);
  settle();
  EXPECT_TRUE(gone.empty());
  caf::anon_send_exit(guardian_, caf::exit_reason::user_shutdown);
}

TEST_F(Guardian, AJobThatThrowsIsStartedAgainAloneAndEndsLikeTheOthers) {
  start_node();
  const auto task = make_task(5);
  ASSERT_TRUE(start_task(task));
  pass(2s);
  wish_failpoint("job_looked:2:throw");
  provider->set_all(call_status::executing, "Executing");
  pass_until([&] { return eng->counts->jobs == 4; }, 15s, "one job's actor is gone");
  EXPECT_EQ(eng->counts->tasks, 1) << "the task itself lives";
  pass_until([&] { return eng->counts->jobs == 5; }, 5s, "it is back after its back-off");
  provider->set_all(call_status::succeeded, "SucceededFinish", "");
  pass_until([&] { return stored_task(task).type == task_type::calls_complete; }, 60s, "task at 3");
  EXPECT_EQ(provider->doubles(), 0);
}

TEST_F(Guardian, ATaskThatThrowsBetweenIntentAndSendSendsNobodyTwice) {
  start_node();
  const auto task = make_task(30);
  wish_failpoint("intent_committed:2:throw");
  start_task(task);
  pass_until([&] { return eng->counts->tasks == 1 && eng->counts->jobs == 30; }, 60s, "the task is back");
  pass(120s, 1s);
  provider->set_all(call_status::failed, "Busy");
  pass_until([&] { return stored_task(task).type == task_type::follow_up_complete; }, 300s, "task at 4");
  EXPECT_EQ(provider->doubles(), 0);
  for (const auto& job : stored_jobs(task)) EXPECT_NE(job.job.outcome, job_outcome::unplaced);
}

TEST_F(Guardian, AJobThatDiesWhileItIsGivenUpIsGivenUpAgain) {
  options.dispatch.batch_size = 1;
  options.dispatch.max_open_batches = 1;
  start_node();
  const auto task = make_task(2);
  provider->assign_moods = {fake_provider::assign_mood::accept, fake_provider::assign_mood::refuse};
  wish_failpoint("job_ending:1:throw");
  ASSERT_TRUE(start_task(task));
  pass(10s);
  wish_failpoint("");
  int unplaced = 0;
  for (const auto& row : stored_jobs(task)) unplaced += row.job.outcome == job_outcome::unplaced;
  EXPECT_EQ(unplaced, 1);
}

TEST_F(Guardian, ATaskThatIsLoadedAfreshAgainAndAgainIsSlowedDown) {
  start_node();
  const auto task = make_task(3);
  ASSERT_TRUE(start_task(task));
  pass(2s);
  int loads = 0;
  std::int64_t before = eng->counts->tasks;
  for (int step = 0; step < 600; ++step) {
    caf::anon_send_exit(task_actor(task), caf::exit_reason::user_shutdown);
    pass(100ms);
    const std::int64_t now = eng->counts->tasks;
    if (now > before) ++loads;
    before = now;
  }
  EXPECT_GE(loads, 4);
  EXPECT_LE(loads, 8) << "1, 2, 4, 8, 16, 32 s apart within a minute";
}

}  // namespace

}  // namespace waihu::test
