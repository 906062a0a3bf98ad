#include "actors/failpoint.hpp"

#ifdef WAIHU_FAILPOINTS

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace waihu {

namespace {

struct wish {
  std::string name;
  long left{};
};

wish& wanted() {
  static wish w = [] {
    wish parsed;
    if (const char* text = std::getenv("WAIHU_FAILPOINT")) {  // NOLINT(concurrency-mt-unsafe): read once at start
      const char* colon = std::strchr(text, ':');
      parsed.name = colon != nullptr ? std::string(text, colon) : std::string(text);
      parsed.left = colon != nullptr ? std::strtol(colon + 1, nullptr, 10) : 1;
    }
    return parsed;
  }();
  return w;
}

}  // namespace

void failpoint(const char* name) noexcept {
  auto& w = wanted();
  if (w.name != name) return;
  if (__atomic_sub_fetch(&w.left, 1, __ATOMIC_SEQ_CST) == 0) ::raise(SIGKILL);
}

}  // namespace waihu

#endif
