// A few threads with a bounded queue for work that must not hold up the io threads.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace waihu::http {

/// Thread-safe.
class work_pool {
 public:
  /// `threads` at least 1.
  work_pool(int threads, std::size_t queue_limit);
  /// Finishes what is begun, calls `drop` of what waits, joins.
  ~work_pool();
  work_pool(const work_pool&) = delete;
  work_pool& operator=(const work_pool&) = delete;

  /// Runs `run` on a worker, or `drop` when the pool ends first. False, and neither is called: the queue is full.
  bool add(std::function<void()> run, std::function<void()> drop);

 private:
  struct shared;
  std::unique_ptr<shared> shared_;
};

}  // namespace waihu::http
