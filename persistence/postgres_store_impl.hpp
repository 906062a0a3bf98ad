// The store's class on PostgreSQL; its functions are spread over postgres_*.cpp by subject. Internal to persistence/.
#pragma once

#include <chrono>
#include <memory>

#include "persistence/postgres_commit.hpp"
#include "persistence/postgres_session.hpp"
#include "persistence/store.hpp"

namespace waihu {

// The creations that may come with an Idempotency-Key, within a transaction that is under way.
result<query::created_task> create_in(postgres_work& work, const query::create_task& q);
result<scene_record> create_in(postgres_work& work, const query::create_scene& q);
result<organization_record> create_in(postgres_work& work, const query::create_organization& q);
result<dcc_user_record> create_in(postgres_work& work, const query::create_dcc_user& q);

class postgres_store final : public store {
 public:
  postgres_store(const config::store_options& options, std::chrono::milliseconds lease_time)
      : session_{options}, lease_time_{lease_time} {}

  commit_report commit(std::span<const store_change> changes) override;

  WAIHU_STORE_QUERIES(WAIHU_DECLARE_QUERY)

 private:
  result<commit_report> commit_together(std::span<const store_change> changes);

  /// Takes or checks the advisory lock that the claim rests on; true when this session holds it.
  bool take_claim_lock(postgres_work& work);
  void drop_claim_lock(postgres_work& work);
  /// Takes or checks the advisory locks of a node of a cluster; false when somebody else's are in the way.
  bool take_cluster_locks(postgres_work& work, const std::string& node);
  /// Makes the coming months' partitions of the events when the last look is long ago. Never fails: there is time.
  void look_after_partitions();
  bool holds_claim_lock() const noexcept {
    return claim_generation_ != 0 && claim_generation_ == session_.generation();
  }

  postgres_session session_;
  std::chrono::milliseconds lease_time_;
  task_organizations organizations_;
  std::chrono::steady_clock::time_point next_partitions_{};
  std::uint64_t cluster_generation_{};  ///< Connection on which the locks of a cluster's node were taken; 0 = none.
  std::uint64_t claim_generation_{};    ///< Connection on which the lock was taken; 0 = not held.
};

}  // namespace waihu
