#include "tests/simulation/sim_node.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "actors/analyst_actor.hpp"
#include "actors/cluster_keeper_actor.hpp"
#include "actors/directory_actors.hpp"
#include "actors/event_hub_actor.hpp"
#include "actors/execution_runs_actor.hpp"
#include "actors/guardian_actor.hpp"
#include "actors/http_gateway_actor.hpp"
#include "actors/provider_gateway_actor.hpp"
#include "actors/supervisor_actor.hpp"

namespace waihu::simulation {

namespace {

/// The monotonic clock of every node reads this when the world begins.
constexpr std::chrono::hours clock_begin{1};

}  // namespace

caf::scheduler::test_coordinator& sim_node::sched() const {
  return static_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

sim_node::sim_node(surroundings& around, int number, std::string name)
    : around_(around), number_(number), name_(std::move(name)), store_(std::make_shared<store_link>(around.here)) {
  auto& here = around_.here;
  store_->set_outage(around_.store_outage);
  if (!store_->reachable() || !(is_clustered() ? join() : claim())) return;
  claimed_ = true;
  system_ = std::make_unique<caf::actor_system>(system_options_);
  clock().current_time = caf::actor_clock::time_point{clock_begin} + here.now();
  eng_ = std::make_shared<engine>();
  eng_->options = around_.options;
  eng_->node = name_;
  const auto& limits = around_.options.dispatch;
  eng_->leaving = std::make_shared<departures>(limits.organization_calls_per_s, limits.account_calls_per_s,
                                               is_clustered(), clock().now() + departure_window);
  if (!is_clustered()) eng_->shards->set_all(epoch_);
  eng_->seed = static_cast<std::uint64_t>(here.random.between(1, 1'000'000));
  if (here.circumstances().wrong_clocks && here.random.one_in(2)) {
    here.count(fault::clock_jumped);
    skew_ = here.random.one_in(2) ? std::chrono::hours{1} : std::chrono::hours{-1};
  }
  eng_->now = [this] { return read_clock(); };
  eng_->on_ownership_lost = [this](const std::string&) {
    if (!is_clustered()) lost_ = true;
    else if (keeper_) caf::anon_send(keeper_, tend_atom::value);
  };
  spawn_actors();
  settle();
  at_rest_ = actors();
}

bool sim_node::claim() {
  claim_session_ = make_memory_store(around_.here.rows);
  const auto epoch = claim_session_->run(query::claim_shards{name_, "simulated"});
  if (!epoch) return false;
  epoch_ = *epoch;
  good_until_ = around_.here.now() + around_.options.node.lease_time;
  return true;
}

bool sim_node::join() {
  incarnation_ = "process " + std::to_string(number_);
  claim_session_ = make_keeper_session(around_.here, store_);
  query::join_cluster entry;
  entry.node = name_;
  entry.incarnation = incarnation_;
  entry.address = "simulated";
  return claim_session_->run(entry).has_value();
}

void sim_node::spawn_keeper() {
  cluster_keeper_options keeping;
  keeping.node = name_;
  keeping.incarnation = incarnation_;
  keeping.renew_every = around_.options.node.lease_renew;
  keeping.lease_time = around_.options.node.lease_time;
  keeping.moves_at_once = 64;
  keeping.is_detached = false;
  keeping.good_until_ms = leases_until_ms_;
  keeping.on_lost = [this](const std::string&) { lost_ = true; };
  keeper_ = spawn_cluster_keeper(*system_, eng_, std::move(claim_session_), std::move(keeping));
}

bool sim_node::may_send() const {
  if (!is_clustered()) return around_.here.now() < good_until_;
  const auto now = std::chrono::duration_cast<milliseconds>((clock_begin + around_.here.now()));
  return now.count() < leases_until_ms_->load();
}

bool sim_node::owns_something() const {
  const auto& shards = around_.here.rows->shards;
  return std::any_of(shards.begin(), shards.end(), [this](const auto& shard) { return shard.node == name_; });
}

void sim_node::spawn_actors() {
  auto& here = around_.here;
  answers_ = std::make_shared<mailbag>(here);
  provider_ = std::make_shared<provider_link>(here, around_.provider, answers_);
  provider_->set_outage(around_.provider_outage);
  provider_->sender = name_;
  provider_->on_batch = [this] {
    if (on_dispatch_point) on_dispatch_point();
  };
  store_->on_commit = provider_->on_batch;
  const auto& options = around_.options;
  const worker_spawner workers = [this] { return spawn_sim_worker(*system_, store_); };
  eng_->reader = spawn_store_reader(*system_, {}, workers);
  eng_->hub = spawn_event_hub(*system_);
  eng_->writer = spawn_store_writer(*system_, {}, workers, std::make_shared<event_hub>(eng_->hub), eng_->counts);
  eng_->gateway = spawn_provider_gateway(*system_, provider_, options.provider, eng_->seed, eng_->counts,
                                         [this] { return may_send(); });
  eng_->model = spawn_analyst(*system_, std::make_shared<model_link>(here, answers_), options.analyst);
  eng_->gate = spawn_dispatch_gate(*system_, options.dispatch, eng_->counts,
                                   is_clustered() ? gate_sharing{eng_, incarnation_} : gate_sharing{});
  eng_->tasks = spawn_registry(*system_);
  eng_->overseer = spawn_supervisor(*system_, eng_);
  eng_->runs = spawn_execution_runs(*system_, eng_);
  door_ = spawn_http_gateway(*system_, eng_);
  if (is_clustered()) spawn_keeper();
  const auto guarded = [](const char* name, const auto& handle) {
    return guarded_actor(name, caf::actor_cast<caf::strong_actor_ptr>(handle));
  };
  guardian_ = spawn_guardian(
      *system_,
      {guarded("writer", eng_->writer), guarded("reader", eng_->reader), guarded("gateway", eng_->gateway),
       guarded("analyst", eng_->model), guarded("gate", eng_->gate), guarded("hub", eng_->hub),
       guarded("registry", eng_->tasks), guarded("supervisor", eng_->overseer), guarded("door", door_)},
      [&here](const std::string& name, const std::string& why) {
        here.judging.complain(promise::no_actor_fails_by_itself, "the " + name + " ended: " + why);
      });
}

void sim_node::settle() {
  while (!sched().jobs.empty()) step();
}

sim_node::~sim_node() {
  // From now on nobody hears it: what its actors say while they are taken down goes nowhere.
  store_->cut();
  if (answers_) answers_->burn();
  claim_session_.reset();
  if (!system_) return;
  on_dispatch_point = nullptr;
  throw_in_.clear();
  caf::anon_send_exit(guardian_, caf::exit_reason::user_shutdown);
  guardian_ = nullptr;
  keeper_ = nullptr;
  while (!sched().jobs.empty()) step();
  door_ = nullptr;
  auto eng = std::exchange(eng_, nullptr);
  const auto end = [](const auto& handle) { caf::anon_send_exit(handle, caf::exit_reason::kill); };
  end(eng->overseer), end(eng->tasks), end(eng->gate), end(eng->model), end(eng->gateway), end(eng->writer);
  end(eng->hub), end(eng->reader), end(eng->runs);
  eng.reset();
  for (;;) {
    while (!sched().jobs.empty()) step();
    bool more = false;
    for (auto it = known_.begin(); it != known_.end(); it = known_.erase(it))
      if (auto alive = caf::actor_cast<caf::actor>(it->second)) {
        caf::anon_send_exit(alive, caf::exit_reason::kill);
        more = true;
      }
    if (!more && sched().jobs.empty()) break;
  }
}

wall_time sim_node::read_clock() {
  if (!throw_in_.empty() && running_ == throw_in_) {
    throw_in_.clear();
    auto& here = around_.here;
    here.note("threw in " + running_);
    here.count(running_ == "call_task"  ? fault::task_threw
               : running_ == "call_job" ? fault::job_threw
                                        : fault::follow_up_threw);
    throw std::runtime_error("injected");
  }
  return around_.here.wall() + skew_;
}

void sim_node::step() {
  auto& jobs = sched().jobs;
  // A fair choice: mail of one actor keeps its order, but any actor may be next.
  const auto chosen = eng_ ? around_.here.random.below(jobs.size()) : 0;
  if (chosen != 0) std::swap(jobs[0], jobs[chosen]);
  if (auto* actor = dynamic_cast<caf::scheduled_actor*>(jobs.front())) {
    const auto id = actor->id();
    if (auto [entry, fresh] = known_.try_emplace(id); fresh)
      entry->second = caf::weak_actor_ptr{actor->ctrl()}, names_[id] = actor->name();
    running_ = names_[id];
    if (eng_) around_.here.note(running_, id * 64 + static_cast<std::uint64_t>(number_));
  }
  sched().try_run_once();
  running_.clear();
}

std::optional<sim_time> sim_node::next_timer() const {
  const auto& schedule = clock().schedule();
  if (paused_ || schedule.empty()) return std::nullopt;
  return std::chrono::ceil<milliseconds>(schedule.begin()->first.time_since_epoch() - clock_begin);
}

void sim_node::catch_up() {
  const auto target = caf::actor_clock::time_point{clock_begin} + around_.here.now();
  if (target >= clock().current_time) clock().advance_time(target - clock().current_time);
}

std::vector<std::string> sim_node::timers() const {
  using simple_clock = caf::detail::simple_actor_clock;
  static const std::set<std::string> beating{"supervisor", "provider_gateway", "analyst", "cluster_keeper",
                                             "dispatch_gate"};
  std::vector<std::string> armed;
  for (const auto& [due, event] : clock().schedule()) {
    if (event->subtype != simple_clock::actor_msg_type) continue;
    const auto& whose = static_cast<const simple_clock::actor_msg&>(*event).receiver;
    const auto known = whose ? names_.find(whose->id()) : names_.end();
    const auto name = known == names_.end() ? std::string("an unknown actor") : known->second;
    if (!beating.contains(name))
      armed.push_back(name + " in " + std::to_string((due - clock().current_time) / std::chrono::milliseconds{1}) +
                      " ms");
  }
  return armed;
}

bool sim_node::renew_claim() {
  if (!store_->reachable() || !claim_session_) {
    // A session that was broken is made anew; the store then says whose the claim is.
    if (!store_->reachable()) return true;
    claim_session_ = make_memory_store(around_.here.rows);
  }
  const auto kept = claim_session_->run(query::renew_claim{name_, epoch_});
  if (!kept) return false;
  good_until_ = around_.here.now() + around_.options.node.lease_time;
  return true;
}

void sim_node::drain() {
  if (is_clustered()) {
    system_->spawn([flag = drained_, keeper = keeper_](caf::event_based_actor* self) {
      self->request(keeper, std::chrono::seconds(60), drain_atom::value)
          .then([flag](bool) { *flag = true; }, [flag](caf::error&) { *flag = true; });
    });
    return;
  }
  system_->spawn([flag = drained_, overseer = eng_->overseer](caf::event_based_actor* self) {
    self->request(overseer, std::chrono::seconds(10), drain_atom::value)
        .then([flag](bool) { *flag = true; }, [flag](caf::error&) { *flag = true; });
  });
}

bool sim_node::crash_actor(const std::string& name) {
  std::vector<caf::actor> found;
  for (const auto& [id, weak] : known_)
    if (names_[id] == name)
      if (auto alive = caf::actor_cast<caf::actor>(weak)) found.push_back(alive);
  if (found.empty()) return false;
  const auto& victim = found[around_.here.random.below(found.size())];
  around_.here.note("crashed " + name, victim.id());
  if (name == "call_task") caf::anon_send_exit(victim, caf::exit_reason::unhandled_exception);
  else caf::anon_send(victim, follow_atom::value, follow_up_report{follow_up_news::crashed{"injected"}});
  return true;
}

}  // namespace waihu::simulation
