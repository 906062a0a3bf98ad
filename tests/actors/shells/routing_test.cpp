// A question about a task goes to the node that owns it, and waits while the task is on its way from one to another.
#include <gtest/gtest.h>

#include <map>

#include "actors/http_gateway_actor.hpp"
#include "tests/actors/shells/engine_fixture.hpp"

namespace waihu::test {

namespace {

using namespace std::chrono_literals;

/// Links that answer what the test says.
struct fake_links {
  std::function<result<std::any>(const std::string&, const remote_question&)> answers;
  std::vector<std::pair<std::string, std::size_t>> asked;  ///< Node, and which question.
};

peer_links::behavior_type links_behavior(peer_links::pointer, const std::shared_ptr<fake_links>& links) {
  return {
      [links](ask_atom, const std::string& node, const remote_question_ptr& question, const answer_to<std::any>& done) {
        // Progress is told whenever there is some.
        if (std::holds_alternative<tell_progress_elsewhere>(*question)) return (*done)(std::any(true));
        links->asked.emplace_back(node, question->index());
        (*done)(links->answers(node, *question));
      },
      [](tick_atom) {},
  };
}

template <class Question>
std::size_t index_of_question() {
  return remote_question(Question{}).index();
}

class Routing : public EngineFixture {
 protected:
  /// A node of a cluster that has two others.
  void start_in_cluster() {
    start_node();
    eng->peers = eng_system().spawn(links_behavior, links);
    links->answers = [](const std::string&, const remote_question&) -> result<std::any> {
      return fail(errc::unavailable, "there is no link to the node");
    };
    show({});
  }
  /// What the store says: these shards are others', the rest is ours.
  void show(const std::map<shard_id, std::string>& others) {
    auto view = std::make_shared<cluster_view>();
    for (const char* name : {"node-1", "node-2", "node-3", "node-4"}) {
      cluster_member member;
      member.node = name;
      member.peer_address = "127.0.0.1:1";
      if (member.node == "node-4") member.beat_age = std::chrono::hours{1};
      view->members.push_back(member);
    }
    for (auto& shard : view->shards) shard.node = eng->node;
    for (const auto& [shard, node] : others) view->shards[waihu::index_of(shard)].node = node;
    eng->cluster->show(std::move(view));
  }
  /// The task is another node's, or "" nobody's.
  void give_away(task_id task, const std::string& node) {
    eng->shards->set(shard_of(task), epoch_t{});
    show({{shard_of(task), node}});
  }

  std::shared_ptr<fake_links> links{std::make_shared<fake_links>()};
};

TEST_F(Routing, WhatIsOursIsAnsweredHere) {
  start_in_cluster();
  const auto task = make_task(2);
  EXPECT_TRUE(start_task(task));
  EXPECT_TRUE(describe_through(front(), task));
  EXPECT_TRUE(diagnose(task));
  EXPECT_TRUE(links->asked.empty());
}

TEST_F(Routing, WhatIsAnothersIsAskedThereAndItsAnswerHandedBack) {
  start_in_cluster();
  const auto task = make_task(2);
  give_away(task, "node-3");
  links->answers = [&](const std::string&, const remote_question& question) -> result<std::any> {
    if (const auto* q = std::get_if<start_call_task>(&question)) {
      EXPECT_EQ(q->organization_id, organization);
      started_call_task started;
      started.task = q->task;
      started.job_group_id = "theirs";
      return std::any(started);
    }
    return fail(errc::rejected, "任务已暂停", "4002");
  };
  const auto started = start_task(task);
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(started->job_group_id, "theirs");
  const auto suspended = switch_task(task, true);
  ASSERT_FALSE(suspended);
  EXPECT_EQ(suspended.error(), (failure{errc::rejected, "任务已暂停", "4002", 0}));
  ASSERT_EQ(links->asked.size(), 2U);
  EXPECT_EQ(links->asked[0].first, "node-3");
  EXPECT_FALSE(task_actor(task)) << "nothing was started here";
}

TEST_F(Routing, EveryQuestionAboutATaskGoesToItsOwner) {
  start_in_cluster();
  const auto task = make_task(1);
  give_away(task, "node-2");
  const auto row = job_row_id{1};
  EXPECT_EQ(refresh(task, {row}, 0ms).error().code, errc::unavailable);
  EXPECT_EQ(follow_up({organization, task, row, true, false}).error().code, errc::unavailable);
  EXPECT_EQ(diagnose(task).error().code, errc::unavailable);
  EXPECT_EQ(explain(task, row).error().code, errc::unavailable);
  EXPECT_EQ(describe_through(front(), task).error().code, errc::unavailable);
  EXPECT_EQ(start_run({organization, task, 100, 0ms, true}).error().code, errc::unavailable);
  EXPECT_EQ(await_calls({organization, task, {row}, 100ms}).error().code, errc::unavailable);
  EXPECT_EQ(links->asked.size(), 7U) << "one try each: the link says that nothing was begun";
  for (const auto& [node, question] : links->asked) EXPECT_EQ(node, "node-2");
}

TEST_F(Routing, ATaskOnItsWayIsWaitedForAndAskedWhereItArrives) {
  start_in_cluster();
  const auto task = make_task(1);
  give_away(task, "node-2");
  int asked = 0;
  links->answers = [&](const std::string& node, const remote_question&) -> result<std::any> {
    // node-2 has just let it go; then nobody has it; then it is node-3's.
    ++asked;
    if (node == "node-2") {
      show({{shard_of(task), asked == 1 ? "" : "node-2"}});
      return fail(errc::unavailable, "on its way", "elsewhere");
    }
    described_task d;
    d.task_name = node;
    return std::any(d);
  };
  auto box = std::make_shared<std::optional<result<described_task>>>();
  caf::anon_send(front(), view_atom::value, describe_task{organization, task},
                 answer_to<described_task>(std::make_shared<const completion<described_task>>(
                     [box](result<described_task> r) { box->emplace(std::move(r)); })));
  pass(300ms);
  EXPECT_FALSE(box->has_value()) << "it waits";
  EXPECT_EQ(asked, 1);
  show({{shard_of(task), "node-3"}});
  pass(200ms);
  ASSERT_TRUE(box->has_value());
  ASSERT_TRUE(**box);
  EXPECT_EQ((**box)->task_name, "node-3");
}

TEST_F(Routing, ATaskThatArrivesHereIsAnsweredHere) {
  start_in_cluster();
  const auto task = make_task(1);
  const auto epoch = eng->shards->epoch_of(task);
  give_away(task, "");
  auto box = std::make_shared<std::optional<result<started_call_task>>>();
  caf::anon_send(front(), start_atom::value, start_call_task{organization, task, 100ms},
                 answer_to<started_call_task>(std::make_shared<const completion<started_call_task>>(
                     [box](result<started_call_task> r) { box->emplace(std::move(r)); })));
  pass(300ms);
  EXPECT_FALSE(box->has_value());
  eng->shards->set(shard_of(task), epoch);
  pass_until([&] { return box->has_value(); }, 20s, "the start is answered");
  EXPECT_TRUE(**box) << (*box)->error().message;
}

TEST_F(Routing, ATaskThatNobodyTakesIsRefusedAfterAboutASecond) {
  start_in_cluster();
  const auto task = make_task(1);
  give_away(task, "");
  const auto before = sched().clock().now();
  const auto refused = describe_through(front(), task);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_EQ(refused.error().vendor_code, "elsewhere");
  const auto took = sched().clock().now() - before;
  EXPECT_GE(took, 900ms);
  EXPECT_LE(took, 1'500ms);
}

TEST_F(Routing, WhatMayHaveBeenDoneIsNotAskedAgain) {
  start_in_cluster();
  const auto task = make_task(1);
  give_away(task, "node-2");
  links->answers = [](const auto&, const auto&) -> result<std::any> { return fail(errc::lost, "the link broke"); };
  EXPECT_EQ(start_task(task).error().code, errc::lost);
  EXPECT_EQ(links->asked.size(), 1U);
}

TEST_F(Routing, OtherNodesAreAnsweredFromHereOrSentOn) {
  start_in_cluster();
  const auto ours = make_task(1);
  EXPECT_TRUE(start_task(ours));
  const auto for_others = spawn_http_gateway(eng_system(), eng, gateway_reach::this_node);
  EXPECT_TRUE(describe_through(for_others, ours));
  give_away(ours, "node-2");
  const auto refused = describe_through(for_others, ours);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().vendor_code, "elsewhere");
  EXPECT_TRUE(links->asked.empty()) << "it asks nobody on";
  caf::anon_send_exit(for_others, caf::exit_reason::user_shutdown);
}

TEST_F(Routing, AnOwnerWithoutALiveActorSaysSo) {
  start_in_cluster();
  const auto task = make_task(1);
  EXPECT_EQ(describe_through(front(), task).error().code, errc::not_found) << "the store is exact";
}

TEST_F(Routing, ASwitchIsToldToTheOthersThatAreThere) {
  start_in_cluster();
  links->answers = [](const auto&, const auto&) -> result<std::any> { return std::any(true); };
  EXPECT_TRUE(switch_automation(false));
  ASSERT_EQ(links->asked.size(), 2U) << "not the one that has not been heard of, not this one";
  EXPECT_EQ(links->asked[0], std::pair(std::string("node-2"), index_of_question<sweep_now>()));
  EXPECT_EQ(links->asked[1], std::pair(std::string("node-3"), index_of_question<sweep_now>()));
  links->asked.clear();
  EXPECT_TRUE(sweep());
  EXPECT_EQ(links->asked.size(), 2U);
}

TEST_F(Routing, CallsOfAllNodesAreAddedUp) {
  start_in_cluster();
  links->answers = [](const std::string& node, const remote_question&) -> result<std::any> {
    if (node == "node-3") return fail(errc::unavailable, "there is no link to the node");
    automation_state theirs;
    theirs.node = node;
    theirs.live_jobs = 5;
    theirs.polling_jobs = 3;
    theirs.waiting_jobs = 2;
    return std::any(theirs);
  };
  const auto task = make_task(4);
  EXPECT_TRUE(start_task(task));
  const auto seen = automation();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->node, "node-1");
  EXPECT_EQ(seen->live_jobs, 4 + 5);
  EXPECT_GE(seen->polling_jobs, 3);
}

}  // namespace

}  // namespace waihu::test
