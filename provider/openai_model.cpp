// The dialogue of one analysis: ask, fall back, repair, read.
#include "provider/openai_model.hpp"

#include <atomic>
#include <chrono>

#include "provider/analysis_prompt.hpp"
#include "provider/http_client.hpp"
#include "provider/json_reading.hpp"
#include "provider/openai_codec.hpp"
#include "provider/transcript.hpp"

namespace waihu {
namespace {

using provider::http_answer;
using provider::openai::answer_form;

/// What all analyses of one client share.
struct service {
  std::shared_ptr<provider::http_client> http;
  config::analyst_options options;
  std::function<wall_time()> now;
  std::atomic<answer_form> form{answer_form::object};  ///< The strictest form that this server has not refused.
};

/// One analysis under way. Keeps itself alive through the handler of its current request.
class dialogue : public std::enable_shared_from_this<dialogue> {
 public:
  dialogue(std::shared_ptr<service> with, const analysis_request& request, milliseconds deadline,
           completion<analysis> done)
      : with_(std::move(with)),
        utc_offset_minutes_(request.utc_offset_minutes),
        until_(std::chrono::steady_clock::now() + deadline),
        form_(with_->form),
        done_(std::move(done)) {
    const auto conversation = provider::read_transcript(request.conversation_json);
    is_readable_ = conversation.is_readable;
    said_ = {{"system", provider::system_prompt()},
             {"user", provider::conversation_prompt(request, conversation, signing::make_nonce())}};
  }

  void start() {
    if (!is_readable_) return done_(fail(errc::rejected, "model: the conversation is not a JSON array of lines"));
    ask();
  }

 private:
  void ask() {
    const auto left = std::chrono::duration_cast<milliseconds>(until_ - std::chrono::steady_clock::now());
    if (left <= milliseconds{0}) return done_(fail(errc::timed_out, "model: no usable answer in time"));
    provider::http_request request;
    request.target = with_->http->where().base_path + "/chat/completions";
    request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
    if (!with_->options.api_key.empty())
      request.headers.emplace_back("Authorization", "Bearer " + with_->options.api_key);
    request.body = provider::openai::request_body(with_->options, form_, said_);
    with_->http->send(std::move(request), left,
                      [self = shared_from_this()](result<http_answer> answer) { self->understand(std::move(answer)); });
  }

  void understand(result<http_answer> answer) {
    if (!answer) return done_(tl::unexpected(std::move(answer.error())));
    if (form_ != answer_form::none && provider::openai::may_be_about_form(*answer)) {
      form_ = form_ == answer_form::schema ? answer_form::object : answer_form::none;
      return ask();
    }
    auto content = provider::openai::read_answer(*answer, with_->options.api_key);
    if (!content) return done_(tl::unexpected(std::move(content.error())));
    // Only a form that worked is remembered: the refusal may have been about something else.
    if (form_ > with_->form) with_->form = form_;
    if (auto read = provider::read_analysis(*content, utc_offset_minutes_, with_->now()))
      return done_(std::move(*read));
    if (is_repairing_) return done_(provider::unreadable_analysis());
    is_repairing_ = true;
    said_.emplace_back("assistant", provider::cut_characters(*content, 2000));
    said_.emplace_back("user", provider::repair_prompt());
    ask();
  }

  std::shared_ptr<service> with_;
  int utc_offset_minutes_;
  steady_time until_;
  answer_form form_;
  completion<analysis> done_;
  bool is_readable_{};
  bool is_repairing_{};
  provider::openai::messages said_;
};

class openai_model final : public language_model {
 public:
  explicit openai_model(std::shared_ptr<service> with) : with_(std::move(with)) {}
  // Analyses under way share the service, so the pool would not end by itself.
  ~openai_model() override { with_->http->close(); }

  void analyze(analysis_request request, milliseconds deadline, completion<analysis> done) override {
    std::make_shared<dialogue>(with_, request, deadline, std::move(done))->start();
  }

 private:
  std::shared_ptr<service> with_;
};

}  // namespace

result<std::shared_ptr<language_model>> make_openai_model(boost::asio::io_context& io,
                                                          const config::analyst_options& options,
                                                          std::function<wall_time()> now) {
  auto where = provider::parse_endpoint(options.base_url);
  if (!where) return tl::unexpected(where.error());
  const auto form = provider::openai::parse_answer_form(options.response_format);
  if (!form) return tl::unexpected(form.error());
  if (!provider::openai::is_known_dialect(options.dialect))
    return fail(errc::invalid_argument, "analyst: dialect is dashscope, vllm, ollama or openai");
  rapidjson::Document extra;
  if (!options.extra_body_json.empty() && !(provider::json::parse(options.extra_body_json, extra) && extra.IsObject()))
    return fail(errc::invalid_argument, "analyst: extra_body_json is not a JSON object");

  provider::http_client_options limits;
  limits.connections = options.max_in_flight;
  limits.connect_timeout = milliseconds{10'000};
  limits.answer_limit_bytes = 4 << 20;
  auto http = provider::http_client::make(io, std::move(*where), std::move(limits));
  if (!http) return tl::unexpected(http.error());
  auto with = std::make_shared<service>();
  with->http = std::move(*http);
  with->options = options;
  with->form = *form;
  with->now = now ? std::move(now) : std::function<wall_time()>{wall_now};
  return std::make_shared<openai_model>(std::move(with));
}

}  // namespace waihu
