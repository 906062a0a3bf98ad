// .xlsx lead files as archives: an input is the file.
#include "tests/fuzz/lead_table.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waihu;
  const std::string text(fuzz::as_text(data, size));
  const auto source = http::make_xlsx_source(std::make_shared<const std::string>(text));
  const auto table = fuzz::read_table(*source);
  fuzz::check_table(table);
  const auto again = http::make_xlsx_source(std::make_shared<const std::string>(text));
  fuzz::promise(fuzz::read_table(*again).rows.size() == table.rows.size(), "a file is read the same way twice");
  return 0;
}
