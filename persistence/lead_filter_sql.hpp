// The lead filters of http-api.md section 3 as one SQL condition with its parameters, for every statement over leads.
#pragma once

#include <string>
#include <utility>

#include "messages/model/queries.hpp"
#include "messages/model/text.hpp"
#include "persistence/postgres_commit.hpp"

namespace waihu {

// Parameters: $1 organisation, $2 products, $3 types, $4 arrived, then four pairs of range arrays. A time filter asks
// for one follow-up that satisfies all time filters at once; whether a lead arrived is asked of the lead as a whole.
#define WAIHU_ARRIVED(lead)                                                                                          \
  "exists (select from dcc_leads_follow a where a.organization_id = " lead ".organization_id and a.leads_id = " lead \
  ".leads_id and a.is_arrive = 1)"
#define WAIHU_IN_RANGES(column, from, until)                                                      \
  "(cardinality(" from "::bigint[]) = 0 or exists (select from unnest(" from "::bigint[], " until \
  "::bigint[]) as r(a, b) where " column " is not null and (r.a is null or " column               \
  " >= waihu_at(r.a)) and (r.b is null or " column " <= waihu_at(r.b))))"
#define WAIHU_LEADS_UNDER_FILTER "from dcc_leads l where l.organization_id = $1" WAIHU_LEAD_FILTER
#define WAIHU_LEAD_FILTER \
  " and (cardinality($2::text[]) = 0 or l.leads_product = any($2::text[]))"                                  \
  " and (cardinality($3::text[]) = 0 or l.leads_type = any($3::text[]))"                                     \
  " and (cardinality($4::integer[]) = 0 or (" WAIHU_ARRIVED("l") ")::integer = any($4::integer[]))"          \
  " and (cardinality($5::bigint[]) + cardinality($7::bigint[]) + cardinality($9::bigint[])"                  \
  " + cardinality($11::bigint[]) = 0 or exists (select from dcc_leads_follow f"                              \
  " where f.organization_id = l.organization_id and f.leads_id = l.leads_id"                                 \
  " and " WAIHU_IN_RANGES("f.frist_follow_time", "$5", "$6")                                                 \
  " and " WAIHU_IN_RANGES("f.new_follow_time", "$7", "$8")                                                   \
  " and " WAIHU_IN_RANGES("f.next_follow_time", "$9", "$10")                                                 \
  " and " WAIHU_IN_RANGES("f.frist_arrive_time", "$11", "$12") "))"

/// The parameters of WAIHU_LEADS_UNDER_FILTER from $2 on, as array literals.
struct lead_filter_arrays {
  explicit lead_filter_arrays(const lead_filter& filter);
  std::string products, types, arrived;
  std::string first_from, first_until, latest_from, latest_until, next_from, next_until, arrive_from, arrive_until;
};

/// Runs a statement over WAIHU_LEADS_UNDER_FILTER; `more` are its parameters from $13 on.
template <class... More>
pqxx::result run_over_leads(postgres_work& work, const statement& s, const std::string& organization_id,
                            const lead_filter& filter, More&&... more) {
  const lead_filter_arrays f{filter};
  return work.run(s, storable_text(organization_id), f.products, f.types, f.arrived, f.first_from, f.first_until,
                  f.latest_from, f.latest_until, f.next_from, f.next_until, f.arrive_from, f.arrive_until,
                  std::forward<More>(more)...);
}

}  // namespace waihu
