// cluster, drain, undrain: what the nodes are and own, as the store has it. They talk to the store, so that they work
// also when no node answers.
#include <algorithm>
#include <iostream>
#include <map>

#include "app/ctl/command_support.hpp"
#include "app/ctl/table.hpp"
#include "config/load.hpp"
#include "persistence/postgres_store.hpp"

namespace waihu::ctl {

namespace {

std::string in_seconds(milliseconds time) {
  const auto tenths = std::abs(time.count()) / 100;
  return (time.count() <= -100 ? "-" : "") + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string state_of(const cluster_member* member, const node_share& share) {
  std::string words;
  for (const auto word : standing_of(member, share)) words += (words.empty() ? "" : ", ") + std::string(word);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words.empty() ? "up" : words;
}

table nodes_of(const cluster_view& view, const std::map<std::string, node_share>& shares) {
  table t;
  t.headings = {"node",      "state",     "shards",  "tasks", "epochs", "lease left",
                "last sign", "clock off", "address", "link",  "version"};
  const auto add = [&](const std::string& name, const cluster_member* member) {
    const auto found = shares.find(name);
    const auto share = found == shares.end() ? node_share{} : found->second;
    t.rows.push_back(
        {name.empty() ? "(nobody)" : name, name.empty() ? "" : state_of(member, share), std::to_string(share.shards),
         std::to_string(share.tasks),
         share.shards == 0 ? "" : std::to_string(share.least_epoch) + ".." + std::to_string(share.greatest_epoch),
         share.shards == 0 || name.empty() ? "" : in_seconds(std::max(share.shortest_lease, milliseconds{0})),
         member == nullptr ? "" : in_seconds(member->beat_age), member == nullptr ? "" : in_seconds(member->clock_off),
         member == nullptr ? "" : member->address, member == nullptr ? "" : member->peer_address,
         member == nullptr ? "" : member->version});
  };
  for (const auto& member : view.members) add(member.node, &member);
  for (const auto& [name, share] : shares) {
    const bool is_member = std::any_of(view.members.begin(), view.members.end(),
                                       [&, &who = name](const auto& member) { return member.node == who; });
    if (!is_member) add(name, nullptr);
  }
  return t;
}

table shards_of(const cluster_view& view) {
  table t;
  t.headings = {"shard", "node", "epoch", "lease left"};
  for (std::size_t i = 0; i < view.shards.size(); ++i) {
    const auto& lease = view.shards[i];
    t.rows.push_back({std::to_string(i), lease.node, std::to_string(value(lease.epoch)),
                      lease.node.empty() ? "" : in_seconds(std::max(lease.left, milliseconds{0}))});
  }
  return t;
}

/// The store of waihud's configuration; nullptr after the faults were told.
std::unique_ptr<store> open_store(const store_request& r) {
  const auto loaded = config::load({r.config_file, config::process_environment(), r.sets, {"store"}});
  if (loaded.ok()) return make_postgres_store_factory(loaded.value.store)();
  for (const auto& fault : loaded.faults) std::cerr << config::to_string(fault) << '\n';
  return nullptr;
}

}  // namespace

int run_cluster(const global_options& g, const store_request& r, bool with_shards) {
  const auto session = open_store(r);
  if (!session) return bad_usage;
  const auto view = session->run(query::view_cluster{});
  if (!view) return report_store(view.error());
  const auto tasks = session->run(query::count_tasks_by_shard{});
  if (!tasks) return report_store(tasks.error());
  const auto t = with_shards ? shards_of(*view) : nodes_of(*view, shares_of(*view, *tasks));
  std::cout << (wants(g, "json") ? format_json(t) : wants(g, "csv") ? format_csv(t) : format_table(t));
  return done;
}

int run_drain(const store_request& r, const std::string& node, bool drained) {
  const auto session = open_store(r);
  if (!session) return bad_usage;
  const auto told = session->run(query::drain_node{node, drained});
  if (!told) return report_store(told.error());
  std::cout << (drained ? node + " hands over what it owns and takes nothing; `waihuctl cluster` shows how far it is\n"
                        : node + " takes its share again\n");
  return done;
}

}  // namespace waihu::ctl
