// One campaign's world: virtual time, the seed's random numbers, what is to happen when, and a hash of all that
// happened. Single-threaded. It knows nothing of nodes and providers; those are built on it.
#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/judge.hpp"
#include "tests/simulation/weather.hpp"

namespace waihu::simulation {

/// Time since the world began.
using sim_time = milliseconds;

class world {
 public:
  world(std::uint64_t seed, const weather& circumstances, std::shared_ptr<memory_state> rows);

  [[nodiscard]] sim_time now() const noexcept { return now_; }
  /// UTC of an instant of this world.
  [[nodiscard]] wall_time wall() const noexcept;
  /// Moves time on. Never backwards.
  void set_now(sim_time t) noexcept { now_ = t; }

  /// `what` happens after `delay`, in order of time, then of the order of calls.
  void after(milliseconds delay, std::function<void()> what);
  [[nodiscard]] std::optional<sim_time> next_event() const;
  /// Lets the next event happen.
  void happen();

  [[nodiscard]] bool faults_over() const noexcept { return now_ >= weather_.faults_end; }
  /// True once in n on average, never after the faults have ended and never for n = 0.
  bool bad(int one_in);
  void count(fault kind) { seen.count(kind); }
  milliseconds span(std::int64_t from_ms, std::int64_t to_ms) { return milliseconds{random.between(from_ms, to_ms)}; }

  /// Adds to the hash of what happened; with WAIHU_SIM_TRACE=1 also to standard error.
  void note(std::string_view what);
  void note(std::string_view what, std::uint64_t number);
  [[nodiscard]] std::uint64_t trace_hash() const noexcept { return hash_; }

  walk_random random;
  judge judging;
  coverage seen;
  std::shared_ptr<memory_state> rows;
  [[nodiscard]] const weather& circumstances() const noexcept { return weather_; }
  bool tracing{};

 private:
  struct event {
    sim_time at;
    std::uint64_t order;
    std::function<void()> what;
    bool operator>(const event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  weather weather_;
  sim_time now_{0};
  std::priority_queue<event, std::vector<event>, std::greater<>> events_;
  std::uint64_t next_order_{};
  std::uint64_t hash_{0xcbf29ce484222325ULL};
};

}  // namespace waihu::simulation
