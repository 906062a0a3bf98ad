// The nodes of a campaign: how they start, die, stop, are cut off and are succeeded.
#include <algorithm>

#include "tests/simulation/campaign.hpp"

namespace waihu::simulation {

namespace {

constexpr milliseconds renew_every{3'000};
constexpr milliseconds lease_time{10'000};

}  // namespace

sim_node* campaign::find(int number) {
  for (const auto& node : nodes_)
    if (node->number() == number) return node.get();
  return nullptr;
}

sim_node* campaign::any_node() {
  std::vector<sim_node*> awake;
  for (const auto& node : nodes_)
    if (!node->paused()) awake.push_back(node.get());
  return awake.empty() ? nullptr : awake[world_.random.below(awake.size())];
}

bool campaign::somebody_owns() const {
  return rows_->claim_session != 0 &&
         std::any_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->owns_something(); });
}

sim_node* campaign::node_for(task_id task) {
  const auto& owner = rows_->shards[index_of(shard_of(task))].node;
  for (const auto& node : nodes_)
    if (node->name() == owner && !node->paused()) return node.get();
  return any_node();
}

void campaign::start_node(int slot) {
  if (is_clustered()) {
    // One process of a name at a time.
    for (const auto& node : nodes_)
      if (slots_[node->number()] == slot) return;
  } else if (somebody_owns()) {
    return;
  }
  const int number = ++node_count_;
  const auto name =
      is_clustered() ? std::string{"node-"} + static_cast<char>('a' + slot) : "node-" + std::to_string(number);
  auto node = std::make_unique<sim_node>(around_, number, name);
  lines_.push_back(node->store_line());
  if (!node->claimed()) {
    world_.after(milliseconds{1'000}, [this, slot] { start_node(slot); });
    return;
  }
  slots_[number] = slot;
  world_.note("node started", static_cast<std::uint64_t>(node->number()));
  node->on_dispatch_point = [this] {
    const auto one_in = world_.circumstances().kill_mid_dispatch;
    if (one_in == 0 || kill_after_steps_ || !world_.bad(one_in * 3)) return;
    kill_after_steps_ = static_cast<std::uint64_t>(world_.random.between(1, 25));
  };
  if (!is_clustered()) world_.after(renew_every, [this, number] { beat(number); });
  nodes_.push_back(std::move(node));
}

/// The lease keeper: a claim that is another's ends the process.
void campaign::beat(int number) {
  auto* node = find(number);
  if (node == nullptr) return;
  if (!node->paused() && !node->renew_claim()) return kill(node, fault::count_);
  world_.after(renew_every, [this, number] { beat(number); });
}

/// `why` is `count_` for a node that ends because it lost its shards.
void campaign::kill(sim_node* node, fault why) {
  if (node == nullptr) return;
  if (why != fault::count_) world_.count(why);
  world_.note("node killed", static_cast<std::uint64_t>(node->number()));
  kill_after_steps_.reset();
  const auto slot = slots_[node->number()];
  std::erase_if(nodes_, [node](const auto& other) { return other.get() == node; });
  // Its successor comes at once or after a while.
  const auto delay = world_.random.one_in(3) ? milliseconds{0} : world_.span(10, 20'000);
  world_.after(delay, [this, slot] { start_node(slot); });
}

/// Stopped for longer than its lease, succeeded by another node, then woken as if nothing had been.
void campaign::pause_one() {
  auto* node = any_node();
  if (node == nullptr) return;
  world_.count(fault::node_paused);
  world_.note("node paused", static_cast<std::uint64_t>(node->number()));
  node->pause();
  const auto number = node->number();
  const auto over = lease_time + world_.span(1, 3'000);
  if (!is_clustered())
    world_.after(over, [this, number] {
      if (auto* stopped = find(number)) stopped->lose_claim_session();
      start_node();
    });
  world_.after(over + world_.span(0, 40'000), [this, number] {
    auto* stopped = find(number);
    if (stopped == nullptr) return;
    world_.note("node woken", static_cast<std::uint64_t>(number));
    stopped->wake();
    stopped->catch_up();
  });
}

/// Cut off from the store, while the provider still hears it and, after its lease, another node takes over.
void campaign::cut_one() {
  auto* node = any_node();
  if (node == nullptr) return;
  world_.count(fault::node_cut_off);
  world_.note("node cut off", static_cast<std::uint64_t>(node->number()));
  const auto number = node->number();
  const auto over = lease_time + world_.span(1, 3'000);
  node->cut_off_until(world_.now() + over + world_.span(0, 20'000));
  if (is_clustered()) return;
  world_.after(over, [this, number] {
    if (auto* deaf = find(number)) deaf->lose_claim_session();
    start_node();
  });
}

/// An operator takes a node out, and back again.
void campaign::mark_one_drained() {
  auto* node = any_node();
  if (node == nullptr) return;
  world_.count(fault::node_marked_drained);
  const auto mark = [this, name = node->name()](bool drained) {
    make_memory_store(rows_)->run(query::drain_node{name, drained});
  };
  mark(true);
  world_.after(world_.span(1'000, 60'000), [mark] { mark(false); });
}

/// Somebody knows better: shards are given to a node that does not exist, or to nobody, under their next epoch.
void campaign::edit_shards() {
  world_.count(fault::shards_edited);
  for (auto& shard : rows_->shards) {
    if (!world_.random.one_in(8)) continue;
    shard.node = world_.random.one_in(2) ? "ghost" : "";
    ++shard.epoch;
    shard.lease_end = rows_->clock() + world_.span(0, 5'000);
  }
}

/// An orderly stop; the successor starts when it is over.
void campaign::drain_one() {
  auto* node = any_node();
  if (node == nullptr) return;
  world_.count(fault::node_drained);
  world_.note("node drains", static_cast<std::uint64_t>(node->number()));
  node->drain();
  world_.after(world_.span(3'000, 12'000), [this, number = node->number()] { kill(find(number), fault::count_); });
}

void campaign::crash_an_actor() {
  auto* node = any_node();
  if (node == nullptr) return;
  switch (world_.random.below(5)) {
    case 0:
      if (node->crash_actor("call_task")) world_.count(fault::task_killed);
      return;
    case 1:
      if (node->crash_actor("call_job")) world_.count(fault::job_crashed);
      return;
    case 2: return node->throw_in("call_task");
    case 3: return node->throw_in("call_job");
    default: return node->throw_in("follow_up");
  }
}

}  // namespace waihu::simulation
