#include "tests/simulation/campaign.hpp"

#include <algorithm>
#include <cstdlib>

namespace waihu::simulation {

namespace {

const std::string organization = "ORG001";

/// Once the faults are over, every campaign must come to its end within this.
constexpr minutes patience{45};

/// Numbers of the engine, drawn so that waves, pages and waits all occur in small campaigns.
config::options draw_options(walk_random& random) {
  config::options o;
  o.dispatch.batch_size = static_cast<int>(random.between(2, 10));
  o.dispatch.max_open_batches = static_cast<int>(random.between(1, 4));
  o.dispatch.organization_concurrency = static_cast<int>(random.between(6, 60));
  o.dispatch.organization_calls_per_s = static_cast<double>(random.between(2, 50));
  o.dispatch.account_calls_per_s = 100;
  o.dispatch.reconcile_page_size = static_cast<int>(random.between(3, 20));
  o.dispatch.retry_delay = milliseconds{20'000};
  o.provider.read_rate_per_s = 20;
  o.provider.write_rate_per_s = random.one_in(4) ? 0.5 : 10;
  o.provider.burst = static_cast<int>(random.between(1, 5));
  o.provider.max_in_flight = static_cast<int>(random.between(2, 8));
  o.provider.look_batch = static_cast<int>(random.between(3, 30));
  o.analyst.per_minute = 300;
  o.analyst.max_in_flight = 2;
  o.analyst.retry_delay = milliseconds{10'000};
  o.job.max_failures = static_cast<int>(random.between(2, 6));
  o.job.deadline = milliseconds{random.one_in(3) ? 30'000 : 600'000};
  o.job.conversation_wait = milliseconds{random.one_in(3) ? 30'000 : 120'000};
  o.job.queued_after = minutes{2};
  o.supervisor.sweep_interval = milliseconds{60'000};
  o.supervisor.restart_max = milliseconds{10'000};
  return o;
}

}  // namespace

campaign::campaign(std::uint64_t seed, const weather& circumstances)
    : seed_(seed),
      rows_(make_memory_state(circumstances.nodes > 1 ? config::node_options{}.lease_time
                                                      : milliseconds{std::chrono::hours{100'000}})),
      world_(seed, circumstances, rows_),
      provider_(world_),
      around_{world_, provider_, std::make_shared<sim_time>(0), std::make_shared<sim_time>(0),
              draw_options(world_.random)} {
  world_.judging.set_limit(static_cast<std::size_t>(around_.options.dispatch.organization_calls_per_s));
  around_.options.cluster.enabled = circumstances.nodes > 1;
  if (around_.options.cluster.enabled)
    rows_->clock = [this] { return std::chrono::steady_clock::time_point{std::chrono::hours{1}} + world_.now(); };
  const char* trace = std::getenv("WAIHU_SIM_TRACE");  // NOLINT(concurrency-mt-unsafe): one thread
  world_.tracing = trace != nullptr && *trace == '1';
}

campaign::~campaign() = default;

void campaign::set_up() {
  const auto session = make_memory_store(rows_);
  const auto& w = world_.circumstances();
  query::import_leads import;
  import.organization_id = organization;
  for (int i = 0; i < w.leads; ++i) {
    lead_record lead;
    lead.leads_id = "L" + std::to_string(i + 1);
    lead.leads_user_name = "客户" + std::to_string(i + 1);
    lead.leads_user_phone = "138" + std::to_string(10'000'001 + i);
    lead.leads_product = "P" + std::to_string(i % w.tasks);
    import.leads.push_back(lead);
  }
  session->run(import);
  for (int i = 0; i < w.tasks; ++i) {
    query::create_task create;
    create.organization_id = organization;
    create.task_name = "测试";
    create.script_id = "script_1";
    create.size_desc_json = "{}";
    // Now and then two tasks call the same people.
    if (!world_.random.one_in(4)) create.filter.products = {"P" + std::to_string(i)};
    const auto created = session->run(create);
    if (!created) continue;
    tasks_.push_back(created->task.id);
    // The store's own clock is the world's here.
    rows_->tasks.at(value(created->task.id)).create_time = world_.wall();
  }
}

void campaign::plan_faults() {
  const auto& w = world_.circumstances();
  const auto sometime = [&] { return world_.span(0, std::max<std::int64_t>(w.faults_end.count() - 1'000, 1)); };
  const auto plan = [&](int times, auto what) {
    for (int i = 0; i < times; ++i) world_.after(sometime(), what);
  };
  plan(w.kills, [this] { kill(any_node(), fault::node_killed); });
  plan(w.pauses, [this] { pause_one(); });
  plan(w.cuts, [this] { cut_one(); });
  plan(w.drains, [this] { drain_one(); });
  plan(w.marks, [this] { mark_one_drained(); });
  plan(w.edits, [this] { edit_shards(); });
  plan(w.actor_crashes, [this] { crash_an_actor(); });
  const auto outage = [&](int times, fault kind, const std::shared_ptr<sim_time>& until) {
    plan(times, [this, kind, until] {
      world_.count(kind);
      *until = std::min(world_.now() + world_.span(2'000, 60'000), world_.circumstances().faults_end);
    });
  };
  outage(w.provider_outages, fault::provider_outage, around_.provider_outage);
  outage(w.store_outages, fault::store_outage, around_.store_outage);
}

void campaign::plan_people() {
  const auto& w = world_.circumstances();
  for (const auto task : tasks_) world_.after(world_.span(0, 20'000), [this, task] { ask_start(task); });
  for (int i = 0; i < w.user_actions; ++i)
    world_.after(world_.span(0, std::max<std::int64_t>(w.faults_end.count(), 1)), [this] { people_act(); });
  world_.after(milliseconds{30'000}, [this] { people_see_to_it(); });
}

outcome campaign::run() {
  set_up();
  plan_people();
  plan_faults();
  for (int slot = 0; slot < world_.circumstances().nodes; ++slot)
    world_.after(slot == 0 ? milliseconds{0} : world_.span(0, 30'000), [this, slot] { start_node(slot); });
  go();
  outcome o;
  o.seed = seed_;
  o.breaches = world_.judging.breaches();
  o.seen = world_.seen;
  o.trace_hash = world_.trace_hash();
  o.steps = steps_;
  o.steps_to_end = steps_to_end_;
  o.lasted = world_.now();
  for (const auto& [id, job] : rows_->jobs) {
    ++o.leads;
    o.unplaced += job.view.job.outcome == job_outcome::unplaced;
    o.connected += job.view.job.outcome == job_outcome::connected;
  }
  return o;
}

void campaign::go() {
  const auto limit = world_.circumstances().faults_end + patience;
  bool in_time = false;
  while (world_.now() < limit && world_.judging.breaches().size() < 5) {
    std::vector<sim_node*> ready;
    for (const auto& node : nodes_)
      if (node->runnable()) ready.push_back(node.get());
    if (!ready.empty()) {
      auto& node = *ready[world_.random.below(ready.size())];
      node.step();
      after_step(node);
      continue;
    }
    if (world_.faults_over() && world_.judging.all_done() && !provider_.calls_go_on()) {
      in_time = true;
      steps_to_end_ = steps_;
      break;
    }
    if (!advance()) break;
  }
  if (!world_.judging.breaches().empty()) return;
  std::string still_open;
  static_cast<void>(world_.judging.all_done(&still_open));
  if (in_time) quiet_end();
  world_.judging.closing(in_time, still_open);
}

/// To the next instant at which something happens. False when nothing ever will.
bool campaign::advance() {
  auto next = world_.next_event();
  for (const auto& node : nodes_)
    if (const auto timer = node->next_timer(); timer && (!next || *timer < *next)) next = timer;
  if (!next) return false;
  world_.set_now(std::max(*next, world_.now()));
  for (const auto& node : nodes_)
    if (!node->paused()) node->catch_up();
  while (world_.next_event() && *world_.next_event() <= world_.now()) world_.happen();
  check_housekeeping();
  return true;
}

void campaign::after_step(sim_node& node) {
  ++steps_;
  const auto& w = world_.circumstances();
  if (w.kill_at_step != 0 && steps_ == w.kill_at_step) return kill(&node, fault::node_killed_mid_dispatch);
  if (kill_after_steps_ && --*kill_after_steps_ == 0) {
    kill_after_steps_.reset();
    return kill(&node, fault::node_killed_mid_dispatch);
  }
  if (!node.knows_it_lost()) return;
  // The process ends as soon as somebody gets round to it.
  auto [left, fresh] = last_steps_.try_emplace(node.number(), static_cast<int>(world_.random.between(1, 40)));
  if (--left->second <= 0) kill(&node, fault::count_);
}

/// Also while a campaign runs: no more wheel entries than jobs, no more jobs than calls that are not closed.
void campaign::check_housekeeping() {
  for (const auto& node : nodes_) {
    if (node->paused() || !node->owns_something()) continue;
    const auto& counts = *node->inside().counts;
    std::int64_t open = 0;
    for (const auto& [id, job] : rows_->jobs) open += job.view.job.phase != job_phase::closed;
    const std::int64_t jobs = counts.jobs;
    auto& since = untidy_since_[node->number()];
    if (counts.wheel_entries <= jobs && jobs <= open) {
      since.reset();
      continue;
    }
    if (!since) since = world_.now();
    // A close whose answer is lost, or a follow-up by hand beside one that still waits, may leave a job behind for a
    // while.
    if (world_.now() - *since < milliseconds{200'000}) continue;
    world_.judging.complain(promise::nothing_is_left_behind,
                            std::to_string(counts.wheel_entries) + " wheel entries for " + std::to_string(jobs) +
                                " call_job actors for " + std::to_string(open) + " calls that are not closed");
  }
}

/// Everything that belonged to the campaign must be gone, and stay gone.
void campaign::quiet_end() {
  closing_ = true;
  const auto until = world_.now() + minutes{3};
  while (world_.now() < until) {
    bool any = false;
    for (const auto& node : nodes_)
      while (node->runnable()) node->step(), any = true;
    if (!any && !advance()) break;
  }
  auto& judging = world_.judging;
  for (const auto& node : nodes_) {
    if (node->paused()) continue;
    const auto& counts = *node->inside().counts;
    const auto left = [&](const char* what, std::int64_t n) {
      if (n != 0)
        judging.complain(promise::nothing_is_left_behind, std::to_string(n) + " " + what + " are left behind");
    };
    left("call_job actors", counts.jobs);
    left("follow_up actors", counts.follow_ups);
    left("call_task actors", counts.tasks);
    left("wheel entries", counts.wheel_entries);
    left("actors", static_cast<std::int64_t>(node->actors()) - static_cast<std::int64_t>(node->actors_at_rest()));
    for (const auto& timer : node->timers())
      judging.complain(promise::nothing_is_left_behind, "a timer is armed for " + timer);
  }
}

outcome run_cluster_seed(std::uint64_t seed) {
  walk_random random(seed ^ 0xc1005ULL);
  return campaign(seed, draw_cluster_weather(random)).run();
}

outcome run_seed(std::uint64_t seed) {
  walk_random random(seed ^ 0x5eedULL);
  return campaign(seed, draw_weather(random)).run();
}

}  // namespace waihu::simulation
