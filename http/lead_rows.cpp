#include "http/lead_rows.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "http/body_fields.hpp"

namespace waihu::http {

namespace {

constexpr std::array<std::string_view, 7> names{"leads_id",   "leads_user_name", "leads_user_phone", "leads_product",
                                                "leads_type", "organization_id", "leads_create_time"};
constexpr std::array<std::size_t, 7> most_characters{64, 100, 32, 100, 100, 64, 40};

/// Digits with the signs people write between them, five digits at least.
bool is_phone_like(std::string_view text) {
  const auto digits = std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits >= 5 && text.find_first_not_of("0123456789+-() ") == std::string_view::npos;
}

/// A spreadsheet's day number (1900 system) as local text; empty when it is none.
std::string day_number_text(std::string_view text) {
  double days{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (error != std::errc{} || end != text.data() + text.size() || days < 20'000 || days > 80'000) return {};
  // Day 25569 is 1970-01-01. Formatting needs no zone: the number is local time already.
  const auto ms = std::chrono::milliseconds{std::llround((days - 25'569) * 86'400'000.0)};
  static const auto utc = zone_clock::in("UTC");
  return utc ? utc->format(wall_time{ms}) : std::string{};
}

}  // namespace

std::optional<lead_columns> lead_columns::from_header(const table_row& header) {
  lead_columns c;
  c.at_.fill(-1);
  for (std::size_t i = 0; i < header.cells.size(); ++i) {
    std::string title(trimmed(header.cells[i]));
    if (title.compare(0, 3, "\xEF\xBB\xBF") == 0) title.erase(0, 3);
    std::transform(title.begin(), title.end(), title.begin(),
                   [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
    for (std::size_t n = 0; n < names.size(); ++n)
      if (names[n] == title && c.at_[n] < 0) c.at_[n] = static_cast<int>(i);
  }
  if (c.at_[id] < 0) return std::nullopt;
  return c;
}

std::string lead_columns::cell(const table_row& row, column c) const {
  const auto at = at_[c];
  if (at < 0 || static_cast<std::size_t>(at) >= row.cells.size()) return {};
  return std::string(trimmed(row.cells[static_cast<std::size_t>(at)]));
}

tl::expected<imported_row, row_error> lead_columns::read(const table_row& row, const zone_clock& zone) const {
  imported_row out;
  out.row = row.number;
  out.lead.leads_id = cell(row, id);
  const auto wrong = [&](column c, std::string reason) {
    auto shown = out.lead.leads_id.substr(0, 64);
    while (!is_storable_text(shown) && !shown.empty()) shown.pop_back();
    return tl::unexpected<row_error>(row_error{row.number, shown, std::string(names[c]), std::move(reason)});
  };
  for (int n = 0; n < count; ++n) {
    const auto c = static_cast<column>(n);
    const auto text = cell(row, c);
    if (!is_storable_text(text)) return wrong(c, "含有不允许的字符");
    const auto limit = most_characters[static_cast<std::size_t>(n)];
    if (length_in_characters(text) > limit) return wrong(c, "长度不能超过 " + std::to_string(limit) + " 个字符");
  }
  if (out.lead.leads_id.empty()) return wrong(id, "缺少线索ID");
  out.lead.leads_user_name = cell(row, name);
  out.lead.leads_user_phone = cell(row, phone);
  if (!out.lead.leads_user_phone.empty() && !is_phone_like(out.lead.leads_user_phone))
    return wrong(phone, "不是有效的电话号码");
  out.lead.leads_product = cell(row, product);
  out.lead.leads_type = cell(row, type);
  out.organization_id = cell(row, organization);
  if (auto text = cell(row, created); !text.empty()) {
    auto moment = zone.parse(text);
    if (!moment) moment = zone.parse(day_number_text(text));
    if (!moment) return wrong(created, "时间格式错误，应为 YYYY-MM-DD HH:MM:SS");
    out.lead.leads_create_time = moment->at;
  }
  return out;
}

}  // namespace waihu::http
