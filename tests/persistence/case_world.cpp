#include "tests/persistence/case_world.hpp"

namespace waihu::testing {

case_record on_cases::known_case(const std::string& case_id, const std::string& organization) {
  case_record c;
  c.organization_id = organization;
  c.case_id = case_id;
  c.mediation_id = 42;
  c.mediation_type = 3;
  c.stage = mediation_stage::follow_up;
  c.parties = {{"p1", "张三", "138 0000 0001", party_side::applicant},
               {"p2", "李四", "010-65529988", party_side::respondent}};
  const auto stored = session->run(query::put_case{c});
  EXPECT_TRUE(stored) << (stored ? "" : stored.error().message);
  return stored.value_or(c);
}

query::place_case_calls on_cases::wish(std::vector<query::wanted_case_call> wanted, wall_time when,
                                       const std::string& case_id, const std::string& organization) {
  query::place_case_calls q;
  q.organization_id = organization;
  q.case_id = case_id;
  q.stage = mediation_stage::follow_up;
  q.wanted = std::move(wanted);
  q.creator = "admin";
  q.at = when;
  return q;
}

on_cases::answers on_cases::place(const query::place_case_calls& q) {
  auto made = session->run(q);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  EXPECT_TRUE(made && made->size() == q.wanted.size());
  return made ? std::move(*made) : answers(q.wanted.size());
}

query::case_call_view on_cases::call(const std::string& case_id, wall_time when) {
  const auto made = place(wish({{"p1", "script_1", ""}}, when, case_id));
  EXPECT_EQ(made.front().what, query::case_placement::placed);
  EXPECT_TRUE(made.front().call);
  return made.front().call.value_or(query::case_call_view{});
}

call_task_record on_cases::case_task(task_id id, const std::string& organization) {
  const auto found = session->run(query::find_task{organization, id, std::nullopt, true});
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  return found.value_or(call_task_record{});
}

result<change_receipt> on_cases::start(task_id id, std::int64_t known) {
  EXPECT_TRUE(commit(change::request_group{own(id), at(1)}));
  return commit(change::move_task{own(id), task_type::created, task_type::calling, "group-" + std::to_string(value(id)),
                                  std::nullopt, at(2), known});
}

void on_cases::end(const query::case_call_view& call, call_status status, const std::string& attempt_status,
                   job_outcome outcome) {
  attempt last;
  last.status = attempt_status;
  must(change::settle_job{own(call.record.task), call.record.row, status, outcome, last, at(20), call.record.id});
}

query::case_call_view on_cases::again(const query::case_call_view& call) {
  const auto found = session->run(query::case_calls_by_id{"ORG001", {call.record.id}});
  EXPECT_TRUE(found && found->size() == 1);
  return found && found->size() == 1 ? found->front() : query::case_call_view{};
}

std::vector<task_id> on_cases::unfinished() {
  std::vector<task_id> ids;
  const auto found = session->run(query::unfinished_tasks{});
  EXPECT_TRUE(found);
  std::vector<task_id> asked;
  for (const auto& each : *found) {
    ids.push_back(each.id);
    const auto alone = session->run(query::unfinished_tasks{100, {each.id}});
    EXPECT_TRUE(alone && alone->size() == 1) << "both ways of asking say the same";
  }
  return ids;
}

}  // namespace waihu::testing
