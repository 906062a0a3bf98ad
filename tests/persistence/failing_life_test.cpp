// A task's life told as a script, with the store failing at its first, second, ... N-th operation until the script runs
// through untouched. However it failed, repeating what is in doubt must end in the same final state.
#include <sstream>

#include "persistence/failing_store.hpp"
#include "persistence/postgres_store.hpp"
#include "tests/persistence/postgres_fixture.hpp"
#include "tests/persistence/store_under_test.hpp"

namespace waihu::testing {
namespace {

// One node that drives one task through its life over a store that may fail. Every step is repeated until it is
// answered, the way the actors do it.
class scripted_life {
 public:
  explicit scripted_life(store& s) : store_{s} {}

  void run() {
    epoch_ = ask(query::claim_shards{"node-a", "a:1"}).value();
    query::import_leads leads{"ORG001", {}};
    for (int i = 1; i <= 4; ++i)
      leads.leads.push_back({"l" + std::to_string(i), "n", "1380000000" + std::to_string(i), "P", "A", {}});
    ask(leads);
    task_ = made_task();
    own_ = {task_, epoch_};
    tell(change::request_group{own_, at(1)});
    tell(change::move_task{own_, task_type::created, task_type::calling, "G1", {}, at(2)});
    const auto rows = rows_to_call();
    const auto first = intend(1, {rows[0], rows[1]});
    tell(change::mark_batch{own_, first, batch_state::sent, "", "", at(3)});
    tell(change::acknowledge_jobs{own_, first, {{rows[0], "J1"}, {rows[1], "J2"}}, true, "R", at(4)});
    const auto second = intend(2, {rows[2], rows[3]});
    tell(change::mark_batch{own_, second, batch_state::unknown, "", "timed out", at(5)});
    tell(change::acknowledge_jobs{own_, second, {{rows[2], "J3"}}, false, "", at(6)});
    tell(change::requeue_jobs{own_, second, {rows[3]}, true, "absent", at(7)});
    tell(change::mark_batch{own_, second, batch_state::failed, "", "absent", at(8)});
    tell(change::settle_job{
        own_, rows[0], call_status::succeeded, job_outcome::none, {"T1", "", "SucceededFinish"}, at(9)});
    tell(change::attach_attempt{own_, rows[0], {"", "", "", "", "", 0, 0, R"([{"Script":"好"}])"}});
    tell(change::park_job{own_, rows[1], parked_reason::timeout, 0, {}, {}, at(10)});
    tell(change::unpark_job{own_, rows[1], at(11)});
    tell(change::settle_job{own_, rows[1], call_status::failed, job_outcome::none, {"T2", "", "Busy"}, at(12)});
    tell(change::settle_job{own_, rows[2], call_status::cancelled, job_outcome::none, {}, at(13)});
    tell(change::settle_job{own_, rows[3], call_status::failed, job_outcome::unplaced, {}, at(14)});
    tell(change::move_task{own_, task_type::calling, task_type::calls_complete, {}, {}, at(15)});
    for (const auto i : {0U, 1U, 3U})
      tell(change::record_follow_up{
          own_, rows[i], "l" + std::to_string(i + 1), "备注", interest::interested, {}, at(16), false});
    tell(change::close_job{own_, rows[2]});
    tell(change::move_task{own_, task_type::calls_complete, task_type::follow_up_complete, {}, {}, at(17)});
    ask(query::renew_claim{"node-a", epoch_});
  }

 private:
  static constexpr int most_tries = 200;

  template <class Query>
  result<typename Query::answer_type> ask(const Query& q) {
    for (int i = 0; i < most_tries; ++i) {
      auto r = store_.run(q);
      if (r || !is_transient(r.error().code)) return r;
    }
    ADD_FAILURE() << "the store does not recover";
    return fail(errc::unavailable, "");
  }

  void tell(store_change c) {
    for (int i = 0; i < most_tries; ++i) {
      const auto r = store_.commit({&c, 1}).receipts.at(0);
      if (r) return;
      // After a lost answer the repeat of a move finds the state it leads to.
      if (doubted_ && r.error().code == errc::illegal_transition) break;
      ASSERT_TRUE(is_transient(r.error().code)) << r.error().message << " " << r.error().vendor_code;
      doubted_ = true;
    }
    doubted_ = false;
  }

  batch_id intend(int seq, std::vector<job_row_id> rows) {
    const store_change c = change::intend_batch{own_, seq, std::move(rows), at(3)};
    for (int i = 0; i < most_tries; ++i) {
      const auto r = store_.commit({&c, 1}).receipts.at(0);
      if (r) return batch_id{r->id};
      // In doubt: the batches tell (store.hpp).
      const auto loaded = ask(query::load_task{task_});
      for (const auto& b : loaded->open_batches)
        if (b.seq == seq) return b.id;
    }
    ADD_FAILURE() << "no batch";
    return {};
  }

  task_id made_task() {
    query::create_task q{"ORG001", user_id{1}, "a", "t", "s", "{}", {}};
    for (int i = 0; i < most_tries; ++i) {
      // In doubt about a creation the list tells; a client does the same with its idempotency key.
      const auto known = ask(query::list_tasks{"ORG001", {}, {}});
      if (known && known->total > 0) return known->items[0].id;
      if (const auto r = store_.run(q)) return r->task.id;
    }
    ADD_FAILURE() << "no task";
    return {};
  }

  std::vector<job_row_id> rows_to_call() {
    std::vector<job_row_id> rows;
    const auto loaded = ask(query::load_task{task_});
    for (const auto& j : loaded->jobs) rows.push_back(j.row);
    return rows;
  }

  store& store_;
  epoch_t epoch_{};
  task_id task_{};
  ownership own_;
  bool doubted_{false};
};

// Everything that must come out the same, without ids that a rolled-back attempt may have used up.
std::string final_state(store& s) {
  std::ostringstream out;
  const auto tasks = s.run(query::list_tasks{"ORG001", {}, {}});
  if (!tasks) return "no answer";
  out << tasks->total << " tasks;";
  for (const auto& t : tasks->items) {
    out << static_cast<int>(t.type) << t.job_group_id << t.last_error << t.leads_count << ';';
    const auto jobs = s.run(query::list_jobs{"ORG001", t.id, false, {}, {}});
    for (const auto& v : jobs->items)
      out << v.job.leads_id << ' ' << to_string(v.job.phase) << ' ' << to_string(v.job.status) << ' '
          << to_string(v.job.outcome) << ' ' << v.job.call_job_id << ' ' << v.job.attempts << ' ' << v.call_task_id
          << ' ' << v.conversation_json << ' ' << (v.follow ? v.follow->leads_remark : "-") << ' '
          << (v.job.is_interested ? static_cast<int>(*v.job.is_interested) : -1) << ';';
    const auto loaded = s.run(query::load_task{t.id});
    out << loaded->open_batches.size() << " open of " << loaded->last_batch_seq << ';';
  }
  const auto events = s.run(query::events_after{"ORG001", {}, {}, 1000});
  if (!events) return "no answer";
  for (const auto& e : *events) out << e.kind << ':' << e.from << '>' << e.to << ';';
  return out.str();
}

class FailingLife : public ::testing::TestWithParam<std::string> {};
ON_EVERY_STORE(FailingLife);

// Runs the life with failure at each operation in turn; compares every end with the untouched one.
void fail_at_each_operation(const std::string& kind, errc code, failure_plan::moment when) {
  std::string untouched;
  for (int n = 0; n < 500; ++n) {
    auto world = make_world(kind);
    auto plan = std::make_shared<failure_plan>();
    plan->fail_at = n;
    plan->code = code;
    plan->when = when;
    {
      const auto s = make_failing_store_factory(world.sessions, plan)();
      scripted_life{*s}.run();
      plan->fail_at = 0;
      const int operations = plan->count;
      const auto end = final_state(*s);
      if (n == 0) untouched = end;
      ASSERT_EQ(end, untouched) << "failed at operation " << n;
      if (n > operations) n = 1000;  // it ran through untouched: every operation has failed once
    }
    world.clean_up();
  }
  EXPECT_NE(untouched.find("4 "), std::string::npos);
}

TEST_P(FailingLife, EndsTheSameWhicheverOperationIsRefused) {
  fail_at_each_operation(GetParam(), errc::unavailable, failure_plan::moment::before);
}

TEST_P(FailingLife, EndsTheSameWhicheverAnswerIsLost) {
  fail_at_each_operation(GetParam(), errc::lost, failure_plan::moment::after);
}

// A store whose connection is ended by the server just before the N-th operation.
class killing_store final : public store {
 public:
  killing_store(std::unique_ptr<store> inner, config::store_options options, int at)
      : inner_{std::move(inner)}, options_{std::move(options)}, at_{at} {}
  int count() const { return count_; }

  commit_report commit(std::span<const store_change> c) override {
    kill_when_due();
    return inner_->commit(c);
  }
#define WAIHU_PASS(name)                                                \
  result<query::name::answer_type> run(const query::name& q) override { \
    kill_when_due();                                                    \
    return inner_->run(q);                                              \
  }
  WAIHU_STORE_QUERIES(WAIHU_PASS)
#undef WAIHU_PASS

 private:
  void kill_when_due() {
    if (++count_ == at_) end_sessions(options_);
  }
  std::unique_ptr<store> inner_;
  config::store_options options_;
  int at_;
  int count_{};
};

TEST(FailingConnection, TheLifeEndsTheSameWhicheverOperationFindsItsConnectionDead) {
  std::string untouched;
  for (int n = 0; n < 500; ++n) {
    auto world = make_world("postgres");
    {
      killing_store s{world.sessions(), *world.database, n};
      scripted_life{s}.run();
      const int operations = s.count();
      const auto end = final_state(s);
      if (n == 0) untouched = end;
      ASSERT_EQ(end, untouched) << "connection dead at operation " << n;
      if (n > operations) n = 1000;
    }
    world.clean_up();
  }
}

}  // namespace
}  // namespace waihu::testing
