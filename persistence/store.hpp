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

  virtual result<user_record> run(const query::user_by_name&) = 0;
  virtual result<user_record> run(const query::user_by_id&) = 0;
  virtual result<bool> run(const query::replace_password&) = 0;
  virtual result<user_record> run(const query::create_user&) = 0;
  virtual result<organization_record> run(const query::create_organization&) = 0;
  virtual result<organization_record> run(const query::organization_by_id&) = 0;
  virtual result<std::vector<bool>> run(const query::import_leads&) = 0;
  virtual result<std::vector<query::lead_group>> run(const query::lead_statistics&) = 0;
  virtual result<scene_record> run(const query::create_scene&) = 0;
  virtual result<std::vector<scene_record>> run(const query::list_scenes&) = 0;
  virtual result<query::created_task> run(const query::create_task&) = 0;
  virtual result<query::page_of<call_task_record>> run(const query::list_tasks&) = 0;
  virtual result<call_task_record> run(const query::find_task&) = 0;
  virtual result<call_task_record> run(const query::set_script&) = 0;
  virtual result<query::page_of<call_job_view>> run(const query::list_jobs&) = 0;
  virtual result<std::vector<call_job_view>> run(const query::jobs_by_row&) = 0;
  virtual result<query::job_with_task> run(const query::job_by_call_job_id&) = 0;
  virtual result<task_counters> run(const query::count_task&) = 0;
  virtual result<std::vector<event_record>> run(const query::events_after&) = 0;
  virtual result<event_id> run(const query::last_event&) = 0;
  virtual result<query::loaded_task> run(const query::load_task&) = 0;
  virtual result<std::vector<task_id>> run(const query::unfinished_tasks&) = 0;
  virtual result<epoch_t> run(const query::claim_shards&) = 0;
  virtual result<bool> run(const query::renew_claim&) = 0;
  virtual result<bool> run(const query::release_claim&) = 0;
};

/// Makes sessions; called once per store worker and again after a worker died.
using store_factory = std::function<std::unique_ptr<store>()>;

}  // namespace waihu
