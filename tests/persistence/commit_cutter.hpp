// Stands between a client and the private PostgreSQL and cuts the connection at a COMMIT: before the server sees it, or
// after the server has carried it out and before the client hears of it.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/options.hpp"

namespace waihu::testing {

class commit_cutter {
 public:
  enum class cut { none, before_commit, after_commit };

  explicit commit_cutter(const config::store_options& server);
  ~commit_cutter();
  commit_cutter(const commit_cutter&) = delete;
  commit_cutter& operator=(const commit_cutter&) = delete;

  /// Options that lead through the cutter.
  config::store_options options() const { return options_; }
  /// The next COMMIT is cut so, once. With `for_good`, no connection is accepted after it.
  void arm(cut how, bool for_good = false);
  /// Done at a cut before the COMMIT, while the client does not know yet that its connection is gone. Before `arm`.
  void before_client_knows(std::function<void()> what) { meanwhile_ = std::move(what); }
  /// COMMITs cut so far.
  int count() const { return count_; }

 private:
  void accept_clients();
  void serve(int client);
  void stop_listening();

  std::string folder_, server_path_;
  config::store_options options_;
  std::atomic<int> listener_{-1};
  std::atomic<cut> armed_{cut::none};
  std::atomic<bool> for_good_{false}, stopping_{false};
  std::atomic<int> count_{0};
  std::function<void()> meanwhile_;
  std::thread acceptor_;
  std::mutex mutex_;
  std::vector<std::thread> servants_;
};

}  // namespace waihu::testing
