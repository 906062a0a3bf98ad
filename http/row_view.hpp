// Rows of the store as the API shows them wherever they appear: follow-ups, calls, and which page of a list it is.
#pragma once

#include <optional>
#include <string>

#include "http/json_writer.hpp"
#include "http/zone_clock.hpp"
#include "messages/http_messages.hpp"
#include "messages/model/records.hpp"

namespace waihu::http {

/// A member with a time, or null.
void write_time_or_null(json_writer& w, const zone_clock& zone, std::string_view name,
                        const std::optional<wall_time>& t);

/// The members of a follow-up into the open object.
void write_follow_fields(json_writer& w, const zone_clock& zone, const follow_up_record& follow);

/// A follow-up as a value: an object, or null.
void write_follow(json_writer& w, const zone_clock& zone, const std::optional<follow_up_record>& follow);

/// Member `is_interested`: 0, 1, 2, or null while nobody has judged.
void write_interest(json_writer& w, const std::optional<interest>& known);

/// The members of one of query-task-execution's `jobs_data` into the open object. `live`: the state that its actor
/// knows, nullptr when the row has all there is.
void write_job(json_writer& w, const zone_clock& zone, const std::string& job_group_id, const call_job_view& row,
               const live_job* live);

/// Member `pagination` as task_list writes it.
void write_pagination(json_writer& w, int page, int page_size, std::int64_t total);

}  // namespace waihu::http
