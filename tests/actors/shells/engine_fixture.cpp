#include "tests/actors/shells/engine_fixture.hpp"

#include "actors/analyst_actor.hpp"
#include "actors/directory_actors.hpp"
#include "actors/event_hub_actor.hpp"
#include "actors/execution_runs_actor.hpp"
#include "actors/http_gateway_actor.hpp"
#include "actors/provider_gateway_actor.hpp"
#include "actors/store_actors.hpp"
#include "actors/supervisor_actor.hpp"

namespace waihu::test {

namespace {

// Virtual time zero stands for this instant.
constexpr wall_time base_time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2}};

}  // namespace

EngineFixture::testing_config::testing_config() { set("scheduler.policy", caf::atom("testing")); }

caf::scheduler::test_coordinator& EngineFixture::sched() {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

EngineFixture::EngineFixture() {
  memory = make_memory_state(std::chrono::hours{100'000});
  session_ = make_memory_store(memory);
  options.dispatch.organization_calls_per_s = 10'000;
  options.dispatch.account_calls_per_s = 10'000;
  options.provider.read_rate_per_s = 10'000;
  options.provider.write_rate_per_s = 10'000;
  options.analyst.per_minute = 600'000;
}

EngineFixture::~EngineFixture() { crash_node(); }

void EngineFixture::start_node() {
  system_ = std::make_unique<caf::actor_system>(system_options_);
  // Time goes on from where the node before left it.
  sched().clock().current_time += lived_;
  eng = std::make_shared<engine>();
  eng->options = options;
  eng->node = "node-1";
  eng->leaving = std::make_shared<departures>(options.dispatch.organization_calls_per_s,
                                              options.dispatch.account_calls_per_s, false);
  eng->seed = 7;
  auto* clock = &sched().clock();
  eng->now = [clock] { return base_time + std::chrono::duration_cast<milliseconds>(clock->now().time_since_epoch()); };
  eng->on_ownership_lost = [this](const std::string&) { ownership_lost = true; };
  claim_session_ = make_memory_store(memory);
  const auto epoch = claim_session_->run(query::claim_shards{"node-1", "test"});
  ASSERT_TRUE(epoch) << epoch.error().message;
  epoch_ = *epoch;
  eng->shards->set_all(epoch_);
  const auto sessions = make_failing_store_factory(make_memory_store_factory(memory), store_failures);
  const worker_spawner workers = [this, sessions] { return spawn_attached_store_worker(*system_, sessions); };
  eng->reader = spawn_store_reader(*system_, {}, workers, eng->counts);
  eng->hub = spawn_event_hub(*system_, eng->counts);
  eng->writer = spawn_store_writer(*system_, {}, workers, std::make_shared<event_hub>(eng->hub), eng->counts);
  eng->gateway = spawn_provider_gateway(
      *system_, provider, options.provider, 7, eng->counts, [this] { return claim_confirmed; }, eng->now);
  eng->model = spawn_analyst(*system_, model, options.analyst, eng->counts);
  eng->gate = spawn_dispatch_gate(*system_, options.dispatch, eng->counts);
  eng->tasks = spawn_registry(*system_);
  eng->overseer = spawn_supervisor(*system_, eng);
  eng->runs = spawn_execution_runs(*system_, eng);
  gateway_ = spawn_http_gateway(*system_, eng);
  settle();
}

void EngineFixture::crash_node() {
  if (!system_) return;
  const auto kill = [](auto& handle) {
    if (handle) caf::anon_send_exit(handle, caf::exit_reason::kill);
    handle = nullptr;
  };
  // Every actor that the registry of this system still knows dies; none gets to say good-bye.
  kill(gateway_);
  kill(eng->peers);
  kill(eng->runs);
  kill(eng->overseer);
  kill(eng->tasks);
  kill(eng->gate);
  kill(eng->model);
  kill(eng->gateway);
  kill(eng->writer);
  kill(eng->hub);
  kill(eng->reader);
  settle();
  eng.reset();
  if (claim_session_) claim_session_->run(query::release_claim{"node-1", epoch_});
  claim_session_.reset();
  settle();
  lived_ = sched().clock().now().time_since_epoch();
  system_.reset();
}

void EngineFixture::settle() {
  while (sched().try_run_once()) {
  }
}

void EngineFixture::pass(milliseconds how_long, milliseconds step) {
  settle();
  for (milliseconds gone{0}; gone < how_long; gone += step) {
    sched().advance_time(std::min(step, how_long - gone));
    settle();
  }
}

void EngineFixture::pass_until(const std::function<bool()>& done, milliseconds limit, const char* what) {
  settle();
  for (milliseconds gone{0}; gone < limit && !done(); gone += milliseconds{100}) pass(milliseconds{100});
  ASSERT_TRUE(done()) << "not reached in time: " << what;
}

void EngineFixture::usurp_shards() {
  ASSERT_TRUE(claim_session_->run(query::release_claim{"node-1", epoch_}));
  usurper_ = make_memory_store(memory);
  ASSERT_TRUE(usurper_->run(query::claim_shards{"node-2", "elsewhere"}));
}

void EngineFixture::drain_node() {
  caf::scoped_actor self{*system_};
  auto handle = self->request(eng->overseer, caf::infinite, drain_atom::value);
  pass(milliseconds{10'000});
  handle.receive([](bool) {}, [](caf::error& error) { FAIL() << "drain failed, code " << int{error.code()}; });
}

task_id EngineFixture::make_task(int leads) {
  query::import_leads import;
  import.organization_id = organization;
  for (int i = 0; i < leads; ++i) {
    const auto n = next_lead_++;
    lead_record lead;
    lead.leads_id = "L" + std::to_string(n);
    lead.leads_user_name = "客户" + std::to_string(n);
    lead.leads_user_phone = "138" + std::to_string(10'000'000 + n);
    import.leads.push_back(lead);
    if (import.leads.size() == 1'000 || i + 1 == leads) {
      EXPECT_TRUE(session_->run(import));
      import.leads.clear();
    }
  }
  query::create_task create;
  create.organization_id = organization;
  create.task_name = "测试任务";
  create.script_id = "script_1";
  create.size_desc_json = "{}";
  const auto created = session_->run(create);
  EXPECT_TRUE(created) << created.error().message;
  return created->task.id;
}

template <class T, class F>
result<T> EngineFixture::await(F send) {
  auto box = std::make_shared<std::optional<result<T>>>();
  send(std::make_shared<const completion<T>>([box](result<T> r) { box->emplace(std::move(r)); }));
  for (int i = 0; i < 6'000 && !box->has_value(); ++i) pass(milliseconds{50}, milliseconds{50});
  if (!box->has_value()) return fail(errc::timed_out, "no answer within five virtual minutes");
  return **box;
}

result<started_call_task> EngineFixture::start_task(task_id task, milliseconds budget) {
  return await<started_call_task>([&](auto done) {
    caf::anon_send(gateway_, start_atom::value, start_call_task{organization, task, budget}, done);
  });
}

result<suspended_resumed_task> EngineFixture::switch_task(task_id task, bool suspend) {
  return await<suspended_resumed_task>([&](auto done) {
    caf::anon_send(gateway_, switch_atom::value, suspend_resume_task{organization, task, suspend}, done);
  });
}

result<described_task> EngineFixture::describe(task_id task) {
  if (auto live = eng->board->look({organization, task})) return std::move(*live);
  return fail(errc::not_found, "the task shows nothing");
}

result<described_task> EngineFixture::describe_through(const http_gateway& gateway, task_id task) {
  return await<described_task>([&](auto done) {
    caf::anon_send(gateway, view_atom::value, describe_task{organization, task}, done);
  });
}

result<diagnosed_task> EngineFixture::diagnose(task_id task) {
  return await<diagnosed_task>([&](auto done) {
    caf::anon_send(gateway_, diagnose_atom::value, diagnose_task{organization, task}, done);
  });
}

result<automation_state> EngineFixture::switch_automation(bool running) {
  return await<automation_state>([&](auto done) {
    caf::anon_send(gateway_, auto_atom::value, waihu::switch_automation{organization, running, user_id{1}}, done);
  });
}

result<automation_state> EngineFixture::automation() {
  return await<automation_state>(
      [&](auto done) { caf::anon_send(gateway_, auto_atom::value, automation_view{organization}, done); });
}

result<explained_job> EngineFixture::explain(task_id task, job_row_id row) {
  return await<explained_job>([&](auto done) {
    caf::anon_send(gateway_, explain_atom::value, explain_job{organization, task, row}, done);
  });
}

result<run_record> EngineFixture::start_run(const waihu::start_run& wanted) {
  return await<run_record>([&](auto done) { caf::anon_send(gateway_, run_atom::value, wanted, done); });
}

result<bool> EngineFixture::await_calls(const await_case_calls& wanted) {
  return await<bool>([&](auto done) { caf::anon_send(gateway_, place_atom::value, wanted, done); });
}

result<bool> EngineFixture::sweep() {
  return await<bool>([&](auto done) { caf::anon_send(gateway_, sweep_atom::value, done); });
}

result<made_follow_up> EngineFixture::follow_up(const make_follow_up& wanted) {
  return await<made_follow_up>([&](auto done) { caf::anon_send(gateway_, follow_atom::value, wanted, done); });
}

result<refreshed_jobs> EngineFixture::refresh(task_id task, std::vector<job_row_id> rows, milliseconds max_age) {
  return await<refreshed_jobs>([&](auto done) {
    caf::anon_send(gateway_, refresh_atom::value, refresh_jobs{task, rows, max_age, milliseconds{2'000}}, done);
  });
}

void EngineFixture::choose_script(task_id task, const std::string& script_id) {
  query::set_script choice;
  choice.organization_id = organization;
  choice.id = task;
  choice.script_id = script_id;
  const auto chosen = session_->run(choice);
  ASSERT_TRUE(chosen) << chosen.error().message;
}

call_task EngineFixture::task_actor(task_id task) {
  call_task found;
  caf::scoped_actor self{eng_system()};
  auto handle = self->request(eng->tasks, caf::infinite, find_atom::value, task);
  settle();
  handle.receive(
      [&](const result<call_task>& r) {
        if (r) found = *r;
      },
      [](caf::error&) {});
  return found;
}

call_task_record EngineFixture::stored_task(task_id task) {
  query::find_task find;
  find.organization_id = organization;
  find.id = task;
  find.any_origin = true;
  const auto found = session_->run(find);
  EXPECT_TRUE(found);
  return found ? *found : call_task_record{};
}

std::vector<call_job_view> EngineFixture::stored_jobs(task_id task) {
  query::list_jobs list;
  list.organization_id = organization;
  list.task = task;
  list.page.page_size = 500;
  const auto page = session_->run(list);
  EXPECT_TRUE(page);
  return page ? page->items : std::vector<call_job_view>{};
}

}  // namespace waihu::test
