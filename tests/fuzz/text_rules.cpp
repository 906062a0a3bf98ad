// The small rules that every outside text goes through: telephone numbers, storable text, cuts, numbers, local times.
// An input is a text.
#include "http/body_fields.hpp"
#include "http/zone_clock.hpp"
#include "messages/model/text.hpp"
#include "persistence/phone_rule.hpp"
#include "provider/transcript.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu;
using fuzz::promise;

void check_phone(std::string_view text) {
  const auto number = normalise_phone(text);
  // A land line from abroad gets the 0 that its country prefix of two digits replaced.
  promise(number.size() <= text.size(), "normalising makes no number longer");
  // Between broken characters, a blank that goes may make one of the bytes around it.
  if (is_storable_text(text)) promise(normalise_phone(number) == number, "normalising twice changes nothing");
  if (!is_plausible_phone(number)) return;
  promise(number.size() >= 10 && number.size() <= 12, "a number that may be called has 10 to 12 digits");
  promise(number.find_first_not_of("0123456789") == std::string::npos, "a number that may be called is digits only");
  promise(normalise_phone("+86 " + number) == number, "the country prefix changes nothing");
}

void check_text(std::string_view text) {
  const auto stored = storable_text(text);
  promise(is_storable_text(stored), "what is made storable is");
  promise(storable_text(stored) == stored, "making text storable twice changes nothing");
  promise(!is_storable_text(text) || stored == text, "storable text is kept as it is");
  for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    const auto cut = cut_text(stored, limit);
    promise(is_storable_text(cut) && http::length_in_characters(cut) <= limit, "a cut is whole and short");
    promise(stored.starts_with(cut), "a cut is the beginning");
    promise(cut == provider::cut_characters(stored, limit), "both cuts agree");
  }
}

void check_numbers(std::string_view text) {
  if (const auto n = http::parse_integer(text))
    promise(http::parse_integer(std::to_string(*n)) == n, "an integer reads as it is written");
  std::string joined;
  for (const auto& part : http::split(text, ',')) joined += (joined.empty() ? "" : ",") + part;
  promise(joined.size() <= text.size(), "splitting adds nothing");
}

void check_time(std::string_view text) {
  static const auto shanghai = http::zone_clock::in("Asia/Shanghai");
  static const auto berlin = http::zone_clock::in("Europe/Berlin");
  for (const auto* zone : {&shanghai, &berlin}) {
    const auto moment = (*zone)->parse(text);
    if (!moment) continue;
    promise(moment->at <= moment->last, "a time does not end before it begins");
    promise(moment->last - moment->at < std::chrono::hours{26}, "a time covers a day at most");
    const auto shown = (*zone)->format(moment->at);
    const auto again = (*zone)->parse(shown);
    promise(shown.size() == 19 && again.has_value(), "a time that is shown can be read");
    // An hour that comes twice is read as its first.
    promise(again->at <= std::chrono::floor<seconds>(moment->at), "a time that is shown is the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  check_phone(text);
  check_text(text);
  check_numbers(text);
  check_time(text);
  return 0;
}
