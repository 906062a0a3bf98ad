// Links between nodes, over real sockets and TLS: what is asked is answered once, whatever becomes of the other node,
// and strangers are kept out.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <caf/io/all.hpp>
#include <random>

#include "cluster/peer_links_actor.hpp"
#include "tests/cluster/authority.hpp"
#include "tests/cluster/linked_node.hpp"

namespace waihu {
namespace {

using test::eventually;
using test::linked_node;

const describe_task a_read{"ORG", task_id{7}};
const suspend_resume_task a_change{"ORG", task_id{7}, true};

struct cluster_links : testing::Test {
  static void SetUpTestSuite() {
    ours_ = std::make_unique<test::authority>("ours");
    for (const char* node : {"a", "b"}) ours_->sign(node);
  }
  static void TearDownTestSuite() { ours_.reset(); }

  static config::cluster_options options(const std::string& node, milliseconds ask_timeout = milliseconds{10'000}) {
    auto o = ours_->options(node);
    o.ask_timeout = ask_timeout;
    o.heartbeat = milliseconds{1'000};
    o.link_timeout = milliseconds{4'000};
    return o;
  }
  static bool linked(const linked_node& node) {
    return eventually([&] { return node.counts().links == 1; });
  }

  static inline std::unique_ptr<test::authority> ours_;
  std::shared_ptr<test::member_list> members_{std::make_shared<test::member_list>()};
  std::shared_ptr<test::script> b_does_{std::make_shared<test::script>()};
};

TEST_F(cluster_links, WhatIsAskedOfAnotherNodeIsAnsweredByIt) {
  b_does_->describe = [](const describe_task& q, const answer_to<described_task>& done) {
    described_task d;
    d.task_name = q.organization_id + std::to_string(value(q.task));
    d.counters.total = 3;
    (*done)(std::move(d));
  };
  linked_node a("a", options("a"), members_), b("b", options("b"), members_, b_does_);
  ASSERT_TRUE(linked(a) && linked(b));
  const auto answer = a.answer("b", a_read);
  ASSERT_TRUE(answer) << answer.error().message;
  const auto& shown = std::any_cast<const described_task&>(*answer);
  EXPECT_EQ(shown.task_name, "ORG7");
  EXPECT_EQ(shown.counters.total, 3);
  EXPECT_TRUE(std::any_cast<bool>(*b.answer("a", sweep_now{})));
  EXPECT_EQ(a.counts().asks.at(0), 1U);
}

TEST_F(cluster_links, ARefusalComesBackAsItWasMade) {
  const failure why{errc::unavailable, "on its way", "elsewhere", 25};
  b_does_->suspend_resume = [why](const auto&, const auto& done) { (*done)(tl::unexpected<failure>(why)); };
  linked_node a("a", options("a"), members_), b("b", options("b"), members_, b_does_);
  ASSERT_TRUE(linked(a));
  const auto answer = a.answer("b", a_change);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), why);
}

TEST_F(cluster_links, ANodeWithoutALinkIsUnavailableAtOnce) {
  linked_node a("a", options("a"), members_);
  EXPECT_EQ(a.answer("b", a_change).error().code, errc::unavailable);
  EXPECT_EQ(a.answer("", a_read).error().code, errc::unavailable);
  EXPECT_EQ(a.counts().asks.at(static_cast<std::size_t>(errc::unavailable)), 2U);
}

TEST_F(cluster_links, WhenTheLinkBreaksWhatWasAskedIsLostOrOnlyUnavailable) {
  std::atomic<int> heard{0};
  b_does_->describe = [&](const auto&, const auto&) { ++heard; };
  b_does_->suspend_resume = [&](const auto&, const auto&) { ++heard; };
  linked_node a("a", options("a"), members_);
  auto b = std::make_unique<linked_node>("b", options("b"), members_, b_does_);
  ASSERT_TRUE(linked(a));
  auto read = a.ask("b", a_read);
  auto change = a.ask("b", a_change);
  ASSERT_TRUE(eventually([&] { return heard == 2; }));
  members_->remove("b");
  b.reset();
  EXPECT_EQ(read.get().error().code, errc::unavailable);
  EXPECT_EQ(change.get().error().code, errc::lost) << "it may have been done";
  EXPECT_TRUE(eventually([&] { return a.counts().links == 0; }));
  EXPECT_EQ(a.answer("b", a_change).error().code, errc::unavailable) << "surely not begun";
  EXPECT_EQ(a.counts().open, 0);
}

TEST_F(cluster_links, ANodeThatWasStartedAnewIsLinkedToAnew) {
  linked_node a("a", options("a"), members_);
  for (int life = 0; life < 3; ++life) {
    linked_node b("b", options("b"), members_);
    ASSERT_TRUE(eventually([&] {
      const auto answer = a.answer("b", sweep_now{});
      return answer.has_value();
    })) << "life "
        << life;
  }
}

TEST_F(cluster_links, AnAnswerThatDoesNotComeIsNotWaitedFor) {
  b_does_->describe = [](const auto&, const auto&) {};
  linked_node a("a", options("a", milliseconds{50}), members_), b("b", options("b"), members_, b_does_);
  ASSERT_TRUE(linked(a));
  EXPECT_EQ(a.answer("b", a_read).error().code, errc::unavailable);
  EXPECT_EQ(a.counts().links, 1) << "the link stands";
  EXPECT_EQ(a.counts().open, 0);
}

TEST_F(cluster_links, QuestionsToOneNodeAreBounded) {
  std::atomic<int> heard{0};
  b_does_->describe = [&](const auto&, const auto&) { ++heard; };
  linked_node a("a", options("a", milliseconds{1'000}), members_), b("b", options("b"), members_, b_does_);
  ASSERT_TRUE(linked(a));
  std::vector<std::future<result<std::any>>> asked;
  for (int i = 0; i < 50; ++i) asked.push_back(a.ask("b", a_read));
  EXPECT_EQ(a.answer("b", a_read).error().code, errc::overloaded);
  for (auto& each : asked) EXPECT_EQ(each.get().error().code, errc::unavailable);
  EXPECT_TRUE(a.answer("b", sweep_now{})) << "there is room again";
}

TEST_F(cluster_links, WhenThisNodeStopsWhoeverWaitsIsTold) {
  std::atomic<int> heard{0};
  b_does_->describe = [&](const auto&, const auto&) { ++heard; };
  linked_node b("b", options("b"), members_, b_does_);
  auto a = std::make_unique<linked_node>("a", options("a"), members_);
  ASSERT_TRUE(linked(*a));
  auto read = a->ask("b", a_read);
  ASSERT_TRUE(eventually([&] { return heard == 1; }));
  a.reset();
  EXPECT_EQ(read.get().error().code, errc::cancelled);
}

TEST_F(cluster_links, ANodeWithACertificateOfAnotherAuthorityIsRefused) {
  test::authority theirs("theirs");
  theirs.sign("c");
  linked_node a("a", options("a"), members_);
  linked_node stranger("c", theirs.options("c"), std::make_shared<test::member_list>());
  EXPECT_FALSE(cluster::reach_door(stranger.system(), a.address(), milliseconds{5'000})) << "a takes no stranger in";
  EXPECT_FALSE(cluster::reach_door(a.system(), stranger.address(), milliseconds{5'000})) << "a speaks to no stranger";
}

TEST_F(cluster_links, AClientWithoutTlsIsRefused) {
  linked_node a("a", options("a"), members_), b("b", options("b"), members_);
  caf::actor_system_config config;
  config.set("scheduler.max-threads", std::size_t{1});
  config.load<caf::io::middleman>();
  caf::actor_system plain(config);
  EXPECT_FALSE(plain.middleman().remote_actor<cluster::peer_door>("127.0.0.1", b.port()));
  ASSERT_TRUE(linked(a));
  EXPECT_TRUE(a.answer("b", sweep_now{})) << "and nobody else noticed";
}

TEST_F(cluster_links, GarbageOnThePortDoesNoHarm) {
  linked_node a("a", options("a"), members_), b("b", options("b"), members_);
  boost::asio::io_context io;
  std::mt19937 source(3);
  for (int round = 0; round < 20; ++round) {
    boost::asio::ip::tcp::socket stranger(io);
    stranger.connect({boost::asio::ip::address_v4::loopback(), b.port()});
    std::string bytes(1 + source() % 20'000, '\0');
    for (auto& each : bytes) each = static_cast<char>(source());
    boost::system::error_code hung_up;
    boost::asio::write(stranger, boost::asio::buffer(bytes), hung_up);
  }
  ASSERT_TRUE(linked(a));
  EXPECT_TRUE(a.answer("b", sweep_now{}));
}

TEST_F(cluster_links, WhatIsNoAddressIsReachedByNobody) {
  linked_node a("a", options("a"), members_);
  for (const char* address : {"nowhere", ":1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:1x"})
    EXPECT_FALSE(cluster::reach_door(a.system(), address, milliseconds{1'000})) << address;
}

TEST(cluster_addresses, AnIpv6AddressStandsInBracketsBeforeItsPort) {
  config::cluster_options o;
  o.listen_address = "0.0.0.0";
  o.advertise_address = "fd00::1";
  EXPECT_EQ(cluster::peer_address(o, 4877), "[fd00::1]:4877");
  o.advertise_address = "node-1.example";
  EXPECT_EQ(cluster::peer_address(o, 4877), "node-1.example:4877");
  o.advertise_address = "";
  EXPECT_EQ(cluster::peer_address(o, 1), "0.0.0.0:1");
}

TEST(cluster_questions, ThoseThatChangeSomethingWaitLongerAndAreLost) {
  EXPECT_TRUE(cluster::changes_something(start_call_task{}));
  EXPECT_TRUE(cluster::changes_something(make_follow_up{}));
  EXPECT_FALSE(cluster::changes_something(refresh_jobs{}));
  EXPECT_FALSE(cluster::changes_something(describe_task{}));
  EXPECT_EQ(cluster::patience_for(describe_task{}, milliseconds{70}), milliseconds{70});
  refresh_jobs looks;
  looks.budget = milliseconds{500};
  EXPECT_EQ(cluster::patience_for(looks, milliseconds{70}), milliseconds{570});
  EXPECT_GT(cluster::patience_for(start_call_task{}, milliseconds{70}), minutes{5});
}

}  // namespace
}  // namespace waihu
