// One node: the real actors on CAF's test coordinator under the world's time. It is stepped one message at a time;
// which runnable actor is next, the seed decides. It can die between any two messages, be stopped and woken, and be cut
// off.
#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/engine.hpp"
#include "tests/simulation/sim_network.hpp"
#include "tests/simulation/sim_store.hpp"

namespace waihu::simulation {

/// What all nodes of a world share.
struct surroundings {
  world& here;
  sim_provider& provider;
  std::shared_ptr<sim_time> provider_outage{std::make_shared<sim_time>(0)};
  std::shared_ptr<sim_time> store_outage{std::make_shared<sim_time>(0)};
  config::options options;
};

class sim_node {
 public:
  /// Claims the shards, or joins the cluster, and starts the actors. `claimed()` is false when that failed: such a node
  /// is to be dropped.
  sim_node(surroundings& around, int number, std::string name);
  ~sim_node();
  sim_node(const sim_node&) = delete;
  sim_node& operator=(const sim_node&) = delete;

  [[nodiscard]] bool claimed() const noexcept { return claimed_; }
  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Whether the store has any shard as this node's.
  [[nodiscard]] bool owns_something() const;

  [[nodiscard]] bool runnable() const { return !paused_ && !sched().jobs.empty(); }
  /// Lets one actor, chosen by the seed, handle one message.
  void step();
  /// When its next timer falls due.
  [[nodiscard]] std::optional<sim_time> next_timer() const;
  /// Its clocks follow the world's; timers that fall due go off.
  void catch_up();
  /// Delayed messages that are on their way to anybody but the single actors that beat for ever. Answered requests
  /// leave their time-out in CAF's clock until it is over; that is CAF's, and those are not counted.
  [[nodiscard]] std::vector<std::string> timers() const;

  void pause() noexcept { paused_ = true; }
  void wake() noexcept { paused_ = false; }
  [[nodiscard]] bool paused() const noexcept { return paused_; }
  void cut_off_until(sim_time t) { store_->cut_off_until(t); }
  /// Its connection to the store is broken: the claim may be taken by another.
  void lose_claim_session() { claim_session_.reset(); }
  /// Renews the claim, as the lease keeper does. False: the store says that it is another's.
  bool renew_claim();
  /// A write was refused because the shards are another's.
  [[nodiscard]] bool knows_it_lost() const noexcept { return lost_; }
  /// Asks it to stop in order; `drained()` tells when it has.
  void drain();
  [[nodiscard]] bool drained() const noexcept { return *drained_; }

  [[nodiscard]] const http_gateway& door() const noexcept { return door_; }
  [[nodiscard]] const engine& inside() const { return *eng_; }
  /// Actors that are alive, as CAF counts them; `at_rest` is the number right after the start.
  [[nodiscard]] std::size_t actors() const { return system_->registry().running(); }
  [[nodiscard]] std::size_t actors_at_rest() const noexcept { return at_rest_; }
  /// Ends one actor of that name (the k-th that was ever seen alive), as a defect would; false when there is none.
  bool crash_actor(const std::string& name);
  /// The next call of the clock by an actor of that name throws.
  void throw_in(const std::string& name) { throw_in_ = name; }
  /// Keeps the line to the store alive as long as the world may use it.
  [[nodiscard]] std::shared_ptr<store_link> store_line() const { return store_; }

  std::function<void()> on_dispatch_point;  ///< An intent, a send or an acknowledgement has just happened.

 private:
  struct testing_config : caf::actor_system_config {
    testing_config() { set("scheduler.policy", caf::atom("testing")); }
  };
  caf::scheduler::test_coordinator& sched() const;
  caf::detail::test_actor_clock& clock() const { return sched().clock(); }
  void spawn_actors();
  wall_time read_clock();
  void settle();

  surroundings& around_;
  bool is_clustered() const noexcept { return around_.options.cluster.enabled; }
  bool claim();
  bool join();
  void spawn_keeper();
  bool may_send() const;

  int number_;
  std::string name_;
  epoch_t epoch_{};  ///< Of the claim of a node that is alone.
  bool claimed_{};
  bool paused_{};
  bool lost_{};
  milliseconds skew_{0};
  sim_time good_until_{0};
  std::unique_ptr<store> claim_session_;
  std::string incarnation_;
  std::shared_ptr<std::atomic<std::int64_t>> leases_until_ms_{std::make_shared<std::atomic<std::int64_t>>(0)};
  cluster_keeper keeper_;
  testing_config system_options_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<engine> eng_;
  http_gateway door_;
  caf::actor guardian_;
  std::shared_ptr<store_link> store_;
  std::shared_ptr<mailbag> answers_;
  std::shared_ptr<provider_link> provider_;
  std::map<caf::actor_id, caf::weak_actor_ptr> known_;
  std::map<caf::actor_id, std::string> names_;
  std::string running_;  ///< Name of the actor whose turn it is.
  std::string throw_in_;
  std::size_t at_rest_{};
  std::shared_ptr<bool> drained_{std::make_shared<bool>(false)};
};

}  // namespace waihu::simulation
