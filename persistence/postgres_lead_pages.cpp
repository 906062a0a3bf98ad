// Leads one by one on PostgreSQL: pages of them, and one with its history.
#include <algorithm>

#include "messages/model/text.hpp"
#include "persistence/lead_filter_sql.hpp"
#include "persistence/page_rule.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

// Aliases: l = dcc_leads, f = its latest follow-up. Two questions by the lead, so that both are answered by
// dcc_leads_follow_lead.
#define WAIHU_LISTED_LEAD_COLUMNS                                                           \
  "l.id, l.leads_id, l.leads_user_name, l.leads_user_phone, l.leads_product, l.leads_type," \
  " waihu_ms(l.leads_create_time), " WAIHU_ARRIVED("l") ", " WAIHU_FOLLOW_COLUMNS
#define WAIHU_LATEST_FOLLOW                                                            \
  " left join lateral (select * from dcc_leads_follow o where o.leads_id = l.leads_id" \
  " and o.organization_id = l.organization_id order by o.follow_time desc, o.id desc limit 1) f on true"

// Byte order and "C", so that the store's locale does not matter: only ASCII letters are the same in both cases.
#define WAIHU_HELD_BY(column) "position($13::text in lower(" column " collate \"C\")) > 0"
#define WAIHU_LEADS_HOLDING                                                                      \
  WAIHU_LEAD_FILTER " and ($13::text = '' or " WAIHU_HELD_BY("l.leads_id") " or " WAIHU_HELD_BY( \
      "l.leads_user_name") " or " WAIHU_HELD_BY("l.leads_user_phone") ")"

constexpr statement count_leads{"count_leads",
                                "select count(*) from dcc_leads l where l.organization_id = $1" WAIHU_LEADS_HOLDING};
// Order and range are those of one index each. Planned while a table was empty, "equals" is as cheap with every index
// that holds the column, or with none, and then reads the whole table for one row; an order only one index has.
constexpr statement select_leads{
    "select_leads",
    "select " WAIHU_LISTED_LEAD_COLUMNS
    " from (select l.* from dcc_leads l where l.organization_id || '' between $1 and $1" WAIHU_LEADS_HOLDING
    " order by l.organization_id || '', l.id desc limit $14 offset $15) l" WAIHU_LATEST_FOLLOW " order by l.id desc"};
constexpr statement select_lead{"select_lead",
                                "select " WAIHU_LISTED_LEAD_COLUMNS
                                " from (select * from dcc_leads o where o.organization_id = $1 and o.leads_id >= $2"
                                " order by o.leads_id limit 1) l" WAIHU_LATEST_FOLLOW " where l.leads_id = $2"};

#define WAIHU_FOLLOWS_OF_LEAD " from dcc_leads_follow f where f.leads_id = $2 and f.organization_id = $1"
constexpr statement count_follows_of_lead{"count_follows_of_lead", "select count(*)" WAIHU_FOLLOWS_OF_LEAD};
constexpr statement select_follows_of_lead{"select_follows_of_lead",
                                           "select " WAIHU_FOLLOW_COLUMNS WAIHU_FOLLOWS_OF_LEAD
                                           " order by f.follow_time desc, f.id desc limit $3"};

// The calls are found by the lead; task and follow-up are looked up for each.
constexpr statement select_calls_of_lead{
    "select_calls_of_lead",
    "select " WAIHU_JOB_VIEW_COLUMNS
    ", j.task_id, j.task_name, j.job_group_id, j.total from ("
    "select j.*, t.task_name, t.job_group_id, count(*) over () as total from leads_task_list j"
    " cross join lateral (select * from call_tasks o where o.id >= j.task_id order by o.id limit 1) t"
    " where j.leads_id between $2 and $2 and j.mediation_record_id is null and t.id = j.task_id and t.organization_id "
    "= $1"
    " order by j.leads_id desc, j.id desc limit $3) j"
    " left join lateral (select * from dcc_leads_follow o where o.id = j.leads_follow_id limit 1) f on true"
    " order by j.id desc"};

query::listed_lead read_listed_lead(const pqxx::row& row) {
  row_reader r{row};
  query::listed_lead out;
  out.id = r.number();
  out.lead.leads_id = r.text();
  out.lead.leads_user_name = r.text();
  out.lead.leads_user_phone = r.text();
  out.lead.leads_product = r.text();
  out.lead.leads_type = r.text();
  out.lead.leads_create_time = r.maybe_instant();
  out.has_arrived = r.flag();
  out.latest_follow = read_follow(r);
  return out;
}

}  // namespace

result<query::page_of<query::listed_lead>> postgres_store::run(const query::list_leads& q) {
  using page_type = query::page_of<query::listed_lead>;
  return session_.transact<page_type>(postgres_session::mode::read, [&](postgres_work& work) -> result<page_type> {
    const auto holding = lower_ascii(storable_text(q.holding));
    const auto counted = run_over_leads(work, count_leads, q.organization_id, q.filter, holding);
    auto page = page_for<query::listed_lead>(q.page, counted[0][0].as<std::int64_t>());
    for (const auto& row :
         run_over_leads(work, select_leads, q.organization_id, q.filter, holding, page.page_size, offset_of(page)))
      page.items.push_back(read_listed_lead(row));
    return page;
  });
}

result<query::lead_history> postgres_store::run(const query::lead_by_id& q) {
  using answer = query::lead_history;
  return session_.transact<answer>(postgres_session::mode::snapshot, [&](postgres_work& work) -> result<answer> {
    // One snapshot for all questions.
    work.raw().exec("set transaction isolation level repeatable read, read only");
    const auto limit = std::clamp(q.limit, 1, most_rows_a_call);
    const auto organization = storable_text(q.organization_id);
    const auto lead = storable_text(q.leads_id);
    const auto found = work.run(select_lead, organization, lead);
    if (found.empty()) return fail(errc::not_found, "no such lead");
    answer out;
    out.lead = read_listed_lead(found[0]);
    out.follow_count = work.run(count_follows_of_lead, organization, lead)[0][0].as<std::int64_t>();
    for (const auto& row : work.run(select_follows_of_lead, organization, lead, limit)) {
      row_reader r{row};
      if (auto f = read_follow(r)) out.follows.push_back(std::move(*f));
    }
    for (const auto& row : work.run(select_calls_of_lead, organization, lead, limit)) {
      row_reader r{row};
      query::call_of_lead c;
      c.job = read_job_view(r);
      c.task = task_id{r.number()};
      c.task_name = r.text();
      c.job_group_id = r.text();
      out.call_count = r.number();
      out.calls.push_back(std::move(c));
    }
    return out;
  });
}

}  // namespace waihu
