#include "tests/simulation/sim_provider.hpp"

#include <algorithm>

namespace waihu::simulation {

namespace {

/// Longest delay between acceptance and the lists: one reading, `dispatch.reconcile_settle_ms` (15 s) after the
/// request, may miss a call; two, so far apart, may not.
constexpr std::int64_t longest_listing_delay_ms = 20'000;

const std::string dialogue =
    R"([{"Timestamp":1,"Speaker":"Robot","Script":"您好"},{"Timestamp":9000,"Speaker":"Contact","Script":"有兴趣"}])";

}  // namespace

bool sim_provider::refuses() {
  if (!world_.bad(world_.circumstances().refusal)) return false;
  world_.count(fault::business_refusal);
  return true;
}

result<std::string> sim_provider::create_job_group(const job_group_request& request) {
  if (refuses()) return fail(errc::rejected, "参数不合法", "InvalidParameter");
  group g;
  g.shown.job_group_id = "group-" + std::to_string(groups_.size() + 1);
  g.shown.name = request.name;
  g.shown.created_ms = to_epoch_ms(world_.wall());
  g.listed_at = world_.now() + (world_.bad(4) ? world_.span(0, 5'000) : milliseconds{0});
  const auto id = g.shown.job_group_id;
  groups_.emplace(id, std::move(g));
  return id;
}

result<provider_page<job_group>> sim_provider::list_job_groups(const std::string& search_text, std::int64_t since_ms,
                                                               int page, int page_size) {
  provider_page<job_group> answer;
  answer.page_number = page;
  int i = 0;
  for (const auto& [id, g] : groups_) {
    if (g.deleted || g.listed_at > world_.now() || g.shown.created_ms < since_ms) continue;
    if (g.shown.name.find(search_text) == std::string::npos) continue;
    ++answer.total_count;
    if (i >= (page - 1) * page_size && i < page * page_size) answer.items.push_back(g.shown);
    ++i;
  }
  return answer;
}

result<bool> sim_provider::delete_job_group(const std::string& job_group_id) {
  const auto found = groups_.find(job_group_id);
  if (found == groups_.end()) return fail(errc::rejected, "no such group", "NotFound");
  if (!found->second.jobs.empty()) return fail(errc::rejected, "the group has jobs", "NotEmpty");
  found->second.deleted = true;
  return true;
}

result<assigned_jobs> sim_provider::assign_jobs(const std::string& job_group_id, const std::vector<job_order>& orders,
                                                const std::string& mark) {
  if (!take_mark(mark)) return fail(errc::lost, "this mark was used before", "SignatureNonceUsed");
  const auto found = groups_.find(job_group_id);
  if (found == groups_.end() || found->second.deleted || refuses()) {
    for (const auto& order : orders) world_.judging.turned_away(order.reference_id);
    return fail(errc::rejected, "no such group", "NotFound");
  }
  assigned_jobs answer;
  answer.request_id = "request-" + std::to_string(jobs_.size());
  const bool in_part = orders.size() > 1 && world_.bad(25);
  if (in_part) world_.count(fault::taken_in_part);
  for (const auto& order : orders) {
    if (in_part && world_.random.one_in(2)) {
      world_.judging.turned_away(order.reference_id);
      continue;
    }
    accept(found->second, order, answer);
  }
  // The order of the answered ids is not promised.
  for (auto i = answer.job_ids.size(); i > 1; --i)
    std::swap(answer.job_ids[i - 1], answer.job_ids[world_.random.below(i)]);
  return answer;
}

void sim_provider::accept(group& g, const job_order& order, assigned_jobs& answer) {
  const auto index = jobs_.size();
  job j;
  j.shown.call_job_id = "job-" + std::to_string(index + 1);
  j.shown.job_group_id = g.shown.job_group_id;
  j.shown.reference_id = order.reference_id;
  j.shown.phone = order.phone;
  j.listed_at = world_.now();
  const auto& w = world_.circumstances();
  if (world_.bad(w.odd_job)) {
    world_.count(fault::listed_late);
    j.listed_at += world_.span(500, longest_listing_delay_ms);
  }
  if (world_.bad(w.odd_job * 3)) {
    world_.count(fault::reference_missing);
    j.odd_until = world_.now() + world_.span(5'000, 60'000);
    j.masked = world_.random.one_in(3);
    if (j.masked) world_.count(fault::number_masked);
  }
  job_of_id_[j.shown.call_job_id] = index;
  answer.job_ids.push_back(j.shown.call_job_id);
  world_.note("accepted " + order.reference_id + " as " + j.shown.call_job_id);
  world_.judging.accepted(order.reference_id, j.shown.call_job_id);
  g.jobs.push_back(index);
  show(j, g.suspended ? call_status::paused : call_status::scheduling, {});
  jobs_.push_back(std::move(j));
  world_.after(world_.span(500, 20'000), [this, index] { dial(index); });
  if (world_.bad(w.odd_job * 4)) {
    world_.after(world_.span(100, 60'000), [this, index] {
      if (jobs_[index].ended) return;
      world_.count(fault::cancelled_there);
      end(index, call_status::cancelled, "Cancelled");
    });
  }
}

void sim_provider::show(job& j, call_status status, const std::string& attempt_status) {
  j.shown.status = status;
  j.shown.status_word = std::string(to_string(status));
  j.shown.last.status = attempt_status;
  j.history.push_back(j.shown);
}

void sim_provider::dial(std::size_t index) {
  auto& j = jobs_[index];
  if (j.ended) return;
  auto& g = groups_.at(j.shown.job_group_id);
  if (g.suspended) {
    if (j.shown.status != call_status::paused) show(j, call_status::paused, j.shown.last.status);
    g.waiting.push_back(index);
    return;
  }
  world_.note("dialled " + j.shown.reference_id);
  world_.judging.dialled(j.shown.reference_id, j.shown.attempt_count == 0);
  ++j.shown.attempt_count;
  j.shown.last.call_task_id = j.shown.call_job_id + "-attempt-" + std::to_string(j.shown.attempt_count);
  j.shown.last.calling_number = "02100000000";
  j.shown.last.called_number = j.shown.phone;
  j.shown.last.planed_ms = j.shown.last.actual_ms = to_epoch_ms(world_.wall());
  show(j, call_status::executing, "Executing");
  if (world_.bad(20)) {
    world_.count(fault::unknown_status);
    j.shown.status = call_status::other;
    j.shown.status_word = "Ringing";
    j.history.push_back(j.shown);
  }
  world_.after(world_.span(2'000, 45'000), [this, index] { hang_up(index); });
}

void sim_provider::hang_up(std::size_t index) {
  auto& j = jobs_[index];
  if (j.ended) return;
  const auto& w = world_.circumstances();
  if (world_.random.one_in(2)) {
    end(index, call_status::succeeded, "SucceededFinish");
    if (world_.bad(w.odd_job * 4)) {
      world_.count(fault::conversation_never);
      return;
    }
    const bool late = world_.bad(w.odd_job);
    if (late) world_.count(fault::conversation_late);
    world_.after(late ? world_.span(1'000, 90'000) : milliseconds{0}, [this, index] {
      auto& later = jobs_[index];
      later.conversation = dialogue;
      later.shown.last.conversation_json = dialogue;
    });
    return;
  }
  if (j.redials < 2 && world_.random.one_in(3)) {
    ++j.redials;
    show(j, call_status::executing, "NoAnswer");
    world_.after(world_.span(2'000, 20'000), [this, index] { dial(index); });
    return;
  }
  static const std::vector<std::string> words{"NoAnswer", "Busy", "PoweredOff", "EmptyNumber", "Failed"};
  end(index, call_status::failed, words[world_.random.below(words.size())]);
}

void sim_provider::end(std::size_t index, call_status status, const std::string& attempt_status) {
  auto& j = jobs_[index];
  j.ended = true;
  show(j, status, j.shown.attempt_count > 0 ? attempt_status : "");
  world_.note("ended " + j.shown.call_job_id + " " + j.shown.status_word);
  world_.judging.ended(j.shown.call_job_id, status);
  if (!world_.bad(world_.circumstances().odd_job * 2)) return;
  // Some time later the provider thinks differently of it.
  world_.after(world_.span(50, 15'000), [this, index, status] {
    world_.count(fault::outcome_revised);
    auto& later = jobs_[index];
    const auto other = status == call_status::failed ? call_status::succeeded : call_status::failed;
    show(later, other, other == call_status::failed ? "Failed" : "SucceededFinish");
    world_.judging.ended(later.shown.call_job_id, other);
  });
}

job_snapshot sim_provider::look_at(const job& j) {
  if (j.history.size() > 1 && world_.bad(world_.circumstances().odd_look)) {
    world_.count(fault::status_went_back);
    return j.history[world_.random.below(j.history.size())];
  }
  return j.shown;
}

job_snapshot sim_provider::listed(const job& j) const {
  auto row = j.shown;
  if (j.odd_until > world_.now()) {
    row.reference_id.clear();
    if (j.masked) row.phone = row.phone.substr(0, 3) + "****" + row.phone.substr(7);
  }
  return row;
}

result<std::vector<job_snapshot>> sim_provider::list_jobs(const std::vector<std::string>& call_job_ids) {
  std::vector<job_snapshot> answer;
  for (const auto& id : call_job_ids) {
    const auto found = job_of_id_.find(id);
    if (found == job_of_id_.end()) continue;
    const auto& j = jobs_[found->second];
    if (j.listed_at > world_.now()) continue;
    auto row = look_at(j);
    // What is missing from the lists is missing here too.
    if (const auto shown = listed(j); shown.reference_id.empty()) {
      row.reference_id.clear();
      row.phone = shown.phone;
    }
    answer.push_back(std::move(row));
  }
  return answer;
}

result<provider_page<job_snapshot>> sim_provider::list_jobs_by_group(const std::string& job_group_id, int page,
                                                                     int page_size) {
  const auto found = groups_.find(job_group_id);
  if (found == groups_.end()) return fail(errc::rejected, "no such group", "NotFound");
  std::vector<const job*> rows;
  std::int64_t hidden = 0;
  for (const auto index : found->second.jobs) {
    if (jobs_[index].listed_at <= world_.now()) rows.push_back(&jobs_[index]);
    else ++hidden;
  }
  if (rows.size() > 1 && world_.bad(world_.circumstances().odd_look)) {
    world_.count(fault::pages_shuffled);
    std::rotate(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(world_.random.below(rows.size())), rows.end());
  }
  provider_page<job_snapshot> answer;
  answer.page_number = page;
  answer.total_count = static_cast<std::int64_t>(rows.size());
  // The counter may know of jobs that the list does not show yet, or may not.
  if (world_.random.one_in(2)) answer.total_count += hidden;
  for (auto i = static_cast<std::size_t>(page - 1) * static_cast<std::size_t>(page_size);
       i < rows.size() && i < static_cast<std::size_t>(page) * static_cast<std::size_t>(page_size); ++i) {
    auto row = listed(*rows[i]);
    row.last = {};
    answer.items.push_back(std::move(row));
  }
  return answer;
}

result<job_snapshot> sim_provider::describe_job(const std::string& call_job_id) {
  const auto found = job_of_id_.find(call_job_id);
  if (found == job_of_id_.end()) return fail(errc::not_found, "no such job", "NotFound");
  return jobs_[found->second].shown;
}

result<bool> sim_provider::switch_group(const std::string& job_group_id, bool suspend) {
  const auto found = groups_.find(job_group_id);
  if (found == groups_.end() || found->second.deleted) return fail(errc::rejected, "no such group", "NotFound");
  if (refuses()) return fail(errc::rejected, "参数不合法", "InvalidParameter");
  auto& g = found->second;
  g.suspended = suspend;
  for (const auto index : g.jobs) {
    auto& j = jobs_[index];
    const auto from = suspend ? call_status::scheduling : call_status::paused;
    if (!j.ended && j.shown.status == from) show(j, suspend ? call_status::paused : call_status::scheduling, {});
  }
  if (suspend) return true;
  const auto waiting = std::move(g.waiting);
  g.waiting.clear();
  for (const auto index : waiting) world_.after(world_.span(100, 3'000), [this, index] { dial(index); });
  return true;
}

bool sim_provider::calls_go_on() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const job& j) { return !j.ended; });
}

}  // namespace waihu::simulation
