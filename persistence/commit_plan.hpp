// Orders the changes of one group commit into waves: within a wave no change depends on another, so a store may apply
// each kind with one statement. A change is never in an earlier wave than one before it that touches the same rows.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "messages/model/changes.hpp"

namespace waihu {

/// Indices into the commit, by wave; within a wave in the commit's order. Nearly every commit is one wave.
using commit_plan = std::vector<std::vector<std::size_t>>;

/// Plans `which` (indices into `changes`, ascending).
commit_plan plan_commit(std::span<const store_change> changes, std::span<const std::size_t> which);

}  // namespace waihu
