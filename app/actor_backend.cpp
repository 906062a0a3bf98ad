#include "app/actor_backend.hpp"

#include <atomic>
#include <mutex>

namespace waihu {

struct actor_backend::shared {
  std::mutex guard;  ///< Protects the handles against `close`.
  http_gateway gateway;
  store_reader reader;
  std::shared_ptr<const task_board> board;
  std::shared_ptr<const change_stamps> stamps;
  std::shared_ptr<const shard_ledger> shards;
  std::atomic<int> outstanding{};
  int limit{};

  template <class Door>
  Door copy_of(Door shared::*door) {
    const std::lock_guard lock(guard);
    return this->*door;
  }
};

actor_backend::actor_backend(http_gateway gateway, store_reader reader, std::shared_ptr<const task_board> board,
                             std::shared_ptr<const change_stamps> stamps, int max_outstanding,
                             std::shared_ptr<const shard_ledger> shards)
    : shared_(std::make_shared<shared>()) {
  shared_->gateway = std::move(gateway);
  shared_->reader = std::move(reader);
  shared_->board = std::move(board);
  shared_->stamps = std::move(stamps);
  shared_->shards = std::move(shards);
  shared_->limit = max_outstanding;
}

actor_backend::~actor_backend() = default;

void actor_backend::close() {
  const std::lock_guard lock(shared_->guard);
  shared_->gateway = nullptr;
  shared_->reader = nullptr;
}

template <class T, class Door, class... Ts>
void actor_backend::post(Door shared::*where, completion<T> done, Ts&&... message) {
  const auto door = shared_->copy_of(where);
  if (!door) return done(fail(errc::cancelled, "the daemon is stopping"));
  if (shared_->outstanding.fetch_add(1) >= shared_->limit) {
    shared_->outstanding.fetch_sub(1);
    return done(fail(errc::overloaded, "too many requests are being worked on"));
  }
  auto answer = std::make_shared<const completion<T>>([state = shared_, done = std::move(done)](result<T> r) {
    state->outstanding.fetch_sub(1);
    done(std::move(r));
  });
  caf::anon_send(door, std::forward<Ts>(message)..., std::move(answer));
}

void actor_backend::query(store_query q, std::function<void(result<std::any>)> done) {
  post<std::any>(&shared::reader, std::move(done), query_atom::value,
                 query_ptr(std::make_shared<const store_query>(std::move(q))));
}

void actor_backend::start(start_call_task m, completion<started_call_task> done) {
  post<started_call_task>(&shared::gateway, std::move(done), start_atom::value, std::move(m));
}

void actor_backend::suspend_resume(suspend_resume_task m, completion<suspended_resumed_task> done) {
  post<suspended_resumed_task>(&shared::gateway, std::move(done), switch_atom::value, std::move(m));
}

std::optional<described_task> actor_backend::live_task(const describe_task& m) const { return shared_->board->look(m); }

bool actor_backend::is_elsewhere(task_id task) const { return shared_->shards && !shared_->shards->owns(task); }

void actor_backend::describe(describe_task m, completion<described_task> done) {
  post<described_task>(&shared::gateway, std::move(done), view_atom::value, std::move(m));
}

bool actor_backend::has_peers() const { return shared_->shards != nullptr; }

const change_stamps& actor_backend::stamps() const { return *shared_->stamps; }

void actor_backend::refresh(refresh_jobs m, completion<refreshed_jobs> done) {
  post<refreshed_jobs>(&shared::gateway, std::move(done), refresh_atom::value, std::move(m));
}

void actor_backend::follow_up(make_follow_up m, completion<made_follow_up> done) {
  post<made_follow_up>(&shared::gateway, std::move(done), follow_atom::value, std::move(m));
}

void actor_backend::diagnose(diagnose_task m, completion<diagnosed_task> done) {
  post<diagnosed_task>(&shared::gateway, std::move(done), diagnose_atom::value, std::move(m));
}

void actor_backend::recording(fetch_recording m, completion<std::string> done) {
  post<std::string>(&shared::gateway, std::move(done), record_atom::value, std::move(m));
}

void actor_backend::explain(explain_job m, completion<explained_job> done) {
  post<explained_job>(&shared::gateway, std::move(done), explain_atom::value, std::move(m));
}

void actor_backend::set_automation(switch_automation m, completion<automation_state> done) {
  post<automation_state>(&shared::gateway, std::move(done), auto_atom::value, std::move(m));
}

void actor_backend::automation(automation_view m, completion<automation_state> done) {
  post<automation_state>(&shared::gateway, std::move(done), auto_atom::value, std::move(m));
}

void actor_backend::sweep(sweep_now, completion<bool> done) {
  post<bool>(&shared::gateway, std::move(done), sweep_atom::value);
}

void actor_backend::run(start_run m, completion<run_record> done) {
  post<run_record>(&shared::gateway, std::move(done), run_atom::value, std::move(m));
}

void actor_backend::await_calls(await_case_calls m, completion<bool> done) {
  post<bool>(&shared::gateway, std::move(done), place_atom::value, std::move(m));
}

void actor_backend::cancel_call(cancel_case_call m, completion<bool> done) {
  post<bool>(&shared::gateway, std::move(done), place_atom::value, std::move(m));
}

void actor_backend::subscribe(event_subscription s, completion<std::uint64_t> done) {
  post<std::uint64_t>(&shared::gateway, std::move(done), join_atom::value,
                      subscription_ptr(std::make_shared<const event_subscription>(std::move(s))));
}

void actor_backend::unsubscribe(std::uint64_t token) {
  if (const auto door = shared_->copy_of(&shared::gateway)) caf::anon_send(door, leave_atom::value, token);
}

}  // namespace waihu
