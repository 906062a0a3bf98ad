// One node's end of the links, in an actor system of its own: the real door and the real links over loopback and TLS,
// and behind the door a gateway that does what the test says.
#pragma once

#include <caf/all.hpp>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>

#include "cluster/peer_door_actor.hpp"
#include "cluster/peer_links_actor.hpp"
#include "cluster/peer_transport.hpp"

namespace waihu::test {

/// Who is there, as every node of a test sees it. Thread-safe.
class member_list {
 public:
  void enter(const std::string& node, const std::string& peer_address);
  void remove(const std::string& node);
  [[nodiscard]] std::shared_ptr<const cluster_view> look() const;

 private:
  mutable std::mutex mutex_;
  cluster_view view_;
  std::int64_t started_{};
};

/// What the gateway behind a door does. Where a function is empty it answers not_found.
struct script {
  std::function<void(const describe_task&, const answer_to<described_task>&)> describe;
  std::function<void(const suspend_resume_task&, const answer_to<suspended_resumed_task>&)> suspend_resume;
};

class linked_node {
 public:
  linked_node(std::string name, const config::cluster_options& options, std::shared_ptr<member_list> members,
              std::shared_ptr<script> does = std::make_shared<script>());
  ~linked_node();
  linked_node(const linked_node&) = delete;
  linked_node& operator=(const linked_node&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const cluster::peer_counts& counts() const { return *counts_; }
  [[nodiscard]] caf::actor_system& system() { return *system_; }
  /// Asks another node; the answer comes exactly once.
  std::future<result<std::any>> ask(const std::string& node, remote_question question);
  /// As `ask`, waiting for the answer.
  result<std::any> answer(const std::string& node, remote_question question);

 private:
  std::string address_;
  std::uint16_t port_{};
  std::shared_ptr<cluster::peer_counts> counts_{std::make_shared<cluster::peer_counts>()};
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  http_gateway gateway_;
  cluster::peer_door door_;
  cluster::greeted_links links_;
};

/// Waits for a condition that other threads bring about; false after 20 s.
bool eventually(const std::function<bool()>& holds);

}  // namespace waihu::test
