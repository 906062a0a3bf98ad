#include "tests/simulation/judge.hpp"

#include <algorithm>

namespace waihu::simulation {

namespace {

constexpr std::array<std::string_view, promise_count> promise_names{"nobody_is_called_twice",
                                                                    "nobody_is_dialled_after_being_given_up",
                                                                    "no_send_without_a_durable_intent",
                                                                    "no_send_without_the_shard",
                                                                    "a_suspended_task_sends_nothing",
                                                                    "a_suspended_task_is_not_dialled",
                                                                    "a_stale_epoch_changes_nothing",
                                                                    "a_terminal_status_never_changes",
                                                                    "a_result_is_what_the_provider_said",
                                                                    "task_type_moves_legally",
                                                                    "interest_is_set_once",
                                                                    "a_provider_id_is_set_once_and_right",
                                                                    "every_call_leaves_exactly_one_follow_up",
                                                                    "unplaced_is_said_only_of_calls_never_placed",
                                                                    "calls_per_second_are_kept",
                                                                    "every_campaign_ends",
                                                                    "nothing_is_left_behind",
                                                                    "no_actor_fails_by_itself"};

/// The moves of state-machines.md section 2, written down a second time on purpose.
bool may_move(int from, int to) {
  static const std::set<std::pair<int, int>> legal{{1, 2}, {2, 1}, {2, 5}, {5, 2}, {2, 3}, {3, 4}, {4, 3}};
  return legal.contains({from, to});
}

std::string row_name(const memory_state::stored_job& job) {
  return "row " + std::to_string(value(job.view.job.row)) + " (" + job.view.job.reference_id + ")";
}

}  // namespace

std::string_view name_of(promise kept) noexcept { return promise_names.at(static_cast<std::size_t>(kept)); }

void judge::complain(promise broken, std::string what) { breaches_.push_back({broken, std::move(what)}); }

const memory_state::stored_job* judge::row_of(const std::string& reference) const {
  for (const auto& [id, job] : rows_->jobs)
    if (job.view.job.reference_id == reference) return &job;
  return nullptr;
}

void judge::count_departure(milliseconds now) {
  left_.push_back(now);
  while (now - left_.front() >= milliseconds{1'000}) left_.pop_front();
  if (limit_ > 0 && left_.size() > limit_)
    complain(promise::calls_per_second_are_kept,
             std::to_string(left_.size()) + " calls left within a second, " + std::to_string(limit_) + " may");
}

void judge::batch_leaves(const std::string& sender, const std::string& group, const std::vector<job_order>& orders,
                         milliseconds now) {
  for (const auto& order : orders) {
    ++sent_[order.reference_id];
    const auto* job = row_of(order.reference_id);
    if (job == nullptr) {
      complain(promise::no_send_without_a_durable_intent, order.reference_id + " belongs to no row");
      continue;
    }
    const auto& task = rows_->tasks.at(value(job->task));
    count_departure(now);
    const auto& shard = rows_->shards[index_of(shard_of(job->task))];
    const bool owns = shard.node == sender;
    if (!owns)
      complain(promise::no_send_without_the_shard,
               row_name(*job) + " was sent by " + sender + ", its shard is " +
                   (shard.node.empty() ? std::string("nobody's") : shard.node + "'s"));
    const auto& record = job->view.job;
    const auto batch =
        record.dispatch_batch ? rows_->batches.find(value(*record.dispatch_batch)) : rows_->batches.end();
    const bool intended = record.phase == job_phase::dispatching && batch != rows_->batches.end() &&
                          batch->second.state == batch_state::intent && batch->second.epoch == epoch_t{shard.epoch};
    if (!intended && owns)
      complain(promise::no_send_without_a_durable_intent,
               row_name(*job) + " was sent in phase " + std::string(to_string(record.phase)));
    if (task.type == task_type::suspended)
      complain(promise::a_suspended_task_sends_nothing, row_name(*job) + " was sent while its task was suspended");
    if (group != task.job_group_id)
      complain(promise::no_send_without_a_durable_intent, row_name(*job) + " was sent to a group not its task's");
    if (record.status != call_status::none)
      complain(promise::nobody_is_dialled_after_being_given_up, row_name(*job) + " was sent after its end");
  }
}

void judge::accepted(const std::string& reference, const std::string& call_job_id) {
  reference_of_[call_job_id] = reference;
  if (++accepted_[reference] > 1)
    complain(promise::nobody_is_called_twice,
             reference + " was accepted " + std::to_string(accepted_[reference]) + " times");
  const auto* job = row_of(reference);
  if (job != nullptr && job->view.job.outcome == job_outcome::unplaced)
    complain(promise::nobody_is_dialled_after_being_given_up, row_name(*job) + " was accepted after being given up");
}

void judge::dialled(const std::string& reference, bool is_first) {
  const auto* job = row_of(reference);
  if (job != nullptr) {
    // A suspension that was acknowledged, and nobody has asked to end it.
    const auto& task = rows_->tasks.at(value(job->task));
    if (task.type == task_type::suspended && !task.group_requested_at)
      complain(promise::a_suspended_task_is_not_dialled, row_name(*job) + " was dialled while its task was suspended");
  }
  if (is_first && job != nullptr && job->view.job.status != call_status::none && job->view.job.call_job_id.empty())
    complain(promise::nobody_is_dialled_after_being_given_up, row_name(*job) + " was dialled after being given up");
}

void judge::ended(const std::string& call_job_id, call_status status) { endings_[call_job_id].insert(status); }

void judge::committed(const std::vector<store_change>& changes, const std::vector<result<change_receipt>>& answers) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto& own = ownership_of(changes[i]);
    if (rows_->owns(own)) continue;
    if (answers.at(i).has_value() || answers.at(i).error().code != errc::stale_epoch)
      complain(promise::a_stale_epoch_changes_nothing, "a change under epoch " + std::to_string(value(own.epoch)) +
                                                           " of shard " + std::to_string(value(shard_of(own.task))) +
                                                           " was taken");
  }
  compare_rows("a commit");
}

void judge::compare_rows(const std::string& cause) {
  for (const auto& [id, task] : rows_->tasks) {
    const auto [known, fresh] = types_.try_emplace(id, task.type);
    if (fresh || known->second == task.type) continue;
    if (!may_move(static_cast<int>(known->second), static_cast<int>(task.type)))
      complain(promise::task_type_moves_legally, "task " + std::to_string(id) + " went from " +
                                                     std::to_string(static_cast<int>(known->second)) + " to " +
                                                     std::to_string(static_cast<int>(task.type)) + " by " + cause);
    known->second = task.type;
  }
  for (const auto& [id, job] : rows_->jobs) compare_row(job, cause);
}

void judge::compare_row(const memory_state::stored_job& job, const std::string& cause) {
  const auto& now = job.view.job;
  auto& before = shadow_[value(now.row)];
  if (before.status != now.status) {
    if (before.status != call_status::none)
      complain(promise::a_terminal_status_never_changes, row_name(job) + " went from " +
                                                             std::string(to_string(before.status)) + " to " +
                                                             std::string(to_string(now.status)) + " by " + cause);
    if (!is_terminal(now.status)) complain(promise::a_terminal_status_never_changes, row_name(job) + " is not ended");
    before.status = now.status;
  }
  if (before.outcome != now.outcome) {
    if (before.outcome != job_outcome::none)
      complain(promise::a_terminal_status_never_changes, row_name(job) + " changed its outcome by " + cause);
    before.outcome = now.outcome;
  }
  if (before.is_interested != now.is_interested) {
    if (before.is_interested)
      complain(promise::interest_is_set_once, row_name(job) + " had an interest and got another by " + cause);
    before.is_interested = now.is_interested;
  }
  if (before.follow != now.leads_follow_id) {
    if (before.follow) complain(promise::every_call_leaves_exactly_one_follow_up, row_name(job) + " got a second one");
    before.follow = now.leads_follow_id;
  }
  if (before.call_job_id == now.call_job_id) return;
  if (!before.call_job_id.empty())
    complain(promise::a_provider_id_is_set_once_and_right, row_name(job) + " lost its provider id by " + cause);
  const auto of = reference_of_.find(now.call_job_id);
  if (of == reference_of_.end() || of->second != now.reference_id)
    complain(promise::a_provider_id_is_set_once_and_right, row_name(job) + " got the provider id of another call");
  before.call_job_id = now.call_job_id;
}

bool judge::all_done(std::string* why) const {
  for (const auto& [id, task] : rows_->tasks) {
    const auto counters = rows_->count(task_id{id});
    if (task.type == task_type::follow_up_complete && counters.has_status == counters.total && counters.follow_due == 0)
      continue;
    if (why != nullptr)
      *why += "task " + std::to_string(id) + " stands at " + std::to_string(static_cast<int>(task.type)) + ", " +
              std::to_string(counters.has_status) + " of " + std::to_string(counters.total) + " ended, " +
              std::to_string(counters.queued) + " queued, " + std::to_string(counters.dispatching) + " dispatching, " +
              std::to_string(counters.tracking) + " tracked, " + std::to_string(counters.parked) + " parked, " +
              std::to_string(counters.follow_due) + " follow-ups due, last error: " + task.last_error + "; ";
    return false;
  }
  return true;
}

void judge::check_end_of(const memory_state::stored_job& job) {
  const auto& record = job.view.job;
  const auto follows = std::count_if(rows_->follows.begin(), rows_->follows.end(),
                                     [&](const auto& f) { return f.second.job == record.row; });
  const int wanted = record.status == call_status::cancelled ? 0 : 1;
  if (follows != wanted)
    complain(
        promise::every_call_leaves_exactly_one_follow_up,
        row_name(job) + " has " + std::to_string(follows) + " follow-ups, " + std::to_string(wanted) + " is right");
  if (wanted == 1 && !record.is_interested)
    complain(promise::interest_is_set_once, row_name(job) + " ended without an interest");
  const auto placed = accepted_.find(record.reference_id);
  if (record.outcome == job_outcome::unplaced) {
    if (placed != accepted_.end())
      complain(promise::unplaced_is_said_only_of_calls_never_placed, row_name(job) + " is at the provider");
    if (!sent_.contains(record.reference_id))
      complain(promise::unplaced_is_said_only_of_calls_never_placed, row_name(job) + " was never even sent");
    else if (!turned_away_.contains(record.reference_id) && sent_.at(record.reference_id) < 2)
      complain(promise::unplaced_is_said_only_of_calls_never_placed, row_name(job) + " was given up after one attempt");
    const auto follow =
        record.leads_follow_id ? rows_->follows.find(value(*record.leads_follow_id)) : rows_->follows.end();
    if (follow != rows_->follows.end() && follow->second.record.leads_remark != "未执行外呼；")
      complain(promise::every_call_leaves_exactly_one_follow_up, row_name(job) + " says something else than unplaced");
    return;
  }
  const auto ending = endings_.find(record.call_job_id);
  if (ending == endings_.end() || !ending->second.contains(record.status))
    complain(
        promise::a_result_is_what_the_provider_said,
        row_name(job) + " is stored as " + std::string(to_string(record.status)) + ", which the provider never said");
}

void judge::closing(bool in_time, const std::string& still_open) {
  compare_rows("the end");
  if (!in_time) {
    complain(promise::every_campaign_ends, "time is over: " + still_open);
    return;
  }
  for (const auto& [id, job] : rows_->jobs) check_end_of(job);
}

}  // namespace waihu::simulation
