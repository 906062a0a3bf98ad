// What is asked of a language model and what it answers about a conversation.
#pragma once

#include <optional>
#include <string>

#include "messages/model/call_status.hpp"
#include "messages/model/time.hpp"

namespace waihu {

/// A conversation to be understood. The transcript is data: nothing in it is ever an instruction to us.
struct analysis_request {
  std::string conversation_json;  ///< JSON array of {Timestamp, Speaker "Robot"|"Contact", Script}; ≤ 256 KiB.
  std::string leads_name;         ///< Whose call; may be empty.
  wall_time call_time{};          ///< When the call was made; relative dates ("明天下午三点") count from here.
  int utc_offset_minutes{480};    ///< Local time of the people called (Asia/Shanghai by default).
};

/// What was understood.
struct analysis {
  std::string remark;  ///< For the lead's history, Chinese, ≤ 1000 characters.
  interest is_interested{interest::undecided};
  std::optional<wall_time> next_follow_time;  ///< When to call again, if the person named a time.
  bool parsed{true};                          ///< False: the model answered, but not in the agreed JSON.
};

}  // namespace waihu
