#include "actors/call_job_machine.hpp"

#include <algorithm>

namespace waihu {

namespace {

/// The next look's distance: long where the provider has kept the job waiting for long.
milliseconds look_distance(const call_job_position& at, const call_job_policy& policy, steady_time now) {
  const bool waiting = at.status == call_status::scheduling || at.status == call_status::none ||
                       at.status == call_status::paused || at.status == call_status::drafted;
  return waiting && now - at.last_change >= policy.queued_after ? policy.queued_look_interval : policy.look_interval;
}

/// Starts, stops or keeps the deadline after a look showed `p.status`.
void arm_deadline(call_job_position& p, bool changed, const call_job_policy& policy, steady_time now) {
  if (policy.deadline_from_first_look) {
    p.deadline_at = p.first_look.value_or(now) + policy.deadline;
    return;
  }
  if (p.status != call_status::executing) {
    p.deadline_at.reset();
    p.deadline_left = milliseconds{0};
    return;
  }
  if (p.suspended) {
    if (changed || p.deadline_left == milliseconds{0}) p.deadline_left = policy.deadline;
    return;
  }
  if (changed) p.deadline_at = now + policy.deadline;
  else if (!p.deadline_at) p.deadline_at = p.last_change + policy.deadline;
}

std::optional<call_job_decision> begin_commit(call_job_position next, job_commit what, call_job_order order) {
  next.committing = what;
  next.commit_failed = false;
  return call_job_decision{next, {job_orders::sleep{}, order}};
}

/// Visits one fact at one position. Each overload is one row of the table in the header.
struct visitor {
  const call_job_position& at;
  const call_job_policy& policy;
  steady_time now;

  using answer = std::optional<call_job_decision>;

  [[nodiscard]] bool watched() const { return at.phase == job_phase::tracking || at.phase == job_phase::parked; }
  [[nodiscard]] bool idle() const { return at.committing == job_commit::none; }

  answer operator()(const job_fact::intended&) const {
    if (at.phase != job_phase::queued || !idle()) return std::nullopt;
    auto next = at;
    next.phase = job_phase::dispatching;
    return call_job_decision{next, {}};
  }

  answer operator()(const job_fact::returned&) const {
    if (at.phase != job_phase::dispatching || !idle()) return std::nullopt;
    auto next = at;
    next.phase = job_phase::queued;
    return call_job_decision{next, {}};
  }

  answer operator()(const job_fact::acknowledged& acknowledged) const {
    if (at.phase != job_phase::dispatching || !idle()) return std::nullopt;
    auto next = at;
    next.phase = job_phase::tracking;
    next.first_look = now;
    next.last_change = now;
    next.last_look = now;
    next.look_in_flight = true;
    if (policy.deadline_from_first_look) next.deadline_at = now + policy.deadline;
    if (acknowledged.seen) return call_job_decision{next, {job_orders::wake_in{policy.look_timeout, false}}};
    return call_job_decision{next, {job_orders::look_now{}, job_orders::wake_in{policy.look_timeout, false}}};
  }

  answer operator()(const job_fact::unplaced&) const {
    if ((at.phase != job_phase::dispatching && at.phase != job_phase::queued) || !idle()) return std::nullopt;
    auto next = at;
    next.status = call_status::failed;
    next.outcome = job_outcome::unplaced;
    return begin_commit(next, job_commit::outcome, job_orders::persist_outcome{});
  }

  answer operator()(const job_fact::status_seen& seen) const {
    if (at.phase == job_phase::closed) return std::nullopt;
    // The first terminal status counts, from the moment it is seen, though it may still wait for its commit.
    if (at.phase == job_phase::settled || is_terminal(at.status)) {
      if (!is_terminal(seen.status)) return std::nullopt;
      return call_job_decision{at, {job_orders::count_late_report{}}};
    }
    if (!watched()) return std::nullopt;
    auto next = at;
    next.look_in_flight = false;
    next.failures = 0;
    next.last_look = now;
    // The first look after a restart shows nothing new: the stored time of the last change stays.
    const bool changed = !at.restored && (seen.status != at.status || seen.attempt_count != at.attempt_count);
    next.restored = false;
    next.status = seen.status;
    next.attempt_count = seen.attempt_count;
    if (changed) next.last_change = now;
    if (is_terminal(seen.status)) {
      next.outcome = outcome_of(seen.status, seen.last_attempt_status);
      next.deadline_at.reset();
      // A commit under way is waited for: its confirmation must never be taken for this one's.
      if (!idle() && !at.commit_failed) return call_job_decision{next, {}};
      return begin_commit(next, job_commit::outcome, job_orders::persist_outcome{});
    }
    arm_deadline(next, changed, policy, now);
    if (!idle()) return call_job_decision{next, {}};
    if (at.phase == job_phase::parked) return begin_commit(next, job_commit::unpark, job_orders::persist_unpark{});
    return call_job_decision{next, {job_orders::wake_in{look_distance(next, policy, now), true}}};
  }

  answer operator()(const job_fact::look_failed&) const {
    if (!watched() || !at.look_in_flight) return std::nullopt;
    auto next = at;
    next.look_in_flight = false;
    next.last_look = now;
    if (!idle()) return call_job_decision{next, {}};
    if (at.phase == job_phase::parked) return call_job_decision{next, {job_orders::sleep{}}};
    ++next.failures;
    if (next.failures < policy.max_failures)
      return call_job_decision{next, {job_orders::wake_in{look_distance(next, policy, now), true}}};
    auto parking = begin_commit(next, job_commit::park, job_orders::persist_park{parked_reason::unreachable});
    parking->next.parked = parked_reason::unreachable;
    parking->orders.emplace_back(job_orders::raise_unreachable{});
    return parking;
  }

  answer operator()(const job_fact::look_skipped&) const {
    if (!watched() || !at.look_in_flight) return std::nullopt;
    auto next = at;
    next.look_in_flight = false;
    if (!idle()) return call_job_decision{next, {}};
    if (at.phase == job_phase::parked) return call_job_decision{next, {job_orders::sleep{}}};
    return call_job_decision{next, {job_orders::wake_in{policy.look_interval, true}}};
  }

  answer operator()(const job_fact::woken&) const {
    if (at.committing != job_commit::none) return retry_commit();
    if (!watched()) return std::nullopt;
    if (at.look_in_flight) {
      if (now - at.last_look < policy.look_timeout)
        return call_job_decision{at, {job_orders::wake_in{policy.look_timeout, false}}};
      return (*this)(job_fact::look_failed{});
    }
    if (at.phase == job_phase::parked) return std::nullopt;
    if (at.deadline_at && now >= *at.deadline_at) {
      auto next = at;
      next.parked = parked_reason::timeout;
      auto parking = begin_commit(next, job_commit::park, job_orders::persist_park{parked_reason::timeout});
      parking->orders.emplace_back(job_orders::warn_deadline{});
      return parking;
    }
    return start_look();
  }

  answer operator()(const job_fact::suspended&) const {
    if (at.suspended || at.phase == job_phase::closed) return std::nullopt;
    auto next = at;
    next.suspended = true;
    if (at.deadline_at && !policy.deadline_from_first_look) {
      // A deadline already past keeps its last millisecond: 0 would stand for "none was running".
      next.deadline_left = std::max(std::chrono::duration_cast<milliseconds>(*at.deadline_at - now), milliseconds{1});
      next.deadline_at.reset();
    }
    return call_job_decision{next, {}};
  }

  answer operator()(const job_fact::resumed&) const {
    if (!at.suspended || at.phase == job_phase::closed) return std::nullopt;
    auto next = at;
    next.suspended = false;
    if (at.status == call_status::executing && at.phase == job_phase::tracking && !policy.deadline_from_first_look) {
      next.deadline_at = now + (at.deadline_left > milliseconds{0} ? at.deadline_left : policy.deadline);
      next.deadline_left = milliseconds{0};
    }
    // The last change is moved along, so that time spent suspended does not make a queued job look old.
    next.last_change = std::max(next.last_change, now - policy.queued_after / 2);
    return call_job_decision{next, {}};
  }

  answer operator()(const job_fact::swept&) const {
    if (at.phase != job_phase::parked || at.look_in_flight || !idle()) return std::nullopt;
    return start_look();
  }

  answer operator()(const job_fact::look_wanted&) const {
    if (!watched() || at.look_in_flight || !idle()) return std::nullopt;
    return start_look();
  }

  answer operator()(const job_fact::committed&) const {
    auto next = at;
    next.committing = job_commit::none;
    next.commit_failed = false;
    switch (at.committing) {
      case job_commit::none: return std::nullopt;
      case job_commit::outcome: return settle(next);
      case job_commit::park:
        next.phase = job_phase::parked;
        next.deadline_at.reset();
        if (is_terminal(at.status)) return begin_commit(next, job_commit::outcome, job_orders::persist_outcome{});
        return call_job_decision{next, {job_orders::sleep{}}};
      case job_commit::unpark:
        next.phase = job_phase::tracking;
        next.parked = parked_reason::none;
        if (is_terminal(at.status)) return begin_commit(next, job_commit::outcome, job_orders::persist_outcome{});
        next.last_change = now;
        // It answers again: it is followed for as long as one that has just begun.
        if (policy.deadline_from_first_look) next.first_look = now;
        arm_deadline(next, true, policy, now);
        return call_job_decision{next, {job_orders::wake_in{look_distance(next, policy, now), true}}};
      case job_commit::close: next.phase = job_phase::closed; return call_job_decision{next, {job_orders::retire{}}};
    }
    return std::nullopt;
  }

  answer operator()(const job_fact::commit_failed&) const {
    if (at.committing == job_commit::none) return std::nullopt;
    auto next = at;
    next.commit_failed = true;
    return call_job_decision{next, {job_orders::wake_in{policy.commit_retry, true}}};
  }

  answer operator()(const job_fact::follow_up_done&) const {
    if (at.phase != job_phase::settled || !idle()) return std::nullopt;
    auto next = at;
    next.phase = job_phase::closed;
    return call_job_decision{next, {job_orders::retire{}}};
  }

 private:
  [[nodiscard]] answer start_look() const {
    auto next = at;
    next.look_in_flight = true;
    next.last_look = now;
    return call_job_decision{next, {job_orders::look_now{}, job_orders::wake_in{policy.look_timeout, false}}};
  }

  [[nodiscard]] static answer settle(call_job_position next) {
    next.phase = job_phase::settled;
    next.parked = parked_reason::none;
    next.look_in_flight = false;
    next.deadline_at.reset();
    if (next.status != call_status::cancelled)
      return call_job_decision{next, {job_orders::sleep{}, job_orders::start_follow_up{}}};
    return begin_commit(next, job_commit::close, job_orders::persist_close{});
  }

  /// A commit that failed is sent again as it was; one that is still under way is simply waited for.
  [[nodiscard]] answer retry_commit() const {
    if (!at.commit_failed) return std::nullopt;
    auto next = at;
    next.commit_failed = false;
    // Parking, or its end, is pointless once the call has ended.
    if (is_terminal(at.status) && (at.committing == job_commit::park || at.committing == job_commit::unpark))
      return begin_commit(next, job_commit::outcome, job_orders::persist_outcome{});
    switch (at.committing) {
      case job_commit::outcome: return call_job_decision{next, {job_orders::persist_outcome{}}};
      case job_commit::park: return call_job_decision{next, {job_orders::persist_park{at.parked}}};
      case job_commit::unpark: return call_job_decision{next, {job_orders::persist_unpark{}}};
      case job_commit::close: return call_job_decision{next, {job_orders::persist_close{}}};
      case job_commit::none: break;
    }
    return std::nullopt;
  }
};

}  // namespace

std::optional<call_job_decision> decide(const call_job_position& at, const call_job_fact& fact,
                                        const call_job_policy& policy, steady_time now) {
  return std::visit(visitor{at, policy, now}, fact);
}

call_job_position restored_position(job_phase phase, parked_reason parked, call_status status, job_outcome outcome,
                                    int failures, steady_time last_change) {
  call_job_position p;
  // A parking whose commit was in doubt may take effect after the end was stored; the end counts.
  if (phase == job_phase::parked && is_terminal(status)) {
    phase = job_phase::settled;
    parked = parked_reason::none;
  }
  p.phase = phase;
  p.parked = parked;
  p.status = status;
  p.outcome = outcome;
  p.failures = failures;
  p.last_change = last_change;
  p.restored = true;
  if (phase == job_phase::tracking || phase == job_phase::parked) p.first_look = last_change;
  if (phase == job_phase::settled && status == call_status::cancelled) p.committing = job_commit::close;
  if (phase == job_phase::tracking) p.look_in_flight = true;
  return p;
}

std::vector<call_job_order> opening_orders(const call_job_position& at, const call_job_policy& policy) {
  switch (at.phase) {
    case job_phase::tracking: return {job_orders::look_now{}, job_orders::wake_in{policy.look_timeout, false}};
    case job_phase::settled:
      if (at.committing == job_commit::close) return {job_orders::persist_close{}};
      return {job_orders::start_follow_up{}};
    default: return {};
  }
}

}  // namespace waihu
