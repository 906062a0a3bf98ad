// The rows of the memory store. Internal to persistence/; every member function is called under `mutex`.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "persistence/store.hpp"

namespace waihu {

class memory_state {
 public:
  struct stored_job {
    task_id task{};
    call_job_view view;  ///< Without `follow`, which is read through `leads_follow_id`.
    std::string call_id;
    std::optional<case_call_id> case_call;  ///< None: of a campaign.
  };
  struct stored_follow {
    follow_up_record record;
    std::string organization_id;
    job_row_id job{};
  };
  struct stored_lead : lead_record {
    std::int64_t id{};
  };
  struct stored_case_call {
    std::string organization_id;
    case_call_record record;
  };
  struct kept_answer {
    std::string body_digest, response;
    wall_time created_at{};
  };
  using creation_key = std::tuple<std::string, std::string, std::string>;  ///< Owner, route, key.
  using lead_key = std::pair<std::string, std::string>;

  explicit memory_state(std::chrono::milliseconds lease) : lease_time{lease} {}

  std::mutex mutex;

  std::vector<user_record> users;
  std::vector<dcc_user_record> dcc_users;
  std::map<std::pair<user_id, std::int64_t>, wall_time> dcc_verifications;  ///< By user and DCC account.
  std::map<creation_key, kept_answer> idempotency_keys;
  std::vector<organization_record> organizations;
  std::vector<scene_record> scenes;
  std::map<lead_key, stored_lead> leads;  ///< By organisation and leads_id.
  std::map<std::int64_t, stored_follow> follows;
  std::map<lead_key, std::vector<std::int64_t>> follows_of_lead;
  std::map<std::int64_t, call_task_record> tasks;
  std::map<std::int64_t, stored_job> jobs;
  std::map<std::int64_t, std::vector<std::int64_t>> jobs_of_task;
  std::unordered_map<std::string, std::int64_t> job_of_call_job_id;
  std::map<std::int64_t, dispatch_batch_record> batches;
  std::vector<event_record> events;
  std::set<std::string> stopped_organizations;
  std::vector<run_record> runs;
  std::map<lead_key, case_record> cases;  ///< By organisation and case_id.
  std::map<std::int64_t, stored_case_call> case_calls;

  // Who may write. A node that runs alone has claimed every shard; those of a cluster have leases of some.
  struct stored_node {
    cluster_member shown;  ///< Without `beat_age`.
    std::string incarnation;
    std::chrono::steady_clock::time_point beat{};
    std::uint64_t session{};  ///< That holds the lock of its name; 0 = none.
  };
  struct stored_shard {
    std::string node;
    std::int64_t epoch{};
    std::chrono::steady_clock::time_point lease_end{};
  };
  std::chrono::milliseconds lease_time;
  std::function<std::chrono::steady_clock::time_point()> clock{std::chrono::steady_clock::now};
  std::map<std::string, stored_node> nodes;
  std::array<stored_shard, shard_count> shards;
  struct stored_share {
    double wanted{}, amount{}, previous{};
    std::chrono::steady_clock::time_point changed{}, end{};
  };
  std::map<std::string, std::map<std::string, stored_share>> shares;  ///< Of limits, by resource and node.
  std::string owner, owner_address;                                   ///< Of the claim.
  wall_time owner_since{};
  std::uint64_t claim_session{};  ///< Session that holds the claim's lock; 0 = none.
  std::uint64_t last_session{};

  std::int64_t next_id() noexcept { return ++last_id_; }

  /// Whether the epoch is the shard's current one.
  [[nodiscard]] bool owns(const ownership& own) const;
  /// Applies one change; events go to the end of `events`.
  result<change_receipt> apply(const store_change& change);
  /// The whole row with its follow-up.
  call_job_view view_of(const stored_job& job) const;
  task_counters count(task_id task) const;
  /// Whether the task has a call that has not ended.
  bool has_call_under_way(task_id task) const;
  /// Whether the task lacks what a finished one must have: the status of a call, or a campaign's follow-up.
  bool owes(task_id task) const;
  query::case_call_view view_of(const stored_case_call& call) const;
  /// The job, when it belongs to the task.
  stored_job* find_job(task_id task, job_row_id row);

 private:
  result<change_receipt> carry_out(const change::request_group& c);
  result<change_receipt> carry_out(const change::move_task& c);
  result<change_receipt> carry_out(const change::note_task& c);
  result<change_receipt> carry_out(const change::intend_batch& c);
  result<change_receipt> carry_out(const change::mark_batch& c);
  result<change_receipt> carry_out(const change::acknowledge_jobs& c);
  result<change_receipt> carry_out(const change::requeue_jobs& c);
  result<change_receipt> carry_out(const change::settle_job& c);
  result<change_receipt> carry_out(const change::attach_attempt& c);
  result<change_receipt> carry_out(const change::park_job& c);
  result<change_receipt> carry_out(const change::unpark_job& c);
  result<change_receipt> carry_out(const change::save_poll_state& c);
  result<change_receipt> carry_out(const change::record_follow_up& c);
  result<change_receipt> carry_out(const change::close_job& c);
  result<change_receipt> carry_out(const change::store_recording& c);
  result<change_receipt> carry_out(const change::default_interest& c);
  bool mark(dispatch_batch_record& batch, batch_state to, const std::string& request_id, const std::string& error,
            wall_time at);
  const std::string& organization_of(task_id task) const { return tasks.at(value(task)).organization_id; }
  void tell(event_record event);

  std::int64_t last_id_{};
};

}  // namespace waihu
