// Calls of cases as answers show them: finding them, their newest known state, and the members that all answers about
// them share.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/application.hpp"
#include "http/json_writer.hpp"

namespace waihu::http {

inline constexpr std::string_view no_such_case = "案件不存在";
inline constexpr std::string_view no_such_person = "当事人不存在";
inline constexpr std::string_view no_such_case_call = "外呼任务不存在或无权限访问";

/// 404 code 4004 with that message for what is missing; what `failure_answer` says for other failures.
response missing_answer(const request& req, const failure& why, std::string_view said);

/// A case of the caller's organisation.
pending<case_record> find_case(const call& c, const std::string& case_id);
/// Its party of that id; nullptr when there is none.
const case_party* party_of(const case_record& of, std::string_view person_id);

/// The newest call under a question's filters; not_found when there is none.
async<result<query::case_call_view>> newest_case_call(call& c, query::list_case_calls q);
/// The call of the path's `{jobId}`.
async<result<query::case_call_view>> case_call_of_path(call& c);

/// Calls and what the provider last said of those that have not ended.
struct case_calls_now {
  std::vector<query::case_call_view> calls;
  std::map<job_row_id, std::string> words;  ///< Verbatim.

  /// `callStatus`: the provider's word; "Scheduling" while nothing else is known.
  std::string_view status_of(const query::case_call_view& one) const;
};

/// Has the calls that the provider has and that have not ended looked at unless somebody did within the look interval,
/// as far as `refresh_budget` allows; what has ended meanwhile is read again. Whatever fails, the last known remains.
async<bool> look_at(call& c, case_calls_now& now);

/// Members `callStatus` and `callStatusText`.
void write_case_status(json_writer& w, std::string_view word);
/// `monitorError`: why a call is not looked at any more, or null.
void write_monitor_error(json_writer& w, const call_job_record& job);
/// A text, or null when it is empty.
void write_text_or_null(json_writer& w, std::string_view name, std::string_view text);
/// `id` to `modifyTime`: those members of an entry of call-v2 that tell of the call itself, into the open object.
void write_case_call_fields(json_writer& w, const call& c, const query::case_call_view& one, std::string_view word);
/// A call as lists show it, as a value.
void write_case_call(json_writer& w, const call& c, const query::case_call_view& one, std::string_view word);

}  // namespace waihu::http
