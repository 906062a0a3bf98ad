// Calls to the parties of a mediation case, made in one transaction on PostgreSQL.
#include "messages/model/text.hpp"
#include "persistence/case_plan.hpp"
#include "persistence/lead_choice.hpp"
#include "persistence/postgres_cases.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

// Whoever calls somebody of this case waits here, so that each sees what the one before has made.
constexpr statement lock_case{"lock_case",
                              "select id, mediation_id, mediation_type from mediation_cases"
                              " where organization_id = $1 and case_id = $2 for update"};
constexpr statement select_stopped_caller{
    "select_stopped_caller", "select from organization_automation where organization_id = $1 and not running"};
constexpr statement select_called_parties{"select_called_parties",
                                          "select person_id, name, phone, person_type from mediation_parties"
                                          " where case_row = $1 and person_id = any($2::text[])"};
// Range and order are those of one index each (postgres_cases.cpp).
constexpr statement select_earlier_rounds{
    "select_earlier_rounds",
    "select r.person_id, r.id, r.stage, waihu_ms(r.create_time), coalesce(j.call_status, ''), j.outcome,"
    " coalesce(j.attempt_status, '') from mediation_records r"
    " cross join lateral (select * from leads_task_list o where o.mediation_record_id >= r.id"
    " order by o.mediation_record_id limit 1) j"
    " where r.case_row between $1 and $1 and r.person_id = any($2::text[]) order by r.case_row, r.id"};

// A task that somebody else holds is passed over: waiting for it would make all calls of an organisation wait for one
// another's commits, in the few sessions that answer every other question too. So as many tasks of a script come to be
// open as sessions place calls at once, and no more: who finds none free makes one, which the next ones find. Those who
// wait are half as quick (200 requests from 20 sessions: 1.0 s against 0.5 s), and no fewer tasks come of it: the first
// requests at once find none to wait for.
// The row stays locked until the calls are committed. Their row ids are drawn under the lock and so ascend in the order
// in which they become visible: the task's actor reads the rows behind the last one it knows, and must miss none.
constexpr statement join_task{
    "join_task",
    "update call_tasks t set leads_count = t.leads_count + $3, updated_time = now() where t.id = ("
    " select o.id from call_tasks o where o.organization_id between $1 and $1 and o.script_id between $2 and $2"
    " and o.origin = 'case' and o.task_type in (1, 2) and o.leads_count + $3 <= $4"
    " order by o.organization_id desc, o.script_id desc, o.id desc limit 1 for no key update skip locked)"
    " returning t.id"};
constexpr statement draw_case_task_id{"draw_case_task_id",
                                      "select nextval(pg_get_serial_sequence('call_tasks', 'id'))"};
constexpr statement insert_case_task{
    "insert_case_task",
    "insert into call_tasks (id, task_name, organization_id, create_name, leads_count, script_id, shard, origin)"
    " overriding system value values ($1, $2, $3, $4, $5, $6, $7, 'case')"};
constexpr statement insert_records{
    "insert_records",
    "insert into mediation_records (organization_id, case_row, case_id, mediation_id, mediation_type, stage, person_id,"
    " person_type, round, task_id, creator, create_time)"
    " select $1, $2, $3, $4, $5, $6, i.person, i.side, i.round, $7, $8, waihu_at($9)"
    " from unnest($10::text[], $11::smallint[], $12::integer[]) with ordinality as i(person, side, round, n)"
    " order by i.n returning id"};
constexpr statement insert_case_jobs{
    "insert_case_jobs",
    "insert into leads_task_list (task_id, leads_id, leads_name, leads_phone, reference_id, mediation_record_id,"
    " mediation_case_row, mediation_person_id)"
    " select $1, i.record::text, i.name, i.phone, i.reference, i.record, $2, i.person"
    " from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]) with ordinality"
    " as i(record, name, phone, reference, person, n) order by i.n"};

struct locked_case {
  std::int64_t row{}, mediation_id{};
  int mediation_type{};
};

/// What the store holds of those who shall be called.
std::map<std::string, callee> find_callees(postgres_work& work, const query::place_case_calls& q,
                                           std::int64_t case_row) {
  std::map<std::string, callee> out;
  for (const auto& wish : q.wanted) out[wish.person_id];
  array_literal wanted;
  for (const auto& [person, nothing] : out) wanted.add(person);
  for (const auto& row : work.run(select_called_parties, case_row, wanted.text())) {
    row_reader r{row};
    case_party party;
    party.person_id = r.text();
    party.name = r.text();
    party.phone = r.text();
    party.side = static_cast<party_side>(r.small());
    out.at(party.person_id).party = party;
  }
  for (const auto& row : work.run(select_earlier_rounds, case_row, wanted.text())) {
    row_reader r{row};
    auto& person = out.at(r.text());
    const case_call_id id{r.number()};
    const auto stage = static_cast<mediation_stage>(r.small());
    earlier_round round;
    round.began = r.instant();
    round.status = parse_call_status(r.text());
    round.outcome = parse_job_outcome(r.text());
    round.attempt_status = r.text();
    if (round.status == call_status::none) person.active = id;
    else if (stage == q.stage) person.earlier.push_back(std::move(round));
  }
  return out;
}

/// A task with room for so many calls, its row locked.
task_id task_for(postgres_work& work, const query::place_case_calls& q, const std::string& script_id,
                 std::int64_t calls) {
  if (const auto joined = work.run(join_task, q.organization_id, script_id, calls, q.calls_a_task); !joined.empty())
    return task_id{joined[0][0].as<std::int64_t>()};
  const task_id id{work.run(draw_case_task_id)[0][0].as<std::int64_t>()};
  work.run(insert_case_task, value(id), std::string(chinese_name(q.stage)), q.organization_id, q.creator, calls,
           script_id, static_cast<int>(value(shard_of(id))));
  return id;
}

/// Calls that share a task, with their jobs; their numbers come in order.
std::vector<case_call_id> write_calls(postgres_work& work, const query::place_case_calls& q, const locked_case& of,
                                      const std::vector<const planned_call*>& calls) {
  const auto task = task_for(work, q, calls.front()->script_id, static_cast<std::int64_t>(calls.size()));
  array_literal person, side, round;
  for (const auto* call : calls) {
    person.add(call->party.person_id);
    side.add(static_cast<int>(call->party.side));
    round.add(call->round);
  }
  const auto rows = work.run(insert_records, q.organization_id, of.row, q.case_id, of.mediation_id, of.mediation_type,
                             static_cast<int>(q.stage), value(task), q.creator, to_epoch_ms(q.at), person.text(),
                             side.text(), round.text());
  std::vector<case_call_id> ids;
  array_literal record, name, phone, reference;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    ids.push_back(case_call_id{rows[static_cast<pqxx::result::size_type>(i)][0].as<std::int64_t>()});
    record.add(value(ids.back()));
    name.add(calls[i]->party.name);
    phone.add(calls[i]->phone);
    reference.add(make_reference_id(task, q.organization_id, std::to_string(value(ids.back()))));
  }
  work.run(insert_case_jobs, value(task), of.row, record.text(), name.text(), phone.text(), reference.text(),
           person.text());
  return ids;
}

}  // namespace

result<std::vector<query::placed_case_call>> postgres_store::run(const query::place_case_calls& asked) {
  using answer = std::vector<query::placed_case_call>;
  const auto checked = storable_wishes(asked);
  if (!checked) return tl::unexpected<failure>(checked.error());
  const auto& q = *checked;
  return session_.transact<answer>(postgres_session::mode::write, [&](postgres_work& work) -> result<answer> {
    work.learn_transaction_id();
    const auto locked = work.run(lock_case, q.organization_id, q.case_id);
    if (!work.run(select_stopped_caller, q.organization_id).empty()) return refused_as_stopped();
    if (locked.empty()) return fail(errc::not_found, "no such case");
    const locked_case of{locked[0][0].as<std::int64_t>(), locked[0][1].as<std::int64_t>(), locked[0][2].as<int>()};
    if (q.mediation_id && *q.mediation_id != of.mediation_id) return fail(errc::not_found, "no such case");
    const auto plan = plan_case_calls(q, find_callees(work, q, of.row));
    std::vector<case_call_id> made(plan.calls.size());
    for (const auto& share : share_tasks(plan.calls, q.calls_a_task)) {
      std::vector<const planned_call*> calls;
      for (const auto i : share) calls.push_back(&plan.calls[i]);
      const auto ids = write_calls(work, q, of, calls);
      for (std::size_t i = 0; i < share.size(); ++i) made[share[i]] = ids[i];
    }
    return answer_wishes(q, plan, made, read_case_calls(work, q.organization_id, calls_of(plan, made)));
  });
}

}  // namespace waihu
