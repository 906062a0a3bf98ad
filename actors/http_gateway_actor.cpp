#include "actors/http_gateway_actor.hpp"

#include "actors/exceptions.hpp"
#include "actors/follow_up_request_actor.hpp"
#include "actors/recording_fetch.hpp"

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

/// What the supervisor calls the refusal for an organisation that is switched off.
constexpr const char* stopped_code = "stopped";

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

/// As `with_live_task`, but starts the actor if it has none; `how` is how the supervisor is asked. Refused with `code`
/// when the organisation is switched off.
template <class T, class Use, class... How>
void with_task(gateway_pointer self, const char* code, const answer_to<T>& done, Use use, const How&... how) {
  ask<call_task>(
      self, self->state.eng->overseer, actor_timeout,
      [done, use, code](result<call_task> found) {
        if (found) return use(*found);
        if (found.error().vendor_code == stopped_code) found.error().vendor_code = code;
        (*done)(tl::unexpected<failure>(std::move(found.error())));
      },
      ensure_atom::value, how...);
}

/// What is known of a task without an actor here.
void diagnose_absent(gateway_pointer self, const diagnose_task& wanted, const answer_to<diagnosed_task>& done) {
  const auto failed = [done](caf::error& error) { (*done)(tl::unexpected<failure>(from_caf(error))); };
  self->request(self->state.eng->overseer, task_timeout, view_atom::value, wanted.task)
      .then(
          [self, wanted, done, failed](const supervised_view& view) {
            diagnosed_task d;
            d.owner_node = self->state.eng->node;
            d.epoch = self->state.eng->shards->epoch_of(wanted.task);
            d.processing = view.live;
            d.quarantined = view.quarantined;
            d.last_error = view.last_error;
            if (view.quarantined) d.reasons.push_back({wait_kind::quarantined, 0, {}});
            else if (view.restarts_at) d.reasons.push_back({wait_kind::restarting, 0, view.restarts_at});
            self->request(self->state.eng->overseer, task_timeout, auto_atom::value,
                          automation_view{wanted.organization_id})
                .then(
                    [done, d = std::move(d)](const result<automation_state>& automation) mutable {
                      if (automation && !automation->running)
                        d.reasons.push_back({wait_kind::organization_stopped, 0, {}});
                      (*done)(std::move(d));
                    },
                    failed);
          },
          failed);
}

void diagnose(gateway_pointer self, const diagnose_task& wanted, const answer_to<diagnosed_task>& done) {
  ask<call_task>(
      self, self->state.eng->tasks, task_timeout,
      [self, wanted, done](const result<call_task>& found) {
        if (!found) return diagnose_absent(self, wanted, done);
        self->request(*found, task_timeout, diagnose_atom::value)
            .then([done](diagnosed_task& d) { (*done)(std::move(d)); },
                  [self, wanted, done](caf::error&) { diagnose_absent(self, wanted, done); });
      },
      find_atom::value, wanted.task);
}

/// Cancels a call that the provider has and has not ended. What the provider then says of it settles it as ever.
void cancel(gateway_pointer self, const cancel_case_call& wanted, const answer_to<bool>& done) {
  query::jobs_by_row query{wanted.organization_id, {wanted.row}};
  read_store(self, *self->state.eng, std::move(query), [self, done](const result<std::vector<call_job_view>>& rows) {
    if (!rows) return (*done)(tl::unexpected<failure>(rows.error()));
    if (rows->empty()) return (*done)(fail(errc::not_found, "no such call"));
    const auto& job = rows->front().job;
    if (is_terminal(job.status)) return (*done)(fail(errc::rejected, "通话已结束，无法取消", "4003"));
    if (job.call_job_id.empty()) return (*done)(fail(errc::rejected, "外呼尚未提交到外呼平台，请稍后再试", "4002"));
    call_provider<bool>(
        self, *self->state.eng, "CancelJobs", writing,
        [id = job.call_job_id](voice_provider& provider, milliseconds deadline, completion<bool> answer) {
          provider.cancel_job(id, deadline, std::move(answer));
        },
        [done](result<bool> answer) {
          if (!answer) answer.error().vendor_code = "5001";
          (*done)(std::move(answer));
        });
  });
}

http_gateway::behavior_type gateway_behavior(gateway_pointer self, engine_ptr eng) {
  log_exceptions(self);
  self->state.eng = std::move(eng);
  return {
      [self](start_atom, const start_call_task& wanted, const answer_to<started_call_task>& done) {
        const auto use = [self, wanted, done](const call_task& task) {
          ask<started_call_task>(self, task, wanted.budget + std::chrono::minutes(5), answering(done),
                                 start_atom::value, wanted);
        };
        with_task<started_call_task>(self, "4005", done, use, wanted.task);
      },
      [self](switch_atom, const suspend_resume_task& wanted, const answer_to<suspended_resumed_task>& done) {
        const auto use = [self, wanted, done](const call_task& task) {
          ask<suspended_resumed_task>(self, task, actor_timeout, answering(done), switch_atom::value, wanted);
        };
        // What the provider does can be halted also while nothing begins here by itself.
        with_task<suspended_resumed_task>(self, wanted.suspend ? "4002" : "4003", done, use, held_atom::value,
                                          wanted.task);
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
        diagnose(self, wanted, done);
      },
      [self](record_atom, const fetch_recording& wanted, const answer_to<std::string>& done) {
        fetch_recording_link(self, *self->state.eng, wanted, answering(done));
      },
      [self](explain_atom, const explain_job& wanted, const answer_to<explained_job>& done) {
        with_live_task<explained_job>(self, wanted.task, done, [self, wanted, done](const call_task& task) {
          ask<explained_job>(self, task, task_timeout, answering(done), explain_atom::value, wanted.row);
        });
      },
      [self](auto_atom, const switch_automation& wanted, const answer_to<automation_state>& done) {
        ask<automation_state>(self, self->state.eng->overseer, actor_timeout, answering(done), auto_atom::value,
                              wanted);
      },
      [self](auto_atom, const automation_view& wanted, const answer_to<automation_state>& done) {
        ask<automation_state>(self, self->state.eng->overseer, task_timeout, answering(done), auto_atom::value, wanted);
      },
      [self](sweep_atom, const answer_to<bool>& done) {
        self->send(self->state.eng->overseer, sweep_atom::value);
        (*done)(true);
      },
      [self](run_atom, const start_run& wanted, const answer_to<run_record>& done) {
        ask<run_record>(self, self->state.eng->runs, actor_timeout, answering(done), run_atom::value, wanted);
      },
      [self](place_atom, const await_case_calls& wanted, const answer_to<bool>& done) {
        const auto use = [self, wanted, done](const call_task& task) {
          ask<bool>(self, task, wanted.budget + task_timeout, answering(done), place_atom::value, wanted);
        };
        with_task<bool>(self, stopped_code, done, use, wanted.task);
      },
      [self](place_atom, const cancel_case_call& wanted, const answer_to<bool>& done) { cancel(self, wanted, done); },
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
