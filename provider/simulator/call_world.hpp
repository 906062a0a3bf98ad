// The simulated provider without its wire: job groups, jobs, dials, the lines they wait for and the order in which
// things happen on a virtual clock. Knows nothing of HTTP, JSON, sockets or real time: every instant comes from the
// caller. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "provider/simulator/call_plan.hpp"
#include "provider/simulator/dialogues.hpp"
#include "provider/simulator/look_journal.hpp"

namespace waihu::simulator {

/// Where a job stands; `stage_word` gives the provider's word.
enum class job_stage : std::uint8_t { scheduling, executing, paused, succeeded, failed, cancelled };
inline constexpr std::size_t stage_count = 6;
/// "Scheduling", "Executing", ...
std::string_view stage_word(job_stage stage) noexcept;
/// The stage with the provider's word, also "Drafted"-free lists of filters; nothing for other words.
std::optional<job_stage> parse_stage(std::string_view word) noexcept;
/// Succeeded, Failed, Cancelled.
constexpr bool is_final(job_stage s) noexcept { return s >= job_stage::succeeded; }

inline constexpr std::uint32_t nothing = 0xffffffffU;  ///< Index of no job, no dial.

/// Times of day at which dials may begin, in minutes since local midnight. Equal bounds: at any time. A window whose
/// begin is after its end reaches over midnight.
struct calling_window {
  int begin_minute{};
  int end_minute{};
};

/// How the whole instance behaves.
struct world_options {
  call_policy policy;
  int concurrency{2'000};            ///< Lines of the instance; 0 = no limit. Jobs beyond it wait in Scheduling.
  calling_window window;             ///< Instance-wide window.
  int utc_offset_minutes{480};       ///< Local time of the window.
  bool suspend_spares_later_jobs{};  ///< True: jobs that are assigned to a suspended group are dialled all the same.
};

/// What CreateJobGroup gave. `start_ms`, `end_ms` 0 = none.
struct group_order {
  std::string name, description, script_id, priority{"Daily"};
  std::vector<std::string> calling_numbers, recall_numbers;
  std::int64_t ringing_duration_s{25};
  std::int64_t min_concurrency{};
  std::string repeat_by{"Once"}, routing_strategy{"None"};
  std::int64_t start_ms{}, end_ms{};
  std::int64_t max_attempts_per_day{3}, min_attempt_interval_min{};  ///< Interval 0 = the world's redial gap.
  std::vector<std::pair<std::string, std::string>> working_time;     ///< Shown, not obeyed.
  bool empty_number_ignore{}, in_arrears_ignore{}, out_of_service_ignore{};
};

/// A job group.
struct group_entry {
  std::string id;
  group_order order;
  std::int64_t created_ms{}, modified_ms{};
  bool suspended{}, deleted{};
  std::vector<std::uint32_t> jobs;                  ///< In the order of acceptance.
  std::array<std::uint32_t, stage_count> counts{};  ///< Jobs by stage.
  std::uint64_t dials{};
};

/// One element of JobsJson.
struct job_entry_order {
  std::string reference_id, phone, name, honorific, role;
  std::string extras_json{R"([{"Key":"TenantId","Value":"1"}])"};  ///< [{"Key","Value"}], ready for answers.
};

/// A job: one acceptance of one element. Each acceptance rings the person.
struct job_entry {
  job_entry_order order;
  std::uint32_t group{}, request{};  ///< Its group; index of the request id that brought it.
  std::uint32_t last_dial{nothing};
  std::uint32_t generation{};  ///< Events and queue places of older generations are void.
  std::uint16_t dials_made{};
  job_stage stage{job_stage::scheduling};
  bool no_more_dials{};  ///< Cancelled while in a call.
  std::uint64_t fingerprint{};
  std::int64_t assigned_ms{}, due_ms{}, ended_ms{};
  std::string_view failure_reason;
};

/// One dial (the provider's Task), in the order of the ledger.
struct dial_entry {
  std::uint32_t job{}, previous{nothing};  ///< Its job; the job's dial before this one.
  std::uint16_t number{};                  ///< 1 for the first.
  bool rings{}, answered{};
  std::string_view status{"Executing"};  ///< Provider's code.
  std::int64_t planned_ms{}, rung_ms{}, ended_ms{}, ring_ms{}, talk_ms{};
};

/// What was accepted more than once.
struct double_counts {
  std::uint64_t accepted{};             ///< Jobs accepted with a reference id.
  std::uint64_t doubled_references{};   ///< Reference ids that were accepted in more than one element.
  std::uint64_t surplus_acceptances{};  ///< Acceptances beyond the first of a reference id: people rung twice.
  std::uint64_t doubled_phones{};       ///< (group, phone) pairs that were accepted more than once.
};

/// Elements that came in an AssignJobs and were not accepted: how often, by reference id and the answer's code.
/// "NoAnswer" stands for a request that a fault dropped, "Dropped" for an element that a fault left out.
using turned_away_counts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

/// The simulated instance.
class call_world {
 public:
  explicit call_world(world_options options, std::int64_t start_ms);

  /// Lets everything happen that is due up to `now_ms`. Never goes back.
  void advance_to(std::int64_t now_ms);
  /// When the next thing happens; nothing when the world is at rest.
  std::optional<std::int64_t> next_due() const;
  std::int64_t now() const noexcept { return now_ms_; }
  const world_options& options() const noexcept { return options_; }

  std::uint32_t create_group(group_order order, std::string planted_id = {});
  /// Index of a group that is not deleted.
  std::optional<std::uint32_t> find_group(std::string_view id) const;
  void delete_group(std::uint32_t group);
  /// Accepts one element; nothing is deduplicated. `planted_id` gives the job a certain id.
  std::uint32_t accept(std::uint32_t group, job_entry_order order, std::uint32_t request, std::string planted_id = {});
  /// Notes that an element reached the provider and was not accepted; of the first million only.
  void turn_away(const std::string& reference_id, std::string_view code);
  /// Remembers a request id for the ledger.
  std::uint32_t remember_request(std::string request_id);
  /// Plans for a phone number or a reference id; takes effect for jobs accepted from now on.
  void wish(std::string phone_or_reference, plan_wish how);

  void suspend_group(std::uint32_t group);
  void resume_group(std::uint32_t group);
  void cancel_group(std::uint32_t group);
  void suspend_job(std::uint32_t job);
  void resume_job(std::uint32_t job);
  void cancel_job(std::uint32_t job);

  std::optional<std::uint32_t> find_job(std::string_view id) const;
  std::optional<std::uint32_t> find_dial(std::string_view task_id) const;
  std::string job_id(std::uint32_t job) const;
  std::string task_id(std::uint32_t dial) const;
  std::string contact_id(std::uint32_t job) const;
  /// Number in CallId.
  std::uint64_t call_id(std::uint32_t dial) const;
  /// The number that dials for this job.
  std::string_view calling_number(std::uint32_t job) const;
  /// Gives the job's next dial a certain id (for replays).
  void plant_next_task_id(std::uint32_t job, std::string id);

  const std::vector<group_entry>& groups() const noexcept { return groups_; }
  const std::deque<job_entry>& jobs() const noexcept { return jobs_; }
  const std::deque<dial_entry>& dials() const noexcept { return dials_; }
  const std::string& request_id(std::uint32_t request) const { return requests_[request]; }
  /// "Draft", "Scheduling", "Executing", "Paused" or "Completed".
  std::string_view group_status(const group_entry& group) const noexcept;
  /// The job's dials, first to last.
  std::vector<std::uint32_t> dials_of(std::uint32_t job) const;
  call_plan plan_of(std::uint32_t job) const;
  /// Lines of a dial's conversation with offsets from the answer; empty while it may not be shown yet.
  std::vector<spoken_line> conversation_of(std::uint32_t dial) const;
  /// True once the recording of an answered dial may be fetched.
  bool recording_ready(std::uint32_t dial) const;

  double_counts doubles() const noexcept { return doubles_; }
  const turned_away_counts& turned_away() const noexcept { return turned_away_; }
  /// Jobs that are surplus acceptances of a reference id, in their order.
  const std::vector<std::uint32_t>& surplus_jobs() const noexcept { return surplus_; }
  int busy_lines() const noexcept { return busy_lines_; }
  std::uint64_t finished_jobs() const noexcept { return finished_; }
  int greatest_busy_lines() const noexcept { return greatest_busy_lines_; }
  /// Looks of ListJobs, in simulated time.
  look_journal& looks() noexcept { return looks_; }
  const look_journal& looks() const noexcept { return looks_; }

 private:
  struct event {
    std::int64_t due_ms;
    std::uint64_t order;  // Ties are broken by the order of arrival.
    std::uint32_t subject, generation;
    enum class kind : std::uint8_t { ready, dial_ends, window_opens, group_ends } what;
    friend bool operator>(const event& a, const event& b) noexcept {
      return a.due_ms != b.due_ms ? a.due_ms > b.due_ms : a.order > b.order;
    }
  };
  struct place {
    std::uint32_t job, generation;
  };

  void happen(const event& e);
  void schedule(std::int64_t due_ms, event::kind what, std::uint32_t subject, std::uint32_t generation);
  void make_due(std::uint32_t job, std::int64_t due_ms);
  void fill_lines();
  bool start_dial(std::uint32_t job);
  void end_dial(std::uint32_t job);
  void move_to(job_entry& job, job_stage stage);
  void finish(job_entry& job, job_stage stage, std::string_view reason);
  std::optional<std::int64_t> window_opens_after(std::int64_t now_ms) const;

  world_options options_;
  std::int64_t now_ms_;
  look_journal looks_;
  std::vector<group_entry> groups_;
  std::deque<job_entry> jobs_;
  std::deque<dial_entry> dials_;
  std::vector<std::string> requests_;
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::uint64_t event_order_{};
  std::deque<place> urgent_, daily_;  // Jobs that wait for a line.
  int busy_lines_{}, greatest_busy_lines_{};
  bool window_wake_set_{};
  std::uint64_t finished_{};
  std::unordered_map<std::string_view, std::uint32_t> accepted_times_;  // Views into jobs_.
  std::unordered_map<std::uint64_t, std::uint32_t> phone_times_;        // By hash of (group, phone).
  std::unordered_map<std::string, std::uint32_t> group_by_id_;
  turned_away_counts turned_away_;
  std::unordered_map<std::string, plan_wish> wishes_;
  std::unordered_map<std::uint32_t, plan_wish> wish_of_job_;
  std::unordered_map<std::string, std::uint32_t> planted_jobs_, planted_dials_;  // Few: replays only.
  std::unordered_map<std::uint32_t, std::string> planted_job_ids_, planted_dial_ids_, next_task_ids_;
  double_counts doubles_;
  std::vector<std::uint32_t> surplus_;
};

}  // namespace waihu::simulator
