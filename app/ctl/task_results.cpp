#include "app/ctl/task_results.hpp"

#include <array>
#include <cstdio>

#include "app/ctl/display_text.hpp"

namespace waihu::ctl {

namespace {

constexpr std::int64_t no_rows = 4008;
constexpr std::int64_t rows_per_page = 200;

const rapidjson::Value& last_attempt(const rapidjson::Value& row) {
  const auto& tasks = member(row, "Tasks");
  static const rapidjson::Value none;
  return tasks.IsArray() && !tasks.Empty() ? tasks[tasks.Size() - 1] : none;
}

std::string status_cell(const rapidjson::Value& row) {
  const auto text = text_of(row, "StatusText");
  return text.empty() ? text_of(row, "Status") : text;
}

std::string clock_text(std::int64_t ms) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%02lld:%02lld", static_cast<long long>(ms / 60'000),
                static_cast<long long>(ms / 1000 % 60));
  return buffer.data();
}

std::string speaker_text(const std::string& speaker) {
  if (speaker == "Robot") return "机器人";
  if (speaker == "Contact") return "客户　";
  return printable(speaker);
}

}  // namespace

result<void> for_each_result(api_client& api, std::int64_t task,
                             const std::function<bool(const rapidjson::Value&)>& each) {
  for (std::int64_t page = 1, pages = 1; page <= pages; ++page) {
    json_object body;
    body.add("task_id", task).add("page", page).add("page_size", rows_per_page);
    auto answer = api.post("/api/query-task-execution", body.text());
    if (!answer) return tl::unexpected<failure>(std::move(answer.error()));
    if (!answer->is_success()) {
      if (answer->code() == no_rows) return {};
      return fail(errc::rejected, answer->message(), std::to_string(answer->code()));
    }
    const auto& rows = member(answer->data(), "jobs_data");
    if (!rows.IsArray() || rows.Empty()) return {};
    for (const auto& row : rows.GetArray())
      if (!each(row)) return {};
    pages = number_of(member(answer->data(), "pagination"), "total_pages");
  }
  return {};
}

std::vector<std::string> result_headings() {
  return {"row", "name", "phone", "status", "outcome", "dial", "interest", "remark", "next call"};
}

std::vector<std::string> result_cells(std::int64_t number, const rapidjson::Value& row) {
  const auto& follow = member(row, "follow_data");
  return {std::to_string(number),
          text_of(row, "LeadsName"),
          text_of(row, "LeadsPhone"),
          status_cell(row),
          outcome_cell(row),
          text_of(row, "DispositionText"),
          interest_cell(row),
          text_of(follow, "leads_remark"),
          text_of(follow, "next_follow_time")};
}

std::string outcome_cell(const rapidjson::Value& row) {
  const auto word = text_of(row, "Outcome");
  return word.empty() ? "" : word + " " + text_of(row, "OutcomeText");
}

std::string interest_cell(const rapidjson::Value& row) {
  if (member(row, "is_interested").IsNull()) return "";
  switch (number_of(row, "is_interested")) {
    case 1: return "interested";
    case 2: return "not interested";
    default: return "undecided";
  }
}

std::string format_transcript(std::int64_t number, const rapidjson::Value& row) {
  std::string out = "row " + std::to_string(number) + "  " + printable(text_of(row, "LeadsName")) + "  " +
                    printable(text_of(row, "LeadsPhone")) + "  " + printable(status_cell(row)) + "  " +
                    printable(text_of(row, "DispositionText")) + "\n";
  const auto& told = member(last_attempt(row), "Conversation");
  rapidjson::Document parsed;
  const rapidjson::Value* lines = &told;
  if (told.IsString()) {  // the provider's own form: a JSON array as a text
    parsed.Parse<rapidjson::kParseIterativeFlag>(told.GetString(), told.GetStringLength());
    lines = &parsed;
  }
  if (parsed.HasParseError() || !lines->IsArray() || lines->Empty()) {
    out += "  (no conversation)\n";
  } else {
    const auto first = number_of((*lines)[0], "Timestamp");
    for (const auto& line : lines->GetArray())
      out += "  [" + clock_text(number_of(line, "Timestamp") - first) + "] " + speaker_text(text_of(line, "Speaker")) +
             "  " + printable(text_of(line, "Script")) + "\n";
  }
  const auto& follow = member(row, "follow_data");
  if (!follow.IsObject()) return out + "  follow-up: none yet\n";
  const auto next = text_of(follow, "next_follow_time");
  return out + "  follow-up: " + printable(text_of(follow, "leads_remark")) + "\n  interest:  " + interest_cell(row) +
         "\n  next call: " + (next.empty() ? "-" : printable(next)) + "\n";
}

}  // namespace waihu::ctl
