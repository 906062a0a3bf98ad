// One session of the memory store. Internal to persistence/.
#pragma once

#include <memory>
#include <string>

#include "persistence/memory_state.hpp"
#include "persistence/store.hpp"

namespace waihu {

class memory_session final : public store {
 public:
  explicit memory_session(std::shared_ptr<memory_state> state);
  ~memory_session() override;
  memory_session(const memory_session&) = delete;
  memory_session& operator=(const memory_session&) = delete;

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
  /// The task when it belongs to the organisation. Called under the state's mutex.
  const call_task_record* owned_task(const std::string& organization_id, task_id id) const;

  std::shared_ptr<memory_state> state_;
  std::uint64_t id_{};
};

/// Whether a lead has a follow-up that says so.
bool has_arrived(const memory_state& state, const memory_state::lead_key& lead);
/// The lead filters of http-api.md section 3; the SQL form is in lead_filter_sql.hpp.
bool is_under_filter(const memory_state& state, const memory_state::lead_key& key, const lead_record& lead,
                     const lead_filter& filter);

}  // namespace waihu
