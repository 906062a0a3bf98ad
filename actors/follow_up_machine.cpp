#include "actors/follow_up_machine.hpp"

namespace waihu {

namespace {

constexpr std::size_t max_reason_bytes = 120;

/// Cuts at a character border, so that a remark never ends in half a Chinese character.
std::string shortened(const std::string& text) {
  if (text.size() <= max_reason_bytes) return text;
  auto end = max_reason_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

/// The remark for a call that brought no conversation and failed.
std::string failed_remark(const std::string& attempt_status) {
  const auto word = classify_attempt(attempt_status);
  const bool not_answered = word.meaning == disposition::not_reached || attempt_status == "EmptyNumber";
  return not_answered ? "客户未接电话，未打通；" : "呼叫失败；";
}

struct visitor {
  const follow_up_position& at;
  const follow_up_policy& policy;
  steady_time now;

  using answer = std::optional<follow_up_decision>;

  answer operator()(const follow_fact::begun& begun) const {
    if (at.step != follow_up_step::begun) return std::nullopt;
    auto next = at;
    next.status = begun.status;
    if (begun.status != call_status::succeeded && begun.status != call_status::failed) return std::nullopt;
    if (begun.outcome == job_outcome::unplaced) return write(next, {"未执行外呼；", interest::undecided, {}});
    if (begun.has_conversation) return start_analysis(next);
    if (begun.status == call_status::failed)
      return write(next, {failed_remark(begun.attempt_status), interest::undecided, {}});
    next.step = follow_up_step::awaiting_conversation;
    next.since = now;
    next.give_up_at = now + policy.conversation_wait;
    return follow_up_decision{next, {follow_orders::wake_in{policy.conversation_look_interval}}};
  }

  answer operator()(const follow_fact::conversation_seen& seen) const {
    if (at.step != follow_up_step::awaiting_conversation) return std::nullopt;
    auto next = at;
    next.look_in_flight = false;
    if (seen.present) return start_analysis(next);
    return keep_waiting(next);
  }

  answer operator()(const follow_fact::look_failed&) const {
    if (at.step != follow_up_step::awaiting_conversation || !at.look_in_flight) return std::nullopt;
    auto next = at;
    next.look_in_flight = false;
    return keep_waiting(next);
  }

  answer operator()(const follow_fact::woken&) const {
    auto next = at;
    switch (at.step) {
      case follow_up_step::awaiting_conversation:
        if (now >= at.give_up_at) return write(next, {"通话内容未获取，需要人工跟进", interest::undecided, {}});
        next.look_in_flight = true;
        return follow_up_decision{
            next, {follow_orders::look_for_conversation{}, follow_orders::wake_in{policy.conversation_look_interval}}};
      case follow_up_step::analysing:
        if (now - at.since < policy.analysis_timeout)
          return follow_up_decision{next, {follow_orders::wake_in{policy.analysis_timeout}}};
        return (*this)(follow_fact::analysis_failed{errc::timed_out, "分析超时"});
      case follow_up_step::backing_off: return start_analysis(next);
      case follow_up_step::committing:
        if (!at.commit_failed) return std::nullopt;
        next.commit_failed = false;
        return follow_up_decision{next, {follow_orders::persist{}}};
      default: return std::nullopt;
    }
  }

  answer operator()(const follow_fact::analysed& analysed) const {
    if (at.step != follow_up_step::analysing) return std::nullopt;
    const auto& got = analysed.answer;
    if (!got.parsed) return write(at, {"AI分析结果解析失败，需要人工跟进", interest::undecided, {}});
    return write(at, {got.remark, got.is_interested, got.next_follow_time});
  }

  answer operator()(const follow_fact::analysis_failed& failed) const {
    if (at.step != follow_up_step::analysing) return std::nullopt;
    auto next = at;
    // A full queue of our own is no failure of the model: wait and come back.
    if (failed.code != errc::overloaded) ++next.tries;
    if (next.tries >= policy.analysis_tries)
      return write(next, {"AI分析失败: " + shortened(failed.reason) + "，需要人工跟进", interest::undecided, {}});
    next.step = follow_up_step::backing_off;
    next.since = now;
    return follow_up_decision{next, {follow_orders::wake_in{policy.analysis_retry}}};
  }

  answer operator()(const follow_fact::committed&) const {
    if (at.step != follow_up_step::committing) return std::nullopt;
    auto next = at;
    next.step = follow_up_step::done;
    return follow_up_decision{next, {follow_orders::finish{}}};
  }

  answer operator()(const follow_fact::commit_failed&) const {
    if (at.step != follow_up_step::committing) return std::nullopt;
    auto next = at;
    next.commit_failed = true;
    return follow_up_decision{next, {follow_orders::wake_in{policy.commit_retry}}};
  }

 private:
  [[nodiscard]] answer start_analysis(follow_up_position next) const {
    if (!policy.analyses) return write(next, {});
    next.step = follow_up_step::analysing;
    next.since = now;
    return follow_up_decision{next, {follow_orders::analyse{}, follow_orders::wake_in{policy.analysis_timeout}}};
  }

  [[nodiscard]] answer keep_waiting(const follow_up_position& next) const {
    if (now >= next.give_up_at) return write(next, {"通话内容未获取，需要人工跟进", interest::undecided, {}});
    return follow_up_decision{next, {follow_orders::wake_in{policy.conversation_look_interval}}};
  }

  [[nodiscard]] answer write(follow_up_position next, follow_up_text text) const {
    next.step = follow_up_step::committing;
    next.since = now;
    next.commit_failed = false;
    next.text = std::move(text);
    return follow_up_decision{next, {follow_orders::persist{}}};
  }
};

}  // namespace

std::optional<follow_up_decision> decide(const follow_up_position& at, const follow_up_fact& fact,
                                         const follow_up_policy& policy, steady_time now) {
  return std::visit(visitor{at, policy, now}, fact);
}

}  // namespace waihu
