// The last look at the limits of calls per second, at the moment at which AssignJobs leaves for the provider. The
// dispatch gate grants by the same limits, but what it granted may be held up behind a commit or in a queue and leave
// together with what was granted later. Thread-safe; the caller brings the time.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "actors/sliding_rate.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// A request that is written within so long after it was admitted counts as leaving when it was admitted. Also how much
/// longer than a second the limits' window is (of the gate, too), so that it is kept all the same.
inline constexpr milliseconds departure_spread{50};

/// The earlier process of a node may have sent this long ago what still counts.
inline constexpr milliseconds departure_window = milliseconds{1'000} + departure_spread;

class departures {
 public:
  /// Calls per second, > 0. Before `closed_until` nothing leaves (`departure_window` from a process's start). With
  /// `is_shared` nothing leaves without a share.
  departures(double organization_per_s, double account_per_s, bool is_shared, steady_time closed_until = {});

  /// This node's part of a limit until then: of an organisation, or of the account where its id is empty.
  void set_share(const std::string& organization_id, double calls_per_s, steady_time until);
  /// No share that is held now holds longer: the store may give a part of it to others from then on.
  void end_shares_by(steady_time latest);

  /// So many calls of an organisation want to leave in one request. 0: they may, and count from now on; else when to
  /// ask again.
  milliseconds admit(const std::string& organization_id, std::size_t calls, steady_time now);
  /// Those that were admitted then are about to be written. False: too late, and no room is left; they must not leave.
  bool leave(const std::string& organization_id, std::size_t calls, steady_time admitted, steady_time now);

 private:
  struct limit {
    sliding_rate gone;
    double share{};
    steady_time until{};
  };
  limit& of_organization(const std::string& organization_id);
  [[nodiscard]] std::size_t room(limit& of, steady_time now) const;
  bool take(const std::string& organization_id, std::size_t calls, steady_time now);

  std::mutex turn_;
  double organization_per_s_;
  bool is_shared_;
  steady_time closed_until_;
  limit account_;
  std::map<std::string, limit> organizations_;
};

}  // namespace waihu
