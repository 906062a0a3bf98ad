#include "app/node_watch.hpp"

#include <chrono>

#include "messages/model/gate.hpp"
#include "telemetry/exposition.hpp"
#include "telemetry/log.hpp"
#include "telemetry/process_figures.hpp"

namespace waihu {

namespace {

using telemetry::exposition;

constexpr std::array<std::string_view, 3> interest_words{"undecided", "interested", "not_interested"};

double in_seconds(std::int64_t ms) { return static_cast<double>(ms) / 1'000.0; }

void add_http(exposition& page, const http::traffic& traffic) {
  page.counter("waihu_http_requests_total", "Requests answered, by route pattern, method and status code.");
  traffic.each([&](const http::traffic::route_figures& route) {
    for (std::size_t i = 0; i < http::counted_codes.size(); ++i) {
      const auto code = http::counted_codes[i];
      // These are there from the beginning, so that the first of them is an increase; the others once they happened.
      const bool is_always = code == 200 || code == 500 || code == 503;
      if (!is_always && route.answers[i].load(std::memory_order_relaxed) == 0) continue;
      page.value(route.answers[i], {{"method", route.method},
                                    {"route", route.pattern},
                                    {"code", code == 0 ? std::string("other") : std::to_string(code)}});
    }
  });
  page.histogram("waihu_http_request_seconds",
                 "From a request's last byte until its answer was ready, by route pattern and method.");
  traffic.each([&](const http::traffic::route_figures& route) {
    page.value(route.seconds, {{"method", route.method}, {"route", route.pattern}});
  });
  page.gauge("waihu_http_connections", "Connections of the public listener.").value(traffic.connections);
  page.counter("waihu_http_connections_refused_total", "Connections refused because there were too many.")
      .value(traffic.refused_connections);
  page.gauge("waihu_http_event_streams", "Open streams of live events.").value(traffic.event_streams);
  page.gauge("waihu_http_outstanding", "Questions of requests inside the daemon.").value(traffic.outstanding);
}

void add_calls(exposition& page, const engine_counts& counts) {
  page.gauge("waihu_actors", "Live actors, by kind.")
      .value(counts.tasks, {{"kind", "task"}})
      .value(counts.jobs, {{"kind", "job"}})
      .value(counts.follow_ups, {{"kind", "follow_up"}});
  page.gauge("waihu_timers", "Jobs that wait to be woken.").value(counts.wheel_entries);
  page.counter("waihu_calls_ended_total", "Calls whose end was stored, by outcome.");
  for (std::size_t i = 1; i < counts.calls_ended.size(); ++i)
    page.value(counts.calls_ended[i], {{"outcome", to_string(static_cast<job_outcome>(i))}});
  page.counter("waihu_calls_parked_total", "Calls parked because nothing was learnt of them, by reason.");
  for (std::size_t i = 1; i < counts.calls_parked.size(); ++i)
    page.value(counts.calls_parked[i], {{"reason", to_string(static_cast<parked_reason>(i))}});
  page.counter("waihu_calls_late_reports_total", "Reports on calls that had ended before; dropped.")
      .value(counts.late_reports);
  page.counter("waihu_follow_ups_total", "Follow-ups stored, by interest.");
  for (std::size_t i = 0; i < interest_words.size(); ++i)
    page.value(counts.follow_ups_written[i], {{"interest", interest_words[i]}});
  page.counter("waihu_actor_crashes_total", "Actors ended by a defect, by kind; each is restarted.")
      .value(counts.task_crashes, {{"kind", "task"}})
      .value(counts.job_crashes, {{"kind", "job"}});
  page.counter("waihu_tasks_quarantined_total", "Tasks that crashed too often and are left alone until a restart.")
      .value(counts.task_quarantines);
}

void add_looks(exposition& page, const engine_counts& counts, milliseconds overdue) {
  page.counter("waihu_looks_total", "Looks at calls that were asked for.").value(counts.looks);
  page.counter("waihu_looks_answered_total",
               "Looks that are over, by result; one that several asked for is counted once.")
      .values(counts.look_answers);
  page.histogram("waihu_look_lateness_seconds", "From when a look was due until it left for the provider.")
      .value(counts.look_lateness);
  page.gauge("waihu_looks_overdue_seconds", "Age of the oldest look that is due and not answered by the provider.")
      .value(in_seconds(overdue.count()));
}

void add_dispatch(exposition& page, const engine_counts& counts) {
  page.counter("waihu_dispatch_granted_total", "Calls that the dispatch gate let go.").value(counts.gate_grants);
  page.counter("waihu_dispatch_held_back_total", "Answers of the dispatch gate that granted less than was wanted.");
  for (std::size_t i = 1; i < counts.gate_answers.size(); ++i)
    page.value(counts.gate_answers[i], {{"reason", to_string(static_cast<gate_reason>(i))}});
  page.gauge("waihu_dispatch_at_provider", "Calls at the provider or on their way.").value(counts.at_provider);
  page.counter("waihu_dispatch_reconciliations_total",
               "Readings of a whole job group because a batch's fate was in doubt.")
      .value(counts.reconciliations);
}

void add_provider(exposition& page, const engine_counts& counts) {
  page.counter("waihu_provider_calls_total", "Calls to the provider that are over, by operation and result.");
  for (std::size_t i = 0; i < provider_operations.size(); ++i)
    page.values(counts.provider[i].results, {{"operation", provider_operations[i]}});
  page.histogram("waihu_provider_call_seconds", "Time of calls to the provider, by operation.");
  for (std::size_t i = 0; i < provider_operations.size(); ++i)
    page.value(counts.provider[i].seconds, {{"operation", provider_operations[i]}});
  page.counter("waihu_provider_calls_unsent_total", "Calls answered without having been sent, by reason.");
  for (std::size_t i = 0; i < unsent_words.size(); ++i)
    page.value(counts.provider_unsent[i], {{"reason", unsent_words[i]}});
  page.gauge("waihu_provider_queue", "Calls that wait for their turn at the provider.").value(counts.provider_waiting);
  page.gauge("waihu_provider_in_flight", "Calls to the provider under way.").value(counts.provider_in_flight);
  page.gauge("waihu_provider_breaker_state", "1 for the state of the circuit breaker, 0 for the others.");
  constexpr std::array<std::string_view, 3> states{"closed", "half_open", "open"};
  const auto stands = static_cast<std::size_t>(counts.breaker.load());
  for (std::size_t i = 0; i < states.size(); ++i) page.value(i == stands ? 1 : 0, {{"state", states[i]}});
  page.counter("waihu_provider_breaker_openings_total", "Times that the circuit breaker opened.")
      .value(counts.breaker_openings);
}

void add_analyst(exposition& page, const engine_counts& counts) {
  page.counter("waihu_analyses_total", "Analyses of conversations that are over, by result.").values(counts.analyses);
  page.histogram("waihu_analysis_seconds", "Time that an analysis took.").value(counts.analysis_seconds);
  page.gauge("waihu_analyst_queue", "Conversations that wait for their analysis.").value(counts.analyst_waiting);
  page.gauge("waihu_analyst_in_flight", "Analyses under way.").value(counts.analyst_in_flight);
}

void add_store(exposition& page, const engine_counts& counts) {
  page.counter("waihu_store_changes_total",
               "Changes given to the store, by result; stale_epoch: refused because the shard is another node's.")
      .values(counts.changes);
  page.histogram("waihu_store_commit_seconds", "Time of a commit, with its reconnects and repeats.")
      .value(counts.commit_seconds);
  page.histogram("waihu_store_commit_changes", "Changes that went into one commit.").value(counts.commit_changes);
  page.counter("waihu_store_reads_total", "Questions to the store that are over, by result.").values(counts.reads);
  page.histogram("waihu_store_read_seconds", "Time of a question to the store.").value(counts.read_seconds);
  page.gauge("waihu_store_queue", "What waits for a session of the store.")
      .value(counts.changes_waiting, {{"kind", "change"}})
      .value(counts.reads_waiting, {{"kind", "read"}});
}

void add_events(exposition& page, const engine_counts& counts) {
  page.gauge("waihu_event_subscribers", "Subscribers of live events.").value(counts.subscribers);
  page.counter("waihu_events_published_total", "Events told to subscribers.").value(counts.events_published);
  page.counter("waihu_event_subscribers_dropped_total", "Subscribers dropped because they were too slow or had gone.")
      .value(counts.subscribers_dropped);
}

void add_cluster(exposition& page, const cluster::peer_counts& counts) {
  page.gauge("waihu_cluster_links", "Other nodes that can be asked now.").value(counts.links);
  page.gauge("waihu_cluster_asks_open", "Questions that other nodes have not answered yet.").value(counts.open);
  page.counter("waihu_cluster_asks_total", "Questions to other nodes that are over, by result.").values(counts.asks);
}

void add_log(exposition& page) {
  const auto log = telemetry::read_log_figures();
  page.counter("waihu_log_lines_total", "Lines logged, by level.");
  for (std::size_t i = 0; i < static_cast<std::size_t>(telemetry::log_level::off); ++i)
    page.value(static_cast<double>(log.lines[i]), {{"level", to_string(static_cast<telemetry::log_level>(i))}});
  page.counter("waihu_log_lines_dropped_total", "Lines lost because more came than could be written.")
      .value(static_cast<double>(log.dropped));
}

void add_process(exposition& page) {
  const auto now = telemetry::read_process_figures();
  const auto add = [](exposition& family, const auto& figure) {
    if (figure) family.value(static_cast<double>(*figure));
  };
  add(page.counter("process_cpu_seconds_total", "User and system time of the process."), now.cpu_seconds);
  add(page.gauge("process_start_time_seconds", "When the process started, seconds since 1970."),
      now.start_time_seconds);
  add(page.gauge("process_resident_memory_bytes", "Resident memory."), now.resident_bytes);
  add(page.gauge("process_virtual_memory_bytes", "Virtual memory."), now.virtual_bytes);
  add(page.gauge("process_threads", "Threads of the process."), now.threads);
  add(page.gauge("process_open_fds", "Open file descriptors."), now.open_files);
  add(page.gauge("process_max_fds", "Largest number of open file descriptors."), now.open_files_limit);
}

std::int64_t steady_now_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

heard_store heard_by(const store_evidence& evidence) {
  return {evidence.answered_ms.load(std::memory_order_relaxed), evidence.away_ms.load(std::memory_order_relaxed)};
}

}  // namespace

readiness_facts node_watch::facts() const {
  readiness_facts f;
  f.life = life;
  f.writer = heard_by(engine->writer_heard);
  f.reader = heard_by(engine->reader_heard);
  f.claim = heard_by(engine->claim_heard);
  f.claim_good_until_ms = *claim_good_until;
  f.pulse_ms = engine->pulse_ms;
  f.oldest_look_due_ms = engine->oldest_look_due_ms;
  f.unserved_last_ms = engine->unserved_last_ms;
  f.unserved_since_ms = engine->unserved_since_ms;
  f.now_ms = steady_now_ms();  // last: nothing read above is later than it
  return f;
}

std::string node_watch::metrics() const {
  const auto now = facts();
  exposition page;
  page.gauge("waihu_build_info", "Always 1; the version is its label.").value(1, {{"version", WAIHU_VERSION}});
  page.gauge("waihu_ready", "1 for each check of /readyz that holds.");
  for (const auto& check : judge_readiness(now, limits).checks)
    page.value(check.is_ok ? 1 : 0, {{"check", check.name}});
  page.gauge("waihu_claim_epoch", "Epoch under which this node owns its shards.").value(epoch);
  page.gauge("waihu_shards_owned", "Shards whose tasks this node follows; all 256 where it runs alone.")
      .value(static_cast<double>(shards->owned()));
  page.gauge("waihu_claim_remaining_seconds", "For how long the claim on the shards surely holds; 0: not confirmed.")
      .value(in_seconds(std::max<std::int64_t>(0, now.claim_good_until_ms - now.now_ms)));
  page.gauge("waihu_pulse_age_seconds", "Since the actor system last turned over; it does each second.")
      .value(now.pulse_ms == 0 ? 0 : in_seconds(now.now_ms - now.pulse_ms));
  add_calls(page, *engine);
  add_dispatch(page, *engine);
  add_looks(page, *engine, look_overdue(now, limits));
  add_provider(page, *engine);
  add_analyst(page, *engine);
  add_store(page, *engine);
  add_http(page, *traffic);
  add_events(page, *engine);
  add_cluster(page, *peers);
  add_log(page);
  add_process(page);
  return page.text();
}

}  // namespace waihu
