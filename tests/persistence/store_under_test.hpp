// The two stores behind one face, with a small world to act on: an organisation's leads, a task, a claim.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/options.hpp"
#include "persistence/store.hpp"

namespace waihu::testing {

/// One installation of a store.
struct store_world {
  std::string kind;                               ///< "memory" or "postgres".
  store_factory sessions;                         ///< New sessions on it.
  std::optional<config::store_options> database;  ///< PostgreSQL only.
  std::function<void()> clean_up;
};
store_world make_world(const std::string& kind, std::chrono::milliseconds lease_time = std::chrono::seconds{10});

/// A suite that runs on both stores.
class on_every_store : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// `n` leads l0001.. of `organization` with distinct mobile numbers.
  void import_leads(int n, const std::string& organization = "ORG001", const std::string& product = "P1");
  /// A task over all leads of the organisation, with a script.
  task_id make_task(const std::string& organization = "ORG001", const std::string& script = "script_1");
  /// A task in state 2 with `n` queued rows.
  task_id calling_task(int n, const std::string& organization = "ORG001");
  std::vector<job_row_id> rows_of(task_id task, const std::string& organization = "ORG001");
  call_job_view job(job_row_id row, const std::string& organization = "ORG001");
  call_task_record task(task_id id, const std::string& organization = "ORG001");
  ownership own(task_id id) const { return {id, epoch}; }

  /// Commits one change; its events are kept in `told`.
  result<change_receipt> commit(store_change change);
  /// Commits and expects success with changed = true.
  change_receipt must(store_change change);
  /// A row taken through intent and acknowledgement; its batch is `last_batch`.
  void track(task_id id, const std::vector<job_row_id>& rows, int seq = 1);
  void settle(task_id id, job_row_id row, call_status status = call_status::succeeded, const std::string& talk = "");

  store_world world;
  std::unique_ptr<store> session;  ///< Holds the claim.
  epoch_t epoch{};
  std::vector<event_record> told;
  batch_id last_batch{};
};

/// The instant `s` seconds after a fixed one.
inline wall_time at(std::int64_t s) { return from_epoch_ms(1'790'000'000'000 + s * 1000); }

/// The failure code of a receipt; fails the test when there is none.
template <class T>
errc code_of(const result<T>& r) {
  EXPECT_FALSE(r.has_value()) << "a failure was expected";
  return r ? errc::internal : r.error().code;
}

#define ON_EVERY_STORE(suite)                                                      \
  INSTANTIATE_TEST_SUITE_P(Stores, suite, ::testing::Values("memory", "postgres"), \
                           [](const auto& one) { return std::string{one.param}; })

}  // namespace waihu::testing
