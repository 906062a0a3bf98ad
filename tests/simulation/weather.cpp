#include "tests/simulation/weather.hpp"

namespace waihu::simulation {

namespace {

constexpr std::array<std::string_view, fault_count> fault_names{
    "connection_refused",    "request_lost",        "request_late",
    "request_held_back",     "answer_lost",         "answer_late",
    "answer_doubled",        "answers_reordered",   "throttled",
    "server_error_before",   "server_error_after",  "business_refusal",
    "answer_garbled",        "provider_outage",     "breaker_tripped",
    "request_outlived_node", "status_went_back",    "outcome_revised",
    "unknown_status",        "listed_late",         "pages_shuffled",
    "reference_missing",     "number_masked",       "taken_in_part",
    "cancelled_there",       "conversation_late",   "conversation_never",
    "analysis_failed",       "analysis_unparsed",   "analysis_late",
    "commit_refused",        "commit_lost_applied", "commit_lost_vanished",
    "commit_applied_later",  "commit_slow",         "read_failed",
    "store_outage",          "worker_died",         "stale_write",
    "commit_outlived_node",  "node_killed",         "node_killed_mid_dispatch",
    "node_paused",           "node_cut_off",        "node_drained",
    "clock_jumped",          "node_marked_drained", "shards_edited",
    "keeper_answer_lost",    "task_killed",         "task_threw",
    "job_crashed",           "job_threw",           "follow_up_threw",
    "started_twice",         "suspended",           "resumed",
    "script_changed",        "looked_at",           "switched_off",
    "followed_up_by_hand"};

int maybe(walk_random& random, std::size_t one_in, int most) {
  return random.one_in(one_in) ? static_cast<int>(random.between(1, most)) : 0;
}

}  // namespace

std::string_view name_of(fault kind) noexcept { return fault_names.at(static_cast<std::size_t>(kind)); }

weather draw_weather(walk_random& random) {
  weather w;
  w.tasks = static_cast<int>(random.one_in(3) ? random.between(2, 3) : 1);
  w.leads = static_cast<int>(random.one_in(4) ? random.between(15, 40) : random.between(5, 14));
  w.faults_end = milliseconds{random.between(120'000, 480'000)};
  w.network = random.one_in(4) ? 3 : static_cast<int>(random.between(6, 40));
  w.refusal = random.one_in(6) ? 3 : 40;
  w.odd_look = static_cast<int>(random.between(6, 30));
  w.odd_job = static_cast<int>(random.between(3, 10));
  w.analysis = static_cast<int>(random.between(3, 20));
  w.commit = random.one_in(3) ? 4 : static_cast<int>(random.between(10, 60));
  w.read = static_cast<int>(random.between(6, 40));
  w.kills = maybe(random, 2, 4);
  w.kill_mid_dispatch = random.one_in(2) ? static_cast<int>(random.between(4, 12)) : 0;
  w.pauses = maybe(random, 5, 2);
  w.cuts = maybe(random, 5, 2);
  w.drains = maybe(random, 6, 2);
  w.provider_outages = maybe(random, 4, 2);
  w.store_outages = maybe(random, 4, 2);
  w.actor_crashes = maybe(random, 2, 8);
  w.user_actions = maybe(random, 2, 8);
  w.wrong_clocks = random.one_in(10);
  return w;
}

weather draw_cluster_weather(walk_random& random) {
  auto w = draw_weather(random);
  w.nodes = 3;
  // A task is one shard's, so that more of them are needed before every node has some.
  w.tasks = static_cast<int>(random.between(2, 6));
  w.kills = maybe(random, 2, 6);
  w.pauses = maybe(random, 2, 4);
  w.cuts = maybe(random, 2, 4);
  w.drains = maybe(random, 3, 3);
  w.keeper = random.one_in(2) ? static_cast<int>(random.between(5, 40)) : 0;
  w.marks = maybe(random, 4, 2);
  w.edits = maybe(random, 5, 2);
  return w;
}

weather fair_weather(int leads) {
  weather w;
  w.leads = leads;
  w.faults_end = milliseconds{0};
  w.network = w.refusal = w.odd_look = w.odd_job = w.analysis = w.commit = w.read = 0;
  w.kills = w.kill_mid_dispatch = w.user_actions = 0;
  return w;
}

}  // namespace waihu::simulation
