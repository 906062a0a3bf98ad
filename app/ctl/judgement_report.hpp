// A judgement of an analyst as people and programs read it. Knows no terminal and no files.
#pragma once

#include <string>

#include "provider/judgement.hpp"

namespace waihu::ctl {

/// What a report tells beside the judgement.
struct judgement_heading {
  std::string analyst;  ///< Kind, model and address; no secret.
  std::string set;      ///< File name.
};

/// Figures, confusion, kinds, and every conversation that was judged wrongly, at most 100.
std::string judgement_as_text(const judgement_heading& heading, const std::vector<provider::labelled_conversation>& set,
                              const provider::judgement& got);
/// Every conversation that was asked: id, kind, expected, given, times, remark, error, ms.
std::string judgement_as_csv(const std::vector<provider::labelled_conversation>& set, const provider::judgement& got);
/// One object: the figures, and `wrong` as a list.
std::string judgement_as_json(const judgement_heading& heading, const std::vector<provider::labelled_conversation>& set,
                              const provider::judgement& got);

}  // namespace waihu::ctl
