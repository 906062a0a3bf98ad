#include "actors/follow_up_actor.hpp"

#include <utility>

#include "actors/exceptions.hpp"
#include "actors/recording_fetch.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

struct follow_up_state {
  follow_up_state() = default;  // not an aggregate: CAF would try to build it from `self`
  ~follow_up_state() {
    if (eng) --eng->counts->follow_ups;
  }
  follow_up_state(const follow_up_state&) = delete;
  follow_up_state& operator=(const follow_up_state&) = delete;

  engine_ptr eng;
  task_facts_ptr facts;
  follow_up_parent parent;
  follow_up_task work;
  follow_up_position at;
  wall_time call_time{};
  bool recording_wanted{};  ///< Of a case call: has been asked for.
  static inline const char* name = "follow_up";
};

using follow_pointer = follow_up::stateful_pointer<follow_up_state>;

void feed(follow_pointer self, const follow_up_fact& fact);

void tell_parent(follow_pointer self, follow_up_report report) {
  self->send(self->state.parent, follow_atom::value, std::move(report));
}

void finish(follow_pointer self, follow_up_news::ended outcome) {
  tell_parent(self, std::move(outcome));
  self->quit();
}

/// A stale epoch ends the follow-up for good: the shard is another node's. True when that was so.
bool stopped_by(follow_pointer self, const failure& why) {
  if (why.code != errc::stale_epoch) return false;
  if (self->state.eng->on_ownership_lost) self->state.eng->on_ownership_lost(why.message);
  follow_up_news::ended outcome;
  outcome.stopped = true;
  finish(self, std::move(outcome));
  return true;
}

void commit_failed(follow_pointer self, const failure& why) {
  telemetry::log_repeated(telemetry::log_level::warn, "follow_up", "follow_up.commit_failed", to_string(why.code),
                          {{"task", self->state.facts->task}, {"job", self->state.work.row}, {"reason", why.message}});
  feed(self, follow_fact::commit_failed{});
}

struct order_visitor {
  follow_pointer self;

  void operator()(const follow_orders::look_for_conversation&) const {
    self->send(self->state.eng->gateway, look_atom::value, self->state.work.call_job_id, look_client{self},
               self->clock().now());
  }
  void operator()(const follow_orders::wake_in& wake) const { tell_parent(self, follow_up_news::wake_in{wake.delay}); }
  void operator()(const follow_orders::analyse&) const {
    auto& state = self->state;
    auto request = std::make_shared<analysis_request>();
    request->conversation_json = state.work.conversation_json;
    request->leads_name = state.work.leads_name;
    request->call_time = state.call_time == wall_time{} ? state.eng->now() : state.call_time;
    request->utc_offset_minutes = state.eng->utc_offset_minutes(request->call_time);
    ask<analysis>(
        self, state.eng->model, caf::infinite,  // the analyst answers every request; the machine has a limit of its own
        [self = self](result<analysis> answer) {
          if (answer) feed(self, follow_fact::analysed{std::move(*answer)});
          else feed(self, follow_fact::analysis_failed{answer.error().code, answer.error().message});
        },
        analyse_atom::value, std::shared_ptr<const analysis_request>(std::move(request)));
  }
  void operator()(const follow_orders::persist&) const {
    auto& state = self->state;
    if (state.work.dry_run) return finish(self, outcome({}));
    if (!state.facts->follow_policy.analyses) return close();
    change::record_follow_up record;
    record.own = state.facts->own();
    record.row = state.work.row;
    record.leads_id = state.work.leads_id;
    record.leads_remark = state.at.text.remark;
    record.is_interested = state.at.text.is_interested;
    record.next_follow_time = state.at.text.next_follow_time;
    record.at = state.eng->now();
    record.replace = state.work.replace;
    commit(self, *state.eng, std::move(record), [self = self](const result<change_receipt>& receipt) {
      if (receipt) {
        auto made = order_visitor{self}.outcome(static_cast<follow_id>(receipt->id));
        ++self->state.eng->counts->follow_ups_written[static_cast<std::size_t>(made.is_interested)];
        feed(self, follow_fact::committed{});
        return finish(self, std::move(made));
      }
      if (stopped_by(self, receipt.error())) return;
      commit_failed(self, receipt.error());
    });
  }
  // The outcome is sent where the receipt is at hand.
  void operator()(const follow_orders::finish&) const {}

  /// Of a case call only the conversation was waited for, and its recording is fetched once; when that fails it is
  /// fetched on demand.
  void close() const {
    auto& state = self->state;
    if (state.work.status != call_status::succeeded || std::exchange(state.recording_wanted, true))
      return persist_closing();
    fetch_recording wanted{state.facts->organization_id, state.facts->task, state.work.row};
    fetch_recording_link(self, *state.eng, wanted,
                         [self = self](const result<std::string>&) { order_visitor{self}.persist_closing(); });
  }
  void persist_closing() const {
    auto& state = self->state;
    change::close_job closing{state.facts->own(), state.work.row};
    commit(self, *state.eng, closing, [self = self](const result<change_receipt>& receipt) {
      if (receipt) {
        feed(self, follow_fact::committed{});
        return finish(self, order_visitor{self}.outcome({}));
      }
      if (stopped_by(self, receipt.error())) return;
      commit_failed(self, receipt.error());
    });
  }

  [[nodiscard]] follow_up_news::ended outcome(follow_id follow) const {
    const auto& text = self->state.at.text;
    follow_up_news::ended made;
    made.follow = follow;
    made.remark = text.remark;
    made.is_interested = text.is_interested;
    made.next_follow_time = text.next_follow_time;
    return made;
  }
};

void feed(follow_pointer self, const follow_up_fact& fact) {
  auto& state = self->state;
  auto decision = decide(state.at, fact, state.facts->follow_policy, self->clock().now());
  if (!decision) return;
  const bool waited = state.at.step == follow_up_step::awaiting_conversation;
  state.at = std::move(decision->next);
  const bool waits = state.at.step == follow_up_step::awaiting_conversation;
  if (waits != waited) tell_parent(self, follow_up_news::awaits_conversation{waits});
  for (const auto& order : decision->orders) std::visit(order_visitor{self}, order);
}

/// A look for a conversation that was missing when the job settled. What it brings is stored before it is used.
void take_look(follow_pointer self, const result<job_snapshot>& looked) {
  auto& state = self->state;
  if (!looked) return feed(self, follow_fact::look_failed{});
  if (!has_conversation(looked->last.conversation_json)) return feed(self, follow_fact::conversation_seen{false});
  change::attach_attempt attach;
  attach.own = state.facts->own();
  attach.row = state.work.row;
  attach.last = looked->last;
  auto conversation = looked->last.conversation_json;
  commit(self, *state.eng, std::move(attach),
         [self, conversation = std::move(conversation)](const result<change_receipt>& receipt) mutable {
           if (!receipt) {
             if (!stopped_by(self, receipt.error())) feed(self, follow_fact::look_failed{});
             return;
           }
           self->state.work.conversation_json = std::move(conversation);
           feed(self, follow_fact::conversation_seen{true});
         });
}

void begin(follow_pointer self) {
  const auto& work = self->state.work;
  feed(self,
       follow_fact::begun{work.status, work.outcome, work.attempt_status, has_conversation(work.conversation_json)});
}

void load_and_begin(follow_pointer self) {
  auto& state = self->state;
  query::jobs_by_row query{state.facts->organization_id, {state.work.row}};
  read_store(self, *state.eng, std::move(query), [self](result<std::vector<call_job_view>> rows) {
    auto& st = self->state;
    if (!rows || rows->empty()) {
      // Not readable now: the job starts over after its back-off.
      tell_parent(self, follow_up_news::crashed{rows ? std::string("row not found") : rows.error().message});
      self->quit();
      return;
    }
    auto& row = rows->front();
    st.work.attempt_status = row.attempt_status;
    st.work.conversation_json = std::move(row.conversation_json);
    st.call_time = from_epoch_ms(row.actual_ms != 0 ? row.actual_ms : row.planed_ms);
    begin(self);
  });
}

follow_up::behavior_type follow_up_behavior(follow_pointer self, engine_ptr eng, task_facts_ptr facts,
                                            follow_up_parent parent, follow_up_task work) {
  auto& state = self->state;
  state.eng = std::move(eng);
  ++state.eng->counts->follow_ups;
  state.facts = std::move(facts);
  state.parent = std::move(parent);
  state.work = std::move(work);
  self->set_exception_handler([self](std::exception_ptr& thrown) -> caf::error {
    tell_parent(self, follow_up_news::crashed{what_of(thrown)});
    return caf::sec::runtime_error;
  });
  if (state.work.load_from_store) load_and_begin(self);
  else begin(self);
  return {
      [self](looked_atom, const look_answer& looked) { take_look(self, *looked); },
      [self](wake_atom) { feed(self, follow_fact::woken{}); },
  };
}

}  // namespace

follow_up spawn_follow_up(caf::actor_system& system, engine_ptr eng, task_facts_ptr facts, follow_up_parent parent,
                          follow_up_task work) {
  return system.spawn(follow_up_behavior, std::move(eng), std::move(facts), std::move(parent), std::move(work));
}

}  // namespace waihu
