// How far a task is, and how that is shown: a bar on a terminal, a line elsewhere. Prints nothing itself.
#pragma once

#include <cstdint>
#include <string>

#include "app/ctl/api_client.hpp"

namespace waihu::ctl {

/// The words of docs/glossary.md for a task_type; "?" for what is none.
const char* task_type_words(std::int64_t type) noexcept;

/// What two answers tell about a task.
struct task_progress {
  std::int64_t type{};  ///< task_type 1..5.
  std::int64_t total{};
  std::int64_t waiting{}, executing{}, completed{}, failed{};  ///< Buckets of describe-job-group.
  std::int64_t followed{};                                     ///< Jobs with a follow-up.
  std::int64_t has_job_id{};                                   ///< Acknowledged by the provider.
  std::string last_error;

  friend bool operator==(const task_progress&, const task_progress&) = default;
};

/// Asks the daemon. errc::rejected with its message when it refuses.
result<task_progress> ask_progress(api_client& api, std::int64_t task);

/// `[######----]  60%  calling: 12 waiting, 3 talking, 40 reached, 5 failed; 38 of 45 followed up`, at most `columns`.
std::string progress_bar(const task_progress& p, int columns);
/// The same without the bar.
std::string progress_line(const task_progress& p);

}  // namespace waihu::ctl
