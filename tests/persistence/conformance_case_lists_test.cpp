// What every store promises of finding the calls of cases: filters, pages, remarks, counts.
#include "tests/persistence/case_world.hpp"

namespace waihu::testing {
namespace {

class StoreCaseLists : public on_cases {
 protected:
  /// Two cases, three calls: C1/p1 failed, C1/p2 under way with the provider, C2/p1 at another stage, queued.
  void live() {
    known_case("C1");
    known_case("C2");
    known_case("C1", "ORG002");
    const auto made = place(wish({{"p1", "script_1", ""}, {"p2", "script_1", ""}}, at(10)));
    auto later = wish({{"p1", "script_1", "13911112222"}}, at(20), "C2");
    later.stage = mediation_stage::agreement;
    calls = {*made[0].call, *made[1].call, *place(later)[0].call};
    const auto theirs = place(wish({{"p1", "script_1", ""}}, at(30), "C1", "ORG002"));
    ASSERT_EQ(theirs[0].what, query::case_placement::placed);
    const auto task = calls[0].record.task;
    ASSERT_TRUE(start(task, 3));
    track(task, {calls[0].record.row, calls[1].record.row});
    end(calls[0]);
  }
  query::list_case_calls everything() {
    query::list_case_calls q;
    q.organization_id = "ORG001";
    return q;
  }
  /// Which of `calls` the question finds, newest first; the page's number of all must agree.
  std::vector<int> found(const query::list_case_calls& q) {
    const auto page = session->run(q);
    EXPECT_TRUE(page) << (page ? "" : page.error().message);
    std::vector<int> out;
    if (!page) return out;
    for (const auto& each : page->items)
      for (std::size_t i = 0; i < calls.size(); ++i)
        if (calls[i].record.id == each.record.id) out.push_back(static_cast<int>(i));
    EXPECT_EQ(page->total, static_cast<std::int64_t>(out.size()));
    return out;
  }

  std::vector<query::case_call_view> calls;
};
ON_EVERY_STORE(StoreCaseLists);

using found_calls = std::vector<int>;

TEST_P(StoreCaseLists, EveryFilterFiltersAloneAndTogether) {
  live();
  EXPECT_EQ(found(everything()), (found_calls{2, 1, 0})) << "newest first";
  const auto with = [&](auto member, auto v) {
    auto q = everything();
    q.*member = v;
    return found(q);
  };
  using list = query::list_case_calls;
  EXPECT_EQ(with(&list::case_id, std::string{"C1"}), (found_calls{1, 0}));
  EXPECT_EQ(with(&list::case_id, std::string{"C9"}), found_calls{});
  EXPECT_EQ(with(&list::person_id, std::string{"p1"}), (found_calls{2, 0}));
  EXPECT_EQ(with(&list::person_id, std::string{"p9"}), found_calls{});
  const auto job_id = "job-" + std::to_string(value(calls[1].record.row));
  EXPECT_EQ(with(&list::call_job_id, job_id), found_calls{1});
  EXPECT_EQ(with(&list::call_job_id, std::string{"job-0"}), found_calls{});
  EXPECT_EQ(with(&list::phone, std::string{"+86 138-0000-0001"}), found_calls{0});
  EXPECT_EQ(with(&list::phone, std::string{"13911112222"}), found_calls{2});
  EXPECT_EQ(with(&list::phone, std::string{" - "}), found_calls{}) << "no number at all";
  EXPECT_EQ(with(&list::stage, mediation_stage::agreement), found_calls{2});
  EXPECT_EQ(with(&list::status, call_status::failed), found_calls{0});
  EXPECT_EQ(with(&list::status, call_status::succeeded), found_calls{});
  EXPECT_EQ(with(&list::status, call_status::executing), (found_calls{2, 1})) << "not ended";
  EXPECT_EQ(with(&list::status, call_status::none), (found_calls{2, 1}));
  EXPECT_EQ(with(&list::created, time_range{at(11), {}}), found_calls{2});
  EXPECT_EQ(with(&list::created, time_range{{}, at(10)}), (found_calls{1, 0})) << "inclusive";
  EXPECT_EQ(with(&list::created, time_range{at(10), at(20)}), (found_calls{2, 1, 0}));

  auto q = everything();
  q.person_id = "p1";
  q.status = call_status::none;
  EXPECT_EQ(found(q), found_calls{2});
  q.case_id = "C1";
  EXPECT_EQ(found(q), found_calls{});
  q.status = call_status::failed;
  q.phone = "13800000001";
  q.stage = mediation_stage::follow_up;
  q.created = {at(0), at(15)};
  q.call_job_id = "job-" + std::to_string(value(calls[0].record.row));
  EXPECT_EQ(found(q), found_calls{0});
  q.person_id = "p2";
  EXPECT_EQ(found(q), found_calls{}) << "found by its job, left out by its person";
  auto by_phone = everything();
  by_phone.phone = "13800000001";
  by_phone.stage = mediation_stage::agreement;
  EXPECT_EQ(found(by_phone), found_calls{});
}

TEST_P(StoreCaseLists, PagesAreCutFromTheNewestOn) {
  live();
  auto q = everything();
  q.page = {2, 2};
  const auto page = session->run(q);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->total, 3);
  EXPECT_EQ(page->page, 2);
  ASSERT_EQ(page->items.size(), 1U);
  EXPECT_EQ(page->items[0].record.id, calls[0].record.id);
  EXPECT_EQ(page->items[0].job.job.status, call_status::failed);
  EXPECT_EQ(page->items[0].job.attempt_status, "NoAnswer");
  EXPECT_EQ(page->items[0].job_group_id, "group-" + std::to_string(value(calls[0].record.task)));
  q.case_id = "C1";
  EXPECT_EQ(session->run(q)->page, 1) << "past the end is the last page";
  q.organization_id = "ORG009";
  EXPECT_EQ(session->run(q)->total, 0);
}

TEST_P(StoreCaseLists, CallsOfOthersAreNotFoundByAnything) {
  live();
  const auto theirs = [&](auto member, const std::string& v) {
    query::list_case_calls q;
    q.organization_id = "ORG002";
    q.*member = v;
    const auto page = session->run(q);
    EXPECT_TRUE(page);
    return page ? page->total : -1;
  };
  using list = query::list_case_calls;
  EXPECT_EQ(theirs(&list::case_id, "C1"), 1) << "their own";
  EXPECT_EQ(theirs(&list::case_id, "C2"), 0);
  EXPECT_EQ(theirs(&list::person_id, "p1"), 1);
  EXPECT_EQ(theirs(&list::person_id, "p2"), 0);
  EXPECT_EQ(theirs(&list::phone, "13911112222"), 0);
  EXPECT_EQ(theirs(&list::call_job_id, "job-" + std::to_string(value(calls[0].record.row))), 0);
}

TEST_P(StoreCaseLists, CallsAreFoundByTheirNumbersAscending) {
  live();
  const auto all = session->run(query::case_calls_by_id{
      "ORG001", {calls[2].record.id, calls[0].record.id, case_call_id{4711'0000}, calls[0].record.id}});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().record.id, calls[0].record.id);
  EXPECT_EQ(all->back().record.id, calls[2].record.id);
  EXPECT_TRUE(session->run(query::case_calls_by_id{"ORG001", {}})->empty());
  EXPECT_EQ(
      code_of(session->run(query::case_calls_by_id{"ORG001", std::vector<case_call_id>(501, calls[0].record.id)})),
      errc::invalid_argument);
}

TEST_P(StoreCaseLists, ARemarkIsReplacedCutAndSigned) {
  live();
  const auto job_id = "job-" + std::to_string(value(calls[0].record.row));
  std::string longest;
  for (int i = 0; i < 1001; ++i) longest += "长";
  const auto done = session->run(query::remark_case_call{"ORG001", job_id, longest, "王\xff", at(77)});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->record.remark.size(), 3'000U);
  EXPECT_EQ(done->record.modifier, "王\xef\xbf\xbd");
  EXPECT_EQ(done->record.modify_time, at(77));
  EXPECT_EQ(done->record.id, calls[0].record.id);
  ASSERT_TRUE(session->run(query::remark_case_call{"ORG001", job_id, "", "b", at(78)}));
  EXPECT_EQ(again(calls[0]).record.remark, "");
  EXPECT_EQ(again(calls[0]).record.modifier, "b");
  EXPECT_EQ(code_of(session->run(query::remark_case_call{"ORG002", job_id, "x", "b", at(78)})), errc::not_found);
  EXPECT_EQ(code_of(session->run(query::remark_case_call{"ORG001", "job-0", "x", "b", at(78)})), errc::not_found);
  const auto campaign = calling_task(1);
  const auto row = rows_of(campaign).front();
  track(campaign, {row});
  EXPECT_EQ(
      code_of(session->run(query::remark_case_call{"ORG001", "job-" + std::to_string(value(row)), "x", "b", at(78)})),
      errc::not_found)
      << "a campaign's call";
}

TEST_P(StoreCaseLists, CallsAreCountedByStageAndStatus) {
  live();
  const auto counted = [&](const std::string& case_id, time_range created) {
    std::vector<std::string> out;
    const auto counts = session->run(query::count_case_calls{"ORG001", case_id, created});
    EXPECT_TRUE(counts) << (counts ? "" : counts.error().message);
    if (counts)
      for (const auto& c : *counts)
        out.push_back(std::to_string(static_cast<int>(c.stage)) + std::string(to_string(c.status)) + "=" +
                      std::to_string(c.calls));
    return out;
  };
  using words = std::vector<std::string>;
  EXPECT_EQ(counted("", {}), (words{"13=1", "14=1", "14Failed=1"}));
  EXPECT_EQ(counted("C1", {}), (words{"14=1", "14Failed=1"}));
  EXPECT_EQ(counted("C9", {}), words{});
  EXPECT_EQ(counted("", {at(11), at(20)}), words{"13=1"});
  EXPECT_EQ(counted("C1", {{}, at(9)}), words{});
}

}  // namespace
}  // namespace waihu::testing
