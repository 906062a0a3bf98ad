#include "app/ctl/task_progress.hpp"

#include <algorithm>
#include <array>

#include "app/ctl/display_text.hpp"

namespace waihu::ctl {

namespace {

constexpr std::int64_t not_begun = 4005;  ///< describe-job-group of a task without a group.

tl::unexpected<failure> refusal(const api_answer& answer) {
  return fail(errc::rejected, answer.message(), std::to_string(answer.code()));
}

}  // namespace

const char* task_type_words(std::int64_t type) noexcept {
  constexpr std::array<const char*, 6> words{"?",        "created", "calling", "calls complete", "follow-up complete",
                                             "suspended"};
  return words.at(type >= 1 && type <= 5 ? static_cast<std::size_t>(type) : 0);
}

result<task_progress> ask_progress(api_client& api, std::int64_t task) {
  json_object body;
  body.add("task_id", task);
  const auto diagnosed = api.post("/api/diagnose-task", body.text());
  if (!diagnosed) return tl::unexpected<failure>(diagnosed.error());
  if (!diagnosed->is_success()) return refusal(*diagnosed);
  const auto& stats = member(diagnosed->data(), "stats");
  task_progress p;
  p.type = number_of(diagnosed->data(), "task_type");
  p.last_error = text_of(diagnosed->data(), "last_error");
  p.total = number_of(stats, "total_leads");
  p.followed = number_of(stats, "has_follow");
  p.has_job_id = number_of(stats, "has_job_id");
  const auto described = api.post("/api/describe-job-group", body.text());
  if (!described) return tl::unexpected<failure>(described.error());
  if (!described->is_success()) {
    if (described->code() != not_begun) return refusal(*described);
    p.waiting = p.total;
    return p;
  }
  const auto& buckets = member(described->data(), "progress");
  p.waiting = number_of(buckets, "scheduling");
  p.executing = number_of(buckets, "executing");
  p.completed = number_of(buckets, "total_completed");
  p.failed = number_of(buckets, "failed");
  return p;
}

std::string progress_line(const task_progress& p) {
  auto line = std::string(task_type_words(p.type)) + ": " + std::to_string(p.waiting) + " waiting, " +
              std::to_string(p.executing) + " at the provider, " + std::to_string(p.completed) + " reached, " +
              std::to_string(p.failed) + " failed; " + std::to_string(p.followed) + " of " + std::to_string(p.total) +
              " followed up";
  if (!p.last_error.empty()) line += "; " + printable(p.last_error);
  return line;
}

std::string progress_bar(const task_progress& p, int columns) {
  constexpr std::int64_t cells = 30;
  // a call counts half when it is over and whole when it has its follow-up
  const auto halves = p.completed + p.failed + p.followed;
  const auto share = p.type == 4 ? 100 : p.total == 0 ? 0 : std::min<std::int64_t>(100, halves * 50 / p.total);
  const auto filled = static_cast<std::size_t>(share * cells / 100);
  auto text = "[" + std::string(filled, '#') + std::string(cells - filled, '-') + "] " + (share < 100 ? " " : "") +
              (share < 10 ? " " : "") + std::to_string(share) + "%  " + progress_line(p);
  return cut_to_width(text, std::max(columns, 20));
}

}  // namespace waihu::ctl
