#include "actors/follow_up_request_actor.hpp"

#include "actors/exceptions.hpp"
#include "actors/follow_up_actor.hpp"

namespace waihu {

namespace {

constexpr milliseconds longest_delay{60'000};

struct request_state {
  request_state() = default;  // not an aggregate: CAF would try to build it from `self`
  ~request_state() {
    if (done) done(fail(errc::cancelled, "the daemon is stopping"));
    if (follower) caf::anon_send_exit(follower, caf::exit_reason::user_shutdown);
  }
  request_state(const request_state&) = delete;
  request_state& operator=(const request_state&) = delete;
  engine_ptr eng;
  make_follow_up wanted;
  completion<made_follow_up> done;
  made_follow_up made;
  follow_up follower;
  static inline const char* name = "follow_up_request";
};

using request_pointer = follow_up_parent::stateful_pointer<request_state>;

void answer(request_pointer self, result<made_follow_up> what) {
  if (auto done = std::exchange(self->state.done, nullptr)) done(std::move(what));
  self->quit();
}

void run(request_pointer self, const call_job_view& call) {
  auto& state = self->state;
  const auto status = call.job.status;
  if (!is_terminal(status)) return answer(self, fail(errc::rejected, "该通话尚无状态，无法跟进", "4004"));
  if (status == call_status::cancelled) return answer(self, fail(errc::rejected, "该通话已取消，无需跟进", "4004"));
  // Without a conversation there is nothing to analyse again: what was noted stands.
  const bool silent = status == call_status::succeeded && !has_conversation(call.conversation_json);
  if (call.job.leads_follow_id && call.follow && (silent || !state.wanted.force)) {
    state.made.follow = *call.job.leads_follow_id;
    state.made.leads_remark = call.follow->leads_remark;
    state.made.is_interested = call.job.is_interested.value_or(interest::undecided);
    state.made.next_follow_time = call.follow->next_follow_time;
    state.made.create_time = call.follow->follow_time;
    return answer(self, state.made);
  }
  if (silent) return answer(self, fail(errc::rejected, "通话内容尚未获取，请稍后再试", "4004"));
  auto facts = std::make_shared<task_facts>();
  facts->task = state.wanted.task;
  facts->epoch = state.eng->shards->epoch_of(state.wanted.task);
  facts->organization_id = state.wanted.organization_id;
  facts->follow_policy = follow_policy_of(state.eng->options);
  // Somebody waits: one try, and what it came to is said.
  facts->follow_policy.analysis_tries = 1;
  follow_up_task work;
  work.row = call.job.row;
  work.leads_id = call.job.leads_id;
  work.leads_name = call.job.leads_name;
  work.call_job_id = call.job.call_job_id;
  work.status = status;
  work.outcome = call.job.outcome;
  work.attempt_status = call.attempt_status;
  work.conversation_json = call.conversation_json;
  work.replace = true;
  work.dry_run = state.wanted.dry_run;
  state.follower =
      spawn_follow_up(self->system(), state.eng, std::move(facts), follow_up_parent{self}, std::move(work));
}

/// What its follow-up tells.
struct news_visitor {
  request_pointer self;

  void operator()(const follow_up_news::wake_in& wake) const {
    // A delayed message keeps a follow-up that has ended in memory until it is due, so none is sent far ahead; one that
    // is woken early asks again.
    if (self->state.follower && wake.delay >= milliseconds{0})
      self->delayed_send(self->state.follower, std::min(wake.delay, longest_delay), wake_atom::value);
  }
  void operator()(const follow_up_news::awaits_conversation&) const {}
  void operator()(const follow_up_news::ended& outcome) const {
    auto& st = self->state;
    if (outcome.stopped) return answer(self, fail(errc::unavailable, "this node no longer owns the task"));
    st.made.follow = outcome.follow;
    st.made.leads_remark = outcome.remark;
    st.made.is_interested = outcome.is_interested;
    st.made.next_follow_time = outcome.next_follow_time;
    st.made.create_time = st.eng->now();
    answer(self, st.made);
  }
  void operator()(const follow_up_news::crashed& crash) const { answer(self, fail(errc::internal, crash.what)); }
};

follow_up_parent::behavior_type request_behavior(request_pointer self, engine_ptr eng, make_follow_up wanted,
                                                 completion<made_follow_up> done) {
  log_exceptions(self);
  auto& state = self->state;
  state.eng = std::move(eng);
  state.wanted = std::move(wanted);
  state.done = std::move(done);
  // The store reader ends only when the node does.
  self->set_down_handler([self](caf::down_msg&) { self->quit(); });
  self->monitor(state.eng->reader);
  read_store(self, *state.eng, query::jobs_by_row{state.wanted.organization_id, {state.wanted.row}},
             [self](result<std::vector<call_job_view>> rows) {
               if (!rows) return answer(self, tl::unexpected<failure>(std::move(rows.error())));
               if (rows->empty()) return answer(self, fail(errc::not_found, "外呼任务不存在", "4001"));
               const auto& call = rows->front();
               auto& made = self->state.made;
               made.leads_id = call.job.leads_id;
               made.leads_name = call.job.leads_name;
               made.leads_phone = call.job.leads_phone;
               run(self, call);
             });
  return {[self](follow_atom, const follow_up_report& news) { std::visit(news_visitor{self}, news); }};
}

}  // namespace

void spawn_follow_up_request(caf::actor_system& system, engine_ptr eng, make_follow_up wanted,
                             completion<made_follow_up> done) {
  system.spawn(request_behavior, std::move(eng), std::move(wanted), std::move(done));
}

}  // namespace waihu
