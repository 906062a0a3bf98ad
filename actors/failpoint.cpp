#include "actors/failpoint.hpp"

#ifdef WAIHU_FAILPOINTS

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

namespace waihu {

namespace {

struct wish {
  std::string name;
  std::atomic<long> left{};
  bool throws{}, stops{};
};

std::shared_ptr<wish> parsed(const std::string& text) {
  auto made = std::make_shared<wish>();
  const auto first = text.find(':');
  made->name = text.substr(0, first);
  made->left = 1;
  if (first == std::string::npos) return made;
  const auto second = text.find(':', first + 1);
  made->left = std::strtol(text.c_str() + first + 1, nullptr, 10);
  const auto how = second == std::string::npos ? std::string{} : text.substr(second + 1);
  made->throws = how == "throw";
  made->stops = how == "stop";
  return made;
}

std::shared_ptr<wish>& wanted() {
  static std::shared_ptr<wish> w = [] {
    const char* text = std::getenv("WAIHU_FAILPOINT");  // NOLINT(concurrency-mt-unsafe): read once at start
    return parsed(text != nullptr ? text : "");
  }();
  return w;
}

}  // namespace

void wish_failpoint(const char* wish) { std::atomic_store(&wanted(), parsed(wish)); }

void failpoint(const char* name) {
  const auto w = std::atomic_load(&wanted());
  if (w->name != name || --w->left != 0) return;
  if (w->throws) throw std::runtime_error(std::string("failpoint ") + name);
  // To this thread: it takes no further step, whichever thread the signal would have reached first.
  ::raise(w->stops ? SIGSTOP : SIGKILL);
}

}  // namespace waihu

#endif
