#include "tests/http/case_fixture.hpp"

namespace waihu::test {

case_test::case_test() {
  options.cases.scripts = {"follow_up.applicant=script-a", "fact_finding.applicant=script-f",
                           "fact_finding.respondent=script-g"};
  options.cases.called_parties = {"fact_finding=applicant"};
  options.cases.place_budget = milliseconds{200};
  options.instance_id = "instance-1";
  clock = [this] { return wall_now() + milliseconds{later_.load()}; };
  inside->on_await_calls = [this](const await_case_calls& m) -> result<bool> { return bring(m); };
  put_case(usual_case());
}

case_record case_test::usual_case() {
  case_record of;
  of.case_id = "C1";
  of.mediation_id = 20;
  of.mediation_type = 1;
  of.stage = mediation_stage::follow_up;
  of.parties = {{"P1", "王女士", "13800000001", party_side::applicant},
                {"P2", "李先生", "138-0000-0002", party_side::applicant},
                {"P3", "张先生", "13800000003", party_side::respondent}};
  return of;
}

case_record case_test::put_case(case_record of, const std::string& organization) {
  of.organization_id = organization;
  return inside->run(query::put_case{std::move(of)}).value();
}

reply case_test::put(const std::string& path, const std::string& json, const user_record& who) {
  return call(
      make_request("PUT", bot + path, {{"access-token", token_of(who)}, {"Content-Type", "application/json"}}, json));
}
reply case_test::call_everybody() {
  return order("/call-v2", R"({"caseId":"C1","mediationId":20,"callAuto":0,"callPersonId":""})");
}
reply case_test::call_one(const std::string& person) {
  return order("/call-v2", R"({"caseId":"C1","mediationId":20,"callAuto":1,"callPersonId":")" + person + "\"}");
}

std::vector<query::case_call_view> case_test::calls() {
  query::list_case_calls q;
  q.organization_id = org_a;
  q.page = {1, 500};
  return inside->run(q).value().items;
}

bool case_test::bring(const await_case_calls& m) {
  const ownership own{m.task, inside->epoch()};
  query::find_task find;
  find.organization_id = m.organization_id;
  find.id = m.task;
  find.any_origin = true;
  const auto task = inside->run(find);
  if (!task) return false;
  if (task->type == task_type::created) {
    EXPECT_TRUE(inside->commit(change::request_group{own, wall_now()}));
    change::move_task move;
    move.own = own;
    move.from = task_type::created;
    move.to = task_type::calling;
    move.job_group_id = "group-" + std::to_string(value(m.task));
    move.at = wall_now();
    EXPECT_TRUE(inside->commit(move));
  }
  change::intend_batch intend;
  intend.own = own;
  intend.seq = ++batches_[m.task];
  intend.rows = m.rows;
  intend.at = wall_now();
  const auto batch = inside->commit(intend);
  if (!batch) return false;
  change::acknowledge_jobs ack;
  ack.own = own;
  ack.batch = batch_id{batch->id};
  ack.completes_batch = true;
  ack.at = wall_now();
  for (const auto row : m.rows) ack.ids.emplace_back(row, "job-" + std::to_string(value(row)));
  return inside->commit(ack).has_value();
}

void case_test::end(const query::case_call_view& one, call_status status, const std::string& attempt,
                    const std::string& conversation) {
  change::settle_job s;
  s.own = {one.record.task, inside->epoch()};
  s.row = one.record.row;
  s.status = status;
  s.last.status = attempt;
  s.last.conversation_json = conversation;
  s.outcome = outcome_of(status, attempt);
  s.at = wall_now();
  const auto done = inside->commit(s);
  ASSERT_TRUE(done) << done.error().message;
}

void case_test::expect(const reply& r, int status, int code, const std::string& message) {
  EXPECT_EQ(r.status, status) << r.body;
  EXPECT_EQ(r.json().number("/code"), code) << r.body;
  EXPECT_EQ(r.json().text("/message"), message);
}

}  // namespace waihu::test
