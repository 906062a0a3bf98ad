// The line between one node and the store: the memory store behind commits that are slow, refused, lost or applied
// late. One link a node; commits under way may still be applied after the node died.
#pragma once

#include <any>
#include <functional>
#include <memory>
#include <span>

#include "actors/store_actors.hpp"
#include "persistence/memory_store.hpp"
#include "tests/simulation/world.hpp"

namespace waihu::simulation {

class store_link {
 public:
  explicit store_link(world& w) : world_(w), session_(make_memory_store(w.rows)) {}

  using commit_answer = std::function<void(std::shared_ptr<change_report>)>;
  using read_answer = std::function<void(query_answer)>;

  /// Throws when the session is lost: its worker dies.
  void commit(const std::shared_ptr<change_pack>& pack, const commit_answer& done);
  void read(const query_ptr& query, read_answer done);

  /// The node died: nobody listens any more. What is on its way may arrive or not.
  void cut();
  /// The node cannot reach the store until then, others can.
  void cut_off_until(sim_time t) { cut_off_until_ = t; }
  void set_outage(std::shared_ptr<sim_time> until) { outage_until_ = std::move(until); }
  [[nodiscard]] bool reachable() const;

  std::function<void()> on_commit;  ///< A commit of this node has just been applied.

 private:
  struct line {
    bool cut{};
  };
  void apply(const std::shared_ptr<change_pack>& pack, change_report& report);
  void apply_later(milliseconds delay, const std::shared_ptr<change_pack>& pack,
                   std::function<void(std::shared_ptr<change_report>)> then);
  static std::shared_ptr<change_report> all_failed(const change_pack& pack, errc code);

  world& world_;
  std::unique_ptr<store> session_;
  std::shared_ptr<line> line_{std::make_shared<line>()};
  std::shared_ptr<sim_time> outage_until_;
  sim_time cut_off_until_{-1};
};

/// The session of a node's keeper on such a line.
std::unique_ptr<store> make_keeper_session(world& w, std::shared_ptr<store_link> line);

/// A store worker on such a line; to the writer and the reader it is any other worker.
store_worker spawn_sim_worker(caf::actor_system& system, std::shared_ptr<store_link> link);

}  // namespace waihu::simulation
