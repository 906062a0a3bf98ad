// Counts failed logins per account and address, so that guessing stops after a few. Keeps its memory bounded.
#pragma once

#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "messages/model/time.hpp"

namespace waihu::http {

/// Thread-safe.
class login_guard {
 public:
  /// `failures` within `window` block; at most `key_limit` pairs are remembered, the oldest go first.
  login_guard(int failures, milliseconds window, std::size_t key_limit = 100'000)
      : failures_(static_cast<std::size_t>(failures)), window_(window), key_limit_(key_limit) {}

  /// How long this pair must wait before the next try; zero = may try now.
  milliseconds wait_for(const std::string& account, const std::string& address, steady_time now);
  void note_failure(const std::string& account, const std::string& address, steady_time now);
  void note_success(const std::string& account, const std::string& address);

 private:
  struct record {
    std::deque<steady_time> failures;
    std::list<std::string>::iterator place;
  };
  static std::string key_of(const std::string& account, const std::string& address) { return address + '\n' + account; }
  milliseconds wait_of(record& r, steady_time now) const;

  const std::size_t failures_;
  const milliseconds window_;
  const std::size_t key_limit_;
  std::mutex mutex_;
  std::list<std::string> order_;  ///< Keys, the one untouched for longest first.
  std::unordered_map<std::string, record> records_;
};

}  // namespace waihu::http
