#include "provider/simulator/faults.hpp"

#include <algorithm>
#include <array>

#include "provider/simulator/json_writing.hpp"

namespace waihu::simulator {

namespace {

constexpr std::array<std::string_view, fault_count> fault_names{"lose_answer_after_accept",
                                                                "hang_after_accept",
                                                                "hang_before",
                                                                "reset",
                                                                "error",
                                                                "throttle",
                                                                "html_503",
                                                                "not_json_200",
                                                                "success_false",
                                                                "delay",
                                                                "status_backwards",
                                                                "duplicate_answer",
                                                                "drop_job_ids",
                                                                "hide_job_ids",
                                                                "ordered_job_ids",
                                                                "mask_phones",
                                                                "no_reference_ids",
                                                                "hold",
                                                                "outage",
                                                                "half_answer",
                                                                "llm_content",
                                                                "llm_fenced",
                                                                "llm_thinking",
                                                                "llm_truncated",
                                                                "llm_null_content",
                                                                "llm_obeys_injection",
                                                                "llm_gullible",
                                                                "llm_trailing_text",
                                                                "llm_empty_choices",
                                                                "llm_content_filter"};
constexpr std::size_t most_rules = 1'000;
constexpr std::int64_t longest_wait_ms = 600'000;

bool is_about_transport(fault_effect e) noexcept {
  return e <= fault_effect::delay || e == fault_effect::hold || e == fault_effect::outage ||
         e == fault_effect::half_answer;
}

bool matches(const fault_rule& rule, std::string_view action) noexcept {
  return rule.action == action || (rule.action == "*" && action != "ChatCompletions");
}

result<fault_rule> read_rule(const rapidjson::Value& v) {
  if (!v.IsObject()) return fail(errc::invalid_argument, "a fault rule must be an object");
  static constexpr std::array known{"action", "when",  "effect", "ms",      "retry_after_ms",
                                    "status", "share", "code",   "message", "after_accept"};
  for (const auto& member : v.GetObject())
    if (std::find(known.begin(), known.end(), std::string_view{member.name.GetString()}) == known.end())
      return fail(errc::invalid_argument, "a fault rule has no member " + std::string{member.name.GetString()});
  fault_rule rule;
  rule.action = text_member(v, "action").empty() ? "*" : text_member(v, "action");
  const auto effect = std::find(fault_names.begin(), fault_names.end(), text_member(v, "effect"));
  if (effect == fault_names.end()) return fail(errc::invalid_argument, "a fault rule needs a known effect");
  rule.effect = static_cast<fault_effect>(effect - fault_names.begin());
  rule.ms = std::clamp<std::int64_t>(number_member(v, "ms", 1'000), 0, longest_wait_ms);
  rule.retry_after_ms = number_member(v, "retry_after_ms", 0);
  rule.status = static_cast<int>(number_member(v, "status", 0));
  if (rule.status != 0 && (rule.status < 200 || rule.status > 599))
    return fail(errc::invalid_argument, "status must be from 200 to 599");
  if (const auto share = v.FindMember("share"); share != v.MemberEnd() && share->value.IsNumber())
    rule.share = std::clamp(share->value.GetDouble(), 0.0, 1.0);
  rule.code = text_member(v, "code");
  rule.message = text_member(v, "message");
  rule.after_accept = flag_member(v, "after_accept", false);
  const auto when = v.FindMember("when");
  if (when == v.MemberEnd()) return rule;
  if (!when->value.IsObject()) return fail(errc::invalid_argument, "when must be an object");
  rule.conditional = true;
  for (const auto& member : when->value.GetObject()) {
    const std::string_view name{member.name.GetString()};
    if (!member.value.IsNumber() || member.value.GetDouble() < 0)
      return fail(errc::invalid_argument, "the members of when are numbers from 0 up");
    const auto number = static_cast<std::uint64_t>(member.value.GetDouble());
    if (name == "nth") rule.nth = number;
    else if (name == "every") rule.every = number;
    else if (name == "from_call") rule.from_call = number;
    else if (name == "count") rule.count = number;
    else if (name == "probability") rule.probability = member.value.GetDouble();
    else return fail(errc::invalid_argument, "when has no member " + std::string{name});
  }
  return rule;
}

/// Counts the request and tells whether the rule's conditions hold for it.
bool is_due(fault_rule& rule, std::uint64_t seed) {
  ++rule.seen;
  if (rule.count > 0 && rule.hits >= rule.count) return false;
  if (rule.nth > 0 && rule.seen != rule.nth) return false;
  if (rule.every > 0 && rule.seen % rule.every != 0) return false;
  if (rule.seen < rule.from_call) return false;
  return rule.probability >= 1.0 || dice{mix64(seed ^ mix64(rule.id)) + rule.seen}.chance(rule.probability);
}

void replace_answer(fault_orders& o, const fault_rule& rule, fault_orders::replacement instead, int status,
                    std::string_view code, std::string_view message) {
  o.instead = instead;
  o.skip = !rule.after_accept;
  o.status = rule.status != 0 ? rule.status : status;
  o.code = rule.code.empty() ? code : std::string_view{rule.code};
  o.message = rule.message.empty() ? message : std::string_view{rule.message};
  o.retry_after_ms = rule.retry_after_ms;
}

void order(fault_orders& o, const fault_rule& rule) {
  using enum fault_effect;
  using replacement = fault_orders::replacement;
  switch (rule.effect) {
    case lose_answer_after_accept: o.end = fault_orders::fate::close; break;
    case hang_after_accept: o.wait_after_ms = rule.ms; break;
    case hang_before:
      o.wait_before_ms = rule.ms;
      o.skip = true;
      o.end = fault_orders::fate::close;
      break;
    case reset:
      o.skip = !rule.after_accept;
      o.end = fault_orders::fate::reset;
      break;
    case error:
      replace_answer(o, rule, replacement::api_error, 500, "InternalError",
                     "The request processing has failed due to some unknown error.");
      break;
    case throttle:
      replace_answer(o, rule, replacement::throttled, 400, "Throttling.User",
                     "Request was denied due to user flow control.");
      break;
    case html_503: replace_answer(o, rule, replacement::html, 503, "ServiceUnavailable", ""); break;
    case not_json_200: replace_answer(o, rule, replacement::not_json, 200, "OK", "service is warming up"); break;
    case success_false:
      replace_answer(o, rule, replacement::unsuccessful, 200, "InvalidParameter", "The parameter is invalid.");
      break;
    case delay: o.wait_before_ms = rule.ms; break;
    case hold: (rule.after_accept ? o.hold_after : o.hold_before) = true; break;
    case outage:
      o.skip = true;
      o.end = fault_orders::fate::close;
      break;
    case status_backwards: o.status_backwards = true; break;
    case duplicate_answer: o.duplicate_answer = true; break;
    case drop_job_ids: o.accepted_share = rule.share; break;
    case hide_job_ids: o.shown_share = rule.share; break;
    case ordered_job_ids: o.ordered_job_ids = true; break;
    case mask_phones: o.mask_phones = true; break;
    case no_reference_ids: o.no_reference_ids = true; break;
    case half_answer: o.end = fault_orders::fate::half; break;
    case llm_content: o.llm_content = rule.message; break;
    case llm_fenced: o.llm_fenced = true; break;
    case llm_thinking: o.llm_thinking = true; break;
    case llm_truncated: o.llm_truncated = true; break;
    case llm_null_content: o.llm_null_content = true; break;
    case llm_obeys_injection: o.llm_obeys = true; break;
    case llm_gullible:
      o.llm_gullible = true;
      o.llm_command = rule.message;
      break;
    case llm_trailing_text: o.llm_trailing_text = true; break;
    case llm_empty_choices: o.llm_empty_choices = true; break;
    case llm_content_filter: o.llm_content_filter = true; break;
  }
}

}  // namespace

std::string_view fault_name(fault_effect effect) noexcept { return fault_names[static_cast<std::size_t>(effect)]; }

result<std::vector<std::uint64_t>> fault_book::add(std::string_view json, std::int64_t now_ms) {
  rapidjson::Document d;
  d.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (d.HasParseError() || !(d.IsArray() || d.IsObject()))
    return fail(errc::invalid_argument, "faults are a JSON list of rules");
  std::vector<fault_rule> fresh;
  if (d.IsObject()) {
    auto rule = read_rule(d);
    if (!rule) return tl::unexpected(rule.error());
    fresh.push_back(std::move(*rule));
  } else {
    for (const auto& v : d.GetArray()) {
      auto rule = read_rule(v);
      if (!rule) return tl::unexpected(rule.error());
      fresh.push_back(std::move(*rule));
    }
  }
  if (rules_.size() + fresh.size() > most_rules) return fail(errc::invalid_argument, "too many fault rules");
  std::vector<std::uint64_t> ids;
  for (auto& rule : fresh) {
    rule.id = next_id_++;
    ids.push_back(rule.id);
    if (rule.effect == fault_effect::outage && !rule.conditional) outage_until_ms_ = now_ms + rule.ms;
    rules_.push_back(std::move(rule));
  }
  return ids;
}

void fault_book::clear() {
  rules_.clear();
  outage_until_ms_ = 0;
}

fault_orders fault_book::judge(std::string_view action, std::int64_t now_ms) {
  fault_orders orders;
  const auto note = [&](std::string_view name) {
    if (!orders.effects.empty()) orders.effects += ',';
    orders.effects += name;
  };
  bool transport_taken = false;
  if (now_ms < outage_until_ms_) {
    fault_rule during;
    during.effect = fault_effect::outage;
    order(orders, during);
    note("outage");
    for (auto& rule : rules_)
      if (rule.effect == fault_effect::outage && !rule.conditional) ++rule.hits;
    return orders;
  }
  for (auto& rule : rules_) {
    if (!matches(rule, action)) continue;
    if (rule.effect == fault_effect::outage && !rule.conditional) continue;
    if (!is_due(rule, seed_) || (is_about_transport(rule.effect) && transport_taken)) continue;
    ++rule.hits;
    if (rule.effect == fault_effect::outage) outage_until_ms_ = now_ms + rule.ms;
    transport_taken = transport_taken || is_about_transport(rule.effect);
    order(orders, rule);
    note(fault_name(rule.effect));
  }
  return orders;
}

std::string fault_book::to_json() const {
  rapidjson::StringBuffer buffer;
  json_out w{buffer};
  w.StartArray();
  for (const auto& rule : rules_) {
    w.StartObject();
    put(w, "id", rule.id);
    put(w, "action", rule.action);
    put(w, "effect", fault_name(rule.effect));
    put(w, "seen", rule.seen);
    put(w, "hits", rule.hits);
    w.EndObject();
  }
  w.EndArray();
  return text_of(buffer);
}

}  // namespace waihu::simulator
