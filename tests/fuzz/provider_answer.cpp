// The voice provider's answers: classification, and every decoder of the OutboundBot codec on the same body. An input
// is one byte that picks the HTTP status, a Retry-After value, a line feed, and the body.
#include <rapidjson/document.h>

#include <array>

#include "http/body_fields.hpp"
#include "provider/json_reading.hpp"
#include "provider/outboundbot_answer.hpp"
#include "provider/outboundbot_codec.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu;
using namespace waihu::provider;
using fuzz::promise;

const std::string secret = "s3cret-Key";

/// Longest run of ASCII digits.
std::size_t digit_run(std::string_view text) {
  std::size_t run = 0;
  std::size_t longest = 0;
  for (const char c : text) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

void check_failure(const failure& why, int status) {
  promise(why.message.size() <= 1000 && why.vendor_code.size() <= 200, "what is said of a failure is short");
  promise(why.message.find(secret) == std::string::npos && why.vendor_code.find(secret) == std::string::npos,
          "no failure tells the secret");
  promise(digit_run(why.message) < 7 && digit_run(why.vendor_code) < 7, "no failure tells a telephone number");
  promise(http::is_storable_text(why.message) && http::is_storable_text(why.vendor_code),
          "what is said of a failure is valid UTF-8");
  promise(why.retry_after_ms >= 0 && why.retry_after_ms <= 3'600'000, "nobody makes us wait for more than an hour");
  promise(why.retry_after_ms == 0 || why.code == errc::throttled, "only throttling says when");
  const bool may_have_happened_status = status >= 500 || status == 408 || (status >= 300 && status < 400);
  if (may_have_happened_status && why.vendor_code.empty())
    promise(may_have_happened(why.code), "a status that proves nothing is not read as surely refused");
}

/// A snapshot's conversation is the very bytes of the body, or the same value.
void check_conversation(const attempt& last, std::string_view body) {
  if (last.conversation_json.empty()) return;
  rapidjson::Document doc;
  promise(json::parse(last.conversation_json, doc) && doc.IsArray(), "a conversation is a JSON array");
  if (body.find('\\') == std::string_view::npos)
    promise(body.find(last.conversation_json) != std::string_view::npos, "a conversation is kept byte for byte");
}

void check_snapshot(const job_snapshot& s, std::string_view body) {
  promise(s.status == parse_call_status(s.status_word), "a status is what its word says");
  promise(s.attempt_count >= 0, "attempts are counted from none");
  for (const auto ms : {s.last.planed_ms, s.last.actual_ms})
    promise(ms == 0 || (ms >= 946'684'800'000 && ms < 4'102'444'800'000), "a time lies between 2000 and 2100");
  check_conversation(s.last, body);
}

/// What two readers see in one job of the document: its own conversation, not a neighbour's.
void check_same_conversation(const rapidjson::Value& job, const job_snapshot& s) {
  const auto* tasks = json::array_member(job, "Tasks");
  if (tasks == nullptr || s.last.conversation_json.empty()) return;
  rapidjson::Document kept;
  json::parse(s.last.conversation_json, kept);
  bool is_found = false;
  for (const auto& task : tasks->GetArray()) {
    const auto* lines = json::array_member(task, "Conversation");
    // As text: RapidJSON calls an object with a doubled key unequal to itself.
    is_found = is_found || (lines != nullptr && json::to_text(*lines) == json::to_text(kept));
  }
  promise(is_found, "a job's conversation is one of its own");
}

void check_jobs(const rapidjson::Document& doc, std::string_view body) {
  if (const auto jobs = outboundbot::read_jobs(doc, body)) {
    const auto& list = *json::array_member(doc, "Jobs");
    promise(jobs->size() == list.Size(), "every job of the answer is read");
    for (std::size_t i = 0; i < jobs->size(); ++i) {
      check_snapshot((*jobs)[i], body);
      check_same_conversation(list[static_cast<rapidjson::SizeType>(i)], (*jobs)[i]);
    }
  }
  if (const auto job = outboundbot::read_job(doc, body)) {
    promise(!job->call_job_id.empty(), "a described job has an id");
    check_snapshot(*job, body);
    check_same_conversation(*json::member(doc, "Job"), *job);
  }
  const auto check_page = [&](const auto& page) {
    if (!page) return;
    promise(page->page_number >= 0 && page->page_number <= 1'000'000, "a page's number is small");
    promise(page->items.size() <= body.size(), "a page has no more items than the body has bytes");
  };
  const auto by_group = outboundbot::read_jobs_by_group(doc, "group");
  const auto results = outboundbot::read_job_results(doc, "group");
  check_page(by_group);
  check_page(results);
  check_page(outboundbot::read_group_page(doc));
  for (const auto* page : {&by_group, &results}) {
    if (!*page) continue;
    for (const auto& job : (*page)->items) {
      check_snapshot(job, body);
      promise(!job.job_group_id.empty(), "a row of a group knows its group");
    }
  }
}

void check_rest(const rapidjson::Document& doc) {
  const auto group = outboundbot::read_created_group(doc);
  promise(!group || !group->empty(), "a created group has an id");
  outboundbot::read_assigned_jobs(doc);
  outboundbot::read_group_progress(doc);
  const auto link = outboundbot::read_recording(doc);
  if (!link) return;
  promise(!link->url.empty() && link->expires_ms >= 0, "a recording has a link");
  const auto expiry = recording_expiry(link->url);
  promise(link->expires_ms == (expiry ? to_epoch_ms(*expiry) : 0), "a link's end is what its URL says");
  promise(!expiry || (to_epoch_ms(*expiry) > 0 && to_epoch_ms(*expiry) < 253'402'300'800'000),
          "a link's end is a date");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array statuses{200, 200, 200, 204, 302, 400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504};
  auto input = fuzz::as_text(data, size);
  http_answer answer;
  answer.status = statuses[fuzz::take_byte(input) % statuses.size()];
  const auto [retry_after, body] = fuzz::cut_at(input, "\n");
  answer.headers = {{"Retry-After", std::string(retry_after)}};
  answer.body = std::string(body);
  static const text_cleaner cleaner({secret});

  const auto cleaned = cleaner.clean(body);
  promise(cleaned.size() <= 200 && digit_run(cleaned) < 7, "a cleaned text is short and holds no telephone number");
  promise(cleaned.find(secret) == std::string::npos, "a cleaned text holds no secret");
  promise(cleaner.clean(cleaned) == cleaned, "cleaning twice changes nothing");

  rapidjson::Document doc;
  const auto read = provider::read_answer("Operation", answer, cleaner, doc);
  if (!read) {
    check_failure(read.error(), answer.status);
  } else {
    promise(*read && answer.status < 300 && doc.IsObject(), "only a good status and an object are success");
    promise(!doc.HasMember("Success") || json::is_true_member(doc, "Success"), "an answer that says no is no success");
  }
  // The decoders are called on good answers only; reading others as well reaches them sooner.
  rapidjson::Document any;
  if (!json::parse(body, any)) return 0;
  check_jobs(any, body);
  check_rest(any);
  return 0;
}
