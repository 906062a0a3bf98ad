#include "http/lead_filter_codec.hpp"

namespace waihu::http {

namespace {

constexpr std::size_t range_limit = 100;

/// The two texts of one range, each with the member that it came from.
struct raw_range {
  std::string from, until;
  std::string from_name, until_name;
};

void add_range(body_fields& fields, const zone_clock& zone, const raw_range& raw, std::vector<time_range>& out) {
  if (raw.from.empty() && raw.until.empty()) return;
  time_range range;
  if (!raw.from.empty()) {
    if (const auto m = zone.parse(raw.from)) range.from = m->at;
    else fields.add_error(raw.from_name, "时间格式错误");
  }
  if (!raw.until.empty()) {
    if (const auto m = zone.parse(raw.until)) range.until = m->last;
    else fields.add_error(raw.until_name, "时间格式错误");
  }
  if (range.from && range.until && *range.from > *range.until) fields.add_error(raw.from_name, "开始时间晚于结束时间");
  out.push_back(range);
}

std::vector<time_range> read_ranges(body_fields& fields, const zone_clock& zone, const std::string& kind) {
  std::vector<time_range> out;
  const auto start_name = kind + "_start";
  const auto end_name = kind + "_end";
  const auto starts = split(fields.text(start_name, 4000).value_or(""), ';');
  const auto ends = split(fields.text(end_name, 4000).value_or(""), ';');
  const auto count = std::max(starts.size(), ends.size());
  if (count > range_limit) {
    fields.add_error(starts.size() >= ends.size() ? start_name : end_name, "时间范围过多");
    return out;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = i < starts.size() ? split(starts[i], ',') : std::vector<std::string>{""};
    const auto end = i < ends.size() ? split(ends[i], ',') : std::vector<std::string>{""};
    if (start.size() > 2 || end.size() > 2) {
      fields.add_error(start.size() > 2 ? start_name : end_name, "时间范围格式错误");
      continue;
    }
    if (start.size() == 2) {
      add_range(fields, zone, {start[0], start[1], start_name, start_name}, out);
    } else if (end.size() == 2) {
      add_range(fields, zone, {start[0].empty() ? end[0] : start[0], end[1], end_name, end_name}, out);
    } else {
      add_range(fields, zone, {start[0], end[0], start_name, end_name}, out);
    }
  }
  const auto ranges_name = kind + "_ranges";
  for (const auto& [from, until] : fields.text_pairs(ranges_name, range_limit))
    add_range(fields, zone, {from, until, ranges_name, ranges_name}, out);
  return out;
}

}  // namespace

lead_filter read_lead_filter(body_fields& fields, const zone_clock& zone) {
  lead_filter f;
  f.products = fields.texts("leads_product");
  f.types = fields.texts("leads_type");
  for (const auto n : fields.integers("is_arrive", 10)) {
    if (n == 0 || n == 1) f.is_arrive.push_back(static_cast<int>(n));
    else fields.add_error("is_arrive", "只能是 0 或 1");
  }
  f.first_follow = read_ranges(fields, zone, "first_follow");
  f.latest_follow = read_ranges(fields, zone, "latest_follow");
  f.next_follow = read_ranges(fields, zone, "next_follow");
  f.first_arrive = read_ranges(fields, zone, "first_arrive");
  return f;
}

}  // namespace waihu::http
