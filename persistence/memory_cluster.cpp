// Who may write to the memory store: the claim of a node that runs alone, and the leases of a cluster's nodes.
#include <algorithm>
#include <ctime>

#include "messages/model/text.hpp"
#include "persistence/memory_session.hpp"

namespace waihu {

namespace {

using std::chrono::duration_cast;

cluster_view view_of(const memory_state& state) {
  const auto now = state.clock();
  cluster_view view;
  view.at = wall_now();
  for (const auto& [name, node] : state.nodes) {
    auto shown = node.shown;
    shown.beat_age = duration_cast<milliseconds>(now - node.beat);
    view.members.push_back(std::move(shown));
  }
  for (std::size_t i = 0; i < state.shards.size(); ++i) {
    const auto& shard = state.shards[i];
    view.shards[i] = {shard.node, epoch_t{shard.epoch}, duration_cast<milliseconds>(shard.lease_end - now)};
  }
  return view;
}

std::string utc_text(wall_time at) {
  const auto seconds = std::chrono::system_clock::to_time_t(std::chrono::system_clock::time_point{at});
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

memory_state::stored_node* node_of(memory_state& state, const std::string& name, const std::string& incarnation) {
  const auto found = state.nodes.find(name);
  return found == state.nodes.end() || found->second.incarnation != incarnation ? nullptr : &found->second;
}

}  // namespace

bool memory_state::owns(const ownership& own) const {
  const auto& shard = shards[index_of(shard_of(own.task))];
  return !shard.node.empty() && shard.epoch == value(own.epoch);
}

result<epoch_t> memory_session::run(const query::claim_shards& q) {
  if (q.node.empty()) return fail(errc::invalid_argument, "a node needs a name");
  const std::lock_guard lock{state_->mutex};
  const auto now = state_->clock();
  auto& shards = state_->shards;
  if (state_->claim_session != 0 && state_->claim_session != id_ && now < shards.front().lease_end)
    return fail(errc::conflict, "node " + state_->owner + " (" + state_->owner_address + ") holds the claim since " +
                                    utc_text(state_->owner_since));
  for (const auto& [name, node] : state_->nodes)
    if (node.session != 0 && now < node.beat + state_->lease_time)
      return fail(errc::conflict, "node " + name + " (" + node.shown.address + ") holds the claim since " +
                                      utc_text(node.shown.started_at));
  std::int64_t epoch{};
  for (const auto& shard : shards) epoch = std::max(epoch, shard.epoch);
  ++epoch;
  state_->owner = storable_text(q.node);
  state_->owner_address = storable_text(q.address);
  state_->owner_since = wall_now();
  state_->claim_session = id_;
  for (auto& shard : shards) shard = {state_->owner, epoch, now + state_->lease_time};
  return epoch_t{epoch};
}

result<bool> memory_session::run(const query::renew_claim& q) {
  const std::lock_guard lock{state_->mutex};
  auto& shards = state_->shards;
  if (std::any_of(shards.begin(), shards.end(),
                  [&](const auto& s) { return s.node != q.node || s.epoch != value(q.epoch); }))
    return fail(errc::stale_epoch, "another node has taken the claim");
  state_->claim_session = id_;
  for (auto& shard : shards) shard.lease_end = state_->clock() + state_->lease_time;
  return true;
}

result<bool> memory_session::run(const query::release_claim& q) {
  const std::lock_guard lock{state_->mutex};
  bool any = false;
  for (auto& shard : state_->shards) {
    if (shard.node != q.node || shard.epoch != value(q.epoch)) continue;
    shard.node.clear();
    shard.lease_end = state_->clock();
    any = true;
  }
  if (any) state_->claim_session = 0;
  return any;
}

result<cluster_view> memory_session::run(const query::join_cluster& q) {
  if (q.node.empty()) return fail(errc::invalid_argument, "a node needs a name");
  const std::lock_guard lock{state_->mutex};
  const auto now = state_->clock();
  if (state_->claim_session != 0 && now < state_->shards.front().lease_end)
    return fail(errc::conflict, "node " + state_->owner +
                                    " holds the whole store by itself; set cluster.enabled there too, or stop it");
  auto& node = state_->nodes[storable_text(q.node)];
  if (node.session != 0 && node.session != id_ && now < node.beat + state_->lease_time)
    return fail(errc::conflict, "a node named " + q.node + " runs at " + node.shown.address + " since " +
                                    utc_text(node.shown.started_at) + "; give this one another name (node.name)");
  const bool drained = node.shown.drained;
  node.shown = {};
  node.shown.node = storable_text(q.node);
  node.shown.address = storable_text(q.address);
  node.shown.peer_address = storable_text(q.peer_address);
  node.shown.version = storable_text(q.version);
  node.shown.protocol = q.protocol;
  node.shown.started_at = wall_now();
  node.shown.drained = drained;
  node.incarnation = q.incarnation;
  node.beat = now;
  node.session = id_;
  return view_of(*state_);
}

result<query::tended_cluster> memory_session::run(const query::tend_cluster& q) {
  const std::lock_guard lock{state_->mutex};
  const auto now = state_->clock();
  auto* node = node_of(*state_, q.node, q.incarnation);
  if (node == nullptr) return fail(errc::stale_epoch, "another node has entered itself under this one's name");
  node->beat = now;
  node->session = id_;
  if (q.clock != wall_time{}) node->shown.clock_off = q.clock - wall_now();
  query::tended_cluster answer;
  for (const auto& held : q.held) {
    auto& shard = state_->shards.at(index_of(held.shard));
    if (shard.node != q.node || shard.epoch != value(held.epoch)) continue;
    shard.lease_end = now + state_->lease_time;
    answer.kept.push_back(held);
  }
  std::sort(answer.kept.begin(), answer.kept.end(), [](const auto& a, const auto& b) { return a.shard < b.shard; });
  answer.view = view_of(*state_);
  return answer;
}

result<std::vector<held_shard>> memory_session::run(const query::take_shards& q) {
  const std::lock_guard lock{state_->mutex};
  const auto now = state_->clock();
  std::vector<held_shard> taken;
  const auto* node = node_of(*state_, q.node, q.incarnation);
  if (node == nullptr || node->shown.protocol != cluster_protocol || node->shown.drained || node->shown.leaving)
    return taken;
  for (const auto id : q.shards) {
    auto& shard = state_->shards.at(index_of(id));
    if (!shard.node.empty() && now < shard.lease_end) continue;
    shard = {q.node, shard.epoch + 1, now + state_->lease_time};
    taken.push_back({id, epoch_t{shard.epoch}});
  }
  std::sort(taken.begin(), taken.end(), [](const auto& a, const auto& b) { return a.shard < b.shard; });
  return taken;
}

result<std::int64_t> memory_session::run(const query::release_shards& q) {
  const std::lock_guard lock{state_->mutex};
  std::int64_t freed{};
  for (const auto& held : q.shards) {
    auto& shard = state_->shards.at(index_of(held.shard));
    if (shard.node != q.node || shard.epoch != value(held.epoch)) continue;
    shard.node.clear();
    shard.lease_end = state_->clock();
    ++freed;
  }
  return freed;
}

result<bool> memory_session::run(const query::leave_cluster& q) {
  const std::lock_guard lock{state_->mutex};
  auto* node = node_of(*state_, q.node, q.incarnation);
  if (node == nullptr || node->shown.leaving) return false;
  node->shown.leaving = true;
  return true;
}

result<bool> memory_session::run(const query::drain_node& q) {
  const std::lock_guard lock{state_->mutex};
  const auto found = state_->nodes.find(q.node);
  if (found == state_->nodes.end()) return fail(errc::not_found, "no node of that name has entered itself");
  found->second.shown.drained = q.drained;
  return true;
}

result<cluster_view> memory_session::run(const query::view_cluster&) {
  const std::lock_guard lock{state_->mutex};
  return view_of(*state_);
}

result<shard_tasks> memory_session::run(const query::count_tasks_by_shard&) {
  const std::lock_guard lock{state_->mutex};
  shard_tasks tasks{};
  for (const auto& [id, task] : state_->tasks)
    if (task.type == task_type::calling || task.type == task_type::calls_complete || task.type == task_type::suspended)
      ++tasks[index_of(shard_of(task.id))];
  return tasks;
}

}  // namespace waihu
