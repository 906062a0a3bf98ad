#include "actors/store_actors.hpp"

#include <deque>
#include <vector>

#include "actors/exceptions.hpp"

namespace waihu {

namespace {

/// A pack may wait behind reconnects, lock and statement time-outs of several tries.
constexpr std::chrono::minutes worker_timeout{5};

struct worker_state {
  worker_state() = default;  // not an aggregate: CAF would try to build it from `self`
  std::unique_ptr<store> session;
  std::shared_ptr<change_stamps> stamps;
  static inline const char* name = "store_worker";
};

query_answer run_query(worker_state& worker, const store_query& query) {
  try {
    return std::visit(
        [&](const auto& q) -> query_answer {
          auto answer = worker.session->run(q);
          if (!answer) return tl::unexpected<failure>(std::move(answer.error()));
          worker.stamps->touch(query);
          return std::any(std::move(*answer));
        },
        query);
  } catch (const std::exception& e) {
    return fail(errc::internal, std::string("store session failed: ") + e.what());
  }
}

store_worker::behavior_type worker_behavior(store_worker::stateful_pointer<worker_state> self,
                                            const store_factory& factory, std::shared_ptr<change_stamps> stamps) {
  log_exceptions(self);
  self->state.session = factory();
  self->state.stamps = std::move(stamps);
  return {
      [self](commit_atom, const std::shared_ptr<change_pack>& pack) {
        auto report = std::make_shared<change_report>();
        std::vector<store_change> changes;
        changes.reserve(pack->changes.size());
        for (const auto& change : pack->changes) changes.push_back(*change);
        try {
          auto done = self->state.session->commit(changes);
          report->answers = std::move(done.receipts);
          report->events = std::move(done.events);
          self->state.stamps->touch(report->events);
        } catch (const std::exception& e) {
          report->answers.assign(changes.size(), fail(errc::lost, std::string("store session failed: ") + e.what()));
        }
        return report;
      },
      [self](query_atom, const query_ptr& query, const answer_to<std::any>& outside) -> query_answer {
        auto answer = run_query(self->state, *query);
        if (!outside) return answer;
        query_answer became;
        if (!answer) became = tl::unexpected<failure>(answer.error());
        (*outside)(std::move(answer));
        return became;
      },
  };
}

/// Whether a failure means that the store could not be reached.
bool is_away(errc code) { return code == errc::unavailable || code == errc::lost; }

struct writer_state {
  writer_state() = default;  // not an aggregate: CAF would try to build it from `self`
  using promise = caf::typed_response_promise<change_answer>;
  struct waiting {
    change_ptr change;
    promise answer;
  };
  std::deque<waiting> queue;
  std::vector<promise> under_way;
  std::vector<caf::typed_response_promise<bool>> drains;
  store_worker worker;
  bool busy{};
  steady_time began{};  ///< Of the commit under way.
  store_actor_options options;
  worker_spawner spawn_worker;
  event_sink sink;
  std::shared_ptr<engine_counts> counts;
  static inline const char* name = "store_writer";
};

using writer_pointer = store_writer::stateful_pointer<writer_state>;

void pump(writer_pointer self);

void finish_pack(writer_pointer self, const std::shared_ptr<change_report>& report) {
  auto& state = self->state;
  auto promises = std::move(state.under_way);
  state.under_way.clear();
  state.busy = false;
  auto& counts = *state.counts;
  const auto now = self->clock().now();
  counts.commit_seconds.observe(now - state.began);
  counts.commit_changes.observe(static_cast<double>(promises.size()));
  bool away = false;
  // Events first: whoever hears of a change and asks at once must not be ahead of the event stream.
  if (!report->events.empty() && state.sink && *state.sink)
    self->send(*state.sink, publish_atom::value,
               event_pack(std::make_shared<const std::vector<event_record>>(std::move(report->events))));
  for (std::size_t i = 0; i < promises.size(); ++i) {
    auto answer = i < report->answers.size() ? report->answers[i] : change_answer(fail(errc::internal, "no receipt"));
    counts.changes.add(answer);
    away = away || (!answer && is_away(answer.error().code));
    promises[i].deliver(std::move(answer));
  }
  counts.writer_heard.note(away, now);
  pump(self);
}

void pump(writer_pointer self) {
  auto& state = self->state;
  if (state.busy) return;
  if (state.queue.empty()) {
    for (auto& drain : state.drains) drain.deliver(true);
    state.drains.clear();
    return;
  }
  auto pack = std::make_shared<change_pack>();
  while (!state.queue.empty() && pack->changes.size() < state.options.commit_max_changes) {
    pack->changes.push_back(std::move(state.queue.front().change));
    state.under_way.push_back(std::move(state.queue.front().answer));
    state.queue.pop_front();
  }
  state.busy = true;
  state.began = self->clock().now();
  state.counts->changes_waiting = static_cast<std::int64_t>(state.queue.size());
  const auto n = pack->changes.size();
  self->request(state.worker, worker_timeout, commit_atom::value, pack)
      .then([self](std::shared_ptr<change_report>& report) { finish_pack(self, report); },
            [self, n](caf::error& error) {
              // The worker died or hangs: whether it committed is not known.
              self->state.worker = self->state.spawn_worker();
              auto report = std::make_shared<change_report>();
              report->answers.assign(n, fail(errc::lost, from_caf(error).message));
              finish_pack(self, report);
            });
}

store_writer::behavior_type writer_behavior(writer_pointer self, store_actor_options options,
                                            worker_spawner spawn_worker, event_sink sink,
                                            std::shared_ptr<engine_counts> counts) {
  log_exceptions(self);
  auto& state = self->state;
  state.options = options;
  state.spawn_worker = std::move(spawn_worker);
  state.sink = std::move(sink);
  state.counts = std::move(counts);
  state.worker = state.spawn_worker();
  return {
      [self](commit_atom, const change_ptr& change) -> caf::result<change_answer> {
        auto promise = self->make_response_promise<change_answer>();
        if (self->state.queue.size() >= self->state.options.queue_limit) {
          promise.deliver(change_answer(fail(errc::overloaded, "the store's queue is full")));
          return promise;
        }
        auto& st = self->state;
        st.queue.push_back({change, promise});
        st.counts->changes_waiting = static_cast<std::int64_t>(st.queue.size());
        pump(self);
        return promise;
      },
      [self](drain_atom) -> caf::result<bool> {
        auto promise = self->make_response_promise<bool>();
        self->state.drains.push_back(promise);
        pump(self);
        return promise;
      },
  };
}

struct reader_state {
  reader_state() = default;  // not an aggregate: CAF would try to build it from `self`
  struct waiting {
    query_ptr query;
    caf::typed_response_promise<query_answer> answer;
    answer_to<std::any> outside;  ///< Instead of `answer`, when somebody outside the actor system asks.
  };
  std::deque<waiting> queue;
  std::vector<store_worker> idle;
  store_actor_options options;
  worker_spawner spawn_worker;
  std::shared_ptr<engine_counts> counts;
  static inline const char* name = "store_reader";
};

using reader_pointer = store_reader::stateful_pointer<reader_state>;

void count_read(reader_pointer self, const query_answer& answer, steady_time began) {
  auto& counts = *self->state.counts;
  const auto now = self->clock().now();
  counts.reads.add(answer);
  counts.read_seconds.observe(now - began);
  counts.reader_heard.note(!answer && is_away(answer.error().code), now);
}

void deliver(reader_state::waiting& asked, query_answer answer) {
  if (asked.outside) (*asked.outside)(std::move(answer));
  else asked.answer.deliver(std::move(answer));
}

void hand_out(reader_pointer self) {
  auto& state = self->state;
  while (!state.idle.empty() && !state.queue.empty()) {
    auto worker = std::move(state.idle.back());
    state.idle.pop_back();
    auto next = std::move(state.queue.front());
    state.queue.pop_front();
    const auto began = self->clock().now();
    const auto done = [self, worker, began, next](query_answer& got) mutable {
      count_read(self, got, began);
      if (!next.outside) next.answer.deliver(std::move(got));
      self->state.idle.push_back(worker);
      hand_out(self);
    };
    const auto died = [self, began, next](caf::error& error) mutable {
      query_answer failed = tl::unexpected<failure>(from_caf(error));
      count_read(self, failed, began);
      deliver(next, std::move(failed));
      self->state.idle.push_back(self->state.spawn_worker());
      hand_out(self);
    };
    // No time-out: a session gives up by itself (statement_timeout, tcp_user_timeout) or waits for a store on this very
    // machine that stands still, as every other would; and a timer for each question costs two changes of thread.
    self->request(worker, caf::infinite, query_atom::value, next.query, next.outside).then(done, died);
  }
  state.counts->reads_waiting = static_cast<std::int64_t>(state.queue.size());
}

void take(reader_pointer self, reader_state::waiting asked) {
  auto& state = self->state;
  if (state.queue.size() >= state.options.read_queue_limit)
    return deliver(asked, query_answer(fail(errc::overloaded, "too many queries wait for the store")));
  state.queue.push_back(std::move(asked));
  hand_out(self);
}

store_reader::behavior_type reader_behavior(reader_pointer self, store_actor_options options,
                                            worker_spawner spawn_worker, std::shared_ptr<engine_counts> counts) {
  log_exceptions(self);
  auto& state = self->state;
  state.counts = std::move(counts);
  state.options = options;
  state.spawn_worker = std::move(spawn_worker);
  for (std::size_t i = 0; i < std::max<std::size_t>(options.readers, 1); ++i)
    state.idle.push_back(state.spawn_worker());
  return {
      [self](query_atom, const query_ptr& query) -> caf::result<query_answer> {
        auto promise = self->make_response_promise<query_answer>();
        take(self, {query, promise, nullptr});
        return promise;
      },
      [self](query_atom, const query_ptr& query, const answer_to<std::any>& asker) {
        take(self, {query, {}, asker});
      },
  };
}

}  // namespace

store_worker spawn_store_worker(caf::actor_system& system, store_factory factory,
                                std::shared_ptr<change_stamps> stamps) {
  return system.spawn<caf::detached>(worker_behavior, std::move(factory), std::move(stamps));
}

store_worker spawn_attached_store_worker(caf::actor_system& system, store_factory factory) {
  return system.spawn(worker_behavior, std::move(factory), std::make_shared<change_stamps>());
}

store_writer spawn_store_writer(caf::actor_system& system, store_actor_options options, worker_spawner spawn_worker,
                                event_sink sink, std::shared_ptr<engine_counts> counts) {
  return system.spawn(writer_behavior, options, std::move(spawn_worker), std::move(sink), std::move(counts));
}

store_reader spawn_store_reader(caf::actor_system& system, store_actor_options options, worker_spawner spawn_worker,
                                std::shared_ptr<engine_counts> counts) {
  return system.spawn(reader_behavior, options, std::move(spawn_worker), std::move(counts));
}

}  // namespace waihu
