#include "provider/labelled_set.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "provider/follow_time.hpp"
#include "provider/json_reading.hpp"
#include "provider/transcript.hpp"

namespace waihu::provider {
namespace {

/// The pairs as the provider gives conversations; nothing when they are no pairs of speaker and text.
std::optional<std::string> conversation_json(const rapidjson::Value& lines) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartArray();
  for (const auto& pair : lines.GetArray()) {
    if (!pair.IsArray() || pair.Size() != 2 || !pair[0].IsString() || !pair[1].IsString()) return std::nullopt;
    const std::string_view speaker{pair[0].GetString(), pair[0].GetStringLength()};
    if (speaker != "Robot" && speaker != "Contact") return std::nullopt;
    writer.StartObject();
    writer.Key("Speaker");
    pair[0].Accept(writer);
    writer.Key("Script");
    pair[1].Accept(writer);
    writer.EndObject();
  }
  writer.EndArray();
  if (buffer.GetSize() > max_transcript_bytes) return std::nullopt;
  return std::string{buffer.GetString(), buffer.GetSize()};
}

/// One line; else what is wrong with it.
tl::expected<labelled_conversation, std::string> read_line(std::string_view line, int utc_offset_minutes) {
  const auto wrong = [](const char* what) { return tl::unexpected<std::string>(what); };
  rapidjson::Document doc;
  if (!json::parse(line, doc) || !doc.IsObject()) return wrong("is not a JSON object");
  labelled_conversation out;
  out.id = json::text_member(doc, "id");
  if (out.id.empty()) return wrong("has no id");
  out.kind = json::text_member(doc, "kind");
  out.request.leads_name = json::text_member(doc, "name");
  out.request.utc_offset_minutes = utc_offset_minutes;
  const auto label = json::integer_member(doc, "interest", -1);
  if (label < 0 || label > 2) return wrong("has no interest of 0, 1 or 2");
  out.expected = static_cast<interest>(label);
  const auto called = parse_local_time(json::text_member(doc, "call_time"), utc_offset_minutes);
  if (!called) return wrong("has no call_time like 2026-03-04 10:30:00");
  out.request.call_time = *called;
  const auto* next = json::member(doc, "next_follow_time");
  out.is_time_labelled = next != nullptr;
  if (next != nullptr && !next->IsNull()) {
    out.next_follow_time = parse_local_time(json::text_member(doc, "next_follow_time"), utc_offset_minutes);
    if (!out.next_follow_time) return wrong("has a next_follow_time that is neither null nor like 2026-03-04 10:30:00");
  }
  const auto* lines = json::array_member(doc, "lines");
  auto conversation = lines == nullptr ? std::nullopt : conversation_json(*lines);
  if (!conversation) return wrong(R"(has no lines [["Robot"|"Contact","text"],...] of at most 256 KiB)");
  out.request.conversation_json = std::move(*conversation);
  return out;
}

}  // namespace

result<std::vector<labelled_conversation>> read_labelled_set(std::string_view text, int utc_offset_minutes) {
  if (text.size() > max_labelled_bytes) return fail(errc::invalid_argument, "the set is larger than 64 MiB");
  std::vector<labelled_conversation> out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto one = read_line(line, utc_offset_minutes);
    if (!one) return fail(errc::invalid_argument, "line " + std::to_string(number) + " " + one.error());
    if (out.size() == max_labelled_conversations) return fail(errc::invalid_argument, "the set is longer than 100,000");
    out.push_back(std::move(*one));
  }
  if (out.empty()) return fail(errc::invalid_argument, "the set holds no conversation");
  return out;
}

}  // namespace waihu::provider
