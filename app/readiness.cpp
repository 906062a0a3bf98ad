#include "app/readiness.hpp"

#include <algorithm>

#include "http/json_writer.hpp"

namespace waihu {

namespace {

std::string seconds_text(std::int64_t ms) {
  return std::to_string(ms / 1'000) + "." + std::to_string(ms / 100 % 10) + " s";
}

readiness_check check(std::string_view name, bool is_ok, std::string reason) {
  return {name, is_ok, is_ok ? std::string() : std::move(reason)};
}

readiness_check check_life(node_life life) {
  return check("running", life == node_life::running, life == node_life::starting ? "starting" : "stopping");
}

/// Somebody's newest word counts, unless it is so old that he may have stopped asking.
bool is_away(const heard_store& heard, std::int64_t now_ms, milliseconds memory) {
  return heard.away_ms > heard.answered_ms && now_ms - heard.away_ms <= memory.count();
}

readiness_check check_store(const readiness_facts& f, const readiness_limits& limits) {
  const auto newest = std::max({f.writer.answered_ms, f.reader.answered_ms, f.claim.answered_ms});
  if (newest == 0) return check("store", false, "it has not answered yet");
  for (const auto* heard : {&f.writer, &f.reader, &f.claim})
    if (is_away(*heard, f.now_ms, limits.store_silence))
      return check("store", false, "it was away when asked " + seconds_text(f.now_ms - heard->away_ms) + " ago");
  const auto silence = f.now_ms - newest;
  return check("store", silence <= limits.store_silence.count(), "no answer for " + seconds_text(silence));
}

}  // namespace

bool readiness::is_ready() const {
  return std::all_of(checks.begin(), checks.end(), [](const readiness_check& c) { return c.is_ok; });
}

std::string readiness::json() const {
  std::string text;
  http::string_sink sink(&text);
  http::json_writer w(sink);
  w.StartObject();
  http::field(w, "ready", is_ready());
  http::key(w, "checks");
  w.StartObject();
  for (const auto& c : checks) {
    http::key(w, c.name);
    w.StartObject();
    http::field(w, "ok", c.is_ok);
    if (!c.is_ok) http::field(w, "reason", c.reason);
    w.EndObject();
  }
  w.EndObject();
  w.EndObject();
  text += '\n';
  return text;
}

milliseconds look_overdue(const readiness_facts& f, const readiness_limits& limits) {
  std::int64_t since = f.oldest_look_due_ms == 0 ? f.now_ms : f.oldest_look_due_ms;
  if (f.unserved_since_ms != 0 && f.now_ms - f.unserved_last_ms <= limits.unserved_memory.count())
    since = std::min(since, f.unserved_since_ms);
  return milliseconds{std::max<std::int64_t>(0, f.now_ms - since)};
}

readiness judge_readiness(const readiness_facts& f, const readiness_limits& limits) {
  readiness r;
  r.checks.push_back(check_life(f.life));
  r.checks.push_back(check_store(f, limits));
  r.checks.push_back(check("claim", f.now_ms < f.claim_good_until_ms, "the claim on the shards is not confirmed"));
  const auto still = f.now_ms - f.pulse_ms;
  r.checks.push_back(check("actors", f.pulse_ms != 0 && still <= limits.pulse_silence.count(),
                           f.pulse_ms == 0 ? "not started" : "they have not turned over for " + seconds_text(still)));
  const auto overdue = look_overdue(f, limits);
  r.checks.push_back(
      check("looks", overdue <= limits.look_lateness, "the oldest is overdue by " + seconds_text(overdue.count())));
  return r;
}

}  // namespace waihu
