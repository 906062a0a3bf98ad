// What can go wrong in a simulated campaign, and how often in this one. Every kind has a name and is counted where it
// happens, so that a run can show that nothing on the list was left out.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "messages/model/time.hpp"
#include "tests/actors/machines/walk.hpp"

namespace waihu::simulation {

using testing::walk_random;

/// Everything that the world does to the engine.
enum class fault : std::uint8_t {
  // between a node and the provider
  connection_refused,  ///< Surely not received.
  request_lost,        ///< Never arrives; the client's deadline passes.
  request_late,        ///< Arrives seconds late, perhaps after the deadline.
  request_held_back,   ///< AssignJobs or ResumeJobs arrives up to ten minutes late: its sender stood still with it.
  answer_lost,         ///< Carried out; the connection breaks before the answer.
  answer_late,         ///< Carried out; the deadline passes, then the answer comes all the same.
  answer_doubled,      ///< The same answer twice.
  answers_reordered,   ///< An answer overtook the answer of an earlier request.
  throttled,           ///< With or without a time to wait.
  server_error_before,
  server_error_after,  ///< 5xx although it was carried out.
  business_refusal,    ///< Success:false.
  answer_garbled,      ///< Carried out; the answer is no JSON.
  provider_outage,     ///< A window in which nothing is received.
  breaker_tripped,     ///< So many failures in a row that the breaker must have opened.
  request_outlived_node,
  // at the provider
  status_went_back,   ///< A look shows an older state than an earlier one.
  outcome_revised,    ///< A terminal state is replaced by another terminal state.
  unknown_status,     ///< A word that no version knows.
  listed_late,        ///< Accepted, but seconds later in the lists.
  pages_shuffled,     ///< Rows move between the pages of one reading.
  reference_missing,  ///< A job is listed without its reference id.
  number_masked,      ///< ... and with a masked phone number.
  taken_in_part,      ///< Only some orders of a batch are accepted.
  cancelled_there,    ///< A job is cancelled at the provider.
  conversation_late,
  conversation_never,
  // the language model
  analysis_failed,
  analysis_unparsed,
  analysis_late,
  // the store
  commit_refused,        ///< Unavailable; surely not applied.
  commit_lost_applied,   ///< Unknown outcome; it was applied.
  commit_lost_vanished,  ///< Unknown outcome; it was not.
  commit_applied_later,  ///< Unknown outcome; applied after that was said.
  commit_slow,
  read_failed,
  store_outage,
  worker_died,  ///< A store session's actor ends with a commit on its way.
  stale_write,  ///< A write under an old epoch reached the store.
  commit_outlived_node,
  // nodes and actors
  node_killed,
  node_killed_mid_dispatch,  ///< Within a few messages of an intent, a send or an acknowledgement.
  node_paused,               ///< Stopped past its lease, succeeded by another, then woken.
  node_cut_off,              ///< Runs on without the store while another takes over.
  node_drained,              ///< An orderly stop.
  clock_jumped,              ///< A node's wall clock is an hour off.
  // a cluster's only
  node_marked_drained,  ///< An operator wants it to own nothing for a while.
  shards_edited,        ///< Somebody gives shards away in the store by hand.
  keeper_answer_lost,   ///< A lease was renewed, taken or given up, and the node did not hear it.
  // again every node's
  task_killed,
  task_threw,
  job_crashed,
  job_threw,
  follow_up_threw,
  // people
  started_twice,
  suspended,
  resumed,
  script_changed,
  looked_at,
  switched_off,
  followed_up_by_hand,
  count_
};

inline constexpr std::size_t fault_count = static_cast<std::size_t>(fault::count_);
std::string_view name_of(fault kind) noexcept;

/// How often each kind happened.
struct coverage {
  std::array<std::uint64_t, fault_count> times{};
  void count(fault kind) noexcept { ++times[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t of(fault kind) const noexcept { return times[static_cast<std::size_t>(kind)]; }
  void add(const coverage& other) noexcept {
    for (std::size_t i = 0; i < fault_count; ++i) times[i] += other.times[i];
  }
};

/// One campaign's circumstances; shares are "one in n", 0 = never. After `faults_end` the world is good.
struct weather {
  int tasks{1};
  int leads{10};
  milliseconds faults_end{minutes{5}};
  int network{8};            ///< A provider call goes wrong somehow.
  int refusal{40};           ///< AssignJobs or CreateJobGroup is refused for a business reason.
  int odd_look{12};          ///< A look or list shows something old or odd.
  int odd_job{5};            ///< A call's life has a surprise in it.
  int analysis{6};           ///< An analysis goes wrong.
  int commit{10};            ///< A commit goes wrong somehow.
  int read{15};              ///< A read of the store fails.
  int kills{2};              ///< Node crashes at random times.
  int kill_mid_dispatch{8};  ///< After an intent, send or acknowledgement.
  int pauses{0};             ///< Times that a node is stopped past its lease.
  int cuts{0};               ///< Times that a node loses the store while another takes over.
  int drains{0};
  int nodes{1};   ///< That share the work; 1 = one at a time, which claims everything.
  int keeper{0};  ///< A question of a node's keeper loses its answer.
  int marks{0};   ///< Times that an operator drains a node for a while.
  int edits{0};   ///< Times that somebody edits the leases by hand.
  int provider_outages{0};
  int store_outages{0};
  int actor_crashes{0};
  int user_actions{3};
  bool wrong_clocks{};
  /// The systematic sweep: the node is killed after exactly so many messages; 0 = no.
  std::uint64_t kill_at_step{0};
};

/// Whether a kind happens to clusters only.
constexpr bool is_of_clusters(fault kind) noexcept {
  return kind == fault::node_marked_drained || kind == fault::shards_edited || kind == fault::keeper_answer_lost;
}

/// Draws one campaign's circumstances.
weather draw_weather(walk_random& random);
/// The same for one of three nodes.
weather draw_cluster_weather(walk_random& random);
/// Nothing goes wrong.
weather fair_weather(int leads);

}  // namespace waihu::simulation
