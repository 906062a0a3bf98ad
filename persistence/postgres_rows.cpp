#include "persistence/postgres_rows.hpp"

namespace waihu {

user_record user_of(const pqxx::row& row) {
  row_reader r{row};
  user_record u;
  u.id = user_id{r.number()};
  u.username = r.text();
  u.password_hash = r.text();
  u.phone = r.text();
  u.organization_id = r.text();
  u.dcc_user = r.text();
  u.dcc_user_org_id = r.text();
  u.create_time = r.instant();
  u.role = static_cast<user_role>(r.small());
  return u;
}

call_task_record read_task(row_reader& r) {
  call_task_record t;
  t.id = task_id{r.number()};
  t.task_name = r.text();
  t.organization_id = r.text();
  t.create_name_id = user_id{r.number()};
  t.create_name = r.text();
  t.create_time = r.instant();
  t.leads_count = r.number();
  t.script_id = r.text();
  t.type = static_cast<task_type>(r.small());
  t.size_desc_json = r.text();
  t.job_group_id = r.text();
  t.group_requested_at = r.maybe_instant();
  t.updated_time = r.instant();
  t.epoch = epoch_t{r.number()};
  t.started_at = r.maybe_instant();
  t.completed_at = r.maybe_instant();
  t.origin = r.text() == "case" ? task_origin::cases : task_origin::campaign;
  t.last_error = r.text();
  return t;
}

call_job_record read_job(row_reader& r) {
  call_job_record j;
  j.row = job_row_id{r.number()};
  j.leads_id = r.text();
  j.leads_name = r.text();
  j.leads_phone = r.text();
  j.reference_id = r.text();
  // A phase of a later release: looked for at the provider before anything is sent, like a call whose batch is in
  // doubt.
  j.phase = parse_job_phase(r.text()).value_or(job_phase::dispatching);
  j.status = parse_call_status(r.text());
  j.outcome = parse_job_outcome(r.text());
  j.parked = parse_parked_reason(r.text());
  j.call_job_id = r.text();
  if (const auto batch = r.maybe_number()) j.dispatch_batch = batch_id{*batch};
  j.attempts = r.small();
  j.failures = r.small();
  j.poll_started_at = r.maybe_instant();
  j.last_change_at = r.maybe_instant();
  j.has_conversation = r.flag();
  if (const auto interest_now = r.maybe_number()) j.is_interested = static_cast<interest>(*interest_now);
  if (const auto follow = r.maybe_number()) j.leads_follow_id = follow_id{*follow};
  return j;
}

std::optional<follow_up_record> read_follow(row_reader& r) {
  follow_up_record f;
  const auto id = r.maybe_number();
  f.leads_id = r.text();
  f.follow_time = r.instant();
  f.leads_remark = r.text();
  f.frist_follow_time = r.maybe_instant();
  f.new_follow_time = r.maybe_instant();
  f.next_follow_time = r.maybe_instant();
  f.is_arrive = r.small();
  f.frist_arrive_time = r.maybe_instant();
  if (!id) return std::nullopt;
  f.id = follow_id{*id};
  return f;
}

call_job_view read_job_view(row_reader& r) {
  call_job_view v;
  v.job = read_job(r);
  v.call_task_id = r.text();
  v.attempt_status = r.text();
  v.planed_ms = r.number();
  v.actual_ms = r.number();
  v.conversation_json = r.text();
  v.calling_number = r.text();
  v.called_number = r.text();
  v.recording_url = r.text();
  v.recording_fetched_at = r.maybe_instant();
  v.updated_time = r.instant();
  v.follow = read_follow(r);
  return v;
}

event_record event_of(const pqxx::row& row) {
  row_reader r{row};
  event_record e;
  e.id = event_id{r.number()};
  e.organization_id = r.text();
  e.task = task_id{r.number()};
  if (const auto job = r.maybe_number()) e.job = job_row_id{*job};
  e.kind = r.text();
  e.from = r.text();
  e.to = r.text();
  e.at = r.instant();
  e.data_json = r.text();
  return e;
}

}  // namespace waihu
