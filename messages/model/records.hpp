// The rows Waihu keeps, as values: organisations, users, leads, scenes, tasks, jobs, follow-ups, batches, events.
// Field names follow data-model.md; a comment tells when a field is empty and who writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "messages/model/call_status.hpp"
#include "messages/model/ids.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// `organizations`: a tenant.
struct organization_record {
  std::int64_t id{};
  std::string name;
  std::string organization_id;  ///< 6 to 8 of [A-Z0-9]; the key everything of a tenant hangs on.
  int organization_type{2};
  wall_time create_time{};
  std::optional<wall_time> end_time;
};

/// What a user may do.
enum class user_role : std::uint8_t { admin = 1, operator_ = 2, viewer = 3 };  // NOLINT: `operator` is a keyword
/// "admin", "operator", "viewer".
std::string_view to_string(user_role role) noexcept;
std::optional<user_role> parse_user_role(std::string_view word) noexcept;

/// `users`: somebody who logs in.
struct user_record {
  user_id id{};
  std::string username;
  std::string
      password_hash;  ///< argon2id string, or 64 hex digits (SHA-256) from the old system. Never leaves http/auth.
  std::string phone;
  std::string organization_id;  ///< Home organisation; may be empty.
  std::string dcc_user;         ///< Bound DCC account; empty when none.
  std::string dcc_user_org_id;  ///< The organisation the user acts for; empty when not bound.
  wall_time create_time{};
  user_role role{user_role::operator_};
};

/// `dcc_user`: an account of the customer's own system, by which users come to act for its organisation.
struct dcc_user_record {
  std::int64_t id{};
  std::string user_name;      ///< Unique.
  std::string password_hash;  ///< As in user_record. Never leaves http/.
  std::string user_org_id;    ///< The organisation that it stands for; unique.
  int user_status{1};         ///< 1 enabled, 0 disabled: can be neither verified nor associated.
  wall_time create_time{};
};

/// `dcc_leads`: a person who may be called.
struct lead_record {
  std::string leads_id;  ///< The organisation's own id; unique within it.
  std::string leads_user_name;
  std::string leads_user_phone;
  std::string leads_product;
  std::string leads_type;
  std::optional<wall_time> leads_create_time;
};

/// `scene_tags`.
struct scene_tag {
  std::string tag_name, tag_detail, tags;
};

/// `auto_call_scene`: a script's description.
struct scene_record {
  scene_id id{};
  std::string organization_id;  ///< Owner; official scenes are shown to everybody.
  std::string script_id;        ///< Unique.
  std::string scene_name, scene_detail;
  int scene_type{2};    ///< 1 official, 2 custom.
  int scene_status{1};  ///< 1 online, 0 offline, 2 deleted.
  std::string bot_name, bot_sex, bot_age, bot_post, bot_style;
  std::string dialogue_target, dialogue_bg, dialogue_skill, dialogue_flow, dialogue_constraint, dialogue_opening_prompt;
  wall_time create_time{};
  std::vector<scene_tag> scene_tags;
};

/// What a task was made for. Tasks of cases are made by the daemon and shown by no list of campaigns.
enum class task_origin : std::uint8_t { campaign, cases };

/// `call_tasks`: a campaign.
struct call_task_record {
  task_id id{};
  std::string task_name;
  std::string organization_id;
  user_id create_name_id{};  ///< Creator.
  std::string create_name;   ///< Creator's user name.
  wall_time create_time{};
  std::int64_t leads_count{};  ///< Jobs of the task.
  std::string script_id;       ///< Empty until chosen.
  task_type type{task_type::created};
  std::string size_desc_json;  ///< The filter as the client sent it, a JSON object.
  std::string job_group_id;    ///< Empty until CreateJobGroup succeeded.
  /// Set before CreateJobGroup, SuspendJobs or ResumeJobs is sent, empty once the outcome is stored: tells a lost
  /// answer.
  std::optional<wall_time> group_requested_at;
  wall_time updated_time{};
  epoch_t epoch{};  ///< Epoch of the last writer.
  std::optional<wall_time> started_at, completed_at;
  task_origin origin{task_origin::campaign};
  std::string last_error;  ///< Last reason why it could not go on; empty when none.
};

/// The part of `leads_task_list` that a live job's actor keeps. Big texts stay in the store.
struct call_job_record {
  job_row_id row{};
  std::string leads_id;      ///< Whose call it is; of a case call the number of its `mediation_records` row.
  std::string leads_name;    ///< May be empty.
  std::string leads_phone;   ///< Normalised: digits only, no country prefix.
  std::string reference_id;  ///< task_id + organization_id + leads_id; what the provider echoes.
  job_phase phase{job_phase::queued};
  call_status status{call_status::none};  ///< Only terminal values are stored.
  job_outcome outcome{job_outcome::none};
  parked_reason parked{parked_reason::none};
  std::string call_job_id;                   ///< Provider JobId; empty until acknowledged.
  std::optional<batch_id> dispatch_batch;    ///< Batch that carries or carried it.
  int attempts{};                            ///< Reconciliations that found nothing; at 2 the job is unplaced.
  int failures{};                            ///< Consecutive failed looks (stored when parked).
  std::optional<wall_time> poll_started_at;  ///< First look.
  std::optional<wall_time> last_change_at;   ///< Last observed change of status.
  bool has_conversation{};                   ///< A conversation is stored.
  std::optional<interest> is_interested;     ///< NULL until the follow-up.
  std::optional<follow_id> leads_follow_id;  ///< Follow-up once written.
};

/// `dispatch_batches.state`.
enum class batch_state : std::uint8_t { intent, sent, acked, failed, unknown };
std::string_view to_string(batch_state state) noexcept;
std::optional<batch_state> parse_batch_state(std::string_view word) noexcept;

/// `dispatch_batches`: the write-ahead record of one AssignJobs.
struct dispatch_batch_record {
  batch_id id{};
  task_id task{};
  int seq{};  ///< 1, 2, ... within the task.
  batch_state state{batch_state::intent};
  epoch_t epoch{};
  std::vector<job_row_id> rows;
  wall_time created_at{};
  std::string request_id;                      ///< Provider's, when it answered.
  std::string error;                           ///< Why it failed; empty otherwise.
  std::optional<wall_time> sent_at, acked_at;  ///< Read by `call_history` only.
};

/// `dcc_leads_follow`.
struct follow_up_record {
  follow_id id{};
  std::string leads_id;
  wall_time follow_time{};
  std::string leads_remark;                    ///< At most 1000 characters.
  std::optional<wall_time> frist_follow_time;  ///< (sic)
  std::optional<wall_time> new_follow_time;
  std::optional<wall_time> next_follow_time;
  int is_arrive{};                             ///< 0 or 1.
  std::optional<wall_time> frist_arrive_time;  ///< (sic)
};

/// One row of `leads_task_list` whole, for pages and exports, with its follow-up.
struct call_job_view {
  call_job_record job;
  std::string call_task_id;
  std::string attempt_status;     ///< Provider's code of the last attempt; empty when none.
  std::int64_t planed_ms{};       ///< `planed_time` in ms; 0 = none.
  std::int64_t actual_ms{};       ///< ms; 0 = none.
  std::string conversation_json;  ///< "" when none.
  std::string calling_number;
  std::string called_number;
  std::string recording_url;
  std::optional<wall_time> recording_fetched_at;
  wall_time updated_time{};
  std::optional<follow_up_record> follow;
};

/// A row of the outbox `task_events`: what changed, told to SSE clients, webhooks and the audit trail.
struct event_record {
  event_id id{};
  std::string organization_id;
  task_id task{};
  std::optional<job_row_id> job;
  std::string kind;      ///< "task", "job", "follow", "progress".
  std::string from, to;  ///< States left and entered, words of the machine in question; may be empty.
  wall_time at{};
  std::string data_json;  ///< JSON object with details, "{}" when none.
};

/// `query_execution_runs.status`.
enum class run_status : std::uint8_t { pending, running, done, failed };
std::string_view to_string(run_status status) noexcept;
std::optional<run_status> parse_run_status(std::string_view word) noexcept;

/// `query_execution_runs`: one pass over all calls of a task.
struct run_record {
  std::string id;  ///< 32 hex digits.
  std::string organization_id;
  task_id task{};
  int batch_size{100};
  milliseconds pause{200};
  bool skip_recording{true};
  run_status status{run_status::pending};
  std::int64_t total_jobs{}, processed_jobs{};
  job_row_id behind{};  ///< Last row that was looked at: where a restart goes on.
  std::string error;    ///< Why it failed; empty otherwise.
  wall_time created_at{}, updated_at{};
};

/// Counts over one task's jobs; exact.
struct task_counters {
  std::int64_t total{};
  std::int64_t scheduling{}, executing{}, completed{}, failed{};  ///< Buckets of describe-job-group.
  std::int64_t has_job_id{}, has_status{}, has_follow{};
  std::int64_t connected{};                                          ///< Succeeded jobs.
  std::int64_t not_connected{};                                      ///< Failed or Cancelled.
  std::int64_t follow_due{};                                         ///< Succeeded or Failed without a follow-up.
  std::int64_t interested{}, not_interested{}, unable{}, pending{};  ///< task-statistics.
  std::int64_t parked{}, queued{}, dispatching{}, tracking{};

  task_counters& operator+=(const task_counters& other) noexcept;
};

}  // namespace waihu
