// POST /api/leads/import: http-api.md section 3. Rows go to the store 1,000 at a time while the file is read piece by
// piece on a worker thread; a bad row never stops the rest.
#include <algorithm>
#include <map>

#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/json_writer.hpp"
#include "http/lead_rows.hpp"
#include "http/multipart.hpp"

namespace waihu::http {

namespace {

constexpr std::size_t chunk_size = 1000;
constexpr std::size_t shown_leads = 10;
constexpr std::size_t shown_errors = 20;

struct import_verdict {
  std::int64_t success{}, errors{}, skipped{}, total{};
  std::vector<imported_row> first_leads;
  std::vector<row_error> first_errors;

  void add_error(row_error e) {
    ++errors;
    if (first_errors.size() < shown_errors) first_errors.push_back(std::move(e));
  }
};

bool ends_with(const std::string& filename, std::string_view ending) {
  if (filename.size() < ending.size()) return false;
  return std::equal(ending.rbegin(), ending.rend(), filename.rbegin(),
                    [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

/// The reader for a file, or why there is none.
tl::expected<std::shared_ptr<row_source>, std::string> open_table(const form_part& file) {
  constexpr std::string_view old_excel = "\xD0\xCF\x11\xE0";
  constexpr std::string_view zip = "PK\x03\x04";
  const bool is_old = ends_with(file.filename, ".xls") || file.content.substr(0, old_excel.size()) == old_excel;
  if (is_old) return tl::unexpected<std::string>("不支持旧版 .xls 格式，请另存为 .xlsx 或 .csv 后再导入");
  if (ends_with(file.filename, ".xlsx")) {
    if (file.content.substr(0, zip.size()) != zip) return tl::unexpected<std::string>("Excel 文件无法解析");
    return std::shared_ptr<row_source>(make_xlsx_source(std::make_shared<const std::string>(file.content)));
  }
  if (ends_with(file.filename, ".csv"))
    return std::shared_ptr<row_source>(make_csv_source(std::make_shared<const std::string>(file.content)));
  return tl::unexpected<std::string>("只支持Excel文件格式(.xlsx, .xls)或CSV文件(.csv)");
}

using rows_read = std::pair<bool, std::vector<table_row>>;

/// The next rows, read on a worker thread.
pending<rows_read> read_rows(call& c, std::shared_ptr<row_source> source) {
  pending<rows_read>::initiator ask = [&c, source = std::move(source)](const completion<rows_read>& done) {
    const bool added = c.s.import_work.add(
        [source, done] {
          rows_read rows;
          const auto more = source->read(rows.second);
          if (!more) return done(tl::unexpected<failure>(more.error()));
          rows.first = *more;
          done(std::move(rows));
        },
        [done] { done(fail(errc::cancelled, "stopping")); });
    if (!added) done(fail(errc::overloaded, "too many imports at once"));
  };
  return pending<rows_read>(c.where, c.s.http.request_timeout, c.s.outstanding, std::move(ask));
}

/// Rows on their way to the store, by organisation.
class import_batch {
 public:
  import_batch(call& c, import_verdict& verdict) : call_(c), verdict_(verdict) {}

  /// Takes a row; an administrator's row may name another organisation, everybody else's is the caller's own.
  async<result<bool>> add(imported_row row) {
    std::string organization = call_.organization;
    const bool names_other = !row.organization_id.empty() && row.organization_id != organization;
    if (names_other && call_.user().role == user_role::admin) {
      const auto objection = co_await objection_to(row.organization_id);
      if (!objection) co_return tl::unexpected<failure>(objection.error());
      if (!objection->empty()) {
        verdict_.add_error({row.row, row.lead.leads_id, "organization_id", *objection});
        co_return true;
      }
      organization = row.organization_id;
    }
    auto& waiting = waiting_[organization];
    waiting.push_back(std::move(row));
    if (waiting.size() < chunk_size) co_return true;
    co_return co_await send(organization);
  }

  async<result<bool>> send_rest() {
    for (auto& [organization, rows] : waiting_) {
      if (rows.empty()) continue;
      const auto sent = co_await send(organization);
      if (!sent) co_return sent;
    }
    co_return true;
  }

 private:
  /// Why the row may not go to that organisation; empty = it may.
  async<result<std::string>> objection_to(const std::string& organization) {
    constexpr std::size_t most_organizations = 50;
    constexpr std::string_view unknown = "组织不存在";
    if (const auto it = known_.find(organization); it != known_.end())
      co_return it->second ? std::string{} : std::string(unknown);
    if (known_.size() >= most_organizations)
      co_return "一次导入最多涉及 " + std::to_string(most_organizations) + " 个其他组织，请分多次导入";
    query::organization_by_id q;
    q.organization_id = organization;
    const auto found = co_await call_.ask(std::move(q));
    if (!found && found.error().code != errc::not_found) co_return tl::unexpected<failure>(found.error());
    known_[organization] = found.has_value();
    co_return found ? std::string{} : std::string(unknown);
  }

  async<result<bool>> send(const std::string& organization) {
    auto rows = std::move(waiting_[organization]);
    waiting_[organization].clear();
    query::import_leads q;
    q.organization_id = organization;
    q.leads.reserve(rows.size());
    for (const auto& r : rows) q.leads.push_back(r.lead);
    const auto inserted = co_await call_.ask(std::move(q));
    if (!inserted) co_return tl::unexpected<failure>(inserted.error());
    for (std::size_t i = 0; i < rows.size() && i < inserted->size(); ++i) {
      if (!(*inserted)[i]) {
        ++verdict_.skipped;
        continue;
      }
      ++verdict_.success;
      if (verdict_.first_leads.size() < shown_leads) verdict_.first_leads.push_back(std::move(rows[i]));
    }
    co_return true;
  }

  call& call_;
  import_verdict& verdict_;
  std::map<std::string, std::vector<imported_row>> waiting_;
  std::map<std::string, bool> known_;
};

response verdict_answer(const request& req, const import_verdict& v) {
  const bool is_good = v.success > 0;
  const auto said = "导入完成: 成功 " + std::to_string(v.success) + " 条, 失败 " + std::to_string(v.errors) +
                    " 条, 跳过 " + std::to_string(v.skipped) + " 条";
  envelope e(is_good ? "success" : "error", is_good ? 1000 : code_operation_failed,
             is_good ? said : "导入失败: 没有成功导入任何线索");
  auto& w = e.data();
  w.StartObject();
  field(w, "success_count", v.success);
  field(w, "error_count", v.errors);
  field(w, "skipped_count", v.skipped);
  field(w, "total_rows", v.total);
  key(w, "imported_leads");
  w.StartArray();
  for (const auto& lead : v.first_leads) {
    w.StartObject();
    field(w, "leads_id", lead.lead.leads_id);
    field(w, "leads_user_name", lead.lead.leads_user_name);
    field(w, "leads_user_phone", lead.lead.leads_user_phone);
    w.EndObject();
  }
  w.EndArray();
  key(w, "errors");
  w.StartArray();
  for (const auto& error : v.first_errors) {
    w.StartObject();
    field(w, "row", error.row);
    field(w, "leads_id", error.leads_id);
    field(w, "field", error.field);
    field(w, "reason", error.reason);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return is_good ? e.done() : e.done_as_error(200, req.request_id);
}

bool is_blank(const table_row& row) {
  return std::all_of(row.cells.begin(), row.cells.end(), [](const auto& cell) { return trimmed(cell).empty(); });
}

/// What ended an import early: a failure inside, or something wrong with the file as a whole.
response broken_import(const request& req, const failure& why) {
  const bool is_file = why.code == errc::malformed || why.code == errc::rejected;
  return is_file ? error_answer(req, 400, code_bad_parameter, why.message) : failure_answer(req, why);
}

}  // namespace

async<response> import_leads(call& c) {
  const auto form = read_form(*c.req.header("content-type"), c.req.body);
  if (!form) {
    std::vector<field_error> errors{field_error{"body", "不是有效的 multipart/form-data"}};
    co_return invalid_answer(c.req, errors);
  }
  const auto file = std::find_if(form->begin(), form->end(), [](const auto& p) { return p.name == "file"; });
  if (file == form->end()) {
    std::vector<field_error> errors{field_error{"file", "缺少必填字段"}};
    co_return invalid_answer(c.req, errors);
  }
  const auto source = open_table(*file);
  if (!source) co_return error_answer(c.req, 400, code_bad_parameter, source.error());

  import_verdict verdict;
  import_batch batch(c, verdict);
  std::optional<lead_columns> columns;
  for (bool is_more = true; is_more;) {
    const auto rows = co_await read_rows(c, *source);
    if (!rows) co_return broken_import(c.req, rows.error());
    is_more = rows->first;
    for (const auto& row : rows->second) {
      if (is_blank(row)) continue;
      if (!columns) {
        columns = lead_columns::from_header(row);
        if (!columns) co_return error_answer(c.req, 400, code_bad_parameter, "文件缺少必填列: leads_id");
        continue;
      }
      ++verdict.total;
      auto lead = columns->read(row, c.s.zone);
      if (!lead) {
        verdict.add_error(std::move(lead.error()));
        continue;
      }
      const auto added = co_await batch.add(std::move(*lead));
      if (!added) co_return failure_answer(c.req, added.error());
    }
  }
  if (!columns) co_return error_answer(c.req, 400, code_bad_parameter, "文件中没有数据");
  const auto rest = co_await batch.send_rest();
  if (!rest) co_return failure_answer(c.req, rest.error());
  co_return verdict_answer(c.req, verdict);
}

}  // namespace waihu::http
