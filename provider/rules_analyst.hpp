// The analyst that needs no network: understands a Chinese conversation by phrase rules. Its input is data only; there
// is nothing in it that a transcript could command.
#pragma once

#include <memory>

#include "messages/model/analysis.hpp"
#include "provider/language_model.hpp"

namespace waihu {

/// Judges the contact's lines (later ones outweigh earlier ones), finds the time to call again and writes a remark of
/// at most 1000 characters. Pure: the same request gives the same answer. Never fails.
analysis analyze_by_rules(const analysis_request& request);

/// The same behind the interface of language models; completes at once, on the caller's thread.
std::shared_ptr<language_model> make_rules_analyst();

}  // namespace waihu
