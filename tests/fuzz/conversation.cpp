// Conversations as the provider hands them over: lines, clauses, the rules analyst, the prompt for a language model,
// and times named in speech. An input is a JSON array of lines, or any text.
#include "http/body_fields.hpp"
#include "provider/analysis_prompt.hpp"
#include "provider/follow_time.hpp"
#include "provider/rules_analyst.hpp"
#include "provider/transcript.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu;
using namespace waihu::provider;
using fuzz::promise;

constexpr auto call_time = from_epoch_ms(1'767'225'600'000);
constexpr auto hundred_years = std::chrono::days{36'600};
constexpr int offset = 480;

void check_time(std::optional<wall_time> at) {
  if (at) promise(*at > call_time - std::chrono::days{1} && *at < call_time + hundred_years * 10, "a time is near");
}

void check_lines(const transcript& t) {
  promise(t.is_readable || t.lines.empty(), "what is not readable has no lines");
  for (const auto& line : t.lines) {
    promise(!line.text.empty() && line.text.size() <= max_line_bytes, "a line is not empty and not too long");
    for (const auto& clause : split_clauses(line.text)) {
      promise(!clause.empty() && clause.size() <= line.text.size(), "a clause is a part of its line");
      const auto inner = split_clauses(clause);
      promise(inner.size() == 1 && inner.front() == clause, "a clause has no clauses");
    }
    bool has_instruction = false;
    for (const auto& clause : honest_clauses(line.text, &has_instruction))
      promise(!is_instruction(clause), "an honest clause commands nothing");
  }
}

void check_prompt(const analysis_request& request, const transcript& t) {
  const std::string mark = "0123456789abcdef0123456789abcdef";
  const auto prompt = conversation_prompt(request, t, mark);
  std::size_t marks = 0;
  for (auto at = prompt.find(mark); at != std::string::npos; at = prompt.find(mark, at + 1)) ++marks;
  promise(marks == 2 || request.conversation_json.find(mark) != std::string::npos, "the marks stand there twice");
  promise(prompt.size() <= (96 << 10), "a prompt is bounded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  analysis_request request;
  request.conversation_json = std::string(fuzz::as_text(data, size));
  request.call_time = call_time;
  request.utc_offset_minutes = offset;
  const auto t = read_transcript(request.conversation_json);
  check_lines(t);
  check_prompt(request, t);
  const auto verdict = analyze_by_rules(request);
  const auto again = analyze_by_rules(request);
  promise(verdict.remark == again.remark && verdict.is_interested == again.is_interested &&
              verdict.next_follow_time == again.next_follow_time,
          "the rules give one answer to one conversation");
  promise(http::length_in_characters(verdict.remark) <= 1000, "a remark has at most 1000 characters");
  promise(http::is_storable_text(verdict.remark), "a remark is storable");
  check_time(verdict.next_follow_time);
  check_time(find_follow_time(request.conversation_json, call_time, offset));
  return 0;
}
