// What a call task's shell answers to questions: exact counters, the newest state of some jobs, why it waits.
#include "actors/call_task_state.hpp"

namespace waihu::call_task_shell {

namespace {

/// Collects the answers of a page of jobs.
struct page_of_views {
  caf::typed_response_promise<result<refreshed_jobs>> answer;
  refreshed_jobs so_far;
  std::size_t open{};
};

void add(const std::shared_ptr<page_of_views>& page, job_view_answer& view, bool late) {
  auto& all = page->so_far;
  if (view.terminal) {
    if (view.changed) all.changed.push_back(view.live.row);
  } else {
    all.jobs.push_back(std::move(view.live));
  }
  if (!view.error.empty()) {
    all.error = view.error;
    ++all.error_count;
  }
  if (late || view.stale) all.stale = true;
}

void close_one(const std::shared_ptr<page_of_views>& page) {
  if (--page->open == 0) page->answer.deliver(result<refreshed_jobs>(std::move(page->so_far)));
}

/// The budget ran out for this job: what it knows now, however old.
void take_stale(task_pointer self, const call_job& job, const std::shared_ptr<page_of_views>& page) {
  self->request(job, std::chrono::seconds(1), view_atom::value, view_request{milliseconds{0}, true})
      .then(
          [page](job_view_answer& view) {
            add(page, view, true);
            close_one(page);
          },
          [page](caf::error&) {
            page->so_far.stale = true;
            close_one(page);
          });
}

}  // namespace

void show(task_pointer self) {
  auto& state = self->state;
  described_task now{state.at.type, state.at.job_group_id, state.counters, state.record.updated_time, state.last_error};
  if (state.place) state.place->show(std::move(now));
  else state.place = state.eng->board->take(state.record.organization_id, state.record.id, std::move(now));
}

void note_error(task_pointer self, std::string what) {
  self->state.last_error = std::move(what);
  show(self);
}

caf::result<result<refreshed_jobs>> refresh(task_pointer self, const refresh_jobs& wanted) {
  auto& state = self->state;
  auto page = std::make_shared<page_of_views>();
  page->answer = self->make_response_promise<result<refreshed_jobs>>();
  page->open = 1;  // ours; closed at the end, so that an empty page is answered too
  for (const auto row : wanted.rows) {
    const auto found = index_of(state, row);
    if (!found || !state.jobs[*found].actor) continue;
    ++page->open;
    const auto job = state.jobs[*found].actor;
    self->request(job, wanted.budget, view_atom::value, view_request{wanted.max_age, false})
        .then(
            [page](job_view_answer& view) {
              add(page, view, false);
              close_one(page);
            },
            [self, job, page](caf::error&) { take_stale(self, job, page); });
  }
  auto answer = page->answer;
  close_one(page);
  return answer;
}

diagnosed_task diagnose(task_pointer self) {
  const auto& state = self->state;
  const auto now = self->clock().now();
  diagnosed_task d;
  d.processing = true;
  d.owner_node = state.eng->node;
  d.epoch = state.eng->epoch;
  for (const auto& job : state.jobs) d.live_jobs += job.actor ? 1 : 0;
  d.open_batches = static_cast<std::int64_t>(state.plan->open_batches());
  d.last_error = !state.last_error.empty() ? state.last_error : state.plan->last_error();
  const auto add = [&](const char* word, const char* text, std::int64_t jobs,
                       std::optional<wall_time> until = std::nullopt) {
    if (jobs != 0) d.reasons.push_back({word, text, std::max<std::int64_t>(jobs, 0), until});
  };
  const auto queued = static_cast<std::int64_t>(state.plan->queued());
  if (state.at.step == task_step::suspending && !state.switching)
    add("reconciling", "暂停或恢复的结果未知，正在与供应商核对，核对后任务为已暂停", -1);
  if (state.at.type == task_type::suspended) add("suspended", "任务已暂停，恢复后继续外呼", -1);
  if (state.plan->resting(now) && state.gate_says == gate_reason::none) {
    std::optional<wall_time> until;
    if (const auto due = state.plan->next_due())
      until = state.eng->now() + std::chrono::duration_cast<milliseconds>(*due - now);
    add("retry_back_off", "上次提交失败，等待重试", queued, until);
  }
  switch (state.gate_says) {
    case gate_reason::organization_concurrency_full:
      add("concurrency_full", "组织并发已满，等待空闲线路", queued);
      break;
    case gate_reason::account_concurrency_full:
      add("account_concurrency_full", "供应商账号并发已满，等待空闲线路", queued);
      break;
    case gate_reason::rate_limited: add("rate_limited", "外呼速率受限，稍后继续提交", queued); break;
    case gate_reason::none: break;
  }
  if (state.plan->reconciling())
    add("reconciling", "提交结果未知，正在与供应商核对，核对前不会重复外呼",
        static_cast<std::int64_t>(state.plan->unknown_rows().size()));
  std::int64_t conversation = 0;
  std::int64_t analysis = 0;
  std::int64_t at_provider_queue = 0;
  for (const auto& job : state.jobs) {
    if (!job.actor) continue;
    if (job.phase == job_phase::settled) (job.awaiting_conversation ? conversation : analysis) += 1;
    if (job.phase == job_phase::tracking && job.status == call_status::scheduling) ++at_provider_queue;
  }
  add("provider_queue", "供应商已接收，等待拨号", at_provider_queue);
  add("awaiting_conversation", "通话已结束，等待通话内容", conversation);
  add("awaiting_analysis", "等待通话内容分析", analysis);
  add("parked", "状态查询超时或失败，等待巡检重新查询", state.counters.parked);
  add("crashed", "处理异常，等待自动恢复", static_cast<std::int64_t>(state.restarts.size()));
  return d;
}

void tell_progress(task_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  if (!state.progress_changed || now - state.progress_told_at < milliseconds{1'000}) return;
  state.progress_changed = false;
  state.progress_told_at = now;
  if (const auto out = at_provider(state); out != state.reported_at_provider) {
    // The gate derives free slots from this; a task that has nothing left to send would never ask again.
    state.reported_at_provider = out;
    self->send(state.eng->gate, report_atom::value, state.record.organization_id, state.record.id,
               static_cast<std::uint64_t>(out));
  }
  const auto& c = state.counters;
  const auto number = [](const char* name, std::int64_t n) {
    return std::string("\"") + name + "\":" + std::to_string(n);
  };
  event_record event;
  event.organization_id = state.record.organization_id;
  event.task = state.record.id;
  event.kind = "progress";
  event.at = state.eng->now();
  event.data_json = "{" + number("total_jobs", c.total) + "," + number("scheduling", c.scheduling) + "," +
                    number("executing", c.executing) + "," + number("total_completed", c.completed) + "," +
                    number("failed", c.failed) + "," + number("followed", c.has_follow) + "," +
                    number("task_type", static_cast<std::int64_t>(state.at.type)) + "}";
  self->send(state.eng->hub, publish_atom::value,
             event_pack(std::make_shared<const std::vector<event_record>>(1, std::move(event))));
}

}  // namespace waihu::call_task_shell
