// How each change reads in the outbox: kind, from, to and the details as JSON. Both stores use it, so that what a
// subscriber sees does not depend on the store.
#pragma once

#include <string>
#include <string_view>

#include "messages/model/changes.hpp"
#include "messages/model/records.hpp"

namespace waihu {

/// A string as a JSON literal with its quotes; the text must be valid UTF-8.
std::string json_string(std::string_view text);

/// "task": from and to are the words of task_type; details `from_type`, `to_type`, and `job_group_id`, `last_error`
/// where the move set them.
event_record event_of(const change::move_task& c, std::string organization_id);
/// "job": from the phase it left to "settled"; details `status`, `outcome`, `attempt_status`, and of a case call
/// `caseCallId`, `callStatus`, `callStatusText`.
event_record event_of(const change::settle_job& c, std::string organization_id, std::string phase_left);
/// "job", phase unchanged: a conversation arrived late; details `conversation: true`.
event_record event_of(const change::attach_attempt& c, std::string organization_id, const std::string& phase,
                      wall_time at);
/// "job": to "parked"; details `reason`, and of a case call `caseCallId` and a `message` where it cannot be reached.
event_record event_of(const change::park_job& c, std::string organization_id, std::string phase_left);
/// "job": from "parked" to the phase it goes on in.
event_record event_of(const change::unpark_job& c, std::string organization_id, std::string phase_entered);
/// "follow": from the phase it left to "closed"; details `follow_id`, `leads_id`, `is_interested` as stored,
/// `replaced`.
event_record event_of(const change::record_follow_up& c, std::string organization_id, std::string phase_left,
                      follow_id id, int is_interested, bool replaced);

/// The outcome that a settle stores: the given one, or the one that status and attempt stand for when it is `none`.
job_outcome stored_outcome(const change::settle_job& c) noexcept;

}  // namespace waihu
