// The state of a call task's shell and the steps its parts share. Internal to call_task_*.cpp.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/call_job_actor.hpp"
#include "actors/call_task_machine.hpp"
#include "actors/dispatch_machine.hpp"
#include "actors/engine.hpp"
#include "actors/timer_wheel.hpp"

namespace waihu::call_task_shell {

/// What the task keeps of a job.
struct job_entry {
  call_job actor;  ///< Empty after it retired, or while it waits for its restart.
  job_row_id row{};
  job_phase phase{job_phase::queued};
  call_status status{call_status::none};
  bool has_job_id{};
  bool followed{};
  bool awaiting_conversation{};
  parked_reason parked{};
  std::uint8_t crashes{};
  std::optional<interest> is_interested;
};

/// A start that waits for its answer.
struct pending_start {
  caf::typed_response_promise<result<started_call_task>> answer;
  steady_time answer_by{};
  bool group_exists{};
  wall_time began{};
  std::vector<std::string> call_job_ids;
};

/// Somebody waits until the provider has these case calls, or they are over.
struct pending_placement {
  caf::typed_response_promise<result<bool>> answer;
  std::vector<job_row_id> rows;
  steady_time answer_by{};
};

/// A reading of the whole group, page by page.
struct group_reading {
  std::map<std::string, job_row_id> by_reference;
  std::map<std::string, job_row_id> by_phone;  ///< For jobs that the provider lists without a reference id.
  std::vector<std::pair<job_row_id, std::string>> found;
  std::set<std::string> seen;  ///< Provider ids, so that rows that moved between pages are counted once.
  bool unattributable{};       ///< A job without reference id and with a masked number was among them.
  int page{1};
};

/// Lets AssignJobs leave the gateway. What still waits there when the dispatch is held, or its task's actor ends, is
/// not sent any more: nobody may be called by a request that its asker has given up.
class send_permit {
 public:
  send_permit() = default;
  send_permit(const send_permit&) = delete;
  send_permit& operator=(const send_permit&) = delete;
  ~send_permit() { withdraw(); }

  void grant() {
    if (!*valid_) valid_ = std::make_shared<std::atomic<bool>>(true);
  }
  void withdraw() noexcept { *valid_ = false; }
  [[nodiscard]] std::shared_ptr<const std::atomic<bool>> current() const { return valid_; }

 private:
  std::shared_ptr<std::atomic<bool>> valid_ = std::make_shared<std::atomic<bool>>(true);
};

struct call_task_state {
  call_task_state() = default;  // not an aggregate: CAF would try to build it from `self`
  ~call_task_state();
  call_task_state(const call_task_state&) = delete;
  call_task_state& operator=(const call_task_state&) = delete;

  engine_ptr eng;
  task_facts_ptr facts;
  epoch_t epoch{};  ///< Under which it was loaded; one that comes later is for another actor.
  call_task_record record;
  call_task_position at;
  std::unique_ptr<dispatch_machine> plan;
  send_permit may_send;
  std::unique_ptr<task_board::place> place;
  std::unique_ptr<timer_wheel> wheel;
  std::vector<job_entry> jobs;  ///< Ascending by row.
  task_counters counters;
  /// Jobs that are not dispatched yet need their number once; kept here, not in 100,000 actors.
  std::unordered_map<job_row_id, call_job_record> undispatched;
  std::unordered_map<job_row_id, std::shared_ptr<const job_snapshot>> first_looks;
  std::map<std::uint32_t, steady_time> restarts;
  std::optional<pending_start> start;
  std::vector<pending_placement> placements;
  job_row_id newest_row{};   ///< Of a task of cases: calls behind it have joined unseen.
  bool reading_joined{};     ///< Calls that joined the task are being read.
  bool read_joined_again{};  ///< More may have joined meanwhile.
  std::optional<caf::typed_response_promise<result<suspended_resumed_task>>> switching;
  std::optional<steady_time> suspend_again_at;
  /// When the newest suspend or resume was written ahead; names its ResumeJobs at the provider.
  std::optional<wall_time> switch_noted_at;
  std::shared_ptr<group_reading> reading;
  gate_reason gate_says{gate_reason::none};
  std::string last_error;
  failure nothing_assigned;
  /// Given up by the plan; a job that was down when it was told is told again when it is back.
  std::set<job_row_id> unplaced;
  bool realigning{};  ///< ResumeJobs is asked because the provider shows a pause that nobody wants.
  /// The organisation is switched off: only a suspend or resume is carried out, then it leaves. No job has an actor.
  bool held{};
  bool ticking{};
  bool draining{};
  steady_time drain_by{};
  std::optional<caf::typed_response_promise<bool>> drained;
  std::int64_t drains_open{};
  steady_time progress_told_at{};
  bool progress_changed{};
  std::size_t reported_at_provider{};  ///< What the gate knows.
  std::size_t sweep_cursor{};          ///< Where the next sweep begins among the jobs.
  std::uint64_t wheel_counted{};
  static inline const char* name = "call_task";

  [[nodiscard]] ownership own() const { return {record.id, epoch}; }
};

using task_pointer = call_task::stateful_pointer<call_task_state>;

/// The number of a row's job; nullopt when the row is not this task's.
std::optional<std::uint32_t> index_of(const call_task_state& state, job_row_id row);
/// Shows to those who look without asking where the task stands now; after every change of what `describe` tells.
void show(task_pointer self);
/// Remembers what went wrong last, for people.
void note_error(task_pointer self, std::string what);
/// Feeds the task machine and carries out its orders.
void feed_task(task_pointer self, const call_task_fact& fact);
/// Feeds the dispatch plan and carries out its orders (call_task_dispatch.cpp).
void feed_plan(task_pointer self, const dispatch_fact_t& fact);
/// A commit was refused because the shard is not ours any more: everything stops. True when that was so.
bool ownership_lost(task_pointer self, const failure& why);
/// Ends this actor so that the supervisor loads the task afresh from the store.
void reload(task_pointer self, const std::string& why);
/// Spawns (or respawns) the actor of a job.
void spawn_job(task_pointer self, std::uint32_t index, call_job_record record);
/// Sends a note to the job of a row, if it lives.
void tell_job(task_pointer self, job_row_id row, job_note note);
/// Makes sure that the next tick comes.
void keep_ticking(task_pointer self);
/// Jobs of this task that are at the provider, or on their way.
std::size_t at_provider(const call_task_state& state);
/// Adds (sign = 1) or removes (-1) a job's share of the counters.
void count(task_counters& counters, const job_entry& job, std::int64_t sign);
/// Answers a waiting start when it may be answered now, and who waits for case calls.
void answer_start(task_pointer self);

// call_task_cases.cpp: what a task of cases does besides.
/// Whether the task holds case calls: made by the daemon, started by its actor, joined by others while it is calling.
bool is_of_cases(const call_task_state& state);
/// Case calls joined the task, or somebody waits for some.
caf::result<result<bool>> await_calls(task_pointer self, const await_case_calls& wanted);
/// Reads the calls behind the last one that is known here.
void read_joined(task_pointer self);
/// Answers who waits for case calls, where they are with the provider or over, or his time is.
void answer_placements(task_pointer self);
/// A start that nobody asked for came to nothing: `surely` = the provider has no group, so its calls are given up.
void start_failed(task_pointer self, const failure& why, bool surely);
/// Takes in a job that the store has: its entry, its place in the plan if it was not dispatched, and its actor.
std::uint32_t take_in(task_pointer self, call_job_record record);

// call_task_views.cpp
caf::result<result<refreshed_jobs>> refresh(task_pointer self, const refresh_jobs& wanted);
diagnosed_task diagnose(task_pointer self);
result<explained_job> explain(task_pointer self, job_row_id row);
/// Tells subscribers the counters, at most once a second.
void tell_progress(task_pointer self);

}  // namespace waihu::call_task_shell
