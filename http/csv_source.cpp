#include <csv.h>
#include <iconv.h>

#include <cerrno>

#include "http/body_fields.hpp"
#include "http/row_source.hpp"

namespace waihu::http {

namespace {

constexpr std::size_t text_piece = 64UL * 1024;

/// GB18030 to UTF-8, in pieces; keeps the half character at the end of a piece for the next one.
class gb18030_decoder {
 public:
  gb18030_decoder() : handle_(iconv_open("UTF-8", "GB18030")) {}
  ~gb18030_decoder() {
    if (is_open()) iconv_close(handle_);
  }
  gb18030_decoder(const gb18030_decoder&) = delete;
  gb18030_decoder& operator=(const gb18030_decoder&) = delete;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): POSIX says so.
  bool is_open() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  /// Appends what `in` holds and advances it past what was used. False: not GB18030.
  bool decode(std::string_view& in, std::string& out) {
    char buffer[4096];
    while (!in.empty()) {
      auto* from = const_cast<char*>(in.data());
      std::size_t left = in.size();
      char* to = buffer;
      std::size_t space = sizeof buffer;
      const auto done = iconv(handle_, &from, &left, &to, &space);
      const int why = errno;
      out.append(buffer, sizeof buffer - space);
      in = in.substr(in.size() - left);
      if (done != static_cast<std::size_t>(-1)) return true;
      if (why == EINVAL) return true;
      if (why != E2BIG) return false;
    }
    return true;
  }

 private:
  iconv_t handle_;
};

class csv_source final : public row_source {
 public:
  explicit csv_source(file_bytes content) : content_(std::move(content)), rest_(*content_) {
    // Spreadsheets write "UTF-8 with BOM"; anything that is not UTF-8 is taken for GB18030, the only other encoding
    // met.
    if (rest_.substr(0, 3) == "\xEF\xBB\xBF") rest_.remove_prefix(3);
    is_utf8_ = is_storable_text(rest_);
    csv_init(&parser_, CSV_APPEND_NULL);
  }
  ~csv_source() override { csv_free(&parser_); }
  csv_source(const csv_source&) = delete;
  csv_source& operator=(const csv_source&) = delete;

  result<bool> read(std::vector<table_row>& out) override {
    if (is_finished_) return false;
    out_ = &out;
    if (rest_.empty()) {
      is_finished_ = true;
      if (csv_fini(&parser_, &csv_source::on_cell, &csv_source::on_row, this) != 0) return bad_file();
      return true;
    }
    auto chunk = rest_.substr(0, text_piece);
    if (is_utf8_) {
      rest_.remove_prefix(chunk.size());
      return feed(chunk) ? result<bool>(true) : bad_file();
    }
    const auto before = chunk.size();
    std::string text;
    if (!decoder_.is_open() || !decoder_.decode(chunk, text)) return bad_encoding();
    if (chunk.size() == before) return bad_encoding();
    rest_.remove_prefix(before - chunk.size());
    if (!is_storable_text(text)) return bad_encoding();
    return feed(text) ? result<bool>(true) : bad_file();
  }

 private:
  static result<bool> bad_encoding() {
    return fail(errc::malformed, "文件编码无法识别，请使用 UTF-8 或 GB18030 编码的 CSV 文件");
  }
  static result<bool> bad_file() { return fail(errc::malformed, "CSV 文件无法解析"); }

  bool feed(std::string_view text) {
    return csv_parse(&parser_, text.data(), text.size(), &csv_source::on_cell, &csv_source::on_row, this) ==
           text.size();
  }

  static void on_cell(void* bytes, std::size_t size, void* self) {
    auto& s = *static_cast<csv_source*>(self);
    if (s.row_.cells.size() >= column_limit) return;
    std::string_view text(static_cast<const char*>(bytes), size);
    if (text.size() > cell_limit) {
      std::size_t cut = cell_limit;
      while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
      text = text.substr(0, cut);
    }
    s.row_.cells.emplace_back(text);
  }
  static void on_row(int, void* self) {
    auto& s = *static_cast<csv_source*>(self);
    s.row_.number = ++s.rows_;
    s.out_->push_back(std::move(s.row_));
    s.row_ = {};
  }

  file_bytes content_;
  std::string_view rest_;
  bool is_utf8_{};
  bool is_finished_{false};
  gb18030_decoder decoder_;
  csv_parser parser_{};
  table_row row_;
  std::int64_t rows_{};
  std::vector<table_row>* out_{};
};

}  // namespace

std::unique_ptr<row_source> make_csv_source(file_bytes content) {
  return std::make_unique<csv_source>(std::move(content));
}

}  // namespace waihu::http
