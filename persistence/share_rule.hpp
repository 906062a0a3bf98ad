// How a limit of the whole cluster is shared among nodes: what one of them may have, given what the others hold and
// want. Pure; both stores ask it under their lock.
#pragma once

#include <span>
#include <string>

#include "messages/model/cluster.hpp"

namespace waihu {

/// A share as the store has it.
struct held_share {
  std::string node;
  double wanted{};
  double amount{};             ///< What it may use now.
  double previous{};           ///< What it might use before.
  milliseconds changed_age{};  ///< Since then.
  milliseconds left{};         ///< Until it ends; at most 0 = over.
};

/// What counts for a share at this moment: while it shrinks, the former one.
double counted_share(const held_share& share) noexcept;

/// What the asking node may use from now on: no more than the others leave, and when all want more than there is, about
/// an equal part of it. Whole numbers where the limit is at least 1. `others`: every other node's share of the
/// resource.
double grant_share(const share_wish& wish, std::span<const held_share> others) noexcept;

}  // namespace waihu
