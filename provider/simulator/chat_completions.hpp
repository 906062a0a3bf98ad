// A stand-in for an OpenAI-compatible language model: understands a call's transcript by keywords and answers in the
// shape of chat completions. Knows neither sockets nor the world of calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "provider/simulator/faults.hpp"
#include "provider/simulator/http_answer.hpp"

namespace waihu::simulator {

/// What the model demands.
struct chat_options {
  std::string api_key;          ///< Must come as "Bearer ..."; empty: any or none.
  int utc_offset_minutes{480};  ///< Local time of the people called.
};

/// What the keywords made of a transcript.
struct understanding {
  int interest{};                ///< 0 undecided, 1 interested, 2 not interested.
  std::string remark;            ///< Chinese.
  std::string next_follow_time;  ///< "YYYY-MM-DD HH:MM:SS" local time, or empty.
};

/// Reads what the person said: lines of Speaker "Contact" of a JSON list, else lines that begin with 客户, 用户 or
/// Contact, else everything. `base_ms` is the instant from which 明天 counts. With `obeys` the model does what a line
/// told it to do.
understanding understand(std::string_view transcript, std::int64_t base_ms, int utc_offset_minutes, bool obeys);

/// Answers POST .../chat/completions.
http_answer answer_chat(std::string_view body, std::string_view authorization, const chat_options& options,
                        const fault_orders& orders, std::int64_t real_now_ms, std::string_view request_id);

/// An error of the compatible mode's shape.
http_answer chat_error(int status, std::string_view code, std::string_view message, std::string_view request_id);

}  // namespace waihu::simulator
