// A whole node without sockets: the real actors on CAF's test coordinator under virtual time, the memory store, a fake
// provider and model. `pass` moves time in steps and lets everything that falls due happen.
#pragma once

#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <memory>
#include <optional>
#include <string>

#include "actors/engine.hpp"
#include "persistence/failing_store.hpp"
#include "persistence/memory_store.hpp"
#include "tests/actors/shells/fake_provider.hpp"

namespace waihu::test {

class EngineFixture : public ::testing::Test {
 protected:
  EngineFixture();
  ~EngineFixture() override;

  /// Starts the node's actors. Change `options` before it.
  void start_node();
  /// Ends every actor at once, as a crash would; the store and the provider stay.
  void crash_node();
  /// Lets messages flow until nothing is left to do at this instant.
  void settle();
  /// Lets so much virtual time pass.
  void pass(milliseconds how_long, milliseconds step = milliseconds{100});
  /// Passes time until `done` holds; fails the test when it does not within `limit`.
  void pass_until(const std::function<bool()>& done, milliseconds limit, const char* what);

  /// Leads and a task over them, with a script.
  task_id make_task(int leads);
  result<started_call_task> start_task(task_id task, milliseconds budget = milliseconds{2'000});
  result<suspended_resumed_task> switch_task(task_id task, bool suspend);
  result<described_task> describe(task_id task);
  /// The same through a gateway, which may ask another node.
  result<described_task> describe_through(const http_gateway& gateway, task_id task);
  const http_gateway& front() const { return gateway_; }
  result<diagnosed_task> diagnose(task_id task);
  result<automation_state> switch_automation(bool running);
  result<automation_state> automation();
  result<explained_job> explain(task_id task, job_row_id row);
  result<run_record> start_run(const waihu::start_run& wanted);
  result<bool> sweep();
  result<bool> await_calls(const await_case_calls& wanted);
  /// A question to the store, past the node.
  template <class Query>
  result<typename Query::answer_type> ask_store(const Query& q) {
    return session_->run(q);
  }
  result<made_follow_up> follow_up(const make_follow_up& wanted);
  result<refreshed_jobs> refresh(task_id task, std::vector<job_row_id> rows, milliseconds max_age);
  /// The task's live actor; null when there is none.
  call_task task_actor(task_id task);
  call_task_record stored_task(task_id task);
  std::vector<call_job_view> stored_jobs(task_id task);

  config::options options;
  std::shared_ptr<memory_state> memory;
  std::shared_ptr<failure_plan> store_failures{std::make_shared<failure_plan>()};
  std::shared_ptr<fake_provider> provider{std::make_shared<fake_provider>()};
  std::shared_ptr<fake_model> model{std::make_shared<fake_model>()};
  std::shared_ptr<engine> eng;
  std::string organization{"ORG001"};
  bool ownership_lost{};
  bool claim_confirmed{true};  ///< What the gateway is told about the node's claim.
  /// Chooses another script for a task in 1.
  void choose_script(task_id task, const std::string& script_id);

  caf::scheduler::test_coordinator& sched();
  caf::actor_system& eng_system() { return *system_; }
  /// A new session on `memory` after the test replaced it.
  void session_reset() { session_ = make_memory_store(memory); }
  /// Another node takes every shard.
  void usurp_shards();
  /// The supervisor's orderly stop.
  void drain_node();

 private:
  struct testing_config : caf::actor_system_config {
    testing_config();
  };
  template <class T, class F>
  result<T> await(F send);

  testing_config system_options_;
  std::unique_ptr<caf::actor_system> system_;
  http_gateway gateway_;
  std::unique_ptr<store> claim_session_;
  std::unique_ptr<store> session_;
  std::unique_ptr<store> usurper_;
  epoch_t epoch_{};
  steady_time::duration lived_{std::chrono::hours{1}};
  int next_lead_{1};
};

}  // namespace waihu::test
