// From rows of a query to records, with the column lists that belong to them. A column list and its reader are always
// changed together.
#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>

#include "messages/model/queries.hpp"

namespace waihu {

// What one query gives at most, whatever it asks for.
inline constexpr int most_rows_a_call = 500;
inline constexpr int most_events_a_call = 1000;

// Column lists. Aliases in the query: t = call_tasks, j = leads_task_list, f = dcc_leads_follow.
#define WAIHU_USER_COLUMNS                                                                   \
  "id, username, password, coalesce(phone, ''), organization_id, dcc_user, dcc_user_org_id," \
  " waihu_ms(create_time), user_role"
#define WAIHU_TASK_COLUMNS                                                                                         \
  "t.id, t.task_name, t.organization_id, t.create_name_id, t.create_name, waihu_ms(t.create_time), t.leads_count," \
  " t.script_id, t.task_type, t.size_desc, t.job_group_id, waihu_ms(t.group_requested_at),"                        \
  " waihu_ms(t.updated_time), t.epoch, waihu_ms(t.started_at), waihu_ms(t.completed_at), t.origin, t.last_error"
#define WAIHU_JOB_COLUMNS                                                                                   \
  "j.id, j.leads_id, j.leads_name, j.leads_phone, j.reference_id, j.phase, j.call_status, j.outcome,"       \
  " j.parked_reason, j.call_job_id, j.dispatch_batch, j.attempts, j.failures, waihu_ms(j.poll_started_at)," \
  " waihu_ms(j.last_change_at), coalesce(position('{' in j.call_conversation), 0) > 0, j.is_interested,"    \
  " j.leads_follow_id"
#define WAIHU_FOLLOW_COLUMNS                                                                  \
  "f.id, f.leads_id, waihu_ms(f.follow_time), f.leads_remark, waihu_ms(f.frist_follow_time)," \
  " waihu_ms(f.new_follow_time), waihu_ms(f.next_follow_time), f.is_arrive, waihu_ms(f.frist_arrive_time)"
#define WAIHU_JOB_VIEW_COLUMNS                                                                                       \
  WAIHU_JOB_COLUMNS                                                                                                  \
  ", j.call_task_id, j.attempt_status, waihu_ms(j.planed_time), waihu_ms(j.actual_time), j.call_conversation,"       \
  " j.calling_number, j.called_number, j.recording_url, waihu_ms(j.recording_fetched_at), waihu_ms(j.updated_time)," \
  " " WAIHU_FOLLOW_COLUMNS
#define WAIHU_EVENT_COLUMNS "id, organization_id, coalesce(task_id, 0), job, kind, \"from\", \"to\", waihu_ms(at), data"

/// Reads the columns of a row one after another. Throws pqxx errors when the list and the reads disagree.
class row_reader {
 public:
  explicit row_reader(const pqxx::row& row, pqxx::row::size_type first = 0) : row_{row}, next_{first} {}
  /// A row that nobody holds would be gone before it is read.
  explicit row_reader(pqxx::row&& row, pqxx::row::size_type first = 0) = delete;
  /// "" for NULL.
  std::string text() { return next().as<std::string>(std::string{}); }
  /// 0 for NULL.
  std::int64_t number() { return next().as<std::int64_t>(0); }
  int small() { return next().as<int>(0); }
  bool flag() { return next().as<bool>(false); }
  wall_time instant() { return from_epoch_ms(number()); }
  std::optional<wall_time> maybe_instant() {
    const auto f = next();
    if (f.is_null()) return std::nullopt;
    return from_epoch_ms(f.as<std::int64_t>());
  }
  std::optional<std::int64_t> maybe_number() {
    const auto f = next();
    if (f.is_null()) return std::nullopt;
    return f.as<std::int64_t>();
  }
  pqxx::row::size_type position() const noexcept { return next_; }

 private:
  pqxx::field next() { return row_.at(next_++); }
  const pqxx::row& row_;
  pqxx::row::size_type next_;
};

/// WAIHU_USER_COLUMNS.
user_record user_of(const pqxx::row& row);
/// WAIHU_TASK_COLUMNS.
call_task_record read_task(row_reader& r);
/// WAIHU_JOB_COLUMNS.
call_job_record read_job(row_reader& r);
/// WAIHU_FOLLOW_COLUMNS; nullopt when they are those of no row (outer joins).
std::optional<follow_up_record> read_follow(row_reader& r);
/// WAIHU_JOB_VIEW_COLUMNS.
call_job_view read_job_view(row_reader& r);
/// WAIHU_EVENT_COLUMNS.
event_record event_of(const pqxx::row& row);

}  // namespace waihu
