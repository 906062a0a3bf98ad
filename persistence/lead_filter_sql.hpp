// The lead filters of http-api.md section 3 as one SQL condition with its parameters, for every statement over leads.
#pragma once

#include <string>
#include <utility>

#include "messages/model/queries.hpp"
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
#define WAIHU_LEADS_UNDER_FILTER \
  "from dcc_leads l where l.organization_id = $1"                                                            \
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

/// Runs a statement over WAIHU_LEADS_UNDER_FILTER.
pqxx::result run_over_leads(postgres_work& work, const statement& s, const std::string& organization_id,
                            const lead_filter& filter);

}  // namespace waihu
