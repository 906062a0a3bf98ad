#include "tests/actors/machines/dispatch_simulation.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

namespace waihu::testing {

namespace {

std::string words(const std::vector<job_row_id>& rows) {
  std::string out;
  for (const auto row : rows) out += " " + std::to_string(value(row));
  return out;
}

std::string seconds_of(steady_time::duration d) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(d).count()) + " ms";
}

const std::vector<std::string> fact_names{"gate_answered",
                                          "intent_committed",
                                          "intent_failed",
                                          "assign_accepted",
                                          "assign_failed",
                                          "ids_matched",
                                          "match_failed",
                                          "ack_committed",
                                          "ack_failed",
                                          "requeue_committed",
                                          "requeue_failed",
                                          "group_read",
                                          "group_read_failed",
                                          "mark_spent",
                                          "mark_not_spent",
                                          "ticked",
                                          "opened",
                                          "held",
                                          "enqueued"};

}  // namespace

dispatch_simulation::dispatch_simulation(std::uint64_t seed, dispatch_weather weather)
    : random_(seed), weather_(weather) {
  policy_.batch_size = 4;
  for (std::size_t i = 1; i <= weather_.rows; ++i) rows_[job_row_id{static_cast<std::int64_t>(i)}] = {};
}

std::string dispatch_simulation::trace() const {
  std::ostringstream out;
  const auto from = trace_.size() > 80 ? trace_.size() - 80 : 0;
  for (auto i = from; i < trace_.size(); ++i) out << trace_[i] << '\n';
  return out.str();
}

std::size_t dispatch_simulation::rows_tracked() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(rows_, [](const auto& r) { return r.second.phase == stored_phase::tracking; }));
}

std::size_t dispatch_simulation::rows_unplaced() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(rows_, [](const auto& r) { return r.second.phase == stored_phase::unplaced; }));
}

void dispatch_simulation::fail(const std::string& what) {
  if (wrong_.empty()) wrong_ = what + " (at " + seconds_of(now_ - begin_) + ")";
}

void dispatch_simulation::note(const std::string& what) { trace_.push_back(seconds_of(now_ - begin_) + "  " + what); }

bool dispatch_simulation::bad(std::size_t one_in) { return one_in > 0 && !good_world() && random_.one_in(one_in); }

void dispatch_simulation::after(milliseconds delay, std::function<void()> act, bool survives) {
  events_.push({now_ + delay, ++next_event_, survives ? std::nullopt : std::optional{incarnation_}, std::move(act)});
}

std::string dispatch_simulation::run() {
  start_daemon();
  if (weather_.late_rows > 0)
    after(
        minutes{random_.between(1, 60)},
        [this] {
          dispatch_fact::enqueued more;
          for (std::size_t i = 0; i < weather_.late_rows; ++i) {
            const job_row_id row{static_cast<std::int64_t>(weather_.rows + i + 1)};
            rows_[row] = {};
            more.rows.push_back(row);
          }
          tell(more);
        },
        true);
  const auto end = begin_ + weather_.faults_end + minutes{90};
  while (wrong_.empty() && !events_.empty() && !finished()) {
    auto next = events_.top();
    events_.pop();
    now_ = std::max(now_, next.at);
    if (now_ > end) {
      fail("not finished within the bound");
      break;
    }
    if (next.incarnation && *next.incarnation != incarnation_) continue;
    next.act();
    if (trace_.size() > 50'000) fail("too many events");
  }
  if (wrong_.empty()) judge();
  return wrong_;
}

bool dispatch_simulation::finished() const {
  if (reported_) return true;
  if (rows_.size() < weather_.rows + weather_.late_rows) return false;
  return std::ranges::all_of(rows_, [](const auto& r) {
    return r.second.phase == stored_phase::tracking || r.second.phase == stored_phase::unplaced;
  });
}

void dispatch_simulation::judge() {
  for (const auto& [row, stored] : rows_) {
    const auto name = "row " + std::to_string(value(row));
    const auto it = ledger_.find(row);
    const bool listed = it != ledger_.end() && it->second.listed_at.has_value();
    switch (stored.phase) {
      case stored_phase::tracking:
        if (it == ledger_.end() || it->second.call_job_id != stored.call_job_id) fail(name + " tracks a wrong id");
        break;
      case stored_phase::unplaced:
        if (listed) fail(name + " was dialled and is called unplaced");
        if (!sent_.contains(row)) fail(name + " was never sent and is called unplaced");
        break;
      case stored_phase::queued:
        if (!reported_) fail(name + " was forgotten in the queue");
        if (it != ledger_.end()) fail(name + " was dialled and is queued");
        break;
      case stored_phase::dispatching:
        if (!given_up_.contains(row)) fail(name + " is stuck in dispatching");
        break;
    }
  }
  if (reported_ && !ledger_.empty()) fail("reported that nothing was assigned, but something was");
}

// --- the daemon ------------------------------------------------------------------------------------------------

void dispatch_simulation::start_daemon() {
  dispatch_machine::start found;
  std::map<batch_id, std::vector<job_row_id>> open;
  for (const auto& [row, stored] : rows_) {
    if (stored.phase == stored_phase::queued) found.queued.push_back(row);
    if (stored.phase == stored_phase::dispatching) open[stored.batch].push_back(row);
    if (stored.phase == stored_phase::tracking) found.anything_assigned = true;
    if (stored.attempts > 0) found.rounds.emplace_back(row, stored.attempts);
  }
  for (auto& [id, rows] : open)
    found.open.push_back({id, std::move(rows), batches_.at(id).accepted, batches_.at(id).lost});
  // A batch without rows left is open in the store all the same, as after a crash before its last note.
  if (!batches_.empty() && open.empty()) found.open.push_back({batches_.begin()->first, {}, false, false});
  found.last_seq = last_seq_;
  note("daemon starts with " + std::to_string(found.queued.size()) + " queued, " + std::to_string(found.open.size()) +
       " open");
  machine_.emplace(policy_, std::move(found), now_);
  tick_at_.reset();
  if (held_) schedule_tick();
  else tell(dispatch_fact::opened{});
}

void dispatch_simulation::crash() {
  note("CRASH");
  ++crashes_;
  ++incarnation_;
  machine_.reset();
  given_up_.clear();
  // What was on its way to the store is there or is not; a later incarnation's epoch keeps it out for good.
  for (const auto& c : std::exchange(commits_, {}))
    if (!c->done && random_.one_in(2)) c->land();
  after(milliseconds{random_.between(10, 2'000)}, [this] { start_daemon(); });
}

void dispatch_simulation::tell(const dispatch_fact_t& fact) {
  if (!machine_ || !wrong_.empty()) return;
  note("> " + fact_names.at(fact.index()));
  const auto orders = machine_->apply(fact, now_);
  for (const auto& order : orders) {
    ++orders_;
    if ((weather_.crash_at && orders_ == *weather_.crash_at) || (!weather_.crash_at && bad(weather_.crash))) {
      crash();
      return;
    }
    std::visit([this](const auto& o) { carry_out(o); }, order);
  }
  if (!machine_) return;
  if (const auto due = machine_->next_due(); std::holds_alternative<dispatch_fact::ticked>(fact) && due && *due <= now_)
    fail("ticked does not do what is due: the shell would tick without end");
  schedule_tick();
  if (!held_ && bad(weather_.hold)) {
    after(
        milliseconds{random_.between(0, 3'000)},
        [this] {
          held_ = true;
          tell(dispatch_fact::held{});
        },
        true);
    after(
        milliseconds{random_.between(5'000, 1'500'000)},
        [this] {
          held_ = false;
          tell(dispatch_fact::opened{});
        },
        true);
  }
}

void dispatch_simulation::schedule_tick() {
  const auto due = machine_->next_due();
  if (!due) return;
  const auto at = std::max(*due, now_ + milliseconds{1});
  if (tick_at_ && *tick_at_ <= at) return;
  tick_at_ = at;
  after(std::chrono::ceil<milliseconds>(at - now_), [this, at] {
    if (tick_at_ != at) return;
    tick_at_.reset();
    tell(dispatch_fact::ticked{});
  });
}

void dispatch_simulation::commit_then(std::function<void()> land, dispatch_fact_t yes, dispatch_fact_t no) {
  auto c = std::make_shared<commit>(commit{std::move(land)});
  commits_.push_back(c);
  after(milliseconds{random_.between(1, 200)}, [this, c, yes = std::move(yes), no = std::move(no)] {
    c->done = true;
    if (bad(weather_.commit_failure)) {
      tell(no);
      return;
    }
    c->land();
    tell(yes);
  });
}

// --- orders ----------------------------------------------------------------------------------------------------

void dispatch_simulation::carry_out(const dispatch_orders::ask_gate& order) {
  if (order.wanted == 0) fail("asks the gate for nothing");
  dispatch_fact::gate_answered answer;
  answer.granted = bad(4) ? random_.below(order.wanted) : order.wanted;
  if (answer.granted < order.wanted) answer.retry_in = milliseconds{random_.between(1, 1'000)};
  after(milliseconds{random_.between(1, 50)}, [this, answer] { tell(answer); });
}

void dispatch_simulation::carry_out(const dispatch_orders::commit_intent& order) {
  note("commit_intent" + words(order.rows));
  const batch_id id{order.seq};
  commit_then(
      [this, order, id] {
        if (order.seq != last_seq_ + 1 && batches_.contains(id)) fail("a batch number twice");
        last_seq_ = std::max(last_seq_, order.seq);
        batches_[id].rows = order.rows;
        for (const auto row : order.rows) {
          if (rows_.at(row).phase != stored_phase::queued) fail("intends a row that is not queued");
          rows_.at(row).phase = stored_phase::dispatching;
          rows_.at(row).batch = id;
        }
      },
      dispatch_fact::intent_committed{order.key, id}, dispatch_fact::intent_failed{order.key});
}

void dispatch_simulation::accept(batch_id batch, const std::vector<job_row_id>& rows, milliseconds in, bool hidden) {
  // The provider takes a batch in, unless its mark was spent meanwhile, and lists it within `settle` of that.
  const auto listed_at = now_ + in + milliseconds{random_.between(0, policy_.settle.count() - 1)};
  for (const auto row : rows) on_their_way_.emplace(row, batch);
  after(
      in,
      [this, batch, rows, listed_at, hidden] {
        if (spent_.contains(batch)) return;
        for (const auto row : rows) {
          on_their_way_.erase(row);
          if (ledger_.contains(row)) fail("row " + std::to_string(value(row)) + " was dialled twice");
          ledger_[row] = {"job-" + std::to_string(value(row)),
                          hidden ? std::nullopt : std::optional<steady_time>{listed_at}};
        }
      },
      true);
}

void dispatch_simulation::carry_out(const dispatch_orders::send_batch& order) {
  note("send_batch" + words(order.rows));
  if (held_) fail("sends while suspended");
  if (order.rows.empty()) fail("sends nothing");
  sent_.insert(order.rows.begin(), order.rows.end());
  for (const auto row : order.rows) {
    const auto& stored = rows_.at(row);
    if (stored.phase != stored_phase::dispatching || std::ranges::count(batches_.at(stored.batch).rows, row) != 1)
      fail("row " + std::to_string(value(row)) + " is sent without a durable intent");
    if (ledger_.contains(row) || on_their_way_.contains(row))
      fail("row " + std::to_string(value(row)) + " is sent although an earlier send may have arrived");
  }
  const auto key = order.key;
  const auto refuse = [&](errc code, const char* why, std::int64_t retry_after_ms) {
    after(milliseconds{random_.between(5, 3'000)}, [this, key, f = failure{code, why, {}, retry_after_ms}] {
      note(f.message);
      tell(dispatch_fact::assign_failed{key, f});
    });
  };
  if (weather_.refuse_all || bad(weather_.refuse)) return refuse(errc::rejected, "refused", 0);
  if (bad(weather_.not_received)) return refuse(errc::unavailable, "connection refused", 0);
  if (bad(weather_.throttle)) {
    switch (random_.below(4)) {
      case 0: return refuse(errc::throttled, "throttled", 2'000);
      case 1: return refuse(errc::unavailable, "breaker open", 5'000);
      case 2: return refuse(errc::overloaded, "queue full", 0);
      default: return refuse(errc::cancelled, "stopping", 0);
    }
  }
  auto taken = order.rows;
  if (bad(weather_.part)) std::erase_if(taken, [&](job_row_id) { return random_.one_in(2); });
  if (bad(weather_.lose_answer)) {
    // However late: its sender may stand still with it in its hands.
    const auto late = random_.one_in(3) ? 8 * policy_.settle.count() : policy_.settle.count() - 1;
    if (!random_.one_in(3)) accept(order.batch, taken, milliseconds{random_.between(0, late)}, false);
    constexpr errc codes[] = {errc::timed_out, errc::lost, errc::malformed, errc::internal};
    const auto code = codes[random_.below(4)];
    after(milliseconds{random_.between(0, 10'000)}, [this, key, code] {
      note("answer lost");
      tell(dispatch_fact::assign_failed{key, {code, "answer lost", {}, 0}});
    });
    return;
  }
  const auto hidden = bad(weather_.hidden);
  const auto answer_in = milliseconds{random_.between(20, 3'000)};
  accept(order.batch, taken, milliseconds{random_.between(0, 20)}, hidden);
  dispatch_fact::assign_accepted accepted{key, {}, "request"};
  if (!bad(weather_.no_ids))
    for (const auto row : taken) accepted.call_job_ids.push_back("job-" + std::to_string(value(row)));
  std::ranges::reverse(accepted.call_job_ids);
  after(answer_in, [this, accepted] { tell(accepted); });
}

void dispatch_simulation::carry_out(const dispatch_orders::match_ids& order) {
  after(milliseconds{random_.between(20, 500)}, [this, order] {
    if (bad(weather_.read_failure)) return tell(dispatch_fact::match_failed{order.key});
    dispatch_fact::ids_matched matched{order.key, {}};
    for (const auto& [row, job] : ledger_)
      if (job.listed_at && *job.listed_at <= now_ && std::ranges::count(order.call_job_ids, job.call_job_id) > 0)
        matched.found.emplace_back(row, job.call_job_id);
    tell(matched);
  });
}

void dispatch_simulation::carry_out(const dispatch_orders::commit_ack& order) {
  note("commit_ack of " + std::to_string(order.ids.size()));
  commit_then(
      [this, order] {
        for (const auto& [row, id] : order.ids) {
          auto& stored = rows_.at(row);
          if (stored.phase != stored_phase::dispatching) fail("acknowledges a row that is not dispatching");
          if (stored.batch != order.batch) fail("acknowledges a row of another batch");
          stored.phase = stored_phase::tracking;
          stored.call_job_id = id;
        }
        const bool left = std::ranges::any_of(batches_.at(order.batch).rows, [&](job_row_id row) {
          return rows_.at(row).batch == order.batch && rows_.at(row).phase == stored_phase::dispatching;
        });
        if (order.completes_batch && left) fail("completes a batch that has rows left");
      },
      dispatch_fact::ack_committed{order.key}, dispatch_fact::ack_failed{order.key});
}

void dispatch_simulation::carry_out(const dispatch_orders::commit_requeue& order) {
  note("commit_requeue" + words(order.rows) + " because " + order.reason);
  commit_then(
      [this, order] {
        for (const auto row : order.rows) {
          auto& stored = rows_.at(row);
          if (stored.phase != stored_phase::dispatching) fail("requeues a row that is not dispatching");
          stored.phase = stored_phase::queued;
          if (order.counts_as_attempt) ++stored.attempts;
          if (ledger_.contains(row) || on_their_way_.contains(row))
            fail("requeues row " + std::to_string(value(row)) + ", which the provider has");
        }
      },
      dispatch_fact::requeue_committed{order.key}, dispatch_fact::requeue_failed{order.key});
}

void dispatch_simulation::carry_out(const dispatch_orders::note_batch& order) {
  using what = dispatch_orders::note_batch::what;
  auto c = std::make_shared<commit>(commit{[this, order] {
    // A batch noted as answered, or as closed, is looked for after a restart but never sent again.
    auto& stored = batches_.at(order.batch);
    (order.state == what::lost ? stored.lost : stored.accepted) = true;
  }});
  commits_.push_back(c);
  after(milliseconds{random_.between(1, 200)}, [this, c] {
    c->done = true;
    if (!bad(weather_.commit_failure)) c->land();
  });
}

void dispatch_simulation::carry_out(const dispatch_orders::spend_mark& order) {
  note("spend_mark of batch " + std::to_string(value(order.batch)));
  const bool arrives = !bad(weather_.read_failure);
  after(milliseconds{random_.between(5, 1'000)}, [this, order, arrives] {
    if (arrives || random_.one_in(2)) {
      spent_.insert(order.batch);
      std::erase_if(on_their_way_, [&](const auto& entry) { return entry.second == order.batch; });
    }
    after(milliseconds{random_.between(5, 1'000)}, [this, order, arrives] {
      if (arrives) return tell(dispatch_fact::mark_spent{order.key});
      tell(dispatch_fact::mark_not_spent{order.key});
    });
  });
}

void dispatch_simulation::carry_out(const dispatch_orders::read_group&) {
  note("read_group");
  after(milliseconds{random_.between(0, 1'000)}, [this] {
    // The list may be as old as `settle`: a replica behind, or pages read while rows move.
    const auto as_of = now_ - milliseconds{bad(2) ? random_.between(0, policy_.settle.count() - 1) : 0};
    std::set<job_row_id> snapshot;
    for (const auto& [row, job] : ledger_)
      if (job.listed_at && *job.listed_at <= as_of) snapshot.insert(row);
    after(milliseconds{random_.between(5, 2'000)}, [this, snapshot] {
      if (bad(weather_.read_failure)) return tell(dispatch_fact::group_read_failed{});
      dispatch_fact::group_read read;
      for (const auto row : machine_->unknown_rows())
        if (snapshot.contains(row)) read.found.emplace_back(row, ledger_.at(row).call_job_id);
      tell(read);
    });
  });
}

void dispatch_simulation::carry_out(const dispatch_orders::declare_unplaced& order) {
  note("declare_unplaced" + words(order.rows));
  // Each job commits for itself and repeats until it is durable; a crash before it leaves the row in dispatching.
  for (const auto row : order.rows) {
    given_up_.insert(row);
    after(milliseconds{random_.between(1, 5'000)}, [this, row] {
      if (rows_.at(row).phase != stored_phase::dispatching) fail("an unplaced row is not dispatching");
      rows_.at(row).phase = stored_phase::unplaced;
    });
  }
}

void dispatch_simulation::carry_out(const dispatch_orders::report_nothing_assigned& order) {
  note("report_nothing_assigned: " + order.why.message);
  for (const auto& [row, stored] : rows_)
    if ((stored.phase == stored_phase::dispatching && !given_up_.contains(row)) ||
        stored.phase == stored_phase::tracking)
      fail("reports that nothing was assigned while row " + std::to_string(value(row)) + " is not queued");
  reported_ = true;
}

}  // namespace waihu::testing
