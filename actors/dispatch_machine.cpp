#include "actors/dispatch_machine.hpp"

#include <algorithm>
#include <utility>

#include "messages/model/gate.hpp"

namespace waihu {

namespace {

void erase_rows(std::vector<job_row_id>& rows, const std::vector<std::pair<job_row_id, std::string>>& gone) {
  std::set<job_row_id> dead;
  for (const auto& [row, id] : gone) dead.insert(row);
  std::erase_if(rows, [&](job_row_id row) { return dead.contains(row); });
}

}  // namespace

dispatch_machine::dispatch_machine(dispatch_policy policy, start found, steady_time now)
    : policy_(policy),
      queue_(found.queued.begin(), found.queued.end()),
      rounds_(found.rounds.begin(), found.rounds.end()),
      last_seq_(found.last_seq),
      anything_assigned_(found.anything_assigned) {
  for (auto& open : found.open) {
    if (open.rows.empty()) {  // nothing of it is left to be found; its owner died before closing it
      emptied_.push_back(open.batch);
      continue;
    }
    batch b;
    b.step = batch_step::unknown;
    b.id = open.batch;
    b.rows = std::move(open.rows);
    b.accepted = open.accepted;
    b.sent = open.accepted || open.lost;
    await_reading(b, now);
    batches_.emplace(next_key_++, std::move(b));
  }
}

std::vector<dispatch_order> dispatch_machine::apply(const dispatch_fact_t& fact, steady_time now) {
  orders out;
  std::visit([&](const auto& f) { on(f, now, out); }, fact);
  go_on(now, out);
  return out;
}

dispatch_machine::batch* dispatch_machine::find(batch_key key, batch_step step) {
  const auto it = batches_.find(key);
  return it == batches_.end() || it->second.step != step ? nullptr : &it->second;
}

// --- sending ---------------------------------------------------------------------------------------------------

/// How many rows at the front of the queue go into one batch.
std::size_t dispatch_machine::rows_of_next_batch(std::size_t most) {
  if (alone_.empty()) return most;
  if (alone_.erase(queue_.front()) > 0) return 1;
  std::size_t n = 1;
  while (n < most && !alone_.contains(queue_[n])) ++n;
  return n;
}

void dispatch_machine::on(const dispatch_fact::gate_answered& f, steady_time now, orders& out) {
  gate_asked_ = false;
  auto left = std::min(f.granted, queue_.size());
  if (!open_ || gave_up_) left = 0;
  while (left > 0) {
    const auto n = rows_of_next_batch(std::min(left, policy_.batch_size));
    batch b;
    b.rows.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(n));
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(n));
    const auto key = next_key_++;
    out.push_back(dispatch_orders::commit_intent{key, ++last_seq_, b.rows});
    batches_.emplace(key, std::move(b));
    left -= n;
  }
  if (f.granted == 0 || f.retry_in > milliseconds{0}) rest(now + std::max(f.retry_in, milliseconds{10}));
}

void dispatch_machine::on(const dispatch_fact::intent_committed& f, steady_time now, orders& out) {
  auto* b = find(f.key, batch_step::intending);
  if (b == nullptr) return;
  b->id = f.batch;
  if (!open_) {
    // Suspended between intent and send: surely not sent, so the rows simply go back.
    requeue(f.key, *b, b->rows, false, "held before sending", out);
    return;
  }
  b->step = batch_step::sending;
  b->tries = 1;
  b->due = now;
  out.push_back(dispatch_orders::send_batch{f.key, b->rows, b->id});
}

void dispatch_machine::on(const dispatch_fact::intent_failed& f, steady_time now, orders&) {
  auto* b = find(f.key, batch_step::intending);
  if (b == nullptr) return;
  queue_.insert(queue_.begin(), b->rows.begin(), b->rows.end());
  batches_.erase(f.key);
  rest(now + policy_.read_retry);
}

void dispatch_machine::on(const dispatch_fact::assign_accepted& f, steady_time now, orders& out) {
  auto* b = find(f.key, batch_step::sending);
  if (b == nullptr) return;
  anything_assigned_ = true;
  b->accepted = true;
  b->request_id = f.request_id;
  if (f.call_job_ids.empty()) {
    make_unknown(*b, now, "the provider answered without ids", out);
    return;
  }
  b->step = batch_step::matching;
  out.push_back(dispatch_orders::match_ids{f.key, b->rows, f.call_job_ids});
}

void dispatch_machine::on(const dispatch_fact::assign_failed& f, steady_time now, orders& out) {
  auto* b = find(f.key, batch_step::sending);
  if (b == nullptr) return;
  last_error_ = f.why.message;
  if (may_have_happened(f.why.code)) {
    make_unknown(*b, now, f.why.message, out);
    return;
  }
  if (f.why.code == errc::unauthorized && anything_assigned_) {
    // A key that was revoked in the middle of a campaign says nothing about these people: they wait for a good one.
    requeue(f.key, *b, b->rows, false, f.why.message, out);
    rest(now + policy_.long_rest);
    return;
  }
  if (!is_transient(f.why.code) && f.why.code != errc::cancelled) {
    refuse(f.key, *b, f.why, out);
    return;
  }
  if (f.why.vendor_code == over_the_rate_code) {
    // Its grant was used up waiting, and what this node may send has become less: each call needs a new one.
    requeue(f.key, *b, b->rows, false, f.why.message, out);
    rest(now + policy_.retry_delay);
    return;
  }
  const auto asked = milliseconds{f.why.retry_after_ms};
  if (f.why.code == errc::throttled) {
    // The provider has seen the request, and may take nothing more under its mark.
    requeue(f.key, *b, b->rows, false, f.why.message, out);
    rest(now + std::max(asked, policy_.read_retry));
    return;
  }
  // Surely not received, not even its mark. The same batch may be sent again under the same intent.
  if (f.why.code == errc::unavailable && asked == milliseconds{0}) {
    if (b->tries >= policy_.tries) {
      requeue(f.key, *b, b->rows, false, f.why.message, out);
      rest(now + policy_.long_rest);
      return;
    }
    b->due = now + policy_.retry_delay;
  } else {
    // Our own queue full, or the breaker open: the provider was not even asked, so no try is counted.
    --b->tries;
    b->due = now + std::max(asked, policy_.read_retry);
  }
  b->step = batch_step::resting;
  rest(b->due);
}

void dispatch_machine::refuse(batch_key key, batch& b, const failure& why, orders& out) {
  if (policy_.judges_each_alone && b.rows.size() > 1) {
    alone_.insert(b.rows.begin(), b.rows.end());
    return requeue(key, b, b.rows, false, why.message, out);
  }
  b.step = batch_step::refused;
  b.reason = why.message;
  last_refusal_ = why;
  out.push_back(dispatch_orders::note_batch{b.id, dispatch_orders::note_batch::what::refused, {}, why.message});
}

// --- acknowledging ---------------------------------------------------------------------------------------------

void dispatch_machine::on(const dispatch_fact::ids_matched& f, steady_time now, orders& out) {
  auto* b = find(f.key, batch_step::matching);
  if (b == nullptr) return;
  // Each row once, and only rows of this batch: else the count would say "complete" while a row is missing.
  std::map<job_row_id, std::string> found;
  for (const auto& [row, id] : f.found)
    if (std::find(b->rows.begin(), b->rows.end(), row) != b->rows.end()) found.emplace(row, id);
  if (found.empty()) {
    make_unknown(*b, now, "the provider's ids match no row yet", out);
    return;
  }
  acknowledge(f.key, *b, {found.begin(), found.end()}, out);
}

void dispatch_machine::on(const dispatch_fact::match_failed& f, steady_time now, orders& out) {
  if (auto* b = find(f.key, batch_step::matching)) make_unknown(*b, now, "the provider's ids could not be read", out);
}

void dispatch_machine::acknowledge(batch_key key, batch& b, std::vector<std::pair<job_row_id, std::string>> found,
                                   orders& out) {
  b.step = batch_step::acking;
  b.repeat_due = false;
  b.ids = std::move(found);
  b.completes = b.ids.size() >= b.rows.size();
  out.push_back(dispatch_orders::commit_ack{key, b.id, b.ids, b.completes, b.request_id});
}

void dispatch_machine::on(const dispatch_fact::ack_committed& f, steady_time now, orders& out) {
  auto* b = find(f.key, batch_step::acking);
  if (b == nullptr) return;
  anything_assigned_ = true;
  erase_rows(b->rows, b->ids);
  b->ids.clear();
  if (b->rows.empty()) {
    batches_.erase(f.key);
    return;
  }
  if (reading_.covers.contains(f.key)) {
    // Part of a reading that goes on: the absent rest waits for the second read.
    b->step = batch_step::unknown;
    return;
  }
  make_unknown(*b, now, "some of the batch's ids are missing", out);
}

void dispatch_machine::on(const dispatch_fact::ack_failed& f, steady_time now, orders&) {
  if (auto* b = find(f.key, batch_step::acking)) {
    b->repeat_due = true;
    b->due = now + policy_.commit_retry;
  }
}

// --- going back to the queue -----------------------------------------------------------------------------------

void dispatch_machine::requeue(batch_key key, batch& b, std::vector<job_row_id> rows, bool counts, std::string reason,
                               orders& out) {
  b.step = batch_step::requeuing;
  b.repeat_due = false;
  b.rows = std::move(rows);
  b.counts_as_attempt = counts;
  b.reason = std::move(reason);
  out.push_back(dispatch_orders::commit_requeue{key, b.id, b.rows, counts, b.reason});
}

void dispatch_machine::on(const dispatch_fact::requeue_committed& f, steady_time, orders&) {
  auto* b = find(f.key, batch_step::requeuing);
  if (b == nullptr) return;
  if (b->counts_as_attempt)
    for (const auto row : b->rows) ++rounds_[row];
  queue_.insert(queue_.begin(), b->rows.begin(), b->rows.end());
  batches_.erase(f.key);
}

void dispatch_machine::on(const dispatch_fact::requeue_failed& f, steady_time now, orders&) {
  if (auto* b = find(f.key, batch_step::requeuing)) {
    b->repeat_due = true;
    b->due = now + policy_.commit_retry;
  }
}

// --- reconciling -----------------------------------------------------------------------------------------------

void dispatch_machine::make_unknown(batch& b, steady_time now, const std::string& why, orders& out) {
  b.step = batch_step::unknown;
  b.sent = true;
  await_reading(b, now);
  last_error_ = why;
  using what = dispatch_orders::note_batch::what;
  out.push_back(dispatch_orders::note_batch{b.id, b.accepted ? what::accepted : what::lost, b.request_id, why});
}

/// What was accepted has arrived; of anything else the mark is spent first, and `settle` counts from then.
void dispatch_machine::await_reading(batch& b, steady_time now) const {
  b.spent = b.spent || b.accepted;
  b.due = b.spent ? now + policy_.settle : now;
}

void dispatch_machine::plan_spending(steady_time now, orders& out) {
  for (auto& [key, b] : batches_) {
    if (b.step != batch_step::unknown || b.spent || b.spending || b.due > now) continue;
    b.spending = true;
    out.push_back(dispatch_orders::spend_mark{key, b.id});
  }
}

void dispatch_machine::on(const dispatch_fact::mark_spent& f, steady_time now, orders&) {
  auto* b = find(f.key, batch_step::unknown);
  if (b == nullptr || !std::exchange(b->spending, false)) return;
  b->spent = true;
  await_reading(*b, now);
}

void dispatch_machine::on(const dispatch_fact::mark_not_spent& f, steady_time now, orders&) {
  auto* b = find(f.key, batch_step::unknown);
  if (b == nullptr || !std::exchange(b->spending, false)) return;
  b->due = now + policy_.read_retry;
}

void dispatch_machine::plan_reading(steady_time now, orders& out) {
  if (reading_.in_flight) return;
  if (reading_.covers.empty()) {
    for (const auto& [key, b] : batches_)
      if (b.step == batch_step::unknown && b.spent && b.due <= now) reading_.covers.insert(key);
    reading_.first_absent.reset();
    reading_.due = now;
  }
  if (reading_.covers.empty() || reading_.due > now) return;
  if (reading_waits_for_ack()) return;
  reading_.in_flight = true;
  out.push_back(dispatch_orders::read_group{});
}

/// A batch that the reading covers is being acknowledged; what is left of it is known only after that.
bool dispatch_machine::reading_waits_for_ack() const {
  return std::any_of(reading_.covers.begin(), reading_.covers.end(), [this](batch_key key) {
    const auto it = batches_.find(key);
    return it != batches_.end() && it->second.step == batch_step::acking;
  });
}

void dispatch_machine::on(const dispatch_fact::group_read_failed&, steady_time now, orders&) {
  if (!reading_.in_flight) return;
  reading_.in_flight = false;
  reading_.due = now + policy_.read_retry;
}

void dispatch_machine::on(const dispatch_fact::group_read& f, steady_time now, orders& out) {
  if (!reading_.in_flight) return;
  reading_.in_flight = false;
  const std::map<job_row_id, std::string> found(f.found.begin(), f.found.end());
  std::set<job_row_id> absent;
  std::set<batch_key> open;
  std::vector<std::pair<batch_key, std::vector<std::pair<job_row_id, std::string>>>> acks;
  for (const auto key : reading_.covers) {
    auto* b = find(key, batch_step::unknown);
    if (b == nullptr) continue;
    std::vector<std::pair<job_row_id, std::string>> here;
    for (const auto row : b->rows) {
      if (const auto it = found.find(row); it != found.end()) here.emplace_back(row, it->second);
      else absent.insert(row);
    }
    if (here.size() < b->rows.size()) open.insert(key);
    if (!here.empty()) acks.emplace_back(key, std::move(here));
  }
  for (auto& [key, here] : acks) acknowledge(key, batches_.at(key), std::move(here), out);
  reading_.covers = open;
  if (open.empty()) return;
  // Absence is believed only when a second read, `settle` later, says the same of every row.
  if (!reading_.first_absent || *reading_.first_absent != absent) {
    reading_.first_absent = std::move(absent);
    reading_.due = now + policy_.settle;
    return;
  }
  reading_.covers.clear();
  reading_.first_absent.reset();
  for (const auto key : open)
    if (auto* b = find(key, batch_step::unknown)) resolve_absent(key, *b, out);
}

void dispatch_machine::resolve_absent(batch_key key, batch& b, orders& out) {
  std::vector<job_row_id> again;
  std::vector<job_row_id> lost;
  for (const auto row : b.rows) {
    const auto it = rounds_.find(row);
    const int behind = it == rounds_.end() ? 0 : it->second;
    // What the provider had accepted is never sent again, even if its list does not show it.
    // An intent whose sender died may never have been sent: no trace of it is no reason to give its people up.
    if (b.accepted || (b.sent && behind + 1 >= policy_.max_rounds)) lost.push_back(row);
    else again.push_back(row);
  }
  if (!lost.empty()) out.push_back(dispatch_orders::declare_unplaced{lost, "not found at the provider"});
  if (!again.empty()) {
    requeue(key, b, std::move(again), b.sent, "not found at the provider by two readings", out);
    return;
  }
  out.push_back(dispatch_orders::note_batch{
      b.id, dispatch_orders::note_batch::what::refused, {}, "not found at the provider by two readings"});
  batches_.erase(key);
}

// --- time and switches -----------------------------------------------------------------------------------------

void dispatch_machine::rest(steady_time until) noexcept {
  if (!rest_until_ || *rest_until_ < until) rest_until_ = until;
}

void dispatch_machine::on(const dispatch_fact::ticked&, steady_time now, orders& out) {
  for (auto& [key, b] : batches_) {
    if (b.due > now) continue;
    switch (b.step) {
      case batch_step::resting:
        if (!open_) {
          requeue(key, b, b.rows, false, "held before sending", out);
          break;
        }
        b.step = batch_step::sending;
        ++b.tries;
        out.push_back(dispatch_orders::send_batch{key, b.rows, b.id});
        break;
      case batch_step::acking:
        if (std::exchange(b.repeat_due, false))
          out.push_back(dispatch_orders::commit_ack{key, b.id, b.ids, b.completes, b.request_id});
        break;
      case batch_step::requeuing:
        if (std::exchange(b.repeat_due, false))
          out.push_back(dispatch_orders::commit_requeue{key, b.id, b.rows, b.counts_as_attempt, b.reason});
        break;
      default: break;
    }
  }
}

void dispatch_machine::on(const dispatch_fact::opened&, steady_time, orders&) {
  open_ = true;
  gave_up_ = false;
  gave_up_reported_ = false;
}

void dispatch_machine::on(const dispatch_fact::held&, steady_time, orders&) { open_ = false; }

void dispatch_machine::on(const dispatch_fact::enqueued& f, steady_time, orders&) {
  std::set<job_row_id> known(queue_.begin(), queue_.end());
  for (const auto& [key, b] : batches_) known.insert(b.rows.begin(), b.rows.end());
  for (const auto row : f.rows)
    if (known.insert(row).second) queue_.push_back(row);
}

/// After every fact: reads that are due, the next question to the gate, and what refused batches mean together.
void dispatch_machine::go_on(steady_time now, orders& out) {
  for (const auto gone : std::exchange(emptied_, {}))
    out.push_back(dispatch_orders::note_batch{gone, dispatch_orders::note_batch::what::refused, {}, {}});
  plan_spending(now, out);
  plan_reading(now, out);
  conclude_refusals(out);
  // The rows are back in the queue, durably, before the task may leave `calling`.
  if (gave_up_ && batches_.empty() && !std::exchange(gave_up_reported_, true))
    out.push_back(dispatch_orders::report_nothing_assigned{last_refusal_});
  if (rest_until_ && *rest_until_ <= now) rest_until_.reset();
  if (!open_ || gave_up_ || gate_asked_ || queue_.empty() || rest_until_) return;
  std::size_t under_way = 0;
  std::size_t refused = 0;
  std::size_t unknown = 0;
  for (const auto& [key, b] : batches_) {
    if (b.step == batch_step::refused) ++refused;
    else if (b.step == batch_step::unknown) ++unknown;
    else ++under_way;
  }
  if (!anything_assigned_ && refused >= policy_.refusals_to_give_up) return;
  // A provider that loses every answer gets no more until some of what it has is reconciled.
  if (under_way >= policy_.max_open_batches || unknown >= policy_.max_open_batches) return;
  gate_asked_ = true;
  out.push_back(
      dispatch_orders::ask_gate{std::min(queue_.size(), (policy_.max_open_batches - under_way) * policy_.batch_size)});
}

void dispatch_machine::conclude_refusals(orders& out) {
  std::vector<batch_key> refused;
  for (const auto& [key, b] : batches_) {
    if (b.step == batch_step::refused) refused.push_back(key);
    else if (!policy_.judges_each_alone)
      return;  // somebody is still under way: what the refusals mean is not known yet
  }
  if (refused.empty() || gave_up_) return;
  const bool more_to_try = !queue_.empty() && (anything_assigned_ || refused.size() < policy_.refusals_to_give_up);
  if (more_to_try && !policy_.judges_each_alone) return;
  if (anything_assigned_ || policy_.judges_each_alone) {
    for (const auto key : refused) {
      auto& b = batches_.at(key);
      out.push_back(dispatch_orders::declare_unplaced{b.rows, b.reason});
      batches_.erase(key);
    }
    return;
  }
  gave_up_ = true;
  for (const auto key : refused) {
    auto& b = batches_.at(key);
    requeue(key, b, b.rows, false, b.reason, out);
  }
}

std::optional<steady_time> dispatch_machine::next_due() const {
  if (!emptied_.empty()) return steady_time{};
  std::optional<steady_time> due;
  const auto take = [&](steady_time t) {
    if (!due || t < *due) due = t;
  };
  for (const auto& [key, b] : batches_) {
    const bool is_unknown_due = b.step == batch_step::unknown && (b.spent ? reading_.covers.empty() : !b.spending);
    const bool waits = b.step == batch_step::resting || b.repeat_due || is_unknown_due;
    if (waits) take(b.due);
  }
  if (!reading_.covers.empty() && !reading_.in_flight && !reading_waits_for_ack()) take(reading_.due);
  if (open_ && !queue_.empty() && rest_until_) take(*rest_until_);
  return due;
}

std::vector<job_row_id> dispatch_machine::unknown_rows() const { return rows_at(batch_step::unknown); }

std::vector<job_row_id> dispatch_machine::resting_rows() const { return rows_at(batch_step::resting); }

std::vector<job_row_id> dispatch_machine::rows_at(batch_step step) const {
  std::vector<job_row_id> rows;
  for (const auto& [key, b] : batches_)
    if (b.step == step) rows.insert(rows.end(), b.rows.begin(), b.rows.end());
  return rows;
}

std::size_t dispatch_machine::rows_in_batches() const noexcept {
  std::size_t n = 0;
  for (const auto& [key, b] : batches_)
    if (b.step != batch_step::refused) n += b.rows.size();
  return n;
}

bool dispatch_machine::refused_only() const noexcept {
  return !anything_assigned_ && (gave_up_ || std::any_of(batches_.begin(), batches_.end(), [](const auto& entry) {
                                   return entry.second.step == batch_step::refused;
                                 }));
}

bool dispatch_machine::reconciling() const noexcept {
  return std::any_of(batches_.begin(), batches_.end(),
                     [](const auto& entry) { return entry.second.step == batch_step::unknown; });
}

}  // namespace waihu
