#include "app/node.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "actors/analyst_actor.hpp"
#include "actors/cluster_keeper_actor.hpp"
#include "actors/directory_actors.hpp"
#include "actors/engine.hpp"
#include "actors/event_hub_actor.hpp"
#include "actors/event_tail_actor.hpp"
#include "actors/execution_runs_actor.hpp"
#include "actors/failpoint.hpp"
#include "actors/guardian_actor.hpp"
#include "actors/http_gateway_actor.hpp"
#include "actors/lease_keeper_actor.hpp"
#include "actors/provider_gateway_actor.hpp"
#include "actors/pulse_actor.hpp"
#include "actors/store_actors.hpp"
#include "actors/supervisor_actor.hpp"
#include "app/actor_backend.hpp"
#include "app/node_watch.hpp"
#include "cluster/certificates.hpp"
#include "cluster/peer_door_actor.hpp"
#include "cluster/peer_links_actor.hpp"
#include "cluster/peer_transport.hpp"
#include "http/admin_server.hpp"
#include "http/http_server.hpp"
#include "http/zone_clock.hpp"
#include "persistence/migrate.hpp"
#include "persistence/postgres_store.hpp"
#include "persistence/postgres_task_listener.hpp"
#include "provider/openai_model.hpp"
#include "provider/outboundbot_client.hpp"
#include "provider/rules_analyst.hpp"
#include "telemetry/log.hpp"
#include "web/console_files.hpp"

namespace waihu {

namespace {

using telemetry::log_event;
using telemetry::log_level;

constexpr std::chrono::seconds store_retry{5};

/// A certificate that runs out sooner is complained of at the start.
constexpr std::chrono::hours soon_over{24 * 14};

struct system_config : caf::actor_system_config {
  explicit system_config(const config::node_options& options, const config::cluster_options& links) {
    // Work stealing breaks down with deep run queues (docs/architecture.md); this is not an operator's choice.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-throughput", 100u);
    const auto threads = options.worker_threads > 0 ? static_cast<unsigned>(options.worker_threads)
                                                    : std::max(1U, std::thread::hardware_concurrency());
    set("scheduler.max-threads", static_cast<std::size_t>(threads));
    set("logger.verbosity", caf::atom("quiet"));
    if (links.enabled) cluster::set_up_links(*this, links);
  }
};

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? std::string(name) : std::string("node");
}

/// 32 hexadecimal digits that no other process draws.
std::string fresh_name() {
  std::random_device source;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name(32, '0');
  for (auto& digit : name) digit = digits[source() & 15U];
  return name;
}

std::int64_t steady_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Waits in small steps, so that a stop is heard.
bool pause(std::chrono::milliseconds how_long, const std::function<bool()>& stop_wanted) {
  std::mutex guard;
  std::condition_variable never;
  const auto until = std::chrono::steady_clock::now() + how_long;
  std::unique_lock lock(guard);
  while (std::chrono::steady_clock::now() < until) {
    if (stop_wanted()) return false;
    never.wait_for(lock, std::chrono::milliseconds(100));
  }
  return !stop_wanted();
}

}  // namespace

struct node::implementation {
  config::options options;
  std::function<void(exit_code)> on_fatal;
  std::once_flag fatal_once;

  boost::asio::io_context io;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> io_work;
  std::vector<std::thread> io_threads;

  std::unique_ptr<system_config> system_options;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<engine> eng;
  http_gateway gateway;
  lease_keeper keeper;       ///< Of a node that runs alone.
  cluster_keeper tender;     ///< Of a node of a cluster.
  event_tail tail;           ///< The same.
  std::string incarnation;   ///< Of this process among those of its name.
  std::string peer_address;  ///< Where other nodes reach this one; empty where it runs alone.
  std::shared_ptr<cluster::door_inside> door_inside{std::make_shared<cluster::door_inside>()};
  cluster::peer_door door;  ///< What other nodes ask.
  http_gateway for_others;  ///< What answers them.
  cluster::greeted_links links;
  std::unique_ptr<store> keeper_session;
  std::chrono::steady_clock::time_point store_give_up;  ///< How long a start waits for the store.
  std::int64_t asked_ms{};                              ///< When `insist` asked last.
  /// Of a node of a cluster: the store's clock less the monotonic one, ms; 0 = not known.
  std::shared_ptr<std::atomic<std::int64_t>> store_ahead{std::make_shared<std::atomic<std::int64_t>>(0)};

  /// The time of day: the store's where it is known, which no jump of this machine's clock moves.
  std::function<wall_time()> clock_of_day() const {
    return [ahead = store_ahead] {
      const auto ms = ahead->load(std::memory_order_relaxed);
      return ms == 0 ? wall_now() : from_epoch_ms(ms + steady_ms());
    };
  }
  caf::actor guardian;
  pulse beat;
  std::unique_ptr<postgres_task_listener> store_listener;
  std::shared_ptr<actor_backend> inside;
  std::unique_ptr<http::http_server> listener;
  std::shared_ptr<voice_provider> provider;
  std::shared_ptr<language_model> model;
  node_watch watch;
  std::unique_ptr<http::admin_server> admin;
  std::uint16_t port{};
  std::atomic<bool> is_listening{false};
  bool stopped{};

  void fatal(exit_code code) {
    std::call_once(fatal_once, [&] { on_fatal(code); });
  }

  /// Waits for the store and brings its schema up to date.
  std::optional<start_failure> prepare_store(std::chrono::seconds wait, const std::function<bool()>& stop_wanted) {
    store_give_up = std::chrono::steady_clock::now() + wait;
    for (;;) {
      const auto migrated = migrate(options.store);
      if (migrated) {
        if (*migrated > 0) log_event(log_level::info, "store", "store.migrated", {{"applied", *migrated}});
        break;
      }
      const auto& why = migrated.error();
      if (why.code == errc::conflict) return start_failure{exit_code::schema_unusable, why.message};
      if (!is_transient(why.code)) return start_failure{exit_code::schema_unusable, why.message};
      if (std::chrono::steady_clock::now() >= store_give_up)
        return start_failure{exit_code::store_unreachable, "no store within --wait-store: " + why.message};
      log_event(log_level::warn, "store", "store.waiting", {{"reason", why.message}},
                "the store cannot be used yet, trying again in 5 s");
      if (!pause(store_retry, stop_wanted)) return start_failure{exit_code::ok, "stopped while waiting for the store"};
    }
    const auto status = check_schema(options.store);
    if (status && status->fsync_off)
      log_event(log_level::warn, "store", "store.fsync_off", {},
                "the database runs with fsync off: a power cut may lose acknowledged work; for tests only");
    return std::nullopt;
  }

  /// Asks for what nobody else may have, again while the store is away (until `store_give_up`) and, for `patience`,
  /// while somebody has it. When the store was away it may still take this process's former session for somebody.
  template <class Query>
  tl::expected<typename Query::answer_type, start_failure> insist(store& session, const Query& wanted,
                                                                  milliseconds patience,
                                                                  const std::function<bool()>& stop_wanted) {
    auto taken_give_up = std::chrono::steady_clock::now() + patience;
    for (;;) {
      asked_ms = steady_ms();
      auto answer = session.run(wanted);
      if (answer) return std::move(*answer);
      const auto& why = answer.error();
      const auto now = std::chrono::steady_clock::now();
      const bool is_taken = why.code == errc::conflict;
      const bool is_away = is_transient(why.code);
      if (is_away) taken_give_up = std::max(taken_give_up, now + options.node.lease_time + store_retry);
      if (is_taken ? now >= taken_give_up : !is_away || now >= store_give_up)
        return tl::unexpected(
            start_failure{is_taken ? exit_code::store_in_use : exit_code::store_unreachable, why.message});
      log_event(log_level::warn, is_taken ? "cluster" : "store", is_taken ? "cluster.join_refused" : "store.waiting",
                {{"node", eng->node}, {"reason", why.message}}, "trying again");
      if (!pause(std::chrono::milliseconds(500), stop_wanted))
        return tl::unexpected(start_failure{exit_code::ok, "stopped while waiting for the store"});
    }
  }

  std::optional<start_failure> claim(const store_factory& sessions, const std::function<bool()>& stop_wanted) {
    auto session = sessions();
    const query::claim_shards wanted{eng->node, host_name() + ":" + std::to_string(::getpid())};
    const auto epoch = insist(*session, wanted, milliseconds{0}, stop_wanted);
    if (!epoch) return epoch.error();
    watch.claim_good_until->store(asked_ms + options.node.lease_time.count());
    eng->shards->set_all(*epoch);
    watch.epoch = static_cast<std::int64_t>(*epoch);
    eng->counts->claim_heard.note(false, std::chrono::steady_clock::now());
    log_event(log_level::info, "lease", "lease.claimed", {{"node", eng->node}, {"epoch", *epoch}});
    lease_keeper_options keeping;
    keeping.node = eng->node;
    keeping.epoch = *epoch;
    keeping.renew_every = options.node.lease_renew;
    keeping.lease_time = options.node.lease_time;
    keeping.good_until_ms = watch.claim_good_until;
    keeping.counts = eng->counts;
    keeping.on_lost = [this](const std::string&) { fatal(exit_code::ownership_lost); };
    keeper = spawn_lease_keeper(*system, std::move(session), std::move(keeping));
    return std::nullopt;
  }

  /// Before the actor system is made: of files that cannot be used CAF says nothing until it is too late.
  std::optional<start_failure> check_identity() {
    const auto good_until = cluster::check_certificates(options.cluster);
    if (!good_until) return start_failure{exit_code::usage, good_until.error().message};
    if (*good_until - wall_now() < soon_over)
      log_event(log_level::warn, "cluster", "cluster.certificate_ends",
                {{"file", options.cluster.certificate},
                 {"hours_left", std::chrono::duration_cast<std::chrono::hours>(*good_until - wall_now()).count()}},
                "no link can be made after that; replace it and start this node anew");
    return std::nullopt;
  }

  /// The port is known before this node enters itself; who answers behind it comes later.
  std::optional<start_failure> open_door() {
    door = cluster::spawn_peer_door(*system, door_inside);
    const auto bound = cluster::open_door(door, options.cluster);
    if (!bound) return start_failure{exit_code::cannot_listen, bound.error().message};
    peer_address = cluster::peer_address(options.cluster, *bound);
    log_event(log_level::info, "cluster", "cluster.listening",
              {{"node", eng->node}, {"address", options.cluster.listen_address}, {"port", *bound}});
    return std::nullopt;
  }

  void spawn_links() {
    cluster::peer_links_options linking;
    linking.node = eng->node;
    linking.cluster = options.cluster;
    linking.lease_time = options.node.lease_time;
    linking.door = door;
    linking.members = [board = eng->cluster] { return board->look(); };
    linking.counts = watch.peers;
    links = cluster::spawn_peer_links(*system, std::move(linking));
    eng->peers = links;
    for_others = spawn_http_gateway(*system, eng, gateway_reach::this_node);
  }

  /// Enters this node among those that share the store. A former process of its name may still be on its way out.
  std::optional<start_failure> join(const store_factory& sessions, const std::function<bool()>& stop_wanted) {
    query::join_cluster entry;
    entry.node = eng->node;
    entry.incarnation = incarnation = fresh_name();
    entry.address = host_name() + ":" + std::to_string(::getpid());
    entry.peer_address = peer_address;
    entry.version = WAIHU_VERSION;
    auto session = sessions();
    const auto joined = insist(*session, entry, options.node.lease_time + store_retry, stop_wanted);
    if (!joined) return joined.error();
    log_event(log_level::info, "cluster", "cluster.joined", {{"node", eng->node}, {"members", joined->members.size()}});
    eng->cluster->show(std::make_shared<const cluster_view>(*joined));
    store_ahead->store(to_epoch_ms(joined->at) - steady_ms());
    keeper_session = std::move(session);
    return std::nullopt;
  }

  void spawn_keeper() {
    cluster_keeper_options keeping;
    keeping.node = eng->node;
    keeping.incarnation = incarnation;
    keeping.renew_every = options.node.lease_renew;
    keeping.lease_time = options.node.lease_time;
    keeping.drain_timeout = options.node.drain_timeout;
    keeping.clock_tolerance = options.cluster.clock_tolerance;
    keeping.moves_at_once = static_cast<std::size_t>(options.cluster.moves_at_once);
    keeping.good_until_ms = watch.claim_good_until;
    keeping.store_ahead_ms = store_ahead;
    keeping.on_lost = [this](const std::string&) { fatal(exit_code::ownership_lost); };
    tender = spawn_cluster_keeper(*system, eng, std::move(keeper_session), std::move(keeping));
  }

  std::optional<start_failure> make_clients() {
    signing_sources sources;
    sources.now_seconds = [now = clock_of_day()] { return to_epoch_ms(now()) / 1000; };
    sources.may_write = [good = watch.claim_good_until] { return steady_ms() < good->load(); };
    auto client = make_outboundbot_client(io, options.provider, std::move(sources));
    if (!client) return start_failure{exit_code::provider_unusable, client.error().message};
    provider = *client;
    if (options.analyst.kind == "rules") {
      model = make_rules_analyst();
      return std::nullopt;
    }
    auto remote = make_openai_model(io, options.analyst);
    if (!remote) return start_failure{exit_code::provider_unusable, remote.error().message};
    model = *remote;
    return std::nullopt;
  }

  void spawn_actors(const store_factory& sessions) {
    store_actor_options sizes;
    sizes.queue_limit = static_cast<std::size_t>(options.store.queue_limit);
    sizes.read_queue_limit = static_cast<std::size_t>(options.store.read_queue_limit);
    sizes.commit_max_changes = static_cast<std::size_t>(options.store.commit_max_changes);
    sizes.readers = static_cast<std::size_t>(options.store.readers);
    const worker_spawner workers = [this, sessions] { return spawn_store_worker(*system, sessions, eng->stamps); };
    eng->reader = spawn_store_reader(*system, sizes, workers, eng->counts);
    eng->hub = spawn_event_hub(*system, eng->counts);
    // In a cluster the events of all nodes come through the tail, in the order of their ids.
    const bool is_clustered = options.cluster.enabled;
    eng->writer = spawn_store_writer(*system, sizes, workers,
                                     is_clustered ? nullptr : std::make_shared<event_hub>(eng->hub), eng->counts);
    eng->gateway = spawn_provider_gateway(*system, provider, options.provider, eng->seed, eng->counts,
                                          [good = watch.claim_good_until] { return steady_ms() < good->load(); });
    eng->model = spawn_analyst(*system, model, options.analyst, eng->counts);
    eng->gate = spawn_dispatch_gate(*system, options.dispatch, eng->counts,
                                    is_clustered ? gate_sharing{eng, incarnation} : gate_sharing{});
    eng->tasks = spawn_registry(*system);
    eng->overseer = spawn_supervisor(*system, eng);
    eng->runs = spawn_execution_runs(*system, eng);
    if (is_clustered) spawn_links();
    gateway = spawn_http_gateway(*system, eng);
    beat = spawn_pulse(*system, eng->counts);
    if (is_clustered) {
      tail = spawn_event_tail(*system, eng);
      spawn_keeper();
      door_inside->set(for_others, links);
    }
    guard();
  }

  /// Without any one of these the node would look alive and do nothing.
  void guard() {
    const auto watched = [](const char* name, const auto& handle) {
      return guarded_actor(name, caf::actor_cast<caf::strong_actor_ptr>(handle));
    };
    const auto ours = options.cluster.enabled ? watched("cluster keeper", tender) : watched("lease keeper", keeper);
    std::vector<guarded_actor> parts{watched("store reader", eng->reader),
                                     watched("store writer", eng->writer),
                                     watched("event hub", eng->hub),
                                     watched("provider gateway", eng->gateway),
                                     watched("analyst", eng->model),
                                     watched("dispatch gate", eng->gate),
                                     watched("registry", eng->tasks),
                                     watched("supervisor", eng->overseer),
                                     watched("execution runs", eng->runs),
                                     watched("http gateway", gateway),
                                     ours,
                                     watched("pulse", beat)};
    if (options.cluster.enabled) {
      parts.push_back(watched("peer links", links));
      parts.push_back(watched("peer door", door));
      parts.push_back(watched("gateway for other nodes", for_others));
    }
    guardian = spawn_guardian(*system, std::move(parts), [this](const std::string& name, const std::string& why) {
      log_event(log_level::error, "engine", "engine.part_gone", {{"part", name}, {"reason", why}});
      fatal(exit_code::engine_failed);
    });
  }

  void listen_to_store() {
    const auto overseer = eng->overseer;
    task_listener_callbacks callbacks;
    callbacks.changed = [overseer](std::vector<task_id> tasks) {
      caf::anon_send(overseer, changed_atom::value, std::make_shared<const std::vector<task_id>>(std::move(tasks)));
    };
    callbacks.missed = [overseer] { caf::anon_send(overseer, sweep_atom::value); };
    if (tender) callbacks.cluster = [keeper = tender] { caf::anon_send(keeper, tend_atom::value); };
    store_listener = std::make_unique<postgres_task_listener>(options.store, std::move(callbacks));
  }

  /// The first to be there and the last to go: it tells also that the node is starting or stopping.
  std::optional<start_failure> open_admin() {
    watch.limits.store_silence = options.node.lease_time;
    watch.limits.look_lateness = options.admin.ready_max_lateness;
    watch.limits.unserved_memory =
        2 * std::max(options.job.look_interval, options.job.queued_look_interval) +
        options.provider.read_tries * (options.provider.read_deadline + options.provider.retry_max);
    http::admin_pages pages;
    pages.metrics = [this] { return watch.metrics(); };
    pages.ready = [this] {
      const auto now = watch.ready();
      return http::readiness_page{now.is_ready(), now.json()};
    };
    admin = std::make_unique<http::admin_server>(options.admin, options.http, std::move(pages));
    const auto bound = admin->start();
    if (!bound) return start_failure{exit_code::cannot_listen, bound.error().message};
    return std::nullopt;
  }

  std::optional<start_failure> listen() {
    // Requests are limited where they are taken; twice as many questions leave room for those nobody waits for any
    // more.
    inside =
        std::make_shared<actor_backend>(gateway, eng->reader, eng->board, eng->stamps, 2 * options.http.max_outstanding,
                                        options.cluster.enabled ? eng->shards : nullptr);
    http::server_options server;
    server.http = options.http;
    server.auth = options.auth;
    server.time_zone = options.node.time_zone;
    server.cases = options.cases;
    server.instance_id = options.provider.instance_id;
    server.settings = config::presence_of(options);
    server.counts = watch.traffic;
    server.console = console_files();
    listener = std::make_unique<http::http_server>(io, std::move(server), inside, clock_of_day());
    const auto bound = listener->start();
    if (!bound) return start_failure{exit_code::cannot_listen, bound.error().message};
    port = *bound;
    is_listening = true;
    return std::nullopt;
  }

  template <class Handle>
  void drain(const Handle& handle, std::chrono::milliseconds limit) {
    if (!handle) return;
    caf::scoped_actor self{*system};
    self->request(handle, limit, drain_atom::value).receive([](bool) {}, [](caf::error&) {});
  }

  /// Only asks it to end: the handles in `eng` are read by actors that still run and are never changed.
  template <class Handle>
  static void end(const Handle& handle) {
    if (handle) caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
  }

  void stop() {
    if (std::exchange(stopped, true)) return;
    watch.life = node_life::stopping;
    const auto limit = options.node.drain_timeout;
    end(guardian);  // from here on parts end because they are told to
    // Of a cluster: questions are answered until others have taken over what was ours.
    if (system && tender) drain(tender, limit);
    if (listener) listener->stop(limit / 5);
    store_listener.reset();
    if (system) {
      drain(eng->overseer, limit / 2);
      drain(eng->writer, limit / 5);
      drain(keeper, limit / 5);
      if (inside) inside->close();
      door_inside->set({}, {});
      end(door);
      end(for_others);
      end(links);
      end(gateway);
      end(eng->runs);
      end(eng->overseer);
      end(eng->tasks);
      end(eng->gate);
      end(eng->model);
      end(eng->gateway);
      end(eng->writer);
      end(eng->hub);
      end(eng->reader);
      end(keeper);
      end(tender);
      end(tail);
      end(beat);
      beat = nullptr;
      gateway = nullptr;
      door = nullptr;
      for_others = nullptr;
      links = nullptr;
      keeper = nullptr;
      tender = nullptr;
      tail = nullptr;
      guardian = nullptr;
    }
    io_work.reset();
    io.stop();
    for (auto& thread : io_threads) thread.join();
    io_threads.clear();
    listener.reset();
    inside.reset();
    provider.reset();
    model.reset();
    eng.reset();
    system.reset();
    admin.reset();
  }
};

node::node(config::options options, std::function<void(exit_code)> on_fatal)
    : implementation_(std::make_unique<implementation>()) {
  implementation_->options = std::move(options);
  implementation_->on_fatal = std::move(on_fatal);
}

node::~node() { stop(); }

std::optional<start_failure> node::start(std::chrono::seconds wait_store, const std::function<bool()>& stop_wanted) {
  auto& n = *implementation_;
  if (auto failed = n.open_admin()) return failed;
  if (auto failed = n.prepare_store(wait_store, stop_wanted)) return failed;
  failpoint("store_prepared");
  if (n.options.cluster.enabled)
    if (auto failed = n.check_identity()) return failed;
  n.system_options = std::make_unique<system_config>(n.options.node, n.options.cluster);
  n.system = std::make_unique<caf::actor_system>(*n.system_options);
  n.eng = std::make_shared<engine>();
  n.eng->options = n.options;
  n.eng->counts = n.watch.engine;
  n.eng->shards = n.watch.shards;
  const auto& limits = n.options.dispatch;
  n.eng->leaving =
      std::make_shared<departures>(limits.organization_calls_per_s, limits.account_calls_per_s,
                                   n.options.cluster.enabled, std::chrono::steady_clock::now() + departure_window);
  n.eng->node = n.options.node.name.empty() ? host_name() : n.options.node.name;
  n.eng->seed = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  n.eng->now = n.clock_of_day();
  n.eng->on_ownership_lost = [&n](const std::string& why) {
    if (n.options.cluster.enabled) {
      // A single shard has gone to another node; its task's actor stops by itself.
      telemetry::log_repeated(log_level::warn, "lease", "lease.stale_write_refused", "", {{"reason", why}});
      if (n.tender) caf::anon_send(n.tender, tend_atom::value);
      return;
    }
    telemetry::log_repeated(log_level::error, "lease", "lease.write_refused", "", {{"reason", why}});
    n.fatal(exit_code::ownership_lost);
  };
  const auto local = http::zone_clock::in(n.options.node.time_zone);
  if (!local) return start_failure{exit_code::usage, local.error().message};
  n.eng->utc_offset_minutes = [local = *local, utc = *http::zone_clock::in("UTC")](wall_time at) {
    // The local clock's reading, taken for UTC, is ahead of the instant by the offset.
    const auto shown = utc.parse(local.format(at));
    return shown ? static_cast<int>(std::chrono::round<minutes>(shown->at - at).count()) : 480;
  };
  if (n.options.cluster.enabled)
    if (auto failed = n.open_door()) return failed;
  const auto sessions = make_postgres_store_factory(n.options.store, n.options.node.lease_time);
  if (auto failed = n.options.cluster.enabled ? n.join(sessions, stop_wanted) : n.claim(sessions, stop_wanted))
    return failed;
  if (auto failed = n.make_clients()) return failed;
  n.io_work.emplace(boost::asio::make_work_guard(n.io));
  for (int i = 0; i < std::max(1, n.options.http.io_threads); ++i) n.io_threads.emplace_back([&n] { n.io.run(); });
  n.spawn_actors(sessions);
  n.listen_to_store();
  auto failed = n.listen();
  if (!failed) n.watch.life = node_life::running;
  return failed;
}

std::uint16_t node::port() const noexcept { return implementation_->port; }

result<void> node::reload_identity() {
  if (!implementation_->is_listening) return {};
  return implementation_->listener->reload_identity();
}

void node::stop() { implementation_->stop(); }

}  // namespace waihu
