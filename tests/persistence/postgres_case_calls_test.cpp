// What only PostgreSQL can show of case calls: many who call at once, and that the rule of one call a person stands in
// the database itself.
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/persistence/case_world.hpp"
#include "tests/persistence/postgres_fixture.hpp"

namespace waihu::testing {
namespace {

class PostgresCaseCalls : public on_cases {
 protected:
  static constexpr int sessions = 20;
  static constexpr int calls_each = 10;

  /// Places at once from as many sessions; `wishes(session, loop)`.
  template <class Wishes>
  std::vector<query::placed_case_call> place_at_once(Wishes wishes) {
    std::vector<query::placed_case_call> out;
    std::mutex mutex;
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int s = 0; s < sessions; ++s)
      threads.emplace_back([&, s] {
        const auto mine = world.sessions();
        EXPECT_TRUE(mine->run(query::last_event{}));
        ++ready;
        while (ready < sessions) std::this_thread::yield();
        for (int i = 0; i < calls_each; ++i) {
          auto made = mine->run(wishes(s, i));
          const std::lock_guard lock{mutex};
          EXPECT_TRUE(made) << (made ? "" : made.error().message + made.error().vendor_code);
          if (made) out.insert(out.end(), made->begin(), made->end());
        }
      });
    for (auto& t : threads) t.join();
    return out;
  }
  std::string asked(const std::string& sql) { return ask_sql(*world.database, sql).front(); }
};
INSTANTIATE_TEST_SUITE_P(Stores, PostgresCaseCalls, ::testing::Values("postgres"));

TEST_P(PostgresCaseCalls, TwoHundredWhoCallOneCaseAtOnceGetOneCallAPerson) {
  known_case();
  const auto answered = place_at_once([&](int s, int) {
    // In either order, with different scripts: nobody waits for another in a circle.
    std::vector<query::wanted_case_call> both{{"p1", "script_1", ""}, {"p2", "script_2", ""}};
    if (s % 2 == 1) std::swap(both[0], both[1]);
    return wish(both);
  });
  ASSERT_EQ(answered.size(), 2U * sessions * calls_each);
  std::map<std::string, std::set<case_call_id>> of_person;
  std::map<query::case_placement, int> verdicts;
  for (const auto& a : answered) {
    ++verdicts[a.what];
    ASSERT_TRUE(a.call);
    of_person[a.person_id].insert(a.call->record.id);
  }
  EXPECT_EQ(of_person["p1"].size(), 1U) << "the same entry to every caller";
  EXPECT_EQ(of_person["p2"].size(), 1U);
  EXPECT_EQ(verdicts[query::case_placement::placed], 2);
  EXPECT_EQ(verdicts[query::case_placement::active], 2 * sessions * calls_each - 2);
  EXPECT_EQ(asked("select count(*) from leads_task_list where mediation_record_id is not null"), "2");
  EXPECT_EQ(asked("select count(*) from mediation_records"), "2");
}

TEST_P(PostgresCaseCalls, CallsOfManyCasesAtOnceShareFewTasksAndAReaderOfRowsMissesNone) {
  for (int i = 0; i < sessions * calls_each; ++i) known_case("C" + std::to_string(i));
  std::atomic<bool> over{false};
  std::map<std::string, std::set<std::string>> seen;  // rows by task
  std::thread reader([&] {
    std::map<std::string, std::string> last;
    const auto look = [&] {
      for (const auto& task : ask_sql(*world.database, "select id from call_tasks where origin = 'case'"))
        for (const auto& row :
             ask_sql(*world.database, "select id from leads_task_list where task_id = " + task + " and id > " +
                                          (last.contains(task) ? last[task] : "0") + " order by id")) {
          seen[task].insert(row);
          last[task] = row;
        }
    };
    while (!over) look();
    look();
  });
  const auto answered = place_at_once([&](int s, int i) {
    return wish({{"p1", "script_1", ""}, {"p2", "script_1", ""}}, at(0), "C" + std::to_string(s * calls_each + i));
  });
  over = true;
  reader.join();
  EXPECT_EQ(answered.size(), 2U * sessions * calls_each);
  const auto tasks = std::stoi(asked("select count(*) from call_tasks where origin = 'case'"));
  EXPECT_LE(tasks, sessions) << "no more than there are sessions";
  RecordProperty("tasks", tasks);
  EXPECT_EQ(asked("select count(*) from call_tasks t where t.leads_count <>"
                  " (select count(*) from leads_task_list j where j.task_id = t.id)"),
            "0");
  std::size_t rows = 0;
  for (const auto& [task, those] : seen) rows += those.size();
  EXPECT_EQ(rows, answered.size()) << "a row became visible behind one that had been read";
}

TEST_P(PostgresCaseCalls, TheDatabaseItselfRefusesASecondCallThatHasNotEnded) {
  known_case();
  const auto first = call();
  const auto record = std::to_string(value(first.record.id));
  const auto copy = [&] {
    return run_sql(
        *world.database,
        "with r as (insert into mediation_records (organization_id, case_row, case_id, mediation_id,"
        " mediation_type, stage, person_id, person_type, round, task_id, create_time) select organization_id,"
        " case_row, case_id, mediation_id, mediation_type, stage, person_id, person_type, 2, task_id, now()"
        " from mediation_records where id = " +
            record +
            " returning id, case_row, person_id, task_id)"
            " insert into leads_task_list (task_id, leads_id, reference_id, mediation_record_id,"
            " mediation_case_row, mediation_person_id)"
            " select task_id, id, 'x' || id, id, case_row, person_id from r");
  };
  EXPECT_EQ(copy(), "23505");
  end(first);
  EXPECT_EQ(copy(), "") << "the first has ended";
  EXPECT_EQ(copy(), "23505");
  EXPECT_EQ(run_sql(*world.database, "update leads_task_list set mediation_case_row = null"), "23514");
  EXPECT_EQ(run_sql(*world.database, "update leads_task_list set mediation_record_id = " + record), "23505")
      << "one job a record";
}

TEST_P(PostgresCaseCalls, ATaskThatSomebodyHoldsIsPassedOver) {
  known_case();
  known_case("C2");
  const auto task = call().record.task;
  auto other = world.sessions();
  // An intent of the engine under way holds the task's row too.
  std::thread holder([&] {
    EXPECT_EQ(run_sql(*world.database, "begin; select from call_tasks where id = " + std::to_string(value(task)) +
                                           " for share; select pg_sleep(1); commit"),
              "");
  });
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  const auto began = std::chrono::steady_clock::now();
  const auto second = call("C2");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds{500}) << "nobody waits";
  EXPECT_NE(second.record.task, task);
  holder.join();
}

}  // namespace
}  // namespace waihu::testing
