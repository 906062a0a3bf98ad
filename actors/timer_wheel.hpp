// A hashed timer wheel: 256 slots of 100 ms by default, entries with longer waits go round. One entry per owner,
// re-armed or disarmed in O(1), nothing left behind. Pure; the caller brings the time and calls `due` as it passes.
// Timing error: an entry fires in the first call of `due` at or after its time, so at most one tick late if called
// every tick.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "messages/model/time.hpp"

namespace waihu {

class timer_wheel {
 public:
  using owner = std::uint32_t;  ///< Dense number of whoever is to be woken.

  explicit timer_wheel(steady_time now, milliseconds tick = milliseconds{100}, std::size_t slots = 256)
      : tick_(tick), slots_(slots, none), cursor_(tick_of(now)) {}

  /// Wakes `who` at `when`; replaces an earlier wish.
  void arm(owner who, steady_time when) {
    disarm(who);
    if (who >= nodes_.size()) nodes_.resize(who + 1);
    auto& node = nodes_[who];
    node.when = when;
    // A time already past goes to the next tick that will be looked at.
    node.slot = static_cast<std::uint32_t>(static_cast<std::size_t>(std::max(tick_of(when), cursor_)) % slots_.size());
    node.prev = none;
    node.next = slots_[node.slot];
    if (node.next != none) nodes_[node.next].prev = who;
    slots_[node.slot] = who;
    node.armed = true;
    ++armed_;
  }

  /// Forgets `who`; harmless when it is not armed.
  void disarm(owner who) {
    if (who >= nodes_.size() || !nodes_[who].armed) return;
    auto& node = nodes_[who];
    if (node.prev != none) nodes_[node.prev].next = node.next;
    else slots_[node.slot] = node.next;
    if (node.next != none) nodes_[node.next].prev = node.prev;
    node.armed = false;
    --armed_;
  }

  /// Takes up to `limit` owners whose time has come. When it returns `limit` entries, call again for the rest.
  std::vector<owner> due(steady_time now, std::size_t limit) {
    std::vector<owner> out;
    const auto end = tick_of(now);
    // After a long pause one full round covers every slot.
    if (end - cursor_ > static_cast<std::int64_t>(slots_.size()))
      cursor_ = end - static_cast<std::int64_t>(slots_.size());
    while (cursor_ <= end) {
      auto who = slots_[static_cast<std::size_t>(cursor_) % slots_.size()];
      while (who != none) {
        const auto next = nodes_[who].next;
        if (nodes_[who].when <= now) {
          if (out.size() == limit) return out;
          disarm(who);
          out.push_back(who);
        }
        who = next;
      }
      if (cursor_ == end) break;  // the present tick is not over: more of it may fall due
      ++cursor_;
    }
    return out;
  }

  /// When `who` is to be woken; nullopt when it is not armed.
  [[nodiscard]] std::optional<steady_time> due_at(owner who) const {
    if (who >= nodes_.size() || !nodes_[who].armed) return std::nullopt;
    return nodes_[who].when;
  }

  /// The time that an owner asked for last; of one that `due` has just returned, when it fell due.
  [[nodiscard]] steady_time wish_of(owner who) const { return nodes_[who].when; }

  /// Number of owners that wait.
  [[nodiscard]] std::size_t size() const noexcept { return armed_; }
  [[nodiscard]] milliseconds tick() const noexcept { return tick_; }

 private:
  static constexpr std::uint32_t none = 0xffffffffU;
  struct entry {
    steady_time when{};
    std::uint32_t slot{};
    std::uint32_t prev{none};
    std::uint32_t next{none};
    bool armed{};
  };

  [[nodiscard]] std::int64_t tick_of(steady_time t) const { return t.time_since_epoch() / tick_; }

  milliseconds tick_;
  std::vector<std::uint32_t> slots_;
  std::vector<entry> nodes_;
  std::int64_t cursor_;
  std::size_t armed_{};
};

}  // namespace waihu
