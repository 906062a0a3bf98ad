#include "tests/persistence/store_under_test.hpp"

#include <utility>

#include "persistence/memory_store.hpp"
#include "persistence/postgres_store.hpp"
#include "tests/persistence/postgres_fixture.hpp"

namespace waihu::testing {

store_world make_world(const std::string& kind, std::chrono::milliseconds lease_time) {
  if (kind == "memory") return {kind, make_memory_store_factory(make_memory_state(lease_time)), std::nullopt, [] {}};
  const auto options = fresh_database();
  return {kind, make_postgres_store_factory(options, lease_time), options, [options] { drop_database(options); }};
}

void on_every_store::SetUp() {
  world = make_world(GetParam());
  session = world.sessions();
  const auto claimed = session->run(query::claim_shards{"node-a", "host-a:1"});
  ASSERT_TRUE(claimed) << claimed.error().message;
  epoch = *claimed;
}

void on_every_store::TearDown() {
  session.reset();
  if (world.clean_up) world.clean_up();
}

void on_every_store::import_leads(int n, const std::string& organization, const std::string& product) {
  query::import_leads q;
  q.organization_id = organization;
  for (int i = 1; i <= n; ++i) {
    const auto digits = std::to_string(10000 + i);
    q.leads.push_back({"l" + digits.substr(1), "客户" + std::to_string(i), "138000" + digits, product, "A", at(i)});
  }
  const auto done = session->run(q);
  ASSERT_TRUE(done) << done.error().message;
}

task_id on_every_store::make_task(const std::string& organization, const std::string& script) {
  query::create_task q;
  q.organization_id = organization;
  q.creator = user_id{7};
  q.creator_name = "admin";
  q.task_name = "回访";
  q.script_id = script;
  q.size_desc_json = R"({"leads_type":["A"],"leads_product":[]})";
  const auto made = session->run(q);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? made->task.id : task_id{};
}

task_id on_every_store::calling_task(int n, const std::string& organization) {
  import_leads(n, organization);
  const auto id = make_task(organization);
  must(change::request_group{own(id), at(1)});
  must(
      change::move_task{own(id), task_type::created, task_type::calling, "group-" + organization, std::nullopt, at(2)});
  told.clear();
  return id;
}

std::vector<job_row_id> on_every_store::rows_of(task_id id, const std::string& organization) {
  const auto page = session->run(query::list_jobs{organization, id, false, std::nullopt, {1, 500}});
  EXPECT_TRUE(page) << (page ? "" : page.error().message);
  std::vector<job_row_id> rows;
  if (page)
    for (const auto& j : page->items) rows.push_back(j.job.row);
  return rows;
}

call_job_view on_every_store::job(job_row_id row, const std::string& organization) {
  const auto found = session->run(query::jobs_by_row{organization, {row}});
  EXPECT_TRUE(found && found->size() == 1);
  return found && found->size() == 1 ? found->front() : call_job_view{};
}

call_task_record on_every_store::task(task_id id, const std::string& organization) {
  const auto found = session->run(query::find_task{organization, id, std::nullopt});
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  return found ? *found : call_task_record{};
}

result<change_receipt> on_every_store::commit(store_change change) {
  auto report = session->commit({&change, 1});
  EXPECT_EQ(report.receipts.size(), 1U);
  for (auto& e : report.events) told.push_back(std::move(e));
  return std::move(report.receipts.front());
}

change_receipt on_every_store::must(store_change change) {
  const auto r = commit(std::move(change));
  EXPECT_TRUE(r) << (r ? "" : r.error().message + " " + r.error().vendor_code);
  EXPECT_TRUE(r && r->changed) << "the change was expected to change something";
  return r ? *r : change_receipt{};
}

void on_every_store::track(task_id id, const std::vector<job_row_id>& rows, int seq) {
  last_batch = batch_id{must(change::intend_batch{own(id), seq, rows, at(10)}).id};
  must(change::mark_batch{own(id), last_batch, batch_state::sent, "", "", at(11)});
  change::acknowledge_jobs ack{own(id), last_batch, {}, true, "req-1", at(12)};
  for (const auto row : rows) ack.ids.emplace_back(row, "job-" + std::to_string(value(row)));
  must(ack);
}

void on_every_store::settle(task_id id, job_row_id row, call_status status, const std::string& talk) {
  attempt last;
  last.status = status == call_status::succeeded ? "SucceededFinish" : "NoAnswer";
  last.conversation_json = talk;
  must(change::settle_job{own(id), row, status, job_outcome::none, last, at(20)});
}

}  // namespace waihu::testing
