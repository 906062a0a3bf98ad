#include <expat.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>

#include "http/body_fields.hpp"
#include "http/row_source.hpp"

namespace waihu::http {

namespace {

constexpr std::size_t part_piece = 64UL * 1024;
constexpr std::uint64_t unpacked_limit = 256ULL << 20;  ///< Of all parts together.
constexpr std::uint64_t ratio_limit = 200;              ///< Unpacked to packed, of a part ...
constexpr std::uint64_t ratio_free = 8ULL << 20;        ///< ... that unpacks to more than this.
constexpr std::size_t strings_limit = 96ULL << 20;      ///< Bytes of all shared strings together.
constexpr std::uint64_t token_limit = 1ULL << 20;       ///< A tag, or whatever else Expat has to see whole.
constexpr zip_int64_t entries_limit = 10'000;
constexpr std::int64_t row_limit = 1 << 20;  ///< Greatest row number that a spreadsheet knows.

tl::unexpected<failure> bad_file() { return fail(errc::malformed, "Excel 文件无法解析"); }
tl::unexpected<failure> bomb() { return fail(errc::rejected, "Excel 文件解压后过大，已拒绝"); }

std::string_view local_name(const char* name) {
  const std::string_view whole(name);
  const auto colon = whole.rfind(':');
  return colon == std::string_view::npos ? whole : whole.substr(colon + 1);
}

std::string_view attribute(const char** list, std::string_view wanted) {
  for (; *list != nullptr; list += 2)
    if (list[0] == wanted || local_name(list[0]) == wanted) return list[1];
  return {};
}

/// Appends what still fits into a cell, cut between characters.
void append_to_cell(std::string& cell, std::string_view text) {
  auto room = cell_limit - std::min(cell.size(), cell_limit);
  if (text.size() > room) {
    while (room > 0 && (static_cast<unsigned char>(text[room]) & 0xC0U) == 0x80U) --room;
    text = text.substr(0, room);
  }
  cell += text;
}

/// Callbacks of one XML part; false from `stop` is not needed: limits are checked after each piece.
struct xml_events {
  virtual ~xml_events() = default;
  virtual void open(std::string_view name, const char** attributes) = 0;
  virtual void close(std::string_view name) = 0;
  virtual void text(std::string_view bytes) = 0;
};

/// One XML part of the archive, unpacked and parsed piece by piece.
class xml_part {
 public:
  xml_part(zip_t* archive, const std::string& name, xml_events& events, std::uint64_t& unpacked)
      : events_(events), unpacked_(unpacked), parser_(XML_ParserCreate("UTF-8")) {
    const auto index = zip_name_locate(archive, name.c_str(), ZIP_FL_NOCASE);
    if (index < 0) return;
    is_found_ = true;
    zip_stat_t about;
    zip_stat_init(&about);
    if (zip_stat_index(archive, static_cast<zip_uint64_t>(index), 0, &about) == 0) packed_ = about.comp_size;
    file_ = zip_fopen_index(archive, static_cast<zip_uint64_t>(index), 0);
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, &xml_part::on_open, &xml_part::on_close);
    XML_SetCharacterDataHandler(parser_, &xml_part::on_text);
    // No part of a workbook declares entities: a document type is somebody's trick.
    XML_SetStartDoctypeDeclHandler(parser_, &xml_part::on_doctype);
  }
  ~xml_part() {
    if (file_ != nullptr) zip_fclose(file_);
    XML_ParserFree(parser_);
  }
  xml_part(const xml_part&) = delete;
  xml_part& operator=(const xml_part&) = delete;

  bool is_found() const { return is_found_; }

  /// Parses the next piece; false at the end.
  result<bool> step() {
    if (file_ == nullptr) return bad_file();
    std::array<char, part_piece> buffer;
    const auto n = zip_fread(file_, buffer.data(), buffer.size());
    if (n < 0) return bad_file();
    mine_ += static_cast<std::uint64_t>(n);
    unpacked_ += static_cast<std::uint64_t>(n);
    if (unpacked_ > unpacked_limit) return bomb();
    if (mine_ > ratio_free && mine_ / (packed_ + 1) > ratio_limit) return bomb();
    if (XML_Parse(parser_, buffer.data(), static_cast<int>(n), n == 0) != XML_STATUS_OK) return bad_file();
    // Expat 2.5 begins an unfinished token anew with every piece: the time for a long one grows with its square.
    const auto read = std::max<XML_Index>(0, XML_GetCurrentByteIndex(parser_));
    if (mine_ > static_cast<std::uint64_t>(read) + token_limit) return bomb();
    return n > 0;
  }
  result<bool> parse_all(const std::function<bool()>& is_within_limits) {
    for (;;) {
      auto more = step();
      if (!more || !*more) return more;
      if (!is_within_limits()) return bomb();
    }
  }

 private:
  static void on_open(void* self, const char* name, const char** attributes) {
    static_cast<xml_part*>(self)->events_.open(local_name(name), attributes);
  }
  static void on_close(void* self, const char* name) { static_cast<xml_part*>(self)->events_.close(local_name(name)); }
  static void on_text(void* self, const char* bytes, int size) {
    static_cast<xml_part*>(self)->events_.text({bytes, static_cast<std::size_t>(size)});
  }
  static void on_doctype(void* self, const char*, const char*, const char*, int) {
    XML_StopParser(static_cast<xml_part*>(self)->parser_, XML_FALSE);
  }

  xml_events& events_;
  std::uint64_t& unpacked_;
  XML_Parser parser_;
  zip_file_t* file_{};
  bool is_found_{false};
  std::uint64_t packed_{};
  std::uint64_t mine_{};
};

/// xl/workbook.xml: the relation of the first sheet.
struct workbook_events final : xml_events {
  std::string first_sheet;
  void open(std::string_view name, const char** attributes) override {
    if (name == "sheet" && first_sheet.empty()) {
      for (; *attributes != nullptr; attributes += 2)
        if (std::string_view(attributes[0]).size() > 3 && local_name(attributes[0]) == "id" &&
            std::string_view(attributes[0]).find(':') != std::string_view::npos)
          first_sheet = attributes[1];
    }
  }
  void close(std::string_view) override {}
  void text(std::string_view) override {}
};

/// xl/_rels/workbook.xml.rels: where relations lead.
struct relation_events final : xml_events {
  std::map<std::string, std::string> targets;
  void open(std::string_view name, const char** attributes) override {
    if (name == "Relationship" && targets.size() < 10'000)
      targets[std::string(attribute(attributes, "Id"))] = attribute(attributes, "Target");
  }
  void close(std::string_view) override {}
  void text(std::string_view) override {}
};

/// xl/sharedStrings.xml: texts that cells refer to by number. Phonetic runs are left out.
struct string_events final : xml_events {
  std::vector<std::string> strings;
  std::size_t bytes{};
  bool is_text{false};
  int phonetic{0};
  std::string now;
  void open(std::string_view name, const char**) override {
    if (name == "si") now.clear();
    if (name == "rPh") ++phonetic;
    is_text = name == "t" && phonetic == 0;
  }
  void close(std::string_view name) override {
    if (name == "t") is_text = false;
    if (name == "rPh") --phonetic;
    if (name != "si") return;
    bytes += now.size() + sizeof(std::string);
    strings.push_back(now);
  }
  void text(std::string_view t) override {
    if (is_text) append_to_cell(now, t);
  }
};

/// A number as a person would have typed it: 1.3800138E10 is a telephone number, not a measurement.
std::string plain_number(const std::string& text) {
  if (text.find_first_not_of("0123456789") == std::string::npos) return text;
  double d{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), d);
  if (error != std::errc{} || end != text.data() + text.size()) return text;
  if (d != std::floor(d) || std::abs(d) >= 1.0e15) return text;
  return std::to_string(static_cast<std::int64_t>(d));
}

/// The sheet's rows.
struct sheet_events final : xml_events {
  explicit sheet_events(const std::vector<std::string>& shared) : strings(shared) {}
  const std::vector<std::string>& strings;
  std::vector<table_row>* out{};
  table_row row;
  std::int64_t last_number{};
  std::size_t column{};
  std::string type, now;
  bool is_value{false};
  int phonetic{0};

  void open(std::string_view name, const char** attributes) override {
    if (name == "row") {
      row = {};
      const auto stated = parse_integer(attribute(attributes, "r"));
      row.number = stated && *stated > 0 && *stated <= row_limit ? *stated : last_number + 1;
      last_number = row.number;
      column = 0;
    } else if (name == "c") {
      type = attribute(attributes, "t");
      now.clear();
      if (const auto at = column_of(attribute(attributes, "r")); at >= 0) column = static_cast<std::size_t>(at);
    } else if (name == "rPh") {
      ++phonetic;
    }
    is_value = name == "v" || (name == "t" && phonetic == 0);
  }
  void close(std::string_view name) override {
    if (name == "v" || name == "t") is_value = false;
    if (name == "rPh") --phonetic;
    if (name == "c") {
      put_cell();
      ++column;
    }
    if (name == "row") out->push_back(std::move(row));
  }
  void text(std::string_view t) override {
    if (is_value) append_to_cell(now, t);
  }

  void put_cell() {
    if (column >= column_limit || now.empty()) return;
    std::string shown;
    if (type == "s") {
      const auto n = parse_integer(now);
      if (n && *n >= 0 && static_cast<std::size_t>(*n) < strings.size()) shown = strings[static_cast<std::size_t>(*n)];
    } else if (type.empty() || type == "n") {
      shown = plain_number(now);
    } else if (type != "e") {
      shown = now;
    }
    if (row.cells.size() <= column) row.cells.resize(column + 1);
    row.cells[column] = std::move(shown);
  }
  /// "C7" is column 2; -1 where there is no reference.
  static int column_of(std::string_view reference) {
    int n = 0;
    for (const char c : reference) {
      if (c < 'A' || c > 'Z') break;
      n = n * 26 + (c - 'A' + 1);
      if (n > 20'000) return 20'000;
    }
    return n - 1;
  }
};

class xlsx_source final : public row_source {
 public:
  explicit xlsx_source(file_bytes content) : content_(std::move(content)) {}
  ~xlsx_source() override {
    sheet_.reset();
    if (archive_ != nullptr) zip_discard(archive_);
  }
  xlsx_source(const xlsx_source&) = delete;
  xlsx_source& operator=(const xlsx_source&) = delete;

  result<bool> read(std::vector<table_row>& out) override {
    if (is_finished_) return false;
    if (archive_ == nullptr) {
      auto opened = open();
      if (!opened) return opened;
    }
    rows_.out = &out;
    auto more = sheet_->step();
    if (!more) return more;
    is_finished_ = !*more;
    return true;
  }

 private:
  result<bool> open() {
    zip_error_t error;
    zip_error_init(&error);
    auto* source = zip_source_buffer_create(content_->data(), content_->size(), 0, &error);
    if (source == nullptr) return bad_file();
    archive_ = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (archive_ == nullptr) {
      zip_source_free(source);
      return bad_file();
    }
    if (zip_get_num_entries(archive_, 0) > entries_limit) return bomb();
    workbook_events book;
    relation_events relations;
    const auto anything = [] { return true; };
    xml_part book_part(archive_, "xl/workbook.xml", book, unpacked_);
    if (auto r = book_part.parse_all(anything); !r) return r;
    xml_part relation_part(archive_, "xl/_rels/workbook.xml.rels", relations, unpacked_);
    if (auto r = relation_part.parse_all(anything); !r) return r;
    xml_part string_part(archive_, "xl/sharedStrings.xml", strings_, unpacked_);
    if (string_part.is_found()) {
      auto r = string_part.parse_all([this] { return strings_.bytes <= strings_limit; });
      if (!r) return r;
    }
    std::string target = relations.targets[book.first_sheet];
    if (target.empty()) return bad_file();
    target = target.front() == '/' ? target.substr(1) : "xl/" + target;
    sheet_ = std::make_unique<xml_part>(archive_, target, rows_, unpacked_);
    if (!sheet_->is_found()) return bad_file();
    return true;
  }

  file_bytes content_;
  zip_t* archive_{};
  std::uint64_t unpacked_{};
  string_events strings_;
  sheet_events rows_{strings_.strings};
  std::unique_ptr<xml_part> sheet_;
  bool is_finished_{false};
};

}  // namespace

std::unique_ptr<row_source> make_xlsx_source(file_bytes content) {
  return std::make_unique<xlsx_source>(std::move(content));
}

}  // namespace waihu::http
