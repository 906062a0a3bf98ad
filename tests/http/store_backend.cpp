#include "tests/http/store_backend.hpp"

#include <any>

namespace waihu::test {

namespace {

/// Asks the script, or says that there is no actor.
template <class T, class Script, class... Message>
void scripted(const Script& script, const completion<T>& done, const Message&... m) {
  if (script) done(script(m...));
  else done(fail(errc::not_found, "no live actor"));
}

}  // namespace

store_backend::store_backend() : store_(make_memory_store_factory()()) {
  waihu::query::claim_shards claim;
  claim.node = "test";
  claim.address = "test:1";
  epoch_ = store_->run(claim).value();
}

void store_backend::answer(const store_query& q, const std::function<void(result<std::any>)>& done) {
  result<std::any> out;
  {
    const std::lock_guard lock(store_mutex_);
    out = std::visit(
        [&](const auto& one) -> result<std::any> {
          auto found = store_->run(one);
          if (!found) return tl::unexpected<failure>(found.error());
          stamps_.touch(q);
          return std::any(std::move(*found));
        },
        q);
  }
  done(std::move(out));
}

void store_backend::query(store_query q, std::function<void(result<std::any>)> done) {
  {
    const std::lock_guard lock(mutex_);
    ++queries_;
    if (is_holding_) {
      held_.emplace_back(std::move(q), std::move(done));
      changed_.notify_all();
      return;
    }
  }
  if (on_query) {
    if (auto refused = on_query(q)) return done(tl::unexpected<failure>(std::move(*refused)));
  }
  answer(q, done);
}

void store_backend::hold(bool on) {
  const std::lock_guard lock(mutex_);
  is_holding_ = on;
}
void store_backend::release() {
  decltype(held_) all;
  {
    const std::lock_guard lock(mutex_);
    is_holding_ = false;
    all.swap(held_);
  }
  for (auto& [q, done] : all) answer(q, done);
}
std::size_t store_backend::held() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}
std::size_t store_backend::queries() const {
  const std::lock_guard lock(mutex_);
  return queries_;
}

result<change_receipt> store_backend::commit(const store_change& c) {
  commit_report report;
  {
    const std::lock_guard lock(store_mutex_);
    report = store_->commit(std::span<const store_change>(&c, 1));
    stamps_.touch(report.events);
  }
  for (const auto& e : report.events) publish(e);
  return report.receipts.at(0);
}

void store_backend::publish(const event_record& e) {
  std::map<std::uint64_t, event_subscription> all;
  {
    const std::lock_guard lock(mutex_);
    all = subscriptions_;
  }
  for (auto& [token, s] : all) {
    if (s.organization_id != e.organization_id || (s.task && *s.task != e.task)) continue;
    if (!s.deliver(e)) unsubscribe(token);
  }
}
std::size_t store_backend::subscribers() const {
  const std::lock_guard lock(mutex_);
  return subscriptions_.size();
}
bool store_backend::wait_for_subscribers(std::size_t n) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return subscriptions_.size() == n; });
}

void store_backend::start(start_call_task m, completion<started_call_task> done) { scripted(on_start, done, m); }
void store_backend::suspend_resume(suspend_resume_task m, completion<suspended_resumed_task> done) {
  scripted(on_suspend_resume, done, m);
}
std::optional<described_task> store_backend::live_task(const describe_task& m) const {
  return on_live_task ? on_live_task(m) : std::nullopt;
}
void store_backend::describe(describe_task m, completion<described_task> done) { scripted(on_describe, done, m); }
void store_backend::refresh(refresh_jobs m, completion<refreshed_jobs> done) { scripted(on_refresh, done, m); }
void store_backend::follow_up(make_follow_up m, completion<made_follow_up> done) { scripted(on_follow_up, done, m); }
void store_backend::diagnose(diagnose_task m, completion<diagnosed_task> done) { scripted(on_diagnose, done, m); }
void store_backend::explain(explain_job m, completion<explained_job> done) { scripted(on_explain, done, m); }
void store_backend::set_automation(switch_automation m, completion<automation_state> done) {
  scripted(on_set_automation, done, m);
}
void store_backend::automation(automation_view m, completion<automation_state> done) {
  scripted(on_automation, done, m);
}
void store_backend::sweep(sweep_now m, completion<bool> done) { scripted(on_sweep, done, m); }
void store_backend::run(start_run m, completion<run_record> done) { scripted(on_run, done, m); }
void store_backend::await_calls(await_case_calls m, completion<bool> done) { scripted(on_await_calls, done, m); }
void store_backend::cancel_call(cancel_case_call m, completion<bool> done) { scripted(on_cancel_call, done, m); }
void store_backend::recording(fetch_recording m, completion<std::string> done) {
  if (on_recording_later) on_recording_later(m.row, std::move(done));
  else scripted(on_recording, done, m.task, m.row);
}
void store_backend::subscribe(event_subscription s, completion<std::uint64_t> done) {
  std::uint64_t token;
  {
    const std::lock_guard lock(mutex_);
    token = next_token_++;
    subscriptions_[token] = std::move(s);
    changed_.notify_all();
  }
  done(token);
}
void store_backend::unsubscribe(std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  subscriptions_.erase(token);
  changed_.notify_all();
}

}  // namespace waihu::test
