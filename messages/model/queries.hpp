// Every question that is asked of the store, and the writes that belong to no task's actor (accounts, leads, scenes,
// creating a task). Each is a struct with its `answer_type`; a foreign organisation's rows answer like missing ones.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "messages/model/cases.hpp"
#include "messages/model/cluster.hpp"
#include "messages/model/failure.hpp"
#include "messages/model/ids.hpp"
#include "messages/model/records.hpp"

namespace waihu {

/// Half-open or closed range of instants; a missing side is open. `until` is inclusive.
struct time_range {
  std::optional<wall_time> from, until;
};

/// The lead filters of http-api.md section 3: AND between kinds, OR within one. Empty = not filtered.
struct lead_filter {
  std::vector<std::string> products, types;
  std::vector<int> is_arrive;  ///< 0 and/or 1. A lead without follow-ups counts as 0.
  std::vector<time_range> first_follow, latest_follow, next_follow, first_arrive;
};

namespace query {

/// A user by name (exact). not_found when there is none.
struct user_by_name {
  using answer_type = user_record;
  std::string username;
};

/// A user by id. not_found when there is none.
struct user_by_id {
  using answer_type = user_record;
  user_id id{};
};

/// Replaces a password hash, guarded by the old one (so that two logins do not race). Answer: whether it changed.
struct replace_password {
  using answer_type = bool;
  user_id id{};
  std::string old_hash, new_hash;
};

/// Creates a user. conflict with `vendor_code` "username" or "phone" when that is taken.
struct create_user {
  using answer_type = user_record;
  std::string username, password_hash, phone, organization_id, dcc_user, dcc_user_org_id;
  user_role role{user_role::operator_};
};

/// Creates an organisation. conflict when name or id is taken (vendor_code "name" or "organization_id").
struct create_organization {
  using answer_type = organization_record;
  std::string name, organization_id;
  int organization_type{2};
  int end_time_days{365};
};

/// An organisation by its organization_id. not_found when there is none.
struct organization_by_id {
  using answer_type = organization_record;
  std::string organization_id;
};

/// A DCC account by name (exact). not_found when there is none.
struct dcc_user_by_name {
  using answer_type = dcc_user_record;
  std::string user_name;
};

/// As `replace_password`, for a DCC account.
struct replace_dcc_password {
  using answer_type = bool;
  std::int64_t id{};
  std::string old_hash, new_hash;
};

/// For how long after its verification a DCC account may be associated (http-api.md section 2).
inline constexpr minutes dcc_verification_life{10};

/// Notes that a user has shown the password of a DCC account; what has run out of the same user is forgotten.
struct note_dcc_verified {
  using answer_type = bool;
  user_id user{};
  std::int64_t dcc_id{};
  wall_time at{};
};

/// Binds a user to a DCC account and its organisation. rejected unless the same user has verified that (enabled)
/// account within `dcc_verification_life` before `at`; not_found when there is no such user.
struct associate_dcc {
  using answer_type = user_record;
  user_id user{};
  std::string dcc_user, dcc_user_org_id;
  wall_time at{};
};

/// Takes a user's binding away; succeeds when there is none. not_found when there is no such user.
struct disassociate_dcc {
  using answer_type = user_record;
  user_id user{};
};

/// Creates a DCC account. conflict with `vendor_code` "user_name" or "user_org_id" when that is taken.
struct create_dcc_user {
  using answer_type = dcc_user_record;
  std::string user_name, password_hash, user_org_id;
};

/// Enables (1) or disables (0) a DCC account. not_found when there is none.
struct set_dcc_status {
  using answer_type = dcc_user_record;
  std::int64_t id{};
  int user_status{};
};

/// Gives a user a role. not_found when there is no such user; rejected when nobody would be an administrator any more.
struct set_user_role {
  using answer_type = user_record;
  user_id id{};
  user_role role{};
};

/// Inserts leads; existing (organization_id, leads_id) are skipped. At most 1,000 a call. Answer: one flag a row, true
/// = inserted, false = it existed (also when an earlier row of the same call has the same id).
struct import_leads {
  using answer_type = std::vector<bool>;
  std::string organization_id;
  std::vector<lead_record> leads;
};

/// One group of leads/statistics.
struct lead_group {
  std::string category;  ///< Product, type, or "1"/"0" for arrived; "" when empty.
  std::int64_t count{};
  std::vector<std::string> leads_ids;
};

/// Counts distinct leads under a filter, whole or grouped. Ungrouped: exactly one group with category "".
struct lead_statistics {
  enum class grouping : std::uint8_t { none, product, type, arrive };
  using answer_type = std::vector<lead_group>;
  std::string organization_id;
  lead_filter filter;
  grouping by{grouping::none};
};

/// Stores a scene with its tags. conflict when script_id is taken.
struct create_scene {
  using answer_type = scene_record;
  scene_record scene;  ///< id and create_time are assigned.
};

/// Online scenes of the organisation plus official ones; with `script_id` only that one (empty answer = none).
struct list_scenes {
  using answer_type = std::vector<scene_record>;
  std::string organization_id;
  std::optional<std::string> script_id;
};

/// What creating a task did.
struct created_task {
  call_task_record task;
  std::int64_t skipped_do_not_call{}, skipped_invalid_phone{}, skipped_duplicate_phone{};
};

/// Creates a task over this organisation's distinct leads under the filter, one job each, in one transaction. Phones
/// are normalised (spaces, dashes, +86/0086/86 prefixes removed); leads whose phone is not a plausible number (mobile
/// 1[3-9] + 9 digits, or land line 0 + 9..11 digits, or 400/800 numbers) and second leads with one phone are left out
/// and counted; of two leads with one phone the lower leads_id stays. not_found (message 未找到符合条件的线索数据) when
/// nobody is left. reference_id = task id + organization_id + leads_id concatenated.
struct create_task {
  using answer_type = created_task;
  std::string organization_id;
  user_id creator{};
  std::string creator_name;
  std::string task_name;
  std::string script_id;
  std::string size_desc_json;
  lead_filter filter;
};

/// What creating a task would do (`dry_run`): every lead under the filter is in exactly one of the lists, each in order
/// of leads_id.
struct previewed_task {
  /// A lead that is left out for its phone, and the one that is called there.
  struct second_lead {
    std::string leads_id, called_lead;
  };
  std::vector<std::string> leads_ids;  ///< Would be called.
  std::vector<std::string> do_not_call, invalid_phone;
  std::vector<second_lead> duplicate_phone;
};

/// The choice that `create_task` would make now; stores nothing. All lists empty when no lead is under the filter.
struct preview_task {
  using answer_type = previewed_task;
  std::string organization_id;
  lead_filter filter;
};

/// How long an Idempotency-Key is remembered (http-api.md section 5).
inline constexpr std::chrono::hours idempotency_life{24};

/// A creation and how its answer reads.
template <class Create>
struct creation {
  Create ask;
  /// What a repeat gets again. Called on a store worker within the transaction, perhaps more than once; must not fail.
  std::function<std::string(const typename Create::answer_type&)> text;
};

/// Carries a creation out unless `owner` has used `key` for `route` within `idempotency_life` before `at`: then the
/// first text again. Creation and text become durable together. A creation that fails keeps nothing, so it may be tried
/// again. conflict with `vendor_code` "idempotency_key": the key was used with another body; "idempotency_busy": a
/// request with this key is under way. Others are the creation's own failures.
struct create_once {
  using answer_type = std::string;
  std::string owner;  ///< Organisation, or the user who is bound to none.
  std::string route, key;
  std::string body_digest;
  wall_time at{};
  std::variant<creation<create_task>, creation<create_scene>, creation<create_organization>, creation<create_dcc_user>>
      what;
};

/// One page of something, page counted from 1; a page past the end answers the last page.
struct page_request {
  int page{1};
  int page_size{20};  ///< 1..500.
};

template <class T>
struct page_of {
  std::vector<T> items;
  std::int64_t total{};
  int page{1};  ///< The page that was answered.
  int page_size{20};
};

/// A page of all DCC accounts of the installation, the first made first.
struct list_dcc_users {
  using answer_type = page_of<dcc_user_record>;
  page_request page;
};

/// A page of all users of the installation, the first made first.
struct list_users {
  using answer_type = page_of<user_record>;
  std::string
      holding;  ///< Only whose name, phone or organisation holds this text (ASCII letters in any case); "" = all.
  page_request page;
};

/// A page of all organisations, the first made first.
struct list_organizations {
  using answer_type = page_of<organization_record>;
  page_request page;
};

/// A lead as lists show it.
struct listed_lead {
  std::int64_t id{};  ///< `dcc_leads.id`; greater = imported later.
  lead_record lead;
  bool has_arrived{};                             ///< One of its follow-ups says so.
  std::optional<follow_up_record> latest_follow;  ///< The last by follow_time; empty when there is none.
};

/// A page of the organisation's leads under a filter, the last imported first.
struct list_leads {
  using answer_type = page_of<listed_lead>;
  std::string organization_id;
  lead_filter filter;
  std::string holding;  ///< Only leads whose id, name or phone holds this text (ASCII letters in any case); "" = all.
  page_request page;
};

/// A call of a lead with what is told of its task.
struct call_of_lead {
  call_job_view job;
  task_id task{};
  std::string task_name, job_group_id;
};

/// One lead with its history.
struct lead_history {
  listed_lead lead;
  std::int64_t follow_count{}, call_count{};  ///< How many there are in all.
  std::vector<follow_up_record> follows;      ///< Newest first.
  std::vector<call_of_lead> calls;            ///< Newest first.
};

/// A lead of the organisation with its newest follow-ups and calls, at most `limit` (<= 500) of each. not_found when
/// there is no such lead.
struct lead_by_id {
  using answer_type = lead_history;
  std::string organization_id;
  std::string leads_id;
  int limit{500};
};

/// An organisation's tasks, newest first; `types` empty = all.
struct list_tasks {
  using answer_type = page_of<call_task_record>;
  std::string organization_id;
  std::vector<task_type> types;
  page_request page;
  std::optional<std::int64_t> total{};  ///< How many there are, when the asker knows: they are not counted then.
};

/// Tasks of the organisation in the order of `list_tasks`, at most `limit` (<= 500), from the newest or behind one of
/// them: for reading all without counting pages. Nothing when `behind` is no task of the organisation.
struct tasks_behind {
  using answer_type = std::vector<call_task_record>;
  std::string organization_id;
  std::optional<task_id> behind;
  int limit{500};
};

/// How many tasks of one type there are, and how many leads they hold together.
struct task_type_count {
  task_type type{};
  std::int64_t tasks{}, leads{};
};

/// The organisation's tasks by type, ascending; types without a task are left out.
struct count_tasks_by_type {
  using answer_type = std::vector<task_type_count>;
  std::string organization_id;
};

/// One task of the organisation, by id or by job group (exactly one given). not_found otherwise, and for a task of
/// cases unless `any_origin`.
struct find_task {
  using answer_type = call_task_record;
  std::string organization_id;
  std::optional<task_id> id;
  std::optional<std::string> job_group_id;
  bool any_origin{};
};

/// Chooses the script of a task still in 1 whose start has not been requested. illegal_transition otherwise.
struct set_script {
  using answer_type = call_task_record;
  std::string organization_id;
  task_id id{};
  std::string script_id;
};

/// A page of a task's jobs in row order, whole rows with follow-ups.
struct list_jobs {
  using answer_type = page_of<call_job_view>;
  std::string organization_id;
  task_id task{};
  bool only_followed{};
  std::optional<interest> with_interest;
  page_request page;
  std::optional<std::int64_t> total{};  ///< As in `list_tasks`. The task is the organisation's then, or nothing comes.
  std::optional<job_outcome> with_outcome{};  ///< none = those that have not ended.
};

/// A task's jobs in row order from behind a row on, at most `limit` (<= 500), whole rows with follow-ups: for reading
/// all without counting pages. not_found when it is no task of the organisation.
struct jobs_behind {
  using answer_type = std::vector<call_job_view>;
  std::string organization_id;
  task_id task{};
  job_row_id behind{};
  int limit{500};
};

/// Whole rows by row id (any order in, row order out); unknown ids are left out. At most 500.
struct jobs_by_row {
  using answer_type = std::vector<call_job_view>;
  std::string organization_id;
  std::vector<job_row_id> rows;
};

/// A job with the task it belongs to.
struct job_with_task {
  call_job_view job;
  call_task_record task;
};

/// A job of the organisation by the provider's id. not_found otherwise.
struct job_by_call_job_id {
  using answer_type = job_with_task;
  std::string organization_id;
  std::string call_job_id;
};

/// Counters of a finished task, and the last event of it that they are known to hold good for.
struct counted_task {
  task_counters counters;
  event_id until{};
};

/// A task with exact counts over its stored rows.
struct task_standing {
  call_task_record task;
  task_counters counters;
  std::optional<event_id> until;  ///< Of a finished task, for `counted_task`.
};

/// How a task of the organisation stands by its stored rows. not_found when it has none such. Rows of a finished task
/// are not counted again when nothing happened to it since they were (`known`).
struct find_standing {
  using answer_type = task_standing;
  std::string organization_id;
  task_id task{};
  std::optional<counted_task> known;
};

/// How many calls ended in one way.
struct outcome_count {
  job_outcome outcome{};
  std::int64_t calls{};
};

/// What became of the calls of the organisation's campaigns that were made within [from, until): those that have ended,
/// by outcome, ascending; outcomes of no call are left out. A call was made when it was dialled or planned to be; one
/// that never came so far, when it ended.
struct count_outcomes {
  using answer_type = std::vector<outcome_count>;
  std::string organization_id;
  wall_time from{}, until{};
};

/// Events of one organisation after a position, oldest first, at most `limit` (≤ 1000), optionally of one task.
struct events_after {
  using answer_type = std::vector<event_record>;
  std::string organization_id;
  event_id after{};
  std::optional<task_id> task;
  int limit{500};
};

/// What happened to one call, each oldest first: its own events and the moves of its task (at most `limit` <= 1000),
/// and every batch that carried it. not_found when it is no call of the organisation.
struct history_of_call {
  std::vector<event_record> events;
  std::vector<dispatch_batch_record> batches;  ///< Without their rows.
};
struct call_history {
  using answer_type = history_of_call;
  std::string organization_id;
  job_row_id row{};
  int limit{1000};
};

/// A job of the organisation by its row. not_found otherwise.
struct job_by_row {
  using answer_type = job_with_task;
  std::string organization_id;
  job_row_id row{};
};

/// Switches what the daemon does by itself for an organisation on or off; true when that changed it.
struct set_automation {
  using answer_type = bool;
  std::string organization_id;
  bool running{};
  user_id by{};
  wall_time at{};
};

/// Organisations that are switched off, ascending.
struct stopped_organizations {
  using answer_type = std::vector<std::string>;
};

/// A new run over a task, `total_jobs` counted, or the one that is under way. not_found when the organisation has no
/// such task.
struct create_run {
  using answer_type = run_record;
  run_record run;
};

/// Where a run stands now. not_found when it is none of the organisation's.
struct find_run {
  using answer_type = run_record;
  std::string organization_id;
  std::string id;
};

/// Stores how far a run has come; a run that has ended is left as it is.
struct advance_run {
  using answer_type = bool;
  std::string id;
  run_status status{};
  std::int64_t processed_jobs{};
  job_row_id behind{};
  std::string error;
  wall_time at{};
};

/// Runs that have not ended, oldest first.
struct unfinished_runs {
  using answer_type = std::vector<run_record>;
  int limit{1000};
};

/// Registers a case or replaces what is known of it; parties that are not named any more are not called any more. Calls
/// that were made stay.
struct put_case {
  using answer_type = case_record;
  case_record what;  ///< Times are assigned.
};

/// A case of the organisation. not_found when there is none.
struct find_case {
  using answer_type = case_record;
  std::string organization_id, case_id;
};

/// One call of a case with its job.
struct case_call_view {
  case_call_record record;
  call_job_view job;
  std::string job_group_id;  ///< Empty until the provider has one.
  std::string last_error;    ///< Why it could not be placed; empty when it could, or still may.
};

/// Whom a case call goes to.
struct wanted_case_call {
  std::string person_id;
  std::string script_id;  ///< Not empty.
  std::string phone;      ///< Instead of the number on file; "" = that one.
};

enum class case_placement : std::uint8_t {
  placed,          ///< A call was made durable; the provider does not have it yet.
  active,          ///< The person has an active call of this case: that one.
  must_wait,       ///< `next_round` says until when.
  limit_reached,   ///< No more rounds at this stage.
  number_unfit,    ///< The last round showed that the number cannot be reached.
  invalid_phone,   ///< Neither a mobile nor a land line, or none at all.
  unknown_person,  ///< No party of the case.
};

/// What became of a wish to call somebody.
struct placed_case_call {
  std::string person_id;
  case_placement what{};
  std::optional<wall_time> next_round;
  std::optional<case_call_view> call;  ///< With `placed` and `active`.
};

/// Makes calls to persons of a case durable, in one transaction, as jobs of tasks of origin `cases`: a task of the same
/// script that is still calling and has room (`calls_a_task`) is joined, else one is made. One active call a person and
/// case, whoever asks at once: the store enforces it. Answers one entry a wish, in order. not_found when the
/// organisation has no such case (or another `mediation_id` is given); rejected with vendor_code "stopped" when it is
/// switched off.
struct place_case_calls {
  using answer_type = std::vector<placed_case_call>;
  std::string organization_id, case_id;
  std::optional<std::int64_t> mediation_id;
  mediation_stage stage{};
  std::vector<wanted_case_call> wanted;  ///< At most 100.
  case_round_rules rules;
  int calls_a_task{500};
  std::string creator;
  wall_time at{};
};

/// Calls of cases, newest first; an empty text or missing value does not filter.
struct list_case_calls {
  using answer_type = page_of<case_call_view>;
  std::string organization_id;
  std::string case_id, person_id, call_job_id;
  std::string phone;  ///< In any usual writing.
  std::optional<mediation_stage> stage;
  std::optional<call_status> status;  ///< A terminal one; any other means: not ended.
  time_range created;
  page_request page;
};

/// Some calls of cases by their numbers, at most 500; ascending, unknown ones left out.
struct case_calls_by_id {
  using answer_type = std::vector<case_call_view>;
  std::string organization_id;
  std::vector<case_call_id> ids;
};

/// Replaces the remark of a case call. not_found when the organisation has none of this provider job.
struct remark_case_call {
  using answer_type = case_call_view;
  std::string organization_id, call_job_id;
  std::string remark;
  std::string modifier;
  wall_time at{};
};

/// How many case calls there are of a stage and status (`none` = not ended).
struct case_call_count {
  mediation_stage stage{};
  call_status status{};
  std::int64_t calls{};
};
struct count_case_calls {
  using answer_type = std::vector<case_call_count>;  ///< By stage, then status; those without a call are left out.
  std::string organization_id;
  std::string case_id;  ///< "" = all.
  time_range created;
};

/// Events of every organisation after a position, oldest first, at most `limit` (<= 1000): what a node of a cluster
/// tells its subscribers. Ids become visible in order, so nothing comes later with a smaller one.
struct events_behind {
  using answer_type = std::vector<event_record>;
  event_id after{};
  int limit{1000};
};

/// The newest event id in the outbox; 0 when it is empty.
struct last_event {
  using answer_type = event_id;
};

/// What a task actor needs to start: the task, its jobs that are not closed, how many there are in all, its batches
/// that are neither acked nor failed, and the exact counters.
struct loaded_task {
  call_task_record task;
  std::vector<call_job_record> jobs;  ///< Phase other than closed, by row; closed ones only in `counters`.
  std::vector<dispatch_batch_record> open_batches;
  int last_batch_seq{};  ///< Greatest `seq` so far; 0 when none.
  task_counters counters;
  bool organization_stopped{};  ///< The organisation is switched off.
};

struct load_task {
  using answer_type = loaded_task;
  task_id id{};
};

/// Tasks that want an actor (state-machines.md section 4): in 2, 3 or 5, or in 4 with a job lacking status or
/// follow-up, or of cases, in 1, with a job that has not ended; not those of organisations that are switched off.
/// Ascending.
struct unfinished_task {
  task_id id{};
  task_type type{};
  bool operator==(const unfinished_task&) const = default;
};
struct unfinished_tasks {
  using answer_type = std::vector<unfinished_task>;
  int limit{10000};
  std::vector<task_id> among;  ///< Only these are asked about; empty = all.
};

/// Enters this node among those that share the store. conflict when a node of that name lives, or when one that runs
/// alone holds the whole store; the message names it and says what to do. The session that asked keeps what tells
/// others that this node lives: go on asking on it.
struct join_cluster {
  using answer_type = cluster_view;
  std::string node;
  std::string incarnation;  ///< Drawn afresh by every process.
  std::string address;      ///< "host:pid", for people.
  std::string peer_address;
  std::string version;
  int protocol{cluster_protocol};
};

/// A sign of life, with the renewal of the leases that this node holds. stale_epoch when its name is another's now.
struct tended_cluster {
  cluster_view view;             ///< After the renewal.
  std::vector<held_shard> kept;  ///< Those of the asked that are still this node's.
};
struct tend_cluster {
  using answer_type = tended_cluster;
  std::string node, incarnation;
  std::vector<held_shard> held;
  wall_time clock{};  ///< This node's own clock, so that a wrong one is noticed.
};

/// Takes those of these shards that are nobody's or whose lease is over, each under its next epoch. Answers what was
/// taken; with a protocol other than cluster_protocol in this node's row nothing is.
struct take_shards {
  using answer_type = std::vector<held_shard>;
  std::string node, incarnation;
  std::vector<shard_id> shards;
};

/// Gives these shards up and tells the other nodes at once. Whoever wrote for them has finished. Answers how many were
/// still this node's.
struct release_shards {
  using answer_type = std::int64_t;
  std::string node;
  std::vector<held_shard> shards;
};

/// This node stops: it gets no more shards. Called before it hands over what it has.
struct leave_cluster {
  using answer_type = bool;
  std::string node, incarnation;
};

/// An operator wants a node to own nothing, or takes that back. not_found when there is no such node.
struct drain_node {
  using answer_type = bool;
  std::string node;
  bool drained{true};
};

/// Looks without taking part.
struct view_cluster {
  using answer_type = cluster_view;
};

/// How many tasks of each shard have work left: task_type 2, 3 or 5.
struct count_tasks_by_shard {
  using answer_type = shard_tasks;
};

/// Leases shares of limits that hold for the whole cluster (calls a second, calls at once). What the nodes hold at any
/// moment never adds up to more than the limit, and a share that shrinks counts for `share_memory` longer, so that no
/// second sees both the old and the new one. Answers what this node may use from now on, in the order of the wishes.
struct lease_shares {
  using answer_type = std::vector<double>;
  std::string node, incarnation;
  std::vector<share_wish> wishes;  ///< At most 10,000.
};

/// Claims every shard for this node, each under the next epoch, if no other live node holds one. conflict when another
/// node does; the message names it (node, host, process, since when).
struct claim_shards {
  using answer_type = epoch_t;  ///< The epoch now held (the same for all shards on a single node).
  std::string node;
  std::string address;  ///< "host:pid" for people.
};

/// Keeps this node's claim. stale_epoch when it was lost.
struct renew_claim {
  using answer_type = bool;
  std::string node;
  epoch_t epoch{};
};

/// Gives the claim up at an orderly stop, so that the next start need not wait.
struct release_claim {
  using answer_type = bool;
  std::string node;
  epoch_t epoch{};
};

}  // namespace query

/// Any query. Process-local; never crosses a node border.
using store_query = std::variant<
    query::user_by_name, query::user_by_id, query::replace_password, query::create_user, query::create_organization,
    query::organization_by_id, query::dcc_user_by_name, query::replace_dcc_password, query::note_dcc_verified,
    query::associate_dcc, query::disassociate_dcc, query::create_dcc_user, query::set_dcc_status, query::list_dcc_users,
    query::list_users, query::set_user_role, query::list_organizations, query::count_outcomes,
    query::count_tasks_by_shard, query::import_leads, query::lead_statistics, query::list_leads, query::lead_by_id,
    query::create_scene, query::list_scenes, query::create_task, query::preview_task, query::create_once,
    query::list_tasks, query::tasks_behind, query::count_tasks_by_type, query::find_task, query::set_script,
    query::list_jobs, query::jobs_behind, query::jobs_by_row, query::job_by_call_job_id, query::find_standing,
    query::events_after, query::call_history, query::job_by_row, query::set_automation, query::stopped_organizations,
    query::create_run, query::find_run, query::advance_run, query::unfinished_runs, query::put_case, query::find_case,
    query::place_case_calls, query::list_case_calls, query::case_calls_by_id, query::remark_case_call,
    query::count_case_calls, query::last_event, query::load_task, query::unfinished_tasks, query::claim_shards,
    query::renew_claim, query::release_claim, query::join_cluster, query::tend_cluster, query::take_shards,
    query::release_shards, query::leave_cluster, query::drain_node, query::view_cluster, query::lease_shares,
    query::events_behind>;

}  // namespace waihu
