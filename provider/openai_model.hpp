// A language model behind an OpenAI-compatible server (DashScope, vLLM, Ollama, OpenAI).
#pragma once

#include <functional>
#include <memory>

#include "config/options.hpp"
#include "messages/model/failure.hpp"
#include "provider/language_model.hpp"

namespace boost::asio {
class io_context;
}

namespace waihu {

/// The client for `options`. `now` is what an unreadable next_follow_time becomes; empty: the system's clock. Fails
/// with invalid_argument on an unusable base URL, dialect, response_format or extra body. `io` must be run by somebody
/// and outlive the client. One analysis is at most four requests within its deadline: plainer answer forms after a
/// refusal, and one repair of an answer that was not the agreed JSON. Thread-safe.
result<std::shared_ptr<language_model>> make_openai_model(boost::asio::io_context& io,
                                                          const config::analyst_options& options,
                                                          std::function<wall_time()> now = {});

}  // namespace waihu
