#include "actors/call_task_machine.hpp"

#include <utility>

namespace waihu {

namespace {

using answer = std::optional<call_task_decision>;
using order_list = std::vector<call_task_order>;

struct visitor {
  const call_task_position& at;

  answer operator()(const task_fact::start_asked& asked) const {
    if (at.type != task_type::created || at.step != task_step::idle)
      return refuse("4005", errc::illegal_transition, "任务状态不正确，只有已创建状态的任务可以开始外呼");
    if (!asked.has_script) return refuse("4006", errc::rejected, "任务未配置脚本ID，请先配置脚本");
    if (at.progress.total == 0) return refuse("4007", errc::rejected, "任务下没有线索数据");
    auto next = at;
    next.step = task_step::requesting;
    return call_task_decision{next, {task_orders::persist_group_request{}}};
  }

  answer operator()(const task_fact::request_committed&) const {
    auto next = at;
    if (at.step == task_step::noting_switch) {
      const bool suspends = at.moving_to == task_type::suspended;
      next.step = suspends ? task_step::suspending : task_step::resuming;
      if (suspends) return call_task_decision{next, {task_orders::suspend_at_provider{}}};
      return call_task_decision{next, {task_orders::resume_at_provider{}}};
    }
    if (at.step != task_step::requesting) return std::nullopt;
    const bool asked_before = std::exchange(next.group_requested, true);
    next.step = asked_before ? task_step::finding_group : task_step::creating_group;
    if (asked_before) return call_task_decision{next, {task_orders::find_group{}}};
    return call_task_decision{next, {task_orders::create_group{}}};
  }

  answer operator()(const task_fact::group_searched& searched) const {
    if (at.step != task_step::finding_group) return std::nullopt;
    if (!searched.job_group_id.empty()) return open(searched.job_group_id);
    auto next = at;
    next.step = task_step::creating_group;
    return call_task_decision{next, {task_orders::create_group{}}};
  }

  answer operator()(const task_fact::group_created& created) const {
    if (at.step != task_step::creating_group) return std::nullopt;
    return open(created.job_group_id);
  }

  answer operator()(const task_fact::group_failed& failed) const {
    if (at.step != task_step::creating_group && at.step != task_step::finding_group) return std::nullopt;
    auto next = at;
    next.step = task_step::idle;
    order_list orders;
    // Where the group may exist all the same the write-ahead stays, and the next start looks for it first.
    if (!may_have_happened(failed.why.code) && at.step == task_step::creating_group) {
      next.group_requested = false;
      orders.emplace_back(task_orders::persist_error{failed.why.message});
    }
    orders.emplace_back(task_orders::answer_error{"5001", failed.why});
    return call_task_decision{next, std::move(orders)};
  }

  answer operator()(const task_fact::move_committed&) const {
    if (at.step != task_step::moving) return std::nullopt;
    auto next = at;
    next.step = task_step::idle;
    next.type = at.moving_to;
    order_list orders;
    if (at.type == task_type::created) orders = {task_orders::open_dispatch{}, task_orders::answer_ok{}};
    if (at.type == task_type::calling && next.type == task_type::created) {
      orders = {task_orders::abandon_group{at.job_group_id}};
      next.job_group_id.clear();
      next.group_requested = false;
    }
    if (next.type == task_type::suspended) orders = {task_orders::tell_suspended{}, task_orders::answer_ok{}};
    if (at.type == task_type::suspended)
      orders = {task_orders::tell_resumed{}, task_orders::open_dispatch{}, task_orders::answer_ok{}};
    return advance(call_task_decision{next, std::move(orders)});
  }

  answer operator()(const task_fact::commit_failed& failed) const {
    if (at.step == task_step::requesting) {
      auto next = at;
      next.step = task_step::idle;
      if (failed.why.code == errc::illegal_transition) {
        // The store's own words are for our logs; clients know this refusal by this sentence.
        auto why = failed.why;
        why.message = "任务状态不正确，只有已创建状态的任务可以开始外呼";
        return call_task_decision{next, {task_orders::answer_error{"4005", std::move(why)}, task_orders::reload{}}};
      }
      return call_task_decision{next, {task_orders::answer_error{"503", failed.why}}};
    }
    if (at.step != task_step::moving && at.step != task_step::noting_switch) return std::nullopt;
    // Whether the row changed is not known, or it is not where we believed: the store is the truth.
    return call_task_decision{
        at, {task_orders::hold_dispatch{}, task_orders::answer_error{"503", failed.why}, task_orders::reload{}}};
  }

  answer operator()(const task_fact::suspend_asked&) const {
    // Asked for again while an earlier wish is in doubt: it is being carried out already.
    if (at.type == task_type::calling && at.in_doubt) return call_task_decision{at, {}};
    if (at.type != task_type::calling || at.step != task_step::idle)
      return refuse("4002", errc::illegal_transition, "任务状态不允许暂停");
    auto decision = note_switch(task_type::suspended);
    decision.orders.insert(decision.orders.begin(), task_orders::hold_dispatch{});
    return decision;
  }

  answer operator()(const task_fact::resume_asked&) const {
    if (at.type != task_type::suspended || at.step != task_step::idle)
      return refuse("4003", errc::illegal_transition, "任务状态不允许重启");
    return note_switch(task_type::calling);
  }

  answer operator()(const task_fact::switch_in_doubt&) const {
    const bool has_group = at.type == task_type::calling || at.type == task_type::suspended;
    if (!has_group || at.step != task_step::idle) return std::nullopt;
    auto next = at;
    next.step = task_step::suspending;
    next.in_doubt = true;
    return call_task_decision{next, {task_orders::hold_dispatch{}, task_orders::suspend_at_provider{}}};
  }

  answer operator()(const task_fact::provider_did_it&) const {
    if (at.step == task_step::resuming) return move(at, task_type::calling, std::nullopt, {});
    if (at.step != task_step::suspending) return std::nullopt;
    auto next = at;
    next.in_doubt = false;
    if (at.type == task_type::calling) return move(next, task_type::suspended, std::nullopt, {});
    next.step = task_step::idle;
    return call_task_decision{next, {task_orders::persist_error{}}};
  }

  answer operator()(const task_fact::provider_refused& refused) const {
    if (at.step != task_step::suspending && at.step != task_step::resuming) return std::nullopt;
    const bool resumes = at.step == task_step::resuming;
    const task_orders::answer_error error{resumes ? "5002" : "5001", refused.why};
    auto next = at;
    // Calls may be running that nobody counts with, or be paused unseen: only an acknowledged suspension ends the
    // doubt.
    if (may_have_happened(refused.why.code) || at.in_doubt) {
      next.step = task_step::suspending;
      next.in_doubt = true;
      return call_task_decision{next, {error, task_orders::suspend_again{}}};
    }
    next.step = task_step::idle;
    order_list orders{task_orders::persist_error{refused.why.message}};
    if (!resumes) orders.emplace_back(task_orders::open_dispatch{});
    orders.emplace_back(error);
    return advance(call_task_decision{next, std::move(orders)});
  }

  answer operator()(const task_fact::nothing_assigned& nothing) const {
    if (at.type != task_type::calling || at.step != task_step::idle) return std::nullopt;
    auto decision = move(at, task_type::created, std::string{}, nothing.why.message);
    decision->orders.insert(decision->orders.begin(), task_orders::hold_dispatch{});
    return decision;
  }

  answer operator()(const task_fact::progressed& progressed) const {
    auto next = at;
    next.progress = progressed.progress;
    return advance(call_task_decision{next, {}});
  }

 private:
  [[nodiscard]] answer refuse(std::string code, errc kind, std::string text) const {
    return call_task_decision{at, {task_orders::answer_error{std::move(code), failure{kind, std::move(text), {}, 0}}}};
  }

  /// A switch is written down before the provider is asked, so that a crash in between is not forgotten.
  [[nodiscard]] call_task_decision note_switch(task_type to) const {
    auto next = at;
    next.step = task_step::noting_switch;
    next.moving_to = to;
    return {next, {task_orders::persist_switch_request{}}};
  }

  [[nodiscard]] answer open(const std::string& job_group_id) const {
    auto next = at;
    next.job_group_id = job_group_id;
    return move(next, task_type::calling, job_group_id, std::string{});
  }

  static answer move(call_task_position next, task_type to, std::optional<std::string> job_group_id,
                     std::optional<std::string> last_error) {
    const auto from = next.type;
    next.step = task_step::moving;
    next.moving_to = to;
    return call_task_decision{next,
                              {task_orders::persist_move{from, to, std::move(job_group_id), std::move(last_error)}}};
  }

  /// Adds the move that the counts allow, if nothing else is under way.
  static answer advance(call_task_decision decision) {
    auto& p = decision.next;
    if (p.step != task_step::idle) return decision;
    const bool complete = p.progress.total > 0 && p.progress.terminal == p.progress.total;
    std::optional<task_type> to;
    if (p.type == task_type::calling && complete) to = task_type::calls_complete;
    if (p.type == task_type::calls_complete && complete && p.progress.follow_due == 0)
      to = task_type::follow_up_complete;
    if (p.type == task_type::follow_up_complete &&
        (p.progress.terminal < p.progress.total || p.progress.follow_due > 0))
      to = task_type::calls_complete;
    if (to) {
      auto moved = move(p, *to, std::nullopt, std::nullopt);
      p = moved->next;
      for (auto& order : moved->orders) decision.orders.push_back(std::move(order));
    } else if (p.type == task_type::follow_up_complete || p.type == task_type::created) {
      decision.orders.emplace_back(task_orders::retire{});
    }
    return decision;
  }
};

}  // namespace

std::optional<call_task_decision> decide(const call_task_position& at, const call_task_fact& fact) {
  return std::visit(visitor{at}, fact);
}

}  // namespace waihu
