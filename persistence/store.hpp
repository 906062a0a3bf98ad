// The abstract store: what durable state Waihu keeps and the questions it answers. Blocking; called only from store
// worker threads (and tests). Implementations: memory_store, postgres_store; one conformance suite holds both.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "messages/model/changes.hpp"
#include "messages/model/failure.hpp"
#include "messages/model/queries.hpp"

namespace waihu {

/// Reports of the events that a commit made durable, oldest first, with their ids.
struct commit_report {
  std::vector<result<change_receipt>> receipts;  ///< One per change, in order.
  std::vector<event_record> events;              ///< Events committed with them.
};

/// Every question that a store answers (messages/model/queries.hpp): one `run` each, here and in every implementation.
// clang-format off
#define WAIHU_STORE_QUERIES(X) \
  X(user_by_name) X(user_by_id) X(replace_password) X(create_user) X(create_organization) X(organization_by_id) \
  X(dcc_user_by_name) X(replace_dcc_password) X(note_dcc_verified) X(associate_dcc) X(disassociate_dcc) \
  X(create_dcc_user) X(set_dcc_status) X(list_dcc_users) \
  X(list_users) X(set_user_role) X(list_organizations) X(count_outcomes) X(count_tasks_by_shard) \
  X(import_leads) X(lead_statistics) X(list_leads) X(lead_by_id) X(create_scene) X(list_scenes) X(create_task) \
  X(preview_task) X(create_once) \
  X(list_tasks) X(find_task) X(tasks_behind) X(count_tasks_by_type) X(set_script) X(list_jobs) X(jobs_behind) X(jobs_by_row) \
  X(job_by_call_job_id) X(job_by_row) X(call_history) X(find_standing) X(events_after) X(last_event) X(load_task) X(set_automation) X(stopped_organizations) \
  X(put_case) X(find_case) X(place_case_calls) X(list_case_calls) X(case_calls_by_id) X(remark_case_call) \
  X(count_case_calls) \
  X(create_run) X(find_run) X(advance_run) X(unfinished_runs) \
  X(unfinished_tasks) X(claim_shards) X(renew_claim) X(release_claim) \
  X(join_cluster) X(tend_cluster) X(take_shards) X(release_shards) X(leave_cluster) X(drain_node) X(view_cluster) \
  X(lease_shares) X(events_behind)
// clang-format on

/// The overrides of an implementation, each defined in its own place.
#define WAIHU_DECLARE_QUERY(name) result<query::name::answer_type> run(const query::name& q) override;

/// One session with the store. Not thread-safe: one per worker. A session reconnects by itself at the next call; calls
/// while the store is unreachable fail with errc::unavailable (surely not executed), or errc::lost when the connection
/// broke during commit.
class store {
 public:
  virtual ~store() = default;

  /// Applies the changes in one transaction (group commit). Changes are independent: one that is refused or violates a
  /// rule fails alone, its neighbours are committed. Repeating a change after errc::lost is safe: every change is
  /// guarded so that a second application reports changed=false or illegal_transition and does no harm (callers that
  /// repeat an intend_batch must check the batches first).
  /// The whole call fails (every receipt the same failure) only when the store is unreachable.
  virtual commit_report commit(std::span<const store_change> changes) = 0;

#define WAIHU_QUERY(name) virtual result<query::name::answer_type> run(const query::name& q) = 0;
  WAIHU_STORE_QUERIES(WAIHU_QUERY)
#undef WAIHU_QUERY
};

/// Makes sessions; called once per store worker and again after a worker died.
using store_factory = std::function<std::unique_ptr<store>()>;

}  // namespace waihu
