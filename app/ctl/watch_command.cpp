// watch.
#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <optional>

#include "app/ctl/command_support.hpp"
#include "app/ctl/credentials.hpp"
#include "app/ctl/event_bell.hpp"
#include "app/ctl/task_progress.hpp"

namespace waihu::ctl {

namespace {

constexpr milliseconds least_pause{300};
constexpr int patience = 10;  ///< Looks in a row that may fail before watching is given up.

int terminal_columns() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

/// One changing line on a terminal; elsewhere a line for each new state, and every few seconds for other changes.
class progress_view {
 public:
  void show(const task_progress& p) {
    if (shown_ == p) return;
    const auto now = std::chrono::steady_clock::now();
    if (on_terminal_) std::cout << "\r\033[K" << progress_bar(p, terminal_columns() - 1) << std::flush;
    else if (shown_ && shown_->type == p.type && now - shown_at_ < least_distance) return;
    else std::cout << progress_line(p) << std::endl;
    shown_ = p;
    shown_at_ = now;
  }
  void finish() const {
    if (on_terminal_ && shown_) std::cout << '\n';
  }

 private:
  static constexpr seconds least_distance{3};
  const bool on_terminal_{::isatty(STDOUT_FILENO) != 0};
  std::optional<task_progress> shown_;
  steady_time shown_at_{};
};

bool is_over(const task_progress& p, int until) noexcept { return p.type == 4 || (until == 3 && p.type == 3); }

}  // namespace

int run_watch(const global_options& g, const watch_request& w) {
  const auto address = address_of(g);
  if (!address) return report(address.error());
  const auto token = read_token(g.token_file);
  if (!token) return report(token.error());
  api_client api(*address, *token, milliseconds{g.timeout_s * 1000});
  event_bell bell(*address, *token, w.task);
  progress_view view;
  const auto start = std::chrono::steady_clock::now();
  for (int failures = 0;;) {
    const auto progress = ask_progress(api, w.task);
    if (progress) {
      failures = 0;
      view.show(*progress);
      if (is_over(*progress, w.until)) {
        view.finish();
        return done;
      }
    } else if (progress.error().code == errc::rejected || progress.error().code == errc::unauthorized ||
               ++failures >= patience) {
      view.finish();
      if (progress.error().code != errc::rejected) return report(progress.error());
      std::cerr << "waihuctl: refused (code " << progress.error().vendor_code << "): " << progress.error().message
                << '\n';
      return refused;
    }
    if (w.timeout_s > 0 && std::chrono::steady_clock::now() - start > seconds{w.timeout_s}) {
      view.finish();
      std::cerr << "waihuctl: the task did not end within " << w.timeout_s << " s\n";
      return out_of_time;
    }
    bell.wait(least_pause, std::max(least_pause, milliseconds{w.interval_ms}));
  }
}

}  // namespace waihu::ctl
