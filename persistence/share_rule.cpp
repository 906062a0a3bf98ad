#include "persistence/share_rule.hpp"

#include <algorithm>
#include <cmath>

namespace waihu {

double counted_share(const held_share& share) noexcept {
  if (share.left <= milliseconds{0}) return 0;
  return share.changed_age < share_memory ? std::max(share.amount, share.previous) : share.amount;
}

double grant_share(const share_wish& wish, std::span<const held_share> others) noexcept {
  if (wish.wanted <= 0 || wish.limit <= 0) return 0;
  double counted = 0;
  double wanted_elsewhere = 0;
  double askers = 1;
  for (const auto& other : others) {
    counted += counted_share(other);
    if (other.left <= milliseconds{0} || other.wanted <= 0) continue;
    wanted_elsewhere += other.wanted;
    ++askers;
  }
  const double left = std::max(0.0, wish.limit - counted);
  if (wish.limit < 1) return left >= wish.limit ? wish.limit : 0;
  // An equal part is everybody's; more only of what the others do not want.
  const double fair = std::max(1.0, std::floor(wish.limit / askers));
  const double most = std::max(fair, wish.limit - wanted_elsewhere);
  return std::floor(std::min({std::ceil(wish.wanted), most, left}));
}

}  // namespace waihu
