// What the pure rules cost: they run for every look of every live call, so nanoseconds count.
#include <benchmark/benchmark.h>

#include "actors/call_job_machine.hpp"
#include "actors/dispatch_machine.hpp"
#include "actors/timer_wheel.hpp"

namespace {

using namespace waihu;

steady_time start_time() { return steady_time{} + std::chrono::hours(1); }

void job_looks_again(benchmark::State& state) {
  call_job_position at;
  at.phase = job_phase::tracking;
  at.status = call_status::executing;
  auto now = start_time();
  at.last_change = now;
  const call_job_policy policy;
  for (auto _ : state) {
    now += std::chrono::seconds(10);
    at = decide(at, job_fact::woken{}, policy, now)->next;
    at = decide(at, job_fact::status_seen{call_status::executing, 1, "Executing"}, policy, now)->next;
    at.deadline_at.reset();
    benchmark::DoNotOptimize(at);
  }
}
BENCHMARK(job_looks_again);

/// One round of a wheel that holds n jobs polled every 10 s: time for one tick of 100 ms.
void wheel_tick(benchmark::State& state) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  auto now = start_time();
  timer_wheel wheel(now);
  for (std::uint32_t i = 0; i < n; ++i) wheel.arm(i, now + milliseconds{i % 10'000});
  for (auto _ : state) {
    now += milliseconds{100};
    for (;;) {
      const auto due = wheel.due(now, 1'000);
      for (const auto who : due) wheel.arm(who, now + milliseconds{10'000});
      if (due.size() < 1'000) break;
    }
  }
  state.counters["jobs"] = n;
}
BENCHMARK(wheel_tick)->Arg(10'000)->Arg(200'000);

/// Dispatch of n rows from queue to acknowledgement.
void dispatch_whole_task(benchmark::State& state) {
  const auto n = state.range(0);
  for (auto _ : state) {
    dispatch_machine::start found;
    for (std::int64_t i = 1; i <= n; ++i) found.queued.push_back(static_cast<job_row_id>(i));
    dispatch_machine plan({}, std::move(found), start_time());
    auto orders = plan.apply(dispatch_fact::opened{}, start_time());
    std::int64_t acknowledged = 0;
    while (!orders.empty()) {
      std::vector<dispatch_order> next;
      const auto feed = [&](const dispatch_fact_t& fact) {
        for (auto& order : plan.apply(fact, start_time())) next.push_back(std::move(order));
      };
      for (const auto& order : orders) {
        if (const auto* ask = std::get_if<dispatch_orders::ask_gate>(&order)) {
          feed(dispatch_fact::gate_answered{ask->wanted, milliseconds{0}});
        } else if (const auto* intent = std::get_if<dispatch_orders::commit_intent>(&order)) {
          feed(dispatch_fact::intent_committed{intent->key, static_cast<batch_id>(intent->seq)});
        } else if (const auto* send = std::get_if<dispatch_orders::send_batch>(&order)) {
          feed(dispatch_fact::assign_accepted{send->key, std::vector<std::string>(send->rows.size(), "id"), "r"});
        } else if (const auto* match = std::get_if<dispatch_orders::match_ids>(&order)) {
          std::vector<std::pair<job_row_id, std::string>> ids;
          for (const auto row : match->rows) ids.emplace_back(row, "id");
          feed(dispatch_fact::ids_matched{match->key, std::move(ids)});
        } else if (const auto* ack = std::get_if<dispatch_orders::commit_ack>(&order)) {
          acknowledged += static_cast<std::int64_t>(ack->ids.size());
          feed(dispatch_fact::ack_committed{ack->key});
        }
      }
      orders = std::move(next);
    }
    if (acknowledged != n) state.SkipWithError("not every row was acknowledged");
  }
  state.SetItemsProcessed(state.iterations() * n);
}
BENCHMARK(dispatch_whole_task)->Arg(500)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
