// The built console inside the program; web/CMakeLists.txt makes what is behind it.
#pragma once

#include <span>

#include "http/console.hpp"

namespace waihu {

/// Its files; empty where the program was built without it. They live as long as the program; thread-safe.
std::span<const http::packed_file> console_files() noexcept;

}  // namespace waihu
