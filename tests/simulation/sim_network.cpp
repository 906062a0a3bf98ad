#include "tests/simulation/sim_network.hpp"

#include <algorithm>

namespace waihu::simulation {

namespace {

/// Longest way of a request, also when its client has given up meanwhile: the write deadline.
constexpr std::int64_t longest_way_ms = 9'000;
/// How long a sender that stands still may hold a request back.
constexpr std::int64_t longest_hold_back_ms = 600'000;
constexpr int breaker_consecutive = 5;

}  // namespace

std::uint64_t mailbag::keep(std::function<void(const void*)> deliver) {
  const auto letter = next_++;
  letters_.emplace(letter, std::move(deliver));
  return letter;
}

void mailbag::deliver(std::uint64_t letter, const void* answer) {
  if (burnt_) return;
  const auto found = letters_.find(letter);
  if (found == letters_.end()) return;
  if (letter < newest_delivered_ && delivered_[letter] == 0) world_.count(fault::answers_reordered);
  newest_delivered_ = std::max(newest_delivered_, letter);
  ++delivered_[letter];
  found->second(answer);
}

void mailbag::burn() {
  burnt_ = true;
  letters_.clear();
}

void provider_link::heard(errc code) {
  const bool speaks_against =
      code == errc::unavailable || code == errc::timed_out || code == errc::lost || code == errc::malformed;
  failures_in_a_row_ = speaks_against ? failures_in_a_row_ + 1 : 0;
  if (failures_in_a_row_ == breaker_consecutive) world_.count(fault::breaker_tripped);
}

template <class T>
void provider_link::call(const char* operation, milliseconds deadline, std::function<result<T>()> carry_out,
                         completion<T> done) {
  if (answers_->burnt()) return;
  world_.note(operation);
  const auto& w = world_.circumstances();
  const auto letter =
      answers_->keep([done = std::move(done)](const void* answer) { done(*static_cast<const result<T>*>(answer)); });
  auto bag = answers_;
  // `this` may be gone before the answer is: only the bag and the world outlive a node.
  const auto answer_after = [bag, letter](milliseconds delay, result<T> answer) {
    bag->here().after(delay, [bag, letter, answer] { bag->deliver(letter, &answer); });
  };
  const auto failed = [&](milliseconds delay, errc code, const char* why, const char* vendor = "") {
    heard(code);
    answer_after(delay, fail(code, why, vendor));
  };
  /// The request arrives and is carried out; `then` gets the provider's answer at that moment.
  const auto arrive = [&](milliseconds delay, std::function<void(result<T>)> then) {
    auto& here = world_;
    world_.after(delay, [bag, carry_out, then = std::move(then), &here] {
      if (bag->burnt()) here.count(fault::request_outlived_node);
      then(carry_out());
    });
  };
  const auto swallow = [](const result<T>&) {};
  if (outage_until_ && *outage_until_ > world_.now()) {
    if (world_.random.one_in(3)) return failed(deadline, errc::timed_out, "no answer in time");
    return failed(world_.span(1, 50), errc::unavailable, "connection refused");
  }
  const auto way = world_.span(1, 150);
  if (!world_.bad(w.network)) {
    heard(errc::rejected);
    return arrive(way,
                  [answer_after, back = world_.span(1, 200)](const result<T>& answer) { answer_after(back, answer); });
  }
  switch (world_.random.below(11)) {
    case 0:
      world_.count(fault::connection_refused);
      return failed(world_.span(1, 20), errc::unavailable, "connection refused");
    case 1: world_.count(fault::request_lost); return failed(deadline, errc::timed_out, "no answer in time");
    case 2: {
      world_.count(fault::request_late);
      const auto late = world_.span(1'000, std::max<std::int64_t>(longest_way_ms, deadline.count() - 500));
      if (late + milliseconds{200} < deadline)
        return arrive(late, [answer_after](const result<T>& answer) { answer_after(milliseconds{100}, answer); });
      arrive(late, swallow);
      return failed(deadline, errc::timed_out, "no answer in time");
    }
    case 3:
      world_.count(fault::answer_lost);
      arrive(way, swallow);
      if (world_.random.one_in(2)) return failed(deadline, errc::timed_out, "no answer in time");
      return failed(way + world_.span(1, 300), errc::lost, "connection reset");
    case 4: {
      world_.count(fault::answer_late);
      const auto back = deadline - way + world_.span(1, 20'000);
      arrive(way, [answer_after, back](const result<T>& answer) { answer_after(back, answer); });
      return failed(deadline, errc::timed_out, "no answer in time");
    }
    case 5: {
      world_.count(fault::answer_doubled);
      const auto again = world_.span(1, 8'000);
      return arrive(way, [answer_after, again](const result<T>& answer) {
        answer_after(milliseconds{5}, answer);
        answer_after(again, answer);
      });
    }
    case 6: {
      world_.count(fault::throttled);
      heard(errc::throttled);
      failure why{errc::throttled, "slow down", "Throttling.User", 0};
      if (world_.random.one_in(2)) why.retry_after_ms = world_.random.between(100, 15'000);
      return answer_after(way, tl::unexpected<failure>(why));
    }
    case 7: world_.count(fault::server_error_before); return failed(way, errc::lost, "HTTP 502");
    case 8:
      world_.count(fault::server_error_after);
      arrive(way, swallow);
      return failed(way + world_.span(1, 100), errc::lost, "HTTP 504");
    case 9:
      world_.count(fault::answer_garbled);
      arrive(way, swallow);
      return failed(way + world_.span(1, 100), errc::malformed, "not JSON");
    default:
      // Slow enough to be overtaken.
      heard(errc::rejected);
      return arrive(
          way, [answer_after, back = world_.span(500, 4'000)](const result<T>& answer) { answer_after(back, answer); });
  }
}

template <class T>
void provider_link::call_or_hold_back(const char* operation, milliseconds deadline,
                                      std::function<result<T>()> carry_out, completion<T> done) {
  if (!world_.bad(world_.circumstances().network * 3))
    return call<T>(operation, deadline, std::move(carry_out), std::move(done));
  if (answers_->burnt()) return;
  world_.count(fault::request_held_back);
  heard(errc::timed_out);
  world_.after(world_.span(1'000, longest_hold_back_ms), [carry_out = std::move(carry_out)] { carry_out(); });
  const auto letter =
      answers_->keep([done = std::move(done)](const void* answer) { done(*static_cast<const result<T>*>(answer)); });
  world_.after(deadline, [bag = answers_, letter] {
    const result<T> none = fail(errc::timed_out, "no answer in time");
    bag->deliver(letter, &none);
  });
}

void provider_link::create_job_group(job_group_request request, milliseconds deadline, completion<std::string> done) {
  call<std::string>(
      "CreateJobGroup", deadline,
      [&p = provider_, request = std::move(request)] { return p.create_job_group(request); }, std::move(done));
}

void provider_link::list_job_groups(std::string search_text, std::int64_t created_since_ms, int page_number,
                                    int page_size, milliseconds deadline, completion<provider_page<job_group>> done) {
  call<provider_page<job_group>>(
      "ListJobGroups", deadline,
      [&p = provider_, text = std::move(search_text), created_since_ms, page_number, page_size] {
        return p.list_job_groups(text, created_since_ms, page_number, page_size);
      },
      std::move(done));
}

void provider_link::delete_job_group(std::string job_group_id, milliseconds deadline, completion<bool> done) {
  call<bool>(
      "DeleteJobGroup", deadline, [&p = provider_, id = std::move(job_group_id)] { return p.delete_job_group(id); },
      std::move(done));
}

void provider_link::assign_jobs(std::string job_group_id, std::vector<job_order> orders, departure leaving,
                                milliseconds deadline, completion<assigned_jobs> done) {
  if (answers_->burnt()) return;
  for (const auto& order : orders) world_.note("sent " + order.reference_id);
  world_.judging.batch_leaves(sender, job_group_id, orders, world_.now());
  call_or_hold_back<assigned_jobs>(
      "AssignJobs", deadline,
      [&p = provider_, id = std::move(job_group_id), orders = std::move(orders), mark = std::move(leaving.mark)] {
        return p.assign_jobs(id, orders, mark);
      },
      std::move(done));
  if (on_batch) on_batch();
}

void provider_link::spend_mark(std::string, std::string mark, milliseconds deadline, completion<bool> done) {
  call<bool>(
      "ListJobsByGroup", deadline,
      [&p = provider_, mark = std::move(mark)] {
        p.take_mark(mark);
        return result<bool>(true);
      },
      std::move(done));
}

void provider_link::list_jobs(std::vector<std::string> call_job_ids, milliseconds deadline,
                              completion<std::vector<job_snapshot>> done) {
  call<std::vector<job_snapshot>>(
      "ListJobs", deadline, [&p = provider_, ids = std::move(call_job_ids)] { return p.list_jobs(ids); },
      std::move(done));
}

void provider_link::list_jobs_by_group(std::string job_group_id, int page_number, int page_size, milliseconds deadline,
                                       completion<provider_page<job_snapshot>> done) {
  call<provider_page<job_snapshot>>(
      "ListJobsByGroup", deadline,
      [&p = provider_, id = std::move(job_group_id), page_number, page_size] {
        return p.list_jobs_by_group(id, page_number, page_size);
      },
      std::move(done));
}

void provider_link::query_jobs_with_result(std::string job_group_id, int page_number, int page_size,
                                           milliseconds deadline, completion<provider_page<job_snapshot>> done) {
  list_jobs_by_group(std::move(job_group_id), page_number, page_size, deadline, std::move(done));
}

void provider_link::describe_job(std::string call_job_id, milliseconds deadline, completion<job_snapshot> done) {
  call<job_snapshot>(
      "DescribeJob", deadline, [&p = provider_, id = std::move(call_job_id)] { return p.describe_job(id); },
      std::move(done));
}

void provider_link::describe_job_group(std::string, milliseconds deadline, completion<job_group_progress> done) {
  call<job_group_progress>(
      "DescribeJobGroup", deadline, [] { return job_group_progress{}; }, std::move(done));
}

void provider_link::suspend_jobs(std::string job_group_id, milliseconds deadline, completion<bool> done) {
  call<bool>(
      "SuspendJobs", deadline, [&p = provider_, id = std::move(job_group_id)] { return p.switch_group(id, true); },
      std::move(done));
}

void provider_link::resume_jobs(std::string job_group_id, std::string mark, milliseconds deadline,
                                completion<bool> done) {
  if (mark.empty())
    return call<bool>(
        "ResumeJobs", deadline, [&p = provider_, id = std::move(job_group_id)] { return p.switch_group(id, false); },
        std::move(done));
  call_or_hold_back<bool>(
      "ResumeJobs", deadline,
      [&p = provider_, id = std::move(job_group_id), mark = std::move(mark)] {
        if (!p.take_mark(mark))
          return result<bool>(fail(errc::lost, "this mark was used before", "SignatureNonceUsed"));
        return p.switch_group(id, false);
      },
      std::move(done));
}

void provider_link::cancel_jobs(std::string, milliseconds deadline, completion<bool> done) {
  call<bool>(
      "CancelJobs", deadline, [] { return true; }, std::move(done));
}

void provider_link::cancel_job(std::string, milliseconds deadline, completion<bool> done) {
  call<bool>(
      "CancelJobs", deadline, [] { return true; }, std::move(done));
}

void provider_link::download_recording(std::string call_task_id, milliseconds deadline,
                                       completion<recording_link> done) {
  call<recording_link>(
      "DownloadRecording", deadline,
      [id = std::move(call_task_id)] {
        return recording_link{"http://127.0.0.1/" + id + ".wav?Expires=4102444800", 0};
      },
      std::move(done));
}

void model_link::analyze(analysis_request request, milliseconds deadline, completion<analysis> done) {
  if (answers_->burnt()) return;
  world_.note("analyze");
  result<analysis> answer = analysis{"客户有意向", static_cast<interest>(++calls_ % 3), std::nullopt, true};
  if (!has_conversation(request.conversation_json)) answer = fail(errc::rejected, "nothing to analyse");
  auto delay = world_.span(50, 3'000);
  bool twice = false;
  if (world_.bad(world_.circumstances().analysis)) {
    switch (world_.random.below(5)) {
      case 0:
        world_.count(fault::analysis_unparsed);
        answer = analysis{{}, interest::undecided, std::nullopt, false};
        break;
      case 1:
        world_.count(fault::analysis_late);
        answer = fail(errc::timed_out, "no answer in time");
        delay = deadline;
        break;
      case 2: twice = true; break;
      default: {
        world_.count(fault::analysis_failed);
        static constexpr std::array codes{errc::throttled, errc::lost, errc::unavailable, errc::rejected};
        answer = fail(codes.at(world_.random.below(codes.size())), "model failed");
      }
    }
  }
  const auto letter =
      answers_->keep([done = std::move(done)](const void* got) { done(*static_cast<const result<analysis>*>(got)); });
  for (int i = 0; i < (twice ? 2 : 1); ++i)
    world_.after(delay * (i + 1), [bag = answers_, letter, answer] { bag->deliver(letter, &answer); });
}

}  // namespace waihu::simulation
