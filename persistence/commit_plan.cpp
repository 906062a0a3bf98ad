#include "persistence/commit_plan.hpp"

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace waihu {

namespace {

enum class thing : std::uint8_t { task, rows_of_task, job, batch };

struct use {
  thing what;
  std::int64_t id;
  bool writes;
};

struct use_hash {
  std::size_t operator()(const std::pair<thing, std::int64_t>& k) const noexcept {
    return std::hash<std::int64_t>{}(k.second * 4 + static_cast<std::int64_t>(k.first));
  }
};

template <class T>
void add_rows(std::vector<use>& out, const ownership& own, const T& rows) {
  out.push_back({thing::rows_of_task, value(own.task), false});
  for (const auto& r : rows) {
    if constexpr (std::is_same_v<std::decay_t<decltype(r)>, job_row_id>) out.push_back({thing::job, value(r), true});
    else out.push_back({thing::job, value(r.first), true});
  }
}

void list_uses(const store_change& change, std::vector<use>& out) {
  std::visit(
      [&](const auto& c) {
        using kind = std::decay_t<decltype(c)>;
        const auto task = value(c.own.task);
        if constexpr (std::is_same_v<kind, change::request_group> || std::is_same_v<kind, change::move_task> ||
                      std::is_same_v<kind, change::note_task>) {
          out.push_back({thing::task, task, true});
        } else if constexpr (std::is_same_v<kind, change::default_interest>) {
          out.push_back({thing::rows_of_task, task, true});
        } else if constexpr (std::is_same_v<kind, change::mark_batch>) {
          out.push_back({thing::batch, value(c.batch), true});
        } else if constexpr (std::is_same_v<kind, change::intend_batch>) {
          out.push_back({thing::task, task, false});
          add_rows(out, c.own, c.rows);
        } else if constexpr (std::is_same_v<kind, change::acknowledge_jobs>) {
          out.push_back({thing::batch, value(c.batch), true});
          add_rows(out, c.own, c.ids);
        } else if constexpr (std::is_same_v<kind, change::requeue_jobs>) {
          out.push_back({thing::batch, value(c.batch), true});
          add_rows(out, c.own, c.rows);
        } else {
          out.push_back({thing::rows_of_task, task, false});
          out.push_back({thing::job, value(c.row), true});
        }
      },
      change);
}

}  // namespace

commit_plan plan_commit(std::span<const store_change> changes, std::span<const std::size_t> which) {
  struct last_use {
    std::size_t read{}, written{};  // first wave after the last reader or writer
  };
  std::unordered_map<std::pair<thing, std::int64_t>, last_use, use_hash> seen;
  seen.reserve(which.size() * 2);
  commit_plan plan;
  std::vector<use> uses;
  for (const auto index : which) {
    uses.clear();
    list_uses(changes[index], uses);
    std::size_t wave = 0;
    for (const auto& u : uses) {
      const auto& last = seen[{u.what, u.id}];
      wave = std::max({wave, last.written, u.writes ? last.read : 0});
    }
    for (const auto& u : uses) {
      auto& last = seen[{u.what, u.id}];
      auto& mark = u.writes ? last.written : last.read;
      mark = std::max(mark, wave + 1);
    }
    if (plan.size() <= wave) plan.resize(wave + 1);
    plan[wave].push_back(index);
  }
  return plan;
}

}  // namespace waihu
