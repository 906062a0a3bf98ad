// A mediation case with two parties, and the steps that its calls are taken through.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {

class on_cases : public on_every_store {
 protected:
  using answers = std::vector<query::placed_case_call>;

  /// A case with the applicant p1 (13800000001) and the respondent p2 (010-65529988).
  case_record known_case(const std::string& case_id = "C1", const std::string& organization = "ORG001");
  query::place_case_calls wish(std::vector<query::wanted_case_call> wanted, wall_time when = at(0),
                               const std::string& case_id = "C1", const std::string& organization = "ORG001");
  /// Carries wishes out and expects an entry for each.
  answers place(const query::place_case_calls& q);
  /// One call of p1 of the case, expected to be placed.
  query::case_call_view call(const std::string& case_id = "C1", wall_time when = at(0));
  call_task_record case_task(task_id id, const std::string& organization = "ORG001");
  /// 1 -> 2 as the engine does it, with the calls that it knows of.
  result<change_receipt> start(task_id id, std::int64_t known);
  /// The end of a call; `attempt_status` as the provider words it.
  void end(const query::case_call_view& call, call_status status = call_status::failed,
           const std::string& attempt_status = "NoAnswer", job_outcome outcome = job_outcome::none);
  void close(const query::case_call_view& call) { must(change::close_job{own(call.record.task), call.record.row}); }
  query::case_call_view again(const query::case_call_view& call);
  std::vector<task_id> unfinished();
};

}  // namespace waihu::testing
