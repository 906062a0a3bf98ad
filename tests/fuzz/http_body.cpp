// JSON request bodies: the field readers of http/ under every type they can be asked for, the lead filter, and the
// 422 answer. An input is a body.
#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "http/body_fields.hpp"
#include "http/conversation.hpp"
#include "http/json_writer.hpp"
#include "http/lead_filter_codec.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu::http;
using waihu::fuzz::promise;

constexpr std::array names{"task_id", "task_name",  "script_id", "size_desc",
                           "action",  "page",       "interest",  "skip_recording",
                           "job_ids", "scene_tags", "is_arrive", "latest_follow_ranges"};

int depth_of(const rapidjson::Value& v) {
  int deepest = 0;
  if (v.IsArray())
    for (const auto& item : v.GetArray()) deepest = std::max(deepest, depth_of(item));
  else if (v.IsObject())
    for (const auto& member : v.GetObject()) deepest = std::max(deepest, depth_of(member.value));
  else return 0;
  return deepest + 1;
}

/// One fresh reading per question, so that its errors are its own.
template <class Ask>
void ask(std::string_view body, Ask question) {
  body_fields fields(body);
  const auto before = fields.errors().size();
  question(fields, [&] { return fields.errors().size() == before; });
}

void read_numbers(std::string_view body, const char* name) {
  ask(body, [&](body_fields& f, auto is_silent) {
    const auto n = f.integer(name, -5, 500);
    promise(!n || (*n >= -5 && *n <= 500), "an integer lies in its range");
    promise(!n || is_silent(), "an integer that is answered is no error");
  });
  ask(body, [&](body_fields& f, auto is_silent) {
    const auto n = f.required_integer(name, 1, 500);
    promise((n >= 1 && n <= 500) || !f.ok(), "a required integer is there or an error");
    promise(n == 0 || is_silent(), "a required integer that is answered is no error");
  });
  ask(body, [&](body_fields& f, auto) {
    const auto list = f.integers(name, 5);
    promise(list.size() <= 5 || !f.ok(), "a list of integers is not longer than its limit");
  });
  ask(body, [&](body_fields& f, auto) { f.boolean(name); });
}

void read_texts(std::string_view body, const char* name) {
  const auto is_fit = [](const std::optional<std::string>& t, std::size_t limit) {
    return !t || (is_storable_text(*t) && length_in_characters(*t) <= limit);
  };
  ask(body, [&](body_fields& f, auto) { promise(is_fit(f.text(name, 50), 50), "a text is storable and short"); });
  ask(body, [&](body_fields& f, auto) {
    const auto t = f.required_text(name, 50, 2);
    promise(is_fit(t, 50) && (length_in_characters(t) >= 2 || !f.ok()), "a required text is there or an error");
  });
  ask(body, [&](body_fields& f, auto) {
    promise(is_fit(f.text_or_number(name, 20), 20), "a text or number is storable and short");
  });
  ask(body, [&](body_fields& f, auto) {
    promise(is_fit(f.text_or_list(name, 50), 50), "a text or list is storable and short");
  });
  ask(body, [&](body_fields& f, auto) {
    const auto list = f.texts(name, 5, 20);
    promise(list.size() <= 5 || !f.ok(), "a list of texts is not longer than its limit");
    promise(std::all_of(list.begin(), list.end(), [&](const auto& t) { return is_fit(t, 20) && !t.empty(); }),
            "each text of a list is storable, short and not empty");
  });
  ask(body, [&](body_fields& f, auto) {
    const auto pairs = f.text_pairs(name, 5);
    promise(pairs.size() <= 5 || !f.ok(), "a list of pairs is not longer than its limit");
  });
}

void read_parts(std::string_view body, const char* name) {
  ask(body, [&](body_fields& f, auto is_silent) {
    const auto o = f.object(name);
    promise(!o || (is_silent() && o->json().front() == '{'), "an object that is answered is one");
  });
  ask(body, [&](body_fields& f, auto) {
    auto list = f.objects(name, 5);
    promise(list.size() <= 5, "a list of objects is not longer than its limit");
    for (auto& one : list) one.required_text("tag_name", 10);
  });
}

void check_answer(const body_fields& fields) {
  if (fields.ok()) return;
  request req;
  req.request_id = "r";
  const auto answer = invalid_answer(req, fields.errors());
  rapidjson::Document doc;
  doc.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(answer.body.data(),
                                                                                    answer.body.size());
  promise(!doc.HasParseError() && doc.IsObject() && answer.status == 422, "a refusal is valid JSON in valid UTF-8");
  promise(doc["data"]["errors"].Size() == fields.errors().size(), "a refusal lists every error");
}

void read_filter(std::string_view body) {
  static const auto zone = zone_clock::in("Asia/Shanghai");
  body_fields fields(body);
  const auto filter = read_lead_filter(fields, *zone);
  check_answer(fields);
  if (!fields.ok()) return;
  for (const auto* ranges : {&filter.first_follow, &filter.latest_follow, &filter.next_follow, &filter.first_arrive}) {
    promise(ranges->size() <= 200, "a filter has a bounded number of ranges");
    for (const auto& range : *ranges)
      promise(!range.from || !range.until || *range.from <= *range.until, "a range does not end before it begins");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = waihu::fuzz::as_text(data, size);
  const body_fields fields(body);
  const auto text = fields.json();
  if (fields.ok()) {
    rapidjson::Document doc;
    doc.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
    promise(!doc.HasParseError() && doc.IsObject(), "an accepted body is an object in valid UTF-8");
    promise(depth_of(doc) <= body_fields::depth_limit, "an accepted body is not deeper than the limit");
    promise(body_fields(text).json() == text, "writing a body and reading it again changes nothing");
  } else {
    promise(text == "{}", "of a refused body nothing is kept");
  }
  check_answer(fields);
  for (const auto* name : names) {
    // What is not in the body in any spelling was read as absent once; that is enough.
    if (name != names.front() && body.find(name) == std::string_view::npos) continue;
    read_numbers(body, name);
    read_texts(body, name);
    read_parts(body, name);
  }
  read_filter(body);
  const auto length = conversation_duration_ms(body);
  promise(!length || *length >= 0, "a conversation does not last less than nothing");
  return 0;
}
