#include "actors/http_gateway_actor.hpp"

#include "actors/exceptions.hpp"
#include "actors/follow_up_request_actor.hpp"
#include "provider/voice_provider.hpp"

namespace waihu {

namespace {

struct gateway_state {
  gateway_state() = default;  // not an aggregate: CAF would try to build it from `self`
  engine_ptr eng;
  static inline const char* name = "http_gateway";
};

using gateway_pointer = http_gateway::stateful_pointer<gateway_state>;

/// Longest wait for a live task's own answer; refreshes bring their budget, starts theirs.
constexpr milliseconds task_timeout{10'000};

template <class T>
completion<T> answering(const answer_to<T>& done) {
  return [done](result<T> r) { (*done)(std::move(r)); };
}

/// Calls `use(actor)` with the live actor of a task, or hands the failure over.
template <class T, class Use>
void with_live_task(gateway_pointer self, task_id task, const answer_to<T>& done, Use use) {
  ask<call_task>(
      self, self->state.eng->tasks, task_timeout,
      [done, use](result<call_task> found) {
        if (!found) return (*done)(tl::unexpected<failure>(std::move(found.error())));
        use(*found);
      },
      find_atom::value, task);
}

/// As `with_live_task`, but starts the actor if it has none.
template <class T, class Use>
void with_task(gateway_pointer self, task_id task, const answer_to<T>& done, Use use) {
  ask<call_task>(
      self, self->state.eng->overseer, actor_timeout,
      [done, use](result<call_task> found) {
        if (!found) return (*done)(tl::unexpected<failure>(std::move(found.error())));
        use(*found);
      },
      ensure_atom::value, task);
}

void diagnose(gateway_pointer self, task_id task, const answer_to<diagnosed_task>& done) {
  auto& eng = *self->state.eng;
  const auto not_live = [self, task, done] {
    self->request(self->state.eng->overseer, task_timeout, view_atom::value, task)
        .then(
            [self, done](const supervised_view& view) {
              diagnosed_task d;
              d.owner_node = self->state.eng->node;
              d.epoch = self->state.eng->epoch;
              d.processing = view.live;
              d.quarantined = view.quarantined;
              d.last_error = view.last_error;
              if (view.quarantined) d.reasons.push_back({"quarantined", "任务多次异常，已隔离，等待人工处理", 0, {}});
              (*done)(d);
            },
            [done](caf::error& error) { (*done)(tl::unexpected<failure>(from_caf(error))); });
  };
  ask<call_task>(
      self, eng.tasks, task_timeout,
      [self, done, not_live](const result<call_task>& found) {
        if (!found) return not_live();
        self->request(*found, task_timeout, diagnose_atom::value)
            .then([done](diagnosed_task& d) { (*done)(std::move(d)); }, [not_live](caf::error&) { not_live(); });
      },
      find_atom::value, task);
}

/// The stored link while it is valid; else a fresh one from the provider, stored with its fetch time.
void recording(gateway_pointer self, const fetch_recording& wanted, const answer_to<std::string>& done) {
  auto& eng = *self->state.eng;
  query::jobs_by_row query{wanted.organization_id, {wanted.row}};
  read_store(self, eng, std::move(query), [self, wanted, done](result<std::vector<call_job_view>> rows) {
    if (!rows) return (*done)(tl::unexpected<failure>(std::move(rows.error())));
    if (rows->empty() || rows->front().call_task_id.empty()) return (*done)(fail(errc::not_found, "no recording yet"));
    const auto& job = rows->front();
    const auto margin = minutes{1};
    // A link that does not say when it ends is always fetched again.
    const auto ends = recording_expiry(job.recording_url);
    if (ends && *ends > self->state.eng->now() + margin) return (*done)(job.recording_url);
    call_provider<recording_link>(
        self, *self->state.eng, "DownloadRecording", reading,
        [id = job.call_task_id](voice_provider& provider, milliseconds deadline, completion<recording_link> answer) {
          provider.download_recording(id, deadline, std::move(answer));
        },
        [self, wanted, done](result<recording_link> link) {
          if (!link) return (*done)(tl::unexpected<failure>(std::move(link.error())));
          auto& e = *self->state.eng;
          commit(self, e, change::store_recording{e.own(wanted.task), wanted.row, link->url, e.now()},
                 [done, url = link->url](const result<change_receipt>&) { (*done)(url); });
        });
  });
}

http_gateway::behavior_type gateway_behavior(gateway_pointer self, engine_ptr eng) {
  log_exceptions(self);
  self->state.eng = std::move(eng);
  return {
      [self](query_atom, const query_ptr& query, const answer_to<std::any>& done) {
        ask<std::any>(self, self->state.eng->reader, actor_timeout, answering(done), query_atom::value, query);
      },
      [self](start_atom, const start_call_task& wanted, const answer_to<started_call_task>& done) {
        with_task<started_call_task>(self, wanted.task, done, [self, wanted, done](const call_task& task) {
          ask<started_call_task>(self, task, wanted.budget + std::chrono::minutes(5), answering(done),
                                 start_atom::value, wanted);
        });
      },
      [self](switch_atom, const suspend_resume_task& wanted, const answer_to<suspended_resumed_task>& done) {
        with_task<suspended_resumed_task>(self, wanted.task, done, [self, wanted, done](const call_task& task) {
          ask<suspended_resumed_task>(self, task, actor_timeout, answering(done), switch_atom::value, wanted);
        });
      },
      [self](refresh_atom, const refresh_jobs& wanted, const answer_to<refreshed_jobs>& done) {
        with_live_task<refreshed_jobs>(self, wanted.task, done, [self, wanted, done](const call_task& task) {
          ask<refreshed_jobs>(self, task, wanted.budget + task_timeout, answering(done), refresh_atom::value, wanted);
        });
      },
      [self](follow_atom, const make_follow_up& wanted, const answer_to<made_follow_up>& done) {
        spawn_follow_up_request(self->system(), self->state.eng, wanted, answering(done));
      },
      [self](diagnose_atom, const diagnose_task& wanted, const answer_to<diagnosed_task>& done) {
        diagnose(self, wanted.task, done);
      },
      [self](record_atom, const fetch_recording& wanted, const answer_to<std::string>& done) {
        recording(self, wanted, done);
      },
      [self](join_atom, const subscription_ptr& wish, const answer_to<std::uint64_t>& done) {
        ask<std::uint64_t>(self, self->state.eng->hub, actor_timeout, answering(done), join_atom::value, wish);
      },
      [self](leave_atom, std::uint64_t token) { self->send(self->state.eng->hub, leave_atom::value, token); },
  };
}

}  // namespace

http_gateway spawn_http_gateway(caf::actor_system& system, engine_ptr eng) {
  return system.spawn(gateway_behavior, std::move(eng));
}

}  // namespace waihu
