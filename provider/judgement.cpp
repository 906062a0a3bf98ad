#include "provider/judgement.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace waihu::provider {
namespace {

using clock = std::chrono::steady_clock;

milliseconds since(steady_time begin) { return std::chrono::duration_cast<milliseconds>(clock::now() - begin); }

/// What completions write to. They own it, so that a late one finds it.
struct desk {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<judged_conversation> items;
  int under_way{};
};

void ask(language_model& model, const analysis_request& request, milliseconds deadline, const std::shared_ptr<desk>& on,
         std::size_t index) {
  const auto begun = clock::now();
  model.analyze(request, deadline, [on, index, begun](result<analysis> given) {
    const std::lock_guard lock(on->mutex);
    auto& item = on->items[index];
    item.took = since(begun);
    if (given) item.given = std::move(*given);
    else item.why = std::move(given.error());
    --on->under_way;
    on->changed.notify_all();
  });
}

std::size_t answer_of(const judged_conversation& got) noexcept {
  if (!got.given) return judgement_score::failed;
  return got.given->parsed ? static_cast<std::size_t>(got.given->is_interested) : judgement_score::unreadable;
}

/// Nearest rank of a sorted list.
milliseconds rank(const std::vector<milliseconds>& sorted, std::size_t percent) {
  if (sorted.empty()) return {};
  return sorted[std::min(sorted.size() - 1, (sorted.size() * percent + 99) / 100 - 1)];
}

}  // namespace

judgement judge(language_model& model, const std::vector<labelled_conversation>& set, const judgement_limits& limits) {
  const auto begun = clock::now();
  const auto end = begun + limits.in_all;
  const auto gap = limits.per_minute > 0 ? std::chrono::nanoseconds{std::chrono::minutes{1}} / limits.per_minute
                                         : std::chrono::nanoseconds{0};
  const auto on = std::make_shared<desk>();
  on->items.resize(set.size());
  for (std::size_t i = 0; i < set.size(); ++i) {
    {
      std::unique_lock lock(on->mutex);
      const auto is_free = [&] { return on->under_way < std::max(limits.at_once, 1); };
      const auto turn = begun + std::chrono::duration_cast<clock::duration>(gap * i);
      on->changed.wait_until(lock, std::min(turn, end), [] { return false; });
      if (!on->changed.wait_until(lock, end, is_free) || clock::now() >= end) break;
      on->items[i].is_asked = true;
      ++on->under_way;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - clock::now());
    ask(model, set[i].request, std::clamp(left, milliseconds{1}, limits.deadline), on, i);
  }
  std::unique_lock lock(on->mutex);
  on->changed.wait(lock, [&] { return on->under_way == 0; });
  return {std::move(on->items), since(begun)};
}

double judgement_score::accuracy() const noexcept {
  return asked == 0 ? 0.0 : static_cast<double>(right) / static_cast<double>(asked);
}

bool is_interest_right(const labelled_conversation& label, const judged_conversation& got) noexcept {
  return answer_of(got) == static_cast<std::size_t>(label.expected);
}

bool is_time_right(const labelled_conversation& label, const judged_conversation& got) noexcept {
  if (!label.is_time_labelled) return true;
  return got.given && got.given->parsed && got.given->next_follow_time == label.next_follow_time;
}

judgement_score score_of(const std::vector<labelled_conversation>& set, const judgement& got) {
  judgement_score out;
  std::vector<milliseconds> times;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto& label = set[i];
    const auto& item = got.items[i];
    if (!item.is_asked) continue;
    ++out.asked;
    times.push_back(item.took);
    const auto given = answer_of(item);
    const auto expected = static_cast<std::size_t>(label.expected);
    ++out.confusion[expected][given];
    const bool is_right = is_interest_right(label, item);
    out.right += is_right ? 1 : 0;
    auto& [kind_right, kind_asked] = out.by_kind[label.kind];
    kind_right += is_right ? 1 : 0;
    ++kind_asked;
    // 1 and 2 are the two meanings; 0 leans to neither.
    out.turned += expected + given == 3 && expected != 0 && given != 0 ? 1 : 0;
    if (label.is_time_labelled) {
      ++out.timed;
      out.timed_right += is_time_right(label, item) ? 1 : 0;
    }
    out.without_remark += item.given && item.given->remark.empty() ? 1 : 0;
  }
  std::sort(times.begin(), times.end());
  out.median = rank(times, 50);
  out.p95 = rank(times, 95);
  return out;
}

}  // namespace waihu::provider
