// Leads on PostgreSQL: import and statistics.
#include "messages/model/text.hpp"
#include "persistence/lead_filter_sql.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

constexpr std::size_t most_leads_a_call = 1000;

constexpr statement insert_leads{
    "insert_leads",
    R"(insert into dcc_leads (organization_id, leads_id, leads_user_name, leads_user_phone, leads_product, leads_type,
                              leads_create_time)
       select $1, id, name, phone, product, type, waihu_at(created)
       from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
            with ordinality as i(id, name, phone, product, type, created, n)
       order by n
       on conflict (organization_id, leads_id) do nothing
       returning leads_id)"};

// Every grouping in one shape: category, lead. Byte order, so that it does not depend on the database's locale.
#define WAIHU_GROUPED(category)                                                                               \
  "select g.category, g.leads_id from (select " category " as category, l.leads_id " WAIHU_LEADS_UNDER_FILTER \
  ") g"                                                                                                       \
  " order by g.category collate \"C\", g.leads_id collate \"C\""
constexpr statement leads_whole{"leads_whole", WAIHU_GROUPED("''::text")};
constexpr statement leads_by_product{"leads_by_product", WAIHU_GROUPED("l.leads_product")};
constexpr statement leads_by_type{"leads_by_type", WAIHU_GROUPED("l.leads_type")};
constexpr statement leads_by_arrive{"leads_by_arrive",
                                    WAIHU_GROUPED("case when " WAIHU_ARRIVED("l") " then '1' else '0' end")};

const statement& grouped_by(query::lead_statistics::grouping by) {
  using enum query::lead_statistics::grouping;
  switch (by) {
    case product: return leads_by_product;
    case type: return leads_by_type;
    case arrive: return leads_by_arrive;
    case none: break;
  }
  return leads_whole;
}

// Ranges as two arrays of equal length, NULL where a side is open.
void write_ranges(const std::vector<time_range>& ranges, std::string& from_text, std::string& until_text) {
  array_literal from, until;
  for (const auto& r : ranges) {
    from.add(r.from);
    until.add(r.until);
  }
  from_text = from.text();
  until_text = until.text();
}

}  // namespace

lead_filter_arrays::lead_filter_arrays(const lead_filter& filter)
    : products(array_of(filter.products)), types(array_of(filter.types)) {
  array_literal given;
  for (const auto a : filter.is_arrive) given.add(a);
  arrived = given.text();
  write_ranges(filter.first_follow, first_from, first_until);
  write_ranges(filter.latest_follow, latest_from, latest_until);
  write_ranges(filter.next_follow, next_from, next_until);
  write_ranges(filter.first_arrive, arrive_from, arrive_until);
}

result<std::vector<bool>> postgres_store::run(const query::import_leads& q) {
  if (q.leads.size() > most_leads_a_call) return fail(errc::invalid_argument, "too many leads at once");
  if (q.organization_id.empty()) return fail(errc::invalid_argument, "leads need an organisation");
  array_literal id, name, phone, product, type, created;
  for (const auto& l : q.leads) {
    if (l.leads_id.empty()) return fail(errc::invalid_argument, "a lead needs an id");
    id.add(l.leads_id);
    name.add(l.leads_user_name);
    phone.add(l.leads_user_phone);
    product.add(l.leads_product);
    type.add(l.leads_type);
    created.add(l.leads_create_time);
  }
  return session_.transact<std::vector<bool>>(
      postgres_session::mode::write, [&](postgres_work& work) -> result<std::vector<bool>> {
        work.learn_transaction_id();
        std::unordered_set<std::string> inserted;
        for (const auto& row : work.run(insert_leads, storable_text(q.organization_id), id.text(), name.text(),
                                        phone.text(), product.text(), type.text(), created.text()))
          inserted.insert(row[0].as<std::string>());
        std::vector<bool> out;
        out.reserve(q.leads.size());
        // The first row with an id is the one that was inserted.
        for (const auto& l : q.leads) out.push_back(inserted.erase(storable_text(l.leads_id)) == 1);
        return out;
      });
}

result<std::vector<query::lead_group>> postgres_store::run(const query::lead_statistics& q) {
  return session_.transact<std::vector<query::lead_group>>(
      postgres_session::mode::read, [&](postgres_work& work) -> result<std::vector<query::lead_group>> {
        std::vector<query::lead_group> out;
        if (q.by == query::lead_statistics::grouping::none) out.emplace_back();
        for (const auto& row : run_over_leads(work, grouped_by(q.by), q.organization_id, q.filter)) {
          auto category = row[0].as<std::string>();
          if (out.empty() || out.back().category != category) out.push_back({std::move(category), 0, {}});
          ++out.back().count;
          out.back().leads_ids.push_back(row[1].as<std::string>());
        }
        return out;
      });
}

}  // namespace waihu
