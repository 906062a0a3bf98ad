// What requests came and how they went: a bounded row of the last ones and counts by operation and result. Holds no
// parameters, so neither phone numbers nor secrets.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace waihu::simulator {

/// One request.
struct logged_request {
  std::uint64_t sequence{};  ///< Rising from 1.
  std::int64_t real_ms{}, virtual_ms{};
  std::string action;  ///< Operation, "ChatCompletions" or "Recording".
  int status{};        ///< HTTP status of the answer that was meant.
  std::string code;    ///< "OK" or the error code.
  std::string request_id;
  std::string effects;    ///< Faults that hit it, "" for none.
  std::uint64_t items{};  ///< Jobs accepted or elements answered.
  bool carried_out{};     ///< False where a fault or a refusal kept it from happening.
};

/// Bounded log. Not thread-safe.
class request_log {
 public:
  static constexpr std::size_t most_kept = 20'000;

  void add(logged_request request) {
    request.sequence = ++last_;
    ++counts_[{request.action, request.code}];
    kept_.push_back(std::move(request));
    if (kept_.size() > most_kept) kept_.pop_front();
  }
  void clear() {
    kept_.clear();
    counts_.clear();
  }
  const std::deque<logged_request>& kept() const noexcept { return kept_; }
  const std::map<std::pair<std::string, std::string>, std::uint64_t>& counts() const noexcept { return counts_; }

 private:
  std::uint64_t last_{};
  std::deque<logged_request> kept_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts_;
};

}  // namespace waihu::simulator
