// Which jobs of a task go to the provider when, and what happens to a batch whose answer was lost. The heart of "nobody
// is called twice": a batch is committed as an intent before it is sent, a lost answer is never repeated but reconciled
// against the provider's own list, and a job is sent again only when two readings agree that it is not there.
// Pure: no clock, no I/O; `apply` changes the plan in place because a plan may hold 100,000 rows.
//
//   queued rows ─gate grants─▶ intending ─committed─▶ sending ─answered─▶ matching ─ids found─▶ acking ─committed─▶
//   done
//                                                       │ surely not received: resting, then sending again (3 tries),
//                                                       │   then requeuing; throttled: requeuing at once
//                                                       │ business refusal: refused (unplaced at the end, or task to 1)
//                                                       ▼ answer lost
//                                                     unknown ◀── also: ids not found, restart with an open batch
//                                                       │ its mark is spent: what has not arrived is refused now
//                                                       │ group read (found rows are acknowledged at once)
//                                                       │ second agreeing read, `settle` apart
//                                                       ▼
//                                     absent rows: queued again (a round counted if the batch is known to have been
//                                     sent), or unplaced at the last round, or unplaced at once where the provider had
//                                     accepted the batch
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "messages/model/failure.hpp"
#include "messages/model/ids.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// Numbers of the plan; see config/options.hpp.
struct dispatch_policy {
  std::size_t batch_size{20};
  std::size_t max_open_batches{4};     ///< Batches of one task between intent and acknowledgement.
  int tries{3};                        ///< Sends of one batch that were surely not received.
  milliseconds retry_delay{60'000};    ///< Between them.
  milliseconds long_rest{300'000};     ///< After the last try, and between sweeps of a dead provider.
  milliseconds settle{15'000};         ///< Before the first and between two agreeing reads of the group.
  milliseconds read_retry{5'000};      ///< After a read that failed.
  milliseconds commit_retry{1'000};    ///< Before an acknowledgement or requeue that failed is committed again.
  int max_rounds{2};                   ///< Reconciliations without a trace until a job is unplaced.
  std::size_t refusals_to_give_up{3};  ///< Refused batches, with nothing assigned, until the start is taken back.
  /// Case calls: what was refused together is sent again one by one, and who is refused alone is unplaced at once, for
  /// the refusal of one person must not hide that others can be called. No start is taken back then.
  bool judges_each_alone{};
};

/// Names a batch within the plan before and after it has a batch_id.
using batch_key = int;

enum class batch_step : std::uint8_t { intending, sending, resting, matching, acking, unknown, requeuing, refused };

namespace dispatch_fact {
struct gate_answered {
  std::size_t granted{};
  milliseconds retry_in{};  ///< When to ask again if less than wanted was granted.
};
struct intent_committed {
  batch_key key{};
  batch_id batch{};
};
/// The intent is surely not stored.
struct intent_failed {
  batch_key key{};
};
/// AssignJobs was answered with ids, in no particular order.
struct assign_accepted {
  batch_key key{};
  std::vector<std::string> call_job_ids;
  std::string request_id;
};
struct assign_failed {
  batch_key key{};
  failure why;
};
/// The ids were looked up: which row each belongs to.
struct ids_matched {
  batch_key key{};
  std::vector<std::pair<job_row_id, std::string>> found;
};
struct match_failed {
  batch_key key{};
};
struct ack_committed {
  batch_key key{};
};
struct ack_failed {
  batch_key key{};
};
struct requeue_committed {
  batch_key key{};
};
struct requeue_failed {
  batch_key key{};
};
/// The whole group was read: the rows of unknown batches that are there.
struct group_read {
  std::vector<std::pair<job_row_id, std::string>> found;
};
struct group_read_failed {};
/// The provider takes nothing any more that carries the batch's mark.
struct mark_spent {
  batch_key key{};
};
struct mark_not_spent {
  batch_key key{};
};
/// Time has passed; the plan looks at what is due.
struct ticked {};
struct opened {};
struct held {};
/// More rows to dispatch (a repair, or jobs loaded later).
struct enqueued {
  std::vector<job_row_id> rows;
};
}  // namespace dispatch_fact

using dispatch_fact_t =
    std::variant<dispatch_fact::gate_answered, dispatch_fact::intent_committed, dispatch_fact::intent_failed,
                 dispatch_fact::assign_accepted, dispatch_fact::assign_failed, dispatch_fact::ids_matched,
                 dispatch_fact::match_failed, dispatch_fact::ack_committed, dispatch_fact::ack_failed,
                 dispatch_fact::requeue_committed, dispatch_fact::requeue_failed, dispatch_fact::group_read,
                 dispatch_fact::group_read_failed, dispatch_fact::mark_spent, dispatch_fact::mark_not_spent,
                 dispatch_fact::ticked, dispatch_fact::opened, dispatch_fact::held, dispatch_fact::enqueued>;

namespace dispatch_orders {
struct ask_gate {
  std::size_t wanted{};
};
struct commit_intent {
  batch_key key{};
  int seq{};
  std::vector<job_row_id> rows;
};
/// Send AssignJobs for these rows, under the batch's mark. Only ever given after their intent is durable.
struct send_batch {
  batch_key key{};
  std::vector<job_row_id> rows;
  batch_id batch{};
};
/// Have the provider refuse whatever still comes under the batch's mark: its AssignJobs may be on its way for as long
/// as the system of a sender that stands still holds it back.
struct spend_mark {
  batch_key key{};
  batch_id batch{};
};
/// Look the ids up and say which row each is.
struct match_ids {
  batch_key key{};
  std::vector<job_row_id> rows;  ///< The batch's rows; every id belongs to one of them.
  std::vector<std::string> call_job_ids;
};
struct commit_ack {
  batch_key key{};
  batch_id batch{};
  std::vector<std::pair<job_row_id, std::string>> ids;
  bool completes_batch{};
  std::string request_id;
};
struct commit_requeue {
  batch_key key{};
  batch_id batch{};
  std::vector<job_row_id> rows;
  bool counts_as_attempt{};
  std::string reason;
};
/// Note the batch's state in the store: `accepted` (sent), `lost` (unknown) or `refused` (failed).
struct note_batch {
  enum class what : std::uint8_t { accepted, lost, refused };
  batch_id batch{};
  what state{};
  std::string request_id;
  std::string error;
};
/// Read the whole group and report the rows of `unknown_rows()` that are there.
struct read_group {};
/// These rows never reached the provider and are not sent again.
struct declare_unplaced {
  std::vector<job_row_id> rows;
  std::string reason;
};
/// The task goes back to 1: every batch was refused and nothing was ever assigned.
struct report_nothing_assigned {
  failure why;
};
}  // namespace dispatch_orders

using dispatch_order =
    std::variant<dispatch_orders::ask_gate, dispatch_orders::commit_intent, dispatch_orders::send_batch,
                 dispatch_orders::match_ids, dispatch_orders::commit_ack, dispatch_orders::commit_requeue,
                 dispatch_orders::note_batch, dispatch_orders::spend_mark, dispatch_orders::read_group,
                 dispatch_orders::declare_unplaced, dispatch_orders::report_nothing_assigned>;

/// One task's dispatch.
class dispatch_machine {
 public:
  /// A batch found open in the store after a restart.
  struct open_batch {
    batch_id batch{};
    std::vector<job_row_id> rows;  ///< Those still in `dispatching`.
    bool accepted{};               ///< The provider had answered before the restart (state `sent`).
    bool lost{};                   ///< It was sent and its answer lost before the restart (state `unknown`).
  };
  /// What a restart finds in the store.
  struct start {
    std::vector<job_row_id> queued;
    std::vector<std::pair<job_row_id, int>> rounds;  ///< Rows with reconciliations behind them.
    std::vector<open_batch> open;
    int last_seq{};
    bool anything_assigned{};
  };

  dispatch_machine(dispatch_policy policy, start found, steady_time now);

  /// Takes in a fact and says what to do. Facts about batches that are gone are ignored.
  std::vector<dispatch_order> apply(const dispatch_fact_t& fact, steady_time now);

  /// Earliest time at which `ticked` would find something due; empty when nothing waits for time.
  [[nodiscard]] std::optional<steady_time> next_due() const;
  /// Rows whose fate is being reconciled.
  [[nodiscard]] std::vector<job_row_id> unknown_rows() const;
  /// Rows of batches that surely did not arrive and are sent again later.
  [[nodiscard]] std::vector<job_row_id> resting_rows() const;
  [[nodiscard]] std::size_t queued() const noexcept { return queue_.size(); }
  [[nodiscard]] std::size_t open_batches() const noexcept { return batches_.size(); }
  /// Rows between intent and acknowledgement; they count as calls at the provider.
  [[nodiscard]] std::size_t rows_in_batches() const noexcept;
  [[nodiscard]] bool reconciling() const noexcept;
  [[nodiscard]] bool resting(steady_time now) const noexcept { return rest_until_ && *rest_until_ > now; }
  /// Batches were refused and nothing was ever assigned: the start may still be taken back.
  [[nodiscard]] bool refused_only() const noexcept;
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }

 private:
  [[nodiscard]] std::vector<job_row_id> rows_at(batch_step step) const;
  struct batch {
    batch_step step{batch_step::intending};
    batch_id id{};
    std::vector<job_row_id> rows;  ///< Not yet acknowledged.
    int tries{};
    bool accepted{};
    bool spent{};     ///< unknown: nothing of it arrives any more.
    bool spending{};  ///< unknown: the provider has been asked to see to that.
    bool sent{};      ///< Known to have left us. Only then does finding no trace of it say something about its people.
    bool repeat_due{};  ///< The commit of this step failed and is repeated at `due`.
    /// resting: next send; unknown: spending the mark, then earliest read; acking/requeuing: next repeat.
    steady_time due{};
    std::string request_id;
    std::vector<std::pair<job_row_id, std::string>> ids;  ///< While acking.
    bool completes{};
    bool counts_as_attempt{};
    std::string reason;
  };
  struct reading {
    std::set<batch_key> covers;  ///< Batches that were unknown when it began.
    std::optional<std::set<job_row_id>> first_absent;
    bool in_flight{};
    steady_time due{};
  };
  using orders = std::vector<dispatch_order>;

  void on(const dispatch_fact::gate_answered& f, steady_time now, orders& out);
  void on(const dispatch_fact::intent_committed& f, steady_time now, orders& out);
  void on(const dispatch_fact::intent_failed& f, steady_time now, orders& out);
  void on(const dispatch_fact::assign_accepted& f, steady_time now, orders& out);
  void on(const dispatch_fact::assign_failed& f, steady_time now, orders& out);
  void on(const dispatch_fact::ids_matched& f, steady_time now, orders& out);
  void on(const dispatch_fact::match_failed& f, steady_time now, orders& out);
  void on(const dispatch_fact::ack_committed& f, steady_time now, orders& out);
  void on(const dispatch_fact::ack_failed& f, steady_time now, orders& out);
  void on(const dispatch_fact::requeue_committed& f, steady_time now, orders& out);
  void on(const dispatch_fact::requeue_failed& f, steady_time now, orders& out);
  void on(const dispatch_fact::group_read& f, steady_time now, orders& out);
  void on(const dispatch_fact::group_read_failed& f, steady_time now, orders& out);
  void on(const dispatch_fact::mark_spent& f, steady_time now, orders& out);
  void on(const dispatch_fact::mark_not_spent& f, steady_time now, orders& out);
  void on(const dispatch_fact::ticked& f, steady_time now, orders& out);
  void on(const dispatch_fact::opened& f, steady_time now, orders& out);
  void on(const dispatch_fact::held& f, steady_time now, orders& out);
  void on(const dispatch_fact::enqueued& f, steady_time now, orders& out);

  batch* find(batch_key key, batch_step step);
  void make_unknown(batch& b, steady_time now, const std::string& why, orders& out);
  void await_reading(batch& b, steady_time now) const;
  void refuse(batch_key key, batch& b, const failure& why, orders& out);
  std::size_t rows_of_next_batch(std::size_t most);
  void acknowledge(batch_key key, batch& b, std::vector<std::pair<job_row_id, std::string>> found, orders& out);
  void resolve_absent(batch_key key, batch& b, orders& out);
  void requeue(batch_key key, batch& b, std::vector<job_row_id> rows, bool counts, std::string reason, orders& out);
  void rest(steady_time until) noexcept;
  void go_on(steady_time now, orders& out);
  void conclude_refusals(orders& out);
  void plan_spending(steady_time now, orders& out);
  void plan_reading(steady_time now, orders& out);
  [[nodiscard]] bool reading_waits_for_ack() const;

  dispatch_policy policy_;
  std::deque<job_row_id> queue_;
  std::map<batch_key, batch> batches_;
  std::map<job_row_id, int> rounds_;
  std::set<job_row_id> alone_;     ///< Queued, and to be sent in a batch of their own.
  std::vector<batch_id> emptied_;  ///< Open in the store, with no row left: closed with the first orders.
  reading reading_;
  std::optional<steady_time> rest_until_;
  std::string last_error_;
  failure last_refusal_;
  int last_seq_{};
  batch_key next_key_{1};
  bool open_{false};
  bool gate_asked_{};
  bool anything_assigned_{};
  bool gave_up_{};  ///< Every batch was refused; their rows go back to the queue.
  bool gave_up_reported_{};
};

}  // namespace waihu
