// A language model's answers: the chat completion, and our JSON inside it with interest and follow-up time. An input is
// one byte that picks the HTTP status, and the body; the body is read as the model's own text as well.
#include <array>

#include "http/body_fields.hpp"
#include "provider/analysis_prompt.hpp"
#include "provider/follow_time.hpp"
#include "provider/json_reading.hpp"
#include "provider/openai_codec.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu;
using namespace waihu::provider;
using fuzz::promise;

const std::string api_key = "sk-fuzz-key";
constexpr auto now = from_epoch_ms(1'767'225'600'000);
constexpr int offset = 480;

void check_analysis(std::string_view content) {
  const auto read = read_analysis(content, offset, now);
  const auto again = read_analysis(content, offset, now);
  promise(read.has_value() == again.has_value(), "an answer is read the same way twice");
  if (!read) return;
  promise(read->parsed, "an answer that was read is marked so");
  promise(http::length_in_characters(read->remark) <= 1000, "a remark has at most 1000 characters");
  promise(http::is_storable_text(read->remark), "a remark is storable");
  promise(read->is_interested == interest::undecided || read->is_interested == interest::interested ||
              read->is_interested == interest::not_interested,
          "interest is one of three");
  promise(read->is_interested == again->is_interested && read->remark == again->remark &&
              read->next_follow_time == again->next_follow_time,
          "an answer means the same twice");
  if (!read->next_follow_time) return;
  const auto at = to_epoch_ms(*read->next_follow_time);
  promise(at >= -86'400'000 && at < 253'402'300'800'000, "a time to follow up lies between 1970 and 9999");
}

/// What the readers of interest and time make of the text itself.
void check_words(std::string_view text) {
  const auto word = parse_interest(text);
  promise(parse_interest(std::string(text)) == word, "a word means one thing");
  const auto at = parse_local_time(text, offset);
  if (!at) return;
  auto written = std::string(text);
  written[10] = written[10] == 'T' ? ' ' : 'T';
  promise(parse_local_time(written, offset) == at, "a blank and a T mean the same");
  promise(parse_local_time(text, 0).value() - *at == minutes{offset}, "an offset is only added");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array statuses{200, 200, 200, 200, 400, 401, 404, 408, 422, 429, 500, 503};
  auto input = fuzz::as_text(data, size);
  http_answer answer;
  answer.status = statuses[fuzz::take_byte(input) % statuses.size()];
  answer.body = std::string(input);
  answer.headers = {{"retry-after", std::string(input.substr(0, 8))}};
  const auto content = openai::read_answer(answer, api_key);
  if (content) {
    promise(answer.status == 200, "only a good status gives an answer");
    check_analysis(*content);
  } else {
    const auto& why = content.error();
    promise(why.message.size() <= 1000 && why.message.find(api_key) == std::string::npos &&
                why.vendor_code.find(api_key) == std::string::npos,
            "a failure is short and tells no key");
    promise(why.retry_after_ms >= 0 && why.retry_after_ms <= 3'600'000, "nobody makes us wait for more than an hour");
    promise(http::is_storable_text(why.message), "what is said of a failure is valid UTF-8");
  }
  openai::may_be_about_form(answer);
  check_analysis(input);
  check_words(input);
  // The same as a completion, so that the inner JSON is reached through the outer.
  return 0;
}
