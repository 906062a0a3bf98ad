#include "provider/simulator/call_world.hpp"

#include <algorithm>

#include "provider/simulator/dice.hpp"
#include "provider/simulator/entity_ids.hpp"

namespace waihu::simulator {

namespace {

constexpr std::array<std::string_view, stage_count> stage_words{"Scheduling", "Executing", "Paused",
                                                                "Succeeded",  "Failed",    "Cancelled"};
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t resume_delay_ms = 500;
constexpr std::int64_t refusal_ms = 300;  // A refused dial occupies a line this long.

constexpr std::size_t at(job_stage stage) noexcept { return static_cast<std::size_t>(stage); }

}  // namespace

std::string_view stage_word(job_stage stage) noexcept { return stage_words[at(stage)]; }

std::optional<job_stage> parse_stage(std::string_view word) noexcept {
  const auto found = std::find(stage_words.begin(), stage_words.end(), word);
  if (found == stage_words.end()) return std::nullopt;
  return static_cast<job_stage>(found - stage_words.begin());
}

call_world::call_world(world_options options, std::int64_t start_ms)
    : options_(std::move(options)), now_ms_(start_ms) {}

void call_world::advance_to(std::int64_t now_ms) {
  while (!events_.empty() && events_.top().due_ms <= now_ms) {
    const event e = events_.top();
    events_.pop();
    now_ms_ = std::max(now_ms_, e.due_ms);
    happen(e);
  }
  now_ms_ = std::max(now_ms_, now_ms);
}

std::optional<std::int64_t> call_world::next_due() const {
  if (events_.empty()) return std::nullopt;
  return events_.top().due_ms;
}

void call_world::schedule(std::int64_t due_ms, event::kind what, std::uint32_t subject, std::uint32_t generation) {
  events_.push({due_ms, event_order_++, subject, generation, what});
}

void call_world::happen(const event& e) {
  switch (e.what) {
    case event::kind::ready: {
      const auto& job = jobs_[e.subject];
      if (job.generation != e.generation || job.stage != job_stage::scheduling) return;
      auto& queue = groups_[job.group].order.priority == "Urgent" ? urgent_ : daily_;
      queue.push_back({e.subject, e.generation});
      break;
    }
    case event::kind::dial_ends:
      if (jobs_[e.subject].generation == e.generation) end_dial(e.subject);
      break;
    case event::kind::window_opens: window_wake_set_ = false; break;
    case event::kind::group_ends:
      for (const auto index : groups_[e.subject].jobs) {
        auto& job = jobs_[index];
        if (job.stage == job_stage::scheduling || job.stage == job_stage::paused)
          finish(job, job_stage::failed, "TimeUp");
      }
      break;
  }
  fill_lines();
}

void call_world::make_due(std::uint32_t index, std::int64_t due_ms) {
  auto& job = jobs_[index];
  ++job.generation;
  job.due_ms = std::max(due_ms, groups_[job.group].order.start_ms);
  schedule(job.due_ms, event::kind::ready, index, job.generation);
}

std::optional<std::int64_t> call_world::window_opens_after(std::int64_t now_ms) const {
  const auto& w = options_.window;
  if (w.begin_minute == w.end_minute) return std::nullopt;
  const std::int64_t local = now_ms + options_.utc_offset_minutes * minute_ms;
  const std::int64_t since_midnight = ((local % day_ms) + day_ms) % day_ms;
  const std::int64_t begin = w.begin_minute * minute_ms;
  const std::int64_t end = w.end_minute * minute_ms;
  const bool open =
      begin < end ? since_midnight >= begin && since_midnight < end : since_midnight >= begin || since_midnight < end;
  if (open) return std::nullopt;
  return now_ms + (begin - since_midnight + day_ms) % day_ms;
}

void call_world::fill_lines() {
  while (options_.concurrency == 0 || busy_lines_ < options_.concurrency) {
    auto& queue = urgent_.empty() ? daily_ : urgent_;
    if (queue.empty()) return;
    const auto next = queue.front();
    const auto& job = jobs_[next.job];
    if (job.generation != next.generation || job.stage != job_stage::scheduling) {
      queue.pop_front();
      continue;
    }
    if (const auto opens = window_opens_after(now_ms_)) {
      if (!window_wake_set_) schedule(*opens, event::kind::window_opens, 0, 0);
      window_wake_set_ = true;
      return;
    }
    queue.pop_front();
    start_dial(next.job);
  }
}

bool call_world::start_dial(std::uint32_t index) {
  auto& job = jobs_[index];
  const auto plan = plan_of(index);
  const auto& attempt = plan.attempts[std::min<std::size_t>(job.dials_made, plan.attempts.size() - 1)];
  dial_entry dial;
  dial.job = index;
  dial.previous = job.last_dial;
  dial.number = ++job.dials_made;
  dial.rings = attempt.rings;
  dial.answered = attempt.answered;
  dial.planned_ms = job.due_ms;
  dial.rung_ms = now_ms_;
  dial.ring_ms = attempt.ring_ms;
  dial.talk_ms = attempt.talk_ms;
  job.last_dial = static_cast<std::uint32_t>(dials_.size());
  dials_.push_back(dial);
  if (const auto planted = next_task_ids_.find(index); planted != next_task_ids_.end()) {
    planted_dials_[planted->second] = job.last_dial;
    planted_dial_ids_[job.last_dial] = std::move(planted->second);
    next_task_ids_.erase(planted);
  }
  ++groups_[job.group].dials;
  ++busy_lines_;
  greatest_busy_lines_ = std::max(greatest_busy_lines_, busy_lines_);
  move_to(job, job_stage::executing);
  ++job.generation;
  schedule(now_ms_ + std::max(refusal_ms, attempt.ring_ms + attempt.talk_ms), event::kind::dial_ends, index,
           job.generation);
  return true;
}

void call_world::end_dial(std::uint32_t index) {
  auto& job = jobs_[index];
  auto& dial = dials_[job.last_dial];
  const auto plan = plan_of(index);
  const auto number = std::min<std::size_t>(dial.number, plan.attempts.size());
  dial.status = plan.attempts[number - 1].status;
  dial.ended_ms = now_ms_;
  --busy_lines_;
  if (number == plan.attempts.size())
    return finish(job, plan.succeeds ? job_stage::succeeded : job_stage::failed, plan.failure_reason);
  if (job.no_more_dials) return finish(job, job_stage::cancelled, "");
  const auto& order = groups_[job.group].order;
  if (order.end_ms > 0 && now_ms_ >= order.end_ms) return finish(job, job_stage::failed, "TimeUp");
  const auto gap = order.min_attempt_interval_min > 0 ? order.min_attempt_interval_min * minute_ms : plan.redial_gap_ms;
  move_to(job, job_stage::scheduling);
  make_due(index, now_ms_ + gap);
  if (groups_[job.group].suspended) suspend_job(index);
}

void call_world::move_to(job_entry& job, job_stage stage) {
  auto& counts = groups_[job.group].counts;
  --counts[at(job.stage)];
  ++counts[at(stage)];
  job.stage = stage;
}

void call_world::finish(job_entry& job, job_stage stage, std::string_view reason) {
  move_to(job, stage);
  ++job.generation;
  job.failure_reason = reason;
  job.ended_ms = now_ms_;
  ++finished_;
}

std::uint32_t call_world::create_group(group_order order, std::string planted_id) {
  const auto index = static_cast<std::uint32_t>(groups_.size());
  group_entry group;
  group.created_ms = group.modified_ms = now_ms_;
  group.id =
      planted_id.empty()
          ? make_uuid(hash_text(options_.policy.seed ^ mix64(static_cast<std::uint64_t>(now_ms_)), order.name), index)
          : std::move(planted_id);
  group.order = std::move(order);
  group_by_id_[group.id] = index;
  groups_.push_back(std::move(group));
  if (groups_[index].order.end_ms > 0)
    schedule(std::max(now_ms_, groups_[index].order.end_ms), event::kind::group_ends, index, 0);
  return index;
}

std::optional<std::uint32_t> call_world::find_group(std::string_view id) const {
  const auto found = group_by_id_.find(std::string{id});
  if (found == group_by_id_.end() || groups_[found->second].deleted) return std::nullopt;
  return found->second;
}

void call_world::delete_group(std::uint32_t group) {
  cancel_group(group);
  groups_[group].deleted = true;
}

std::uint32_t call_world::remember_request(std::string request_id) {
  requests_.push_back(std::move(request_id));
  return static_cast<std::uint32_t>(requests_.size() - 1);
}

void call_world::turn_away(const std::string& reference_id, std::string_view code) {
  constexpr std::size_t most_noted = 1'000'000;
  if (turned_away_.size() < most_noted) ++turned_away_[{reference_id, std::string{code}}];
}

void call_world::wish(std::string phone_or_reference, plan_wish how) { wishes_[std::move(phone_or_reference)] = how; }

std::uint32_t call_world::accept(std::uint32_t group, job_entry_order order, std::uint32_t request,
                                 std::string planted_id) {
  const auto index = static_cast<std::uint32_t>(jobs_.size());
  auto& job = jobs_.emplace_back();
  job.order = std::move(order);
  job.group = group;
  job.request = request;
  job.assigned_ms = now_ms_;
  job.fingerprint =
      hash_text(options_.policy.seed ^ mix64(static_cast<std::uint64_t>(now_ms_)), job.order.reference_id);
  if (!planted_id.empty()) {
    planted_jobs_[planted_id] = index;
    planted_job_ids_[index] = std::move(planted_id);
  }
  if (!wishes_.empty()) {
    auto found = wishes_.find(job.order.reference_id);
    if (found == wishes_.end()) found = wishes_.find(job.order.phone);
    if (found != wishes_.end()) wish_of_job_[index] = found->second;
  }
  if (!job.order.reference_id.empty()) {
    ++doubles_.accepted;
    const auto times = ++accepted_times_[job.order.reference_id];
    if (times == 2) ++doubles_.doubled_references;
    if (times > 1) {
      ++doubles_.surplus_acceptances;
      surplus_.push_back(index);
    }
  }
  if (++phone_times_[hash_text(group, job.order.phone)] == 2) ++doubles_.doubled_phones;
  auto& g = groups_[group];
  g.jobs.push_back(index);
  ++g.counts[at(job_stage::scheduling)];
  make_due(index, now_ms_ + plan_of(index).scheduling_ms);
  if (g.order.end_ms > 0 && g.order.end_ms <= now_ms_) finish(job, job_stage::failed, "TimeUp");
  else if (g.suspended && !options_.suspend_spares_later_jobs) suspend_job(index);
  return index;
}

void call_world::suspend_job(std::uint32_t index) {
  auto& job = jobs_[index];
  if (job.stage != job_stage::scheduling) return;
  ++job.generation;
  move_to(job, job_stage::paused);
}

void call_world::resume_job(std::uint32_t index) {
  auto& job = jobs_[index];
  if (job.stage != job_stage::paused) return;
  move_to(job, job_stage::scheduling);
  make_due(index, std::max(job.due_ms, now_ms_ + resume_delay_ms));
}

void call_world::cancel_job(std::uint32_t index) {
  auto& job = jobs_[index];
  if (job.stage == job_stage::executing) job.no_more_dials = true;
  if (job.stage == job_stage::scheduling || job.stage == job_stage::paused) finish(job, job_stage::cancelled, "");
}

void call_world::suspend_group(std::uint32_t group) {
  groups_[group].suspended = true;
  groups_[group].modified_ms = now_ms_;
  for (const auto job : groups_[group].jobs) suspend_job(job);
}

void call_world::resume_group(std::uint32_t group) {
  groups_[group].suspended = false;
  groups_[group].modified_ms = now_ms_;
  for (const auto job : groups_[group].jobs) resume_job(job);
}

void call_world::cancel_group(std::uint32_t group) {
  groups_[group].modified_ms = now_ms_;
  for (const auto job : groups_[group].jobs) cancel_job(job);
}

std::optional<std::uint32_t> call_world::find_job(std::string_view id) const {
  if (!planted_jobs_.empty())
    if (const auto found = planted_jobs_.find(std::string{id}); found != planted_jobs_.end()) return found->second;
  const auto index = index_of_uuid(id);
  if (!index || *index >= jobs_.size()) return std::nullopt;
  const auto job = static_cast<std::uint32_t>(*index);
  if (job_id(job) != id) return std::nullopt;
  return job;
}

std::optional<std::uint32_t> call_world::find_dial(std::string_view task) const {
  if (!planted_dials_.empty())
    if (const auto found = planted_dials_.find(std::string{task}); found != planted_dials_.end()) return found->second;
  const auto index = index_of_uuid(task);
  if (!index || *index >= dials_.size()) return std::nullopt;
  const auto dial = static_cast<std::uint32_t>(*index);
  if (task_id(dial) != task) return std::nullopt;
  return dial;
}

std::string call_world::job_id(std::uint32_t job) const {
  if (!planted_job_ids_.empty())
    if (const auto found = planted_job_ids_.find(job); found != planted_job_ids_.end()) return found->second;
  return make_uuid(jobs_[job].fingerprint, job);
}

std::string call_world::task_id(std::uint32_t dial) const {
  if (!planted_dial_ids_.empty())
    if (const auto found = planted_dial_ids_.find(dial); found != planted_dial_ids_.end()) return found->second;
  return make_uuid(mix64(jobs_[dials_[dial].job].fingerprint + dials_[dial].number), dial);
}

std::string call_world::contact_id(std::uint32_t job) const {
  return make_uuid(mix64(jobs_[job].fingerprint ^ 0xc0ULL), job);
}

std::uint64_t call_world::call_id(std::uint32_t dial) const { return 7'000'000'000ULL + dial; }

std::string_view call_world::calling_number(std::uint32_t job) const {
  const auto& numbers = groups_[jobs_[job].group].order.calling_numbers;
  if (numbers.empty()) return "05710000001";
  return numbers[jobs_[job].fingerprint % numbers.size()];
}

void call_world::plant_next_task_id(std::uint32_t job, std::string id) { next_task_ids_[job] = std::move(id); }

std::string_view call_world::group_status(const group_entry& group) const noexcept {
  const auto count = [&](job_stage s) { return group.counts[at(s)]; };
  const auto open = count(job_stage::scheduling) + count(job_stage::executing) + count(job_stage::paused);
  if (group.jobs.empty()) return group.suspended ? "Paused" : "Draft";
  if (open == 0) return "Completed";
  if (count(job_stage::executing) > 0) return "Executing";
  if (group.suspended || count(job_stage::scheduling) == 0) return "Paused";
  return group.dials > 0 ? "Executing" : "Scheduling";
}

std::vector<std::uint32_t> call_world::dials_of(std::uint32_t job) const {
  std::vector<std::uint32_t> all(jobs_[job].dials_made);
  auto slot = all.size();
  for (auto dial = jobs_[job].last_dial; dial != nothing; dial = dials_[dial].previous) all[--slot] = dial;
  return all;
}

call_plan call_world::plan_of(std::uint32_t job) const {
  if (!wish_of_job_.empty())
    if (const auto found = wish_of_job_.find(job); found != wish_of_job_.end())
      return plan_call(options_.policy, jobs_[job].order.reference_id, found->second);
  return plan_call(options_.policy, jobs_[job].order.reference_id);
}

std::vector<spoken_line> call_world::conversation_of(std::uint32_t index) const {
  const auto& dial = dials_[index];
  if (!dial.answered || dial.ended_ms == 0) return {};
  const auto plan = plan_of(dial.job);
  if (now_ms_ < dial.ended_ms + plan.conversation_delay_ms) return {};
  return render_dialogue(plan.dialogue, plan.voice_seed, jobs_[dial.job].order.name, dial.talk_ms);
}

bool call_world::recording_ready(std::uint32_t index) const {
  const auto& dial = dials_[index];
  return dial.answered && dial.ended_ms != 0 && now_ms_ >= dial.ended_ms + options_.policy.recording_delay_ms;
}

}  // namespace waihu::simulator
