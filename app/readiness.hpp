// Whether a node makes progress: what /readyz answers. Pure: facts and limits in, a verdict out; it reads no clock and
// no counter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "messages/model/time.hpp"

namespace waihu {

/// Where the node stands in its own life.
enum class node_life : std::uint8_t { starting, running, stopping };

/// When one user of the store last heard from it, and when he last found it away; 0 = never.
struct heard_store {
  std::int64_t answered_ms{};
  std::int64_t away_ms{};
};

/// What is known now. Times are ms of the monotonic clock.
struct readiness_facts {
  node_life life{node_life::starting};
  std::int64_t now_ms{};
  heard_store writer, reader, claim;   ///< The claim's is asked every node.lease_renew_ms, also when all is quiet.
  std::int64_t claim_good_until_ms{};  ///< Until when this node surely owns its shards.
  std::int64_t pulse_ms{};             ///< When the actor system last turned over; 0 = never.
  std::int64_t oldest_look_due_ms{};   ///< Of those that are not answered; 0 = none.
  std::int64_t unserved_since_ms{};    ///< Since when no look was answered by the provider; 0 = the last one was.
  std::int64_t unserved_last_ms{};     ///< When the last look was given up so.
};

struct readiness_limits {
  milliseconds store_silence{10'000};  ///< Without an answer for so long the store counts as away: node.lease_time_ms.
  milliseconds pulse_silence{5'000};   ///< The actor system is stuck.
  milliseconds look_lateness{30'000};  ///< admin.ready_max_lateness_ms
  /// Looks that failed longer ago than this tell nothing any more: whoever waits has asked again by then.
  milliseconds unserved_memory{150'000};
};

struct readiness_check {
  std::string_view name;  ///< running, store, claim, actors, looks
  bool is_ok{};
  std::string reason;  ///< For people; empty when it is ok.
};

struct readiness {
  std::vector<readiness_check> checks;
  [[nodiscard]] bool is_ready() const;
  /// {"ready": true, "checks": {"store": {"ok": true}, "looks": {"ok": false, "reason": "..."}, ...}}
  [[nodiscard]] std::string json() const;
};

/// For how long the oldest look has been overdue; 0 when none is.
milliseconds look_overdue(const readiness_facts& facts, const readiness_limits& limits);

readiness judge_readiness(const readiness_facts& facts, const readiness_limits& limits);

}  // namespace waihu
