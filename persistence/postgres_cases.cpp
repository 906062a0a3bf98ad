// Mediation cases and the calls to their parties on PostgreSQL: registering, listing, counting. postgres_case_calls.cpp
// makes the calls.
#include "persistence/postgres_cases.hpp"

#include <algorithm>

#include "messages/model/text.hpp"
#include "persistence/case_plan.hpp"
#include "persistence/page_rule.hpp"
#include "persistence/phone_rule.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

constexpr statement upsert_case{
    "upsert_case",
    "insert into mediation_cases as c (organization_id, case_id, mediation_id, mediation_type, stage)"
    " values ($1, $2, $3, $4, $5) on conflict (organization_id, case_id) do update"
    " set mediation_id = excluded.mediation_id, mediation_type = excluded.mediation_type, stage = excluded.stage,"
    " updated_time = now() returning c.id, waihu_ms(c.create_time), waihu_ms(c.updated_time)"};
constexpr statement delete_parties{"delete_parties", "delete from mediation_parties where case_row = $1"};
constexpr statement insert_parties{
    "insert_parties",
    "insert into mediation_parties (case_row, person_id, name, phone, person_type, position)"
    " select $1, person, name, phone, side, n from unnest($2::text[], $3::text[], $4::text[], $5::smallint[])"
    " with ordinality as i(person, name, phone, side, n)"};
constexpr statement select_case{
    "select_case",
    "select c.organization_id, c.case_id, c.mediation_id, c.mediation_type, c.stage, waihu_ms(c.create_time),"
    " waihu_ms(c.updated_time), p.person_id, p.name, p.phone, p.person_type"
    " from mediation_cases c left join mediation_parties p on p.case_row = c.id"
    " where c.organization_id = $1 and c.case_id = $2 order by p.position"};
constexpr statement select_case_row{"select_case_row",
                                    "select id from mediation_cases where organization_id = $1 and case_id = $2"};

// Everything is looked up by range and order, which only one index has: a plan made while the tables are empty finds
// every index that holds a column as good as another, and keeps the one it took (docs/data-model.md).
#define WAIHU_RECORD_BY_ID(id) \
  " cross join lateral (select * from mediation_records o where o.id >= " id " order by o.id limit 1) r"
#define WAIHU_JOB_OF_RECORD                                                                  \
  " cross join lateral (select * from leads_task_list o where o.mediation_record_id >= r.id" \
  " order by o.mediation_record_id limit 1) j"
constexpr statement select_case_calls{
    "select_case_calls",
    "select r.id, r.case_id, r.mediation_id, r.mediation_type, r.stage, r.person_id, r.person_type, r.round, r.task_id,"
    " r.creator, waihu_ms(r.create_time), r.remark, r.modifier, waihu_ms(r.modify_time), t.script_id, t.job_group_id,"
    // Why it could not be placed: what its own batch was refused for, else what its task failed for.
    " case when j.outcome = 'unplaced' then coalesce((select nullif(b.error, '') from dispatch_batches b"
    " where b.id = j.dispatch_batch), t.last_error) else '' end, " WAIHU_JOB_VIEW_COLUMNS
    " from unnest($2::bigint[]) as i(id)" WAIHU_RECORD_BY_ID("i.id") WAIHU_JOB_OF_RECORD
    " cross join lateral (select * from call_tasks o where o.id >= r.task_id order by o.id limit 1) t"
    " left join lateral (select * from dcc_leads_follow o where o.id = j.leads_follow_id limit 1) f on true"
    " where r.id = i.id and r.organization_id = $1"};

// The ways to the calls, each by the order of one index; the calls are looked at in that order, one after another,
// until the page is full. Beside the filter the order would be given up: the planner takes it for so selective that it
// rather sorts what is left of them all.
#define WAIHU_CALLS_OF_JOB                                \
  "select r.* from leads_task_list k" WAIHU_RECORD_BY_ID( \
      "k.mediation_record_id") " where k.call_job_id = $4 and r.id = k.mediation_record_id"
#define WAIHU_CALLS_OF_CASE \
  "select * from mediation_records o where o.case_row between $2 and $2 order by o.case_row desc, o.id desc"
#define WAIHU_CALLS_OF_PERSON                                                                                     \
  "select * from mediation_records o where o.person_id between $3 and $3 and o.organization_id between $1 and $1" \
  " order by o.person_id desc, o.organization_id desc, o.id desc"
#define WAIHU_CALLS_OF_PHONE \
  "select r.* from leads_task_list k" WAIHU_RECORD_BY_ID("k.mediation_record_id") \
  " where k.leads_phone between $5 and $5 and k.mediation_record_id is not null and r.id = k.mediation_record_id" \
  " order by k.leads_phone desc, k.mediation_record_id desc"
#define WAIHU_CALLS_UNDER_WAY                                                                              \
  "select r.* from (select o.mediation_record_id as id from leads_task_list o where o.call_status is null" \
  " and o.mediation_record_id is not null order by o.mediation_case_row, o.mediation_person_id offset 0) " \
  "k" WAIHU_RECORD_BY_ID("k.id") " where r.id = k.id order by r.id desc"
#define WAIHU_CALLS_OF_ORGANIZATION                                             \
  "select * from mediation_records o where o.organization_id between $1 and $1" \
  " order by o.organization_id desc, o.id desc"
// Parameters: $1 organisation, $2 case, $3 person, $4 provider's job, $5 phone, $6 stage, $7 and $8 range of time, $9
// status ('none' = not ended); 0, '' and NULL do not filter.
#define WAIHU_CALLS_UNDER_FILTER(way)                                                                                 \
  " from (" way                                                                                                       \
  " offset 0) r"                                                                                                      \
  " where r.organization_id = $1 and ($2::bigint = 0 or r.case_row = $2) and ($3::text = '' or r.person_id = $3)"     \
  " and ($6::smallint = 0 or r.stage = $6) and ($7::bigint is null or r.create_time >= waihu_at($7))"                 \
  " and ($8::bigint is null or r.create_time <= waihu_at($8))"                                                        \
  " and (($4::text = '' and $5::text = '' and $9::text = '')"                                                         \
  " or (select ($4 = '' or j.call_job_id = $4) and ($5 = '' or j.leads_phone = $5)"                                   \
  " and ($9 = '' or coalesce(j.call_status, 'none') = $9) from leads_task_list j where j.mediation_record_id >= r.id" \
  " order by j.mediation_record_id limit 1))"
/// The two statements of one way: how many calls there are, and which are on a page.
struct way_to_calls {
  statement count, page;
};
#define WAIHU_WAY_TO_CALLS(name, way)                                                     \
  way_to_calls {                                                                          \
    {"count_" name, "select count(*)" WAIHU_CALLS_UNDER_FILTER(way)}, {                   \
      "select_" name, "select r.id" WAIHU_CALLS_UNDER_FILTER(way) " limit $10 offset $11" \
    }                                                                                     \
  }
constexpr auto calls_of_job = WAIHU_WAY_TO_CALLS("calls_of_job", WAIHU_CALLS_OF_JOB);
constexpr auto calls_of_case = WAIHU_WAY_TO_CALLS("calls_of_case", WAIHU_CALLS_OF_CASE);
constexpr auto calls_of_person = WAIHU_WAY_TO_CALLS("calls_of_person", WAIHU_CALLS_OF_PERSON);
constexpr auto calls_of_phone = WAIHU_WAY_TO_CALLS("calls_of_phone", WAIHU_CALLS_OF_PHONE);
constexpr auto calls_under_way = WAIHU_WAY_TO_CALLS("calls_under_way", WAIHU_CALLS_UNDER_WAY);
constexpr auto calls_of_organization = WAIHU_WAY_TO_CALLS("calls_of_organization", WAIHU_CALLS_OF_ORGANIZATION);
// Of the index alone.
constexpr statement count_all_case_calls{
    "count_all_case_calls",
    "select count(*) from (select from mediation_records o where o.organization_id between $1 and $1"
    " order by o.organization_id desc, o.id desc offset 0) c"};

#define WAIHU_STATUSES_COUNTED(found)                                                       \
  "select r.stage, coalesce(j.call_status, ''), count(*) from (select r.id, r.stage " found \
  " offset 0) r" WAIHU_JOB_OF_RECORD " group by 1, 2"
#define WAIHU_WITHIN_TIME                                      \
  " and ($2::bigint is null or r.create_time >= waihu_at($2))" \
  " and ($3::bigint is null or r.create_time <= waihu_at($3))"
constexpr statement count_statuses{
    "count_case_statuses",
    WAIHU_STATUSES_COUNTED("from mediation_records r where r.organization_id between $1 and $1" WAIHU_WITHIN_TIME
                           " order by r.organization_id desc, r.id desc")};
constexpr statement count_statuses_of_case{
    "count_statuses_of_case",
    WAIHU_STATUSES_COUNTED("from mediation_records r where r.case_row between $1 and $1" WAIHU_WITHIN_TIME
                           " order by r.case_row desc, r.id desc")};

constexpr statement select_record_of_job{
    "select_record_of_job",
    "select mediation_record_id from leads_task_list where call_job_id = $1 and mediation_record_id is not null"};
constexpr statement update_remark{"update_remark",
                                  "update mediation_records set remark = $3, modifier = $4, modify_time = waihu_at($5)"
                                  " where id = $1 and organization_id = $2 returning id"};

case_record case_of(const pqxx::result& rows) {
  case_record out;
  for (const auto& row : rows) {
    row_reader r{row};
    out.organization_id = r.text();
    out.case_id = r.text();
    out.mediation_id = r.number();
    out.mediation_type = r.small();
    out.stage = static_cast<mediation_stage>(r.small());
    out.create_time = r.instant();
    out.updated_time = r.instant();
    case_party party;
    party.person_id = r.text();
    party.name = r.text();
    party.phone = r.text();
    party.side = static_cast<party_side>(r.small());
    if (!party.person_id.empty()) out.parties.push_back(std::move(party));
  }
  return out;
}

query::case_call_view case_call_of(const pqxx::row& row) {
  row_reader r{row};
  query::case_call_view out;
  auto& c = out.record;
  c.id = case_call_id{r.number()};
  c.case_id = r.text();
  c.mediation_id = r.number();
  c.mediation_type = r.small();
  c.stage = static_cast<mediation_stage>(r.small());
  c.person_id = r.text();
  c.side = static_cast<party_side>(r.small());
  c.round = r.small();
  c.task = task_id{r.number()};
  c.creator = r.text();
  c.create_time = r.instant();
  c.remark = r.text();
  c.modifier = r.text();
  c.modify_time = r.maybe_instant();
  c.script_id = r.text();
  out.job_group_id = r.text();
  out.last_error = r.text();
  out.job = read_job_view(r);
  c.row = out.job.job.row;
  return out;
}

/// NULL where the side is open.
std::optional<std::int64_t> ms_of(const std::optional<wall_time>& at) {
  return at ? std::optional{to_epoch_ms(*at)} : std::nullopt;
}

/// The way that reads least.
const way_to_calls& way_of(const query::list_case_calls& q) {
  if (!q.call_job_id.empty()) return calls_of_job;
  if (!q.case_id.empty()) return calls_of_case;
  if (!q.person_id.empty()) return calls_of_person;
  if (!q.phone.empty()) return calls_of_phone;
  return q.status && !is_terminal(*q.status) ? calls_under_way : calls_of_organization;
}

std::string status_asked(const std::optional<call_status>& status) {
  if (!status) return {};
  return is_terminal(*status) ? std::string(to_string(*status)) : "none";
}

}  // namespace

std::map<case_call_id, query::case_call_view> read_case_calls(postgres_work& work, const std::string& organization_id,
                                                              const std::set<case_call_id>& ids) {
  std::map<case_call_id, query::case_call_view> out;
  if (ids.empty()) return out;
  array_literal wanted;
  for (const auto id : ids) wanted.add(value(id));
  for (const auto& row : work.run(select_case_calls, organization_id, wanted.text())) {
    auto view = case_call_of(row);
    out.emplace(view.record.id, std::move(view));
  }
  return out;
}

result<case_record> postgres_store::run(const query::put_case& q) {
  const auto what = storable_case(q.what);
  if (!what) return what;
  array_literal person, name, phone, side;
  for (const auto& party : what->parties) {
    person.add(party.person_id);
    name.add(party.name);
    phone.add(party.phone);
    side.add(static_cast<int>(party.side));
  }
  return session_.transact<case_record>(postgres_session::mode::write, [&](postgres_work& work) -> result<case_record> {
    work.learn_transaction_id();
    auto out = *what;
    const auto rows = work.run(upsert_case, out.organization_id, out.case_id, out.mediation_id, out.mediation_type,
                               static_cast<int>(out.stage));
    const auto row = rows[0][0].as<std::int64_t>();
    out.create_time = from_epoch_ms(rows[0][1].as<std::int64_t>());
    out.updated_time = from_epoch_ms(rows[0][2].as<std::int64_t>());
    work.run(delete_parties, row);
    if (!out.parties.empty()) work.run(insert_parties, row, person.text(), name.text(), phone.text(), side.text());
    return out;
  });
}

result<case_record> postgres_store::run(const query::find_case& q) {
  return session_.transact<case_record>(postgres_session::mode::read, [&](postgres_work& work) -> result<case_record> {
    const auto rows = work.run(select_case, storable_text(q.organization_id), storable_text(q.case_id));
    if (rows.empty()) return fail(errc::not_found, "no such case");
    return case_of(rows);
  });
}

result<query::page_of<query::case_call_view>> postgres_store::run(const query::list_case_calls& q) {
  using page_type = query::page_of<query::case_call_view>;
  const auto organization = storable_text(q.organization_id);
  const auto case_id = storable_text(q.case_id);
  const auto person = storable_text(q.person_id);
  const auto job = storable_text(q.call_job_id);
  const auto phone = normalise_phone(storable_text(q.phone));
  const auto stage = q.stage ? static_cast<int>(*q.stage) : 0;
  const auto from = ms_of(q.created.from);
  const auto until = ms_of(q.created.until);
  const auto status = status_asked(q.status);
  const bool all = case_id.empty() && person.empty() && job.empty() && q.phone.empty() && stage == 0 && !from &&
                   !until && status.empty();
  return session_.transact<page_type>(postgres_session::mode::read, [&](postgres_work& work) -> result<page_type> {
    const auto nothing = page_for<query::case_call_view>(q.page, 0);
    if (!q.phone.empty() && phone.empty()) return nothing;
    std::int64_t case_row = 0;
    if (!case_id.empty()) {
      const auto found = work.run(select_case_row, organization, case_id);
      if (found.empty()) return nothing;
      case_row = found[0][0].as<std::int64_t>();
    }
    const auto& way = way_of(q);
    const auto counted =
        all ? work.run(count_all_case_calls, organization)
            : work.run(way.count, organization, case_row, person, job, phone, stage, from, until, status);
    auto page = page_for<query::case_call_view>(q.page, counted[0][0].as<std::int64_t>());
    std::set<case_call_id> ids;
    for (const auto& row : work.run(way.page, organization, case_row, person, job, phone, stage, from, until, status,
                                    page.page_size, offset_of(page)))
      ids.insert(case_call_id{row[0].as<std::int64_t>()});
    auto views = read_case_calls(work, organization, ids);
    for (auto i = views.rbegin(); i != views.rend(); ++i) page.items.push_back(std::move(i->second));
    return page;
  });
}

result<std::vector<query::case_call_view>> postgres_store::run(const query::case_calls_by_id& q) {
  if (q.ids.size() > most_calls_a_call) return fail(errc::invalid_argument, "too many calls at once");
  using answer = std::vector<query::case_call_view>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    answer out;
    for (auto& [id, view] : read_case_calls(work, storable_text(q.organization_id), {q.ids.begin(), q.ids.end()}))
      out.push_back(std::move(view));
    return out;
  });
}

result<query::case_call_view> postgres_store::run(const query::remark_case_call& q) {
  using answer = query::case_call_view;
  return session_.transact<answer>(postgres_session::mode::write, [&](postgres_work& work) -> result<answer> {
    work.learn_transaction_id();
    const auto organization = storable_text(q.organization_id);
    const auto found = work.run(select_record_of_job, storable_text(q.call_job_id));
    if (found.empty()) return fail(errc::not_found, "no such call");
    const auto id = found[0][0].as<std::int64_t>();
    const auto changed = work.run(update_remark, id, organization, cut_text(storable_text(q.remark), remark_limit),
                                  storable_text(q.modifier), to_epoch_ms(q.at));
    if (changed.empty()) return fail(errc::not_found, "no such call");
    return read_case_calls(work, organization, {case_call_id{id}}).at(case_call_id{id});
  });
}

result<std::vector<query::case_call_count>> postgres_store::run(const query::count_case_calls& q) {
  using answer = std::vector<query::case_call_count>;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    const auto organization = storable_text(q.organization_id);
    const auto case_id = storable_text(q.case_id);
    const auto from = ms_of(q.created.from);
    const auto until = ms_of(q.created.until);
    answer out;
    pqxx::result rows;
    if (case_id.empty()) {
      rows = work.run(count_statuses, organization, from, until);
    } else {
      const auto found = work.run(select_case_row, organization, case_id);
      if (found.empty()) return out;
      rows = work.run(count_statuses_of_case, found[0][0].as<std::int64_t>(), from, until);
    }
    for (const auto& row : rows)
      out.push_back({static_cast<mediation_stage>(row[0].as<int>()), parse_call_status(row[1].c_str()),
                     row[2].as<std::int64_t>()});
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
      return a.stage != b.stage ? a.stage < b.stage : a.status < b.status;
    });
    return out;
  });
}

}  // namespace waihu
