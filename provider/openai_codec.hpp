// Chat completions as OpenAI-compatible servers speak them: request bodies in each dialect, answers, errors. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/options.hpp"
#include "messages/model/failure.hpp"
#include "provider/http_client.hpp"

namespace waihu::provider::openai {

/// How strictly JSON is asked for; falls back downwards when a server refuses it.
enum class answer_form { schema, object, none };
result<answer_form> parse_answer_form(std::string_view word);

/// (role, content)
using messages = std::vector<std::pair<std::string, std::string>>;

/// True for dashscope, vllm, ollama and openai.
bool is_known_dialect(std::string_view dialect) noexcept;

/// The request body. `options.extra_body_json` is merged in (objects deeply, null removes a field).
std::string request_body(const config::analyst_options& options, answer_form form, const messages& said);

/// The text that the model gave. Failures by the table in docs/provider.md. `api_key` is kept out of messages.
result<std::string> read_answer(const http_answer& answer, const std::string& api_key);

/// True for a refusal that a plainer answer form may cure: HTTP 400 or 422 that is not about money, content or length.
bool may_be_about_form(const http_answer& answer);

}  // namespace waihu::provider::openai
