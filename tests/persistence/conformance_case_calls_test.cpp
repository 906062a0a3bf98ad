// What every store promises of calls to the parties of mediation cases: who may be called, which task the call joins,
// and that campaigns never see it.
#include "tests/persistence/case_world.hpp"

namespace waihu::testing {
namespace {

using enum query::case_placement;
using StoreCaseCalls = on_cases;
ON_EVERY_STORE(StoreCaseCalls);

TEST_P(StoreCaseCalls, ACaseIsRegisteredAndReplacedWithItsPartiesInOrder) {
  const auto first = known_case();
  EXPECT_EQ(first.create_time, first.updated_time);
  auto found = session->run(query::find_case{"ORG001", "C1"});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->mediation_id, 42);
  EXPECT_EQ(found->mediation_type, 3);
  EXPECT_EQ(found->stage, mediation_stage::follow_up);
  EXPECT_EQ(found->parties, first.parties);
  EXPECT_EQ(found->create_time, first.create_time);

  auto next = first;
  next.mediation_id = 43;
  next.stage = mediation_stage::agreement;
  next.parties = {{"p3", "王\xff五", "", party_side::respondent}, first.parties.front()};
  const auto replaced = session->run(query::put_case{next});
  ASSERT_TRUE(replaced) << replaced.error().message;
  found = session->run(query::find_case{"ORG001", "C1"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->create_time, first.create_time) << "kept";
  EXPECT_EQ(found->mediation_id, 43);
  EXPECT_EQ(found->stage, mediation_stage::agreement);
  ASSERT_EQ(found->parties.size(), 2U);
  EXPECT_EQ(found->parties[0].name, "王\xef\xbf\xbd五") << "mended";
  EXPECT_EQ(found->parties[1], first.parties.front());
  EXPECT_EQ(found->parties, replaced->parties);

  next.parties.clear();
  ASSERT_TRUE(session->run(query::put_case{next}));
  EXPECT_TRUE(session->run(query::find_case{"ORG001", "C1"})->parties.empty());
}

TEST_P(StoreCaseCalls, ACaseIsOfOneOrganisationAndNeedsIds) {
  known_case();
  EXPECT_EQ(code_of(session->run(query::find_case{"ORG002", "C1"})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::find_case{"ORG001", "C2"})), errc::not_found);
  auto theirs = known_case("C1", "ORG002");
  theirs.mediation_id = 7;
  ASSERT_TRUE(session->run(query::put_case{theirs}));
  EXPECT_EQ(session->run(query::find_case{"ORG001", "C1"})->mediation_id, 42);
  auto wrong = theirs;
  wrong.case_id.clear();
  EXPECT_EQ(code_of(session->run(query::put_case{wrong})), errc::invalid_argument);
  wrong = theirs;
  wrong.parties[1].person_id = "p1";
  EXPECT_EQ(code_of(session->run(query::put_case{wrong})), errc::invalid_argument);
  wrong.parties[1].person_id.clear();
  EXPECT_EQ(code_of(session->run(query::put_case{wrong})), errc::invalid_argument);
}

TEST_P(StoreCaseCalls, APlacedCallIsAJobOfATaskOfCases) {
  known_case();
  const auto made = place(wish({{"p1", "script_1", ""}, {"p2", "script_1", ""}}, at(5)));
  ASSERT_EQ(made[0].what, placed);
  ASSERT_EQ(made[1].what, placed);
  EXPECT_EQ(made[0].person_id, "p1");
  const auto& r = made[0].call->record;
  EXPECT_EQ(r.case_id, "C1");
  EXPECT_EQ(r.mediation_id, 42);
  EXPECT_EQ(r.mediation_type, 3);
  EXPECT_EQ(r.stage, mediation_stage::follow_up);
  EXPECT_EQ(r.person_id, "p1");
  EXPECT_EQ(r.side, party_side::applicant);
  EXPECT_EQ(r.round, 1);
  EXPECT_EQ(r.script_id, "script_1");
  EXPECT_EQ(r.creator, "admin");
  EXPECT_EQ(r.create_time, at(5));
  EXPECT_EQ(r.remark, "");
  EXPECT_FALSE(r.modify_time);
  EXPECT_EQ(made[1].call->record.side, party_side::respondent);
  EXPECT_EQ(made[1].call->record.task, r.task) << "one script, one task";
  const auto& job = made[0].call->job.job;
  EXPECT_EQ(job.row, r.row);
  EXPECT_EQ(job.leads_id, std::to_string(value(r.id)));
  EXPECT_EQ(job.leads_name, "张三");
  EXPECT_EQ(job.leads_phone, "13800000001");
  EXPECT_EQ(made[1].call->job.job.leads_phone, "01065529988");
  EXPECT_EQ(job.reference_id, std::to_string(value(r.task)) + "ORG001" + job.leads_id);
  EXPECT_EQ(job.phase, job_phase::queued);
  EXPECT_EQ(made[0].call->job_group_id, "");

  const auto task = case_task(r.task);
  EXPECT_EQ(task.origin, task_origin::cases);
  EXPECT_EQ(task.task_name, "履约回访");
  EXPECT_EQ(task.create_name, "admin");
  EXPECT_EQ(task.script_id, "script_1");
  EXPECT_EQ(task.size_desc_json, "{}");
  EXPECT_EQ(task.type, task_type::created);
  EXPECT_EQ(task.leads_count, 2);
  const auto loaded = session->run(query::load_task{r.task});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->task.origin, task_origin::cases);
  EXPECT_EQ(loaded->jobs.size(), 2U);
  EXPECT_TRUE(session->run(query::job_by_row{"ORG001", r.row}));
  EXPECT_EQ(session->run(query::jobs_behind{"ORG001", r.task, r.row, 10})->size(), 1U);
  EXPECT_TRUE(session->run(query::call_history{"ORG001", r.row}));
}

TEST_P(StoreCaseCalls, AnActiveCallIsAnsweredInsteadOfASecondOne) {
  known_case();
  const auto first = call();
  auto more = place(wish({{"p1", "script_1", ""}, {"p9", "script_1", ""}}, at(1)));
  EXPECT_EQ(more[0].what, active);
  EXPECT_EQ(more[0].call->record.id, first.record.id);
  EXPECT_EQ(more[1].what, unknown_person);
  EXPECT_FALSE(more[1].call);
  auto elsewhere = wish({{"p1", "script_2", "13900000000"}}, at(2));
  elsewhere.stage = mediation_stage::agreement;
  more = place(elsewhere);
  EXPECT_EQ(more[0].what, active) << "whatever stage and script";
  EXPECT_EQ(more[0].call->record.id, first.record.id);
  ASSERT_TRUE(start(first.record.task, 1));
  track(first.record.task, {first.record.row});
  must(change::park_job{own(first.record.task), first.record.row, parked_reason::timeout, 0, {}, {}, at(3), {}});
  EXPECT_EQ(place(wish({{"p1", "script_1", ""}}, at(90'000)))[0].what, active) << "nobody knows how it ended";

  const auto twice = place(wish({{"p2", "script_1", ""}, {"p2", "script_2", ""}}));
  EXPECT_EQ(twice[0].what, placed);
  EXPECT_EQ(twice[1].what, active);
  EXPECT_EQ(twice[1].call->record.id, twice[0].call->record.id);
  EXPECT_EQ(session->run(query::list_case_calls{"ORG001", "", "", "", "", {}, {}, {}, {}})->total, 2);
}

TEST_P(StoreCaseCalls, ThePersonOfAnotherCaseOrOrganisationIsAnother) {
  known_case();
  known_case("C2");
  known_case("C1", "ORG002");
  const auto first = call();
  EXPECT_NE(call("C2").record.id, first.record.id);
  const auto theirs = place(wish({{"p1", "script_1", ""}}, at(0), "C1", "ORG002"));
  EXPECT_EQ(theirs[0].what, placed);
  EXPECT_NE(theirs[0].call->record.task, first.record.task);
  EXPECT_EQ(session->run(query::case_calls_by_id{"ORG002", {first.record.id}})->size(), 0U);
  EXPECT_EQ(code_of(session->run(query::job_by_row{"ORG002", first.record.row})), errc::not_found);
}

TEST_P(StoreCaseCalls, RoundsHaveADistanceAndAnEndAndAreOfOneStage) {
  known_case();
  const auto half_an_hour = 1800;
  const auto first = call("C1", at(0));
  end(first);
  close(first);
  auto soon = place(wish({{"p1", "script_1", ""}}, at(half_an_hour - 1)));
  EXPECT_EQ(soon[0].what, must_wait);
  EXPECT_EQ(soon[0].next_round, at(half_an_hour));
  EXPECT_FALSE(soon[0].call);
  const auto second = call("C1", at(half_an_hour));
  EXPECT_EQ(second.record.round, 2);
  end(second);
  const auto third = call("C1", at(2 * half_an_hour));
  EXPECT_EQ(third.record.round, 3);
  end(third);
  EXPECT_EQ(place(wish({{"p1", "script_1", ""}}, at(90'000)))[0].what, limit_reached);
  auto other_stage = wish({{"p1", "script_1", ""}}, at(2 * half_an_hour));
  other_stage.stage = mediation_stage::agreement;
  const auto there = place(other_stage);
  EXPECT_EQ(there[0].what, placed);
  EXPECT_EQ(there[0].call->record.round, 1);
  auto many = wish({{"p1", "script_1", ""}}, at(90'000));
  many.rules.most = 5;
  end(*there[0].call);
  EXPECT_EQ(place(many)[0].call->record.round, 4);
}

TEST_P(StoreCaseCalls, ACallThatNeverReachedTheProviderIsNoRound) {
  known_case();
  const auto lost = call("C1", at(0));
  end(lost, call_status::failed, "", job_outcome::unplaced);
  EXPECT_EQ(call("C1", at(1)).record.round, 1);
}

TEST_P(StoreCaseCalls, AnUnfitNumberIsNotCalledAgain) {
  known_case();
  end(call(), call_status::failed, "EmptyNumber");
  EXPECT_EQ(place(wish({{"p1", "script_1", ""}}, at(90'000)))[0].what, number_unfit);
}

TEST_P(StoreCaseCalls, TheNumberComesWithTheWishOrFromTheCaseAndMustBeOne) {
  auto c = known_case();
  c.parties.push_back({"p3", "", "", party_side::respondent});
  ASSERT_TRUE(session->run(query::put_case{c}));
  const auto made =
      place(wish({{"p1", "script_1", "12345"}, {"p2", "script_1", "+86 139-1111-2222"}, {"p3", "s", ""}}));
  EXPECT_EQ(made[0].what, invalid_phone);
  EXPECT_FALSE(made[0].call);
  EXPECT_EQ(made[1].what, placed);
  EXPECT_EQ(made[1].call->job.job.leads_phone, "13911112222");
  EXPECT_EQ(made[2].what, invalid_phone) << "none at all";
}

TEST_P(StoreCaseCalls, OnlyAKnownCaseOfARunningOrganisationIsCalled) {
  known_case();
  EXPECT_EQ(code_of(session->run(wish({{"p1", "s", ""}}, at(0), "C9"))), errc::not_found);
  EXPECT_EQ(code_of(session->run(wish({{"p1", "s", ""}}, at(0), "C1", "ORG002"))), errc::not_found);
  auto other = wish({{"p1", "s", ""}});
  other.mediation_id = 43;
  EXPECT_EQ(code_of(session->run(other)), errc::not_found);
  EXPECT_EQ(code_of(session->run(wish({{"p1", "", ""}}))), errc::invalid_argument);
  EXPECT_EQ(code_of(session->run(wish({{"", "s", ""}}))), errc::invalid_argument);
  EXPECT_EQ(code_of(session->run(wish(std::vector<query::wanted_case_call>(101, {"p1", "s", ""})))),
            errc::invalid_argument);
  ASSERT_TRUE(session->run(query::set_automation{"ORG001", false, user_id{1}, at(0)}));
  const auto stopped = session->run(wish({{"p1", "s", ""}}));
  EXPECT_EQ(code_of(stopped), errc::rejected);
  EXPECT_EQ(stopped.error().vendor_code, "stopped");
  ASSERT_TRUE(session->run(query::set_automation{"ORG001", true, user_id{1}, at(0)}));
  other.mediation_id = 42;
  EXPECT_EQ(place(other)[0].what, placed);
  EXPECT_TRUE(place(wish({})).empty());
}

TEST_P(StoreCaseCalls, CallsJoinANewestTaskOfTheirScriptThatIsCallingAndHasRoom) {
  for (int i = 1; i <= 9; ++i) known_case("C" + std::to_string(i));
  const auto first = call("C1");
  const auto task = first.record.task;
  const auto second = call("C2");
  EXPECT_EQ(second.record.task, task) << "not begun yet";
  EXPECT_GT(value(second.record.row), value(first.record.row));
  ASSERT_TRUE(start(task, 2));
  EXPECT_EQ(call("C3").record.task, task) << "calling";
  EXPECT_EQ(case_task(task).leads_count, 3);
  EXPECT_EQ(place(wish({{"p1", "script_2", ""}}, at(0), "C4"))[0].call->record.task == task, false) << "another script";

  auto full = wish({{"p1", "script_1", ""}, {"p2", "script_1", ""}}, at(0), "C5");
  full.calls_a_task = 4;
  const auto next = place(full)[0].call->record.task;
  EXPECT_NE(next, task) << "no room for two";
  EXPECT_EQ(case_task(next).leads_count, 2);
  EXPECT_EQ(call("C6").record.task, next) << "the newest";

  must(change::move_task{own(task), task_type::calling, task_type::suspended, {}, {}, at(3), {}});
  ASSERT_TRUE(start(next, 3));
  must(change::move_task{own(next), task_type::calling, task_type::calls_complete, {}, {}, at(3), {}});
  const auto third = call("C7").record.task;
  EXPECT_NE(third, task) << "suspended";
  EXPECT_NE(third, next) << "over";
  auto alone = wish({{"p1", "script_1", ""}, {"p2", "script_1", ""}}, at(0), "C8");
  alone.calls_a_task = 1;
  const auto apart = place(alone);
  EXPECT_NE(apart[0].call->record.task, apart[1].call->record.task);
  import_leads(1);
  const auto campaign = make_task();
  EXPECT_NE(call("C9").record.task, campaign) << "never a campaign";
}

TEST_P(StoreCaseCalls, ATaskDoesNotMovePastCallsThatItsActorDoesNotKnow) {
  known_case();
  known_case("C2");
  const auto first = call();
  const auto task = first.record.task;
  call("C2");
  EXPECT_EQ(code_of(start(task, 1)), errc::illegal_transition);
  EXPECT_EQ(case_task(task).type, task_type::created);
  EXPECT_TRUE(start(task, 2));
  known_case("C3");
  call("C3");
  const change::move_task over{own(task), task_type::calling, task_type::calls_complete, {}, {}, at(9), 2};
  EXPECT_EQ(code_of(commit(over)), errc::illegal_transition);
  auto knowing = over;
  knowing.leads_count = 3;
  must(knowing);
}

TEST_P(StoreCaseCalls, ATaskOfCasesWantsAnActorUntilItsCallsAreOver) {
  known_case();
  const auto c = call();
  const auto task = c.record.task;
  EXPECT_EQ(unfinished(), std::vector{task}) << "in 1, nobody asks for its start but the store";
  ASSERT_TRUE(session->run(query::set_automation{"ORG001", false, user_id{1}, at(0)}));
  EXPECT_TRUE(unfinished().empty());
  ASSERT_TRUE(session->run(query::set_automation{"ORG001", true, user_id{1}, at(0)}));
  end(c);
  EXPECT_TRUE(unfinished().empty()) << "in 1 with nothing to call";
  EXPECT_EQ(session->run(query::load_task{task})->counters.follow_due, 1) << "not closed yet";
  known_case("C2");
  const auto d = call("C2");
  ASSERT_EQ(d.record.task, task);
  ASSERT_TRUE(start(task, 2));
  end(d, call_status::cancelled, "");
  EXPECT_EQ(unfinished(), std::vector{task});
  must(change::move_task{own(task), task_type::calling, task_type::calls_complete, {}, {}, at(3), 2});
  close(c);
  EXPECT_EQ(session->run(query::load_task{task})->counters.follow_due, 0);
  must(change::move_task{own(task), task_type::calls_complete, task_type::follow_up_complete, {}, {}, at(3), 2});
  EXPECT_TRUE(unfinished().empty()) << "a case call gets no follow-up";
}

TEST_P(StoreCaseCalls, CampaignsAndTasksOfCasesAreNeverTakenForOneAnother) {
  known_case();
  const auto c = call();
  const auto task = c.record.task;
  EXPECT_EQ(code_of(session->run(query::find_task{"ORG001", task, {}})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::set_script{"ORG001", task, "other"})), errc::not_found);
  ASSERT_TRUE(start(task, 1));
  track(task, {c.record.row});
  const auto job_id = again(c).job.job.call_job_id;
  const auto group = "group-" + std::to_string(value(task));
  import_leads(2);
  const auto campaign = make_task();
  const auto page = session->run(query::list_tasks{"ORG001", {}, {}});
  EXPECT_EQ(page->total, 1);
  EXPECT_EQ(page->items.size(), 1U);
  EXPECT_EQ(session->run(query::list_tasks{"ORG001", {task_type::calling}, {}})->total, 0);
  EXPECT_EQ(session->run(query::tasks_behind{"ORG001", {}, 10})->size(), 1U);
  EXPECT_TRUE(session->run(query::tasks_behind{"ORG001", campaign, 10})->empty());
  const auto counts = session->run(query::count_tasks_by_type{"ORG001"});
  ASSERT_EQ(counts->size(), 1U);
  EXPECT_EQ(counts->front().leads, 2);
  EXPECT_EQ(code_of(session->run(query::find_task{"ORG001", {}, group})), errc::not_found);
  EXPECT_EQ(session->run(query::find_task{"ORG001", {}, group, true})->id, task);
  EXPECT_EQ(code_of(session->run(query::find_task{"ORG002", {}, group, true})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::find_standing{"ORG001", task, {}})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::list_jobs{"ORG001", task, false, {}, {}})), errc::not_found);
  EXPECT_TRUE(session->run(query::list_jobs{"ORG001", task, false, {}, {}, 1})->items.empty());
  EXPECT_TRUE(session->run(query::list_jobs{"ORG001", task, true, {}, {}, 1})->items.empty());
  EXPECT_EQ(code_of(session->run(query::job_by_call_job_id{"ORG001", job_id})), errc::not_found);
  EXPECT_EQ(task_origin::campaign, session->run(query::find_task{"ORG001", campaign, {}})->origin);

  query::import_leads same;
  same.organization_id = "ORG001";
  same.leads.push_back({c.job.job.leads_id, "", "13700000000", "", "", {}});
  ASSERT_TRUE(session->run(same));
  EXPECT_EQ(session->run(query::lead_by_id{"ORG001", c.job.job.leads_id})->call_count, 0)
      << "a lead with the number of a case call";
}

TEST_P(StoreCaseCalls, EventsOfCaseCallsNameTheCallAndAllOthersAreAsEver) {
  known_case();
  const auto c = call();
  const auto task = c.record.task;
  ASSERT_TRUE(start(task, 1));
  track(task, {c.record.row});
  told.clear();
  const auto id = std::to_string(value(c.record.id));
  must(change::park_job{own(task), c.record.row, parked_reason::unreachable, 9, {}, {}, at(3), c.record.id});
  must(change::unpark_job{own(task), c.record.row, at(4)});
  must(change::park_job{own(task), c.record.row, parked_reason::timeout, 9, {}, {}, at(5), c.record.id});
  end(c, call_status::succeeded, "SucceededFinish");
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[0].data_json, R"({"reason":"unreachable","caseCallId":)" + id + R"(,"message":"获取通话状态失败"})");
  EXPECT_EQ(told[2].data_json, R"({"reason":"timeout","caseCallId":)" + id + "}");
  EXPECT_EQ(told[3].data_json,
            R"({"status":"Succeeded","outcome":"connected","attempt_status":"SucceededFinish","caseCallId":)" + id +
                R"(,"callStatus":"Succeeded","callStatusText":"已完成"})");

  const auto campaign = calling_task(1);
  const auto row = rows_of(campaign).front();
  track(campaign, {row});
  told.clear();
  must(change::park_job{own(campaign), row, parked_reason::unreachable, 9, {}, {}, at(3), {}});
  settle(campaign, row, call_status::failed);
  EXPECT_EQ(told[0].data_json, R"({"reason":"unreachable"})");
  EXPECT_EQ(told[1].data_json, R"({"status":"Failed","outcome":"not_reached","attempt_status":"NoAnswer"})");
}

}  // namespace
}  // namespace waihu::testing
