// In place of the built console, where there is none.
#include "web/console_files.hpp"

namespace waihu {

std::span<const http::packed_file> console_files() noexcept { return {}; }

}  // namespace waihu
