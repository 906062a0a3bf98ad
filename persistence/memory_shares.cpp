// Shares of limits that hold for the whole cluster (share_rule.hpp).
#include "persistence/memory_session.hpp"
#include "persistence/share_rule.hpp"

namespace waihu {

result<std::vector<double>> memory_session::run(const query::lease_shares& q) {
  using std::chrono::duration_cast;
  const std::lock_guard lock{state_->mutex};
  const auto known = state_->nodes.find(q.node);
  if (known == state_->nodes.end() || known->second.incarnation != q.incarnation)
    return fail(errc::stale_epoch, "another node has entered itself under this one's name");
  const auto now = state_->clock();
  std::vector<double> out;
  for (const auto& wish : q.wishes) {
    auto& shares = state_->shares[wish.resource];
    std::vector<held_share> others;
    for (const auto& [node, share] : shares) {
      if (node == q.node) continue;
      others.push_back({node, share.wanted, share.amount, share.previous,
                        duration_cast<milliseconds>(now - share.changed),
                        duration_cast<milliseconds>(share.end - now)});
    }
    const auto amount = grant_share(wish, others);
    auto& mine = shares[q.node];
    if (amount != mine.amount) {
      if (mine.end <= now) mine.previous = 0;
      else if (now - mine.changed < share_memory) mine.previous = std::max(mine.previous, mine.amount);
      else mine.previous = mine.amount;
      mine.changed = now;
      mine.amount = amount;
    }
    mine.wanted = wish.wanted;
    mine.end = now + wish.kept_for;
    out.push_back(amount);
  }
  return out;
}

result<std::vector<event_record>> memory_session::run(const query::events_behind& q) {
  const std::lock_guard lock{state_->mutex};
  std::vector<event_record> out;
  for (const auto& event : state_->events) {
    if (event.id <= q.after) continue;
    if (out.size() >= static_cast<std::size_t>(q.limit)) break;
    out.push_back(event);
  }
  return out;
}

}  // namespace waihu
