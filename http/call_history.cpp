#include "http/call_history.hpp"

#include <algorithm>

#include "http/json_writer.hpp"

namespace waihu::http {

namespace {

std::string_view word_of(batch_state state) noexcept {
  switch (state) {
    case batch_state::acked: return "batch_accepted";
    case batch_state::failed: return "batch_failed";
    case batch_state::unknown: return "batch_unknown";
    case batch_state::sent: return "batch_sent";
    case batch_state::intent: break;
  }
  return "batch_intended";
}

/// The details of a batch as an object.
std::string details_of(const dispatch_batch_record& b) {
  std::string out;
  string_sink sink(&out);
  json_writer w(sink);
  w.StartObject();
  field(w, "seq", b.seq);
  field(w, "state", to_string(b.state));
  field(w, "epoch", value(b.epoch));
  field(w, "request_id", b.request_id);
  w.EndObject();
  return out;
}

}  // namespace

std::vector<moment> history_of(const moment& created, const call_job_view& call, const query::history_of_call& stored) {
  std::vector<moment> all;
  all.push_back(created);
  for (const auto& b : stored.batches) {
    const auto details = details_of(b);
    all.push_back({b.created_at, "batch_intended", "dispatch", details});
    if (b.sent_at) all.push_back({*b.sent_at, "batch_sent", "dispatch", details});
    if (b.acked_at) all.push_back({*b.acked_at, word_of(batch_state::acked), "provider", details});
    else if (b.state == batch_state::failed || b.state == batch_state::unknown)
      all.push_back({b.sent_at.value_or(b.created_at), word_of(b.state), b.error, details});
  }
  for (const auto& e : stored.events) {
    std::string_view what = "task_moved";
    if (e.kind == "follow") what = "follow_up";
    else if (e.kind == "job" && e.to == "settled") what = e.from == "settled" ? "conversation" : "settled";
    else if (e.kind == "job" && e.to == "parked") what = "parked";
    else if (e.kind == "job" && e.from == "parked") what = "unparked";
    else if (e.kind == "job") what = "conversation";
    all.push_back({e.at, what, e.from.empty() ? e.to : e.from + " → " + e.to, e.data_json});
  }
  if (call.recording_fetched_at) all.push_back({*call.recording_fetched_at, "recording_fetched", "", "{}"});
  std::stable_sort(all.begin(), all.end(), [](const moment& a, const moment& b) { return a.at < b.at; });
  return all;
}

}  // namespace waihu::http
