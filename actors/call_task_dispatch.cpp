// The dispatch half of a call task's shell: carries out the orders of dispatch_machine. Every send is preceded by a
// committed intent; the order of the two is dispatch_machine's and is not changed here.
#include <algorithm>

#include "actors/call_task_state.hpp"
#include "actors/failpoint.hpp"
#include "provider/voice_provider.hpp"
#include "telemetry/log.hpp"

namespace waihu::call_task_shell {

namespace {

job_order order_of(const call_task_state& state, const call_job_record& job) {
  job_order order;
  order.reference_id = job.reference_id;
  order.phone = job.leads_phone;
  order.name = job.leads_name;
  order.extras.emplace_back("task_id", std::to_string(value(state.record.id)));
  return order;
}

/// Calls that want to leave in one request: counted when the gateway lets them go, and again if they are written later.
struct departing {
  std::shared_ptr<departures> gate;
  std::string organization_id;
  std::size_t calls{};
  steady_time admitted{};

  milliseconds admit(steady_time now) {
    admitted = now;
    return gate->admit(organization_id, calls, now);
  }
  [[nodiscard]] bool leave(steady_time now) const { return gate->leave(organization_id, calls, admitted, now); }
};

/// AssignJobs is never repeated by the gateway (the plan does that, under its intent) and never sent late: a successor
/// of this actor may be reading the group already, and the first reading comes no earlier than `settle` after the
/// intent.
call_rules assign_rules(const call_task_state& state, const std::shared_ptr<departing>& batch) {
  // The shard may have gone while this actor has not heard of it yet.
  auto permit = [valid = state.may_send.current(), shards = state.eng->shards, own = state.own()] {
    return *valid && shards->epoch_of(own.task) == own.epoch;
  };
  return {true, false, std::min(milliseconds{10'000}, state.eng->options.dispatch.reconcile_settle / 2),
          std::move(permit), [batch](steady_time now) { return batch->admit(now); }};
}

/// The same for whoever owns the task, so that a successor can spend it.
std::string mark_of(const call_task_state& state, batch_id batch) {
  return state.at.job_group_id + "/" + std::to_string(value(batch));
}

struct order_visitor {
  task_pointer self;

  void operator()(const dispatch_orders::ask_gate& ask_for) const {
    auto& state = self->state;
    gate_request request{state.record.organization_id, state.record.id, at_provider(state), ask_for.wanted};
    self->request(state.eng->gate, std::chrono::seconds(10), ask_atom::value, request)
        .then(
            [self = self](const gate_answer& answer) {
              self->state.gate_says = answer.reason;
              feed_plan(self, dispatch_fact::gate_answered{answer.granted, answer.retry_in});
            },
            [self = self](caf::error&) {
              feed_plan(self, dispatch_fact::gate_answered{0, milliseconds{1'000}});
            });
  }

  void operator()(const dispatch_orders::commit_intent& intent) const {
    auto& state = self->state;
    change::intend_batch change{state.own(), intent.seq, intent.rows, state.eng->now()};
    commit(self, *state.eng, std::move(change), [self = self, intent](const result<change_receipt>& receipt) {
      if (receipt) {
        for (const auto row : intent.rows) tell_job(self, row, {job_note::what::intended, {}, {}, {}});
        failpoint("intent_committed");
        return feed_plan(self, dispatch_fact::intent_committed{intent.key, static_cast<batch_id>(receipt->id)});
      }
      if (ownership_lost(self, receipt.error())) return;
      note_error(self, receipt.error().message);
      const auto code = receipt.error().code;
      if (code == errc::unavailable || code == errc::overloaded || code == errc::throttled)
        return feed_plan(self, dispatch_fact::intent_failed{intent.key});
      // Perhaps it is stored, perhaps the rows are not where we believed.
      reload(self, "an intent's commit ended in doubt: " + receipt.error().message);
    });
  }

  void operator()(const dispatch_orders::send_batch& send) const {
    auto& state = self->state;
    std::vector<job_order> orders;
    orders.reserve(send.rows.size());
    for (const auto row : send.rows) orders.push_back(order_of(state, state.undispatched.at(row)));
    telemetry::log_event(telemetry::log_level::debug, "dispatch", "dispatch.batch_sent",
                         {{"task", state.record.id}, {"jobs", send.rows.size()}});
    const auto batch =
        std::make_shared<departing>(departing{state.eng->leaving, state.record.organization_id, orders.size(), {}});
    call_provider<assigned_jobs>(
        self, *state.eng, "AssignJobs", assign_rules(state, batch),
        [group = state.at.job_group_id, orders = std::move(orders), batch, mark = mark_of(state, send.batch)](
            voice_provider& provider, milliseconds deadline, completion<assigned_jobs> done) {
          const auto may_leave = [batch](steady_time now) {
            const bool goes = batch->leave(now);
            if (goes) failpoint("assign_leaving");
            return goes;
          };
          provider.assign_jobs(group, orders, {mark, may_leave}, deadline, std::move(done));
          failpoint("assign_sent");
        },
        [self = self, key = send.key](result<assigned_jobs> answer) {
          if (answer) {
            failpoint("assign_answered");
            return feed_plan(self, dispatch_fact::assign_accepted{key, answer->job_ids, answer->request_id});
          }
          note_error(self, answer.error().message);
          telemetry::log_repeated(telemetry::log_level::warn, "dispatch", "dispatch.assign_failed",
                                  to_string(answer.error().code),
                                  {{"task", self->state.record.id},
                                   {"code", to_string(answer.error().code)},
                                   {"vendor_code", answer.error().vendor_code},
                                   {"reason", answer.error().message}});
          feed_plan(self, dispatch_fact::assign_failed{key, answer.error()});
        });
  }

  void operator()(const dispatch_orders::match_ids& match) const {
    call_provider<std::vector<job_snapshot>>(
        self, *self->state.eng, "ListJobs", reading,
        [ids = match.call_job_ids](voice_provider& provider, milliseconds deadline,
                                   completion<std::vector<job_snapshot>> done) {
          provider.list_jobs(ids, deadline, std::move(done));
        },
        [self = self, key = match.key, rows = match.rows](result<std::vector<job_snapshot>> answer) {
          if (!answer) return feed_plan(self, dispatch_fact::match_failed{key});
          feed_plan(self, dispatch_fact::ids_matched{key, match_rows(self, rows, std::move(*answer))});
        });
  }

  void operator()(const dispatch_orders::commit_ack& ack) const {
    auto& state = self->state;
    change::acknowledge_jobs change{state.own(),         ack.batch,      ack.ids,
                                    ack.completes_batch, ack.request_id, state.eng->now()};
    commit(self, *state.eng, std::move(change), [self = self, ack](const result<change_receipt>& receipt) {
      if (!receipt) {
        if (!ownership_lost(self, receipt.error())) feed_plan(self, dispatch_fact::ack_failed{ack.key});
        return;
      }
      failpoint("ack_committed");
      auto& st = self->state;
      for (const auto& [row, id] : ack.ids) {
        const auto look = st.first_looks.extract(row);
        tell_job(self, row, {job_note::what::acknowledged, ack.batch, id, look.empty() ? nullptr : look.mapped()});
        st.undispatched.erase(row);
      }
      feed_plan(self, dispatch_fact::ack_committed{ack.key});
    });
  }

  void operator()(const dispatch_orders::commit_requeue& requeue) const {
    auto& state = self->state;
    change::requeue_jobs change{state.own(),    requeue.batch,   requeue.rows, requeue.counts_as_attempt,
                                requeue.reason, state.eng->now()};
    commit(self, *state.eng, std::move(change), [self = self, requeue](const result<change_receipt>& receipt) {
      if (!receipt) {
        if (!ownership_lost(self, receipt.error())) feed_plan(self, dispatch_fact::requeue_failed{requeue.key});
        return;
      }
      for (const auto row : requeue.rows) tell_job(self, row, {job_note::what::returned, requeue.batch, {}, {}});
      using what = dispatch_orders::note_batch::what;
      order_visitor{self}(dispatch_orders::note_batch{requeue.batch, what::refused, {}, requeue.reason});
      feed_plan(self, dispatch_fact::requeue_committed{requeue.key});
    });
  }

  void operator()(const dispatch_orders::note_batch& note) const {
    auto& state = self->state;
    using what = dispatch_orders::note_batch::what;
    change::mark_batch mark;
    mark.own = state.own();
    mark.batch = note.batch;
    mark.to = note.state == what::accepted ? batch_state::sent
              : note.state == what::lost   ? batch_state::unknown
                                           : batch_state::failed;
    mark.request_id = note.request_id;
    mark.error = note.error;
    mark.at = state.eng->now();
    if (!note.error.empty()) note_error(self, note.error);
    commit(self, *state.eng, std::move(mark), [self = self](const result<change_receipt>& receipt) {
      // The mark only informs; a restart reconciles an open batch whatever it says.
      if (!receipt) ownership_lost(self, receipt.error());
    });
  }

  void operator()(const dispatch_orders::spend_mark& spend) const {
    auto& state = self->state;
    call_provider<bool>(
        self, *state.eng, "ListJobsByGroup", reading,
        [group = state.at.job_group_id, mark = mark_of(state, spend.batch)](
            voice_provider& provider, milliseconds deadline, completion<bool> done) {
          provider.spend_mark(group, mark, deadline, std::move(done));
        },
        [self = self, key = spend.key](const result<bool>& answer) {
          if (answer) return feed_plan(self, dispatch_fact::mark_spent{key});
          note_error(self, answer.error().message);
          feed_plan(self, dispatch_fact::mark_not_spent{key});
        });
  }

  void operator()(const dispatch_orders::read_group&) const {
    auto& state = self->state;
    ++state.eng->counts->reconciliations;
    telemetry::log_event(telemetry::log_level::info, "dispatch", "dispatch.reconciling",
                         {{"task", state.record.id}, {"jobs", state.plan->unknown_rows().size()}});
    state.reading = std::make_shared<group_reading>();
    for (const auto row : state.plan->unknown_rows()) {
      const auto found = state.undispatched.find(row);
      if (found == state.undispatched.end()) continue;
      state.reading->by_reference.emplace(found->second.reference_id, row);
      state.reading->by_phone.emplace(found->second.leads_phone, row);
    }
    read_page(self);
  }

  void operator()(const dispatch_orders::declare_unplaced& lost) const {
    for (const auto row : lost.rows) {
      telemetry::log_event(telemetry::log_level::warn, "dispatch", "dispatch.unplaced",
                           {{"task", self->state.record.id}, {"job", row}, {"reason", lost.reason}});
      tell_job(self, row, {job_note::what::unplaced, {}, {}, {}});
      self->state.undispatched.erase(row);
      self->state.unplaced.insert(row);
    }
  }

  void operator()(const dispatch_orders::report_nothing_assigned& nothing) const {
    self->state.nothing_assigned = nothing.why;
    feed_task(self, task_fact::nothing_assigned{nothing.why});
  }

 private:
  /// Which row each answered job is: by reference id; where the provider returned none, by phone number.
  static std::vector<std::pair<job_row_id, std::string>> match_rows(task_pointer self,
                                                                    const std::vector<job_row_id>& rows,
                                                                    std::vector<job_snapshot> seen) {
    auto& state = self->state;
    std::unordered_map<std::string, job_row_id> by_reference;
    std::unordered_map<std::string, job_row_id> by_phone;
    for (const auto row : rows) {
      const auto& job = state.undispatched.at(row);
      by_reference.emplace(job.reference_id, row);
      by_phone.emplace(job.leads_phone, row);
    }
    std::vector<std::pair<job_row_id, std::string>> found;
    for (auto& snapshot : seen) {
      const auto& index = snapshot.reference_id.empty() ? by_phone : by_reference;
      const auto hit = index.find(snapshot.reference_id.empty() ? snapshot.phone : snapshot.reference_id);
      if (hit == index.end()) continue;
      found.emplace_back(hit->second, snapshot.call_job_id);
      state.first_looks[hit->second] = std::make_shared<const job_snapshot>(std::move(snapshot));
    }
    return found;
  }

  static void take_page(group_reading& into, const provider_page<job_snapshot>& page) {
    for (const auto& job : page.items) {
      if (!into.seen.insert(job.call_job_id).second) continue;
      const bool named = !job.reference_id.empty();
      const auto& index = named ? into.by_reference : into.by_phone;
      const auto hit = index.find(named ? job.reference_id : job.phone);
      if (hit != index.end()) into.found.emplace_back(hit->second, job.call_job_id);
      else if (!named && job.phone.find('*') != std::string::npos) into.unattributable = true;
    }
  }

  static void read_page(task_pointer self) {
    auto& state = self->state;
    const auto page = state.reading->page;
    const auto size = state.eng->options.dispatch.reconcile_page_size;
    call_provider<provider_page<job_snapshot>>(
        self, *state.eng, "ListJobsByGroup", reading,
        [group = state.at.job_group_id, page, size](voice_provider& provider, milliseconds deadline,
                                                    completion<provider_page<job_snapshot>> done) {
          provider.list_jobs_by_group(group, page, size, deadline, std::move(done));
        },
        [self, size](result<provider_page<job_snapshot>> answer) {
          auto& st = self->state;
          if (!st.reading) return;
          if (!answer) {
            st.reading.reset();
            note_error(self, answer.error().message);
            return feed_plan(self, dispatch_fact::group_read_failed{});
          }
          const auto seen_before = st.reading->seen.size();
          take_page(*st.reading, *answer);
          // Only a short page is the last one: a total that lags behind must not end the reading early.
          if (answer->items.size() >= static_cast<std::size_t>(size)) {
            if (st.reading->seen.size() == seen_before) {
              // The provider shows one page again and again: such a reading would never end, and proves nothing.
              st.reading.reset();
              note_error(self, "the provider repeats the pages of its job list");
              return feed_plan(self, dispatch_fact::group_read_failed{});
            }
            ++st.reading->page;
            return read_page(self);
          }
          const auto done = std::exchange(st.reading, nullptr);
          // A reading that has seen fewer jobs than there are, or one it cannot tell whose it is, proves no absence.
          if (static_cast<std::int64_t>(done->seen.size()) < answer->total_count || done->unattributable)
            return feed_plan(self, dispatch_fact::group_read_failed{});
          feed_plan(self, dispatch_fact::group_read{done->found});
        });
  }
};

}  // namespace

void feed_plan(task_pointer self, const dispatch_fact_t& fact) {
  const auto orders = self->state.plan->apply(fact, self->clock().now());
  for (const auto& order : orders) std::visit(order_visitor{self}, order);
  answer_start(self);
  keep_ticking(self);
}

std::size_t at_provider(const call_task_state& state) {
  const auto followed_up = state.counters.tracking + state.counters.parked;
  return static_cast<std::size_t>(std::max<std::int64_t>(followed_up, 0)) + state.plan->rows_in_batches();
}

}  // namespace waihu::call_task_shell
