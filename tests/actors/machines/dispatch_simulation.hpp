// A task's dispatch against a provider that loses answers, refuses, throttles, is late and lists late, a store whose
// commits fail, a gate that is stingy, an operator who suspends, and a daemon that crashes at any border between two
// orders. Time is virtual; the seed decides everything. The provider's own ledger is the judge.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "actors/dispatch_machine.hpp"
#include "tests/actors/machines/walk.hpp"

namespace waihu::testing {

/// How bad the world is; shares are "one in n", 0 = never.
struct dispatch_weather {
  std::size_t rows{30};
  std::size_t late_rows{4};       ///< Enqueued while the task runs.
  std::size_t lose_answer{5};     ///< AssignJobs: the answer is lost, carried out or not.
  std::size_t refuse{12};         ///< AssignJobs: a business refusal.
  std::size_t not_received{8};    ///< AssignJobs: surely not received.
  std::size_t throttle{8};        ///< AssignJobs: throttled, breaker open, own queue full.
  std::size_t part{8};            ///< AssignJobs: only some of the rows are taken.
  std::size_t no_ids{15};         ///< AssignJobs: taken, but answered without ids.
  std::size_t hidden{0};          ///< AssignJobs: taken and dialled, but never listed.
  std::size_t commit_failure{6};  ///< Any commit.
  std::size_t read_failure{5};    ///< Reading the group or the ids.
  std::size_t crash{60};          ///< Before any order.
  std::size_t hold{25};           ///< At any fact.
  bool refuse_all{};              ///< Every batch is refused for a business reason.
  std::optional<int> crash_at;    ///< Crash before this order, counted from 1, and never again.
  minutes faults_end{120};        ///< After it the world is good.
};

class dispatch_simulation {
 public:
  dispatch_simulation(std::uint64_t seed, dispatch_weather weather);

  /// Runs to the end. Returns what went wrong, empty when every promise was kept.
  std::string run();

  [[nodiscard]] int orders() const { return orders_; }
  [[nodiscard]] int crashes() const { return crashes_; }
  [[nodiscard]] bool reported_nothing() const { return reported_; }
  [[nodiscard]] std::size_t rows_tracked() const;
  [[nodiscard]] std::size_t rows_unplaced() const;
  /// The last events, for a failure's message.
  [[nodiscard]] std::string trace() const;

 private:
  enum class stored_phase { queued, dispatching, tracking, unplaced };
  struct stored_row {
    stored_phase phase{stored_phase::queued};
    batch_id batch{};
    int attempts{};
    std::string call_job_id;
  };
  struct stored_batch {
    std::vector<job_row_id> rows;
    bool accepted{};
    bool lost{};
  };
  struct listed_job {
    std::string call_job_id;
    std::optional<steady_time> listed_at;
  };
  struct event {
    steady_time at;
    std::uint64_t order;
    std::optional<int> incarnation;  ///< Of the daemon that waits for it; empty: happens whatever becomes of it.
    std::function<void()> act;
    bool operator>(const event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  /// A commit on its way; a crash decides at once whether it had landed.
  struct commit {
    std::function<void()> land;
    bool done{};
  };

  void fail(const std::string& what);
  void note(const std::string& what);
  bool bad(std::size_t one_in);
  [[nodiscard]] bool good_world() const { return now_ >= begin_ + weather_.faults_end; }

  void after(milliseconds delay, std::function<void()> act, bool survives = false);
  void start_daemon();
  void crash();
  void tell(const dispatch_fact_t& fact);
  void schedule_tick();
  void commit_then(std::function<void()> land, dispatch_fact_t yes, dispatch_fact_t no);

  void carry_out(const dispatch_orders::ask_gate& order);
  void carry_out(const dispatch_orders::commit_intent& order);
  void carry_out(const dispatch_orders::send_batch& order);
  void carry_out(const dispatch_orders::match_ids& order);
  void carry_out(const dispatch_orders::commit_ack& order);
  void carry_out(const dispatch_orders::commit_requeue& order);
  void carry_out(const dispatch_orders::note_batch& order);
  void carry_out(const dispatch_orders::spend_mark& order);
  void carry_out(const dispatch_orders::read_group& order);
  void carry_out(const dispatch_orders::declare_unplaced& order);
  void carry_out(const dispatch_orders::report_nothing_assigned& order);

  void accept(batch_id batch, const std::vector<job_row_id>& rows, milliseconds in, bool hidden);
  [[nodiscard]] bool finished() const;
  void judge();

  walk_random random_;
  dispatch_weather weather_;
  dispatch_policy policy_;
  steady_time begin_{std::chrono::hours{24}};
  steady_time now_{begin_};
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::uint64_t next_event_{};
  int incarnation_{};
  std::optional<dispatch_machine> machine_;
  std::optional<steady_time> tick_at_;
  std::set<job_row_id> given_up_;  ///< Declared unplaced by this daemon; their jobs are storing it.
  bool held_{};
  bool reported_{};
  int orders_{};
  int crashes_{};
  std::string wrong_;
  std::vector<std::string> trace_;

  std::map<job_row_id, stored_row> rows_;
  std::map<batch_id, stored_batch> batches_;
  int last_seq_{};
  std::vector<std::shared_ptr<commit>> commits_;

  std::map<job_row_id, listed_job> ledger_;
  std::set<job_row_id> sent_;  ///< Rows of every batch that was ever handed to the wire.
  std::map<job_row_id, batch_id> on_their_way_;
  std::set<batch_id> spent_;  ///< Nothing of these arrives any more.
};

}  // namespace waihu::testing
