// query-task-execution: store page, live overlay, refresh, recordings.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/http/server_fixture.hpp"

namespace waihu::test {
namespace {

class http_execution : public server_test {
 public:
  void SetUp() override {
    add_leads(4);
    task = add_task(operator_a);
  }
  reply query_page(const std::string& more = {}) {
    return post("/api/query-task-execution", R"({"task_id":)" + std::to_string(value(task.id)) + more + "}");
  }
  call_task_record task;
};

constexpr const char* talk =
    R"([{"Timestamp":1700000001000,"Speaker":"Robot","Script":"您好"},{"Timestamp":"1700000031500","Speaker":"Contact","Script":"好"}])";

TEST_F(http_execution, AFinishedRowShowsEveryFieldOfTheContract) {
  const auto rows = dispatch(task);
  settle(task, rows[0], call_status::succeeded, talk);
  follow(task, rows[0], interest::interested);
  const auto r = query_page();
  ASSERT_EQ(r.status, 200) << r.body;
  const auto j = r.json();
  EXPECT_EQ(j.number("/data/task_id"), value(task.id));
  EXPECT_EQ(j.number("/data/task_type"), 2);
  EXPECT_EQ(j.number("/data/total_jobs"), 4);
  EXPECT_EQ(j.number("/data/updated_count"), 0);
  EXPECT_EQ(j.number("/data/error_count"), 0);
  const std::string job = "/data/jobs_data/0/";
  EXPECT_EQ(j.text(job + "JobId"), "job-" + std::to_string(value(rows[0])));
  EXPECT_EQ(j.text(job + "Status"), "Succeeded");
  EXPECT_EQ(j.text(job + "StatusText"), "已完成");
  EXPECT_EQ(j.size(job + "Tasks"), 1);
  EXPECT_EQ(j.number(job + "Tasks/0/PlanedTime"), 1'700'000'000'000);
  EXPECT_EQ(j.number(job + "Tasks/0/ActualTime"), 1'700'000'001'000);
  EXPECT_EQ(j.number(job + "Tasks/0/Duration"), 30'500);
  EXPECT_EQ(j.text(job + "Tasks/0/Conversation/0/Script"), "您好");
  EXPECT_EQ(j.text(job + "Tasks/0/CallingNumber"), "05710000");
  EXPECT_EQ(j.text(job + "Tasks/0/Status"), "SucceededFinish");
  EXPECT_EQ(j.text(job + "Tasks/0/StatusText"), "已接通-正常完结");
  EXPECT_EQ(j.text(job + "LeadsName"), "客户1");
  EXPECT_EQ(j.text(job + "LeadsPhone"), "13800000001");
  EXPECT_EQ(j.text(job + "calling_number"), "05710000");
  EXPECT_EQ(j.number(job + "is_interested"), 1);
  EXPECT_EQ(j.text(job + "Disposition"), "connected");
  EXPECT_EQ(j.text(job + "Outcome"), "connected");
  EXPECT_EQ(j.text(job + "JobGroupId"), "group-" + std::to_string(value(task.id)));
  EXPECT_EQ(j.text(job + "follow_data/leads_remark"), "客户有意向");
  EXPECT_EQ(j.number(job + "follow_data/is_arrive"), 0);
  EXPECT_TRUE(j.has(job + "follow_data/frist_follow_time"));
  EXPECT_TRUE(j.is_null("/data/jobs_data/1/follow_data"));
  EXPECT_EQ(j.text("/data/jobs_data/1/Status"), "");
  EXPECT_EQ(j.text("/data/jobs_data/1/StatusText"), "未开始");
  EXPECT_EQ(j.size("/data/jobs_data/1/Tasks"), 0);
  EXPECT_EQ(j.number("/data/task_stats/total_calls"), 4);
  EXPECT_EQ(j.number("/data/task_stats/connected_calls"), 1);
  EXPECT_EQ(j.number("/data/task_stats/not_started_calls"), 3);
  EXPECT_EQ(j.number("/data/pagination/total_count"), 4);
}

TEST_F(http_execution, RowsNotYetDispatchedAreListed) {
  const auto j = query_page().json();
  EXPECT_EQ(j.size("/data/jobs_data"), 4);
  EXPECT_EQ(j.text("/data/jobs_data/3/JobId"), "");
}

TEST_F(http_execution, LiveJobsAreOverlaidAndRowsThatSettledAreReadAgain) {
  const auto rows = dispatch(task);
  inside->on_refresh = [&](const refresh_jobs& m) -> result<refreshed_jobs> {
    EXPECT_EQ(m.rows.size(), 4U);
    EXPECT_EQ(m.max_age, milliseconds{3'000});
    settle(task, rows[0], call_status::failed);
    refreshed_jobs out;
    for (const auto row : {rows[1], rows[2], rows[3]}) {
      live_job job;
      job.row = row;
      job.status = row == rows[3] ? call_status::other : call_status::executing;
      job.status_word = row == rows[3] ? "Teleporting" : "Executing";
      job.call_job_id = "job-x";
      job.attempt_status = "Executing";
      job.planed_ms = 5;
      out.jobs.push_back(job);
    }
    out.changed = {rows[0]};
    out.stale = true;
    return out;
  };
  const auto j = query_page().json();
  EXPECT_EQ(j.text("/data/jobs_data/0/Status"), "Failed");
  EXPECT_EQ(j.text("/data/jobs_data/0/DispositionText"), "无人接听");
  EXPECT_EQ(j.text("/data/jobs_data/1/Status"), "Executing");
  EXPECT_EQ(j.text("/data/jobs_data/1/StatusText"), "通话中");
  EXPECT_EQ(j.number("/data/jobs_data/1/Tasks/0/PlanedTime"), 5);
  EXPECT_EQ(j.text("/data/jobs_data/3/Status"), "Teleporting");
  EXPECT_EQ(j.number("/data/updated_count"), 1);
  EXPECT_TRUE(j.flag("/data/stale"));
}

TEST_F(http_execution, ApplyUpdateForcesTheLookAndTellsTheProvidersFailure) {
  dispatch(task);
  inside->on_refresh = [&](const refresh_jobs& m) -> result<refreshed_jobs> {
    refreshed_jobs out;
    if (m.max_age.count() == 0) {
      out.error = "超时";
      out.error_count = 4;
    }
    return out;
  };
  EXPECT_EQ(query_page().status, 200);
  const auto r = query_page(R"(,"apply_update":true)");
  EXPECT_EQ(r.status, 500);
  EXPECT_EQ(r.json().number("/code"), 5003);
  EXPECT_EQ(r.json().text("/message"), "获取外呼任务状态失败: 超时");
}

TEST_F(http_execution, AnActorThatFailsLeavesTheLastSnapshotMarkedStale) {
  dispatch(task);
  inside->on_refresh = [](const refresh_jobs&) -> result<refreshed_jobs> { return fail(errc::timed_out, "busy"); };
  const auto r = query_page();
  EXPECT_EQ(r.status, 200);
  EXPECT_TRUE(r.json().flag("/data/stale"));
  EXPECT_EQ(r.json().size("/data/jobs_data"), 4);
}

TEST_F(http_execution, RecordingsAreFetchedOnlyWhenAskedAndOnlyForSucceededCalls) {
  const auto rows = dispatch(task);
  settle(task, rows[0], call_status::succeeded, talk);
  settle(task, rows[1], call_status::failed);
  std::atomic<int> asked{0};
  inside->on_recording = [&](task_id, job_row_id row) -> result<std::string> {
    ++asked;
    EXPECT_EQ(row, rows[0]);
    return std::string("https://oss.example/a.wav?Expires=99999999999");
  };
  EXPECT_EQ(query_page().json().text("/data/jobs_data/0/RecordingUrl"), "");
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(query_page(R"(,"skip_recording":false)").json().text("/data/jobs_data/0/RecordingUrl"),
            "https://oss.example/a.wav?Expires=99999999999");
  EXPECT_EQ(asked, 1);
}

/// Links that are asked for and answered only when the test says so.
struct slow_links {
  std::mutex guard;
  std::condition_variable changed;
  std::vector<completion<std::string>> waiting;
  std::size_t asked{}, most{};

  void take(completion<std::string> done) {
    const std::lock_guard lock(guard);
    waiting.push_back(std::move(done));
    ++asked;
    most = std::max(most, waiting.size());
    changed.notify_all();
  }
  /// Answers each as it comes, until `all` have been; false when they do not come within 10 s.
  bool answer(std::size_t all) {
    for (std::size_t answered = 0; answered < all;) {
      std::vector<completion<std::string>> now;
      {
        std::unique_lock lock(guard);
        if (!changed.wait_for(lock, std::chrono::seconds{10}, [&] { return !waiting.empty(); })) return false;
        now.swap(waiting);
      }
      for (const auto& done : now) done(std::string("https://oss.example/b.wav"));
      answered += now.size();
    }
    return true;
  }
};

TEST_F(http_execution, RecordingsAreAskedForAFewAtATimeAndAllArrive) {
  add_leads(60);
  const auto wide = add_task(operator_a, "宽");
  for (const auto row : dispatch(wide)) settle(wide, row, call_status::succeeded, talk);
  slow_links links;
  inside->on_recording_later = [&](job_row_id, completion<std::string> done) { links.take(std::move(done)); };
  options.http.refresh_budget = std::chrono::seconds{60};
  port();
  std::thread provider([&] { EXPECT_TRUE(links.answer(60)); });
  const auto r = post("/api/query-task-execution", R"({"task_id":)" + std::to_string(value(wide.id)) +
                                                       R"(,"page_size":100,"skip_recording":false})");
  provider.join();
  ASSERT_EQ(r.status, 200) << r.body;
  EXPECT_LE(links.most, 16U);
  for (int i = 0; i < 60; ++i)
    EXPECT_EQ(r.json().text("/data/jobs_data/" + std::to_string(i) + "/RecordingUrl"), "https://oss.example/b.wav");
}

TEST_F(http_execution, NoRecordingIsAskedForPastTheBudget) {
  add_leads(60);
  const auto wide = add_task(operator_a, "宽");
  for (const auto row : dispatch(wide)) settle(wide, row, call_status::succeeded, talk);
  slow_links links;
  inside->on_recording_later = [&](job_row_id, completion<std::string> done) { links.take(std::move(done)); };
  options.http.refresh_budget = milliseconds{50};
  const auto ask_for_all =
      R"({"task_id":)" + std::to_string(value(wide.id)) + R"(,"page_size":100,"skip_recording":false})";
  EXPECT_EQ(post("/api/query-task-execution", ask_for_all).status, 200);
  EXPECT_EQ(links.asked, 16U);
  EXPECT_TRUE(links.answer(16));
  // The late answers have been carried to the server's threads by the time that it answers the next request.
  inside->on_recording_later = nullptr;
  EXPECT_EQ(post("/api/query-task-execution", ask_for_all).status, 200);
  EXPECT_EQ(links.asked, 16U);
}

TEST_F(http_execution, NoRowsAnswer4008WithTheSameShape) {
  const auto r = query_page(R"(,"only_followed":true)");
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(r.json().number("/code"), 4008);
  EXPECT_EQ(r.json().text("/message"), "任务下没有已跟进的记录");
  EXPECT_EQ(r.json().number("/data/total_jobs"), 0);
  EXPECT_EQ(r.json().size("/data/jobs_data"), 0);
  EXPECT_TRUE(r.json().has("/data/pagination/total_pages"));
  const auto missing = post("/api/query-task-execution", R"({"task_id":4711})");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.json().number("/code"), 4004);
}

TEST_F(http_execution, InterestAndPagesNarrowTheRows) {
  const auto rows = dispatch(task);
  for (const auto row : rows) settle(task, row, call_status::succeeded, talk);
  follow(task, rows[2], interest::not_interested);
  const auto j = query_page(R"(,"interest":"2","page_size":"1","page":9)").json();
  EXPECT_EQ(j.number("/data/total_jobs"), 1);
  EXPECT_EQ(j.number("/data/pagination/page"), 1);
  EXPECT_EQ(j.number("/data/jobs_data/0/is_interested"), 2);
  EXPECT_TRUE(j.flag("/data/task_stats/is_completed"));
  EXPECT_EQ(query_page(R"(,"interest":3)").status, 422);
}

TEST_F(http_execution, AnOutcomeNarrowsTheRows) {
  const auto rows = dispatch(task);
  settle(task, rows[0], call_status::succeeded, talk);
  settle(task, rows[1], call_status::failed);
  const auto reached = query_page(R"(,"outcome":"not_reached")").json();
  EXPECT_EQ(reached.number("/data/total_jobs"), 1);
  EXPECT_EQ(reached.text("/data/jobs_data/0/Outcome"), "not_reached");
  const auto open = query_page(R"(,"outcome":"unfinished")").json();
  EXPECT_EQ(open.number("/data/total_jobs"), 2);
  EXPECT_EQ(open.number("/data/task_stats/total_calls"), 4) << "the task's figures stay those of the task";
  EXPECT_EQ(query_page(R"(,"outcome":"")").json().number("/data/total_jobs"), 4);
  EXPECT_EQ(query_page(R"(,"outcome":null)").json().number("/data/total_jobs"), 4);
  const auto none = query_page(R"(,"outcome":"machine")");
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(none.json().number("/code"), 4008);
  EXPECT_EQ(none.json().text("/message"), "任务下没有符合条件的外呼记录");
  for (const auto* bad : {R"("none")", R"("Connected")", "1"}) {
    const auto r = query_page(std::string(R"(,"outcome":)") + bad);
    EXPECT_EQ(r.status, 422) << bad;
    EXPECT_NE(r.body.find("outcome"), std::string::npos) << bad;
  }
}

}  // namespace
}  // namespace waihu::test
