#include "http/row_view.hpp"

#include "http/conversation.hpp"
#include "http/task_view.hpp"
#include "messages/model/voice.hpp"

namespace waihu::http {

namespace {

/// The last attempt of a job, from its row or its live snapshot.
struct shown_attempt {
  std::string_view call_task_id, status, calling_number, called_number, conversation;
  std::int64_t planed_ms{}, actual_ms{};
  bool exists() const {
    return !call_task_id.empty() || !status.empty() || !calling_number.empty() || planed_ms != 0 || actual_ms != 0 ||
           !conversation.empty();
  }
};

void write_attempts(json_writer& w, const shown_attempt& a) {
  key(w, "Tasks");
  w.StartArray();
  if (a.exists()) {
    w.StartObject();
    field(w, "TaskId", a.call_task_id);
    field(w, "PlanedTime", a.planed_ms);
    const auto duration = conversation_duration_ms(a.conversation);
    key(w, "Conversation");
    const auto lines = duration ? a.conversation : std::string_view{"[]"};
    w.RawValue(lines.data(), lines.size(), rapidjson::kArrayType);
    field(w, "CallingNumber", a.calling_number);
    field(w, "CalledNumber", a.called_number);
    field(w, "Duration", duration.value_or(0));
    field(w, "ActualTime", a.actual_ms);
    field(w, "Status", a.status);
    field(w, "StatusText", classify_attempt(a.status).text);
    w.EndObject();
  }
  w.EndArray();
}

}  // namespace

void write_time_or_null(json_writer& w, const zone_clock& zone, std::string_view name,
                        const std::optional<wall_time>& t) {
  if (t) field(w, name, zone.format(*t));
  else field_null(w, name);
}

void write_follow_fields(json_writer& w, const zone_clock& zone, const follow_up_record& follow) {
  field(w, "id", value(follow.id));
  field(w, "leads_id", follow.leads_id);
  field(w, "follow_time", zone.format(follow.follow_time));
  field(w, "leads_remark", follow.leads_remark);
  write_time_or_null(w, zone, "frist_follow_time", follow.frist_follow_time);
  write_time_or_null(w, zone, "new_follow_time", follow.new_follow_time);
  write_time_or_null(w, zone, "next_follow_time", follow.next_follow_time);
  field(w, "is_arrive", follow.is_arrive);
  write_time_or_null(w, zone, "frist_arrive_time", follow.frist_arrive_time);
}

void write_follow(json_writer& w, const zone_clock& zone, const std::optional<follow_up_record>& follow) {
  if (!follow) {
    w.Null();
    return;
  }
  w.StartObject();
  write_follow_fields(w, zone, *follow);
  w.EndObject();
}

void write_interest(json_writer& w, const std::optional<interest>& known) {
  key(w, "is_interested");
  if (known) w.Int(static_cast<int>(*known));
  else w.Null();
}

void write_job(json_writer& w, const zone_clock& zone, const std::string& job_group_id, const call_job_view& row,
               const live_job* live) {
  shown_attempt a{row.call_task_id,      row.attempt_status, row.calling_number, row.called_number,
                  row.conversation_json, row.planed_ms,      row.actual_ms};
  call_status status = row.job.status;
  std::string_view word = to_string(status);
  std::string_view job_id = row.job.call_job_id;
  if (live != nullptr) {
    status = live->status;
    word = live->status_word.empty() ? to_string(live->status) : std::string_view{live->status_word};
    if (!live->call_job_id.empty()) job_id = live->call_job_id;
    a = {live->call_task_id,    live->attempt_status, live->calling_number, live->called_number,
         row.conversation_json, live->planed_ms,      live->actual_ms};
  }
  const auto meaning = classify_attempt(a.status);
  field(w, "JobId", job_id);
  field(w, "row_id", value(row.job.row));
  field(w, "JobGroupId", job_group_id);
  field(w, "Status", word);
  const auto text = chinese_text(status);
  field(w, "StatusText", status == call_status::other ? word : text);
  write_attempts(w, a);
  field(w, "RecordingUrl", row.recording_url);
  field(w, "LeadsName", row.job.leads_name);
  field(w, "LeadsPhone", row.job.leads_phone);
  field(w, "calling_number", a.calling_number);
  write_interest(w, row.job.is_interested);
  field(w, "Disposition", a.status.empty() ? std::string_view{} : to_string(meaning.meaning));
  field(w, "DispositionText", a.status.empty() ? std::string_view{} : meaning.text);
  field(w, "Outcome", to_string(row.job.outcome));
  field(w, "OutcomeText", chinese_text(row.job.outcome));
  key(w, "follow_data");
  write_follow(w, zone, row.follow);
}

void write_pagination(json_writer& w, int page, int page_size, std::int64_t total) {
  key(w, "pagination");
  w.StartObject();
  field(w, "page", page);
  field(w, "page_size", page_size);
  field(w, "total", total);
  field(w, "total_pages", page_count(total, page_size));
  w.EndObject();
}

}  // namespace waihu::http
