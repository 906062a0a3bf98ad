// One session of the memory store. Internal to persistence/.
#pragma once

#include <memory>
#include <string>

#include "persistence/case_plan.hpp"
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

  WAIHU_STORE_QUERIES(WAIHU_DECLARE_QUERY)

 private:
  // The creations that may come with an Idempotency-Key. The lock is held.
  result<query::created_task> create(const query::create_task& q);
  result<scene_record> create(const query::create_scene& q);
  result<organization_record> create(const query::create_organization& q);
  result<dcc_user_record> create(const query::create_dcc_user& q);
  /// Tasks for calls of cases, made where none can be joined, and the calls within them. The lock is held.
  call_task_record& task_for(const query::place_case_calls& q, const std::string& script_id, std::size_t calls);
  case_call_id place(const query::place_case_calls& q, const case_record& of, const planned_call& call,
                     const call_task_record& task);
  /// The organisation's campaigns of these types (empty = all). The lock is held.
  std::vector<call_task_record> newest_first(const std::string& organization_id,
                                             const std::vector<task_type>& types) const;
  /// The task when it belongs to the organisation. The lock is held.
  const call_task_record* owned_task(const std::string& organization_id, task_id id) const;
  /// The same, of campaigns only.
  const call_task_record* owned_campaign(const std::string& organization_id, task_id id) const;

  std::shared_ptr<memory_state> state_;
  std::uint64_t id_;
};

/// Whether a lead has a follow-up that says so.
bool has_arrived(const memory_state& state, const memory_state::lead_key& lead);
/// The lead filters of http-api.md section 3; the SQL form is in lead_filter_sql.hpp.
bool is_under_filter(const memory_state& state, const memory_state::lead_key& key, const lead_record& lead,
                     const lead_filter& filter);

}  // namespace waihu
