// Counting leads: http-api.md section 3.
#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/lead_filter_codec.hpp"

namespace waihu::http {

namespace {

using grouping = query::lead_statistics::grouping;
constexpr std::string_view said = "线索统计获取成功";

void write_ids(json_writer& w, const std::vector<std::string>& ids) {
  key(w, "leads_ids");
  w.StartArray();
  for (const auto& id : ids) text_value(w, id);
  w.EndArray();
}

std::string_view category_text(grouping by, const std::string& category) {
  if (by == grouping::arrive) return category == "1" ? "已到店" : "未到店";
  if (!category.empty()) return category;
  return by == grouping::product ? "未知产品" : "未知等级";
}

void write_groups(json_writer& w, grouping by, const std::vector<query::lead_group>& groups) {
  w.StartArray();
  for (const auto& g : groups) {
    w.StartObject();
    field(w, "category", category_text(by, g.category));
    field(w, "count", g.count);
    write_ids(w, g.leads_ids);
    w.EndObject();
  }
  w.EndArray();
}

void write_total(json_writer& w, const std::vector<query::lead_group>& groups) {
  w.StartObject();
  field(w, "total_count", groups.empty() ? std::int64_t{0} : groups.front().count);
  write_ids(w, groups.empty() ? std::vector<std::string>{} : groups.front().leads_ids);
  w.EndObject();
}

pending<std::vector<query::lead_group>> ask_groups(call& c, const lead_filter& filter, grouping by) {
  query::lead_statistics q;
  q.organization_id = c.organization;
  q.filter = filter;
  q.by = by;
  return c.ask(std::move(q));
}

async<response> answer_statistics(call& c, const lead_filter& filter, const std::string& by) {
  envelope e(1000, said);
  auto& w = e.data();
  if (by.empty()) {
    const auto all = co_await ask_groups(c, filter, grouping::none);
    if (!all) co_return failure_answer(c.req, all.error());
    write_total(w, *all);
    co_return e.done();
  }
  if (by == "both") {
    const auto products = co_await ask_groups(c, filter, grouping::product);
    if (!products) co_return failure_answer(c.req, products.error());
    const auto types = co_await ask_groups(c, filter, grouping::type);
    if (!types) co_return failure_answer(c.req, types.error());
    w.StartObject();
    key(w, "by_product");
    write_groups(w, grouping::product, *products);
    key(w, "by_type");
    write_groups(w, grouping::type, *types);
    w.EndObject();
    co_return e.done();
  }
  const auto one = by == "product" ? grouping::product : by == "type" ? grouping::type : grouping::arrive;
  const auto groups = co_await ask_groups(c, filter, one);
  if (!groups) co_return failure_answer(c.req, groups.error());
  write_groups(w, one, *groups);
  co_return e.done();
}

async<response> statistics_of(call& c, body_fields& filters) {
  const auto* given = c.req.parameter("filter_by");
  const std::string by = given != nullptr ? std::string(trimmed(*given)) : filters.text("filter_by", 50).value_or("");
  const auto filter = read_lead_filter(filters, c.s.zone);
  if (!filters.ok()) co_return invalid_answer(c.req, filters.errors());
  if (!by.empty() && by != "product" && by != "type" && by != "arrive" && by != "both")
    co_return error_answer(c.req, 400, code_bad_parameter, "filter_by 参数无效，可选值: product, type, arrive, both");
  co_return co_await answer_statistics(c, filter, by);
}

}  // namespace

async<response> lead_statistics(call& c) {
  body_fields filters(c.req.query);
  co_return co_await statistics_of(c, filters);
}

async<response> lead_statistics_filtered(call& c) {
  body_fields filters(c.req.body);
  co_return co_await statistics_of(c, filters);
}

async<response> lead_count(call& c) {
  body_fields filters(c.req.query);
  const auto filter = read_lead_filter(filters, c.s.zone);
  if (!filters.ok()) co_return invalid_answer(c.req, filters.errors());
  const std::string whole;
  co_return co_await answer_statistics(c, filter, whole);
}

}  // namespace waihu::http
