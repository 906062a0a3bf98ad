#include "http/login_guard.hpp"

namespace waihu::http {

milliseconds login_guard::wait_of(record& r, steady_time now) const {
  while (!r.failures.empty() && now - r.failures.front() >= window_) r.failures.pop_front();
  if (r.failures.size() < failures_) return milliseconds{0};
  const auto left = window_ - (now - r.failures.front());
  return std::chrono::ceil<milliseconds>(left);
}

milliseconds login_guard::wait_for(const std::string& account, const std::string& address, steady_time now) {
  const std::lock_guard lock(mutex_);
  const auto it = records_.find(key_of(account, address));
  return it == records_.end() ? milliseconds{0} : wait_of(it->second, now);
}

void login_guard::note_failure(const std::string& account, const std::string& address, steady_time now) {
  const std::lock_guard lock(mutex_);
  auto key = key_of(account, address);
  auto it = records_.find(key);
  if (it == records_.end()) {
    if (records_.size() >= key_limit_) {
      records_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(key);
    it = records_.emplace(std::move(key), record{{}, std::prev(order_.end())}).first;
  } else {
    order_.splice(order_.end(), order_, it->second.place);
  }
  auto& failures = it->second.failures;
  failures.push_back(now);
  if (failures.size() > failures_) failures.pop_front();
}

void login_guard::note_success(const std::string& account, const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto it = records_.find(key_of(account, address));
  if (it == records_.end()) return;
  order_.erase(it->second.place);
  records_.erase(it);
}

}  // namespace waihu::http
