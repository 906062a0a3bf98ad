#include "actors/http_gateway_actor.hpp"

#include <mutex>

#include "actors/exceptions.hpp"
#include "actors/follow_up_request_actor.hpp"
#include "actors/owner_routing.hpp"
#include "actors/recording_fetch.hpp"

namespace waihu {

namespace {

struct gateway_state {
  gateway_state() = default;  // not an aggregate: CAF would try to build it from `self`
  engine_ptr eng;
  gateway_reach reach{};
  static inline const char* name = "http_gateway";
};

using gateway_pointer = whole_gateway::stateful_pointer<gateway_state>;

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

/// Hands a question about a task to its owner, or refuses it where only this node may be asked and is not the owner.
/// `here(done)` asks this node.
template <class T, class Question, class Here>
void route(gateway_pointer self, const Question& question, const answer_to<T>& done, Here here) {
  if (self->state.reach == gateway_reach::cluster) return ask_owner<T>(self, question, done, std::move(here));
  if (self->state.eng->shards->owns(question.task)) return here(done);
  (*done)(refused_as_elsewhere());
}

/// Lets the other nodes look at the store now: what was switched or must be swept is theirs, too.
void tell_others_to_sweep(gateway_pointer self) {
  if (self->state.reach == gateway_reach::cluster) tell_others(*self->state.eng, sweep_now{});
}

void switch_organization(gateway_pointer self, const switch_automation& wanted,
                         const answer_to<automation_state>& done) {
  ask<automation_state>(
      self, self->state.eng->overseer, actor_timeout,
      [self, done](result<automation_state> switched) {
        if (switched) tell_others_to_sweep(self);
        (*done)(std::move(switched));
      },
      auto_atom::value, wanted);
}

/// Adds what each node counts for itself.
void add_counts(automation_state& sum, const automation_state& of) {
  sum.live_jobs += of.live_jobs;
  sum.polling_jobs += of.polling_jobs;
  sum.waiting_jobs += of.waiting_jobs;
}

/// Answers of several nodes, added up as they come in.
struct gathered_automation {
  std::mutex guard;
  std::size_t open{1};  ///< This node's own answer among them.
  result<automation_state> own;
  automation_state others;
};

void view_automation(gateway_pointer self, const automation_view& wanted, const answer_to<automation_state>& done) {
  const auto all = std::make_shared<gathered_automation>();
  const auto nodes =
      self->state.reach == gateway_reach::cluster ? other_nodes(*self->state.eng) : std::vector<std::string>{};
  all->open += nodes.size();
  // Any thread calls it; a node that does not answer is named instead of counted. `other`: "" = this node.
  const auto answered = [all, done](result<automation_state> state, const std::string& other) {
    {
      const std::lock_guard lock(all->guard);
      if (other.empty()) {
        all->own = std::move(state);
      } else if (state) {
        add_counts(all->others, *state);
      } else {
        all->others.silent_nodes.push_back(other);
      }
      if (--all->open > 0) return;
    }
    if (all->own) {
      add_counts(*all->own, all->others);
      std::sort(all->others.silent_nodes.begin(), all->others.silent_nodes.end());
      all->own->silent_nodes = std::move(all->others.silent_nodes);
    }
    (*done)(std::move(all->own));
  };
  for (const auto& node : nodes)
    ask_node<automation_state>(*self->state.eng, node, wanted,
                               std::make_shared<const completion<automation_state>>(
                                   [answered, node](result<automation_state> r) { answered(std::move(r), node); }));
  ask<automation_state>(
      self, self->state.eng->overseer, task_timeout,
      [answered](result<automation_state> r) { answered(std::move(r), {}); }, auto_atom::value, wanted);
}

void start(gateway_pointer self, const start_call_task& wanted, const answer_to<started_call_task>& done) {
  route<started_call_task>(self, wanted, done, [self, wanted](const answer_to<started_call_task>& to) {
    const auto use = [self, wanted, to](const call_task& task) {
      ask<started_call_task>(self, task, wanted.budget + std::chrono::minutes(5), answering(to), start_atom::value,
                             wanted);
    };
    with_task<started_call_task>(self, "4005", to, use, wanted.task);
  });
}

void suspend_or_resume(gateway_pointer self, const suspend_resume_task& wanted,
                       const answer_to<suspended_resumed_task>& done) {
  route<suspended_resumed_task>(self, wanted, done, [self, wanted](const answer_to<suspended_resumed_task>& to) {
    const auto use = [self, wanted, to](const call_task& task) {
      ask<suspended_resumed_task>(self, task, actor_timeout, answering(to), switch_atom::value, wanted);
    };
    // What the provider does can be halted also while nothing begins here by itself.
    with_task<suspended_resumed_task>(self, wanted.suspend ? "4002" : "4003", to, use, held_atom::value, wanted.task);
  });
}

void refresh(gateway_pointer self, const refresh_jobs& wanted, const answer_to<refreshed_jobs>& done) {
  route<refreshed_jobs>(self, wanted, done, [self, wanted](const answer_to<refreshed_jobs>& to) {
    with_live_task<refreshed_jobs>(self, wanted.task, to, [self, wanted, to](const call_task& task) {
      ask<refreshed_jobs>(self, task, wanted.budget + task_timeout, answering(to), refresh_atom::value, wanted);
    });
  });
}

void explain(gateway_pointer self, const explain_job& wanted, const answer_to<explained_job>& done) {
  route<explained_job>(self, wanted, done, [self, wanted](const answer_to<explained_job>& to) {
    with_live_task<explained_job>(self, wanted.task, to, [self, wanted, to](const call_task& task) {
      ask<explained_job>(self, task, task_timeout, answering(to), explain_atom::value, wanted.row);
    });
  });
}

void describe(gateway_pointer self, const describe_task& wanted, const answer_to<described_task>& done) {
  route<described_task>(self, wanted, done, [self, wanted](const answer_to<described_task>& to) {
    if (auto shown = self->state.eng->board->look(wanted)) return (*to)(std::move(*shown));
    (*to)(fail(errc::not_found, "no actor follows the task"));
  });
}

void await_calls(gateway_pointer self, const await_case_calls& wanted, const answer_to<bool>& done) {
  route<bool>(self, wanted, done, [self, wanted](const answer_to<bool>& to) {
    const auto use = [self, wanted, to](const call_task& task) {
      ask<bool>(self, task, wanted.budget + task_timeout, answering(to), place_atom::value, wanted);
    };
    with_task<bool>(self, stopped_code, to, use, wanted.task);
  });
}

whole_gateway::behavior_type gateway_behavior(gateway_pointer self, engine_ptr eng, gateway_reach reach) {
  log_exceptions(self);
  self->state.eng = std::move(eng);
  self->state.reach = reach;
  return {
      [self](start_atom, const start_call_task& wanted, const answer_to<started_call_task>& done) {
        start(self, wanted, done);
      },
      [self](switch_atom, const suspend_resume_task& wanted, const answer_to<suspended_resumed_task>& done) {
        suspend_or_resume(self, wanted, done);
      },
      [self](refresh_atom, const refresh_jobs& wanted, const answer_to<refreshed_jobs>& done) {
        refresh(self, wanted, done);
      },
      [self](follow_atom, const make_follow_up& wanted, const answer_to<made_follow_up>& done) {
        route<made_follow_up>(self, wanted, done, [self, wanted](const answer_to<made_follow_up>& to) {
          spawn_follow_up_request(self->system(), self->state.eng, wanted, answering(to));
        });
      },
      [self](diagnose_atom, const diagnose_task& wanted, const answer_to<diagnosed_task>& done) {
        route<diagnosed_task>(self, wanted, done,
                              [self, wanted](const answer_to<diagnosed_task>& to) { diagnose(self, wanted, to); });
      },
      [self](record_atom, const fetch_recording& wanted, const answer_to<std::string>& done) {
        route<std::string>(self, wanted, done, [self, wanted](const answer_to<std::string>& to) {
          fetch_recording_link(self, *self->state.eng, wanted, answering(to));
        });
      },
      [self](explain_atom, const explain_job& wanted, const answer_to<explained_job>& done) {
        explain(self, wanted, done);
      },
      [self](view_atom, const describe_task& wanted, const answer_to<described_task>& done) {
        describe(self, wanted, done);
      },
      [self](auto_atom, const switch_automation& wanted, const answer_to<automation_state>& done) {
        switch_organization(self, wanted, done);
      },
      [self](auto_atom, const automation_view& wanted, const answer_to<automation_state>& done) {
        view_automation(self, wanted, done);
      },
      [self](publish_atom, const tell_progress_elsewhere& told, const answer_to<bool>& done) {
        self->send(self->state.eng->hub, publish_atom::value,
                   event_pack(std::make_shared<const std::vector<event_record>>(1, told.event)));
        (*done)(true);
      },
      [self](sweep_atom, const answer_to<bool>& done) {
        self->send(self->state.eng->overseer, sweep_atom::value);
        tell_others_to_sweep(self);
        (*done)(true);
      },
      [self](run_atom, const start_run& wanted, const answer_to<run_record>& done) {
        route<run_record>(self, wanted, done, [self, wanted](const answer_to<run_record>& to) {
          ask<run_record>(self, self->state.eng->runs, actor_timeout, answering(to), run_atom::value, wanted);
        });
      },
      [self](place_atom, const await_case_calls& wanted, const answer_to<bool>& done) {
        await_calls(self, wanted, done);
      },
      [self](place_atom, const cancel_case_call& wanted, const answer_to<bool>& done) { cancel(self, wanted, done); },
      [self](join_atom, const subscription_ptr& wish, const answer_to<std::uint64_t>& done) {
        ask<std::uint64_t>(self, self->state.eng->hub, actor_timeout, answering(done), join_atom::value, wish);
      },
      [self](leave_atom, std::uint64_t token) { self->send(self->state.eng->hub, leave_atom::value, token); },
      [](wake_atom, const gateway_turn& turn) { (*turn)(); },
  };
}

}  // namespace

http_gateway spawn_http_gateway(caf::actor_system& system, engine_ptr eng, gateway_reach reach) {
  return system.spawn(gateway_behavior, std::move(eng), reach);
}

}  // namespace waihu
