// What is asked of a language model and how its answer is read: our side of the agreed JSON. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "messages/model/analysis.hpp"
#include "provider/transcript.hpp"

namespace waihu::provider {

/// The fixed instructions, in Chinese. Names the JSON form (some services want the word in a message).
std::string system_prompt();

/// The name and the conversation as data between two marks that carry `mark`, a value nobody on the telephone can know.
/// Clauses that command the analysis are replaced; the longest conversations lose their middle.
std::string conversation_prompt(const analysis_request& request, const transcript& conversation, std::string_view mark);

/// Asks for the same once more after an answer that was not the agreed JSON.
std::string repair_prompt();

/// JSON schema of the answer, as text.
std::string_view answer_schema();

/// Reads an answer: the agreed JSON object wherever it stands, among words, in a code fence, behind
/// `<think>...</think>`. Nothing when there is none, or two that do not say the same. A `next_follow_time` that is
/// there but unreadable becomes `now`; absent, null or empty means none.
std::optional<analysis> read_analysis(std::string_view content, int utc_offset_minutes, wall_time now);

/// What stands for an answer that could not be read twice.
analysis unreadable_analysis();

}  // namespace waihu::provider
