// The store's class on PostgreSQL; its functions are spread over postgres_*.cpp by subject. Internal to persistence/.
#pragma once

#include <chrono>
#include <memory>

#include "persistence/postgres_commit.hpp"
#include "persistence/postgres_session.hpp"
#include "persistence/store.hpp"

namespace waihu {

class postgres_store final : public store {
 public:
  postgres_store(const config::store_options& options, std::chrono::milliseconds lease_time)
      : session_{options}, lease_time_{lease_time} {}

  commit_report commit(std::span<const store_change> changes) override;

  result<query::user_by_name::answer_type> run(const query::user_by_name& q) override;
  result<query::user_by_id::answer_type> run(const query::user_by_id& q) override;
  result<query::replace_password::answer_type> run(const query::replace_password& q) override;
  result<query::create_user::answer_type> run(const query::create_user& q) override;
  result<query::create_organization::answer_type> run(const query::create_organization& q) override;
  result<query::organization_by_id::answer_type> run(const query::organization_by_id& q) override;
  result<query::import_leads::answer_type> run(const query::import_leads& q) override;
  result<query::lead_statistics::answer_type> run(const query::lead_statistics& q) override;
  result<query::create_scene::answer_type> run(const query::create_scene& q) override;
  result<query::list_scenes::answer_type> run(const query::list_scenes& q) override;
  result<query::create_task::answer_type> run(const query::create_task& q) override;
  result<query::list_tasks::answer_type> run(const query::list_tasks& q) override;
  result<query::find_task::answer_type> run(const query::find_task& q) override;
  result<query::set_script::answer_type> run(const query::set_script& q) override;
  result<query::list_jobs::answer_type> run(const query::list_jobs& q) override;
  result<query::jobs_by_row::answer_type> run(const query::jobs_by_row& q) override;
  result<query::job_by_call_job_id::answer_type> run(const query::job_by_call_job_id& q) override;
  result<query::count_task::answer_type> run(const query::count_task& q) override;
  result<query::events_after::answer_type> run(const query::events_after& q) override;
  result<query::last_event::answer_type> run(const query::last_event& q) override;
  result<query::load_task::answer_type> run(const query::load_task& q) override;
  result<query::unfinished_tasks::answer_type> run(const query::unfinished_tasks& q) override;
  result<query::claim_shards::answer_type> run(const query::claim_shards& q) override;
  result<query::renew_claim::answer_type> run(const query::renew_claim& q) override;
  result<query::release_claim::answer_type> run(const query::release_claim& q) override;

 private:
  result<commit_report> commit_together(std::span<const store_change> changes);

  /// Takes or checks the advisory lock that the claim rests on; true when this session holds it.
  bool take_claim_lock(postgres_work& work);
  void drop_claim_lock(postgres_work& work);
  bool holds_claim_lock() const noexcept {
    return claim_generation_ != 0 && claim_generation_ == session_.generation();
  }

  postgres_session session_;
  std::chrono::milliseconds lease_time_;
  task_organizations organizations_;
  std::uint64_t claim_generation_{};  ///< Connection on which the lock was taken; 0 = not held.
};

/// The literal of half-open ranges: two arrays of equal length, NULL where a side is open.
struct range_arrays {
  std::string from, until;
};
range_arrays arrays_of(const std::vector<time_range>& ranges);

}  // namespace waihu
