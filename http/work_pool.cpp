#include "http/work_pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace waihu::http {

struct work_pool::shared {
  struct job {
    std::function<void()> run;
    std::function<void()> drop;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<job> waiting;
  std::size_t limit{};
  bool is_stopping{false};
  std::vector<std::thread> threads;

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return is_stopping || !waiting.empty(); });
      if (is_stopping) return;
      {
        auto next = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        next.run();
      }
      lock.lock();
    }
  }
};

work_pool::work_pool(int threads, std::size_t queue_limit) : shared_(std::make_unique<shared>()) {
  shared_->limit = queue_limit;
  for (int i = 0; i < std::max(threads, 1); ++i) shared_->threads.emplace_back([s = shared_.get()] { s->work(); });
}

work_pool::~work_pool() {
  std::deque<shared::job> dropped;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_stopping = true;
    dropped.swap(shared_->waiting);
  }
  shared_->changed.notify_all();
  for (auto& t : shared_->threads) t.join();
  for (auto& j : dropped) j.drop();
}

bool work_pool::add(std::function<void()> run, std::function<void()> drop) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->is_stopping || shared_->waiting.size() >= shared_->limit) return false;
    shared_->waiting.push_back({std::move(run), std::move(drop)});
  }
  shared_->changed.notify_one();
  return true;
}

}  // namespace waihu::http
