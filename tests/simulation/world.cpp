#include "tests/simulation/world.hpp"

#include <cstdio>

namespace waihu::simulation {

world::world(std::uint64_t seed, const weather& circumstances, std::shared_ptr<memory_state> state)
    : random(seed), judging(state), rows(std::move(state)), weather_(circumstances) {}

wall_time world::wall() const noexcept {
  return wall_time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2}} + std::chrono::hours{1} + now_;
}

void world::after(milliseconds delay, std::function<void()> what) {
  events_.push({now_ + std::max(delay, milliseconds{0}), next_order_++, std::move(what)});
}

std::optional<sim_time> world::next_event() const {
  if (events_.empty()) return std::nullopt;
  return events_.top().at;
}

void world::happen() {
  auto what = events_.top().what;
  events_.pop();
  what();
}

bool world::bad(int one_in) {
  if (one_in <= 0 || faults_over()) return false;
  return random.one_in(static_cast<std::size_t>(one_in));
}

void world::note(std::string_view what) {
  for (const char c : what) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  hash_ = (hash_ ^ static_cast<std::uint64_t>(now_.count())) * 0x100000001b3ULL;
  if (tracing)
    std::fprintf(stderr, "%10.3f %.*s\n", static_cast<double>(now_.count()) / 1000.0, static_cast<int>(what.size()),
                 what.data());
}

void world::note(std::string_view what, std::uint64_t number) {
  note(std::string(what) + " " + std::to_string(number));
}

}  // namespace waihu::simulation
