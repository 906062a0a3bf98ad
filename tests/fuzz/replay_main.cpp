// Feeds every file of the given folders to a fuzz target: the kept corpus as a test that needs no clang. Fails when a
// folder holds nothing, so that a lost corpus is noticed.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/promise.hpp"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      // An exact allocation, so that a read past the end is seen; the name first, for whoever looks at a crash.
      const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
      std::fprintf(stderr, "%s\n", entry.path().c_str());
      LLVMFuzzerTestOneInput(input.data(), input.size());
      ++count;
    }
    std::fprintf(stderr, "%zu inputs in %s\n", count, argv[i]);
    if (count == 0) return 1;
  }
  return argc > 1 ? 0 : 1;
}
