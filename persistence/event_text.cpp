#include "persistence/event_text.hpp"

#include <utility>

#include "messages/model/text.hpp"

namespace waihu {

namespace {

event_record job_event(const ownership& own, job_row_id row, std::string organization_id, std::string from,
                       std::string to, wall_time at) {
  event_record e;
  e.organization_id = std::move(organization_id);
  e.task = own.task;
  e.job = row;
  e.kind = "job";
  e.from = std::move(from);
  e.to = std::move(to);
  e.at = at;
  e.data_json = "{}";
  return e;
}

std::string case_call_text(case_call_id id) { return ",\"caseCallId\":" + std::to_string(value(id)); }

}  // namespace

std::string json_string(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4U];
      out += hex[byte & 0xfU];
    } else {
      out += c;
    }
  }
  return out += '"';
}

event_record event_of(const change::move_task& c, std::string organization_id) {
  event_record e;
  e.organization_id = std::move(organization_id);
  e.task = c.own.task;
  e.kind = "task";
  e.from = to_string(c.from);
  e.to = to_string(c.to);
  e.at = c.at;
  e.data_json = "{\"from_type\":" + std::to_string(static_cast<int>(c.from)) +
                ",\"to_type\":" + std::to_string(static_cast<int>(c.to));
  if (c.job_group_id) e.data_json += ",\"job_group_id\":" + json_string(storable_text(*c.job_group_id));
  if (c.last_error)
    e.data_json += ",\"last_error\":" + json_string(cut_text(storable_text(*c.last_error), error_limit));
  e.data_json += "}";
  return e;
}

event_record event_of(const change::settle_job& c, std::string organization_id, std::string phase_left) {
  auto e = job_event(c.own, c.row, std::move(organization_id), std::move(phase_left), "settled", c.at);
  e.data_json = "{\"status\":" + json_string(to_string(c.status)) +
                ",\"outcome\":" + json_string(to_string(stored_outcome(c))) +
                ",\"attempt_status\":" + json_string(storable_text(c.last.status));
  if (c.case_call)
    e.data_json += case_call_text(*c.case_call) + ",\"callStatus\":" + json_string(to_string(c.status)) +
                   ",\"callStatusText\":" + json_string(chinese_text(c.status));
  e.data_json += "}";
  return e;
}

event_record event_of(const change::attach_attempt& c, std::string organization_id, const std::string& phase,
                      wall_time at) {
  auto e = job_event(c.own, c.row, std::move(organization_id), phase, phase, at);
  e.data_json = "{\"conversation\":true}";
  return e;
}

event_record event_of(const change::park_job& c, std::string organization_id, std::string phase_left) {
  auto e = job_event(c.own, c.row, std::move(organization_id), std::move(phase_left), "parked", c.at);
  e.data_json = "{\"reason\":" + json_string(to_string(c.reason));
  if (c.case_call) {
    e.data_json += case_call_text(*c.case_call);
    if (c.reason == parked_reason::unreachable) e.data_json += ",\"message\":\"获取通话状态失败\"";
  }
  e.data_json += "}";
  return e;
}

event_record event_of(const change::unpark_job& c, std::string organization_id, std::string phase_entered) {
  return job_event(c.own, c.row, std::move(organization_id), "parked", std::move(phase_entered), c.at);
}

event_record event_of(const change::record_follow_up& c, std::string organization_id, std::string phase_left,
                      follow_id id, int is_interested, bool replaced) {
  auto e = job_event(c.own, c.row, std::move(organization_id), std::move(phase_left), "closed", c.at);
  e.kind = "follow";
  e.data_json =
      "{\"follow_id\":" + std::to_string(value(id)) + ",\"leads_id\":" + json_string(storable_text(c.leads_id)) +
      ",\"is_interested\":" + std::to_string(is_interested) + ",\"replaced\":" + (replaced ? "true" : "false") + "}";
  return e;
}

job_outcome stored_outcome(const change::settle_job& c) noexcept {
  return c.outcome == job_outcome::none ? outcome_of(c.status, c.last.status) : c.outcome;
}

}  // namespace waihu
