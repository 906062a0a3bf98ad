// What several task endpoints share: finding a task of the caller's organisation, refusals that come from the task's
// actor, and counters from wherever they are exact.
#pragma once

#include "http/application.hpp"
#include "http/body_fields.hpp"
#include "http/json_writer.hpp"

namespace waihu::http {

inline constexpr std::string_view no_such_task = "任务不存在或无权限访问";

/// The task of the caller's organisation.
pending<call_task_record> find_task(const call& c, task_id id);

/// 404 code 4004 for a missing task; what `failure_answer` says for other failures.
response task_missing(const request& req, const failure& why, int http_status = 404);

/// The answer to a refusal of an actor-served command: its numeric `vendor_code` and Chinese `message`, with
/// `status_of` telling the HTTP status of a code. Failures without such a code go to `failure_answer`.
response refusal_answer(const request& req, const failure& why, int (*status_of)(int code));

/// Where a task stands. `stale`: another node follows it and could not be asked, so these are the store's figures,
/// which may be older than what that node knows.
struct shown_standing : described_task {
  bool stale{};
};

/// Where a task stands, with exact counters: from its live actor on whichever node, else from the store. not_found when
/// the caller's organisation has no such task.
async<result<shown_standing>> standing_of(call& c, task_id id);

/// Says in an answer's data that it may be older than what is known elsewhere; says nothing where it is not.
void write_stale(json_writer& w, bool stale);

/// The caller's organisation's tasks by type, ascending.
async<result<std::vector<query::task_type_count>>> tasks_by_type(call& c);

/// Reads an optional `page` and `page_size` by the contract's bounds.
query::page_request read_page(body_fields& fields);

/// Number of pages that hold `total` items; 0 when there are none.
std::int64_t page_count(std::int64_t total, int page_size) noexcept;

}  // namespace waihu::http
