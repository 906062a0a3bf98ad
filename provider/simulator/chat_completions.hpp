// A stand-in for an OpenAI-compatible language model: answers a conversation in the shape of chat completions, as one
// of four servers would. Knows neither sockets nor the world of calls.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "provider/simulator/chat_reading.hpp"
#include "provider/simulator/faults.hpp"
#include "provider/simulator/http_answer.hpp"

namespace waihu::simulator {

/// Whose manners are played: fields around the answer, how thinking is switched off, shape of errors.
enum class chat_dialect : std::uint8_t { dashscope, vllm, ollama, openai };
std::optional<chat_dialect> parse_chat_dialect(std::string_view word) noexcept;

/// What the model demands.
struct chat_options {
  std::string api_key;          ///< Must come as "Bearer ..."; empty: any or none.
  int utc_offset_minutes{480};  ///< Local time of the people called.
  chat_dialect dialect{chat_dialect::dashscope};
  std::shared_ptr<const taught_model> taught;  ///< Tells the interest; null: keywords do.
};

/// An answer, and what the model read; nothing for a refusal.
struct chat_answer {
  http_answer http;
  std::optional<logged_reading> reading;
};

/// Answers POST .../chat/completions.
chat_answer answer_chat(std::string_view body, std::string_view authorization, const chat_options& options,
                        const fault_orders& orders, std::int64_t real_now_ms, std::string_view request_id);

/// An error in the dialect's shape.
http_answer chat_error(chat_dialect dialect, int status, std::string_view code, std::string_view message,
                       std::string_view request_id);

}  // namespace waihu::simulator
