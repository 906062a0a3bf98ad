// One seed from the first start-call-task to the last task at rest: leads, tasks, people, nodes that come and go, and
// the verdict. The same seed gives the same campaign, message for message.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/sim_node.hpp"

namespace waihu::simulation {

/// What became of a campaign.
struct outcome {
  std::uint64_t seed{};
  std::vector<breach> breaches;
  coverage seen;
  std::uint64_t trace_hash{};
  std::uint64_t steps{};         ///< Messages handled by actors.
  std::uint64_t steps_to_end{};  ///< The same, until the last task was at rest.
  sim_time lasted{};
  int leads{};
  int unplaced{};
  int connected{};
};

class campaign {
 public:
  campaign(std::uint64_t seed, const weather& circumstances);
  ~campaign();
  campaign(const campaign&) = delete;
  campaign& operator=(const campaign&) = delete;
  outcome run();

 private:
  void set_up();
  void plan_faults();
  void plan_people();
  void go();
  bool advance();
  void after_step(sim_node& node);
  void quiet_end();
  void check_housekeeping();

  // nodes
  /// Of a cluster: which of its nodes; else 0.
  void start_node(int slot = 0);
  void mark_one_drained();
  void edit_shards();
  /// Who is asked about a task: its owner when it is awake.
  sim_node* node_for(task_id task);
  [[nodiscard]] bool is_clustered() const noexcept { return world_.circumstances().nodes > 1; }
  void kill(sim_node* node, fault why);
  void beat(int number);
  void pause_one();
  void cut_one();
  void drain_one();
  void crash_an_actor();
  sim_node* find(int number);
  sim_node* any_node();
  [[nodiscard]] bool somebody_owns() const;

  // people
  void people_act();
  void free_from_quarantine(task_id task);
  void people_see_to_it();
  void ask_start(task_id task);
  void ask_automation(bool running);
  void ask_switch(task_id task, bool suspend);

  template <class T>
  answer_to<T> nobody() const {
    return std::make_shared<const completion<T>>([](result<T>) {});
  }

  std::uint64_t seed_;
  std::shared_ptr<memory_state> rows_;
  world world_;
  sim_provider provider_;
  surroundings around_;
  std::vector<std::unique_ptr<sim_node>> nodes_;
  std::vector<std::shared_ptr<store_link>> lines_;  ///< Of all nodes that ever were: the world may still use them.
  std::vector<task_id> tasks_;
  std::map<int, int> slots_;       ///< By number of a node: its slot in the cluster.
  std::map<int, int> last_steps_;  ///< Steps that a node has left after it learnt that it lost its shards.
  std::map<int, std::optional<sim_time>> untidy_since_;  ///< By node: more actors or timers than work.
  std::optional<std::uint64_t> kill_after_steps_;
  std::uint64_t steps_{};
  std::uint64_t steps_to_end_{};
  int node_count_{};
  bool closing_{};
};

/// Runs one seed in the weather that it draws.
outcome run_seed(std::uint64_t seed);
/// The same with three nodes that share the work.
outcome run_cluster_seed(std::uint64_t seed);

}  // namespace waihu::simulation
